//! Was anything missed? Counts of searches against what is stored, feeds that overflowed, sources that fell silent.

use std::collections::HashMap;

use rusqlite::{Connection, Row, named_params};

use super::sources::source;
use super::{Store, StoreError, matching, rows};
use crate::domain::coverage::{Count, Missing, Overflow};
use crate::domain::identity::Identifiers;
use crate::domain::rhythm::{Arrivals, Quiet};
use crate::domain::source::Source;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, PartialDate, UnixMs};

/// A count that does not end (its worker was killed) is free for another one after this time.
const COUNT_LEASE_MS: i64 = HOUR_MS;
/// An overflow is filled by another way, or given up, within so many fetches.
const MOST_TRIES: i64 = 5;
/// A back-fill writes down how far it is after each page; what it stores a moment later is still its own.
const BACKFILL_MARGIN_MS: i64 = 10 * MINUTE_MS;
/// Entries that a back-fill stores are history if they are older than this; newer ones arrived.
const HISTORY_MS: i64 = 30 * DAY_MS;

/// Searches that are counted: those whose service says which works it finds without sending them.
const IS_COUNTED: &str = "configured = 1 AND paused_at IS NULL AND stopped IS NULL AND failures = 0
    AND definition ->> '$.kind' IN ('pubmed', 'europepmc')
    AND last_success_at IS NOT NULL
    AND coalesce((SELECT next_at FROM counts WHERE source_id = sources.id), defined_at + 86400000, 0) <= :now";

/// A search whose window is to be counted.
#[derive(Debug, Clone, PartialEq)]
pub struct CountDue {
    /// Row id of the source.
    pub source_id: i64,
    /// What to ask.
    pub source: Source,
    /// Up to when everything that was found is stored.
    pub fetched_to_at: UnixMs,
    /// Failures in a row of earlier counts.
    pub failures: u32,
}

/// What a count came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CountOutcome {
    /// Which source.
    pub source_id: i64,
    /// When it is counted again.
    pub next_at: UnixMs,
    /// The counted window and what it held, or why there is no count.
    pub result: Result<Counted, String>,
}

/// A window, counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// First day.
    pub from_on: PartialDate,
    /// Last day.
    pub to_on: PartialDate,
    /// Works that the service counted.
    pub found: u32,
    /// Works that were missing and came when asked for again.
    pub fetched_again: u32,
    /// Works that are missing still: the service's name, and what came in their place if they were asked for now.
    pub missing: Vec<(String, Option<String>)>,
}

/// How an overflow was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filled {
    /// So many records came by another way.
    By(usize),
    /// Not this time.
    NotYet,
    /// There is no other way.
    Never,
}

impl Store {
    /// Claims a search whose window is to be counted, if there is one: a day after it was defined for the first time,
    /// then every day. Failing, paused and stopped sources say of themselves that they are not complete.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_count(&self, now: UnixMs) -> Result<Option<CountDue>, StoreError> {
        let due = self
            .read("asking what is to be counted", move |db| {
                let sql = format!("SELECT EXISTS (SELECT 1 FROM sources WHERE {IS_COUNTED})");
                db.prepare_cached(&sql)?.query_row(named_params! {":now": now.0}, |row| row.get::<_, bool>(0))
            })
            .await?;
        if !due {
            return Ok(None);
        }
        self.write("claiming a count", move |db| {
            let sql = format!(
                "SELECT *, coalesce((SELECT failures FROM counts WHERE source_id = sources.id), 0) AS count_failures
                 FROM sources WHERE {IS_COUNTED} ORDER BY id LIMIT 1"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let due = statement.query_map(named_params! {":now": now.0}, count_due)?.next().transpose()?;
            if let Some(due) = &due {
                rows::execute(
                    db,
                    "INSERT INTO counts (source_id, next_at) VALUES (:id, :next)
                     ON CONFLICT (source_id) DO UPDATE SET next_at = excluded.next_at",
                    named_params! {":id": due.source_id, ":next": now.0 + COUNT_LEASE_MS},
                )?;
            }
            Ok(due)
        })
        .await
    }

