//! Articles as the desk reads them: the queue, one article, its sightings.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, named_params, params_from_iter};

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError, search};
use crate::domain::article::{Article, Sighting};
use crate::domain::entry::WorkKind;
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

/// What a list of articles is narrowed to. Everything `None` or empty is "all that wait".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueFilter {
    /// `None` is `Status::Queued`.
    pub status: Option<Status>,
    /// A topic's name.
    pub topic: Option<String>,
    /// A source's name.
    pub source: Option<String>,
    /// The sort of work.
    pub kind: Option<WorkKind>,
    /// First seen at or after.
    pub since: Option<UnixMs>,
    /// Words to search for in title, abstract, summary, authors and journal.
    pub words: Option<String>,
    /// How to order.
    pub order: QueueOrder,
}

/// The order of a list of articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// By relevance, newest first within equals.
    #[default]
    Relevance,
    /// Newest first.
    Newest,
}

/// How many articles stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Waiting.
    pub queued: i64,
    /// Of those, first seen since the instant asked about.
    pub queued_since: i64,
    /// Put off.
    pub later: i64,
    /// Refused.
    pub rejected: i64,
    /// Approved, public or scheduled.
    pub approved: i64,
}

impl Store {
    /// A page of the queue, or of any other status; with it, how many match in all.
    ///
    /// # Errors
    /// The database's.
    pub async fn queue(
        &self,
        filter: QueueFilter,
        offset: i64,
        limit: i64,
    ) -> Result<(Vec<Article>, i64), StoreError> {
        self.read("reading the queue", move |db| {
            let (condition, mut values) = condition(&filter);
            let total = db
                .prepare_cached(&format!("SELECT count(*) FROM articles WHERE {condition}"))?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            let order = match filter.order {
                QueueOrder::Relevance => "score DESC, first_seen_at DESC, id DESC",
                QueueOrder::Newest => "first_seen_at DESC, id DESC",
            };
            let sql = format!(
                "SELECT {ARTICLE_COLUMNS} FROM articles WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
            );
            values.extend([Value::Integer(limit), Value::Integer(offset)]);
            let mut statement = db.prepare_cached(&sql)?;
            let articles = statement.query_map(params_from_iter(values.iter()), rows::article)?;
            Ok((articles.collect::<rusqlite::Result<_>>()?, total))
        })
        .await
    }

    /// How many articles stand where; `since` splits the waiting into old and new.
    ///
    /// # Errors
    /// The database's.
    pub async fn queue_counts(&self, since: UnixMs) -> Result<QueueCounts, StoreError> {
        self.read("counting the queue", move |db| {
            db.prepare_cached(
                "SELECT count(*) FILTER (WHERE status = 'queued' AND superseded_by IS NULL),
                        count(*) FILTER (WHERE status = 'queued' AND superseded_by IS NULL AND first_seen_at >= :since),
                        count(*) FILTER (WHERE status = 'later'),
                        count(*) FILTER (WHERE status = 'rejected'),
                        count(*) FILTER (WHERE status = 'approved')
                 FROM articles",
            )?
            .query_row(named_params! {":since": since.0}, |row| {
                Ok(QueueCounts {
                    queued: row.get(0)?,
                    queued_since: row.get(1)?,
                    later: row.get(2)?,
                    rejected: row.get(3)?,
                    approved: row.get(4)?,
                })
            })
        })
        .await
    }

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

/// One article, through its forwarding id where it was merged.
pub(super) fn load(db: &Connection, id: i64) -> rusqlite::Result<Option<Article>> {
    let sql = format!(
        "WITH RECURSIVE forward (id) AS (
             SELECT :id UNION SELECT merged_into FROM articles JOIN forward USING (id) WHERE merged_into IS NOT NULL)
         SELECT {ARTICLE_COLUMNS} FROM articles WHERE id IN (SELECT id FROM forward) AND merged_into IS NULL"
    );
    db.prepare_cached(&sql)?.query_row(named_params! {":id": id}, rows::article).optional()
}

/// The WHERE clause of a filter with its values in order.
pub(super) fn condition(filter: &QueueFilter) -> (String, Vec<Value>) {
    let status = filter.status.unwrap_or(Status::Queued);
    let mut sql = String::from("status = ?");
    if status == Status::Queued {
        // a preprint whose paper is here: the paper stands in the queue for both
        sql.push_str(" AND superseded_by IS NULL");
    }
    let mut values = vec![Value::Text(status.as_str().to_owned())];
    let mut and = |clause: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(clause);
        values.push(value);
    };
    if let Some(topic) = &filter.topic {
        and("EXISTS (SELECT 1 FROM json_each(topics) WHERE value = ?)", Value::Text(topic.clone()));
    }
    if let Some(source) = &filter.source {
        and(
            "id IN (SELECT article_id FROM sightings JOIN sources ON sources.id = source_id WHERE name = ?)",
            Value::Text(source.clone()),
        );
    }
    if let Some(kind) = filter.kind {
        and("kind = ?", Value::Text(kind.as_str().to_owned()));
    }
    if let Some(since) = filter.since {
        and("first_seen_at >= ?", Value::Integer(since.0));
    }
    if let Some(expression) = filter.words.as_deref().and_then(search::match_expression) {
        and("id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)", Value::Text(expression));
    }
    (sql, values)
}
