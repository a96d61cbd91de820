//! Letters: invitations, links for a new password, the weekly digest and alerts, through a real mail server on
//! loopback; read back by a parser that did not write them.

use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders};
use perfuse::config::Settings;
use perfuse::domain::editor::Role;
use perfuse::domain::letter::{Alert, LetterState};
use perfuse::domain::notice::{Finding, NoticeKind, NoticeSource};
use perfuse::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use perfuse::store::{LetterRow, MailWishes};
use perfuse::worker::{Delivered, Post};

use crate::desk::world::{PASSWORD, World};
use crate::support::smtp::{Manner, PostOffice, Taken};

mod server;

/// A desk that can send mail, and the post that does; its time is the desk's.
struct Town {
    world: World,
    office: PostOffice,
    post: Post,
}

const SENT: Delivered = Delivered { sent: 1, postponed: 0, failed: 0 };
const POSTPONED: Delivered = Delivered { sent: 0, postponed: 1, failed: 0 };
const FAILED: Delivered = Delivered { sent: 0, postponed: 0, failed: 1 };
const NOTHING: Delivered = Delivered { sent: 0, postponed: 0, failed: 0 };

impl Town {
    async fn found() -> Self {
        let office = PostOffice::open().await;
        let port = office.port.to_string();
        let mail = [
            ("PERFUSE__MAIL__HOST", "127.0.0.1"),
            ("PERFUSE__MAIL__PORT", port.as_str()),
            ("PERFUSE__MAIL__TLS", "none"),
            ("PERFUSE__MAIL__FROM", "desk@news.example.org"),
            ("PERFUSE__MAIL__DIGEST_SCHEDULE", "40 6 * * 1"),
        ];
        let world = World::with_settings(&mail).await;
        let post = post(&world, &mail);
        Self { world, office, post }
    }

    async fn deliver(&mut self) -> Delivered {
        self.post.deliver_due(self.world.now()).await.unwrap()
    }

    async fn letters(&self) -> Vec<LetterRow> {
        self.world.store.letters(100).await.unwrap()
    }

    /// Waits for the next Monday, 06:40 UTC.
    fn wait_for_the_digest(&self) {
        // the epoch was a Thursday
        let monday = 4 * DAY_MS + 6 * HOUR_MS + 40 * MINUTE_MS;
        let into_week = (self.world.now().0 - monday).rem_euclid(7 * DAY_MS);
        self.world.wait(7 * DAY_MS - into_week);
    }

    /// The editors are told of a retraction; three workers try to.
    async fn alert(&self, alert: Alert) {
        let (store, now) = (&self.world.store, self.world.now());
        let article = self.world.article("A made-up trial of flow").await;
        let retraction = Finding::new(NoticeKind::Retraction, NoticeSource::Editor);
        let noticed = store.record_findings(article.id, vec![retraction], false, now).await.unwrap();
        let mut told = 0;
        for _ in 0..3 {
            told +=
                u8::from(store.tell_notices(noticed.fresh.clone(), Some(alert.clone()), now).await.unwrap());
        }
        assert_eq!(told, 1);
    }

    async fn editor_with(&self, email: &str, wishes: MailWishes) -> i64 {
        self.world.person(email, Role::Editor).await;
        let id = self.world.store.editor_by_email(email).await.unwrap().unwrap().id;
        self.world.store.set_mail_wishes(id, wishes, self.world.now()).await.unwrap();
        id
    }
}

fn post(world: &World, mail: &[(&str, &str)]) -> Post {
    let env = mail.iter().copied().chain([("PERFUSE__SERVER__PUBLIC_URL", world.url.as_str())]);
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::load(None, env).unwrap().settings;
    Post::configured(world.store.clone(), Arc::new(settings)).unwrap().unwrap()
}

