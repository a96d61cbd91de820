//! What the worker does beside refreshing sources: answers the query lab, asks a language model for wording, counts what
//! searches find, listens for sources that fall silent. Each is a task of its own that does one thing after another.
//!
//! Invariant: an errand that fails is tried again; none keeps a refresh waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Worker;
use crate::domain::rhythm::Quiet;
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{SourceState, StoreError};

/// The database is asked at least this often what there is to do: another process may have written it.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Silence grows by the hour; what came is heard sooner, but not after each of many refreshes.
const LISTEN_EVERY: Duration = Duration::from_secs(3_600);
const LISTEN_PAUSE: Duration = Duration::from_secs(60);
/// Arrivals of so many days are read to learn a rhythm.
const RHYTHM_DAYS: i64 = 400;

/// The errands of a running worker; they end with it.
pub(super) struct Errands {
    _tasks: JoinSet<()>,
    lab: Arc<Notify>,
    wording: Arc<Notify>,
    count: Arc<Notify>,
    silence: Arc<Notify>,
}

impl Errands {
    /// Begins them.
    pub(super) fn begin(worker: &Worker) -> Self {
        let [lab, wording, count, silence] = std::array::from_fn(|_| Arc::new(Notify::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(answer_lab(worker.clone(), lab.clone()));
        tasks.spawn(answer_wording(worker.clone(), wording.clone()));
        tasks.spawn(count_windows(worker.clone(), count.clone()));
        tasks.spawn(listen(worker.clone(), silence.clone()));
        Self { _tasks: tasks, lab, wording, count, silence }
    }

    /// The bell rang: somebody wants something.
    pub(super) fn look_now(&self) {
        self.lab.notify_one();
        self.wording.notify_one();
        self.count.notify_one();
    }

    /// Entries came: a silence may have ended.
    pub(super) fn note_arrivals(&self) {
        self.silence.notify_one();
    }
}

async fn answer_lab(worker: Worker, bell: Arc<Notify>) {
    loop {
        while worker.answer_lab_question().await {}
        let _ = timeout(LONGEST_SLEEP, bell.notified()).await;
    }
}

async fn answer_wording(worker: Worker, bell: Arc<Notify>) {
    loop {
        while worker.answer_wording_question().await {}
        let _ = timeout(LONGEST_SLEEP, bell.notified()).await;
    }
}

async fn count_windows(worker: Worker, bell: Arc<Notify>) {
    loop {
        while worker.recount().await {}
        let _ = timeout(LONGEST_SLEEP, bell.notified()).await;
    }
}

async fn listen(worker: Worker, bell: Arc<Notify>) {
    loop {
        if let Err(error) = worker.listen_for_silence(UnixMs::now()).await {
            tracing::error!("cannot find out which sources are silent: {error}");
        }
        sleep(LISTEN_PAUSE).await;
        let _ = timeout(LISTEN_EVERY, bell.notified()).await;
    }
}

impl Worker {
    /// Learns each source's rhythm and writes down which ones are silent against it; an alarm whose source speaks again
    /// is taken back. Failing, paused and stopped sources keep silent for a reason that is shown already: they give no
    /// alarm. Gives the names of the silent ones.
    ///
    /// # Errors
    /// The database's.
    pub async fn listen_for_silence(&self, now: UnixMs) -> Result<Vec<String>, StoreError> {
        let mut arrivals = self.store.arrivals(now.plus_ms(-RHYTHM_DAYS * DAY_MS)).await?;
        let (mut changed, mut silent) = (Vec::new(), Vec::new());
        for state in self.store.sources().await? {
            let days = arrivals.remove(&state.id).unwrap_or_default();
            let quiet = answers(&state).and_then(|until| Quiet::notice(&days, until.min(now)));
            if quiet.is_some() {
                silent.push(state.source.name.clone());
            }
            match quiet {
                Some(quiet) if state.quiet.is_none() => tracing::warn!(
                    "{}: usually {}, nothing for {} days",
                    state.source.name,
                    quiet.rhythm.to_display(),
                    quiet.days(now)
                ),
                None if state.quiet.is_some() => tracing::info!("{} is silent no more", state.source.name),
                _ => {}
            }
            if quiet != state.quiet {
                changed.push((state.id, quiet));
            }
        }
        self.store.set_quiet(changed).await?;
        Ok(silent)
    }
}

/// Up to when the source answered well, if it is asked and does not fail: silence after that is no silence of its own.
fn answers(state: &SourceState) -> Option<UnixMs> {
    let is_asked = state.paused_at.is_none() && state.stopped.is_none() && state.failures == 0;
    state.last_success_at.filter(|_| is_asked)
}
