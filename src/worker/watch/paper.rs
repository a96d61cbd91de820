//! The paper of a preprint: its record is fetched and kept as an article, and the published summary is checked against
//! its abstract, so that the editors see which of their figures changed.

use super::rhythm::Rhythm;
use crate::curation::verify::{MarkKind, verify};
use crate::domain::entry::Entry;
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Change, Finding, Notice};
use crate::domain::time::UnixMs;
use crate::store::{Judged, Mark, StoreError};
use crate::worker::lookup::NoAnswer;
use crate::worker::{Worker, judge};

/// Papers looked for in one cycle.
const MOST_PAPERS: i64 = 20;

impl Worker {
    /// Looks for the papers that notices name and nobody has met yet, the longest due first. One that cannot be had now
    /// is due again after a pause that grows; the notice waits for the editors meanwhile, and is completed also after
    /// they have answered.
    pub(super) async fn meet_papers(&self) -> Result<(), StoreError> {
        let rhythm = Rhythm::of(&self.settings.watch);
        for (notice, tries) in self.store.papers_to_meet(MOST_PAPERS, UnixMs::now()).await? {
            let (pause_ms, goes_on) = match self.find_paper(&notice.finding.ids).await {
                Ok(Some(record)) => {
                    self.meet_paper(&notice, record).await?;
                    continue;
                }
                Ok(None) => (0, true),
                Err(error) => {
                    tracing::warn!("the paper of a preprint could not be looked for: {error}");
                    (error.asked_pause_ms(), error.may_blame_one_record())
                }
            };
            let now = UnixMs::now();
            let next_at = rhythm.after_failure(now, now, tries + 1, rand::random());
            self.store.postpone_paper(notice.id, next_at.max(now.plus_ms(pause_ms))).await?;
            if !goes_on {
                break;
            }
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
            // readers see this too: figures, and no word of an abstract
            Some(changes) => {
                let ours: Vec<_> = changes.iter().map(|change| format!("“{}”", change.before)).collect();
                format!("Our first summary differs from the paper's abstract at {}.", ours.join(", "))
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

    /// The paper's record, if a service has it now.
    async fn find_paper(&self, ids: &Identifiers) -> Result<Option<Entry>, NoAnswer> {
        let found = match (ids.pmid, &ids.doi) {
            (Some(pmid), _) => self.by_pmid(pmid).await?,
            (None, Some(doi)) => self.by_doi(doi).await?,
            (None, None) => None,
        };
        // a number that PubMed files under another DOI is another paper
        Ok(found.filter(|record| !record.ids.conflicts_with(ids)))
    }
}

/// What the summary says that the paper's title and abstract do not hold.
fn compare_figures(summary: &str, paper: &Entry) -> Vec<Change> {
    let marks = verify(&paper.title.to_plain(), &paper.abstract_plain(), summary, None);
    let cut = |span: (usize, usize)| summary.chars().skip(span.0).take(span.1 - span.0).collect::<String>();
    marks
        .into_iter()
        .map(|mark| Change {
            field: match mark.kind {
                MarkKind::Figure | MarkKind::Unit => "Figure in our summary",
                MarkKind::Direction | MarkKind::Swap => "Direction in our summary",
                MarkKind::Cause => "Claim in our summary",
            }
            .to_owned(),
            before: cut(mark.span),
            after: mark.reason,
        })
        .collect()
}
