//! Articles as the desk reads them: one article, its sightings.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError};
use crate::domain::article::{Article, Sighting};
use crate::domain::time::UnixMs;

impl Store {
    /// One article; a merged one forwards to the article that stands for it.
    ///
    /// # Errors
    /// The database's.
    pub async fn article(&self, id: i64) -> Result<Option<Article>, StoreError> {
        self.read("reading an article", move |db| load(db, id)).await
    }

    /// One article by the ULID of its public address; a merged one forwards.
    ///
    /// # Errors
    /// The database's.
    pub async fn article_by_public_id(&self, public_id: &str) -> Result<Option<Article>, StoreError> {
        let public_id = public_id.to_owned();
        self.read("reading an article", move |db| {
            let id = db
                .prepare_cached("SELECT id FROM articles WHERE public_id = ?1")?
                .query_row([public_id], |row| row.get(0))
                .optional()?;
            id.map_or(Ok(None), |id| load(db, id))
        })
        .await
    }

    /// Who showed the article, first sight first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sightings(&self, article_id: i64) -> Result<Vec<Sighting>, StoreError> {
        self.read("reading sightings", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT sources.name, sources.title, sightings.first_seen_at, sightings.last_seen_at,
                        sightings.shown_at, sightings.link
                 FROM sightings JOIN sources ON sources.id = sightings.source_id
                 WHERE article_id = :id ORDER BY sightings.first_seen_at, sources.name",
            )?;
            let sightings = statement.query_map(named_params! {":id": article_id}, |row| {
                Ok(Sighting {
                    source_name: row.get(0)?,
                    source_title: row.get(1)?,
                    first_seen_at: UnixMs(row.get(2)?),
                    last_seen_at: UnixMs(row.get(3)?),
                    shown_at: row.get::<_, Option<i64>>(4)?.map(UnixMs),
                    link: row.get(5)?,
                })
            })?;
            sightings.collect()
        })
        .await
    }

    /// How many sources showed each of the articles.
    ///
    /// # Errors
    /// The database's.
    pub async fn source_counts(&self, article_ids: Vec<i64>) -> Result<Vec<(i64, i64)>, StoreError> {
        self.read("counting sightings", move |db| {
            let mut statement =
                db.prepare_cached("SELECT count(DISTINCT source_id) FROM sightings WHERE article_id = ?")?;
            article_ids.into_iter().map(|id| Ok((id, statement.query_row([id], |row| row.get(0))?))).collect()
        })
        .await
    }
}

/// The common table expression `forward (id)`: the article `:id` and those that it was merged into, one after another.
const FORWARD: &str = "WITH RECURSIVE forward (id) AS (
    SELECT :id UNION SELECT merged_into FROM articles JOIN forward USING (id) WHERE merged_into IS NOT NULL)";

/// The row id of the article that stands for this one: itself, if it was not merged.
pub(super) fn standing_id(db: &Connection, id: i64) -> rusqlite::Result<Option<i64>> {
    let sql = format!("{FORWARD} SELECT id FROM articles WHERE id IN forward AND merged_into IS NULL");
    db.prepare_cached(&sql)?.query_row(named_params! {":id": id}, |row| row.get(0)).optional()
}

/// One article, through its forwarding id where it was merged.
pub(super) fn load(db: &Connection, id: i64) -> rusqlite::Result<Option<Article>> {
    let sql = format!(
        "{FORWARD} SELECT {ARTICLE_COLUMNS} FROM articles WHERE id IN forward AND merged_into IS NULL"
    );
    db.prepare_cached(&sql)?.query_row(named_params! {":id": id}, rows::article).optional()
}
