//! The paper of a preprint: its record is fetched and kept as an article, and the published summary is checked against
//! its abstract, so that the editors see which of their figures changed.

use crate::curation::verify::{MarkKind, verify};
use crate::domain::entry::Entry;
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Change, Finding, Notice};
use crate::domain::time::UnixMs;
use crate::store::{Judged, Mark, StoreError};
use crate::worker::{Worker, judge};

/// Papers fetched in one cycle.
const MOST_PAPERS: i64 = 20;

impl Worker {
    /// Fetches the papers that notices name and nobody has fetched yet. One that cannot be had now is tried again in the
    /// next cycle; the notice waits for the editors meanwhile.
    pub(super) async fn meet_papers(&self) -> Result<(), StoreError> {
        for notice in self.store.papers_to_meet(MOST_PAPERS).await? {
            let Some(record) = self.fetch_paper(&notice.finding.ids).await else { continue };
            self.meet_paper(&notice, record).await?;
        }
        Ok(())
    }

    async fn meet_paper(&self, notice: &Notice, record: Entry) -> Result<(), StoreError> {
        let now = UnixMs::now();
        let Some(article) = self.store.article(notice.article_id).await? else { return Ok(()) };
        let mut ids = notice.finding.ids.clone();
        ids.fill_from(&record.ids);
        if self.store.article_with(ids.clone()).await?.is_none_or(|id| id == article.id) {
            let judgement = judge(&self.rules, &record, &article.topics);
            let judged = Judged { mark: Mark::of(&record), entry: record.clone(), judgement };
            let source = self.store.import_source(now).await?;
            self.store.record_entries(source, vec![judged], now).await?;
        }
        let changes = article.summary.as_deref().map(|summary| compare_figures(summary, &record));
        let detail = match &changes {
            None => "The paper of this preprint appeared.".to_owned(),
            Some(changes) if changes.is_empty() => {
                "Every figure of the summary stands in the paper's abstract too.".to_owned()
            }
            Some(changes) => {
                format!("{} statements of the summary do not agree with the paper.", changes.len())
            }
        };
        let journal = &record.journal;
        let name = if journal.abbreviation.is_empty() { &journal.title } else { &journal.abbreviation };
        let on = record.published_on.as_ref().map(|on| format!(". {}", on.to_display())).unwrap_or_default();
        let mut finding = Finding {
            ids,
            detail,
            changes: changes.unwrap_or_default(),
            noticed_on: record.published_on.clone().or_else(|| notice.finding.noticed_on.clone()),
            ..notice.finding.clone()
        };
        if finding.citation.is_empty() {
            finding.citation = format!("{name}{on}");
        }
        self.store.complete_finding(notice.id, finding).await
    }

    /// The paper's record: PubMed's, else Crossref's. `None` if neither has it now.
    async fn fetch_paper(&self, ids: &Identifiers) -> Option<Entry> {
        let eutils = &self.intake.eutils;
        let pmid = match (ids.pmid, &ids.doi) {
            (Some(pmid), _) => Some(pmid),
            (None, Some(doi)) => eutils.find_doi(doi).await.ok()?,
            (None, None) => None,
        };
        if let Some(pmid) = pmid {
            let parsed = eutils.fetch_ids(&[pmid]).await.ok()?;
            let record = parsed.entries.into_iter().find(|entry| entry.ids.pmid == Some(pmid));
            // a number that PubMed files under another DOI is another paper
            return record.filter(|record| !record.ids.conflicts_with(ids));
        }
        self.intake.services.look_up(ids.doi.as_ref()?, UnixMs::now()).await.ok()?
    }
}

/// What the summary says that the paper's title and abstract do not hold.
fn compare_figures(summary: &str, paper: &Entry) -> Vec<Change> {
    let marks = verify(&paper.title.to_plain(), &paper.abstract_plain(), summary, None);
    let cut = |span: (usize, usize)| summary.chars().skip(span.0).take(span.1 - span.0).collect::<String>();
    marks
        .into_iter()
        // wording that cannot be traced was looked at when the summary was published
        .filter(|mark| mark.kind != MarkKind::Untraced)
        .map(|mark| Change {
            field: match mark.kind {
                MarkKind::Figure | MarkKind::Unit => "Figure in our summary",
                MarkKind::Direction | MarkKind::Untraced | MarkKind::Swap => "Direction in our summary",
                MarkKind::Cause => "Claim in our summary",
            }
            .to_owned(),
            before: cut(mark.span),
            after: mark.reason,
        })
        .collect()
}
