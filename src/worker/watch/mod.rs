//! The watch: what was published stays true. Each cycle asks the services about the articles that are due, in batches,
//! and records what happened to them.
//!
//! What a record means is `curation::watch`'s; what becomes public is `store::notices`'s. Invariant: each look that was
//! taken ends as recorded, answered or failed, or its hold runs out and it is due again; a failure is never "clean".

mod halves;
mod incoming;
mod paper;
mod pubmed;
mod registries;
mod rhythm;
mod tell;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::Instant;

pub(super) use self::incoming::is_telling;
pub use self::incoming::note_incoming;
use self::rhythm::{FIRST_PAUSE_MS, Rhythm};
use super::Worker;
use super::lookup::NoAnswer;
use crate::curation::watch::{Reading, Snapshot, Subject, note_look};
use crate::domain::notice::{Notice, NoticeKind, NoticeState};
use crate::domain::time::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::domain::watch::WatchService;
use crate::store::{Look, Looked, Noticed, StoreError, Watched};

/// A worker that dies holds its looks for so long.
const HOLD_MS: i64 = 15 * MINUTE_MS;
/// Looks that are due within this time are made along with due ones, so that batches are full.
const EARLY_MS: i64 = 6 * HOUR_MS;
/// The database is asked at least this often what is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(15 * 60);
/// And at most this often.
const SHORTEST_SLEEP: Duration = Duration::from_secs(20);
/// What other parts found meanwhile is told within this time.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What a cycle did at one service, for the log and for `perfuse watch run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchReport {
    /// Which service.
    pub service: WatchService,
    /// Articles looked at.
    pub looked: usize,
    /// Looks that failed.
    pub failed: usize,
    /// Why they failed, and how many for each reason.
    pub reasons: BTreeMap<String, usize>,
    /// Requests made.
    pub requests: usize,
    /// What was found.
    pub noticed: Noticed,
    /// Why the service was left alone after a failure.
    pub stopped: Option<String>,
}

/// A batch of looks.
struct Batch {
    looks: Vec<Look>,
    /// Taken, and not asked about.
    unasked: Vec<i64>,
    requests: usize,
    /// The service itself is in trouble: it is left alone for a while.
    stopped: Option<NoAnswer>,
}

impl Worker {
    /// Watches until `stop` becomes true, unless the watch is switched off; and tells the editors of notices, whoever
    /// found them: sources, imported files and merges bring some too.
    pub(super) async fn watch(self, mut stop: Receiver<bool>) {
        let mut look_at = Instant::now();
        while !*stop.borrow() {
            let is_due = self.settings.watch.enabled && look_at <= Instant::now();
            let went = if is_due {
                self.watch_due().await.map(|reports| log_reports(&reports))
            } else {
                self.tell_editors().await
            };
            let sleep = match went {
                Ok(()) if is_due => self.until_next_look().await,
                Ok(()) => look_at.saturating_duration_since(Instant::now()),
                Err(error) => {
                    tracing::error!("the watch cannot use the database: {error}");
                    SHORTEST_SLEEP
                }
            };
            look_at = Instant::now() + sleep;
            let sleep = if self.settings.watch.enabled { sleep.min(TELL_EVERY) } else { TELL_EVERY };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// One cycle: everything that is due, service by service.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_due(&self) -> Result<Vec<WatchReport>, StoreError> {
        self.watch_some(None).await
    }

    /// Looks at the named articles at every service that can be asked about them, due or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_articles(&self, article_ids: Vec<i64>) -> Result<Vec<WatchReport>, StoreError> {
        self.watch_some(Some(article_ids)).await
    }

    async fn watch_some(&self, only: Option<Vec<i64>>) -> Result<Vec<WatchReport>, StoreError> {
        self.store.sync_watch(UnixMs::now()).await?;
        let mut reports = Vec::new();
        for service in WatchService::ALL {
            let report = self.watch_service(service, only.clone()).await?;
            if report.looked > 0 || report.stopped.is_some() {
                reports.push(report);
            }
        }
        self.meet_papers().await?;
        self.tell_editors().await?;
        Ok(reports)
    }

    async fn watch_service(
        &self,
        service: WatchService,
        only: Option<Vec<i64>>,
    ) -> Result<WatchReport, StoreError> {
        let mut report = WatchReport {
            service,
            looked: 0,
            failed: 0,
            reasons: BTreeMap::new(),
            requests: 0,
            noticed: Noticed::default(),
            stopped: None,
        };
        let size = self.batch_size(service);
        let mut left = only;
        loop {
            let now = UnixMs::now();
            let batch = match &mut left {
                None => self.store.claim_watch(service, size as i64, EARLY_MS, HOLD_MS, now).await?,
                Some(ids) if ids.is_empty() => break,
                Some(ids) => {
                    let some = ids.split_off(ids.len().saturating_sub(size));
                    self.store.claim_watch_of(service, some, HOLD_MS, now).await?
                }
            };
            if batch.is_empty() {
                if left.as_ref().is_some_and(|ids| !ids.is_empty()) {
                    continue;
                }
                break;
            }
            let asked = match service {
                WatchService::Pubmed => self.look_at_pubmed(&batch).await?,
                WatchService::Crossref => self.look_at_crossref(&batch).await?,
                WatchService::Preprints => self.look_at_preprints(&batch).await?,
                WatchService::Trials => self.look_at_trials(&batch).await?,
            };
            report.looked += asked.looks.len();
            for why in asked.looks.iter().filter_map(|look| look.result.why_failed()) {
                report.failed += 1;
                *report.reasons.entry(why.to_owned()).or_default() += 1;
            }
            report.requests += asked.requests;
            self.store.give_watch_back(service, asked.unasked).await?;
            report.noticed += self
                .store
                .record_looks(asked.looks, self.settings.watch.approve_first, UnixMs::now())
                .await?;
            if let Some(error) = asked.stopped {
                let pause_ms = error.asked_pause_ms().max(FIRST_PAUSE_MS);
                self.store.postpone_watch(service, UnixMs::now().plus_ms(pause_ms)).await?;
                report.stopped = Some(error.to_string());
                break;
            }
        }
        Ok(report)
    }

