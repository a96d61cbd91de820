//! Wording by a language model: a real service, a real endpoint on loopback that speaks OpenAI's protocol, or badly.

use std::time::Duration;

use perfuse::app::{self, Base, Role as Halves, Running};
use perfuse::config::{Catalog, Settings};
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry};
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::store::{Judged, Judgement, LinkPurpose, Mark, Wording};
use perfuse::web::token::Token;

use crate::support::hostile_server::{HostileServer, Wire, answer};
use crate::support::visitor::{Page, Visitor};

const KEY: &str = "sk-made-up-and-secret";
const ABSTRACT: &str = "OBJECTIVE: We asked whether early ECPR helps. RESULTS: In 134 adults, survival was 43% with \
                        ECPR and 7% without. Bleeding occurred in 12 patients. CONCLUSIONS: Early ECPR was followed by \
                        better survival.";

struct Desk {
    base: Base,
    running: Running,
    article: i64,
    editor: i64,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn start(endpoint: &str, extra: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, sources) = (folder.path().join("data"), folder.path().join("sources.toml"));
        std::fs::write(&sources, "").unwrap();
        let (data, sources) = (data.display().to_string(), sources.display().to_string());
        let mut env = vec![
            ("PERFUSE__DATA_DIR", data.as_str()),
            ("PERFUSE__SERVER__LISTEN", "127.0.0.1:0"),
            ("PERFUSE__SOURCES__FILE", sources.as_str()),
            ("PERFUSE__WORDING__BASE_URL", endpoint),
            ("PERFUSE__WORDING__MODEL", "made-up-7b"),
            ("PERFUSE__WORDING__API_KEY", KEY),
            ("PERFUSE__WORDING__TIMEOUT_SECONDS", "1"),
        ];
        env.extend_from_slice(extra);
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::load(None, env).unwrap().settings;
        let catalog = Catalog::load(&settings).unwrap();
        let base = Base::open(settings, catalog).await.unwrap();
        let now = UnixMs::now();
        let entry = Entry {
            ids: Identifiers { pmid: Some(Pmid(7)), ..Identifiers::default() },
            title: RichText::from_plain("A title that stays here"),
            abstract_sections: vec![AbstractSection {
                text: RichText::from_plain(ABSTRACT),
                ..Default::default()
            }],
            complete: true,
            ..Entry::default()
        };
        let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
        let source = base.store.import_source(now).await.unwrap();
        base.store.record_entries(source, vec![judged], now).await.unwrap();
        let article = base.store.queue(Default::default(), 0, 1).await.unwrap().0[0].id;
        let editor = base.store.add_editor("editor@example.org", Role::Editor, None, now).await.unwrap().id;
        let running = app::start(base.clone(), Halves::Both).await.unwrap();
        Self { base, running, article, editor, _folder: folder }
    }

    async fn sign_in(&self) -> Visitor {
        let (token, now) = (Token::generate().unwrap(), UnixMs::now());
        let until = now.plus_ms(HOUR_MS);
        self.base.store.add_link(self.editor, token.hash(), LinkPurpose::Invite, until, now).await.unwrap();
        let url = format!("http://{}", self.running.address.unwrap());
        Visitor::signed_in_at(url, &format!("/desk/link/{}", token.to_text())).await
    }

    async fn answered(&self) -> Wording {
        for _ in 0..400 {
            let last = self.base.store.last_wording(self.article).await.unwrap();
            if let Some(last) = last.filter(|wording| wording.answer.is_some()) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no answer within 8 s");
    }

    /// Asks as the desk does and waits; why there is no proposal.
    async fn ask_in_vain(&self) -> String {
        assert!(self.base.store.ask_wording(self.article, self.editor, UnixMs::now()).await.unwrap());
        self.base.ring();
        self.answered().await.answer.unwrap().unwrap_err()
    }

    async fn audit(&self) -> String {
        let trail = self.base.store.audit_trail(Default::default(), 100).await.unwrap();
        format!("{trail:?}")
    }
}

