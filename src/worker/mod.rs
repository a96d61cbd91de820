//! The worker: claims due sources, refreshes them, tidies up at night. Knows nothing of the web; they meet in the
//! database, and a bell that `app` gave both says "look now".
//!
//! Invariant: every claimed source ends in a recorded outcome with a next time, or its lease runs out and another
//! worker takes it. A second worker on the same database is safe.

mod additions;
mod complete;
mod errands;
mod gather;
mod hub;
mod judge;
mod keep;
mod lanes;
mod learn;
mod lookup;
mod pages;
mod post;
mod preview;
mod recount;
mod refresh;
mod replay;
mod studies;
mod thinking;
mod upkeep;
mod watch;
mod wording;

pub mod backfill;
pub mod backoff;
pub mod schedule;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::config::Settings;
use crate::curation::topics::TopicRules;
use crate::domain::time::{SECOND_MS, UnixMs};
use crate::intake::eutils::Eutils;
use crate::intake::fetch::Fetcher;
use crate::intake::services::Services;
use crate::intake::wording::WordingService;
use crate::store::{Store, StoreError};

pub use judge::judge;
pub use learn::Learner;
pub use post::{Delivered, Post};
pub use preview::NoPreview;
pub use refresh::Report;
pub use replay::Replayed;
pub use watch::{WatchReport, note_incoming};

/// The database is asked at least this often what is due: another process may have changed it.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// After a failing database, before asking it again.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Work in flight has this long after the signal to stop; then it is given back.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(6);

/// The clients that ask the outside world. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    /// For feeds.
    pub fetcher: Arc<Fetcher>,
    /// For PubMed.
    pub eutils: Arc<Eutils>,
    /// For services that answer in pages.
    pub services: Arc<Services>,
    /// For wording by a language model, where one is configured.
    pub wording: Option<Arc<WordingService>>,
}

/// Everything a refresh needs. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    store: Store,
    intake: Intake,
    rules: Arc<TopicRules>,
    settings: Arc<Settings>,
    bell: Arc<Notify>,
    owner: String,
    /// Of the schedule that most sources follow.
    usual: Option<schedule::Schedule>,
    lanes: lanes::Lanes,
    thinking: thinking::Thinking,
}

impl Worker {
    /// A worker; it does nothing until [`Worker::run`] or [`Worker::refresh_due`].
    pub fn new(
        store: Store,
        intake: Intake,
        rules: Arc<TopicRules>,
        settings: Arc<Settings>,
        bell: Arc<Notify>,
    ) -> Self {
        let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
        let usual = schedule::Schedule::parse(&settings.worker.schedule, settings.worker.time_zone).ok();
        let lanes = lanes::Lanes::new(settings.fetch.parallel);
        Self {
            store,
            intake,
            rules,
            settings,
            bell,
            owner,
            usual,
            lanes,
            thinking: thinking::Thinking::new(),
        }
    }

    /// Works until `stop` becomes true, then lets the refreshes in flight finish or gives them back.
    pub async fn run(self, mut stop: signal::Receiver<bool>) {
        let mut refreshes: JoinSet<Report> = JoinSet::new();
        let mut learner = Learner::new(self.rules.clone());
        let hub = hub::Hub::configured(&self.settings, self.rules.topics())
            .map(|hub| tokio::spawn(hub.run(self.store.clone(), self.intake.fetcher.clone())));
        let watching = {
            let (worker, stopped) = (self.clone(), stop.clone());
            let begin = move || worker.clone().watch(stopped.clone());
            tokio::spawn(keep::keep_running("the watch", PAUSE_AFTER_FAILURE, stop.clone(), begin))
        };
        let mut additions: JoinSet<()> = JoinSet::new();
        let studies = tokio::spawn(studies::catch_up(self.store.clone()));
        let post = post::begin(self.store.clone(), self.settings.clone(), stop.clone());
        let errands = errands::Errands::begin(&self);
        let mut upkeep = upkeep::Upkeep::new(&self.settings.worker, UnixMs::now());
        while !*stop.borrow() {
            if upkeep.is_due(UnixMs::now()) {
                upkeep.run(&self.store, &self.settings, UnixMs::now()).await;
            }
            if let Err(error) = learner.catch_up(&self.store, UnixMs::now()).await {
                tracing::error!("cannot learn from the decisions: {error}");
            }
            let wake_at = match self.start_due(&mut refreshes).await {
                Ok(wake_at) => wake_at,
                Err(error) => {
                    tracing::error!("the worker cannot use the database: {error}");
                    Instant::now() + PAUSE_AFTER_FAILURE
                }
            };
            if additions.is_empty() {
                self.start_additions(&mut additions).await;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                // its works are new to the ranking; and more may have come meanwhile
                Some(_) = additions.join_next() => learner.note_arrivals(true),
                () = self.bell.notified() => errands.look_now(),
                Some(first) = refreshes.join_next() => {
                    for ended in with_others(first, &mut refreshes) {
                        log_report(&ended);
                        if let Ok(Report { recorded, .. }) = ended
                            && recorded.fresh + recorded.updated > 0
                        {
                            learner.note_arrivals(recorded.updated > 0);
                            errands.note_arrivals();
                        }
                    }
                }
                () = self.lanes.moved() => {}
                () = sleep_until(wake_at) => {}
            }
        }
        drop(errands);
        if let Some(hub) = hub {
            hub.abort();
        }
        watching.abort();
        studies.abort();
        tokio::join!(self.finish(refreshes), post::end(post, SHUTDOWN_TIMEOUT));
    }

