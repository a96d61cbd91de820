//! What editors decide: one transition, one row of history, one publication, in one transaction.

use rusqlite::{OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};

use super::rows;
use super::{Store, StoreError, articles, news, notices};
use crate::domain::article::Article;
use crate::domain::status::{self, Act, RejectReason, Status};
use crate::domain::text::RichText;
use crate::domain::time::UnixMs;

/// What an editor wants done with an article.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Publish this text, at `publish_at` or as soon as the store can (see [`Decided::published_at`]).
    Approve {
        /// The title to publish.
        title: RichText,
        /// The paragraph to publish.
        summary: String,
        /// Topic names.
        topics: Vec<String>,
        /// Not before this instant.
        publish_at: Option<UnixMs>,
    },
    /// Refuse.
    Reject {
        /// Why, if said.
        reason: Option<RejectReason>,
    },
    /// Put off.
    Later {
        /// Until then.
        until: UnixMs,
    },
    /// Put back into the queue.
    Requeue,
    /// Change the text without deciding; of a published article, change what is public.
    Edit {
        /// The new title.
        title: RichText,
        /// The new summary.
        summary: String,
        /// Topic names.
        topics: Vec<String>,
    },
    /// Take a published item back.
    Withdraw,
}

impl Wish {
    /// The act it is.
    pub fn act(&self) -> Act {
        match self {
            Self::Approve { .. } => Act::Approve,
            Self::Reject { .. } => Act::Reject,
            Self::Later { .. } => Act::Later,
            Self::Requeue => Act::Requeue,
            Self::Edit { .. } => Act::Edit,
            Self::Withdraw => Act::Withdraw,
        }
    }
}

/// A wish with who has it and what they saw.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRequest {
    /// Which article.
    pub article_id: i64,
    /// The revision that the editor's form showed.
    pub revision: i64,
    /// Who.
    pub editor_id: i64,
    /// What.
    pub wish: Wish,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The decision's row id, for undo.
    pub decision_id: i64,
    /// The article after it.
    pub article: Article,
    /// For an approval: the instant from which it is public. Each item has a second of its own.
    pub published_at: Option<UnixMs>,
    /// Whether this very decision had been taken already (a double click, a retry): nothing was done twice.
    pub repeated: bool,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Somebody changed the article since the form was loaded.
    #[error("the article was changed meanwhile")]
    Conflict {
        /// As it is now.
        current: Box<Article>,
    },
    /// The status does not allow it.
    #[error("an article that is {} cannot be given \"{}\"", .status.as_str(), .act.as_str())]
    Illegal {
        /// As it is now.
        status: Status,
        /// What was wanted.
        act: Act,
    },
    /// No such article or decision.
    #[error("there is no such article or decision")]
    NotFound,
    /// The decision was reversed already, or a later one stands on it.
    #[error("this decision cannot be undone any more: {0}")]
    NotUndoable(&'static str),
    /// The database failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One row of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The decision's row id.
    pub decision_id: i64,
    /// About which article.
    pub article_id: i64,
    /// Its title today.
    pub title: RichText,
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
    /// For a rejection.
    pub reject_reason: Option<RejectReason>,
    /// Whether it can still be reversed.
    pub undoable: bool,
    /// Whether it was reversed.
    pub undone: bool,
}

/// What a decision can change, as history keeps it before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Standing {
    status: Status,
    title: Option<RichText>,
    summary: Option<String>,
    topics: Vec<String>,
    later_until: Option<UnixMs>,
    reject_reason: Option<RejectReason>,
    published_at: Option<UnixMs>,
}

impl Store {
    /// Carries out an editor's wish.
    ///
    /// # Errors
    /// A conflict, an illegal move, no such article, or the database's; in each case nothing was changed.
    pub async fn decide(&self, request: DecisionRequest, now: UnixMs) -> Result<Decided, DecideError> {
        self.write("storing a decision", move |db| decide(db, &request, now)).await?
    }

    /// Reverses a decision that no later one stands on: the article is again what it was before.
    ///
    /// # Errors
    /// It was reversed already, something later stands on it, there is none, or the database's.
    pub async fn undo(&self, decision_id: i64, editor_id: i64, now: UnixMs) -> Result<Decided, DecideError> {
        self.write("undoing a decision", move |db| undo(db, decision_id, editor_id, now)).await?
    }

