//! What the ranking learns from: the editors' decisions as they stand, and the works they were about.

use rusqlite::named_params;

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError};
use crate::domain::article::Article;
use crate::domain::status::{RejectReason, Status};

/// How an article was decided, if it still stands so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// Which article.
    pub article_id: i64,
    /// Approved, whether it is still public or not; otherwise refused.
    pub accepted: bool,
    /// Why it was refused, if said.
    pub reason: Option<RejectReason>,
}

impl Store {
    /// Decisions as they stand, oldest first. What an editor undid is no lesson, nor what PubMed deleted.
    ///
    /// # Errors
    /// The database's.
    pub async fn lessons(&self) -> Result<Vec<Lesson>, StoreError> {
        self.read("reading what was decided", |db| {
            let mut statement = db.prepare_cached(
                "SELECT articles.id, status, reject_reason, max(decisions.id) AS decision
                 FROM articles JOIN decisions ON decisions.article_id = articles.id
                 WHERE status IN ('approved', 'withdrawn', 'rejected') AND act IN ('approve', 'reject')
                   AND undone_by IS NULL
                 GROUP BY articles.id ORDER BY decision",
            )?;
            let lessons = statement.query_map([], |row| {
                Ok(Lesson {
                    article_id: row.get("id")?,
                    accepted: rows::word(row, "status", Status::parse)? != Status::Rejected,
                    reason: row
                        .get::<_, Option<String>>("reject_reason")?
                        .and_then(|reason| RejectReason::parse(&reason)),
                })
            })?;
            lessons.collect()
        })
        .await
    }

    /// The row id of the newest decision; 0 where there is none. It grows with every act of an editor.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_decision(&self) -> Result<i64, StoreError> {
        self.read("looking for new decisions", |db| {
            db.prepare_cached("SELECT coalesce(max(id), 0) FROM decisions")?.query_row([], |row| row.get(0))
        })
        .await
    }

    /// The articles that wait or were put off, by row id.
    ///
    /// # Errors
    /// The database's.
    pub async fn waiting_ids(&self) -> Result<Vec<i64>, StoreError> {
        self.read("listing what waits", |db| {
            let mut statement =
                db.prepare_cached("SELECT id FROM articles WHERE status IN ('queued', 'later') ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Articles by row id, in that order; ids that there are not are left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn articles_by_id(&self, ids: Vec<i64>) -> Result<Vec<Article>, StoreError> {
        self.read("reading articles", move |db| {
            let sql = format!(
                "SELECT {ARTICLE_COLUMNS} FROM articles WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id"
            );
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(named_params! {":ids": rows::to_json(&ids)?}, rows::article)?.collect()
        })
        .await
    }
}
