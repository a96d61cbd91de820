//! The desk over real HTTP: what editors do, and what nobody else can.

use perfuse::domain::editor::Role;
use perfuse::domain::status::{RejectReason, Status};
use perfuse::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

mod browser;
mod company;
mod limits;
mod lists;
mod looks;
mod noticed;
mod speed;
mod ties;
pub(crate) mod world;

use world::{PASSWORD, World};

const SUMMARY: &str = "Mortality fell from 40% to 31%.";

#[tokio::test]
async fn an_editor_signs_in_approves_and_readers_see_it_after_the_delay() {
    let world = World::with_settings(&[("PERFUSE__DESK__PUBLISH_DELAY_MINUTES", "15")]).await;
    let (first, second) = (world.article("ECPR saves <i>lives</i>").await, world.article("Next one").await);
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let queue = maria.get("/desk").await;
    assert_eq!(queue.text("#rows .row-title"), "ECPR saves lives Next one");
    assert!(queue.body.contains("ECPR saves <i>lives</i>"), "italics are italics");
    let page = maria.get(&format!("/desk/a/{}", first.id)).await;
    assert_eq!(page.text("h1"), "ECPR saves lives");
    assert!(page.text(".abstract").contains("Mortality fell from 40% to 31%."));

    let fields =
        [("title", "ECPR saves <i>lives</i>"), ("summary", SUMMARY), ("topic", "ecpr"), ("topic", "made-up")];
    let done = maria.decide(&first, "approve", &fields).await;
    assert_eq!(done.status, 303);
    assert!(done.location().starts_with(&format!("/desk/a/{}?done=", second.id)), "{}", done.location());
    let next = maria.get(done.location()).await;
    assert_eq!(next.text("h1"), "Next one");
    assert!(
        next.text("[role=status]").starts_with("Approved for ")
            && next.text("[role=status]").contains(": ECPR saves lives"),
        "{}",
        next.text("[role=status]")
    );
    assert_eq!(world.titles_in_public().await, Vec::<String>::new(), "the delay makes undo real");
    world.wait(HOUR_MS);
    assert_eq!(world.titles_in_public().await, ["ECPR saves lives"]);
    let article = world.store.article(first.id).await.unwrap().unwrap();
    assert_eq!((article.topics, article.summary.as_deref()), (vec!["ecpr".to_owned()], Some(SUMMARY)));
}

