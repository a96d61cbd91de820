//! What the full-text index holds of articles.

use rusqlite::{Connection, named_params};

use super::rows;

/// Makes new articles findable by their words, all of a transaction in one statement: FTS5 writes a segment for each
/// statement and savepoint. New are those after the last that is indexed; nothing is ever inserted before it.
pub(super) fn index_new(db: &Connection) -> rusqlite::Result<()> {
    let (newest, indexed): (i64, i64) = db
        .prepare_cached(
            "SELECT coalesce((SELECT max(id) FROM articles), 0),
                 coalesce((SELECT max(id) FROM articles_fts_docsize), 0)",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if newest <= indexed {
        return Ok(());
    }
    rows::execute(
        db,
        "INSERT INTO articles_fts (rowid, title_text, abstract_text, summary, authors_text, journal_text)
         SELECT id, title_text, abstract_text, summary, authors_text, journal_text FROM articles
         WHERE id > :indexed ORDER BY id",
        named_params! {":indexed": indexed},
    )?;
    Ok(())
}
