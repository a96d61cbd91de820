//! What a merge moves from the article that is gone to the one that stands, and what goes back when they are parted.
//!
//! Nothing is deleted but looks of the watch, which are kept with the merge. Invariant: what is still as the merge left
//! it is after Undo as it was before the merge; what somebody changed since stays changed.

use rusqlite::{Connection, named_params};
use serde::{Deserialize, Serialize};

use super::decisions::Standing;
use super::notice_moves::{self, Handed};
use super::record::{self, Judgement};
use super::{articles, news, notices, rows};
use crate::domain::article::Article;
use crate::domain::entry::Entry;
use crate::domain::status::Status;
use crate::domain::summary::Draft;
use crate::domain::time::UnixMs;

/// What a merge changed, as `merges.moved` keeps it. What has a default was not noted by merges of old.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Moved {
    /// `(kind, value)`
    identifiers: Vec<(String, String)>,
    /// `(source, key)`
    sightings: Vec<(i64, String)>,
    #[serde(flatten)]
    notices: Handed,
    preprints: Vec<i64>,
    /// Trials that editors tied to the one that is gone alone.
    #[serde(default)]
    trials: Vec<String>,
    /// How it was watched: rows of `watch`.
    #[serde(default)]
    looks: Vec<serde_json::Value>,
    /// The paper that the one that stands was superseded by before the merge and after it.
    #[serde(default)]
    paper: Option<(Option<i64>, Option<i64>)>,
    record_before: Entry,
    record_after: Entry,
    draft_before: Option<Draft>,
    /// Where the one that is gone stood.
    pub(super) gone: Standing,
    /// The topics of the public item of the one that stands, if the merge added some.
    #[serde(default)]
    pub(super) item_topics: Option<Vec<String>>,
    /// Whether no editor had chosen the topics of the one that stands, until the merge added some.
    #[serde(default)]
    pub(super) topics_were_suggested: bool,
}

/// Moves what belongs to `gone` to `keep`, joins the records, and makes `gone` a forwarding id. Hints and hashes stay
/// where they are: what they lead to forwards.
pub(super) fn absorb(
    db: &Connection,
    keep: &Article,
    gone: &Article,
    gone_standing: Standing,
    approve_first: bool,
    now: UnixMs,
) -> rusqlite::Result<Moved> {
    let record_before = record::stored_record(db, keep.id)?;
    // of two records that say as much, that of the one that stands
    let record_after = record::join_records(&record::stored_record(db, gone.id)?, &record_before);
    let mut papers = [keep.superseded_by, gone.superseded_by].into_iter().flatten();
    let paper = papers.find(|paper| ![keep.id, gone.id].contains(paper));
    let moved = Moved {
        identifiers: list(
            db,
            "SELECT json_array(kind, value) FROM identifiers WHERE article_id = ?1",
            &[gone.id],
        )?,
        sightings: list(
            db,
            "SELECT json_array(source_id, entry_key) FROM sightings WHERE article_id = ?1",
            &[gone.id],
        )?,
        notices: notice_moves::follow_merge(db, gone.id, keep.id, approve_first, now)?,
        preprints: list(
            db,
            "SELECT json(id) FROM articles WHERE superseded_by = ?1 AND id <> ?2",
            &[gone.id, keep.id],
        )?,
        trials: list(
            db,
            "SELECT json_quote(nct) FROM trial_ties WHERE article_id = ?1
               AND nct NOT IN (SELECT nct FROM trial_ties WHERE article_id = ?2)",
            &[gone.id, keep.id],
        )?,
        looks: list(
            db,
            "DELETE FROM watch WHERE article_id = ?1 RETURNING json_object('service', service, 'next_at', next_at,
                 'checked_at', checked_at, 'failures', failures, 'error', error, 'snapshot', snapshot)",
            &[gone.id],
        )?,
        paper: Some((keep.superseded_by, paper)),
        record_before,
        record_after,
        draft_before: keep.draft.clone(),
        gone: gone_standing,
        item_topics: None,
        topics_were_suggested: false,
    };
    hand_over(db, &moved, gone.id, keep.id)?;
    set_paper(db, keep.id, paper)?;
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
    news::set_aside(db, gone.id, now)?;
    Ok(moved)
}