    /// Decisions, newest first, from before `before` (a decision id) on; of one article if `article_id` is given.
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
            let mut statement = db.prepare_cached(
                "SELECT decisions.id, decisions.article_id, coalesce(edited_title, title) AS title, act, at, before,
                        after, undone_by, coalesce(editors.name, 'perfuse') AS editor,
                        decisions.undone_by IS NULL AND act <> 'undo' AND NOT EXISTS (
                            SELECT 1 FROM decisions AS later WHERE later.article_id = decisions.article_id
                            AND later.revision > decisions.revision AND later.act <> 'undo'
                            AND later.undone_by IS NULL) AS undoable
                 FROM decisions JOIN articles ON articles.id = decisions.article_id
                 LEFT JOIN editors ON editors.id = decisions.editor_id
                 WHERE (:article IS NULL OR decisions.article_id = :article)
                   AND (:before IS NULL OR decisions.id < :before)
                 ORDER BY decisions.id DESC LIMIT :limit",
            )?;
            let parameters = named_params! {":article": article_id, ":before": before, ":limit": limit};
            let history = statement.query_map(parameters, |row| {
                let before: Standing = rows::from_json(row, "before")?;
                let after: Standing = rows::from_json(row, "after")?;
                Ok(HistoryRow {
                    decision_id: row.get("id")?,
                    article_id: row.get("article_id")?,
                    title: RichText::parse(&row.get::<_, String>("title")?),
                    act: rows::word(row, "act", Act::parse)?,
                    at: UnixMs(row.get("at")?),
                    editor: row.get("editor")?,
                    before: before.status,
                    after: after.status,
                    reject_reason: after.reject_reason,
                    undoable: row.get("undoable")?,
                    undone: row.get::<_, Option<i64>>("undone_by")?.is_some(),
                })
            })?;
            history.collect()
        })
        .await
    }
}

type Refusable<T> = rusqlite::Result<Result<T, DecideError>>;

fn decide(db: &Transaction<'_>, request: &DecisionRequest, now: UnixMs) -> Refusable<Decided> {
    let Some(article) = articles::load(db, request.article_id)? else {
        return Ok(Err(DecideError::NotFound));
    };
    let act = request.wish.act();
    let before = standing(db, &article)?;
    if article.revision != request.revision {
        return match repeated(db, request, &before)? {
            Some(decision_id) => {
                Ok(Ok(Decided { decision_id, published_at: before.published_at, article, repeated: true }))
            }
            None => Ok(Err(DecideError::Conflict { current: Box::new(article) })),
        };
    }
    let Some(status) = status::after(article.status, act) else {
        return Ok(Err(DecideError::Illegal { status: article.status, act }));
    };
    let wanted = wanted_standing(&before, status, &article, &request.wish, now);
    let decision = NewDecision { editor_id: request.editor_id, act, undoes: None, now };
    Ok(Ok(apply(db, &article, &before, wanted, &decision)?))
}

fn undo(db: &Transaction<'_>, decision_id: i64, editor_id: i64, now: UnixMs) -> Refusable<Decided> {
    let row = db
        .prepare_cached("SELECT article_id, act, before, undone_by, revision FROM decisions WHERE id = :id")?
        .query_row(named_params! {":id": decision_id}, |row| {
            Ok((
                row.get::<_, i64>("article_id")?,
                rows::word(row, "act", Act::parse)?,
                rows::from_json::<Standing>(row, "before")?,
                row.get::<_, Option<i64>>("undone_by")?,
                row.get::<_, i64>("revision")?,
            ))
        })
        .optional()?;
    let Some((article_id, act, target, undone_by, revision)) = row else {
        return Ok(Err(DecideError::NotFound));
    };
    let Some(article) = articles::load(db, article_id)? else { return Ok(Err(DecideError::NotFound)) };
    let before = standing(db, &article)?;
    if let Some(undo_id) = undone_by {
        // a double click on Undo: the same editor is told the same again
        let same: bool = db.query_row(
            "SELECT editor_id = ?1 AND revision = ?2 FROM decisions WHERE id = ?3",
            (editor_id, article.revision, undo_id),
            |row| row.get(0),
        )?;
        return Ok(if same {
            Ok(Decided { decision_id: undo_id, published_at: before.published_at, article, repeated: true })
        } else {
            Err(DecideError::NotUndoable("it was undone already"))
        });
    }
    let stands_below: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM decisions WHERE article_id = ?1 AND revision > ?2 AND act <> 'undo'
                        AND undone_by IS NULL)",
        (article_id, revision),
        |row| row.get(0),
    )?;
    if act == Act::Undo || stands_below || article.status == Status::Merged {
        return Ok(Err(DecideError::NotUndoable("a later decision stands on it")));
    }
    let decision = NewDecision { editor_id, act: Act::Undo, undoes: Some(decision_id), now };
    Ok(Ok(apply(db, &article, &before, target, &decision)?))
}

/// The decision's row id, if this very wish of this very editor is what made the article's present revision.
fn repeated(
    db: &Transaction<'_>,
    request: &DecisionRequest,
    current: &Standing,
) -> rusqlite::Result<Option<i64>> {
    let same_text = match &request.wish {
        Wish::Approve { summary, .. } | Wish::Edit { summary, .. } => {
            current.summary.as_ref() == Some(summary)
        }
        Wish::Reject { reason } => current.reject_reason == *reason,
        Wish::Later { .. } | Wish::Requeue | Wish::Withdraw => true,
    };
    if !same_text {
        return Ok(None);
    }
    db.prepare_cached(
        "SELECT decisions.id FROM decisions JOIN articles ON articles.id = article_id
         WHERE article_id = :article AND decisions.revision = :revision + 1 AND articles.revision = :revision + 1
           AND editor_id = :editor AND act = :act",
    )?
    .query_row(
        named_params! {
            ":article": request.article_id, ":revision": request.revision, ":editor": request.editor_id,
            ":act": request.wish.act().as_str(),
        },
        |row| row.get(0),
    )
    .optional()
}

