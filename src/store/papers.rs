//! An editor's answer that a published preprint's paper appeared is the approval of the paper: it takes over the
//! permalink (`versions`) with the text that the editor stands by.

use rusqlite::Transaction;

use super::decisions::{self, DecisionRequest, Wish};
use super::{articles, matching, versions};
use crate::domain::entry::WorkKind;
use crate::domain::identity::Identifiers;
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

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
