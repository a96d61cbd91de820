//! Crossref, a preprint server and ClinicalTrials.gov on loopback, whose answers a test changes between cycles, and a
//! society that has published something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use perfuse::app::{Base, Role};
use perfuse::config::Settings;
use perfuse::domain::editor;
use perfuse::domain::entry::{Entry, Journal, WorkKind};
use perfuse::domain::identity::{Doi, Identifiers};
use perfuse::domain::news::NewsItem;
use perfuse::domain::text::RichText;
use perfuse::domain::time::UnixMs;
use perfuse::store::{DecisionRequest, Judged, Judgement, Mark, NewsQuery, Store, Wish};
use perfuse::worker::{WatchReport, Worker, note_incoming};
use serde_json::{Value, json};

use super::literature::{Literature, record, structured_abstract};
use super::service::{Service, source};
use super::visitor::Visitor;

/// What the registries know.
#[derive(Default)]
pub(crate) struct Known {
    /// Crossref's works by DOI.
    pub(crate) works: BTreeMap<String, Value>,
    /// A work that Crossref sends although nobody asked.
    pub(crate) stray: Option<Value>,
    /// Versions of preprints by DOI.
    pub(crate) preprints: BTreeMap<String, Vec<Value>>,
    /// Studies by number.
    pub(crate) trials: BTreeMap<String, Value>,
    /// A DOI that spoils every answer of Crossref's that should hold it.
    pub(crate) poison: Option<String>,
    says: Option<String>,
    status: Option<u16>,
    retry_after_s: Option<u32>,
    hangs: bool,
    asked: usize,
}

/// The registries; each request is answered by what they know at that moment.
#[derive(Clone, Default)]
pub(crate) struct Registries {
    known: Arc<Mutex<Known>>,
}

impl Registries {
    /// Registries that know nothing yet.
    pub(crate) fn open(literature: &Literature) -> Self {
        let registries = Self::default();
        registries.serve(literature);
        registries
    }