fn standing(db: &Transaction<'_>, article: &Article) -> rusqlite::Result<Standing> {
    let published_at = db
        .prepare_cached("SELECT published_at FROM news WHERE article_id = ?1 AND withdrawn_at IS NULL")?
        .query_row([article.id], |row| row.get(0))
        .optional()?;
    Ok(Standing {
        status: article.status,
        title: article.edited_title.clone(),
        summary: article.summary.clone(),
        topics: article.topics.clone(),
        later_until: article.later_until,
        reject_reason: article.reject_reason,
        published_at: published_at.map(UnixMs),
    })
}

fn wanted_standing(
    before: &Standing,
    status: Status,
    article: &Article,
    wish: &Wish,
    now: UnixMs,
) -> Standing {
    let mut wanted = Standing { status, later_until: None, reject_reason: None, ..before.clone() };
    match wish {
        Wish::Approve { title, summary, topics, .. } | Wish::Edit { title, summary, topics } => {
            wanted.title = (title != &article.title).then(|| title.clone());
            wanted.summary = Some(summary.clone());
            wanted.topics.clone_from(topics);
        }
        Wish::Reject { reason } => wanted.reject_reason = *reason,
        Wish::Later { until } => wanted.later_until = Some(*until),
        Wish::Requeue | Wish::Withdraw => {}
    }
    match wish {
        Wish::Approve { publish_at, .. } => wanted.published_at = Some(publish_at.unwrap_or(now).max(now)),
        Wish::Edit { .. } => wanted.later_until = before.later_until,
        _ => wanted.published_at = None,
    }
    wanted
}

struct NewDecision {
    editor_id: i64,
    act: Act,
    undoes: Option<i64>,
    now: UnixMs,
}

/// Makes the article what `wanted` says, writes the history and moves what is public along.
fn apply(
    db: &Transaction<'_>,
    article: &Article,
    before: &Standing,
    mut wanted: Standing,
    decision: &NewDecision,
) -> rusqlite::Result<Decided> {
    let topics_edited = wanted.topics != before.topics;
    rows::execute(
        db,
        "UPDATE articles SET revision = revision + 1, status = :status, edited_title = :title, summary = :summary,
             topics = :topics, topics_edited = topics_edited OR :topics_edited, later_until = :later,
             reject_reason = :reason, upstream_changed = iif(:status = 'approved', NULL, upstream_changed)
         WHERE id = :id",
        named_params! {
            ":status": wanted.status.as_str(),
            ":title": wanted.title.as_ref().map(RichText::as_html),
            ":summary": wanted.summary,
            ":topics": rows::to_json(&wanted.topics)?,
            ":topics_edited": topics_edited,
            ":later": wanted.later_until.map(|at| at.0),
            ":reason": wanted.reject_reason.map(RejectReason::as_str),
            ":id": article.id,
        },
    )?;
    let article = articles::load(db, article.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    match wanted.status {
        Status::Approved => {
            let at = wanted.published_at.unwrap_or(decision.now);
            let published_at = news::publish(db, &article, at, decision.now)?;
            if before.status != Status::Approved {
                notices::publish_with_article(
                    db,
                    article.id,
                    decision.editor_id,
                    published_at,
                    decision.now,
                )?;
            }
            wanted.published_at = Some(published_at);
        }
        _ => news::hide(db, article.id, decision.now)?,
    }
    rows::execute(
        db,
        "INSERT INTO decisions (article_id, editor_id, act, at, revision, before, after, undoes)
         VALUES (:article, :editor, :act, :at, :revision, :before, :after, :undoes)",
        named_params! {
            ":article": article.id, ":editor": decision.editor_id, ":act": decision.act.as_str(),
            ":at": decision.now.0, ":revision": article.revision, ":before": rows::to_json(before)?,
            ":after": rows::to_json(&wanted)?, ":undoes": decision.undoes,
        },
    )?;
    let decision_id = db.last_insert_rowid();
    // whoever decides has stopped typing
    rows::execute(
        db,
        "DELETE FROM presence WHERE article_id = :article AND editor_id = :editor",
        named_params! {":article": article.id, ":editor": decision.editor_id},
    )?;
    if let Some(undone) = decision.undoes {
        rows::execute(
            db,
            "UPDATE decisions SET undone_by = :by WHERE id = :id",
            named_params! {":by": decision_id, ":id": undone},
        )?;
    }
    Ok(Decided { decision_id, published_at: wanted.published_at, article, repeated: false })
}
