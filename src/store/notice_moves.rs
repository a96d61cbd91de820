//! Notices go from one article to another: by a merge, and when a paper takes over the item of its preprint. Their keys
//! say whose they were, so that they can go back.

use rusqlite::{Connection, named_params};
use serde::{Deserialize, Serialize};

use super::notice_rows::{known_of, load, of_article};
use super::notices::{copy_to_item, is_known, is_public, join, make_public};
use super::{news, rows};
use crate::domain::notice::{Finding, Notice, NoticeState};
use crate::domain::time::UnixMs;

/// What a merge did to notices, as `merges.moved` keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Handed {
    /// Those that went to the article that stands.
    #[serde(rename = "notices")]
    moved: Vec<i64>,
    /// Those that the merge changed.
    #[serde(default)]
    settled: Vec<Settled>,
}

/// A notice as it was, and as the merge left it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settled {
    id: i64,
    before: Account,
    after: Account,
}

/// What a merge can change of a notice, and what somebody may have said of it since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Account {
    finding: Finding,
    state: NoticeState,
    public_at: Option<UnixMs>,
    answered_at: Option<UnixMs>,
}

impl From<Notice> for Account {
    fn from(notice: Notice) -> Self {
        Self {
            finding: notice.finding,
            state: notice.state,
            public_at: notice.public_at,
            answered_at: notice.answered.map(|(at, _)| at),
        }
    }
}

/// What was found about `gone` is found about `keep`: a notice that both have is joined, another one moves. What was
/// public of either is public, also where an editor dismissed it for the other; a grave one that waited marks the public
/// item at once, unless `approve_first`.
pub(super) fn follow_merge(
    db: &Connection,
    gone: i64,
    keep: i64,
    approve_first: bool,
    now: UnixMs,
) -> rusqlite::Result<Handed> {
    let is_public = is_public(db, keep)?;
    let mut handed = Handed::default();
    for notice in of_article(db, gone)? {
        let is_twin = |known: &Notice| {
            is_known(known, &notice.finding) && (stands(known) || notice.state != NoticeState::Public)
        };
        let before = match known_of(db, keep)?.into_iter().find(is_twin) {
            Some(twin) if stands(&notice) => {
                join(db, &twin, &notice.finding)?;
                twin
            }
            Some(_) => continue,
            None => {
                give(db, &[notice.id], gone, keep)?;
                handed.moved.push(notice.id);
                notice.clone()
            }
        };
        let marks_at_once = notice.finding.kind.is_serious() && before.answered.is_none() && !approve_first;
        if is_public
            && before.state == NoticeState::Waiting
            && (marks_at_once || notice.state == NoticeState::Public)
        {
            make_public(db, before.id, now)?;
        }
        let (id, before) = (before.id, Account::from(before));
        let after = account(db, id)?;
        if before != after {
            handed.settled.push(Settled { id, before, after });
        }
    }
    tell_readers(db, keep, now)?;
    Ok(handed)
}

/// Parts what [`follow_merge`] joined. What somebody said of a notice since stays said.
pub(super) fn return_from_merge(
    db: &Connection,
    handed: &Handed,
    gone: i64,
    keep: i64,
    now: UnixMs,
) -> rusqlite::Result<()> {
    for Settled { id, before, after } in &handed.settled {
        if account(db, *id)? == *after {
            rows::execute(
                db,
                "UPDATE notices SET finding = :finding, kind = :kind, state = :state, public_at = :public_at
                 WHERE id = :id",
                named_params! {
                    ":finding": rows::to_json(&before.finding)?, ":kind": before.finding.kind.as_str(),
                    ":state": before.state.as_str(), ":public_at": before.public_at.map(|at| at.0), ":id": id,
                },
            )?;
        }
    }
    give_back(db, &handed.moved, gone, keep)?;
    tell_readers(db, keep, now)
}

/// When a paper took over the item of its preprint: what the public was told of the preprint stays with the item.
pub(super) fn follow_version(db: &Connection, preprint: i64, paper: i64) -> rusqlite::Result<()> {
    let told = ids(db, "article_id = ?1 AND public_at IS NOT NULL", &[preprint])?;
    give(db, &told, preprint, paper)?;
    copy_to_item(db, paper, None)
}

/// When the paper gave the item back: see [`follow_version`].
pub(super) fn return_to_version(db: &Connection, preprint: i64, paper: i64) -> rusqlite::Result<()> {
    let told = ids(db, "article_id = ?1 AND finding_key LIKE '% of ' || ?2", &[paper, preprint])?;
    give_back(db, &told, preprint, paper)?;
    copy_to_item(db, preprint, None)
}

fn stands(notice: &Notice) -> bool {
    matches!(notice.state, NoticeState::Waiting | NoticeState::Public)
}

fn give(db: &Connection, notices: &[i64], from: i64, to: i64) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE notices SET article_id = :to, finding_key = finding_key || ' of ' || :from
         WHERE id IN (SELECT value FROM json_each(:ids))",
        named_params! {":from": from, ":to": to, ":ids": rows::to_json(notices)?},
    )
    .map(drop)
}

/// Reverses [`give`]. Merges of old left the keys as they were.
fn give_back(db: &Connection, notices: &[i64], from: i64, to: i64) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE notices SET article_id = :from, finding_key = iif(finding_key LIKE '% of ' || :from,
             substr(finding_key, 1, length(finding_key) - length(' of ' || :from)), finding_key)
         WHERE article_id = :to AND id IN (SELECT value FROM json_each(:ids))",
        named_params! {":from": from, ":to": to, ":ids": rows::to_json(notices)?},
    )
    .map(drop)
}

fn ids(db: &Connection, condition: &str, parameters: &[i64]) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached(&format!("SELECT id FROM notices WHERE {condition}"))?
        .query_map(rusqlite::params_from_iter(parameters), |row| row.get(0))?
        .collect()
}

fn account(db: &Connection, notice_id: i64) -> rusqlite::Result<Account> {
    load(db, notice_id)?.map(Account::from).ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Writes the public item's copy of its notices anew; its date moves where other ones mark it now, or no longer.
fn tell_readers(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    if !is_public(db, article_id)? {
        return Ok(());
    }
    let before = news::marks(db, article_id)?;
    copy_to_item(db, article_id, None)?;
    if news::marks(db, article_id)? != before {
        news::move_update(db, article_id, now)?;
    }
    Ok(())
}
