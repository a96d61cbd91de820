//! Rows ↔ domain types: lists are JSON columns, words are enums.

use rusqlite::types::{FromSqlError, ToSql, Type};
use rusqlite::{Row, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::article::{Article, Relevance};
use crate::domain::entry::{Author, WorkKind};
use crate::domain::identity::{Doi, Identifiers, Nct, Pii, Pmcid, Pmid};
use crate::domain::news::NewsItem;
use crate::domain::status::{RejectReason, Status};
use crate::domain::text::RichText;
use crate::domain::time::{PartialDate, UnixMs};

/// A value as JSON for a column.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A value from a JSON column.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| broken(column, error))
}

/// A value from a JSON column that may be NULL.
pub(super) fn from_json_opt<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| broken(column, error))).transpose()
}

/// A value from the only column, of JSON.
pub(super) fn from_json_only<T: DeserializeOwned>(row: &Row<'_>) -> rusqlite::Result<T> {
    let text: String = row.get(0)?;
    serde_json::from_str(&text).map_err(|error| broken("0", error))
}

/// A word of an enum from a column that a CHECK guards.
pub(super) fn word<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| broken(column, FromSqlError::InvalidType))
}

/// An instant that may be NULL.
pub(super) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UnixMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(UnixMs))
}

fn broken(column: &str, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let named = format!("column {column}: {error}");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, named.into())
}

/// The identifier columns that articles and news share.
pub(super) fn identifiers(row: &Row<'_>) -> rusqlite::Result<Identifiers> {
    let text = |column| row.get::<_, Option<String>>(column);
    Ok(Identifiers {
        pmid: row.get::<_, Option<u32>>("pmid")?.map(Pmid),
        doi: text("doi")?.and_then(|doi| Doi::parse(&doi)),
        pmcid: text("pmcid")?.and_then(|pmcid| Pmcid::parse(&pmcid)),
        nct: text("nct")?.and_then(|nct| Nct::parse(&nct)),
        pii: None,
    })
}

/// All columns of an article but those only the full-text index reads.
pub(super) const ARTICLE_COLUMNS: &str = "articles.id, public_id, revision, status, kind, pmid, doi, pmcid, nct, title, authors, journal, published_on, \
     link, language, abstract, publication_types, mesh, trials, trial, free_full_text, upstream_changed, first_seen_at, later_until, reject_reason, score, \
     reasons, draft, edited_title, articles.summary, topics, pii, superseded_by";

/// Reads [`ARTICLE_COLUMNS`].
pub(super) fn article(row: &Row<'_>) -> rusqlite::Result<Article> {
    Ok(Article {
        id: row.get("id")?,
        public_id: row.get("public_id")?,
        revision: row.get("revision")?,
        status: word(row, "status", Status::parse)?,
        kind: word(row, "kind", WorkKind::parse)?,
        ids: Identifiers {
            pii: row.get::<_, Option<String>>("pii")?.and_then(|pii| Pii::parse(&pii)),
            ..identifiers(row)?
        },
        title: RichText::parse(&row.get::<_, String>("title")?),
        authors: from_json(row, "authors")?,
        journal: from_json(row, "journal")?,
        published_on: partial_date(row, "published_on")?,
        link: row.get("link")?,
        language: row.get("language")?,
        abstract_sections: from_json(row, "abstract")?,
        publication_types: from_json(row, "publication_types")?,
        mesh: from_json(row, "mesh")?,
        trials: from_json(row, "trials")?,
        trial: from_json_opt(row, "trial")?,
        free_full_text: row.get("free_full_text")?,
        upstream_changed: row.get("upstream_changed")?,
        first_seen_at: UnixMs(row.get("first_seen_at")?),
        later_until: instant(row, "later_until")?,
        reject_reason: row
            .get::<_, Option<String>>("reject_reason")?
            .and_then(|reason| RejectReason::parse(&reason)),
        relevance: Relevance { score: row.get("score")?, reasons: from_json(row, "reasons")? },
        draft: from_json_opt(row, "draft")?,
        edited_title: row.get::<_, Option<String>>("edited_title")?.map(|title| RichText::parse(&title)),
        summary: row.get("summary")?,
        topics: from_json(row, "topics")?,
        superseded_by: row.get("superseded_by")?,
    })
}

/// All columns of a news item.
pub(super) const NEWS_COLUMNS: &str = "news.article_id, news.public_id, title, news.summary, news.published_at, updated_at, topics, kind, pmid, doi, pmcid, \
     nct, link, authors, journal, published_on, language, notices, first_report";

/// Reads [`NEWS_COLUMNS`].
pub(super) fn news_item(row: &Row<'_>) -> rusqlite::Result<NewsItem> {
    Ok(NewsItem {
        article_id: row.get("article_id")?,
        public_id: row.get("public_id")?,
        title: RichText::parse(&row.get::<_, String>("title")?),
        summary: row.get("summary")?,
        published_at: UnixMs(row.get("published_at")?),
        updated_at: UnixMs(row.get("updated_at")?),
        topics: from_json(row, "topics")?,
        kind: word(row, "kind", WorkKind::parse)?,
        ids: identifiers(row)?,
        link: row.get("link")?,
        authors: from_json(row, "authors")?,
        journal: from_json(row, "journal")?,
        published_on: partial_date(row, "published_on")?,
        language: row.get("language")?,
        notices: from_json(row, "notices")?,
        first_report: from_json_opt(row, "first_report")?,
    })
}

/// A date that may be NULL.
pub(super) fn partial_date(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<PartialDate>> {
    Ok(row.get::<_, Option<String>>(column)?.and_then(|date| PartialDate::try_from(date).ok()))
}

/// Authors as the full-text index reads them.
pub(super) fn authors_text(authors: &[Author]) -> String {
    let names: Vec<String> = authors.iter().map(Author::display).collect();
    names.join(", ")
}

/// Runs a cached statement with named parameters that changes rows; how many it changed.
pub(super) fn execute(
    db: &rusqlite::Connection,
    sql: &str,
    parameters: &[(&str, &dyn ToSql)],
) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute(parameters)
}

/// Replaces the topics of a news item in its index.
pub(super) fn index_topics(
    db: &rusqlite::Connection,
    article_id: i64,
    published_at: i64,
    topics: &[String],
) -> rusqlite::Result<()> {
    execute(db, "DELETE FROM news_topics WHERE article_id = :id", named_params! {":id": article_id})?;
    for topic in topics {
        execute(
            db,
            "INSERT OR IGNORE INTO news_topics (topic, published_at, article_id) VALUES (:topic, :at, :id)",
            named_params! {":topic": topic, ":at": published_at, ":id": article_id},
        )?;
    }
    Ok(())
}
