//! The lists of the desk: what waits and everything else that can be filtered, searched and paged through.
//!
//! Filters read the index `articles_list` and nothing else; only the rows of the page are read whole.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, named_params, params_from_iter};

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError, search};
use crate::domain::article::Article;
use crate::domain::entry::WorkKind;
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

/// How many results of a search are stepped through.
const MOST_FOUND: i64 = 2_000;

/// What a list of articles is narrowed to. Everything `None` or empty is "all that wait".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueFilter {
    /// `None` is `Status::Queued`.
    pub status: Option<Status>,
    /// Whatever its status, merged ones left out; `status` says nothing then.
    pub any_status: bool,
    /// A topic's name.
    pub topic: Option<String>,
    /// A source's name.
    pub source: Option<String>,
    /// The sort of work.
    pub kind: Option<WorkKind>,
    /// The type of study, as stored.
    pub study: Option<String>,
    /// Why it stands where it does.
    pub why: Option<Why>,
    /// First seen at or after.
    pub since: Option<UnixMs>,
    /// Words to search for in title, abstract, summary, authors and journal.
    pub words: Option<String>,
    /// How to order.
    pub order: QueueOrder,
}

/// A reason for an article's place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// An editor added it.
    ByHand,
    /// Lifted from the lower half, to test the ranking.
    Lifted,
    /// Its reasons hold these words.
    Reason(String),
}

/// The order of a list of articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// By relevance, newest first within equals.
    #[default]
    Relevance,
    /// Newest first.
    Newest,
    /// The best match of the words first; without words the same as `Relevance`.
    Match,
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

/// Where the words of a search stand in an article: plain text with U+0002 before and U+0003 after each match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// The whole title; `None` where no word stands in it.
    pub title: Option<String>,
    /// About twenty words of abstract or summary; `None` where no word stands in them.
    pub snippet: Option<String>,
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
            let Listing { from, condition, order, mut values } = listing(&filter, None);
            let total = db
                .prepare_cached(&format!("SELECT count(*) FROM {from} WHERE {condition}"))?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            values.extend([Value::Integer(limit), Value::Integer(offset)]);
            let ids: Vec<i64> = db
                .prepare_cached(&format!(
                    "SELECT articles.id FROM {from} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"
                ))?
                .query_map(params_from_iter(values.iter()), |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut whole =
                db.prepare_cached(&format!("SELECT {ARTICLE_COLUMNS} FROM articles WHERE id = ?"))?;
            let articles = ids.into_iter().map(|id| whole.query_row([id], rows::article));
            Ok((articles.collect::<rusqlite::Result<_>>()?, total))
        })
        .await
    }

    /// The article that follows `article_id` in a list, wherever that one stands by now; after the last one the first.
    /// `None` where the list holds no other article.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_in_queue(
        &self,
        filter: QueueFilter,
        article_id: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.read("reading the next article", move |db| {
            if filter.words.is_some() && filter.order == QueueOrder::Match {
                return next_found(db, &filter, article_id);
            }
            let Listing { from, condition, order, mut values } = listing(&filter, None);
            let columns = match filter.order {
                QueueOrder::Relevance | QueueOrder::Match => "score, first_seen_at, id",
                QueueOrder::Newest => "first_seen_at, id",
            };
            let one = |more: &str| {
                format!("SELECT articles.id FROM {from} WHERE {condition} AND articles.id <> ? {more} ORDER BY {order} LIMIT 1")
            };
            let after = one(&format!("AND ({columns}) < (SELECT {columns} FROM articles WHERE id = ?)"));
            values.push(Value::Integer(article_id));
            let whole = values.clone();
            values.push(Value::Integer(article_id));
            let ask = |sql: &str, values: &[Value]| {
                db.prepare_cached(sql)?
                    .query_row(params_from_iter(values.iter()), |row| row.get(0))
                    .optional()
            };
            match ask(&after, &values)? {
                Some(next) => Ok(Some(next)),
                None => ask(&one(""), &whole),
            }
        })
        .await
    }

    /// Where the words of a search stand in each of these articles, in their order.
    ///
    /// # Errors
    /// The database's.
    pub async fn mark_words(&self, words: &str, ids: Vec<i64>) -> Result<Vec<Marked>, StoreError> {
        let Some(expression) = search::match_expression(words) else {
            return Ok(vec![Marked::default(); ids.len()]);
        };
        self.read("marking the words of a search", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT highlight(articles_fts, 0, char(2), char(3)),
                        snippet(articles_fts, 1, char(2), char(3), '…', 20),
                        snippet(articles_fts, 2, char(2), char(3), '…', 20)
                 FROM articles_fts WHERE articles_fts MATCH :words AND rowid = :id",
            )?;
            let mark = |id: i64| {
                let marked = statement.query_row(named_params! {":words": expression, ":id": id}, |row| {
                    let found = |text: Option<String>| text.filter(|text| text.contains('\u{2}'));
                    let (title, body, summary) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok(Marked { title: found(title), snippet: found(body).or_else(|| found(summary)) })
                });
                Ok(marked.optional()?.unwrap_or_default())
            };
            ids.into_iter().map(mark).collect()
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
}

