//! Who is watched where, what is due, and how the last look went.
//!
//! A look is claimed by moving its time on: two workers never take the same one, and one that dies in the middle finds
//! it due again when the time has come. Invariant: a look that failed never counts as one that found nothing.

use rusqlite::{Connection, Transaction, named_params};

use super::notices::{self, Noticed};
use super::{Store, StoreError, rows};
use crate::domain::entry::WorkKind;
use crate::domain::identity::{Identifiers, Nct};
use crate::domain::notice::{Finding, Notice, NoticeState};
use crate::domain::time::UnixMs;
use crate::domain::watch::WatchService;

/// One article that one service is to be asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Which article.
    pub article_id: i64,
    /// Its public id.
    pub public_id: String,
    /// Its title, as plain text.
    pub title: String,
    /// The sort of work.
    pub kind: WorkKind,
    /// Its identifiers.
    pub ids: Identifiers,
    /// Where it appeared: tells the preprint server.
    pub journal: String,
    /// The trials that it is about: by its record, and by hand.
    pub trials: Vec<Nct>,
    /// From when its age counts: published by us, else first seen.
    pub since_at: UnixMs,
    /// What the service said at the last look that succeeded (JSON).
    pub snapshot: Option<String>,
    /// The last look that succeeded.
    pub checked_at: Option<UnixMs>,
    /// Looks that failed since.
    pub failures: u32,
    /// Why the last one failed.
    pub error: Option<String>,
    /// When it is looked at next.
    pub next_at: UnixMs,
}

/// How one look went.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Which article.
    pub article_id: i64,
    /// Which service.
    pub service: WatchService,
    /// When to look again.
    pub next_at: UnixMs,
    /// What came.
    pub result: Looked,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq)]
