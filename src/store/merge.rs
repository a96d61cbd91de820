//! Two articles that are one work: one stands for both, the other becomes a forwarding id. Nothing is deleted.
//!
//! The one that is gone keeps its row, its text, its decisions and its place in history; identifiers and sightings go
//! to the one that stands, and a list of them stays, so that Undo can give them back.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use serde::{Deserialize, Serialize};

use super::decisions::{self, DecideError, Decided, NewDecision, Refusable, Standing};
use super::record::{self, Judgement};
use super::{Store, articles, news, notice_rows, notices, people, rows};
use crate::domain::article::Article;
use crate::domain::entry::{Entry, WorkKind};
use crate::domain::status::{Act, Status};
use crate::domain::summary::Draft;
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
}

/// What a merge changed, as `merges.moved` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Moved {
    /// `(kind, value)`
    identifiers: Vec<(String, String)>,
    /// `(source, key)`
    sightings: Vec<(i64, String)>,
    notices: Vec<i64>,
    preprints: Vec<i64>,
    record_before: Entry,
    record_after: Entry,
    draft_before: Option<Draft>,
    gone: Standing,
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
    absorb(db, keep, gone)?;
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
    if as_versions(&keep, &gone).is_some() {
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
    let before = decisions::standing(db, &keep)?;
    let gone_before = decisions::standing(db, &gone)?;
    let wanted = joint_standing(&before, &gone_before, is_edited(db, &gone)?);

    let mut moved = absorb(db, &keep, &gone)?;
    moved.gone = gone_before;
    news::hide(db, gone.id, now)?;
    decisions::store_standing(db, keep.id, &wanted, wanted.topics != before.topics)?;
    if keep.status == Status::Approved && wanted.topics != before.topics {
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

fn is_edited(db: &Connection, article: &Article) -> rusqlite::Result<bool> {
    let topics: bool =
        db.query_row("SELECT topics_edited FROM articles WHERE id = ?1", [article.id], |row| row.get(0))?;
    Ok(topics || article.status == Status::Approved)
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

/// Moves what belongs to `gone` to `keep`, joins the records, and makes `gone` a forwarding id. Hints and hashes stay
/// where they are: what they lead to forwards.
fn absorb(db: &Connection, keep: &Article, gone: &Article) -> rusqlite::Result<Moved> {
    let record_before = record::stored_record(db, keep.id)?;
    let other = record::stored_record(db, gone.id)?;
    let record_after = record::join_records(&record_before, &other);
    let moved = Moved {
        identifiers: list(
            db,
            "SELECT kind, value FROM identifiers WHERE article_id = ?1",
            [gone.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?,
        sightings: list(
            db,
            "SELECT source_id, entry_key FROM sightings WHERE article_id = ?1",
            [gone.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?,
        // a notice that both have stays where it is
        notices: list(
            db,
            "SELECT id FROM notices WHERE article_id = ?1 AND finding_key NOT IN
                 (SELECT finding_key FROM notices WHERE article_id = ?2)",
            (gone.id, keep.id),
            |row| row.get(0),
        )?,
        preprints: list(db, "SELECT id FROM articles WHERE superseded_by = ?1", [gone.id], |row| row.get(0))?,
        record_before,
        record_after,
        draft_before: keep.draft.clone(),
        gone: Standing::waiting(),
    };
    hand_over(db, &moved, keep.id)?;
    let judgement = Judgement {
        relevance: keep.relevance.clone(),
        topics: keep.topics.clone(),
        draft: keep.draft.clone().or_else(|| gone.draft.clone()),
        ..Judgement::default()
    };
    record::write_record(db, keep.id, &moved.record_after, &judgement)?;
    rows::execute(
        db,
        "UPDATE articles SET status = 'merged', merged_into = :into, revision = revision + 1 WHERE id = :from",
        named_params! {":into": keep.id, ":from": gone.id},
    )?;
    notice_rows::follow_merge(db, gone.id, keep.id)?;
    Ok(moved)
}

/// Gives what a merge moved to `to`.
fn hand_over(db: &Connection, moved: &Moved, to: i64) -> rusqlite::Result<()> {
    for (kind, value) in &moved.identifiers {
        rows::execute(
            db,
            "UPDATE identifiers SET article_id = :to WHERE kind = :kind AND value = :value",
            named_params! {":to": to, ":kind": kind, ":value": value},
        )?;
    }
    for (source_id, key) in &moved.sightings {
        rows::execute(
            db,
            "UPDATE sightings SET article_id = :to WHERE source_id = :source AND entry_key = :key",
            named_params! {":to": to, ":source": source_id, ":key": key},
        )?;
    }
    for notice in &moved.notices {
        rows::execute(
            db,
            "UPDATE notices SET article_id = :to WHERE id = :id",
            named_params! {":to": to, ":id": notice},
        )?;
    }
    for preprint in &moved.preprints {
        rows::execute(
            db,
            "UPDATE articles SET superseded_by = :to WHERE id = :id",
            named_params! {":to": to, ":id": preprint},
        )?;
    }
    Ok(())
}

fn list<T, P: rusqlite::Params>(
    db: &Connection,
    sql: &str,
    parameters: P,
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(parameters, |row| read(row))?.collect()
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
    if let Err(refused) = part(db, merge_id, article, decision.now)? {
        return Ok(Err(refused));
    }
    decisions::store_standing(db, article.id, target, false)?;
    if target.status == Status::Approved && target.topics != before.topics {
        news::set_topics(db, article.id, &target.topics)?;
    }
    let article = articles::load(db, article.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let decision_id = decisions::write_decision(db, &article, before, target, decision)?;
    Ok(Ok(Decided { decision_id, published_at: target.published_at, article, repeated: false }))
}

/// Parts two articles again: everything that the merge moved goes back, the other stands where it stood.
fn part(db: &Connection, decision_id: i64, kept: &Article, now: UnixMs) -> Refusable<()> {
    let (gone_id, moved) = db
        .prepare_cached("SELECT gone_id, moved FROM merges WHERE decision_id = ?1")?
        .query_row([decision_id], |row| {
            Ok((row.get::<_, i64>(0)?, rows::from_json::<Moved>(row, "moved")?))
        })?;
    let forwards: bool =
        db.query_row("SELECT merged_into IS ?2 FROM articles WHERE id = ?1", (gone_id, kept.id), |row| {
            row.get(0)
        })?;
    if !forwards {
        return Ok(Err(DecideError::NotUndoable("the other article was merged further")));
    }
    rows::execute(
        db,
        "UPDATE articles SET merged_into = NULL, status = :status, later_until = :later, reject_reason = :reason,
             revision = revision + 1
         WHERE id = :id",
        named_params! {
            ":status": moved.gone.status.as_str(), ":later": moved.gone.later_until.map(|at| at.0),
            ":reason": moved.gone.reject_reason.map(|reason| reason.as_str()), ":id": gone_id,
        },
    )?;
    hand_over(db, &moved, gone_id)?;
    notices::copy_to_item(db, kept.id, None)?;
    let gone = articles::load(db, gone_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    restore_record(db, kept, &gone, &moved)?;
    if gone.status == Status::Approved && !news::unhide(db, gone_id, now)? {
        news::publish(db, &gone, moved.gone.published_at.unwrap_or(now), now)?;
    }
    Ok(Ok(()))
}

/// The record of the one that stood, as it was; where sources changed it since, only the other's identifiers leave it.
fn restore_record(db: &Connection, kept: &Article, gone: &Article, moved: &Moved) -> rusqlite::Result<()> {
    let now = record::stored_record(db, kept.id)?;
    let (record, draft) = if now == moved.record_after {
        (moved.record_before.clone(), moved.draft_before.clone())
    } else {
        let mut record = now;
        let (ids, theirs, before) = (&mut record.ids, &gone.ids, &moved.record_before.ids);
        fn leave<T: PartialEq + Clone>(ours: &mut Option<T>, theirs: &Option<T>, before: &Option<T>) {
            if ours == theirs {
                ours.clone_from(before);
            }
        }
        leave(&mut ids.pmid, &theirs.pmid, &before.pmid);
        leave(&mut ids.doi, &theirs.doi, &before.doi);
        leave(&mut ids.pmcid, &theirs.pmcid, &before.pmcid);
        leave(&mut ids.nct, &theirs.nct, &before.nct);
        leave(&mut ids.pii, &theirs.pii, &before.pii);
        (record, kept.draft.clone())
    };
    let judgement = Judgement {
        relevance: kept.relevance.clone(),
        topics: kept.topics.clone(),
        draft,
        ..Judgement::default()
    };
    record::write_record(db, kept.id, &record, &judgement)
}