    /// Those of the works that are not stored: neither shown by this source nor known by an identifier.
    ///
    /// # Errors
    /// The database's.
    pub async fn list_missing(
        &self,
        source_id: i64,
        works: Vec<(String, Identifiers)>,
    ) -> Result<Vec<(String, Identifiers)>, StoreError> {
        self.read("looking for missing works", move |db| {
            let mut shown =
                db.prepare_cached("SELECT 1 FROM sightings WHERE source_id = ?1 AND entry_key = ?2")?;
            let mut missing = Vec::new();
            for (key, ids) in works {
                if !shown.exists((source_id, &key))? && matching::find_by_ids(db, &ids)?.is_none() {
                    missing.push((key, ids));
                }
            }
            Ok(missing)
        })
        .await
    }

    /// Those of the names that were asked for again already.
    ///
    /// # Errors
    /// The database's.
    pub async fn asked_before(&self, source_id: i64) -> Result<HashMap<String, Option<String>>, StoreError> {
        self.read("reading what was asked for again", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT entry_key, why FROM missing WHERE source_id = ?1 AND asked_at IS NOT NULL",
            )?;
            statement.query_map([source_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .await
    }

    /// Stores what a count came to. What is missing no longer is forgotten.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_count(&self, outcome: CountOutcome, now: UnixMs) -> Result<(), StoreError> {
        self.write("storing a count", move |db| {
            let (source_id, next_at) = (outcome.source_id, outcome.next_at.0);
            let counted = match outcome.result {
                Ok(counted) => counted,
                Err(error) => {
                    rows::execute(
                        db,
                        "UPDATE counts SET next_at = :next, counted_at = :now, failures = failures + 1, error = :error
                         WHERE source_id = :id",
                        named_params! {":next": next_at, ":now": now.0, ":error": error, ":id": source_id},
                    )?;
                    return Ok(());
                }
            };
            let complete_to_on = counted.missing.is_empty().then_some(counted.to_on.as_str());
            rows::execute(
                db,
                "UPDATE counts SET next_at = :next, counted_at = :now, from_on = :from, to_on = :to, found = :found,
                     fetched_again = :again, failures = 0, error = NULL,
                     complete_to_on = coalesce(:complete, complete_to_on)
                 WHERE source_id = :id",
                named_params! {
                    ":next": next_at, ":now": now.0, ":from": counted.from_on.as_str(),
                    ":to": counted.to_on.as_str(), ":found": counted.found, ":again": counted.fetched_again,
                    ":complete": complete_to_on, ":id": source_id,
                },
            )?;
            let keys: Vec<&str> = counted.missing.iter().map(|(key, _)| key.as_str()).collect();
            rows::execute(
                db,
                "DELETE FROM missing WHERE source_id = :id
                     AND entry_key NOT IN (SELECT value FROM json_each(:keys))",
                named_params! {":id": source_id, ":keys": rows::to_json(&keys)?},
            )?;
            for (key, why) in &counted.missing {
                rows::execute(
                    db,
                    "INSERT INTO missing (source_id, entry_key, noticed_at, asked_at, why)
                     VALUES (:id, :key, :now, :now, :why)
                     ON CONFLICT (source_id, entry_key) DO UPDATE SET asked_at = coalesce(asked_at, excluded.asked_at),
                         why = coalesce(excluded.why, why)",
                    named_params! {":id": source_id, ":key": key, ":now": now.0, ":why": why},
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Lets a source be counted at once, and what is missing be asked for once more. False where there is none of that
    /// name, or of a kind that is not counted.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_count_due(&self, name: &str, now: UnixMs) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write("making a count due", move |db| {
            let changed = rows::execute(
                db,
                "INSERT INTO counts (source_id, next_at)
                 SELECT id, :now FROM sources
                 WHERE name = :name AND definition ->> '$.kind' IN ('pubmed', 'europepmc')
                 ON CONFLICT (source_id) DO UPDATE SET next_at = excluded.next_at",
                named_params! {":now": now.0, ":name": name},
            )?;
            rows::execute(
                db,
                "UPDATE missing SET asked_at = NULL
                 WHERE source_id = (SELECT id FROM sources WHERE name = :name)",
                named_params! {":name": name},
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// What is missing of a source, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn missing(&self, source_id: i64, limit: i64) -> Result<Vec<Missing>, StoreError> {
        self.read("reading what is missing", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT entry_key, noticed_at, asked_at, why FROM missing WHERE source_id = ?1
                 ORDER BY noticed_at, entry_key LIMIT ?2",
            )?;
            let missing = statement.query_map([source_id, limit], |row| {
                Ok(Missing {
                    key: row.get(0)?,
                    noticed_at: UnixMs(row.get(1)?),
                    asked_at: rows::instant(row, "asked_at")?,
                    why: row.get(3)?,
                })
            })?;
            missing.collect()
        })
        .await
    }

    /// Writes down that a feed lost entries since `since_at`, and what became of it. Said again, it counts as a try.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_overflow(
        &self,
        source_id: i64,
        since_at: UnixMs,
        filled: Filled,
        message: &str,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let message = message.to_owned();
        self.write("storing an overflow", move |db| {
            let (records, done) = match filled {
                Filled::By(records) => (records, true),
                Filled::NotYet | Filled::Never => (0, false),
            };
            rows::execute(
                db,
                "INSERT INTO overflows (source_id, since_at, noticed_at, filled_at, records, hopeless, message)
                 VALUES (:id, :since, :now, iif(:done, :now, NULL), :records, :hopeless, :message)
                 ON CONFLICT (source_id, since_at) DO UPDATE SET tries = tries + 1, filled_at = excluded.filled_at,
                     records = excluded.records, hopeless = excluded.hopeless, message = excluded.message",
                named_params! {
                    ":id": source_id, ":since": since_at.0, ":now": now.0, ":done": done,
                    ":records": records as i64, ":hopeless": filled == Filled::Never, ":message": message,
                },
            )?;
            if done {
                // the search reached back to it, and so over everything since
                rows::execute(
                    db,
                    "UPDATE overflows SET filled_at = :now
                     WHERE source_id = :id AND filled_at IS NULL AND since_at >= :since",
                    named_params! {":now": now.0, ":id": source_id, ":since": since_at.0},
                )?;
            }
            Ok(())
        })
        .await
    }

    /// The oldest overflow of a feed that may still be filled.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_overflow(&self, source_id: i64) -> Result<Option<UnixMs>, StoreError> {
        self.read("looking for an overflow", move |db| {
            db.prepare_cached(
                "SELECT min(since_at) FROM overflows
                 WHERE source_id = ?1 AND filled_at IS NULL AND hopeless = 0 AND tries < ?2",
            )?
            .query_row([source_id, MOST_TRIES], |row| row.get::<_, Option<i64>>(0))
            .map(|at| at.map(UnixMs))
        })
        .await
    }

    /// The last overflows of a feed, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn overflows(&self, source_id: i64, limit: i64) -> Result<Vec<Overflow>, StoreError> {
        self.read("reading overflows", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT source_id, since_at, noticed_at, filled_at, message FROM overflows WHERE source_id = ?1
                 ORDER BY noticed_at DESC LIMIT ?2",
            )?;
            statement.query_map([source_id, limit], overflow)?.map(|row| row.map(|(_, it)| it)).collect()
        })
        .await
    }

    /// For every source that is asked, the days since `since` on which it showed something for the first time, in
    /// order; what a back-fill brought is no arrival.
    ///
    /// # Errors
    /// The database's.
    pub async fn arrivals(&self, since: UnixMs) -> Result<HashMap<i64, Vec<Arrivals>>, StoreError> {
        self.read("reading when entries came", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT source_id, first_seen_at / 86400000 AS day, count(*)
                 FROM sightings JOIN sources ON sources.id = source_id
                 WHERE configured = 1 AND first_seen_at >= max(:since, coalesce(defined_at, 0)) AND NOT EXISTS (
                     SELECT 1 FROM backfills WHERE backfills.source_id = sightings.source_id
                         AND first_seen_at BETWEEN started_at AND updated_at + :margin
                         AND shown_at < first_seen_at - :history)
                 GROUP BY source_id, day ORDER BY source_id, day",
            )?;
            let parameters = named_params! {
                ":since": since.0, ":margin": BACKFILL_MARGIN_MS, ":history": HISTORY_MS,
            };
            let mut arrivals: HashMap<i64, Vec<Arrivals>> = HashMap::new();
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                let arrival = Arrivals { day: row.get(1)?, entries: row.get(2)? };
                arrivals.entry(row.get(0)?).or_default().push(arrival);
            }
            Ok(arrivals)
        })
        .await
    }

    /// Writes down which sources are silent; writes nothing where nothing changed.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_quiet(&self, changed: Vec<(i64, Option<Quiet>)>) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        self.write("marking silent sources", move |db| {
            for (source_id, quiet) in &changed {
                let quiet = quiet.as_ref().map(rows::to_json).transpose()?;
                rows::execute(
                    db,
                    "UPDATE sources SET quiet = :quiet WHERE id = :id",
                    named_params! {":quiet": quiet, ":id": source_id},
                )?;
            }
            Ok(())
        })
        .await
    }
}

