//! Two articles that are one work: one stands for both, the other becomes a forwarding id. Nothing is deleted.
//!
//! The one that is gone keeps its row, its text, its decisions and its place in history; identifiers and sightings go
//! to the one that stands, and a list of them stays, so that Undo can give them back.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

use super::absorb::{self, Moved, absorb};
use super::decisions::{self, DecideError, Decided, NewDecision, Refusable, Standing};
use super::{Store, articles, news, people, rows, versions};
use crate::domain::article::Article;
use crate::domain::entry::WorkKind;
use crate::domain::status::{Act, Status};
use crate::domain::time::UnixMs;
use crate::domain::version::as_versions;

/// An editor's word that two articles are one work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequest {
    /// The article that shall stand, and the revision that the editor saw. What was decided on stands before what was
    /// not, whichever is named here: public, taken back, rejected, put off, waiting.
    pub keep: (i64, i64),
    /// The other, and the revision that the editor saw.
    pub gone: (i64, i64),
    /// Who.
    pub editor_id: i64,
    /// Whether grave notices wait for an editor before they mark a public item (`watch.approve_first`).
    pub approve_first: bool,
}

impl Store {
    /// Merges two articles as an editor says. The one that stands keeps its decision and its text; where it has none,
    /// it takes the other's. Of two published ones the other's address forwards from now on. [`Store::undo`] parts
    /// them again as long as nothing else was decided on them.
    ///
    /// # Errors
    /// A conflict with the article that changed meanwhile, a pair that may not be merged, or the database's; in each
    /// case nothing was changed.
    pub async fn merge(&self, request: MergeRequest, now: UnixMs) -> Result<Decided, DecideError> {
        self.write("merging articles", move |db| merge(db, &request, now)).await?
    }
}

/// Merges what no editor has had to do with, because identifiers say so.
pub(super) fn merge_undecided(
    db: &Connection,
    keep: &Article,
    gone: &Article,
    now: UnixMs,
) -> rusqlite::Result<Article> {
    // what no editor decided on is not public: no notice marks anything
    absorb(db, keep, gone, Standing::waiting(), true, now)?;
    let object = format!("article {} into article {}", gone.id, keep.id);
    people::audit(db, None, "merge", &object, None, None, now)?;
    articles::load(db, keep.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn merge(db: &Transaction<'_>, request: &MergeRequest, now: UnixMs) -> Refusable<Decided> {
    let ((keep_id, keep_revision), (gone_id, gone_revision)) = (request.keep, request.gone);
    let (Some(keep), Some(gone)) = (articles::load(db, keep_id)?, articles::load(db, gone_id)?) else {
        return Ok(Err(DecideError::NotFound));
    };
    if keep_id == gone_id {
        return Ok(Err(DecideError::NotMergeable("it is the same article")));
    }
    if keep.id == gone.id {
        return Ok(match repeated(db, request, &keep)? {
            Some(decision_id) => {
                Ok(Decided { decision_id, article: keep, published_at: None, repeated: true })
            }
            None => Err(DecideError::Conflict { current: Box::new(keep) }),
        });
    }
    for (article, id, revision) in [(&keep, keep_id, keep_revision), (&gone, gone_id, gone_revision)] {
        if article.id != id || article.revision != revision {
            return Ok(Err(DecideError::Conflict { current: Box::new(article.clone()) }));
        }
    }
    let linked = |a: &Article, b: &Article| a.superseded_by == Some(b.id);
    if as_versions(&keep, &gone).is_some() || linked(&keep, &gone) || linked(&gone, &keep) {
        return Ok(Err(DecideError::NotMergeable(
            "a preprint and its paper are linked as versions, not merged",
        )));
    }
    if (keep.kind == WorkKind::Trial) != (gone.kind == WorkKind::Trial) {
        return Ok(Err(DecideError::NotMergeable("a registration and a report of the trial are two works")));
    }
    let (keep, gone) = match weight(db, &keep, now)? < weight(db, &gone, now)? {
        true => (gone, keep),
        false => (keep, gone),
    };
    if versions::is_replaced(db, gone.id)? {
        return Ok(Err(DecideError::NotMergeable("the address of this preprint shows its published paper")));
    }
    let before = decisions::standing(db, &keep)?;
    let gone_before = decisions::standing(db, &gone)?;
    let gone_edited = gone.status == Status::Approved || has_chosen_topics(db, gone.id)?;
    let wanted = joint_standing(&before, &gone_before, gone_edited);
    let adds_topics = wanted.topics != before.topics;

    let mut moved = absorb(db, &keep, &gone, gone_before, request.approve_first, now)?;
    moved.topics_were_suggested = adds_topics && !has_chosen_topics(db, keep.id)?;
    decisions::store_standing(db, keep.id, &wanted, adds_topics)?;
    if keep.status == Status::Approved && adds_topics {
        moved.item_topics = news::standing_topics(db, keep.id)?.map(|(_, topics)| topics);
        news::set_topics(db, keep.id, &wanted.topics)?;
    }
    let article = articles::load(db, keep.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let decision = NewDecision { editor_id: request.editor_id, act: Act::Merge, undoes: None, now };
    let decision_id = decisions::write_decision(db, &article, &before, &wanted, &decision)?;
    rows::execute(
        db,
        "INSERT INTO merges (decision_id, kept_id, gone_id, moved) VALUES (:decision, :kept, :gone, :moved)",
        named_params! {
            ":decision": decision_id, ":kept": keep.id, ":gone": gone.id, ":moved": rows::to_json(&moved)?,
        },
    )?;
    let object = format!("article {} into article {}", gone.id, keep.id);
    people::audit(db, Some(request.editor_id), "merge", &object, None, None, now)?;
    Ok(Ok(Decided { decision_id, published_at: wanted.published_at, article, repeated: false }))
}

/// The decision's row id, if this very merge of this very editor was the last act on the article.
fn repeated(db: &Connection, request: &MergeRequest, kept: &Article) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached(
        "SELECT decisions.id FROM decisions JOIN merges ON merges.decision_id = decisions.id
         WHERE article_id = :kept AND revision = :revision AND editor_id = :editor
           AND merges.kept_id IN (:a, :b) AND merges.gone_id IN (:a, :b)",
    )?
    .query_row(
        named_params! {
            ":kept": kept.id, ":revision": kept.revision, ":editor": request.editor_id,
            ":a": request.keep.0, ":b": request.gone.0,
        },
        |row| row.get(0),
    )
    .optional()
}

/// How much an article has been decided on: what weighs more stands.
fn weight(db: &Connection, article: &Article, now: UnixMs) -> rusqlite::Result<u8> {
    let public = || {
        db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM news WHERE article_id = ?1 AND withdrawn_at IS NULL AND published_at <= ?2)",
        )?
        .query_row((article.id, now.0), |row| row.get::<_, bool>(0))
    };
    // of two approved ones, that which readers have seen
    Ok(article.status.weight() * 2 + u8::from(article.status == Status::Approved && public()?))
}