    fn serve(&self, literature: &Literature) {
        let with = |answer: fn(&Known, &BTreeMap<String, String>) -> Value| {
            let registries = self.clone();
            move |form: &BTreeMap<String, String>| -> Response {
                registries.known.lock().unwrap().asked += 1;
                // a hang ends by itself, so that a test that failed ends too
                for _ in 0..200 {
                    if !registries.known.lock().unwrap().hangs {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                let known = registries.known.lock().unwrap();
                if let Some(status) = known.status {
                    let status = StatusCode::from_u16(status).unwrap();
                    return match known.retry_after_s {
                        Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
                        None => status.into_response(),
                    };
                }
                match &known.says {
                    Some(says) => says.clone().into_response(),
                    None => axum::Json(answer(&known, form)).into_response(),
                }
            }
        };
        literature.set_service("/crossref/works", with(works));
        literature.set_service("/preprints/details", with(versions));
        literature.set_service("/trials/studies", with(studies));
    }

    /// Changes what they know.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap());
    }

    /// Lets all of them answer with this text; `None` for what they know.
    pub(crate) fn say(&self, text: Option<&str>) {
        self.known.lock().unwrap().says = text.map(str::to_owned);
    }

    /// Lets all of them answer with this status and nothing else.
    pub(crate) fn refuse_with(&self, status: u16) {
        self.known.lock().unwrap().status = Some(status);
    }

    /// Lets all of them ask to be left alone for so long.
    pub(crate) fn refuse_for(&self, seconds: u32) {
        let mut known = self.known.lock().unwrap();
        (known.status, known.retry_after_s, known.asked) = (Some(429), Some(seconds), 0);
    }

    /// Requests since they began to refuse or to hang.
    pub(crate) fn asked(&self) -> usize {
        self.known.lock().unwrap().asked
    }

    /// Whether they keep everybody waiting.
    pub(crate) fn hang(&self, hangs: bool) {
        let mut known = self.known.lock().unwrap();
        (known.hangs, known.asked) = (hangs, 0);
    }

    /// Waits until one of them was asked.
    pub(crate) async fn wait_until_asked(&self) {
        for _ in 0..600 {
            if self.known.lock().unwrap().asked > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nobody asked");
    }

    /// A document of one record.
    pub(crate) fn set(record: &str) -> String {
        format!("<?xml version=\"1.0\"?><PubmedArticleSet>{record}</PubmedArticleSet>")
    }
}

fn works(known: &Known, form: &BTreeMap<String, String>) -> Value {
    let asked = form.get("filter").map(String::as_str).unwrap_or_default();
    let dois = asked.split(',').filter_map(|filter| filter.strip_prefix("doi:"));
    if known.poison.as_ref().is_some_and(|poison| dois.clone().any(|doi| doi == poison)) {
        return json!({"status": "failed", "message": [{"message": "A made-up fault."}]});
    }
    let items: Vec<&Value> = dois.filter_map(|doi| known.works.get(doi)).chain(&known.stray).collect();
    json!({"status": "ok", "message-type": "work-list",
        "message": {"total-results": items.len(), "items": items}})
}

fn versions(known: &Known, form: &BTreeMap<String, String>) -> Value {
    let path = &form["path"];
    let found = known.preprints.iter().find(|(doi, _)| path.contains(doi.as_str()));
    match found {
        Some((_, versions)) => json!({"messages": [{"status": "ok"}], "collection": versions}),
        None => json!({"messages": [{"status": "no posts found"}], "collection": []}),
    }
}

fn studies(known: &Known, form: &BTreeMap<String, String>) -> Value {
    let asked = form.get("filter.ids").map(String::as_str).unwrap_or_default();
    let studies: Vec<&Value> = asked.split('|').filter_map(|nct| known.trials.get(nct)).collect();
    json!({"studies": studies, "totalCount": studies.len()})
}

/// A registration of a made-up trial.
pub(crate) fn study(nct: &str, status: &str, enrolment: u32, why_stopped: Option<&str>) -> Value {
    let kind = if why_stopped.is_some() { "ACTUAL" } else { "ESTIMATED" };
    json!({"protocolSection": {
        "identificationModule": {"nctId": nct, "briefTitle": "A made-up trial"},
        "statusModule": {"overallStatus": status, "whyStopped": why_stopped},
        "designModule": {"enrollmentInfo": {"count": enrolment, "type": kind}},
    }})
}

/// A PubMed record that names another in its `CommentsCorrectionsList`.
pub(crate) fn with_link(record: &str, ref_type: &str, pmid: u32, citation: &str) -> String {
    let list = format!(
        "<CommentsCorrectionsList><CommentsCorrections RefType=\"{ref_type}\"><RefSource>{citation}</RefSource>\
         <PMID Version=\"1\">{pmid}</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation>"
    );
    record.replace("</MedlineCitation>", &list)
}

/// A society with its literature and the registries.
pub(crate) struct World {
    pub(crate) literature: Literature,
    pub(crate) registries: Registries,
    pub(crate) editor: i64,
    titles: Mutex<BTreeMap<u32, String>>,
    service: Service,
    base: Base,
}

impl World {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// With changed settings.
    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        let literature = Literature::open().await;
        let registries = Registries::open(&literature);
        let feed = source("none", "kind = \"feed\"\nurl = \"https://feed.invalid/\"\nenabled = false");
        let service = Service::start_as(&literature, &feed, Role::Web).await;
        let mut base = service.base.clone();
        change(Arc::make_mut(&mut base.settings));
        let now = UnixMs::now();
        let editor = base.store.add_editor("maria@example.org", editor::Role::Editor, None, now).await;
        Self { literature, registries, editor: editor.unwrap().id, titles: Mutex::default(), service, base }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.base.store
    }

    /// The worker's.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.base.settings.clone()
    }

    /// Somebody at the society's website.
    pub(crate) fn reader(&self) -> Visitor {
        Visitor::at(&self.service)
    }

    pub(crate) fn worker(&self) -> Worker {
        self.base.worker().unwrap()
    }

    /// PubMed's record of a paper, as it is without notices.
    pub(crate) fn paper(&self, pmid: u32) -> String {
        let titles = self.titles.lock().unwrap();
        record(pmid, &format!("10.9999/{pmid}"), &titles[&pmid], &structured_abstract(42))
    }

