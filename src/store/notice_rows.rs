//! Notices as rows.

use rusqlite::{Connection, OptionalExtension, Row};

use super::rows;
use crate::domain::notice::{Notice, NoticeState, PublicNotice, SummaryHolds};
use crate::domain::time::UnixMs;

/// The columns that [`notice`] reads.
pub(super) const NOTICE_COLUMNS: &str = "notices.id AS notice_id, notices.public_id AS notice_public_id, \
     notices.article_id AS notice_article_id, finding, state, found_at, public_at, lifted_at, answered_at, answer";

/// Reads [`NOTICE_COLUMNS`].
pub(super) fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let answer: Option<String> = row.get("answer")?;
    let answer = answer.and_then(|word| SummaryHolds::parse(&word));
    Ok(Notice {
        id: row.get("notice_id")?,
        public_id: row.get("notice_public_id")?,
        article_id: row.get("notice_article_id")?,
        finding: rows::from_json(row, "finding")?,
        state: rows::word(row, "state", NoticeState::parse)?,
        found_at: UnixMs(row.get("found_at")?),
        public_at: rows::instant(row, "public_at")?,
        lifted_at: rows::instant(row, "lifted_at")?,
        answered: rows::instant(row, "answered_at")?.zip(answer),
    })
}

/// Reads `public_id`, `finding`, `public_at` and `lifted_at`.
pub(super) fn public_notice(row: &Row<'_>) -> rusqlite::Result<PublicNotice> {
    Ok(PublicNotice {
        public_id: row.get("public_id")?,
        finding: rows::from_json(row, "finding")?,
        public_at: UnixMs(row.get("public_at")?),
        lifted_at: rows::instant(row, "lifted_at")?,
    })
}

pub(super) fn load(db: &Connection, notice_id: i64) -> rusqlite::Result<Option<Notice>> {
    db.prepare_cached(&format!("SELECT {NOTICE_COLUMNS} FROM notices WHERE id = ?1"))?
        .query_row([notice_id], notice)
        .optional()
}

/// All notices about an article, oldest first.
pub(super) fn of_article(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<Notice>> {
    let sql = format!("SELECT {NOTICE_COLUMNS} FROM notices WHERE article_id = ?1 ORDER BY found_at, id");
    db.prepare_cached(&sql)?.query_map([article_id], notice)?.collect()
}

/// Everything that was found about an article, also what followed its item to its paper.
pub(super) fn known_of(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<Notice>> {
    let sql = format!(
        "SELECT {NOTICE_COLUMNS} FROM notices WHERE article_id = ?1 OR finding_key LIKE '% of ' || ?1
         ORDER BY found_at, id"
    );
    db.prepare_cached(&sql)?.query_map([article_id], notice)?.collect()
}
