//! What is done at night: what was put off comes back, old logs go.

use rusqlite::named_params;

use super::rows;
use super::{Store, StoreError};
use crate::domain::time::{DAY_MS, UnixMs};

/// What a night's upkeep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of the log of fetches.
    pub fetches: usize,
    /// Problems of sources.
    pub problems: usize,
    /// Bodies that failed to parse.
    pub raw_bodies: usize,
    /// Sessions that nobody can use any more.
    pub sessions: usize,
    /// Letters that ended.
    pub letters: usize,
}

impl Store {
    /// Puts articles whose "later" has come back into the queue; how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn wake_later(&self, now: UnixMs) -> Result<usize, StoreError> {
        self.write("waking what was put off", move |db| {
            rows::execute(
                db,
                "UPDATE articles SET status = 'queued', later_until = NULL, revision = revision + 1
                 WHERE status = 'later' AND later_until <= :now",
                named_params! {":now": now.0},
            )
        })
        .await
    }

    /// Removes logs and ended letters older than `log_days`, raw bodies older than `raw_days` or beyond the newest 20 of a source, and
    /// sessions that began before `sessions_before`. Articles, decisions and news are never pruned.
    ///
    /// # Errors
    /// The database's.
    pub async fn prune(
        &self,
        log_days: i64,
        raw_days: i64,
        sessions_before: UnixMs,
        now: UnixMs,
    ) -> Result<Pruned, StoreError> {
        self.write("pruning logs", move |db| {
            let older = |days: i64| now.0 - days.saturating_mul(DAY_MS);
            Ok(Pruned {
                fetches: rows::execute(
                    db,
                    "DELETE FROM fetches WHERE started_at < :before",
                    named_params! {":before": older(log_days)},
                )?,
                problems: rows::execute(
                    db,
                    "DELETE FROM problems WHERE at < :before OR id IN (SELECT id FROM (SELECT id, row_number() OVER
                         (PARTITION BY source_id ORDER BY id DESC) AS place FROM problems) WHERE place > 1000)",
                    named_params! {":before": older(log_days)},
                )?,
                raw_bodies: rows::execute(
                    db,
                    "DELETE FROM raw_bodies WHERE at < :before OR id IN (SELECT id FROM (SELECT id, row_number() OVER
                         (PARTITION BY source_id ORDER BY id DESC) AS place FROM raw_bodies) WHERE place > 20)",
                    named_params! {":before": older(raw_days)},
                )?,
                sessions: rows::execute(
                    db,
                    "DELETE FROM sessions WHERE created_at < :before",
                    named_params! {":before": sessions_before.0},
                )?,
                letters: rows::execute(
                    db,
                    "DELETE FROM mail WHERE ended_at < :before",
                    named_params! {":before": older(log_days)},
                )?,
            })
        })
        .await
    }
}
