//! Bodies that failed to parse, to be run again after a fix.

use rusqlite::{OptionalExtension, named_params};

use super::record::Mark;
use super::rows;
use super::{Store, StoreError};
use crate::domain::entry::Entry;
use crate::domain::time::UnixMs;

/// A body as it came, at most as long as the settings let it be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBody {
    /// Row id.
    pub id: i64,
    /// When it came.
    pub at: UnixMs,
    /// From where.
    pub url: String,
    /// As what.
    pub content_type: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Store {
    /// The row ids of a source's kept bodies, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn kept_body_ids(&self, source_id: i64) -> Result<Vec<i64>, StoreError> {
        self.read("reading failed bodies", move |db| {
            let mut statement =
                db.prepare_cached("SELECT id FROM raw_bodies WHERE source_id = ?1 ORDER BY id")?;
            statement.query_map([source_id], |row| row.get(0))?.collect()
        })
        .await
    }

    /// One kept body; `None` if it was pruned meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn kept_body(&self, id: i64) -> Result<Option<KeptBody>, StoreError> {
        self.read("reading a failed body", move |db| {
            let mut statement =
                db.prepare_cached("SELECT id, at, url, content_type, body FROM raw_bodies WHERE id = ?1")?;
            let body = statement.query_row([id], |row| {
                Ok(KeptBody {
                    id: row.get(0)?,
                    at: UnixMs(row.get(1)?),
                    url: row.get(2)?,
                    content_type: row.get(3)?,
                    body: row.get(4)?,
                })
            });
            body.optional()
        })
        .await
    }

    /// Forgets a body that could be read at last.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_kept_body(&self, id: i64) -> Result<(), StoreError> {
        self.write("forgetting a failed body", move |db| {
            rows::execute(db, "DELETE FROM raw_bodies WHERE id = :id", named_params! {":id": id})
        })
        .await
        .map(drop)
    }

    /// Those of a source's entries that it has not shown again after `at`: what came later is newer.
    ///
    /// # Errors
    /// The database's.
    pub async fn not_shown_after(
        &self,
        source_id: i64,
        entries: Vec<(Mark, Entry)>,
        at: UnixMs,
    ) -> Result<Vec<(Mark, Entry)>, StoreError> {
        self.read("comparing entries", move |db| {
            let mut later = db.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM sightings
                 WHERE source_id = ?1 AND entry_key = ?2 AND last_seen_at > ?3)",
            )?;
            let mut older = Vec::new();
            for (mark, entry) in entries {
                if !later.query_row((source_id, &mark.key, at.0), |row| row.get(0))? {
                    older.push((mark, entry));
                }
            }
            Ok(older)
        })
        .await
    }
}