/// The counts of all sources.
pub(super) fn counts(db: &Connection) -> rusqlite::Result<HashMap<i64, Count>> {
    let mut statement = db.prepare_cached(
        "SELECT *, (SELECT count(*) FROM missing WHERE missing.source_id = counts.source_id) AS missing FROM counts",
    )?;
    let counts = statement.query_map([], |row| {
        let window = rows::partial_date(row, "from_on")?.zip(rows::partial_date(row, "to_on")?);
        let count = Count {
            counted_at: rows::instant(row, "counted_at")?,
            window,
            found: row.get("found")?,
            fetched_again: row.get("fetched_again")?,
            missing: row.get("missing")?,
            error: row.get("error")?,
            complete_to_on: rows::partial_date(row, "complete_to_on")?,
        };
        Ok((row.get("source_id")?, count))
    })?;
    counts.collect()
}

/// The oldest overflow of each feed that nothing filled, noticed after `since`: older ones no longer matter to anybody.
pub(super) fn lasting_overflows(db: &Connection, since: UnixMs) -> rusqlite::Result<HashMap<i64, Overflow>> {
    let mut statement = db.prepare_cached(
        "SELECT source_id, since_at, noticed_at, filled_at, message FROM overflows
         WHERE filled_at IS NULL AND noticed_at >= ?1 ORDER BY since_at DESC",
    )?;
    statement.query_map([since.0], overflow)?.collect()
}

fn overflow(row: &Row<'_>) -> rusqlite::Result<(i64, Overflow)> {
    let overflow = Overflow {
        since_at: UnixMs(row.get("since_at")?),
        noticed_at: UnixMs(row.get("noticed_at")?),
        filled_at: rows::instant(row, "filled_at")?,
        message: row.get("message")?,
    };
    Ok((row.get("source_id")?, overflow))
}

fn count_due(row: &Row<'_>) -> rusqlite::Result<CountDue> {
    let fetched_to_at = rows::instant(row, "complete_to_at")?.or(rows::instant(row, "last_success_at")?);
    Ok(CountDue {
        source_id: row.get("id")?,
        source: source(row)?,
        fetched_to_at: fetched_to_at.unwrap_or_default(),
        failures: row.get("count_failures")?,
    })
}