/// What a reader sees of a letter: subject, plain text, HTML.
fn read(taken: &Taken) -> (String, String, String) {
    let message = MessageParser::default().parse(&taken.bytes).unwrap();
    assert_eq!(message.parts.len(), 3, "two forms of one body");
    let kinds: Vec<_> =
        message.parts.iter().map(|part| part.content_type().unwrap().subtype().unwrap()).collect();
    assert_eq!(kinds, ["alternative", "plain", "html"]);
    let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
    for line in taken.bytes.split(|byte| *byte == b'\n') {
        assert!(line.len() <= 998 && line.is_ascii(), "a line that mail servers need not take");
    }
    (message.subject().unwrap().to_owned(), text.replace("\r\n", "\n"), html.replace("\r\n", "\n"))
}

fn header(taken: &Taken, name: &str) -> Option<String> {
    let message = MessageParser::default().parse(&taken.bytes).unwrap();
    message.header_raw(name).map(|value| value.trim().to_owned())
}

/// The path of the one-time link in a letter.
fn link_in(text: &str) -> String {
    let word = text.split_whitespace().find_map(|word| word.split_once("/desk/link/"));
    format!("/desk/link/{}", word.unwrap_or_else(|| panic!("no link: {text}")).1)
}

#[tokio::test]
async fn somebody_who_is_invited_gets_a_letter_whose_link_works_once() {
    let mut town = Town::found().await;
    let mut admin = town.world.person("admin@example.org", Role::Admin).await;
    let page =
        admin.post("/desk/people", &[("email", "new@example.org"), ("role", "editor"), ("by", "mail")]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("on its way to new@example.org"), "{}", page.body);
    assert!(!page.body.contains("/desk/link/"), "the link is in the letter alone");

    assert_eq!(town.deliver().await, SENT);
    let taken = town.office.taken().pop().unwrap();
    assert_eq!((taken.from.as_str(), taken.to.as_str()), ("desk@news.example.org", "new@example.org"));
    let (subject, text, html) = read(&taken);
    assert!(subject.contains("invitation"), "{subject}");
    assert_eq!(header(&taken, "Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(header(&taken, "List-Unsubscribe"), None, "nothing to leave");
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    let link = link_in(&text);
    assert!(html.contains(&link), "{html}");

    // a mail scanner opens it first
    let mut scanner = town.world.browser();
    assert_eq!(scanner.get(&link).await.status, 200);
    let mut invited = town.world.browser();
    invited.get(&link).await;
    assert_eq!(invited.post(&link, &[("password", PASSWORD)]).await.status, 303);
    assert_eq!(invited.get("/desk").await.status, 200);
    let mut second = town.world.browser();
    assert_eq!(second.post(&link, &[("password", "another long password")]).await.status, 410);
    assert_eq!(town.deliver().await, NOTHING, "sent once");
}

#[tokio::test]
async fn whoever_forgot_the_password_gets_a_letter_and_a_stranger_learns_nothing() {
    let mut town = Town::found().await;
    let mut maria = town.world.person("maria@example.org", Role::Editor).await;
    let mut stranger = town.world.browser();
    let door = stranger.get("/desk/sign-in").await;
    let path = door.values("main a", "href").remove(0);
    assert!(stranger.get(&path).await.values("form", "action").contains(&path));
    let mut answers = Vec::new();
    for email in ["nobody@example.org", "Maria@example.org ", "maria@example.org"] {
        let page = stranger.post(&path, &[("email", email)]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let email = email.trim().to_lowercase();
        answers.push(page.text("main").replace(&email, "…"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    for _ in 0..100 {
        if !town.letters().await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(maria.get("/desk").await.status, 200, "asking changes nothing");
    assert_eq!(town.deliver().await, SENT, "one letter, however often it is asked for");
    assert_eq!(town.deliver().await, NOTHING);
    let (_, text, _) = read(&town.office.taken().pop().unwrap());
    let used = stranger.post(&link_in(&text), &[("password", "nine red umbrellas")]).await;
    assert_eq!(used.status, 303, "{}", used.body);
    assert_eq!(maria.get("/desk").await.status, 303, "a new password ends the sessions of the old one");
    assert_eq!(maria.sign_in("maria@example.org", "nine red umbrellas").await.status, 303);

    let expires_at = town.world.now().plus_ms(DAY_MS);
    let store = &town.world.store;
    let asked =
        async |email: &str| store.enqueue_forgotten(email, expires_at, town.world.now()).await.unwrap();
    assert!(!asked("maria@example.org").await, "not within the hour");
    town.world.wait(2 * HOUR_MS);
    assert!(asked("maria@example.org").await);
    assert!(!asked("nobody@example.org").await);
    store.set_disabled("maria@example.org", true, None, town.world.now()).await.unwrap();
    town.world.wait(2 * HOUR_MS);
    assert!(!asked("maria@example.org").await, "nor for somebody who left");
}

#[tokio::test]
async fn a_link_that_is_made_by_hand_takes_the_place_of_one_that_waits_and_the_other_way_round() {
    let mut town = Town::found().await;
    let mut admin = town.world.person("admin@example.org", Role::Admin).await;
    town.world.person("lost@example.org", Role::Editor).await;
    let id = town.world.store.editor_by_email("lost@example.org").await.unwrap().unwrap().id;
    let path = format!("/desk/people/{id}/link");
    town.world.wait(1);
    admin.post(&path, &[("by", "mail")]).await;
    town.world.wait(1);
    let shown = admin.post(&path, &[]).await;
    assert_eq!(town.deliver().await, NOTHING, "not needed any more");
    assert_eq!(town.letters().await[0].state, LetterState::Cancelled);
    let by_hand = link_in(&shown.body.replace('"', " "));
    assert_eq!(town.world.browser().get(&by_hand).await.status, 200);

    town.world.wait(1);
    admin.post(&path, &[("by", "mail")]).await;
    assert_eq!(town.world.browser().get(&by_hand).await.status, 200, "until the letter goes");
    assert_eq!(town.deliver().await, SENT);
    assert_eq!(town.world.browser().get(&by_hand).await.status, 410);
    let (_, text, _) = read(&town.office.taken()[0]);
    assert_eq!(town.world.browser().get(&link_in(&text)).await.status, 200);
}

#[tokio::test]
async fn the_digest_comes_once_a_week_to_those_who_asked_and_only_opens_the_queue() {
    let mut town = Town::found().await;
    let article = town.world.article("Flow <i>in vivo</i> & \"pressure\" — CO<sub>2</sub>").await;
    for number in 0..12 {
        town.world.article(&format!("Paper {number}")).await;
    }
    town.editor_with("quiet@example.org", MailWishes { digest: false, alerts: true }).await;
    // one's own switch
    let mut reader = town.world.person("reader@example.org", Role::Viewer).await;
    let page = reader.get("/desk/account").await.body;
    assert!(page.contains("Monday, 06:40") && !page.contains("name=\"digest\" checked"), "{page}");
    reader.post("/desk/account/mail", &[("digest", "on")]).await;
    assert!(reader.get("/desk/account").await.body.contains("name=\"digest\" checked"));
    assert_eq!(town.deliver().await, NOTHING, "not before its time");

    town.wait_for_the_digest();
    assert_eq!(town.deliver().await, SENT);
    let taken = town.office.taken().pop().unwrap();
    assert_eq!(taken.to, "reader@example.org");
    let (subject, text, html) = read(&taken);
    assert!(subject.contains("13 articles wait"), "{subject}");
    assert!(text.contains("1. Flow in vivo & \"pressure\" — CO₂\n"), "{text}");
    assert!(text.contains("ECPR in the title"), "its reason: {text}");
    assert!(text.contains("\n10. ") && !text.contains("\n11. "), "the top of the queue: {text}");
    assert!(html.contains("Flow in vivo &amp; &quot;pressure&quot; — CO₂"), "{html}");
    let account = format!("<{}/desk/account>", town.world.url);
    assert_eq!(header(&taken, "List-Unsubscribe"), Some(account));
    // whatever a mail scanner opens, nothing is decided
    let mut scanner = town.world.person("scanner@example.org", Role::Editor).await;
    for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let path = link.strip_prefix(&town.world.url).unwrap();
        assert_eq!(scanner.get(path).await.status, 200, "{path}");
    }
    assert_eq!(town.world.store.article(article.id).await.unwrap().unwrap().revision, article.revision);

    town.world.wait(HOUR_MS);
    assert_eq!(town.deliver().await, NOTHING);
    town.world.wait(6 * DAY_MS);
    assert_eq!(town.deliver().await, NOTHING);
    town.wait_for_the_digest();
    assert_eq!(town.deliver().await, SENT, "a week later");
    // a new process knows what the old one sent
    let port = town.office.port.to_string();
    let mut after_restart = post(
        &town.world,
        &[
            ("PERFUSE__MAIL__HOST", "127.0.0.1"),
            ("PERFUSE__MAIL__PORT", &port),
            ("PERFUSE__MAIL__TLS", "none"),
            ("PERFUSE__MAIL__FROM", "desk@news.example.org"),
        ],
    );
    assert_eq!(after_restart.deliver_due(town.world.now()).await.unwrap(), NOTHING);
    // one who asks now waits for the next
    town.world.wait(HOUR_MS);
    town.editor_with("late@example.org", MailWishes { digest: true, alerts: true }).await;
    assert_eq!(town.deliver().await, NOTHING);
    let id = town.world.store.editor_by_email("reader@example.org").await.unwrap().unwrap().id;
    let none = MailWishes { digest: false, alerts: false };
    town.world.store.set_mail_wishes(id, none, town.world.now()).await.unwrap();
    town.wait_for_the_digest();
    assert_eq!(town.deliver().await, SENT);
    assert_eq!(town.office.taken().pop().unwrap().to, "late@example.org");
}

#[tokio::test]
async fn an_empty_queue_sends_no_digest() {
    let mut town = Town::found().await;
    town.editor_with("reader@example.org", MailWishes { digest: true, alerts: true }).await;
    town.wait_for_the_digest();
    town.deliver().await;
    assert!(town.office.taken().is_empty());
    assert_eq!(town.letters().await[0].state, LetterState::Cancelled);
}

#[tokio::test]
async fn an_alert_reaches_each_editor_once_and_its_words_stay_words() {
    let mut town = Town::found().await;
    town.editor_with("one@example.org", MailWishes { digest: false, alerts: true }).await;
    town.editor_with("two@example.org", MailWishes { digest: false, alerts: true }).await;
    town.editor_with("quiet@example.org", MailWishes { digest: false, alerts: false }).await;
    town.world.person("viewer@example.org", Role::Viewer).await;
    let alert = Alert {
        subject: "Retracted: Flow\r\nBcc: everybody@example.org\r\n\r\nbody".into(),
        paragraphs: vec!["<script>alert(1)</script> “Größe” 流量\r\n.\r\nQUIT".into(), "x ".repeat(2000)],
        path: "/desk/a/1".into(),
    };
    town.alert(alert).await;
    assert_eq!(town.deliver().await, Delivered { sent: 2, postponed: 0, failed: 0 });
    let taken = town.office.taken();
    let mut to: Vec<&str> = taken.iter().map(|taken| taken.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["one@example.org", "two@example.org"]);
    for taken in &taken {
        let (subject, text, html) = read(taken);
        assert_eq!(subject, "Retracted: Flow Bcc: everybody@example.org body");
        assert_eq!(header(taken, "Bcc"), None);
        assert!(text.contains("<script>alert(1)</script> “Größe” 流量 . QUIT"), "{text}");
        assert!(!html.contains("<script") && html.contains("Größe"), "{html}");
        assert!(text.contains(&format!("{}/desk/a/1\n", town.world.url)));
    }
}

#[tokio::test]
async fn a_mail_server_that_is_busy_or_away_is_asked_again_and_nothing_else_waits_for_it() {
    let mut town = Town::found().await;
    let mut admin = town.world.person("admin@example.org", Role::Admin).await;
    let article = town.world.article("Decided meanwhile").await;
    town.office.behave(Manner::Answers("RCPT", "451 come back later"));
    admin.post("/desk/people", &[("email", "new@example.org"), ("role", "editor"), ("by", "mail")]).await;
    assert_eq!(town.deliver().await, POSTPONED);
    assert_eq!(town.deliver().await, NOTHING, "not at once");
    let page = admin.get("/desk/people").await.body;
    assert!(page.contains("1 letter could not be sent"), "{page}");
    let page = admin.get("/desk/mail").await.body;
    assert!(
        page.contains("new@example.org") && page.contains("451") && page.contains("come back later"),
        "{page}"
    );
    // decisions do not depend on letters
    assert_eq!(admin.decide(&article, "reject", &[]).await.status, 303);

    town.world.wait(MINUTE_MS);
    assert_eq!(town.deliver().await, POSTPONED);
    town.world.wait(MINUTE_MS);
    assert_eq!(town.deliver().await, NOTHING, "longer each time");
    town.world.wait(4 * MINUTE_MS);
    town.office.behave(Manner::Takes);
    assert_eq!(town.deliver().await, SENT);
    let (_, text, _) = read(&town.office.taken()[0]);
    assert_eq!(town.world.browser().get(&link_in(&text)).await.status, 200);
    assert!(!admin.get("/desk/people").await.body.contains("could not be sent"));
}

#[tokio::test]
async fn a_letter_that_is_refused_is_given_up_until_an_administrator_tries_again() {
    let mut town = Town::found().await;
    let mut admin = town.world.person("admin@example.org", Role::Admin).await;
    town.office.behave(Manner::Answers("RCPT", "550 no such mailbox"));
    admin.post("/desk/people", &[("email", "wrong@example.org"), ("role", "editor"), ("by", "mail")]).await;
    assert_eq!(town.deliver().await, FAILED);
    town.world.wait(DAY_MS);
    assert_eq!(town.deliver().await, NOTHING, "given up");
    let page = admin.get("/desk/mail").await.body;
    assert!(page.contains("550") && page.contains("no such mailbox"), "{page}");
    town.office.behave(Manner::Takes);
    let id = town.letters().await[0].id;
    assert_eq!(admin.post(&format!("/desk/mail/{id}/retry"), &[]).await.status, 303);
    assert_eq!(town.deliver().await, SENT);
    assert_eq!(admin.post(&format!("/desk/mail/{id}/retry"), &[]).await.status, 404, "it went");
}

#[tokio::test]
async fn a_password_that_the_server_refuses_is_the_operators_to_mend_and_the_letter_waits() {
    let mut town = Town::found().await;
    town.world.person("lost@example.org", Role::Editor).await;
    town.editor_with("one@example.org", MailWishes { digest: false, alerts: true }).await;
    town.office.behave(Manner::Answers("MAIL", "530 authentication required"));
    town.alert(Alert { subject: "A".into(), paragraphs: vec!["b".into()], path: "/desk".into() }).await;
    assert_eq!(town.deliver().await, POSTPONED, "the others are not tried in vain");
    assert_eq!(town.office.visits(), 1);
}

#[tokio::test]
async fn a_letter_whose_link_would_have_ended_is_not_sent() {
    let mut town = Town::found().await;
    let mut admin = town.world.person("admin@example.org", Role::Admin).await;
    town.office.behave(Manner::Answers("EHLO", "421 closing"));
    admin.post("/desk/people", &[("email", "new@example.org"), ("role", "editor"), ("by", "mail")]).await;
    for _ in 0..80 {
        town.deliver().await;
        town.world.wait(HOUR_MS);
    }
    town.office.behave(Manner::Takes);
    assert_eq!(town.deliver().await, NOTHING);
    assert_eq!(town.letters().await[0].state, LetterState::Failed);
    assert!(town.office.taken().is_empty());
}

#[tokio::test]
async fn a_server_that_took_a_letter_and_was_not_heard_gets_it_again_under_the_same_name() {
    let mut town = Town::found().await;
    town.editor_with("one@example.org", MailWishes { digest: false, alerts: true }).await;
    town.alert(Alert { subject: "A".into(), paragraphs: vec!["b".into()], path: "/desk".into() }).await;
    town.office.behave(Manner::HangsUpAfterTaking);
    assert_eq!(town.deliver().await, POSTPONED);
    town.office.behave(Manner::Takes);
    town.world.wait(MINUTE_MS);
    assert_eq!(town.deliver().await, SENT);
    let ids: Vec<_> = town.office.taken().iter().map(|taken| header(taken, "Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), 2, "one copy too many, at most");
    assert_eq!(ids[0], ids[1], "which a mailbox can tell");
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_sends_leaves_the_letter_to_the_next() {
    let mut town = Town::found().await;
    town.editor_with("one@example.org", MailWishes { digest: false, alerts: true }).await;
    town.alert(Alert { subject: "A".into(), paragraphs: vec!["b".into()], path: "/desk".into() }).await;
    let claimed = town.world.store.claim_letter(town.world.now()).await.unwrap().unwrap();
    assert_eq!(claimed.attempt, 1);
    assert_eq!(town.deliver().await, NOTHING, "somebody has it in hand");
    town.world.wait(10 * MINUTE_MS);
    assert_eq!(town.deliver().await, SENT);
    assert_eq!(town.office.taken().len(), 1);
}

#[tokio::test]
async fn two_workers_never_send_the_same_letter() {
    let mut town = Town::found().await;
    for number in 0..5 {
        town.editor_with(&format!("e{number}@example.org"), MailWishes { digest: false, alerts: true }).await;
    }
    town.alert(Alert { subject: "A".into(), paragraphs: vec!["b".into()], path: "/desk".into() }).await;
    let port = town.office.port.to_string();
    let mut other = post(
        &town.world,
        &[
            ("PERFUSE__MAIL__HOST", "127.0.0.1"),
            ("PERFUSE__MAIL__PORT", &port),
            ("PERFUSE__MAIL__TLS", "none"),
            ("PERFUSE__MAIL__FROM", "desk@news.example.org"),
        ],
    );
    let now = town.world.now();
    let (one, two) = tokio::join!(town.post.deliver_due(now), other.deliver_due(now));
    assert_eq!(one.unwrap().sent + two.unwrap().sent, 5);
    assert_eq!(town.office.taken().len(), 5);
}

#[tokio::test]
async fn a_disabled_account_gets_no_letter() {
    let mut town = Town::found().await;
    town.editor_with("gone@example.org", MailWishes { digest: true, alerts: true }).await;
    town.alert(Alert { subject: "A".into(), paragraphs: vec!["b".into()], path: "/desk".into() }).await;
    town.world.store.set_disabled("gone@example.org", true, None, town.world.now()).await.unwrap();
    assert_eq!(town.deliver().await, NOTHING);
    town.wait_for_the_digest();
    assert_eq!(town.deliver().await, NOTHING);
    assert!(town.office.taken().is_empty());
}

#[tokio::test]
async fn without_mail_links_are_shown_as_ever_and_nothing_waits() {
    let world = World::start().await;
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    let page = admin.get("/desk/people").await.body;
    assert!(!page.contains("value=\"mail\"") && !page.contains("/desk/mail"), "{page}");
    let fields = [("email", "new@example.org"), ("role", "editor"), ("by", "mail")];
    let page = admin.post("/desk/people", &fields).await;
    assert!(page.body.contains("/desk/link/"), "{}", page.body);
    assert!(admin.get("/desk/account").await.body.contains("sends no mail"));
    assert_eq!(world.store.next_letter_at().await.unwrap(), None::<UnixMs>);
}
