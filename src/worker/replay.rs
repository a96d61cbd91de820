//! Bodies that could not be parsed, run again: the same way as a fetched one, but for the fetching.

use super::Worker;
use super::gather::{Failure, Harvest};
use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::Pmid;
use crate::domain::source::{Source, SourceKind};
use crate::domain::time::UnixMs;
use crate::store::{KeptBody, Recorded, StoreError};

/// What a kept body came to this time.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The source's name.
    pub source: String,
    /// Where it came from.
    pub url: String,
    /// When it came.
    pub at: UnixMs,
    /// Entries in it.
    pub received: usize,
    /// What they came to.
    pub recorded: Recorded,
    /// Parts that could not be used.
    pub problems: usize,
    /// Why it still cannot be read; then it is kept.
    pub error: Option<String>,
}

/// What a body held.
struct Content {
    entries: Vec<Entry>,
    deleted: Vec<Pmid>,
    problems: Vec<Problem>,
}

impl Worker {
    /// Runs the kept bodies of the named sources again, or of all, oldest first. What can be read now is stored and
    /// forgotten here; entries that the source has shown again since are left as they are.
    ///
    /// # Errors
    /// The database's.
    pub async fn replay(&self, names: &[String], mut report: impl FnMut(Replayed)) -> Result<(), StoreError> {
        for state in self.store.sources().await? {
            if !names.is_empty() && !names.contains(&state.source.name) {
                continue;
            }
            for id in self.store.kept_body_ids(state.id).await? {
                if let Some(kept) = self.store.kept_body(id).await? {
                    report(self.replay_body(state.id, &state.source, kept).await?);
                }
            }
        }
        Ok(())
    }

    async fn replay_body(
        &self,
        source_id: i64,
        source: &Source,
        kept: KeptBody,
    ) -> Result<Replayed, StoreError> {
        let now = UnixMs::now();
        let (id, at) = (kept.id, kept.at);
        let mut replayed = Replayed {
            source: source.name.clone(),
            url: kept.url.clone(),
            at,
            received: 0,
            recorded: Recorded::default(),
            problems: 0,
            error: None,
        };
        let content = match self.read_body(&source.kind, kept, now).await {
            Ok(content) => content,
            Err(failure) => {
                replayed.error = Some(failure.message);
                return Ok(replayed);
            }
        };
        replayed.received = content.entries.len();
        let (changed, unchanged) = self.store.changed_entries(source_id, content.entries).await?;
        let mut harvest = Harvest { problems: content.problems, unchanged, ..Harvest::default() };
        harvest.changed = self.store.not_shown_after(source_id, changed, at).await?;
        self.complete_sightings(&mut harvest).await;
        self.complete_by_doi(&mut harvest).await;
        let judged = self.judge_all(&source.topics, harvest.changed).await;
        let (recorded, problems) = self.store.record_entries(source_id, judged, now).await?;
        self.store.record_deleted(content.deleted, now).await?;
        replayed.recorded = recorded;
        replayed.problems = harvest.problems.len() + problems.len();
        self.store.forget_kept_body(id).await?;
        Ok(replayed)
    }

    async fn read_body(&self, kind: &SourceKind, kept: KeptBody, now: UnixMs) -> Result<Content, Failure> {
        match kind {
            SourceKind::Feed { .. } => {
                let whole = Vec::new();
                let parsed =
                    self.parse_body(kept.body.into(), kept.content_type, kept.url, whole, now).await?.parsed;
                Ok(Content { entries: parsed.entries, deleted: parsed.deleted, problems: parsed.problems })
            }
            kind => {
                let Some(look) = self.look(kind, now, |_| 1) else {
                    return Err(Failure::because("no body of such a source is kept".to_owned()));
                };
                let page = self.intake.services.read_page(&look.question, kept.body.into(), now).await?;
                Ok(Content { entries: page.entries, deleted: Vec::new(), problems: page.problems })
            }
        }
    }
}
