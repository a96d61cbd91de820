//! Full-text search over what is public, in a time that does not grow with how common the words are.
//!
//! BM25 counts every row that holds a word before it ranks the first: among 100,000 items about ECMO, "ECMO" costs it a
//! tenth of a second. So where the words together occur in more than [`RANKED`] rows, best first means: all words in the
//! title, then all words anywhere, the newer id first, which FTS5 reads off its lists. Newest first is always exact.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows::{self, NEWS_COLUMNS};
use super::search::{Found, LastWord, match_terms};
use super::{Store, StoreError};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;

/// So many rows BM25 may count; 20,000 take it some 8 ms.
const RANKED: i64 = 20_000;

/// Which hits come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SearchOrder {
    /// Those that the words fit best.
    #[default]
    Best,
    /// Those published last.
    Newest,
}

impl Store {
    /// Public news that match all words.
    ///
    /// # Errors
    /// The database's. Words without a letter or digit find nothing.
    pub async fn search_news(
        &self,
        words: &str,
        order: SearchOrder,
        now: UnixMs,
        limit: i64,
    ) -> Result<Vec<Found<NewsItem>>, StoreError> {
        let words = words.to_owned();
        self.read("searching news", move |db| {
            let Some(question) = Question::read(db, &words, now, limit)? else { return Ok(Vec::new()) };
            let ids = match order {
                SearchOrder::Best if question.is_rankable(db)? => ranked(db, &question)?,
                SearchOrder::Best => title_first(db, &question)?,
                SearchOrder::Newest => newest(db, &question)?,
            };
            show(db, &question, &ids)
        })
        .await
    }
}

struct Question {
    terms: Vec<String>,
    expression: String,
    /// Whether the last word is taken for a beginning, so that each statement costs as much as all its hits.
    is_open: bool,
    now: UnixMs,
    limit: i64,
}

impl Question {
    /// Takes the last word for a beginning only where it is hardly a word by itself. `None` without a word.
    fn read(db: &Connection, words: &str, now: UnixMs, limit: i64) -> rusqlite::Result<Option<Self>> {
        let terms = match_terms(words, LastWord::IsWhole);
        if terms.is_empty() {
            return Ok(None);
        }
        let expression = terms.join(" AND ");
        let whole = Self { terms, expression, is_open: false, now, limit };
        let last_word = whole.terms.last().map_or("", String::as_str);
        if count_up_to(db, last_word, limit)? >= limit {
            return Ok(Some(whole));
        }
        let terms = match_terms(words, LastWord::Begins);
        Ok(Some(Self { expression: terms.join(" AND "), is_open: terms != whole.terms, terms, now, limit }))
    }

    fn limit_of_ids(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(0)
    }

    /// Whether BM25 has few enough rows to count.
    fn is_rankable(&self, db: &Connection) -> rusqlite::Result<bool> {
        let mut left = RANKED;
        for term in &self.terms {
            left -= count_up_to(db, term, left + 1)?;
            if left < 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn count_up_to(db: &Connection, expression: &str, most: i64) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM news_fts WHERE news_fts MATCH :words LIMIT :most)",
    )?
    .query_row(named_params! {":words": expression, ":most": most}, |row| row.get(0))
}

/// By BM25, a word in the title weighing most.
fn ranked(db: &Connection, question: &Question) -> rusqlite::Result<Vec<i64>> {
    first_public(db, question, &question.expression, "bm25(news_fts, 4, 2, 2, 1), rowid DESC")
}

fn title_first(db: &Connection, question: &Question) -> rusqlite::Result<Vec<i64>> {
    let in_title = format!("{{title_text}} : ({})", question.expression);
    let mut ids = first_public(db, question, &in_title, "rowid DESC")?;
    if (ids.len() as i64) < question.limit {
        let known: HashSet<i64> = ids.iter().copied().collect();
        let anywhere = first_public(db, question, &question.expression, "rowid DESC")?;
        ids.extend(anywhere.into_iter().filter(|id| !known.contains(id)));
        ids.truncate(question.limit_of_ids());
    }
    Ok(ids)
}

/// The first hits that are public. What is not is passed over afterwards: joined before, all hits would be looked up.
fn first_public(
    db: &Connection,
    question: &Question,
    expression: &str,
    order: &str,
) -> rusqlite::Result<Vec<i64>> {
    let mut hits = db.prepare_cached(&format!(
        "SELECT rowid FROM news_fts WHERE news_fts MATCH :words ORDER BY {order} LIMIT :most"
    ))?;
    let mut public = db.prepare_cached(
        "SELECT 1 FROM news WHERE article_id = :id AND withdrawn_at IS NULL AND published_at <= :now",
    )?;
    let mut most = question.limit * 2;
    loop {
        let found = hits.query_map(named_params! {":words": expression, ":most": most}, |row| row.get(0))?;
        let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
        let is_all = (found.len() as i64) < most;
        let mut ids = Vec::new();
        for id in found {
            if public.exists(named_params! {":id": id, ":now": question.now.0})? {
                ids.push(id);
            }
        }
        if is_all || ids.len() as i64 >= question.limit {
            ids.truncate(question.limit_of_ids());
            return Ok(ids);
        }
        most *= 8;
    }
}

