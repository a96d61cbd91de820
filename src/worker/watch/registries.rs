//! Looking at Crossref, the preprint servers and ClinicalTrials.gov.

use std::collections::HashMap;

use super::halves::Halves;
use super::{Batch, subject};
use crate::curation::watch::{Reading, Snapshot, compare_trials, read_postings, read_record};
use crate::domain::entry::{Entry, Problem, WorkKind};
use crate::domain::identity::{Doi, Nct};
use crate::domain::notice::NoticeSource;
use crate::domain::source::PreprintServer;
use crate::domain::time::{PartialDate, UnixMs};
use crate::domain::trial::TrialFacts;
use crate::domain::watch::WatchService;
use crate::intake::eutils::Window;
use crate::intake::services::{Question, ServiceError, Services, TrialSearch};
use crate::store::{StoreError, Watched};
use crate::worker::Worker;
use crate::worker::lookup::NoAnswer;

/// Numbers in one address.
const MOST_TRIALS: usize = 100;

impl Worker {
    pub(super) async fn look_at_crossref(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        const SERVICE: WatchService = WatchService::Crossref;
        let dois: Vec<Doi> = batch.iter().filter_map(|watched| watched.ids.doi.clone()).collect();
        let mut halves = Halves::of(Services::group_dois(dois));
        let mut works: HashMap<Doi, Entry> = HashMap::new();
        while let Some(some) = halves.next() {
            let answer = self.intake.services.look_up_group(&some).await;
            let found = halves.note(some, answer).into_iter().flatten();
            works.extend(found.filter_map(|work| Some((work.ids.doi.clone()?, work))));
        }
        let mut looks = Vec::new();
        for watched in batch {
            let Some(doi) = &watched.ids.doi else { continue };
            let Some(work) = works.get(doi) else {
                let why = halves.why_failed(doi);
                let why = why.as_deref().unwrap_or("Crossref sent nothing that can be read about this DOI");
                looks.push(self.failed_look(SERVICE, watched, why, halves.asked_pause_ms()));
                continue;
            };
            let mut ours = subject(watched);
            if work.kind == WorkKind::Preprint {
                ours.kind = WorkKind::Preprint;
            }
            let reading = read_record(&ours, work, NoticeSource::CrossrefPublisher);
            looks.push(self.conclude_look(SERVICE, watched, reading, Snapshot::default(), None).await?);
        }
        Ok(Batch { looks, unasked: Vec::new(), requests: halves.requests, stopped: halves.trouble })
    }

    pub(super) async fn look_at_preprints(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        const SERVICE: WatchService = WatchService::Preprints;
        /// So many that fail before one is answered mean that it is the server.
        const MOST_BAD: usize = 3;
        let mut asked = Batch { looks: Vec::new(), unasked: Vec::new(), requests: 0, stopped: None };
        let mut bad = 0;
        for (index, watched) in batch.iter().enumerate() {
            let Some(doi) = &watched.ids.doi else { continue };
            match self.ask_servers(watched, doi, &mut asked.requests).await {
                Ok(Some((source, postings))) => {
                    let before = Snapshot::read(watched.snapshot.as_deref());
                    let reading = read_postings(doi, &postings, before.version, source);
                    let own = postings.iter().filter(|posting| posting.doi == *doi);
                    let version = own.map(|posting| posting.version).max();
                    let now = Snapshot { version, ..Snapshot::default() };
                    asked.looks.push(self.conclude_look(SERVICE, watched, reading, now, None).await?);
                }
                Ok(None) => {
                    let error = "neither medRxiv nor bioRxiv has a posting of this DOI";
                    asked.looks.push(self.failed_look(SERVICE, watched, error, 0));
                }
                Err(error) => {
                    let error = NoAnswer::from(error);
                    let pause_ms = error.asked_pause_ms();
                    asked.looks.push(self.failed_look(SERVICE, watched, &error.to_string(), pause_ms));
                    bad += 1;
                    // one posting may be at fault, but not all of the first few
                    let is_trouble =
                        !error.may_blame_one_record() || bad == asked.looks.len() && bad >= MOST_BAD;
                    if is_trouble {
                        asked.unasked = batch[index + 1..].iter().map(|watched| watched.article_id).collect();
                        asked.stopped = Some(error);
                        break;
                    }
                }
            }
        }
        Ok(asked)
    }