    /// One pass: refreshes the named sources, or all that are due, and reports each as it ends.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh_due(
        &self,
        names: Option<Vec<String>>,
        mut report: impl FnMut(Report),
    ) -> Result<(), StoreError> {
        let mut refreshes = JoinSet::new();
        let mut left = names;
        loop {
            let room = self.room(&refreshes);
            let claimed = self.claim(left.clone(), room).await?;
            if let Some(left) = &mut left {
                left.retain(|name| claimed.iter().all(|due| due.source.name != *name));
            }
            for due in claimed {
                let worker = self.clone();
                refreshes.spawn(async move { worker.refresh(due).await });
            }
            let first = tokio::select! {
                first = refreshes.join_next() => first,
                () = self.lanes.moved() => continue,
            };
            let Some(first) = first else { return Ok(()) };
            for ended in with_others(first, &mut refreshes) {
                log_report(&ended);
                if let Ok(ended) = ended {
                    report(ended);
                }
            }
        }
    }

    /// Gives back what [`Worker::refresh_due`] had claimed when it was dropped: due as before, for whoever comes next.
    ///
    /// # Errors
    /// The database's.
    pub async fn give_back(&self) -> Result<usize, StoreError> {
        self.store.release(&self.owner).await
    }

    /// Starts what is due while there is room; says when to look again.
    async fn start_due(&self, refreshes: &mut JoinSet<Report>) -> Result<Instant, StoreError> {
        let woken = self.store.wake_later(UnixMs::now()).await?;
        if woken > 0 {
            tracing::info!("{woken} articles put off until now are back in the queue");
        }
        for due in self.claim(None, self.room(refreshes)).await? {
            let worker = self.clone();
            refreshes.spawn(async move { worker.refresh(due).await });
        }
        let now = UnixMs::now();
        let wait_ms = match self.store.next_due(now).await? {
            // without room, a refresh that ends wakes the loop
            Some(_) if self.room(refreshes) == 0 => i64::MAX,
            Some(at) => at.since_ms(now).max(SECOND_MS / 10),
            None => i64::MAX,
        };
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(u64::MAX));
        Ok(Instant::now() + wait.min(LONGEST_SLEEP))
    }

    /// Begins to complete what editors added by hand, if anything is due.
    async fn start_additions(&self, additions: &mut JoinSet<()>) {
        match self.store.due_additions(UnixMs::now(), 1).await {
            Ok(due) if due.is_empty() => {}
            Ok(_) => {
                additions.spawn(self.clone().complete_additions());
            }
            Err(error) => tracing::error!("the worker cannot use the database: {error}"),
        }
    }

    async fn claim(
        &self,
        names: Option<Vec<String>>,
        room: usize,
    ) -> Result<Vec<crate::store::DueSource>, StoreError> {
        if room == 0 || names.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        self.store.claim_due(&self.owner, names, self.lease_ms(), room as i64, UnixMs::now()).await
    }

    /// As many again as are fetched at a time may wait for a place or for the disk, so that neither waits for the other.
    fn room(&self, refreshes: &JoinSet<Report>) -> usize {
        (2 * self.settings.fetch.parallel + self.lanes.slow_ones()).saturating_sub(refreshes.len())
    }

    fn lease_ms(&self) -> i64 {
        i64::try_from(self.settings.worker.lease_seconds).unwrap_or(i64::MAX / 2_000) * SECOND_MS
    }

    async fn finish(self, mut refreshes: JoinSet<Report>) {
        let deadline = Instant::now() + SHUTDOWN_TIMEOUT;
        while let Ok(Some(ended)) = timeout_at(deadline, refreshes.join_next()).await {
            log_report(&ended);
        }
        refreshes.shutdown().await;
        match self.store.release(&self.owner).await {
            Ok(0) => {}
            Ok(given_back) => tracing::info!("gave {given_back} sources back unfetched"),
            Err(error) => tracing::warn!("leases run out by themselves: {error}"),
        }
    }
}

type Ended = Result<Report, tokio::task::JoinError>;

/// Those that ended with the first (often they were put on disk together): they make room together.
fn with_others(first: Ended, refreshes: &mut JoinSet<Report>) -> impl Iterator<Item = Ended> {
    std::iter::once(first).chain(std::iter::from_fn(|| refreshes.try_join_next()))
}

fn log_report(ended: &Ended) {
    match ended {
        Ok(Report { source, error: Some(error), next_at, .. }) => {
            tracing::warn!("{source}: {error}; tried again at {}", next_at.to_rfc3339());
        }
        Ok(Report { source, recorded, received, .. }) => tracing::info!(
            "{source}: {received} entries, {} new, {} changed",
            recorded.fresh,
            recorded.updated
        ),
        Err(error) if error.is_cancelled() => {}
        Err(error) => tracing::error!("a refresh ended badly, its lease runs out by itself: {error}"),
    }
}