/// The items with the places where the words stand, in the order of their ids here.
fn show(db: &Connection, question: &Question, ids: &[i64]) -> rusqlite::Result<Vec<Found<NewsItem>>> {
    // with the plus all hits are gone through once; without it the index is asked once for each id
    let plus = if question.is_open { "+" } else { "" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {NEWS_COLUMNS}, snippet(news_fts, -1, char(2), char(3), '…', 30) AS snippet
         FROM news_fts JOIN news ON news.article_id = news_fts.rowid
         WHERE news_fts MATCH :words AND {plus}news_fts.rowid IN (SELECT value FROM json_each(:ids))"
    ))?;
    let parameters = named_params! {":words": question.expression, ":ids": rows::to_json(&ids)?};
    let found = statement.query_map(parameters, |row| {
        Ok(Found { item: rows::news_item(row)?, snippet: row.get("snippet")? })
    })?;
    let mut found: Vec<Found<NewsItem>> = found.collect::<rusqlite::Result<_>>()?;
    let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    found.sort_by_key(|found| places.get(&found.item.article_id).copied());
    Ok(found)
}

/// Few hits are sorted by date as they are. Of many, the page is made from those with the highest ids, since ids follow
/// publication but for stragglers, and from the stragglers that were published as late as the page's last.
fn newest(db: &Connection, question: &Question) -> rusqlite::Result<Vec<i64>> {
    let items: i64 = db.query_row("SELECT coalesce(max(article_id), 0) FROM news", [], |row| row.get(0))?;
    // sorting so many costs what asking for the stragglers behind a page of so many does
    let few = (items * question.limit / 8).isqrt().max(question.limit * 4);
    let most = if question.is_open { i64::MAX } else { few + 1 };
    let mut ids = last_ids(db, question, most)?;
    if ids.len() as i64 == most {
        if let Some(page) = page_of_many(db, question, &ids)? {
            return Ok(page);
        }
        ids = last_ids(db, question, i64::MAX)?;
    }
    Ok(by_date(question, dated(db, question, &ids)?))
}

/// `None` where too few of the last are public.
fn page_of_many(db: &Connection, question: &Question, ids: &[i64]) -> rusqlite::Result<Option<Vec<i64>>> {
    let last = &ids[..ids.len().min(question.limit_of_ids() * 2)];
    let mut hits = dated(db, question, last)?;
    hits.sort_unstable_by(|one, other| other.cmp(one));
    let Some((since, _)) = hits.get(question.limit_of_ids().saturating_sub(1)) else { return Ok(None) };
    let lowest = last.last().copied().unwrap_or(0);
    hits.extend(stragglers(db, question, *since, lowest)?);
    Ok(Some(by_date(question, hits)))
}

/// A page of `(date, id)`, the last date first.
fn by_date(question: &Question, mut hits: Vec<(i64, i64)>) -> Vec<i64> {
    hits.sort_unstable_by(|one, other| other.cmp(one));
    hits.truncate(question.limit_of_ids());
    hits.into_iter().map(|(_, id)| id).collect()
}

/// The hits with the highest ids, highest first.
fn last_ids(db: &Connection, question: &Question, most: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT rowid FROM news_fts WHERE news_fts MATCH :words ORDER BY rowid DESC LIMIT :most",
    )?;
    let parameters = named_params! {":words": question.expression, ":most": most};
    statement.query_map(parameters, |row| row.get(0))?.collect()
}

/// Those of the items that are public, each with its date.
fn dated(db: &Connection, question: &Question, ids: &[i64]) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT published_at, article_id FROM news
         WHERE article_id = :id AND withdrawn_at IS NULL AND published_at <= :now",
    )?;
    let mut dated = Vec::new();
    for id in ids {
        let found = statement.query_row(named_params! {":id": id, ":now": question.now.0}, |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        dated.extend(found.optional()?);
    }
    Ok(dated)
}

/// The hits with an id below `lowest` that were published since then.
fn stragglers(
    db: &Connection,
    question: &Question,
    since: i64,
    lowest: i64,
) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT published_at, article_id FROM news
         WHERE withdrawn_at IS NULL AND published_at BETWEEN :since AND :now AND article_id < :lowest",
    )?;
    let mut is_hit =
        db.prepare_cached("SELECT 1 FROM news_fts WHERE news_fts MATCH :words AND rowid = :id")?;
    let parameters = named_params! {":since": since, ":now": question.now.0, ":lowest": lowest};
    let mut rows = statement.query(parameters)?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(1)?;
        if is_hit.exists(named_params! {":words": question.expression, ":id": id})? {
            hits.push((row.get(0)?, id));
        }
    }
    Ok(hits)
}