/// Parts two articles again: what the merge moved goes back, and the one that was gone stands where it stood. What the
/// editors decided on `kept` is the caller's to restore.
pub(super) fn part(
    db: &Connection,
    kept: &Article,
    gone_id: i64,
    moved: &Moved,
    now: UnixMs,
) -> rusqlite::Result<()> {
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
    hand_over(db, moved, kept.id, gone_id)?;
    rows::execute(
        db,
        "INSERT OR IGNORE INTO watch (article_id, service, next_at, checked_at, failures, error, snapshot)
         SELECT :id, value ->> 'service', value ->> 'next_at', value ->> 'checked_at', value ->> 'failures',
             value ->> 'error', value ->> 'snapshot' FROM json_each(:looks)",
        named_params! {":id": gone_id, ":looks": rows::to_json(&moved.looks)?},
    )?;
    if let Some((before, after)) = moved.paper
        && after.map_or(Ok(None), |paper| articles::standing_id(db, paper))? == kept.superseded_by
    {
        set_paper(db, kept.id, before)?;
    }
    if moved.topics_were_suggested {
        rows::execute(
            db,
            "UPDATE articles SET topics_edited = 0 WHERE id = :id",
            named_params! {":id": kept.id},
        )?;
    }
    let gone = articles::load(db, gone_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    restore_record(db, kept, &gone, moved)?;
    notice_moves::return_from_merge(db, &moved.notices, gone_id, kept.id, now)?;
    if gone.status != Status::Approved {
        return Ok(());
    }
    let shown = news::unhide(db, gone_id)?;
    if !shown {
        // merges of old took away the item of what was scheduled
        news::publish(db, &gone, moved.gone.published_at.unwrap_or(now), now)?;
    }
    notices::copy_to_item(db, gone_id, shown.then_some(now))
}

/// Gives what a merge moved, and what is still there, to `to`.
fn hand_over(db: &Connection, moved: &Moved, from: i64, to: i64) -> rusqlite::Result<()> {
    let lists = [
        (
            "UPDATE identifiers SET article_id = :to WHERE article_id = :from AND (kind, value) IN
                 (SELECT json_each.value ->> 0, json_each.value ->> 1 FROM json_each(:list))",
            rows::to_json(&moved.identifiers)?,
        ),
        (
            "UPDATE sightings SET article_id = :to WHERE article_id = :from AND (source_id, entry_key) IN
                 (SELECT json_each.value ->> 0, json_each.value ->> 1 FROM json_each(:list))",
            rows::to_json(&moved.sightings)?,
        ),
        (
            "UPDATE OR IGNORE trial_ties SET article_id = :to WHERE article_id = :from AND nct IN
                 (SELECT json_each.value FROM json_each(:list))",
            rows::to_json(&moved.trials)?,
        ),
        (
            "UPDATE articles SET superseded_by = :to WHERE superseded_by = :from AND id IN
                 (SELECT json_each.value FROM json_each(:list))",
            rows::to_json(&moved.preprints)?,
        ),
    ];
    for (sql, list) in lists {
        rows::execute(db, sql, named_params! {":to": to, ":from": from, ":list": list})?;
    }
    Ok(())
}

fn set_paper(db: &Connection, article_id: i64, paper: Option<i64>) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE articles SET superseded_by = :paper WHERE id = :id",
        named_params! {":paper": paper, ":id": article_id},
    )
    .map(drop)
}

/// Reads rows of one column of JSON.
fn list<T: serde::de::DeserializeOwned>(
    db: &Connection,
    sql: &str,
    parameters: &[i64],
) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(rusqlite::params_from_iter(parameters), rows::from_json_only)?.collect()
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
