//! Walks through history: how far each one is.

use rusqlite::{OptionalExtension, Row, named_params};

use super::sources::due_source;
use super::{DueSource, Store, StoreError, rows};
use crate::domain::coverage::Backfill;
use crate::domain::time::{PartialDate, UnixMs};

/// What a slice of history came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliceDone {
    /// Its last day, if the slice is done; `None` in the middle of one.
    pub reached_on: Option<PartialDate>,
    /// Records of a slice that is done.
    pub received: usize,
    /// Works that nobody had shown before, since the last report.
    pub fresh: usize,
    /// Problems of a slice that is done.
    pub problems: usize,
}

impl Store {
    /// The walk over these days of this source: the one that was interrupted, as long as the source asks for the same
    /// thing, or a new one. A walk that ended is begun anew.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_backfill(
        &self,
        source_id: i64,
        since_on: PartialDate,
        until_on: PartialDate,
        now: UnixMs,
    ) -> Result<Backfill, StoreError> {
        self.write("beginning a back-fill", move |db| {
            let mut unfinished = db.prepare_cached(
                "SELECT backfills.* FROM backfills JOIN sources ON sources.id = source_id
                 WHERE source_id = :id AND since_on = :since AND until_on = :until AND finished_at IS NULL
                     AND backfills.definition = sources.definition
                 ORDER BY backfills.id DESC LIMIT 1",
            )?;
            let days =
                named_params! {":id": source_id, ":since": since_on.as_str(), ":until": until_on.as_str()};
            if let Some(known) = unfinished.query_row(days, backfill).optional()? {
                return Ok(known);
            }
            db.prepare_cached(
                "INSERT INTO backfills (source_id, definition, since_on, until_on, started_at, updated_at)
                 SELECT id, definition, :since, :until, :now, :now FROM sources WHERE id = :id RETURNING *",
            )?
            .query_row(
                named_params! {
                    ":id": source_id, ":since": since_on.as_str(), ":until": until_on.as_str(), ":now": now.0,
                },
                backfill,
            )
        })
        .await
    }

    /// The last day of an interrupted walk that began on `since_on`, if there is one: `--until` left out means that.
    ///
    /// # Errors
    /// The database's.
    pub async fn unfinished_until(
        &self,
        source_id: i64,
        since_on: PartialDate,
    ) -> Result<Option<PartialDate>, StoreError> {
        self.read("looking for an interrupted back-fill", move |db| {
            db.prepare_cached(
                "SELECT until_on FROM backfills JOIN sources ON sources.id = source_id
                 WHERE source_id = :id AND since_on = :since AND finished_at IS NULL
                     AND backfills.definition = sources.definition
                 ORDER BY backfills.id DESC LIMIT 1",
            )?
            .query_row(named_params! {":id": source_id, ":since": since_on.as_str()}, |row| {
                rows::partial_date(row, "until_on")
            })
            .optional()
            .map(Option::flatten)
        })
        .await
    }

    /// Writes down how far a walk is.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_slice(&self, id: i64, done: SliceDone, now: UnixMs) -> Result<(), StoreError> {
        self.write("storing how far a back-fill is", move |db| {
            rows::execute(
                db,
                "UPDATE backfills SET reached_on = coalesce(:reached, reached_on), received = received + :received,
                     fresh = fresh + :fresh, problems = problems + :problems, updated_at = :now,
                     finished_at = iif(:reached >= until_on, :now, finished_at)
                 WHERE id = :id",
                named_params! {
                    ":reached": done.reached_on.as_ref().map(PartialDate::as_str), ":received": done.received as i64,
                    ":fresh": done.fresh as i64, ":problems": done.problems as i64, ":now": now.0, ":id": id,
                },
            )?;
            Ok(())
        })
        .await
    }

    /// The last walks of a source, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn backfills(&self, source_id: i64, limit: i64) -> Result<Vec<Backfill>, StoreError> {
        self.read("reading back-fills", move |db| {
            let mut statement =
                db.prepare_cached("SELECT * FROM backfills WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2")?;
            statement.query_map([source_id, limit], backfill)?.collect()
        })
        .await
    }

    /// Whether a source of this kind is being fetched just now, by any process on this database.
    ///
    /// # Errors
    /// The database's.
    pub async fn is_kind_busy(&self, kind: &'static str, now: UnixMs) -> Result<bool, StoreError> {
        self.read("asking what is being fetched", move |db| {
            db.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM sources WHERE leased_until > ?1 AND definition ->> '$.kind' = ?2)",
            )?
            .query_row((now.0, kind), |row| row.get(0))
        })
        .await
    }

    /// A configured source as a refresh would have it, without claiming it.
    ///
    /// # Errors
    /// The database's.
    pub async fn source_by_name(&self, name: &str) -> Result<Option<DueSource>, StoreError> {
        let name = name.to_owned();
        self.read("reading a source", move |db| {
            db.prepare_cached("SELECT * FROM sources WHERE name = ?1 AND configured = 1")?
                .query_row([name], due_source)
                .optional()
        })
        .await
    }
}

fn backfill(row: &Row<'_>) -> rusqlite::Result<Backfill> {
    let day = |column: &str| {
        rows::partial_date(row, column)?.ok_or_else(|| rusqlite::Error::InvalidColumnName(column.to_owned()))
    };
    let number = |column: &str| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Backfill {
        id: row.get("id")?,
        since_on: day("since_on")?,
        until_on: day("until_on")?,
        reached_on: rows::partial_date(row, "reached_on")?,
        received: number("received")?,
        fresh: number("fresh")?,
        problems: number("problems")?,
        finished_at: rows::instant(row, "finished_at")?,
    })
}
