//! What sources bring is evidence too: a notice that names one of our articles, a record that says it was retracted. It
//! is recorded at once and not only when the article's own turn comes.

use crate::curation::watch::{Subject, pointed_works, read_pointer, read_record};
use crate::domain::article::Article;
use crate::domain::entry::{Entry, WorkKind};
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Finding, NoticeSource};
use crate::domain::time::UnixMs;
use crate::store::{Store, StoreError};

/// Records what entries that were just stored say of works that we have. A failure is only logged: the watch asks about
/// every article by itself. `approve_first` is `watch.approve_first`.
pub async fn note_incoming(store: &Store, approve_first: bool, entries: Vec<Entry>) {
    for entry in entries.into_iter().filter(is_telling) {
        if let Err(error) = note_entry(store, approve_first, &entry).await {
            tracing::warn!("what a record says of others waits for the watch: {error}");
        }
    }
}

async fn note_entry(store: &Store, approve_first: bool, entry: &Entry) -> Result<(), StoreError> {
    let registry = registry_of(entry);
    let own = read_record(&Subject::of(entry), entry, registry).findings;
    // a DOI can be shared with a notice: what PubMed says is of its own number only
    if let Some(article) = article_of(store, &entry.ids).await?
        && (article.ids.pmid.is_none() || article.ids.pmid == entry.ids.pmid)
    {
        record(store, approve_first, article.id, own).await?;
    }
    for link in pointed_works(entry) {
        if let Some(article) = article_of(store, &link.ids).await? {
            let findings = read_pointer(&subject_of(&article), entry, registry).findings;
            record(store, approve_first, article.id, findings).await?;
        }
    }
    Ok(())
}

async fn article_of(store: &Store, ids: &Identifiers) -> Result<Option<Article>, StoreError> {
    match store.article_with(ids.clone()).await? {
        Some(id) => store.article(id).await,
        None => Ok(None),
    }
}

async fn record(
    store: &Store,
    approve_first: bool,
    article_id: i64,
    findings: Vec<Finding>,
) -> Result<(), StoreError> {
    if !findings.is_empty() {
        store.record_findings(article_id, findings, approve_first, UnixMs::now()).await?;
    }
    Ok(())
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
