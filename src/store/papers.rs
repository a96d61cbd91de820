//! An editor's answer that a published preprint's paper appeared is the approval of the paper: it takes over the
//! permalink (`versions`) with the text that the editor stands by. And which papers are still to be looked for.

use rusqlite::{Transaction, named_params};

use super::decisions::{self, DecisionRequest, Wish};
use super::{Store, StoreError, articles, matching, notice_rows, notices, rows, versions};
use crate::domain::entry::WorkKind;
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Finding, Notice};
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

impl Store {
    /// Preprints that are published, about whose paper nothing is known yet, and for which it is time to look again: the
    /// notices with the looks so far that gave nothing, the longest due first.
    ///
    /// # Errors
    /// The database's.
    pub async fn papers_to_meet(&self, limit: i64, now: UnixMs) -> Result<Vec<(Notice, u32)>, StoreError> {
        self.read("listing papers of preprints", move |db| {
            let sql = format!(
                "SELECT {}, paper_tries FROM notices WHERE state IN ('waiting', 'public') AND kind = 'now_published'
                   AND json_extract(finding, '$.detail') = '' AND coalesce(paper_next_at, 0) <= :now
                 ORDER BY paper_next_at, found_at, id LIMIT :limit",
                notice_rows::NOTICE_COLUMNS
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement.query_map(named_params! {":now": now.0, ":limit": limit}, |row| {
                Ok((notice_rows::notice(row)?, row.get("paper_tries")?))
            })?;
            found.collect()
        })
        .await
    }

    /// The paper that a notice names could not be had: it is looked for again at `next_at`.
    ///
    /// # Errors
    /// The database's.
    pub async fn postpone_paper(&self, notice_id: i64, next_at: UnixMs) -> Result<(), StoreError> {
        self.write("postponing the look for a paper", move |db| {
            rows::execute(
                db,
                "UPDATE notices SET paper_tries = paper_tries + 1, paper_next_at = :next WHERE id = :id",
                named_params! {":next": next_at.0, ":id": notice_id},
            )?;
            Ok(())
        })
        .await
    }

    /// Completes what a notice says that stands: the paper of a preprint, and what differs.
    ///
    /// # Errors
    /// The database's.
    pub async fn complete_finding(&self, notice_id: i64, finding: Finding) -> Result<(), StoreError> {
        self.write("completing a notice", move |db| {
            rows::execute(
                db,
                "UPDATE notices SET finding = :finding
                 WHERE id = :id AND state IN ('waiting', 'public') AND kind = :kind",
                named_params! {
                    ":finding": rows::to_json(&finding)?, ":id": notice_id, ":kind": finding.kind.as_str(),
                },
            )?;
            match notice_rows::load(db, notice_id)? {
                Some(notice) => notices::copy_to_item(db, notice.article_id, None),
                None => Ok(()),
            }
        })
        .await
    }
}

/// Publishes the paper that has `ids` in the place of its preprint, if we have its record and no editor has decided on
/// it. Gives the paper's row id if it now stands for both.
pub(super) fn publish_paper(
    db: &Transaction<'_>,
    preprint_id: i64,
    ids: &Identifiers,
    editor_id: i64,
    now: UnixMs,
) -> rusqlite::Result<Option<i64>> {
    let Some(paper) = matching::find_by_ids(db, ids)?.map_or(Ok(None), |id| articles::load(db, id))? else {
        return Ok(None);
    };
    versions::link(db, preprint_id, paper.id, true)?;
    let Some(preprint) = articles::load(db, preprint_id)? else { return Ok(None) };
    let is_free = matches!(paper.status, Status::Queued | Status::Later) && paper.kind != WorkKind::Preprint;
    if !is_free || preprint.superseded_by != Some(paper.id) || preprint.status != Status::Approved {
        return Ok(None);
    }
    let wish = Wish::Approve {
        title: preprint.edited_title.unwrap_or(paper.title),
        summary: preprint.summary.unwrap_or_default(),
        topics: preprint.topics,
        publish_at: None,
    };
    let request = DecisionRequest { article_id: paper.id, revision: paper.revision, editor_id, wish };
    Ok(decisions::decide(db, &request, now)?.ok().map(|decided| decided.article.id))
}
