//! How the watch stands, for the desk and the command line; and the trials that editors tie to articles by hand.

use rusqlite::named_params;

use super::watch::{Watched, sync_watch, tied_trials, watched};
use super::{Store, StoreError, rows};
use crate::domain::identity::{Identifiers, Nct};
use crate::domain::notice::NoticeState;
use crate::domain::time::UnixMs;
use crate::domain::watch::WatchService;

/// How the watch stands with one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct WatchCounts {
    /// Which service.
    pub service: WatchService,
    /// Articles that are watched there.
    pub watched: i64,
    /// Of those, looked at with success at least once.
    pub checked: i64,
    /// Due now.
    pub due: i64,
    /// Those whose last look failed.
    pub failed: i64,
    /// The oldest successful look among them all.
    pub oldest_checked_at: Option<UnixMs>,
    /// The newest one.
    pub newest_checked_at: Option<UnixMs>,
}

impl Store {
    /// How the watch stands, service by service.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_counts(&self, now: UnixMs) -> Result<Vec<WatchCounts>, StoreError> {
        self.read("counting what is watched", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT service, count(*) AS watched, count(checked_at) AS checked,
                        count(*) FILTER (WHERE next_at <= :now AND coalesce(held_until, 0) <= :now) AS due,
                        count(*) FILTER (WHERE error IS NOT NULL) AS failed,
                        min(checked_at) AS oldest, max(checked_at) AS newest
                 FROM watch GROUP BY service",
            )?;
            let counts = statement.query_map(named_params! {":now": now.0}, |row| {
                Ok(WatchCounts {
                    service: rows::word(row, "service", WatchService::parse)?,
                    watched: row.get("watched")?,
                    checked: row.get("checked")?,
                    due: row.get("due")?,
                    failed: row.get("failed")?,
                    oldest_checked_at: rows::instant(row, "oldest")?,
                    newest_checked_at: rows::instant(row, "newest")?,
                })
            })?;
            counts.collect()
        })
        .await
    }

    /// Looks whose last attempt failed, the longest unchecked first, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn failed_looks(&self, limit: i64) -> Result<Vec<(WatchService, Watched)>, StoreError> {
        self.read("listing looks that failed", move |db| {
            let mut all = Vec::new();
            for service in WatchService::ALL {
                let failed = watched(
                    db,
                    "watch.service = :service AND watch.error IS NOT NULL ORDER BY watch.checked_at LIMIT :limit",
                    named_params! {":service": service.as_str(), ":limit": limit},
                )?;
                all.extend(failed.into_iter().map(|watched| (service, watched)));
            }
            all.truncate(usize::try_from(limit).unwrap_or_default());
            Ok(all)
        })
        .await
    }

    /// How an article is watched, service by service.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_of(&self, article_id: i64) -> Result<Vec<(WatchService, Watched)>, StoreError> {
        self.read("reading how an article is watched", move |db| {
            let mut all = Vec::new();
            for service in WatchService::ALL {
                let found = watched(
                    db,
                    "watch.service = :service AND watch.article_id = :id",
                    named_params! {":service": service.as_str(), ":id": article_id},
                )?;
                all.extend(found.into_iter().map(|watched| (service, watched)));
            }
            Ok(all)
        })
        .await
    }

    /// Notices in each state.
    ///
    /// # Errors
    /// The database's.
    pub async fn notice_counts(&self) -> Result<Vec<(String, NoticeState, i64)>, StoreError> {
        self.read("counting notices", |db| {
            let mut statement =
                db.prepare_cached("SELECT kind, state, count(*) FROM notices GROUP BY kind, state")?;
            let counts = statement.query_map([], |row| {
                Ok((row.get(0)?, rows::word(row, "state", NoticeState::parse)?, row.get(2)?))
            })?;
            counts.collect()
        })
        .await
    }

    /// The article that has one of the identifiers, if there is one: PMID before DOI before the rest.
    ///
    /// # Errors
    /// The database's.
    pub async fn article_with(&self, ids: Identifiers) -> Result<Option<i64>, StoreError> {
        self.read("looking for an article", move |db| super::matching::find_by_ids(db, &ids)).await
    }

    /// Ties a trial to an article by hand (`tie`), or unties it; `editor_id` is `None` for the command line. Says whether
    /// that changed anything.
    ///
    /// # Errors
    /// The database's.
    pub async fn tie_trial(
        &self,
        article_id: i64,
        nct: Nct,
        editor_id: Option<i64>,
        tie: bool,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("tying a trial to an article", move |db| {
            let sql = if tie {
                "INSERT OR IGNORE INTO trial_ties (article_id, nct, tied_at, tied_by)
                 VALUES (:article, :nct, :now, :by)"
            } else {
                "DELETE FROM trial_ties WHERE article_id = :article AND nct = :nct AND :now > 0 AND (:by IS NULL OR :by > 0)"
            };
            let changed = rows::execute(
                db,
                sql,
                named_params! {":article": article_id, ":nct": nct.as_str(), ":now": now.0, ":by": editor_id},
            )?;
            if changed > 0 {
                let act = if tie { "tie trial" } else { "untie trial" };
                let public_id: String =
                    db.query_row("SELECT public_id FROM articles WHERE id = ?1", [article_id], |row| {
                        row.get(0)
                    })?;
                super::people::audit(db, editor_id, act, &public_id, None, Some(nct.as_str()), now)?;
                // the next cycle looks at it
                sync_watch(db, now)?;
                rows::execute(
                    db,
                    "UPDATE watch SET next_at = :now WHERE article_id = :id AND service = 'trials'",
                    named_params! {":now": now.0, ":id": article_id},
                )?;
            }
            Ok(changed > 0)
        })
        .await
    }

    /// The trials that editors tied to an article by hand.
    ///
    /// # Errors
    /// The database's.
    pub async fn tied_trials(&self, article_id: i64) -> Result<Vec<Nct>, StoreError> {
        self.read("reading an article's trials", move |db| tied_trials(db, article_id)).await
    }
}