#[tokio::test]
async fn a_summary_that_is_empty_or_too_long_comes_back_with_the_reason_and_the_text() {
    let world = World::start().await;
    let article = world.article("A title").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let empty = maria.decide(&article, "approve", &[("title", "My own title"), ("summary", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text("[role=alert]").contains("The summary is empty"));
    assert!(empty.text("#title").contains("My own title"), "what was typed is still there");
    let long = maria.decide(&article, "approve", &[("title", "T"), ("summary", &"word ".repeat(101))]).await;
    assert!(long.status == 422 && long.text("[role=alert]").contains("101 words"));
    let past = [("title", "T"), ("summary", SUMMARY), ("publish_at", "2020-01-01T10:00")];
    assert_eq!(maria.decide(&article, "approve", &past).await.status, 422);
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().revision, article.revision);
}

#[tokio::test]
async fn a_figure_that_the_abstract_does_not_hold_must_be_acknowledged_for_this_very_text() {
    let world = World::start().await;
    let article = world.article("A title").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let wrong = [("title", "A title"), ("summary", "Mortality fell from 40% to 13%.")];
    let checked = maria.decide(&article, "check", &wrong).await;
    assert_eq!(checked.status, 200);
    assert!(checked.text(".marks li").starts_with("13%"), "{}", checked.text(".marks"));
    assert!(checked.text(".preview").contains("to 13%"), "as readers will see it");
    let refused = maria.decide(&article, "approve", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text("[role=alert]").contains("not ticked as checked yet"));
    let key = refused.values("input[name=acknowledged]", "value").remove(0);
    let other =
        [("title", "A title"), ("summary", "Mortality fell from 40% to 12%."), ("acknowledged", &key)];
    assert_eq!(
        maria.decide(&article, "approve", &other).await.status,
        422,
        "acknowledged was another figure"
    );
    let acknowledged = [wrong[0], wrong[1], ("acknowledged", &key)];
    assert_eq!(maria.decide(&article, "approve", &acknowledged).await.status, 303);
    let public = world.store.article(article.id).await.unwrap().unwrap();
    let changed = [wrong[0], ("summary", "Mortality fell from 40% to 11%.")];
    assert_eq!(maria.decide(&public, "save", &changed).await.status, 422, "also for what is public already");
}

#[tokio::test]
async fn rejecting_with_a_reason_and_putting_off_take_an_article_out_and_undo_brings_it_back() {
    let world = World::start().await;
    let (one, two) = (world.article("One").await, world.article("Two").await);
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let rejected = maria.decide(&one, "reject", &[("reason", "off_topic")]).await;
    let done = rejected.location().split("done=").nth(1).unwrap().to_owned();
    let stored = world.store.article(one.id).await.unwrap().unwrap();
    assert_eq!((stored.status, stored.reject_reason), (Status::Rejected, Some(RejectReason::OffTopic)));
    let later = maria.decide(&two, "later", &[("days", "30")]).await;
    assert!(later.location().starts_with("/desk?done="), "nothing else waits: {}", later.location());
    let stored = world.store.article(two.id).await.unwrap().unwrap();
    assert_eq!(stored.later_until, Some(world.now().plus_ms(30 * DAY_MS)));

    let history = maria.get("/desk/history").await;
    assert_eq!(history.text(".event-what"), "Put off Two Rejected (off topic) One");
    let undone = maria.post_and_follow(&format!("/desk/undo/{done}"), &[]).await;
    assert_eq!(undone.text("h1"), "One");
    assert_eq!(world.store.article(one.id).await.unwrap().unwrap().status, Status::Queued);
    let events = world.store.history(Some(one.id), None, 10).await.unwrap().len();
    assert_eq!(
        maria.post(&format!("/desk/undo/{done}"), &[]).await.status,
        303,
        "a double click is told the same"
    );
    assert_eq!(world.store.history(Some(one.id), None, 10).await.unwrap().len(), events);
    let mut jonas = world.person("jonas@example.org", Role::Editor).await;
    let twice = jonas.post(&format!("/desk/undo/{done}"), &[]).await;
    assert_eq!(twice.status, 409);
    assert!(twice.text("main").contains("it was undone already"), "{}", twice.text("main"));
    assert_eq!(maria.decide(&two, "reject", &[("reason", "because")]).await.status, 400);
    assert_eq!(maria.decide(&two, "later", &[("days", "9999999")]).await.status, 400);
}

#[tokio::test]
async fn a_double_click_is_one_decision() {
    let world = World::start().await;
    let article = world.article("Once").await;
    let maria = world.person("maria@example.org", Role::Editor).await;
    let fields = [("title", "Once"), ("summary", SUMMARY)];
    let (mut one, mut two) = (maria.clone(), maria.clone());
    let (first, second) =
        tokio::join!(one.decide(&article, "approve", &fields), two.decide(&article, "approve", &fields));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());
    assert_eq!(world.store.history(Some(article.id), None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_editors_at_once_lose_nothing() {
    let world = World::start().await;
    let article = world.article("Shared").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let mut jonas = world.person("jonas@example.org", Role::Editor).await;
    let saved =
        maria.decide(&article, "save", &[("title", "Maria's title"), ("summary", "Maria's words.")]).await;
    assert_eq!(saved.status, 303);
    let typed = [("title", "Jonas' title"), ("summary", "Jonas' words & <b>marks</b>."), ("topic", "cpb")];
    let conflict = jonas.decide(&article, "approve", &typed).await;
    assert_eq!(conflict.status, 409);
    assert!(conflict.text(".lead").contains("maria changed it"), "{}", conflict.text(".lead"));
    assert!(conflict.text(".theirs").contains("Maria's words."));
    assert_eq!(conflict.text(".yours textarea[name=summary]"), "Jonas' words & <b>marks</b>.");
    let stored = world.store.article(article.id).await.unwrap().unwrap();
    assert_eq!(stored.summary.as_deref(), Some("Maria's words."), "nothing was overwritten");
    // the page's own form carries the new revision: approving mine now works
    let revision = conflict.values(".yours input[name=revision]", "value").remove(0);
    let mut fields = typed.to_vec();
    fields.push(("revision", revision.as_str()));
    let done = jonas.post(&format!("/desk/a/{}/approve", article.id), &fields).await;
    assert_eq!(done.status, 303);
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().summary.as_deref(), Some(typed[1].1));
}

#[tokio::test]
async fn a_decision_on_what_somebody_else_decided_already_is_a_conflict_too() {
    let world = World::start().await;
    let article = world.article("Gone").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let mut jonas = world.person("jonas@example.org", Role::Editor).await;
    maria.decide(&article, "reject", &[]).await;
    let conflict = jonas.decide(&article, "approve", &[("title", "Gone"), ("summary", SUMMARY)]).await;
    assert_eq!(conflict.status, 409);
    assert!(conflict.text(".lead").contains("Rejected by maria"), "{}", conflict.text(".lead"));
    assert_eq!(conflict.text(".yours textarea[name=summary]"), SUMMARY);
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().status, Status::Rejected);
}

#[tokio::test]
async fn several_at_once_and_the_view_is_kept() {
    let world = World::start().await;
    let mut articles = Vec::new();
    for title in ["A one", "B two", "A three", "A four"] {
        articles.push(world.article(title).await);
    }
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let found = maria.get("/desk?q=four").await;
    assert_eq!(found.text("#rows .row-title"), "A four");
    let picks: Vec<String> =
        articles[..2].iter().map(|article| format!("{}:{}", article.id, article.revision)).collect();
    let fields = [("act", "reject"), ("pick", &picks[0]), ("pick", &picks[1]), ("view", "?order=newest")];
    let after = maria.post_and_follow("/desk/bulk", &fields).await;
    assert!(after.text("[role=status]").starts_with("2 decided. Undo all 2"));
    assert_eq!(after.text("#rows .row-title"), "A four A three", "newest first, as before");
    let fields = [("view", "?order=newest&topic=%22%3E%3Cscript%3E")];
    let done = maria.decide(&articles[2], "reject", &fields).await;
    assert!(done.location().contains("order=newest") && done.location().contains("%3Cscript%3E"));
    let page = maria.get(done.location()).await;
    assert!(!page.body.contains("<script>"), "what stands in an address is escaped in the page");
}

#[tokio::test]
async fn an_expired_session_keeps_what_was_typed_through_the_sign_in() {
    let world = World::start().await;
    let article = world.article("Long read").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    world.wait(400 * DAY_MS);
    let typed = [("title", "Long read"), ("summary", "Half an hour's \"work\" & care."), ("topic", "ecpr")];
    let ended = maria.decide(&article, "approve", &typed).await;
    assert_eq!(ended.status, 401);
    assert!(ended.text(".lead").contains("What you typed is kept"));
    let hidden: Vec<String> = ended.values("input[name=kept]", "value");
    let action = ended.values("input[name=kept_action]", "value").remove(0);
    let mut fields =
        vec![("email", "maria@example.org"), ("password", "wrong password here"), ("kept_action", &action)];
    fields.extend(hidden.iter().map(|kept| ("kept", kept.as_str())));
    maria.csrf.clear();
    let wrong = maria.post("/desk/sign-in", &fields).await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.values("input[name=kept]", "value"), hidden, "a typing mistake loses nothing");
    fields[1].1 = PASSWORD;
    let resumed = maria.post("/desk/sign-in", &fields).await;
    assert_eq!(resumed.status, 200);
    assert_eq!(resumed.text("textarea[name=summary]"), typed[1].1);
    assert_eq!(
        world.store.article(article.id).await.unwrap().unwrap().status,
        Status::Queued,
        "signing in decides nothing"
    );
    let sent: Vec<(String, String)> = ["title", "summary"]
        .iter()
        .map(|name| (name.to_string(), resumed.text(&format!("textarea[name={name}]"))))
        .chain(["revision", "topic", "view"].iter().filter_map(|name| {
            let value = resumed.values(&format!("input[name={name}]"), "value").into_iter().next();
            value.map(|value| (name.to_string(), value))
        }))
        .collect();
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let done = maria.post(&action, &sent).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().summary.as_deref(), Some(typed[1].1));
}

