//! What sources bring is evidence too: a notice that names one of our articles, a record that says it was retracted. It
//! is recorded at once and not only when the article's own turn comes.

use crate::curation::watch::{Subject, pointed_works, read_pointer, read_record};
use crate::domain::article::Article;
use crate::domain::entry::{Entry, WorkKind};
use crate::domain::notice::{Finding, NoticeSource};
use crate::domain::time::UnixMs;
use crate::store::StoreError;
use crate::worker::Worker;

impl Worker {
    /// Records what entries that were just stored say of works that we have. A failure is only logged: the watch asks
    /// about every article by itself.
    pub async fn note_incoming(&self, entries: Vec<Entry>) {
        for entry in entries.into_iter().filter(is_telling) {
            if let Err(error) = self.note_entry(&entry).await {
                tracing::warn!("what a record says of others waits for the watch: {error}");
            }
        }
    }

    async fn note_entry(&self, entry: &Entry) -> Result<(), StoreError> {
        let registry = registry_of(entry);
        let own = read_record(&Subject::of(entry), entry, registry).findings;
        self.note_findings(entry, own).await?;
        for link in pointed_works(entry) {
            let Some(id) = self.store.article_with(link.ids.clone()).await? else { continue };
            let Some(article) = self.store.article(id).await? else { continue };
            let findings = read_pointer(&subject_of(&article), entry, registry).findings;
            self.record(article.id, findings).await?;
        }
        Ok(())
    }

    async fn note_findings(&self, entry: &Entry, findings: Vec<Finding>) -> Result<(), StoreError> {
        if findings.is_empty() {
            return Ok(());
        }
        let Some(id) = self.store.article_with(entry.ids.clone()).await? else { return Ok(()) };
        let Some(article) = self.store.article(id).await? else { return Ok(()) };
        // a DOI can be shared with a notice: what PubMed says is of its own number only
        let conflicts = article.ids.pmid.is_some() && article.ids.pmid != entry.ids.pmid;
        if conflicts {
            return Ok(());
        }
        self.record(article.id, findings).await
    }

    async fn record(&self, article_id: i64, findings: Vec<Finding>) -> Result<(), StoreError> {
        if !findings.is_empty() {
            let approve_first = self.settings.watch.approve_first;
            self.store.record_findings(article_id, findings, approve_first, UnixMs::now()).await?;
        }
        Ok(())
    }
}

/// Entries that say something of themselves or of others.
pub(in crate::worker) fn is_telling(entry: &Entry) -> bool {
    entry.complete
        && (!entry.related.is_empty()
            || entry.publication_types.iter().any(|kind| kind == "Retracted Publication"))
}

fn subject_of(article: &Article) -> Subject {
    Subject::of(&Entry {
        kind: article.kind,
        ids: article.ids.clone(),
        title: article.title.clone(),
        journal: article.journal.clone(),
        ..Entry::default()
    })
}

fn registry_of(entry: &Entry) -> NoticeSource {
    match (entry.ids.pmid, entry.kind) {
        (None, WorkKind::Preprint) if entry.journal.title.eq_ignore_ascii_case("biorxiv") => {
            NoticeSource::Biorxiv
        }
        (None, WorkKind::Preprint) => NoticeSource::Medrxiv,
        (Some(_), _) => NoticeSource::Pubmed,
        (None, _) => NoticeSource::CrossrefPublisher,
    }
}
