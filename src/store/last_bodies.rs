//! What each feed's last whole body showed (see [`LastBody`]). It is put down with the outcome of that fetch, in one
//! transaction with its validators and entries.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows;
use super::{Store, StoreError};
use crate::domain::last_body::LastBody;
use crate::domain::time::UnixMs;

impl Store {
    /// What a feed's last body showed, if one was read.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_body(&self, source_id: i64) -> Result<Option<LastBody>, StoreError> {
        self.read("reading what a feed showed", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT body, ttl_minutes, touched_at, entries FROM last_bodies WHERE source_id = ?1",
            )?;
            let last = statement.query_row([source_id], |row| {
                Ok(LastBody {
                    body: row.get("body")?,
                    ttl_minutes: row
                        .get::<_, Option<i64>>("ttl_minutes")?
                        .and_then(|ttl| ttl.try_into().ok()),
                    touched_at: UnixMs(row.get("touched_at")?),
                    entries: rows::from_json(row, "entries")?,
                })
            });
            last.optional()
        })
        .await
    }
}

pub(super) fn put_down(db: &Connection, source_id: i64, last: &LastBody) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO last_bodies (source_id, body, ttl_minutes, touched_at, entries)
         VALUES (:source, :body, :ttl, :touched, :entries)
         ON CONFLICT (source_id) DO UPDATE SET body = excluded.body, ttl_minutes = excluded.ttl_minutes,
             touched_at = excluded.touched_at, entries = excluded.entries",
        named_params! {
            ":source": source_id, ":body": last.body, ":touched": last.touched_at.0,
            ":ttl": last.ttl_minutes.and_then(|ttl| i64::try_from(ttl).ok()),
            ":entries": rows::to_json(&last.entries)?,
        },
    )?;
    Ok(())
}