/// The next article of a search, best match first.
fn next_found(db: &Connection, filter: &QueueFilter, article_id: i64) -> rusqlite::Result<Option<i64>> {
    // the article just decided on has left the list: it is asked for beside it, to know its place
    let Listing { from, condition, order, mut values } = listing(filter, Some(article_id));
    values.push(Value::Integer(MOST_FOUND));
    let mut statement = db.prepare_cached(&format!(
        "SELECT articles.id FROM {from} WHERE {condition} ORDER BY {order} LIMIT ?"
    ))?;
    let found = statement.query_map(params_from_iter(values.iter()), |row| row.get(0))?;
    let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
    let at = found.iter().position(|id| *id == article_id);
    let next = at.and_then(|at| found.get(at + 1));
    Ok(next.or_else(|| found.iter().find(|id| **id != article_id)).copied())
}

/// The parts of a SELECT over a filter, with the values in order.
struct Listing {
    from: &'static str,
    condition: String,
    order: &'static str,
    values: Vec<Value>,
}

/// `beside` is an article that belongs to the list whatever its status.
fn listing(filter: &QueueFilter, beside: Option<i64>) -> Listing {
    let mut values = Vec::new();
    let mut condition = String::new();
    let mut and = |clause: &str, value: Option<Value>| {
        if !condition.is_empty() {
            condition.push_str(" AND ");
        }
        condition.push_str(clause);
        values.extend(value);
    };
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let expression = filter.words.as_deref().and_then(search::match_expression);
    let found = expression.is_some();
    if let Some(expression) = expression {
        and("articles_fts MATCH ?", Some(Value::Text(expression)));
    }
    let status = filter.status.unwrap_or(Status::Queued).as_str();
    match (filter.any_status, beside) {
        (true, _) => and("status <> 'merged'", None),
        (false, Some(id)) => and(&format!("(status = ? OR articles.id = {id})"), text(status)),
        (false, None) => and("status = ?", text(status)),
    }
    if !filter.any_status && status == Status::Queued.as_str() && beside.is_none() {
        // a preprint whose paper is here: the paper stands in the queue for both
        and("superseded_by IS NULL", None);
    }
    if let Some(topic) = &filter.topic {
        and("instr(topics, ?) > 0", text(&json_text(topic)));
    }
    if let Some(source) = &filter.source {
        and(
            "articles.id IN (SELECT article_id FROM sightings JOIN sources ON sources.id = source_id WHERE name = ?)",
            text(source),
        );
    }
    if let Some(kind) = filter.kind {
        and("kind = ?", text(kind.as_str()));
    }
    if let Some(study) = &filter.study {
        and("study = ?", text(study));
    }
    match &filter.why {
        Some(Why::ByHand) => and("articles.id IN (SELECT article_id FROM additions)", None),
        Some(Why::Lifted) => and("lifted = 1", None),
        Some(Why::Reason(words)) => {
            let quoted = json_text(words);
            and("instr(reasons, ?) > 0", text(&quoted[1..quoted.len() - 1]));
        }
        None => {}
    }
    if let Some(since) = filter.since {
        and("first_seen_at >= ?", Some(Value::Integer(since.0)));
    }
    let order = match (filter.order, found) {
        (QueueOrder::Match, true) => "bm25(articles_fts, 8, 1, 3, 2, 1), articles.id DESC",
        (QueueOrder::Newest, _) => "first_seen_at DESC, articles.id DESC",
        _ => "score DESC, first_seen_at DESC, articles.id DESC",
    };
    let from = match (found, filter.any_status) {
        (true, _) => "articles_fts JOIN articles ON articles.id = articles_fts.rowid",
        (false, true) => "articles",
        (false, false) => "articles INDEXED BY articles_list",
    };
    Listing { from, condition, order, values }
}

/// A text as a JSON column holds it, quotes and all.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
