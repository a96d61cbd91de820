//! The audit trail: every act on articles, people and sources in one list.

use rusqlite::named_params;

use super::{Store, StoreError};
use crate::domain::time::UnixMs;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditRow {
    /// When.
    pub at: UnixMs,
    /// Address of who did it; `None` is the command line or the program itself.
    pub by: Option<String>,
    /// What: `approve`, `reject`, `role`, `pause` …
    pub act: String,
    /// To what: an article's public id, an address, a source's name.
    pub object: String,
    /// An article's title today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it was before; JSON for articles.
    pub before: Option<String>,
    /// What it was after.
    pub after: Option<String>,
}

impl Store {
    /// Acts before `before`, newest first, at most `limit`; only those of one person if `by` is an address.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_trail(
        &self,
        before: Option<UnixMs>,
        by: Option<String>,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read("reading the audit trail", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT at, email, act, object, title, before, after FROM (
                     SELECT at, editor_id, act, public_id AS object, title_text AS title, before, after, 1 AS kind,
                            decisions.id AS row
                     FROM decisions JOIN articles ON articles.id = article_id
                     UNION ALL
                     SELECT at, editor_id, act, object, NULL, before, after, 0, id FROM audit
                 ) AS trail LEFT JOIN editors ON editors.id = editor_id
                 WHERE at < :before AND (:by IS NULL OR email = :by)
                 ORDER BY at DESC, kind, row DESC LIMIT :limit",
            )?;
            let before = before.map_or(i64::MAX, |at| at.0);
            let rows = statement.query_map(
                named_params! {":before": before, ":by": by, ":limit": limit},
                |row| {
                    Ok(AuditRow {
                        at: UnixMs(row.get(0)?),
                        by: row.get(1)?,
                        act: row.get(2)?,
                        object: row.get(3)?,
                        title: row.get(4)?,
                        before: row.get(5)?,
                        after: row.get(6)?,
                    })
                },
            )?;
            rows.collect()
        })
        .await
    }
}
