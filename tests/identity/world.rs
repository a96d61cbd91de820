//! A store with two sources, an editor, and made-up works.

use perfuse::domain::article::Article;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{Author, Entry, Journal, WorkKind};
use perfuse::domain::identity::{Doi, Pmid};
use perfuse::domain::news::NewsItem;
use perfuse::domain::relation::{RelatedWork, Relation};
use perfuse::domain::source::{Source, SourceKind};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{PartialDate, UnixMs};
use perfuse::store::{
    DecideError, Decided, DecisionRequest, Judged, Judgement, Mark, MergeRequest, NewsQuery, QueueFilter,
    Recorded, Store, Wish,
};

pub(crate) const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) editor: i64,
    sources: Vec<i64>,
}

/// A work as a feed shows it: no identifiers, by "First Fixture", of 2026.
pub(crate) fn work(title: &str) -> Entry {
    Entry {
        title: RichText::parse(title),
        source_key: title.to_owned(),
        authors: vec![Author::Person { family: "Fixture".into(), given: "First".into() }],
        journal: Journal { title: "Journal of Invented Perfusion".into(), ..Journal::default() },
        published_on: PartialDate::new(2026, Some(11), None),
        ..Entry::default()
    }
}

pub(crate) trait With: Sized {
    fn pmid(self, pmid: u32) -> Self;
    fn doi(self, doi: &str) -> Self;
    fn preprint(self) -> Self;
    fn in_year(self, year: i32) -> Self;
    fn related(self, relation: Relation, doi: &str) -> Self;
}

impl With for Entry {
    fn pmid(mut self, pmid: u32) -> Self {
        self.ids.pmid = Some(Pmid(pmid));
        self
    }
    fn doi(mut self, doi: &str) -> Self {
        self.ids.doi = Doi::parse(doi);
        self
    }
    fn preprint(self) -> Self {
        Self {
            kind: WorkKind::Preprint,
            journal: Journal { title: "medRxiv".into(), ..Journal::default() },
            ..self
        }
    }
    fn in_year(self, year: i32) -> Self {
        Self { published_on: PartialDate::new(year, None, None), ..self }
    }
    fn related(mut self, relation: Relation, doi: &str) -> Self {
        let ids = perfuse::domain::identity::Identifiers { doi: Doi::parse(doi), ..Default::default() };
        self.related.push(RelatedWork::new(relation, ids));
        self
    }
}

impl World {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
        let source = |name: &str| Source {
            name: name.into(),
            title: name.to_uppercase(),
            kind: SourceKind::Feed { url: format!("https://{name}.example.org/feed") },
            schedule: None,
            topics: vec![],
            enabled: true,
        };
        store.sync_sources(vec![source("one"), source("two")], NOW).await.unwrap();
        let sources = store.sources().await.unwrap().iter().map(|source| source.id).collect();
        let editor = store.add_editor("maria@example.org", Role::Editor, None, NOW).await.unwrap().id;
        Self { _folder: folder, store, editor, sources }
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.store.path()
    }

    /// Source `number` (0 or 1) shows the works.
    pub(crate) async fn show(&self, number: usize, entries: Vec<Entry>) -> Recorded {
        let judged = entries
            .into_iter()
            .map(|entry| Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() })
            .collect();
        self.store.record_entries(self.sources[number], judged, NOW).await.unwrap().0
    }

    pub(crate) async fn waiting(&self) -> Vec<Article> {
        let mut waiting = self.store.queue(QueueFilter::default(), 0, 100).await.unwrap().0;
        waiting.sort_by_key(|article| article.id);
        waiting
    }

    pub(crate) async fn article(&self, id: i64) -> Article {
        self.store.article(id).await.unwrap().unwrap()
    }

    pub(crate) async fn decide(
        &self,
        article: &Article,
        wish: Wish,
        now: UnixMs,
    ) -> Result<Decided, DecideError> {
        let request = DecisionRequest {
            article_id: article.id,
            revision: article.revision,
            editor_id: self.editor,
            wish,
        };
        self.store.decide(request, now).await
    }

    pub(crate) async fn approve(
        &self,
        article: &Article,
        summary: &str,
        topics: &[&str],
        now: UnixMs,
    ) -> Article {
        let wish = Wish::Approve {
            title: article.title.clone(),
            summary: summary.into(),
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            publish_at: None,
        };
        self.decide(article, wish, now).await.unwrap().article
    }

    pub(crate) async fn merge(
        &self,
        keep: &Article,
        gone: &Article,
        now: UnixMs,
    ) -> Result<Decided, DecideError> {
        self.merge_asking(keep, gone, false, now).await
    }

    /// The same, where the setting may ask for approval before a mark.
    pub(crate) async fn merge_asking(
        &self,
        keep: &Article,
        gone: &Article,
        approve_first: bool,
        now: UnixMs,
    ) -> Result<Decided, DecideError> {
        let request = MergeRequest {
            keep: (keep.id, keep.revision),
            gone: (gone.id, gone.revision),
            editor_id: self.editor,
            approve_first,
        };
        self.store.merge(request, now).await
    }

    pub(crate) async fn public(&self, now: UnixMs) -> Vec<NewsItem> {
        self.store.news_list(NewsQuery::default(), now, 100).await.unwrap()
    }
}
