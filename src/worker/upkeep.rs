//! What is done at night: old logs go, sessions that nobody can use go.

use super::schedule::Schedule;
use crate::config::{self, Settings};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::Store;

/// When the next upkeep is due.
pub(super) struct Upkeep {
    schedule: Option<Schedule>,
    next_at: Option<UnixMs>,
}

impl Upkeep {
    pub(super) fn new(worker: &config::Worker, now: UnixMs) -> Self {
        let schedule = Schedule::parse(&worker.upkeep_schedule, worker.time_zone).ok();
        let next_at = schedule.as_ref().and_then(|schedule| schedule.next_after(now));
        Self { schedule, next_at }
    }

    pub(super) fn is_due(&self, now: UnixMs) -> bool {
        self.next_at.is_some_and(|at| at <= now)
    }

    pub(super) async fn run(&mut self, store: &Store, settings: &Settings, now: UnixMs) {
        self.next_at = self.schedule.as_ref().and_then(|schedule| schedule.next_after(now));
        let (log_days, raw_days) =
            (settings.worker.fetch_history_days.into(), settings.worker.failed_body_days.into());
        let sessions_before = now.plus_ms(-i64::from(settings.desk.session_days) * DAY_MS);
        match store.prune(log_days, raw_days, sessions_before, now).await {
            Ok(pruned) => tracing::info!(?pruned, "nightly upkeep"),
            Err(error) => tracing::error!("nightly upkeep failed: {error}"),
        }
    }
}