    fn batch_size(&self, service: WatchService) -> usize {
        match service {
            WatchService::Pubmed => self.intake.eutils.page_size(),
            WatchService::Crossref => self.settings.watch.crossref_batch,
            // one request each
            WatchService::Preprints => 20,
            WatchService::Trials => self.settings.trials.page_size.clamp(1, 100),
        }
    }

    /// A look that was answered: compared with the last one, and recorded with when to look again.
    async fn conclude_look(
        &self,
        service: WatchService,
        watched: &Watched,
        reading: Reading,
        mut now: Snapshot,
        incomplete: Option<String>,
    ) -> Result<Look, StoreError> {
        let before = Snapshot::read(watched.snapshot.as_deref());
        now.said.clone_from(&reading.findings);
        now.reasons = reading.reasons;
        let had_marks = !before.missing.is_empty() || before.said.iter().any(|said| said.kind.is_serious());
        // PubMed has the record again
        let is_back = service == WatchService::Pubmed && watched.failures > 0 && now.absent == 0;
        let notices = match had_marks || is_back {
            true => self.store.notices_of(watched.article_id).await?,
            false => Vec::new(),
        };
        let mut gone = note_look(service, &before, &mut now, &notices, incomplete.is_none());
        if !gone.is_empty() {
            let others = self.store.watch_of(watched.article_id).await?;
            gone.retain(|id| {
                let mut others = others.iter().filter(|(other, _)| *other != service);
                let notice = notices.iter().find(|notice| notice.id == *id);
                notice.is_some_and(|notice| {
                    !others.any(|(other, look)| {
                        Snapshot::read(look.snapshot.as_deref()).stands_by(*other, notice)
                    })
                })
            });
        }
        if is_back {
            let said_gone = |notice: &&Notice| {
                notice.finding.kind == NoticeKind::RecordGone && notice.state == NoticeState::Waiting
            };
            gone.extend(notices.iter().filter(said_gone).map(|notice| notice.id));
        }
        let rhythm = Rhythm::of(&self.settings.watch);
        let at = UnixMs::now();
        let next_at = match &incomplete {
            None if now.missing.is_empty() => rhythm.after_answer(at, watched.since_at, rand::random()),
            // a mark that went missing is looked for again soon
            None => rhythm.after_answer(at, at, rand::random()),
            Some(_) => rhythm.after_failure(at, watched.since_at, watched.failures + 1, rand::random()),
        };
        Ok(Look {
            article_id: watched.article_id,
            service,
            next_at,
            result: Looked::Answered {
                findings: reading.findings,
                gone,
                snapshot: now.to_json(),
                incomplete,
            },
        })
    }

    /// A look that failed; `pause_ms` is for how long the service asked to be left alone.
    fn failed_look(&self, service: WatchService, watched: &Watched, error: &str, pause_ms: i64) -> Look {
        let (rhythm, now) = (Rhythm::of(&self.settings.watch), UnixMs::now());
        let failures = watched.failures + 1;
        let next_at = rhythm.after_failure(now, watched.since_at, failures, rand::random());
        let next_at = next_at.max(now.plus_ms(pause_ms));
        let error = error.chars().take(300).collect();
        Look { article_id: watched.article_id, service, next_at, result: Looked::Failed { error } }
    }

    async fn until_next_look(&self) -> Duration {
        let next_at = self.store.next_watch().await.ok().flatten();
        let wait_ms = next_at.map_or(i64::MAX, |at| at.since_ms(UnixMs::now()).max(0));
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(u64::MAX));
        wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
    }
}

/// What is known of a watched article, for judging what records say of it.
fn subject(watched: &Watched) -> Subject {
    Subject::new(watched.kind, watched.ids.clone(), watched.title.clone(), "")
}

fn log_reports(reports: &[WatchReport]) {
    for report in reports {
        let service = report.service.label();
        match &report.stopped {
            Some(error) => tracing::warn!(
                "the watch leaves {service} alone for a while, {} of {} looks failed: {error}",
                report.failed,
                report.looked
            ),
            None => tracing::info!(
                "watched at {service}: {} looked at with {} requests, {} failed, {} new notices, {} marks lifted",
                report.looked,
                report.requests,
                report.failed,
                report.noticed.fresh.len(),
                report.noticed.lifted
            ),
        }
    }
}
