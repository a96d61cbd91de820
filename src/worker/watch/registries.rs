//! Looking at Crossref, the preprint servers and ClinicalTrials.gov.

use std::collections::HashMap;

use super::{Batch, subject};
use crate::curation::watch::{Reading, Snapshot, compare_trials, read_postings, read_record};
use crate::domain::entry::{Entry, WorkKind};
use crate::domain::identity::{Doi, Nct};
use crate::domain::notice::NoticeSource;
use crate::domain::source::PreprintServer;
use crate::domain::time::{PartialDate, UnixMs};
use crate::domain::trial::TrialFacts;
use crate::domain::watch::WatchService;
use crate::intake::eutils::Window;
use crate::intake::services::{Question, ServiceError, TrialSearch};
use crate::store::{StoreError, Watched};
use crate::worker::Worker;

impl Worker {
    pub(super) async fn look_at_crossref(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        const SERVICE: WatchService = WatchService::Crossref;
        let dois: Vec<Doi> = batch.iter().filter_map(|watched| watched.ids.doi.clone()).collect();
        let requests = 1 + dois.iter().filter(|doi| doi.as_str().contains(',')).count();
        let works = match self.intake.services.look_up_many(&dois).await {
            Ok(works) => works,
            Err(error) => return Ok(self.failed_batch(SERVICE, batch, &error.to_string(), requests)),
        };
        let works: HashMap<Doi, Entry> =
            works.into_iter().filter_map(|work| Some((work.ids.doi.clone()?, work))).collect();
        let mut looks = Vec::new();
        for watched in batch {
            let Some(work) = watched.ids.doi.as_ref().and_then(|doi| works.get(doi)) else {
                looks.push(self.failed_look(SERVICE, watched, "Crossref sent nothing about this DOI"));
                continue;
            };
            let mut ours = subject(watched);
            if work.kind == WorkKind::Preprint {
                ours.kind = WorkKind::Preprint;
            }
            let reading = read_record(&ours, work, NoticeSource::CrossrefPublisher);
            looks.push(self.conclude_look(SERVICE, watched, reading, Snapshot::default(), None).await?);
        }
        Ok(Batch { looks, unasked: Vec::new(), requests, stopped: None })
    }

    pub(super) async fn look_at_preprints(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        const SERVICE: WatchService = WatchService::Preprints;
        let mut asked = Batch { looks: Vec::new(), unasked: Vec::new(), requests: 0, stopped: None };
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
                    asked.looks.push(self.failed_look(SERVICE, watched, error));
                }
                Err(error) => {
                    let error = error.to_string();
                    asked.looks.push(self.failed_look(SERVICE, watched, &error));
                    asked.unasked = batch[index + 1..].iter().map(|watched| watched.article_id).collect();
                    asked.stopped = Some(error);
                    break;
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
        let mut requests = 0;
        let facts = match self.ask_trials(&ncts, &mut requests).await {
            Ok(facts) => facts,
            Err(error) => return Ok(self.failed_batch(SERVICE, batch, &error.to_string(), requests)),
        };
        let today = PartialDate::from_instant(UnixMs::now());
        let mut looks = Vec::new();
        for watched in batch {
            let before = Snapshot::read(watched.snapshot.as_deref()).trials;
            let mut now = Snapshot { trials: before.clone(), ..Snapshot::default() };
            let mut reading = Reading::default();
            let mut missing = Vec::new();
            for nct in &watched.trials {
                let Some(after) = facts.get(nct) else {
                    missing.push(nct.as_str());
                    continue;
                };
                reading.reasons.push(format!("{nct}: {}", after.describe()));
                // the first look is the measure of the next
                if let Some(before) = before.get(nct) {
                    reading.findings.extend(compare_trials(nct, before, after, today.clone()));
                }
                now.trials.insert(nct.clone(), after.clone());
            }
            let incomplete = (!missing.is_empty())
                .then(|| format!("ClinicalTrials.gov sent nothing about {}", missing.join(", ")));
            looks.push(self.conclude_look(SERVICE, watched, reading, now, incomplete).await?);
        }
        Ok(Batch { looks, unasked: Vec::new(), requests, stopped: None })
    }

    async fn ask_trials(
        &self,
        ncts: &[Nct],
        requests: &mut usize,
    ) -> Result<HashMap<Nct, TrialFacts>, ServiceError> {
        let now = UnixMs::now();
        let mut facts = HashMap::new();
        // numbers in one address; an answer of several pages is walked
        for some in ncts.chunks(100) {
            let search = TrialSearch { nct: some.to_vec(), ..TrialSearch::default() };
            let question = Question::Trials { search, window: Window::last_days(now, 1) };
            let mut walk = self.intake.services.walk(question, now);
            loop {
                *requests += 1;
                let Some(page) = walk.next_page().await? else {
                    *requests -= 1;
                    break;
                };
                let known = page.entries.into_iter().filter_map(|entry| Some((entry.ids.nct?, entry.trial?)));
                facts.extend(known);
            }
        }
        Ok(facts)
    }
}
