//! Who is watched where, what is due, and how the last look went.
//!
//! A look is held while it is made: two workers never make the same one, and after one that dies in the middle it is
//! due again when the hold has run out. Invariant: a look that failed never counts as one that found nothing.

use rusqlite::{Connection, Transaction, named_params};

use super::notices::{self, Noticed};
use super::{Store, StoreError, notice_rows, rows};
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
        /// What it did not say: then the look counts as failed, and what it did say is kept.
        incomplete: Option<String>,
    },
    /// It did not, and why.
    Failed {
        /// For the operator.
        error: String,
    },
}

impl Looked {
    /// Why the look does not count as an answer; `None` if it does.
    pub fn why_failed(&self) -> Option<&str> {
        match self {
            Self::Answered { incomplete, .. } => incomplete.as_deref(),
            Self::Failed { error } => Some(error),
        }
    }
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

    /// Takes at most `limit` due looks of a service, the longest due first, and holds them for `hold_ms`. Where some are
    /// due, the rest of the batch is filled with those that are due within `early_ms`: whole batches cost the service
    /// fewer requests.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_watch(
        &self,
        service: WatchService,
        limit: i64,
        early_ms: i64,
        hold_ms: i64,
        now: UnixMs,
    ) -> Result<Vec<Watched>, StoreError> {
        self.write("taking what is to be looked at", move |db| {
            const FREE: &str = "watch.service = :service AND (held_until IS NULL OR held_until <= :now)";
            let due = watched(
                db,
                &format!(
                    "{FREE} AND watch.next_at <= :now ORDER BY watch.next_at, watch.article_id LIMIT :limit"
                ),
                named_params! {":service": service.as_str(), ":now": now.0, ":limit": limit},
            )?;
            hold(db, service, &due, now.plus_ms(hold_ms))?;
            let room = limit.saturating_sub(i64::try_from(due.len()).unwrap_or(limit));
            if due.is_empty() || room == 0 {
                return Ok(due);
            }
            let early = watched(
                db,
                &format!(
                    "{FREE} AND watch.next_at > :now AND watch.next_at <= :early AND failures = 0
                     ORDER BY watch.next_at, watch.article_id LIMIT :limit"
                ),
                named_params! {
                    ":service": service.as_str(), ":now": now.0, ":early": now.plus_ms(early_ms).0, ":limit": room,
                },
            )?;
            hold(db, service, &early, now.plus_ms(hold_ms))?;
            Ok(due.into_iter().chain(early).collect())
        })
        .await
    }

    /// Takes looks at the named articles, due or held or not, and holds them: whoever names an article does not wait for
    /// a worker that died.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_watch_of(
        &self,
        service: WatchService,
        article_ids: Vec<i64>,
        hold_ms: i64,
        now: UnixMs,
    ) -> Result<Vec<Watched>, StoreError> {
        self.write("taking what is to be looked at", move |db| {
            let named = watched(
                db,
                "watch.service = :service AND watch.article_id IN (SELECT value FROM json_each(:ids))
                 ORDER BY watch.article_id",
                named_params! {":service": service.as_str(), ":ids": rows::to_json(&article_ids)?},
            )?;
            hold(db, service, &named, now.plus_ms(hold_ms))?;
            Ok(named)
        })
        .await
    }

    /// Gives back looks that were taken and not made.
    ///
    /// # Errors
    /// The database's.
    pub async fn give_watch_back(
        &self,
        service: WatchService,
        article_ids: Vec<i64>,
    ) -> Result<(), StoreError> {
        self.write("giving looks back", move |db| {
            rows::execute(
                db,
                "UPDATE watch SET held_until = NULL
                 WHERE service = :service AND article_id IN (SELECT value FROM json_each(:ids))",
                named_params! {":service": service.as_str(), ":ids": rows::to_json(&article_ids)?},
            )?;
            Ok(())
        })
        .await
    }

    /// Leaves a service alone until then: what is due before, and nobody holds, is due then.
    ///
    /// # Errors
    /// The database's.
    pub async fn postpone_watch(&self, service: WatchService, until: UnixMs) -> Result<(), StoreError> {
        self.write("postponing looks", move |db| {
            rows::execute(
                db,
                "UPDATE watch SET next_at = :until WHERE service = :service AND next_at < :until AND held_until IS NULL",
                named_params! {":until": until.0, ":service": service.as_str()},
            )?;
            Ok(())
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
            db.prepare_cached("SELECT min(max(next_at, coalesce(held_until, 0))) FROM watch")?
                .query_row([], |row| row.get::<_, Option<i64>>(0))
                .map(|at| at.map(UnixMs))
        })
        .await
    }
}

pub(super) fn sync_watch(db: &Transaction<'_>, now: UnixMs) -> rusqlite::Result<usize> {
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
            "UPDATE watch SET held_until = :until WHERE article_id = :id AND service = :service",
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
                "UPDATE watch SET next_at = :next, held_until = NULL, failures = failures + 1, error = :error
                 WHERE article_id = :article AND service = :service",
                named_params! {
                    ":next": look.next_at.0, ":error": error, ":article": article, ":service": service,
                },
            )?;
            Ok(Noticed::default())
        }
        Looked::Answered { findings, gone, snapshot, incomplete } => {
            rows::execute(
                db,
                "UPDATE watch SET next_at = :next, held_until = NULL, snapshot = :snapshot, error = :error,
                     checked_at = iif(:error IS NULL, :now, checked_at),
                     failures = iif(:error IS NULL, 0, failures + 1)
                 WHERE article_id = :article AND service = :service",
                named_params! {
                    ":next": look.next_at.0, ":now": now.0, ":snapshot": snapshot, ":error": incomplete,
                    ":article": article, ":service": service,
                },
            )?;
            let mut noticed = notices::record(db, article, findings, approve_first, now)?;
            for id in gone {
                if let Some(notice) = notice_rows::load(db, *id)? {
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
        NoticeState::Public => notices::lift(db, notice, now).map(|()| true),
        NoticeState::Waiting => rows::execute(
            db,
            "UPDATE notices SET state = 'dismissed' WHERE id = :id",
            named_params! {":id": notice.id},
        )
        .map(|_| true),
        NoticeState::Dismissed | NoticeState::Lifted => Ok(false),
    }
}

pub(super) fn tied_trials(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<Nct>> {
    let mut statement = db.prepare_cached("SELECT nct FROM trial_ties WHERE article_id = ?1 ORDER BY nct")?;
    let ncts = statement.query_map([article_id], |row| row.get::<_, String>(0))?;
    let ncts: Vec<String> = ncts.collect::<rusqlite::Result<_>>()?;
    Ok(ncts.iter().filter_map(|nct| Nct::parse(nct)).collect())
}

pub(super) fn watched(
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
