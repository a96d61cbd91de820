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

/// The place of a row in the trail. Rows of one millisecond have places of their own, so that paging skips none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace {
    /// When.
    pub at: UnixMs,
    /// Which of the tables the trail is made of.
    pub part: i64,
    /// The row there.
    pub row: i64,
}

/// What of the trail is asked for. The default is all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditQuery {
    /// Rows that follow this place, which are older.
    pub after: Option<AuditPlace>,
    /// Address of who did it.
    pub by: Option<String>,
    /// What was done.
    pub act: Option<String>,
    /// At or after.
    pub since: Option<UnixMs>,
    /// Before.
    pub until: Option<UnixMs>,
}

/// The trail: decisions and notes on articles, and acts on people and sources.
const TRAIL: &str = "(
    SELECT at, editor_id, act, public_id AS object, title_text AS title, before, after, 1 AS part, decisions.id AS row
    FROM decisions JOIN articles ON articles.id = article_id
    UNION ALL
    SELECT at, editor_id, 'note', public_id, title_text, NULL, text, 2, notes.id
    FROM notes JOIN articles ON articles.id = article_id
    UNION ALL
    SELECT at, editor_id, act, object, NULL, before, after, 3, id FROM audit
) AS trail LEFT JOIN editors ON editors.id = editor_id";

impl Store {
    /// A page of the trail, newest first; with each row its place.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_trail(
        &self,
        query: AuditQuery,
        limit: i64,
    ) -> Result<Vec<(AuditPlace, AuditRow)>, StoreError> {
        self.read("reading the audit trail", move |db| {
            let after = query.after.unwrap_or(AuditPlace { at: UnixMs(i64::MAX), part: 0, row: 0 });
            let sql = format!(
                "SELECT at, email, act, object, title, before, after, part, row FROM {TRAIL}
                 WHERE (at, -part, row) < (:at, -:part, :row) AND (:by IS NULL OR email = :by)
                   AND (:act IS NULL OR act = :act) AND (:since IS NULL OR at >= :since)
                   AND (:until IS NULL OR at < :until)
                 ORDER BY at DESC, part, row DESC LIMIT :limit"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let parameters = named_params! {
                ":at": after.at.0, ":part": after.part, ":row": after.row, ":by": query.by, ":act": query.act,
                ":since": query.since.map(|at| at.0), ":until": query.until.map(|at| at.0), ":limit": limit,
            };
            let rows = statement.query_map(parameters, |row| {
                let at = UnixMs(row.get(0)?);
                let found = AuditRow {
                    at,
                    by: row.get(1)?,
                    act: row.get(2)?,
                    object: row.get(3)?,
                    title: row.get(4)?,
                    before: row.get(5)?,
                    after: row.get(6)?,
                };
                Ok((AuditPlace { at, part: row.get(7)?, row: row.get(8)? }, found))
            })?;
            rows.collect()
        })
        .await
    }

    /// The words for acts that stand in the trail, in alphabetical order.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit_acts(&self) -> Result<Vec<String>, StoreError> {
        self.read("reading the audit trail", |db| {
            let sql = format!("SELECT DISTINCT act FROM {TRAIL} ORDER BY act");
            db.prepare_cached(&sql)?.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }
}