    /// Asks the server that the article names, or else both: they share one prefix.
    async fn ask_servers(
        &self,
        watched: &Watched,
        doi: &Doi,
        requests: &mut usize,
    ) -> Result<Option<(NoticeSource, Vec<crate::domain::watch::Posting>)>, ServiceError> {
        let servers = [
            (PreprintServer::Medrxiv, NoticeSource::Medrxiv),
            (PreprintServer::Biorxiv, NoticeSource::Biorxiv),
        ];
        let named = watched.journal.to_lowercase();
        let is_named = |server: PreprintServer| named.contains(server.as_str());
        let any_named = servers.iter().any(|(server, _)| is_named(*server));
        for (server, source) in servers {
            if any_named && !is_named(server) {
                continue;
            }
            *requests += 1;
            let postings = self.intake.services.preprint_versions(server, doi).await?;
            if postings.iter().any(|posting| posting.doi == *doi) {
                return Ok(Some((source, postings)));
            }
        }
        Ok(None)
    }

    pub(super) async fn look_at_trials(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        const SERVICE: WatchService = WatchService::Trials;
        let mut ncts: Vec<Nct> = batch.iter().flat_map(|watched| watched.trials.clone()).collect();
        ncts.sort();
        ncts.dedup();
        let mut halves = Halves::of(ncts.chunks(MOST_TRIALS).map(<[Nct]>::to_vec).collect());
        let (mut facts, mut problems) = (HashMap::new(), Vec::new());
        let mut more_pages = 0;
        while let Some(some) = halves.next() {
            let answer = self.ask_trials(&some, &mut more_pages).await;
            if let Some((known, unread)) = halves.note(some, answer) {
                facts.extend(known);
                problems.extend(unread);
            }
        }
        let today = PartialDate::from_instant(UnixMs::now());
        let mut looks = Vec::new();
        for watched in batch {
            let before = Snapshot::read(watched.snapshot.as_deref()).trials;
            let mut now = Snapshot { trials: before.clone(), ..Snapshot::default() };
            let mut reading = Reading::default();
            let mut missing = Vec::new();
            for nct in &watched.trials {
                let Some(after) = facts.get(nct) else {
                    let unread = || problems.iter().find(|problem| problem.place.contains(nct.as_str()));
                    let why = halves.why_failed(nct).or_else(|| unread().map(|problem| problem.what.clone()));
                    let why = why.unwrap_or_else(|| "ClinicalTrials.gov sent nothing about it".to_owned());
                    missing.push(format!("{nct}: {why}"));
                    continue;
                };
                reading.reasons.push(format!("{nct}: {}", after.describe()));
                // the first look is the measure of the next
                if let Some(before) = before.get(nct) {
                    reading.findings.extend(compare_trials(nct, before, after, today.clone()));
                }
                now.trials.insert(nct.clone(), after.clone());
            }
            let all_missing = missing.len() == watched.trials.len();
            let incomplete = (!missing.is_empty()).then(|| missing.join("; "));
            looks.push(match (incomplete, &halves.trouble) {
                (Some(why), Some(_)) if all_missing => {
                    self.failed_look(SERVICE, watched, &why, halves.asked_pause_ms())
                }
                (incomplete, _) => self.conclude_look(SERVICE, watched, reading, now, incomplete).await?,
            });
        }
        let requests = halves.requests + more_pages;
        Ok(Batch { looks, unasked: Vec::new(), requests, stopped: halves.trouble })
    }

    /// How these trials stand, and what could not be read; an answer of several pages is walked.
    async fn ask_trials(
        &self,
        ncts: &[Nct],
        more_pages: &mut usize,
    ) -> Result<(Vec<(Nct, TrialFacts)>, Vec<Problem>), ServiceError> {
        let now = UnixMs::now();
        let search = TrialSearch { nct: ncts.to_vec(), ..TrialSearch::default() };
        let question = Question::Trials { search, window: Window::last_days(now, 1) };
        let mut walk = self.intake.services.walk(question, now);
        let (mut facts, mut problems, mut pages) = (Vec::new(), Vec::new(), 0);
        while let Some(page) = walk.next_page().await? {
            pages += 1;
            facts.extend(page.entries.into_iter().filter_map(|entry| Some((entry.ids.nct?, entry.trial?))));
            problems.extend(page.problems);
        }
        *more_pages += usize::saturating_sub(pages, 1);
        Ok((facts, problems))
    }
}