/// Whether an editor chose the article's topics.
fn has_chosen_topics(db: &Connection, article_id: i64) -> rusqlite::Result<bool> {
    db.query_row("SELECT topics_edited FROM articles WHERE id = ?1", [article_id], |row| row.get(0))
}

/// The decision of the one that stands; the other's text only where it has none; the topics of both, but those that
/// were merely suggested for the other are nothing to add to what an editor decided.
fn joint_standing(keep: &Standing, gone: &Standing, gone_edited: bool) -> Standing {
    let mut joint = keep.clone();
    if keep.summary.is_none() && keep.title.is_none() {
        joint.summary.clone_from(&gone.summary);
        joint.title.clone_from(&gone.title);
    }
    if gone_edited || keep.status == Status::Queued {
        let more = gone.topics.iter().filter(|topic| !keep.topics.contains(topic));
        joint.topics.extend(more.cloned());
    }
    joint
}

/// Reverses a merge: parts the two, and gives the one that stood its own standing back.
pub(super) fn undo(
    db: &Transaction<'_>,
    merge_id: i64,
    article: &Article,
    before: &Standing,
    target: &Standing,
    decision: &NewDecision,
) -> Refusable<Decided> {
    let (gone_id, moved) = db
        .prepare_cached("SELECT gone_id, moved FROM merges WHERE decision_id = ?1")?
        .query_row([merge_id], |row| Ok((row.get::<_, i64>(0)?, rows::from_json::<Moved>(row, "moved")?)))?;
    let forwards: bool =
        db.query_row("SELECT merged_into IS ?2 FROM articles WHERE id = ?1", (gone_id, article.id), |row| {
            row.get(0)
        })?;
    if !forwards {
        return Ok(Err(DecideError::NotUndoable("the other article was merged further")));
    }
    absorb::part(db, article, gone_id, &moved, decision.now)?;
    decisions::store_standing(db, article.id, target, false)?;
    if target.status == Status::Approved && target.topics != before.topics {
        news::set_topics(db, article.id, moved.item_topics.as_ref().unwrap_or(&target.topics))?;
    }
    let article = articles::load(db, article.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let decision_id = decisions::write_decision(db, &article, before, target, decision)?;
    Ok(Ok(Decided { decision_id, published_at: target.published_at, article, repeated: false }))
}
