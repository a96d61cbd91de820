//! What editors decide: one transition, one row of history, one publication, in one transaction.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};

use super::rows;
use super::{Store, StoreError, articles, merge, news, notices, versions};
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
    /// The two may not become one.
    #[error("these two cannot be merged: {0}")]
    NotMergeable(&'static str),
    /// The work has a newer version, which stands for it.
    #[error("its published version stands for it")]
    Superseded {
        /// The row id of that version.
        by: i64,
    },
    /// The decision was reversed already, or a later one stands on it.
    #[error("this decision cannot be undone any more: {0}")]
    NotUndoable(&'static str),
    /// The database failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a decision can change, as history keeps it before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) status: Status,
    pub(super) title: Option<RichText>,
    pub(super) summary: Option<String>,
    pub(super) topics: Vec<String>,
    pub(super) later_until: Option<UnixMs>,
    pub(super) reject_reason: Option<RejectReason>,
    pub(super) published_at: Option<UnixMs>,
}

impl Standing {
    /// Of an article that nobody has touched.
    pub(super) fn waiting() -> Self {
        Self {
            status: Status::Queued,
            title: None,
            summary: None,
            topics: Vec::new(),
            later_until: None,
            reject_reason: None,
            published_at: None,
        }
    }
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
}

pub(super) type Refusable<T> = rusqlite::Result<Result<T, DecideError>>;

pub(super) fn decide(db: &Transaction<'_>, request: &DecisionRequest, now: UnixMs) -> Refusable<Decided> {
    let Some(article) = articles::load(db, request.article_id)? else {
        return Ok(Err(DecideError::NotFound));
    };
    let act = request.wish.act();
    let before = standing(db, &article)?;
    if article.revision != request.revision || article.id != request.article_id {
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
    if let Some(by) = article.superseded_by
        && replaced(db, &article, act, by)?
    {
        return Ok(Err(DecideError::Superseded { by }));
    }
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
    if article.id != article_id {
        return Ok(Err(DecideError::NotUndoable(
            "its article was merged into another since; undo the merge first",
        )));
    }
    if act == Act::Undo || stands_below {
        return Ok(Err(DecideError::NotUndoable("a later decision stands on it")));
    }
    // one that had no item of its own even then was replaced before, and stays so
    if target.published_at.is_some() && versions::is_replaced(db, article.id)? {
        return Ok(Err(DecideError::NotUndoable("the published version took its place")));
    }
    let decision = NewDecision { editor_id, act: Act::Undo, undoes: Some(decision_id), now };
    if act == Act::Merge {
        return merge::undo(db, decision_id, &article, &before, &target, &decision);
    }
    Ok(Ok(apply(db, &article, &before, target, &decision)?))
}

/// Whether an act on a preprint would touch what its paper stands for now: the permalink that it took over, or a second
/// item about one work.
fn replaced(db: &Transaction<'_>, preprint: &Article, act: Act, paper_id: i64) -> rusqlite::Result<bool> {
    let paper_stands =
        || Ok(articles::load(db, paper_id)?.is_some_and(|paper| paper.status == Status::Approved));
    match act {
        Act::Approve => paper_stands(),
        Act::Edit | Act::Withdraw if preprint.status == Status::Approved => {
            versions::is_replaced(db, preprint.id)
        }
        _ => Ok(false),
    }
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

pub(super) fn standing(db: &Connection, article: &Article) -> rusqlite::Result<Standing> {
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

pub(super) struct NewDecision {
    pub(super) editor_id: i64,
    pub(super) act: Act,
    pub(super) undoes: Option<i64>,
    pub(super) now: UnixMs,
}

/// Makes the article what `wanted` says, writes the history and moves what is public along.
fn apply(
    db: &Transaction<'_>,
    article: &Article,
    before: &Standing,
    mut wanted: Standing,
    decision: &NewDecision,
) -> rusqlite::Result<Decided> {
    store_standing(db, article.id, &wanted, wanted.topics != before.topics)?;
    if wanted.status == Status::Approved {
        // the editor saw it
        let sql = "UPDATE articles SET upstream_changed = NULL WHERE id = :id";
        rows::execute(db, sql, named_params! {":id": article.id})?;
    }
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
        _ if decision.act == Act::Undo && versions::hand_back(db, article.id, decision.now)? => {}
        _ => news::hide(db, article.id, decision.now)?,
    }
    let decision_id = write_decision(db, &article, before, &wanted, decision)?;
    Ok(Decided { decision_id, published_at: wanted.published_at, article, repeated: false })
}

/// Makes the article's row what `wanted` says, as a new revision.
pub(super) fn store_standing(
    db: &Connection,
    article_id: i64,
    wanted: &Standing,
    topics_edited: bool,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE articles SET revision = revision + 1, status = :status, edited_title = :title, summary = :summary,
             topics = :topics, topics_edited = topics_edited OR :topics_edited, later_until = :later,
             reject_reason = :reason
         WHERE id = :id",
        named_params! {
            ":status": wanted.status.as_str(),
            ":title": wanted.title.as_ref().map(RichText::as_html),
            ":summary": wanted.summary,
            ":topics": rows::to_json(&wanted.topics)?,
            ":topics_edited": topics_edited,
            ":later": wanted.later_until.map(|at| at.0),
            ":reason": wanted.reject_reason.map(RejectReason::as_str),
            ":id": article_id,
        },
    )
    .map(drop)
}

/// Writes the history; gives the row's id.
pub(super) fn write_decision(
    db: &Connection,
    article: &Article,
    before: &Standing,
    wanted: &Standing,
    decision: &NewDecision,
) -> rusqlite::Result<i64> {
    rows::execute(
        db,
        "INSERT INTO decisions (article_id, editor_id, act, at, revision, before, after, undoes)
         VALUES (:article, :editor, :act, :at, :revision, :before, :after, :undoes)",
        named_params! {
            ":article": article.id, ":editor": decision.editor_id, ":act": decision.act.as_str(),
            ":at": decision.now.0, ":revision": article.revision, ":before": rows::to_json(before)?,
            ":after": rows::to_json(wanted)?, ":undoes": decision.undoes,
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
    Ok(decision_id)
}