#[tokio::test]
async fn a_one_time_link_works_once_and_not_after_its_time_and_opening_it_does_nothing() {
    let world = World::start().await;
    let link = world.link_for("lin@example.org", Role::Viewer).await;
    for _ in 0..3 {
        let mut scanner = world.browser();
        let page = scanner.get(&link).await;
        assert!(page.status == 200 && page.text(".lead").contains("lin@example.org"));
        assert!(page.header("set-cookie").is_empty());
    }
    let mut lin = world.browser();
    for weak in ["short", "lin@example.org", "password123!", "xxxxxxxxxxxxxxxx", "society of tests"] {
        let refused = lin.post(&link, &[("password", weak)]).await;
        assert_eq!(refused.status, 422, "{weak}");
    }
    assert_eq!(lin.post(&link, &[("password", PASSWORD)]).await.status, 303);
    assert_eq!(lin.get("/desk").await.status, 200);
    let mut thief = world.browser();
    assert_eq!(thief.get(&link).await.status, 410);
    assert_eq!(thief.post(&link, &[("password", "another good one")]).await.status, 410);
    assert!(thief.cookie.is_none());
    assert_eq!(
        world.browser().sign_in("lin@example.org", PASSWORD).await.status,
        303,
        "the first password stands"
    );

    let late = world.link_for("lin@example.org", Role::Viewer).await;
    world.wait(2 * DAY_MS);
    assert_eq!(world.browser().get(&late).await.status, 410);
    assert_eq!(world.browser().get("/desk/link/nonsense").await.status, 410);
}

