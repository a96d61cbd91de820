//! What sources bring is evidence too: a notice that names one of our articles, a record that says it was retracted. It
//! is recorded at once and not only when the article's own turn comes.

use crate::curation::watch::{Subject, pointed_works, read_pointer, read_record};
use crate::domain::article::Article;
use crate::domain::entry::Entry;
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Finding, NoticeSource};
use crate::domain::source::{PreprintServer, SourceKind};
use crate::domain::time::UnixMs;
use crate::store::{Store, StoreError};

/// Records what entries that were just stored say of works that we have. A failure is only logged: the watch asks about
/// every article by itself. `approve_first` is `watch.approve_first`; `from` is the sort of source that showed them, and
/// none for a file.
pub async fn note_incoming(
    store: &Store,
    approve_first: bool,
    from: Option<&SourceKind>,
    entries: Vec<Entry>,
) {
    for entry in entries.into_iter().filter(is_telling) {
        let registry = registry_of(from, &entry);
        if let Err(error) = note_entry(store, approve_first, registry, &entry).await {
            tracing::warn!("what a record says of others waits for the watch: {error}");
        }
    }
}

async fn note_entry(
    store: &Store,
    approve_first: bool,
    registry: NoticeSource,
    entry: &Entry,
) -> Result<(), StoreError> {
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
    Subject::new(article.kind, article.ids.clone(), article.title.to_plain(), &article.journal.pages)
}

/// Whose record it is. What a feed shows is complete only as PubMed's record; a complete record in a file that has no
/// number of PubMed's is Europe PMC's.
fn registry_of(from: Option<&SourceKind>, entry: &Entry) -> NoticeSource {
    match from {
        Some(SourceKind::Pubmed { .. } | SourceKind::Feed { .. }) => NoticeSource::Pubmed,
        Some(SourceKind::Europepmc { .. }) => NoticeSource::EuropePmc,
        Some(SourceKind::Preprints { server: PreprintServer::Medrxiv, .. }) => NoticeSource::Medrxiv,
        Some(SourceKind::Preprints { server: PreprintServer::Biorxiv, .. }) => NoticeSource::Biorxiv,
        Some(SourceKind::Crossref { .. }) => NoticeSource::CrossrefPublisher,
        Some(SourceKind::Trials { .. }) => NoticeSource::ClinicalTrials,
        None if entry.ids.pmid.is_some() => NoticeSource::Pubmed,
        None => NoticeSource::EuropePmc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Pmid;

    #[test]
    fn who_said_so_is_who_showed_the_record() {
        let in_pubmed =
            Entry { ids: Identifiers { pmid: Some(Pmid(1)), ..Identifiers::default() }, ..Entry::default() };
        let europepmc = SourceKind::Europepmc { query: "ECMO".into() };
        let server = PreprintServer::Biorxiv;
        let biorxiv = SourceKind::Preprints { server, query: "ECMO".into() };
        for (from, entry, said_by) in [
            (Some(&europepmc), &in_pubmed, NoticeSource::EuropePmc),
            (Some(&europepmc), &Entry::default(), NoticeSource::EuropePmc),
            (Some(&biorxiv), &Entry::default(), NoticeSource::Biorxiv),
            (None, &in_pubmed, NoticeSource::Pubmed),
            (None, &Entry::default(), NoticeSource::EuropePmc),
        ] {
            assert_eq!(registry_of(from, entry), said_by);
        }
    }
}
