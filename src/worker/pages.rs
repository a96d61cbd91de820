//! Asking services that answer in pages, and storing long answers page by page.

use super::Worker;
use super::gather::{Failure, Gathered, Harvest};
use super::watch::{is_telling, note_incoming};
use crate::config::Service;
use crate::domain::entry::{Entry, Problem};
use crate::domain::source::SourceKind;
use crate::domain::time::{DAY_MS, SECOND_MS, UnixMs};
use crate::domain::words::WordQuery;
use crate::intake::eutils::Window;
use crate::intake::services::{Question, TrialSearch};
use crate::store::{DueSource, Mark};

/// A look into a service: what it is asked, and over how many days.
pub(super) struct Look {
    pub(super) question: Question,
    pub(super) days: u32,
    pub(super) service: &'static str,
}

/// Days from some before the last complete window, or those of a first look.
pub(super) fn days_to_ask(due: &DueSource, now: UnixMs, overlap_days: u32, first_window_days: u32) -> u32 {
    match due.complete_to_at {
        Some(complete_to) => {
            let missed_days = now.since_ms(complete_to).max(0) / DAY_MS + 1;
            u32::try_from(missed_days).unwrap_or(u32::MAX).saturating_add(overlap_days)
        }
        None => first_window_days,
    }
}

impl Worker {
    /// Walks through the answer and stores page by page: memory stays bounded, and what a crash leaves is only done
    /// again. The window counts as complete only if as many records came as the service counts.
    pub(super) async fn gather_pages(&self, due: &DueSource) -> Result<Gathered, Failure> {
        let now = UnixMs::now();
        let days = |service: &Service| days_to_ask(due, now, service.overlap_days, service.first_window_days);
        let Some(look) = self.look(&due.source.kind, now, days) else {
            return Ok(Gathered::Harvest(Box::default()));
        };
        let mut walk = self.intake.services.walk(look.question, now);
        let mut harvest = Harvest::default();
        loop {
            let page = walk.next_page().await;
            if matches!(page, Ok(None)) {
                break;
            }
            // before the outcome, so that an error later in the walk loses nothing
            let before = std::mem::take(&mut harvest.changed);
            self.store_ahead(due, before, &mut harvest, now).await?;
            let page = page.map_err(|error| {
                let json = Some("application/json".to_owned());
                let raw = walk.take_unread().map(|(url, body)| (url, json, body.to_vec()));
                Failure { raw, ..Failure::from(error) }
            })?;
            let page = page.unwrap_or_default();
            harvest.received += page.keys.len();
            harvest.problems.extend(page.problems);
            let (changed, unchanged) = self.store.changed_entries(due.id, page.entries).await?;
            harvest.unchanged.extend(unchanged);
            harvest.changed = changed;
            self.complete_sightings(&mut harvest).await;
        }
        match walk.reconcile() {
            Some(problem) => harvest.problems.push(problem),
            None => harvest.complete_to_at = Some(now),
        }
        Ok(Gathered::Harvest(Box::new(harvest)))
    }

    /// The question of a source; `None` for kinds that are not asked in pages.
    pub(super) fn look(
        &self,
        kind: &SourceKind,
        now: UnixMs,
        days: impl Fn(&Service) -> u32,
    ) -> Option<Look> {
        match kind {
            SourceKind::Europepmc { query } => {
                let days = days(&self.settings.europepmc);
                let window = Window::last_days(now, days);
                let question = Question::Europepmc { query: query.clone(), window };
                Some(Look { question, days, service: "Europe PMC search" })
            }
            SourceKind::Trials { condition, intervention, nct } => {
                let days = days(&self.settings.trials);
                let window = Window::last_days(now, days);
                let search = TrialSearch {
                    condition: condition.clone(),
                    intervention: intervention.clone(),
                    nct: nct.clone(),
                };
                Some(Look {
                    question: Question::Trials { search, window },
                    days,
                    service: "ClinicalTrials.gov",
                })
            }
            SourceKind::Preprints { server, query } => {
                let days = days(&self.settings.preprints);
                let window = Window::last_days(now, days);
                // checked when the sources were read
                let query = WordQuery::parse(query).ok()?;
                let question = Question::Preprints { server: *server, query, window };
                Some(Look { question, days, service: server.title() })
            }
            SourceKind::Crossref { issn } => {
                let days = days(&self.settings.crossref);
                let window = Window::last_days(now, days);
                let question = Question::Crossref { issns: issn.clone(), window };
                Some(Look { question, days, service: "Crossref journals" })
            }
            SourceKind::Pubmed { .. } | SourceKind::Feed { .. } => None,
        }
    }

    /// Stores a page of a long answer ahead of the outcome, and keeps the source for ourselves meanwhile.
    pub(super) async fn store_ahead(
        &self,
        due: &DueSource,
        changed: Vec<(Mark, Entry)>,
        harvest: &mut Harvest,
        now: UnixMs,
    ) -> Result<(), Failure> {
        let lease_ms = SECOND_MS * self.settings.worker.lease_seconds as i64;
        let until = UnixMs::now().plus_ms(lease_ms);
        if !self.store.extend_lease(due.id, &self.owner, until).await? {
            let message = "another worker has taken the source over".to_owned();
            return Err(Failure::because(message));
        }
        if changed.is_empty() {
            return Ok(());
        }
        let telling = changed.iter().map(|(_, entry)| entry).filter(|entry| is_telling(entry));
        let telling: Vec<Entry> = telling.cloned().collect();
        let judged = self.judge_all(&due.source.topics, changed).await;
        let (recorded, problems): (_, Vec<Problem>) = self.store.record_entries(due.id, judged, now).await?;
        harvest.ahead += recorded;
        harvest.problems.extend(problems);
        let (approve_first, kind) = (self.settings.watch.approve_first, &due.source.kind);
        note_incoming(&self.store, approve_first, Some(kind), telling).await;
        Ok(())
    }
}