    /// A published paper that PubMed and Crossref know.
    pub(crate) async fn publish_paper(&self, pmid: u32, title: &str) -> i64 {
        self.titles.lock().unwrap().insert(pmid, title.to_owned());
        let doi = format!("10.9999/{pmid}");
        let xml = record(pmid, &doi, title, &structured_abstract(42));
        self.literature.add_record(pmid, xml.clone());
        self.registries.change(|known| {
            let work = json!({"DOI": doi, "type": "journal-article", "title": [title]});
            known.works.insert(doi.clone(), work);
        });
        let parsed = perfuse::intake::pubmed::parse(Registries::set(&xml).as_bytes()).unwrap();
        self.publish(parsed.entries.into_iter().next().unwrap()).await
    }

    /// A published preprint that its server and Crossref know.
    pub(crate) async fn publish_preprint(&self, doi: &str, title: &str) -> i64 {
        self.registries.change(|known| {
            let work = json!({"DOI": doi, "type": "posted-content", "title": [title]});
            known.works.insert(doi.to_owned(), work);
            let version = json!({"doi": doi, "version": "1", "title": title, "date": "2026-01-02",
                "abstract": "Of 120 patients, 42 survived.", "type": "PUBLISHAHEADOFPRINT", "published": "NA"});
            known.preprints.insert(doi.to_owned(), vec![version]);
        });
        let doi = Doi::parse(doi).unwrap();
        self.publish(Entry {
            kind: WorkKind::Preprint,
            link: Some(doi.url()),
            ids: Identifiers { doi: Some(doi), ..Identifiers::default() },
            title: RichText::from_plain(title),
            journal: Journal { title: "medRxiv".into(), ..Journal::default() },
            complete: true,
            ..Entry::default()
        })
        .await
    }

    /// Published papers numbered from 1 that PubMed and Crossref know.
    pub(crate) async fn publish_many(&self, count: u32) {
        let mut entries = Vec::new();
        for pmid in 1..=count {
            let (doi, title) = (format!("10.9999/{pmid}"), format!("A made-up trial, number {pmid}"));
            let xml = record(pmid, &doi, &title, &structured_abstract(42));
            let parsed = perfuse::intake::pubmed::parse(Registries::set(&xml).as_bytes()).unwrap();
            entries.extend(parsed.entries);
            self.literature.add_record(pmid, xml);
            self.registries.change(|known| {
                let work = json!({"DOI": doi, "type": "journal-article", "title": [title]});
                known.works.insert(doi.clone(), work);
            });
        }
        self.bring(entries).await;
        let waiting = self.store().waiting_ids().await.unwrap();
        for id in waiting {
            self.approve(id).await;
        }
    }

    async fn publish(&self, entry: Entry) -> i64 {
        let ids = entry.ids.clone();
        self.bring(vec![entry]).await;
        let id = self.store().article_with(ids).await.unwrap().unwrap();
        self.approve(id).await;
        id
    }

    async fn approve(&self, id: i64) {
        let article = self.store().article(id).await.unwrap().unwrap();
        let wish = Wish::Approve {
            title: article.title.clone(),
            summary: "Of 120 patients, 42 survived.".into(),
            topics: vec![],
            publish_at: None,
        };
        let request =
            DecisionRequest { article_id: id, revision: article.revision, editor_id: self.editor, wish };
        self.store().decide(request, UnixMs::now()).await.unwrap();
    }

    /// Entries that a source shows.
    pub(crate) async fn bring(&self, entries: Vec<Entry>) {
        let now = UnixMs::now();
        let source = self.store().import_source(now).await.unwrap();
        let judged = entries.iter().map(|entry| Judged {
            mark: Mark::of(entry),
            entry: entry.clone(),
            judgement: Judgement::default(),
        });
        self.store().record_entries(source, judged.collect(), now).await.unwrap();
        note_incoming(self.store(), self.base.settings.watch.approve_first, None, entries).await;
    }

    /// A cycle in which everything is looked at.
    pub(crate) async fn watch(&self) -> Vec<WatchReport> {
        let ids = self.items().await.keys().copied().collect();
        self.worker().watch_articles(ids).await.unwrap()
    }

    /// What is public, by the article's row id. A minute ahead: several changes in one second spread over seconds.
    pub(crate) async fn items(&self) -> BTreeMap<i64, NewsItem> {
        let now = UnixMs::now().plus_ms(60_000);
        let items = self.store().news_list(NewsQuery::default(), now, 100).await.unwrap();
        items.into_iter().map(|item| (item.article_id, item)).collect()
    }

    pub(crate) async fn close(self) {
        self.service.stop().await;
    }
}
