//! What editors did, newest first: the rows that `decisions` writes, read for people.

use rusqlite::named_params;

use super::decisions::Standing;
use super::pairs::FAMILY;
use super::rows;
use super::{Store, StoreError};
use crate::domain::status::{Act, RejectReason, Status};
use crate::domain::text::RichText;
use crate::domain::time::UnixMs;

/// One row of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The decision's row id.
    pub decision_id: i64,
    /// About which article.
    pub article_id: i64,
    /// Its title today.
    pub title: RichText,
    /// The work's language, if the title is still its own.
    pub title_language: Option<String>,
    /// What was done.
    pub act: Act,
    /// When.
    pub at: UnixMs,
    /// By whom: their name, or "perfuse".
    pub editor: String,
    /// The status before and after.
    pub before: Status,
    /// See `before`.
    pub after: Status,
    /// When the text that it left approved, or took back, became or was to become public.
    pub publish_at: Option<UnixMs>,
    /// For a rejection.
    pub reject_reason: Option<RejectReason>,
    /// Whether it can still be reversed.
    pub undoable: bool,
    /// Whether it was reversed.
    pub undone: bool,
    /// For a merge: the text of the article that is gone, which nobody else holds any more.
    pub merged: Option<MergedText>,
}

/// What an editor had written for an article that was merged into another.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedText {
    /// The title it was shown with.
    pub title: RichText,
    /// The summary that an editor wrote, if one did.
    pub summary: Option<String>,
}

impl HistoryRow {
    /// The time to publish at, if it lay ahead when this was decided.
    pub fn planned_for(&self) -> Option<UnixMs> {
        self.publish_at.filter(|at| *at > self.at)
    }
}

impl Store {
    /// Decisions, newest first, from before `before` (a decision id) on; of one article, with those merged into it, if
    /// `article_id` is given.
    ///
    /// # Errors
    /// The database's.
    pub async fn history(
        &self,
        article_id: Option<i64>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        self.read("reading the history", move |db| {
            let sql = format!(
                "{FAMILY}
                 SELECT decisions.id, decisions.article_id, coalesce(articles.edited_title, articles.title) AS title,
                        CASE WHEN articles.edited_title IS NULL THEN articles.language END AS title_language,
                        act, at, before, after, undone_by, coalesce(editors.name, 'perfuse') AS editor,
                        coalesce(gone.edited_title, gone.title) AS gone_title, gone.summary AS gone_summary,
                        decisions.undone_by IS NULL AND act <> 'undo' AND articles.status <> 'merged' AND NOT EXISTS (
                            SELECT 1 FROM decisions AS later WHERE later.article_id = decisions.article_id
                            AND later.revision > decisions.revision AND later.act <> 'undo'
                            AND later.undone_by IS NULL) AS undoable
                 FROM decisions JOIN articles ON articles.id = decisions.article_id
                 LEFT JOIN editors ON editors.id = decisions.editor_id
                 LEFT JOIN merges ON merges.decision_id = decisions.id
                 LEFT JOIN articles AS gone ON gone.id = merges.gone_id
                 WHERE (:id IS NULL OR decisions.article_id IN family)
                   AND (:before IS NULL OR decisions.id < :before)
                 ORDER BY decisions.id DESC LIMIT :limit"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let parameters = named_params! {":id": article_id, ":before": before, ":limit": limit};
            let history = statement.query_map(parameters, |row| {
                let before: Standing = rows::from_json(row, "before")?;
                let after: Standing = rows::from_json(row, "after")?;
                Ok(HistoryRow {
                    decision_id: row.get("id")?,
                    article_id: row.get("article_id")?,
                    title: RichText::parse(&row.get::<_, String>("title")?),
                    title_language: row.get("title_language")?,
                    act: rows::word(row, "act", Act::parse)?,
                    at: UnixMs(row.get("at")?),
                    editor: row.get("editor")?,
                    before: before.status,
                    after: after.status,
                    publish_at: after.published_at.or(before.published_at),
                    reject_reason: after.reject_reason,
                    undoable: row.get("undoable")?,
                    undone: row.get::<_, Option<i64>>("undone_by")?.is_some(),
                    merged: match row.get::<_, Option<String>>("gone_title")? {
                        Some(title) => Some(MergedText {
                            title: RichText::parse(&title),
                            summary: row.get("gone_summary")?,
                        }),
                        None => None,
                    },
                })
            })?;
            history.collect()
        })
        .await
    }
}