#[tokio::test]
async fn guessing_is_slow_and_a_stranger_learns_nothing() {
    let world = World::start().await;
    world.person("maria@example.org", Role::Editor).await;
    let mut thief = world.browser();
    let known = thief.sign_in("maria@example.org", "a wrong password").await;
    let unknown = thief.sign_in("nobody@example.org", "a wrong password").await;
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.text(".errors"), unknown.text(".errors"));
    let mut refused = None;
    for _ in 0..12 {
        let page = thief.sign_in("MARIA@example.org ", "another wrong one").await;
        if page.status == 429 {
            refused = Some(page);
            break;
        }
    }
    let refused = refused.expect("guessing was never stopped");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds <= 200));
    assert_eq!(thief.sign_in("maria@example.org", PASSWORD).await.status, 429, "also with the right one");
    world.wait(20 * MINUTE_MS);
    assert_eq!(thief.sign_in("maria@example.org", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn sessions_end_when_they_should() {
    let world = World::start().await;
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let id = world.store.editor_by_email("maria@example.org").await.unwrap().unwrap().id;

    // signing in gives a new session, signing out ends it on the server, not only in the browser
    let before = maria.cookie.clone();
    assert_eq!(
        maria.clone().sign_in("maria@example.org", PASSWORD).await.status,
        403,
        "no token for a live session"
    );
    let mut fresh = world.browser();
    fresh.cookie = Some("perfuse-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into());
    fresh.sign_in("maria@example.org", PASSWORD).await;
    assert!(
        fresh.cookie.is_some()
            && fresh.cookie != before
            && !fresh.cookie.as_ref().unwrap().contains("AAAAAA")
    );
    let old = fresh.cookie.clone();
    fresh.get("/desk").await;
    assert_eq!(fresh.post("/desk/sign-out", &[]).await.status, 303);
    assert_eq!(fresh.cookie, None);
    fresh.cookie = old;
    assert_eq!(fresh.get("/desk").await.status, 303);

    // a change of role, of password, disabling
    assert_eq!(maria.get("/desk").await.status, 200);
    assert_eq!(admin.post(&format!("/desk/people/{id}/role"), &[("role", "viewer")]).await.status, 303);
    assert_eq!(maria.get("/desk").await.status, 303, "a role change ends sessions");
    assert_eq!(maria.sign_in("maria@example.org", PASSWORD).await.status, 303);
    let mut phone = world.browser();
    assert_eq!(phone.sign_in("maria@example.org", PASSWORD).await.status, 303);
    maria.get("/desk/account").await;
    let changed =
        maria.post("/desk/account/password", &[("old", PASSWORD), ("new", "nine red umbrellas")]).await;
    assert_eq!(changed.status, 303, "{}", changed.text(".errors"));
    assert_eq!(maria.get("/desk").await.status, 200, "this session stays");
    assert_eq!(phone.get("/desk").await.status, 303, "the other one ended");
    assert_eq!(admin.post(&format!("/desk/people/{id}/disable"), &[]).await.status, 303);
    assert_eq!(maria.get("/desk").await.status, 303, "disabled");
    assert_eq!(world.browser().sign_in("maria@example.org", "nine red umbrellas").await.status, 401);
}

#[tokio::test]
async fn administrators_invite_people_but_never_touch_themselves_or_set_what_the_form_does_not_offer() {
    let world = World::start().await;
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    let made = admin.post("/desk/people", &[("email", "New@Example.org"), ("role", "editor")]).await;
    assert_eq!(made.status, 200);
    let link = made.values("#made-link", "value").remove(0);
    let path = link.strip_prefix(&world.url).unwrap();
    let mut new = world.browser();
    assert_eq!(new.post(path, &[("password", PASSWORD), ("role", "admin")]).await.status, 303);
    new.get("/desk").await;
    assert_eq!(new.get("/desk/people").await.status, 403, "no form field makes an admin");
    new.post("/desk/account/name", &[("name", "N <script>"), ("role", "admin"), ("id", "1")]).await;
    let editor = world.store.editor_by_email("new@example.org").await.unwrap().unwrap();
    assert_eq!((editor.role, editor.name.as_str()), (Role::Editor, "N <script>"));
    assert!(!admin.get("/desk/people").await.body.contains("N <script>"));
    assert_eq!(
        admin.post("/desk/people", &[("email", "new@example.org"), ("role", "editor")]).await.status,
        422
    );
    assert_eq!(admin.post("/desk/people", &[("email", "x@example.org"), ("role", "god")]).await.status, 400);
    let me = world.store.editor_by_email("admin@example.org").await.unwrap().unwrap().id;
    assert_eq!(admin.post(&format!("/desk/people/{me}/disable"), &[]).await.status, 409);
    // somebody else's session id does nothing
    let theirs = world.store.sessions(editor.id).await.unwrap()[0].id;
    assert_eq!(admin.post(&format!("/desk/account/sessions/{theirs}/end"), &[]).await.status, 303);
    assert_eq!(new.get("/desk").await.status, 200);
}

#[tokio::test]
async fn a_link_in_a_mail_opens_the_queue_but_another_site_cannot_load_or_change_it() {
    let world = World::start().await;
    let article = world.article("Target").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let desk = format!("{}/desk", world.url);
    let followed = maria.client.get(&desk).header("sec-fetch-site", "cross-site");
    let followed = followed.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
    assert_eq!(maria.send(followed).await.status, 200);
    let framed = maria.client.get(&desk).header("sec-fetch-site", "cross-site");
    let framed = framed.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "iframe");
    assert_eq!(maria.send(framed).await.status, 403);
    let csrf = maria.csrf.clone();
    let revision = article.revision.to_string();
    let fields = [("csrf", csrf.as_str()), ("revision", &revision)];
    let forged =
        maria.client.post(format!("{desk}/a/{}/reject", article.id)).header("origin", "https://evil.example");
    assert_eq!(maria.send(forged.form(&fields)).await.status, 403, "even with the token");
    let json = maria.client.post(format!("{desk}/a/{}/reject", article.id)).header("origin", &world.url);
    let json = json.header("content-type", "application/json").body("{}");
    assert_eq!(maria.send(json).await.status, 415);
    assert_eq!(world.store.article(article.id).await.unwrap().unwrap().status, Status::Queued);
}

#[tokio::test]
async fn pages_carry_a_strict_policy_and_cookies_are_as_closed_as_the_address_allows() {
    let world = World::start().await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let page = maria.get("/desk").await;
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe") && !page.body.contains("style=") && !page.body.contains("onclick"));
    assert_eq!(
        (page.header("cache-control"), page.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
    let open = world.browser().sign_in("maria@example.org", PASSWORD).await;
    let cookie = open.header("set-cookie");
    assert!(
        cookie.starts_with("perfuse-session=")
            && cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Lax")
    );

    let world = World::with_settings(&[("PERFUSE__SERVER__PUBLIC_URL", "https://news.example.org")]).await;
    let link = world.link_for("maria@example.org", Role::Editor).await;
    let done = world.browser().post(&link, &[("password", PASSWORD)]).await;
    let cookie = done.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-perfuse=") && cookie.contains("; Secure") && cookie.contains("Path=/;")
    );
    assert!(done.header("strict-transport-security").contains("max-age"));
}

#[tokio::test]
async fn sources_can_be_paused_and_fetched_by_an_administrator_who_rings_the_bell() {
    use perfuse::domain::source::{Source, SourceKind};
    let world = World::start().await;
    let source = Source {
        name: "journal".into(),
        title: "A journal".into(),
        kind: SourceKind::Feed { url: "https://example.org/feed".into() },
        schedule: None,
        topics: vec![],
        enabled: true,
    };
    world.store.sync_sources(vec![source], world.now()).await.unwrap();
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    let page = admin.post_and_follow("/desk/sources/journal/pause", &[]).await;
    assert!(page.text(".card").contains("Paused"));
    let page = admin.post_and_follow("/desk/sources/journal/resume", &[]).await;
    assert!(!page.text(".card").contains("Paused"));
    tokio::time::timeout(std::time::Duration::from_secs(5), world.bell.notified())
        .await
        .expect("nobody rang");
    assert_eq!(admin.post("/desk/sources/unknown/fetch", &[]).await.status, 404);
    let mut editor = world.person("maria@example.org", Role::Editor).await;
    assert!(editor.get("/desk/sources").await.status == 200);
    assert_eq!(editor.post("/desk/sources/journal/pause", &[]).await.status, 403);
}

#[tokio::test]
async fn every_act_is_in_the_audit_trail_and_no_cell_of_its_export_is_a_formula() {
    let world = World::start().await;
    let article = world.article("=cmd|' /C calc'!A0").await;
    let mut admin = world.person("admin@example.org", Role::Admin).await;
    admin.decide(&article, "reject", &[("reason", "duplicate")]).await;
    admin.post("/desk/people", &[("email", "new@example.org"), ("role", "viewer")]).await;
    let page = admin.get("/desk/audit").await;
    let acts = page.text(".act");
    for act in ["reject", "add", "link", "password"] {
        assert!(acts.contains(act), "{act} in {acts}");
    }
    let csv = admin.get("/desk/audit.csv?by=admin%40example.org").await;
    assert!(csv.header("content-disposition").starts_with("attachment"));
    assert!(csv.body.contains("\"'=cmd|' /C calc'!A0\""), "{}", csv.body);
    let json: serde_json::Value = serde_json::from_str(&admin.get("/desk/audit.json").await.body).unwrap();
    let rejected = json.as_array().unwrap().iter().find(|row| row["act"] == "reject").unwrap();
    assert!(rejected["before"].as_str().unwrap().contains("queued"));
    assert!(rejected["after"].as_str().unwrap().contains("duplicate"));
}

#[tokio::test]
async fn text_from_outside_is_text_wherever_it_is_shown() {
    let world = World::start().await;
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)> \"'><svg/onload=1> {{7*7}}";
    let article = world.article(hostile).await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    maria.decide(&article, "save", &[("title", hostile), ("summary", hostile)]).await;
    let conflict = maria.decide(&article, "reject", &[("title", hostile), ("summary", hostile)]).await;
    assert_eq!(conflict.status, 409);
    let current = world.store.article(article.id).await.unwrap().unwrap();
    maria.decide(&current, "reject", &[]).await;
    for path in ["/desk?status=rejected", "/desk/history", &format!("/desk/a/{}", article.id)] {
        let page = maria.get(path).await;
        assert!(page.status == 200 && page.text("main").contains("<script>alert(1)"), "{path}");
        assert!(page.values("main script, main img, main svg, [onerror], [onload]", "class").is_empty());
        assert!(!page.body.contains("<img") && !page.body.contains("<svg"), "{path}");
    }
    assert!(!conflict.body.contains("<img") && !conflict.body.contains("<svg"));
}
