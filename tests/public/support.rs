//! A newsroom: a database, an editor who approves, the whole router, and a clock that stands still until told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use perfuse::config::Settings;
use perfuse::domain::article::Article;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{Author, Entry, Journal, WorkKind};
use perfuse::domain::identity::{Doi, Identifiers, Pmid};
use perfuse::domain::news::Site;
use perfuse::domain::notice::{Finding, NoticeKind, NoticeSource, SummaryHolds};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{PartialDate, UnixMs};
use perfuse::domain::watch::WatchService;
use perfuse::store::{DecisionRequest, Judged, Judgement, Look, Looked, Mark, Store, Wish};
use perfuse::web::{self, AppState, Clock};
use tower::ServiceExt;

pub(super) const NOW: UnixMs = UnixMs(1_795_367_460_000);

pub(super) struct Newsroom {
    folder: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) router: axum::Router,
    clock: Arc<AtomicI64>,
    editor: i64,
    source: i64,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

pub(super) fn site() -> Site {
    Site {
        title: "Example Perfusion Society".into(),
        description: "Research news on ECMO & perfusion".into(),
        public_url: "https://news.example.org".into(),
        language: "en".into(),
        contact: "news@example.org".into(),
        accent: "#0b5a78".into(),
        topics: vec![("ecpr".into(), "ECPR and cardiac arrest".into()), ("cpb".into(), "Bypass".into())],
    }
}

/// A complete paper.
pub(super) fn paper(number: u32) -> Entry {
    Entry {
        kind: WorkKind::Article,
        ids: Identifiers {
            pmid: Some(Pmid(99_000_000 + number)),
            doi: Doi::parse(&format!("10.5555/paper.{number}")),
            ..Identifiers::default()
        },
        title: RichText::parse(&format!("Paper {number} on PaCO<sub>2</sub> & flow")),
        authors: vec![Author::Person { family: "Fixture".into(), given: "A B".into() }],
        journal: Journal { title: "Journal of Invented Perfusion".into(), ..Journal::default() },
        published_on: PartialDate::new(2026, Some(11), None),
        complete: true,
        ..Entry::default()
    }
}

impl Newsroom {
    pub(super) async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    /// With other settings than the defaults.
    pub(super) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::open_at("https://news.example.org", change).await
    }

    /// Of a society that writes in another language.
    pub(super) async fn open_in(language: &str) -> Self {
        let mut room = Self::open().await;
        let settings = Settings::load(None, std::iter::empty()).unwrap().settings;
        let site = Site { language: language.into(), ..site() };
        room.router = Self::router_on(&room.store, room.clock.clone(), settings, site);
        room
    }

    /// Reached at another address.
    pub(super) async fn open_at(public_url: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
        let editor = store.add_editor("editor@example.org", Role::Editor, None, NOW).await.unwrap().id;
        let source = store.import_source(NOW).await.unwrap();
        let clock = Arc::new(AtomicI64::new(NOW.0));
        let mut settings = Settings::load(None, std::iter::empty()).unwrap().settings;
        change(&mut settings);
        let site = Site { public_url: public_url.into(), ..site() };
        let router = Self::router_on(&store, clock.clone(), settings, site);
        Self { folder, store, router, clock, editor, source }
    }

    fn router_on(store: &Store, clock: Arc<AtomicI64>, settings: Settings, site: Site) -> axum::Router {
        let clock = Clock::new(move || UnixMs(clock.load(Ordering::SeqCst)));
        let (settings, bell) = (Arc::new(settings), Arc::new(tokio::sync::Notify::new()));
        web::router(AppState::new(store.clone(), settings, Arc::new(site), clock, bell).unwrap())
    }

    /// A table that every look needs is gone, as on a damaged disk.
    pub(super) fn break_database(&self) {
        let db = rusqlite::Connection::open(self.folder.path().join("perfuse.db")).unwrap();
        db.execute_batch("ALTER TABLE news_version RENAME TO lost").unwrap();
    }

    /// A second process on the same file, as far as the database can tell: connections of its own.
    pub(super) async fn another_process(&self) -> Store {
        Store::open(&self.folder.path().join("perfuse.db")).await.unwrap()
    }

    pub(super) fn now(&self) -> UnixMs {
        UnixMs(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn wait_ms(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(super) async fn queue(&self, entry: Entry) -> Article {
        let title = entry.title.clone();
        let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
        self.store.record_entries(self.source, vec![judged], self.now()).await.unwrap();
        let waiting = self.store.queue(Default::default(), 0, 1000).await.unwrap().0;
        waiting.into_iter().find(|article| article.title == title).unwrap()
    }

    pub(super) async fn decide(&self, article: &Article, wish: Wish) -> Article {
        self.decide_in(&self.store, article, wish).await
    }

    pub(super) async fn decide_in(&self, store: &Store, article: &Article, wish: Wish) -> Article {
        let request = DecisionRequest {
            article_id: article.id,
            revision: article.revision,
            editor_id: self.editor,
            wish,
        };
        store.decide(request, self.now()).await.unwrap().article
    }

    pub(super) async fn publish(&self, entry: Entry, topics: &[&str], publish_at: Option<UnixMs>) -> Article {
        let article = self.queue(entry).await;
        let wish = approval(&article, topics, publish_at);
        let article = self.decide(&article, wish).await;
        // each item has a second of its own: the next one published at once would be due later
        self.wait_ms(1_000);
        article
    }

    /// What the watch does when it finds this about an article; the notices' row ids.
    pub(super) async fn find(&self, article: &Article, kind: NoticeKind) -> Vec<i64> {
        // a record that is gone from PubMed waits for an editor; a publisher's word does not
        let source = match kind {
            NoticeKind::Removal => NoticeSource::CrossrefPublisher,
            _ => NoticeSource::Pubmed,
        };
        let finding = Finding {
            ids: Identifiers { doi: Doi::parse("10.5555/notice.7"), ..Identifiers::default() },
            noticed_on: PartialDate::new(2026, Some(11), Some(20)),
            ..Finding::new(kind, source)
        };
        let noticed = self.store.record_findings(article.id, vec![finding], false, self.now()).await.unwrap();
        self.wait_ms(5_000);
        noticed.fresh
    }

    /// The watch sees a notice no longer.
    pub(super) async fn lift(&self, article_id: i64, notice: i64) {
        let (gone, next_at) = (vec![notice], self.now());
        let result = Looked::Answered { findings: vec![], gone, snapshot: "{}".into(), incomplete: None };
        let look = Look { article_id, service: WatchService::Crossref, next_at, result };
        assert_eq!(self.store.record_looks(vec![look], false, next_at).await.unwrap().lifted, 1);
    }

    pub(super) async fn answer_notice(&self, notice: i64, answer: SummaryHolds) {
        self.store.answer_notice(notice, self.editor, answer, self.now()).await.unwrap();
        self.wait_ms(5_000);
    }

    /// The source shows something that is known already, or names two works as one.
    pub(super) async fn show(&self, entry: Entry) {
        let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
        self.store.record_entries(self.source, vec![judged], self.now()).await.unwrap();
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
}

pub(super) fn approval(article: &Article, topics: &[&str], publish_at: Option<UnixMs>) -> Wish {
    Wish::Approve {
        title: article.title.clone(),
        summary: format!("Summary of {}: SpO2 <90% was rarer.", article.title.to_plain()),
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        publish_at,
    }
}