pub enum Looked {
    /// The service answered about this very article.
    Answered {
        /// What it says happened; what is known changes nothing.
        findings: Vec<Finding>,
        /// Marks that it said before, and says no longer at the second look in a row.
        gone: Vec<i64>,
        /// What it said, to compare with the next time (JSON).
        snapshot: String,
    },
    /// It did not, and why.
    Failed {
        /// For the operator.
        error: String,
    },
}

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
    /// Brings the list of who is watched up to date: everything that is approved, queued or put off, at each service
    /// that can be asked about it. What is new is due now. Returns how many looks were added.
    ///
    /// # Errors
    /// The database's.
    pub async fn sync_watch(&self, now: UnixMs) -> Result<usize, StoreError> {
        self.write("listing what is watched", move |db| sync_watch(db, now)).await
    }

    /// Claims at most `limit` due looks of a service, the longest due first; they are due again after `lease_ms`
    /// unless their outcome is recorded.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_watch(
        &self,
        service: WatchService,
        limit: i64,
        lease_ms: i64,
        now: UnixMs,
    ) -> Result<Vec<Watched>, StoreError> {
        self.write("claiming what is to be looked at", move |db| {
            let due = watched(
                db,
                "watch.service = :service AND watch.next_at <= :now ORDER BY watch.next_at, watch.article_id
                 LIMIT :limit",
                named_params! {":service": service.as_str(), ":now": now.0, ":limit": limit},
            )?;
            hold(db, service, &due, now.plus_ms(lease_ms))?;
            Ok(due)
        })
        .await
    }

    /// Claims looks at the named articles, due or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_watch_of(
        &self,
        service: WatchService,
        article_ids: Vec<i64>,
        lease_ms: i64,
        now: UnixMs,
    ) -> Result<Vec<Watched>, StoreError> {
        self.write("claiming what is to be looked at", move |db| {
            let named = watched(
                db,
                "watch.service = :service AND watch.article_id IN (SELECT value FROM json_each(:ids))
                 ORDER BY watch.article_id",
                named_params! {":service": service.as_str(), ":ids": rows::to_json(&article_ids)?},
            )?;
            hold(db, service, &named, now.plus_ms(lease_ms))?;
            Ok(named)
        })
        .await
    }

    /// Records how looks went, with what they found, in one transaction.
    ///
    /// # Errors
    /// The database's; nothing was stored, and the looks are due again when their lease has run out.
    pub async fn record_looks(
        &self,
        looks: Vec<Look>,
        approve_first: bool,
        now: UnixMs,
    ) -> Result<Noticed, StoreError> {
        self.write("recording what the watch saw", move |db| {
            let mut noticed = Noticed::default();
            for look in &looks {
                noticed += record_look(db, look, approve_first, now)?;
            }
            Ok(noticed)
        })
        .await
    }

    /// When the next look is due at any service.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_watch(&self) -> Result<Option<UnixMs>, StoreError> {
        self.read("reading when to look next", |db| {
            db.prepare_cached("SELECT min(next_at) FROM watch")?
                .query_row([], |row| row.get::<_, Option<i64>>(0))
                .map(|at| at.map(UnixMs))
        })
        .await
    }

    /// How the watch stands, service by service.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_counts(&self, now: UnixMs) -> Result<Vec<WatchCounts>, StoreError> {
        self.read("counting what is watched", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT service, count(*) AS watched, count(checked_at) AS checked,
                        count(*) FILTER (WHERE next_at <= :now) AS due,
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
        self.read("looking for an article", move |db| super::matching::article_with(db, &ids)).await
    }

    /// Ties a trial to an article by hand (`tie`), or unties it. Says whether that changed anything.
    ///
    /// # Errors
    /// The database's.
    pub async fn tie_trial(
        &self,
        article_id: i64,
        nct: Nct,
        editor_id: i64,
        tie: bool,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("tying a trial to an article", move |db| {
            let sql = if tie {
                "INSERT OR IGNORE INTO trial_ties (article_id, nct, tied_at, tied_by)
                 VALUES (:article, :nct, :now, :by)"
            } else {
                "DELETE FROM trial_ties WHERE article_id = :article AND nct = :nct AND :now > 0 AND :by > 0"
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
                super::people::audit(db, Some(editor_id), act, &public_id, None, Some(nct.as_str()), now)?;
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

fn sync_watch(db: &Transaction<'_>, now: UnixMs) -> rusqlite::Result<usize> {
    // an article is watched while it is public or waits
    const WATCHED: &str = "articles.status IN ('approved', 'queued', 'later')";
    rows::execute(
        db,
        &format!("DELETE FROM watch WHERE article_id NOT IN (SELECT id FROM articles WHERE {WATCHED})"),
        &[],
    )?;
    let services = [
        (WatchService::Pubmed, "pmid IS NOT NULL"),
        (WatchService::Crossref, "doi IS NOT NULL"),
        // openRxiv's prefixes: 10.1101 until 2025, 10.64898 since
        (WatchService::Preprints, "kind = 'preprint' AND (doi LIKE '10.1101/%' OR doi LIKE '10.64898/%')"),
        (
            WatchService::Trials,
            "(nct IS NOT NULL OR trials <> '[]' OR id IN (SELECT article_id FROM trial_ties))",
        ),
    ];
    let mut added = 0;
    for (service, condition) in services {
        added += rows::execute(
            db,
            &format!(
                "INSERT OR IGNORE INTO watch (article_id, service, next_at)
                 SELECT id, :service, :now FROM articles WHERE {WATCHED} AND {condition}"
            ),
            named_params! {":service": service.as_str(), ":now": now.0},
        )?;
        rows::execute(
            db,
            &format!(
                "DELETE FROM watch WHERE service = :service
                   AND article_id NOT IN (SELECT id FROM articles WHERE {condition})"
            ),
            named_params! {":service": service.as_str()},
        )?;
    }
    Ok(added)
}

fn hold(db: &Connection, service: WatchService, due: &[Watched], until: UnixMs) -> rusqlite::Result<()> {
    for watched in due {
        rows::execute(
            db,
            "UPDATE watch SET next_at = :until WHERE article_id = :id AND service = :service",
            named_params! {":until": until.0, ":id": watched.article_id, ":service": service.as_str()},
        )?;
    }
    Ok(())
}

fn record_look(
    db: &Transaction<'_>,
    look: &Look,
    approve_first: bool,
    now: UnixMs,
) -> rusqlite::Result<Noticed> {
    let (article, service) = (look.article_id, look.service.as_str());
    match &look.result {
        Looked::Failed { error } => {
            rows::execute(
                db,
                "UPDATE watch SET next_at = :next, failures = failures + 1, error = :error
                 WHERE article_id = :article AND service = :service",
                named_params! {
                    ":next": look.next_at.0, ":error": error, ":article": article, ":service": service,
                },
            )?;
            Ok(Noticed::default())
        }
        Looked::Answered { findings, gone, snapshot } => {
            rows::execute(
                db,
                "UPDATE watch SET next_at = :next, checked_at = :now, failures = 0, error = NULL,
                     snapshot = :snapshot
                 WHERE article_id = :article AND service = :service",
                named_params! {
                    ":next": look.next_at.0, ":now": now.0, ":snapshot": snapshot, ":article": article,
                    ":service": service,
                },
            )?;
            let mut noticed = notices::record(db, article, findings, approve_first, now)?;
            for id in gone {
                if let Some(notice) = notices::load(db, *id)? {
                    noticed.lifted += usize::from(end(db, &notice, now)?);
                }
            }
            Ok(noticed)
        }
    }
}

/// A mark that nobody upstream confirms any longer goes: a public one is lifted, one that waits is dropped.
fn end(db: &Transaction<'_>, notice: &Notice, now: UnixMs) -> rusqlite::Result<bool> {
    match notice.state {
        NoticeState::Public => notices::lift(db, notice, None, now).map(|()| true),
        NoticeState::Waiting => rows::execute(
            db,
            "UPDATE notices SET state = 'dismissed' WHERE id = :id",
            named_params! {":id": notice.id},
        )
        .map(|_| true),
        NoticeState::Dismissed | NoticeState::Lifted => Ok(false),
    }
}

fn tied_trials(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<Nct>> {
    let mut statement = db.prepare_cached("SELECT nct FROM trial_ties WHERE article_id = ?1 ORDER BY nct")?;
    let ncts = statement.query_map([article_id], |row| row.get::<_, String>(0))?;
    let ncts: Vec<String> = ncts.collect::<rusqlite::Result<_>>()?;
    Ok(ncts.iter().filter_map(|nct| Nct::parse(nct)).collect())
}

fn watched(
    db: &Connection,
    condition: &str,
    parameters: &[(&str, &dyn rusqlite::types::ToSql)],
) -> rusqlite::Result<Vec<Watched>> {
    let sql = format!(
        "SELECT articles.id, articles.public_id, articles.title_text, articles.kind, articles.pmid, articles.doi,
                articles.pmcid, articles.nct, articles.journal_text, trials, first_seen_at, news.published_at, snapshot,
                checked_at, failures, error, watch.next_at
         FROM watch JOIN articles ON articles.id = watch.article_id
         LEFT JOIN news ON news.article_id = articles.id WHERE {condition}"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map(parameters, |row| {
        let first_seen_at = UnixMs(row.get("first_seen_at")?);
        Ok(Watched {
            article_id: row.get("id")?,
            public_id: row.get("public_id")?,
            title: row.get("title_text")?,
            kind: rows::word(row, "kind", WorkKind::parse)?,
            ids: rows::identifiers(row)?,
            journal: row.get("journal_text")?,
            trials: rows::from_json(row, "trials")?,
            since_at: rows::instant(row, "published_at")?.unwrap_or(first_seen_at),
            snapshot: row.get("snapshot")?,
            checked_at: rows::instant(row, "checked_at")?,
            failures: row.get("failures")?,
            error: row.get("error")?,
            next_at: UnixMs(row.get("next_at")?),
        })
    })?;
    let mut found: Vec<Watched> = found.collect::<rusqlite::Result<_>>()?;
    for watched in &mut found {
        let tied = tied_trials(db, watched.article_id)?;
        let own = watched.ids.nct.clone();
        for nct in own.into_iter().chain(tied) {
            if !watched.trials.contains(&nct) {
                watched.trials.push(nct);
            }
        }
    }
    Ok(found)
}