fn completion(text: &str) -> Vec<u8> {
    let body = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "made-up-7b-q4",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]
    });
    answer("200 OK", &[("content-type", "application/json")], body.to_string())
}

fn text(page: &Page, selector: &str) -> String {
    let html = scraper::Html::parse_document(&page.body);
    let selector = scraper::Selector::parse(selector).unwrap();
    html.select(&selector).flat_map(|found| found.text()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_editor_asks_for_wording_sees_that_a_machine_wrote_it_and_where_it_lies_and_publishes_knowingly() {
    let lie =
        "Early ECPR in 143 adults was followed by survival of 43% instead of 7% in this made-up summary.";
    let model = HostileServer::answering(completion(lie)).await;
    let desk = Desk::start(&model.url("/v1/"), &[]).await;
    let mut editor = desk.sign_in().await;
    let (at, ask) = (format!("/desk/a/{}", desk.article), format!("/desk/a/{}/wording", desk.article));
    let page = editor.get(&at).await;
    let asked = editor.submit(&page, &ask, &[]).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    desk.answered().await;

    let page = editor.get(&at).await;
    let proposal = text(&page, ".proposal");
    assert!(proposal.contains("made-up-7b-q4") && proposal.contains("Machine-worded"), "{proposal}");
    assert!(proposal.contains("143"), "the lie is among the doubts: {proposal}");
    assert!(!text(&page, "#summary").contains("143"), "nobody put it into the form");
    let used = editor.submit(&page, &format!("{at}/check"), &[("use", "wording")]).await;
    assert_eq!(text(&used, "#summary"), lie);
    assert!(text(&used, ".worded").contains("made-up-7b-q4") && text(&used, ".marks").contains("143"));
    let refused = editor.submit(&used, &format!("{at}/approve"), &[]).await;
    assert_eq!(refused.status, 422, "a doubt must be acknowledged");
    let key = scraper::Html::parse_document(&refused.body)
        .select(&scraper::Selector::parse("[name=acknowledged]").unwrap())
        .find_map(|input| input.attr("value").map(str::to_owned));
    editor.submit(&refused, &format!("{at}/approve"), &[("acknowledged", &key.unwrap())]).await;

    let audit = desk.audit().await;
    for said in
        ["ask for wording", "machine wording", "approve machine wording", "made-up-7b-q4", "prompt_version"]
    {
        assert!(audit.contains(said), "{said} is missing in {audit}");
    }
    let requests = model.requests();
    assert_eq!(requests.len(), 1, "one press, one request");
    assert!(requests[0].starts_with("POST /v1/chat/completions "), "{}", requests[0]);
    assert!(requests[0].to_lowercase().contains(&format!("authorization: bearer {KEY}")));
    assert!(requests[0].contains("In 134 adults") && !requests[0].contains("A title that stays here"));
    assert!(!audit.contains(KEY) && !page.body.contains(KEY));
    desk.running.stop().await;
}

#[tokio::test]
async fn a_service_that_is_wrong_in_any_way_is_asked_once_and_said_to_be_wrong() {
    let model = HostileServer::start(|mut wire: Wire| async move {
        match wire.nth {
            1 => drop(wire.send(answer("200 OK", &[], "{\"choices\": [nonsense")).await),
            2 => drop(wire.send(completion("Survival was 43%.")).await),
            3 => drop(wire.send(completion("<!DOCTYPE html><html>Welcome</html>")).await),
            4 => drop(wire.send(completion("  ")).await),
            5 => drop(wire.send(answer("200 OK", &[], "{\"choices\": []}")).await),
            _ => wire.wait_for_end().await,
        }
    })
    .await;
    let desk = Desk::start(&model.url("/v1/"), &[]).await;
    assert!(desk.ask_in_vain().await.contains("not that of a chat completion"));
    desk.base.store.ask_wording(desk.article, desk.editor, UnixMs::now()).await.unwrap();
    desk.base.ring();
    assert!(desk.answered().await.answer.unwrap().is_ok());
    assert!(desk.ask_in_vain().await.contains("web page"));
    assert!(desk.ask_in_vain().await.contains("empty"));
    assert!(desk.ask_in_vain().await.contains("no message"));
    let left_alone = desk.ask_in_vain().await;
    assert!(left_alone.contains("failed 3 times in a row"), "{left_alone}");
    assert_eq!(model.requests().len(), 5, "the sixth was not sent");
    assert!(!desk.audit().await.contains(KEY));
    desk.running.stop().await;
}

#[tokio::test]
async fn a_slow_service_a_refusing_one_and_none_at_all_end_in_time_and_in_a_sentence() {
    let slow = HostileServer::start(|mut wire: Wire| async move { wire.wait_for_end().await }).await;
    let desk = Desk::start(&slow.url("/v1/"), &[]).await;
    let why = desk.ask_in_vain().await;
    assert!(why.contains("time-out") && !why.contains(KEY), "{why}");
    assert_eq!(slow.requests().len(), 1);
    desk.running.stop().await;

    let refusing = HostileServer::answering(answer("401 Unauthorized", &[], format!("bad key {KEY}"))).await;
    let desk = Desk::start(&refusing.url("/v1/"), &[]).await;
    let why = desk.ask_in_vain().await;
    assert!(why.contains("401") && !why.contains(KEY), "{why}");
    desk.running.stop().await;

    let moved =
        HostileServer::answering(answer("307 Moved", &[("location", "http://127.0.0.1:9/")], "")).await;
    let desk = Desk::start(&moved.url("/v1/"), &[]).await;
    assert!(desk.ask_in_vain().await.contains("redirect"), "the key goes nowhere else");
    desk.running.stop().await;

    let gone = format!("http://127.0.0.1:{}/v1/", {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    });
    let desk = Desk::start(&gone, &[]).await;
    assert!(desk.ask_in_vain().await.contains("cannot be reached"));
    desk.running.stop().await;
}

#[tokio::test]
async fn the_budget_is_kept_over_a_restart_and_without_an_endpoint_there_is_no_button() {
    let model = HostileServer::answering(completion("Survival was 43%.")).await;
    let url = model.url("/v1/");
    let Desk { base, running, article, editor, _folder } =
        Desk::start(&url, &[("PERFUSE__WORDING__DAILY_BUDGET", "1")]).await;
    base.store.ask_wording(article, editor, UnixMs::now()).await.unwrap();
    base.ring();
    let desk = Desk { base, running, article, editor, _folder };
    assert!(desk.answered().await.answer.unwrap().is_ok());
    let Desk { base, running, article, editor, _folder } = desk;
    running.stop().await;
    let running = app::start(base.clone(), Halves::Both).await.unwrap();
    let desk = Desk { base, running, article, editor, _folder };
    assert!(desk.ask_in_vain().await.contains("budget of 1"));
    assert_eq!(model.requests().len(), 1);
    desk.running.stop().await;

    let off = Desk::start("", &[]).await;
    let mut visitor = off.sign_in().await;
    let page = visitor.get(&format!("/desk/a/{}", off.article)).await;
    assert!(!page.body.contains("/wording\""), "no button");
    off.running.stop().await;
}

#[tokio::test]
async fn another_result_of_the_abstract_is_one_press_away() {
    let desk = Desk::start("", &[]).await;
    let mut editor = desk.sign_in().await;
    let at = format!("/desk/a/{}", desk.article);
    let page = editor.get(&at).await;
    let others = text(&page, ".others");
    assert!(others.contains("Bleeding occurred in 12 patients."), "{others}");
    let quoted = editor.submit(&page, &format!("{at}/check"), &[("use", "result-0")]).await;
    let summary = text(&quoted, "#summary");
    assert_eq!(quoted.status, 200);
    assert!(others.contains(summary.trim()) && !summary.is_empty(), "{summary}");
    let odd = editor.submit(&page, &format!("{at}/check"), &[("use", "result-99")]).await;
    assert_eq!(odd.status, 400);
    desk.running.stop().await;
}
