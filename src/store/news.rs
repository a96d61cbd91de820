//! What the public sees: approved, due, not withdrawn. Nothing else ever leaves this file's queries.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows::{self, NEWS_COLUMNS};
use super::{Store, StoreError, versions};
use crate::domain::article::Article;
use crate::domain::news::NewsItem;
use crate::domain::notice::{NoticeKind, PublicNotice};
use crate::domain::time::{SECOND_MS, UnixMs};

/// Which news to list: newest first, narrowed by what is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsQuery {
    /// A topic's name.
    pub topic: Option<String>,
    /// Published strictly before (the cursor of the next page).
    pub before: Option<UnixMs>,
    /// Published at or after.
    pub since: Option<UnixMs>,
    /// The sort of work (`article`, `preprint`, `trial`, `book`).
    pub kind: Option<String>,
}

/// What is at a permalink.
#[derive(Debug, Clone, PartialEq)]
pub enum NewsPlace {
    /// A public item.
    Public(Box<NewsItem>),
    /// It was public and was taken back: 410.
    Gone,
    /// Nothing the public may know of: 404.
    Unknown,
}

impl Store {
    /// At most `limit` public items, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_list(
        &self,
        query: NewsQuery,
        now: UnixMs,
        limit: i64,
    ) -> Result<Vec<NewsItem>, StoreError> {
        self.read("reading the news", move |db| {
            let before = query.before.map_or(i64::MAX, |at| at.0);
            let since = query.since.map_or(i64::MIN, |at| at.0);
            let by_topic = query.topic.is_some();
            let (table, condition) = if by_topic {
                ("news_topics JOIN news USING (article_id)", "news_topics.topic = :topic AND news_topics.published_at")
            } else {
                ("news", ":topic IS NULL AND news.published_at")
            };
            let order = if by_topic { "news_topics.published_at" } else { "news.published_at" };
            let sql = format!(
                "SELECT {NEWS_COLUMNS} FROM {table}
                 WHERE {condition} < :before AND {order} <= :now AND {order} >= :since AND withdrawn_at IS NULL
                   AND (:kind IS NULL OR kind = :kind)
                 ORDER BY {order} DESC LIMIT :limit"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let parameters = named_params! {
                ":topic": query.topic, ":before": before, ":now": now.0, ":since": since, ":kind": query.kind,
                ":limit": limit,
            };
            statement.query_map(parameters, rows::news_item)?.collect()
        })
        .await
    }

    /// What is at `/a/{public_id}`. The id of a merged article leads to the one that stands for it, that of a preprint
    /// to its paper once the paper took over, and that of the paper to the address that it took over.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_place(&self, public_id: &str, now: UnixMs) -> Result<NewsPlace, StoreError> {
        let public_id = public_id.to_owned();
        self.read("reading a news item", move |db| {
            let sql = format!(
                "WITH RECURSIVE forward (id) AS (
                     SELECT id FROM articles WHERE public_id = :public_id
                     UNION SELECT article_id FROM news WHERE public_id = :public_id
                     UNION SELECT merged_into FROM articles JOIN forward USING (id) WHERE merged_into IS NOT NULL)
                 SELECT {NEWS_COLUMNS}, withdrawn_at FROM news
                 WHERE article_id IN (SELECT id FROM forward) AND news.published_at <= :now
                 ORDER BY withdrawn_at IS NOT NULL LIMIT 1"
            );
            let found = db
                .prepare_cached(&sql)?
                .query_row(named_params! {":public_id": public_id, ":now": now.0}, |row| {
                    Ok((rows::news_item(row)?, rows::instant(row, "withdrawn_at")?))
                })
                .optional()?;
            Ok(match found {
                Some((item, None)) => NewsPlace::Public(Box::new(item)),
                Some((_, Some(_))) => NewsPlace::Gone,
                None => NewsPlace::Unknown,
            })
        })
        .await
    }

    /// A number that grows with every change of what is published, by this process or another.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_version(&self) -> Result<i64, StoreError> {
        self.read("reading the news version", |db| {
            db.prepare_cached("SELECT version FROM news_version")?.query_row([], |row| row.get(0))
        })
        .await
    }

    /// When the next scheduled item becomes public.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_scheduled(&self, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
        self.read("reading the schedule", move |db| {
            db.prepare_cached(
                // notices that were found in one second are spread over the next ones
                "SELECT min(at) FROM (
                     SELECT min(published_at) AS at FROM news WHERE withdrawn_at IS NULL AND published_at > :now
                     UNION ALL
                     SELECT min(public_at) FROM notices WHERE state IN ('public', 'lifted') AND public_at > :now)",
            )?
            .query_row(named_params! {":now": now.0}, |row| row.get::<_, Option<i64>>(0))
            .map(|at| at.map(UnixMs))
        })
        .await
    }

    /// The months that have public items, newest first, with how many: `(year, month, count)` in UTC.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_months(&self, now: UnixMs) -> Result<Vec<(i32, u32, i64)>, StoreError> {
        self.read("reading the archive", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT CAST(strftime('%Y', published_at / 1000, 'unixepoch') AS INTEGER) AS year,
                        CAST(strftime('%m', published_at / 1000, 'unixepoch') AS INTEGER) AS month, count(*)
                 FROM news WHERE withdrawn_at IS NULL AND published_at <= :now
                 GROUP BY year, month ORDER BY year DESC, month DESC",
            )?;
            let months = statement.query_map(named_params! {":now": now.0}, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            months.collect()
        })
        .await
    }

    /// How many public items each topic has.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_topic_counts(&self, now: UnixMs) -> Result<Vec<(String, i64)>, StoreError> {
        self.read("counting topics", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT topic, count(*) FROM news_topics JOIN news USING (article_id)
                 WHERE withdrawn_at IS NULL AND news.published_at <= :now GROUP BY topic ORDER BY topic",
            )?;
            let counts =
                statement.query_map(named_params! {":now": now.0}, |row| Ok((row.get(0)?, row.get(1)?)))?;
            counts.collect()
        })
        .await
    }
}

/// Makes the article's item public from `at` on (its own second, see [`free_second`]), or changes the public text.
/// Returns when it is or will be public.
pub(super) fn publish(
    db: &Connection,
    article: &Article,
    at: UnixMs,
    now: UnixMs,
) -> rusqlite::Result<UnixMs> {
    let taken_over = versions::take_over(db, article, now)?;
    let existing = db
        .prepare_cached("SELECT published_at, withdrawn_at, title, summary FROM news WHERE article_id = ?1")?
        .query_row([article.id], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                rows::instant(row, "withdrawn_at")?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .optional()?;
    let title = article.shown_title();
    let summary = article.summary.clone().unwrap_or_default();
    let (published_at, updated_at) = match &existing {
        // it is public (or scheduled) already: only a change of meaning moves its date; a paper that takes over the
        // item of its preprint changes it as an edit does, at once
        Some((published_at, None, old_title, old_summary))
            if *published_at == at.0 || taken_over && *published_at <= now.0 =>
        {
            let changed = title.as_html() != old_title || &summary != old_summary;
            let updated_at = (changed && *published_at <= now.0)
                .then(|| free_second(db, "updated_at", now, article.id))
                .transpose()?;
            (*published_at, updated_at)
        }
        _ => {
            let second = free_second(db, "published_at", at, article.id)?;
            // an item that comes back has changed its meaning now, whenever it was first published
            let changed_at = if existing.is_some() { second.max(now.0) } else { second };
            (second, Some(free_second(db, "updated_at", UnixMs(changed_at), article.id)?))
        }
    };
    write_item(db, article, &summary, published_at, updated_at)?;
    rows::index_topics(db, article.id, published_at, &article.topics)?;
    Ok(UnixMs(published_at))
}

fn write_item(
    db: &Connection,
    article: &Article,
    summary: &str,
    published_at: i64,
    updated_at: Option<i64>,
) -> rusqlite::Result<()> {
    let title = article.shown_title();
    rows::execute(
        db,
        "INSERT INTO news (article_id, public_id, title, summary, published_at, updated_at, withdrawn_at, topics, kind,
             pmid, doi, pmcid, nct, link, authors, journal, published_on, language, title_text, authors_text,
             journal_text)
         VALUES (:id, :public_id, :title, :summary, :published_at, coalesce(:updated_at, :published_at), NULL, :topics,
             :kind, :pmid, :doi, :pmcid, :nct, :link, :authors, :journal, :published_on, :language, :title_text,
             :authors_text, :journal_text)
         ON CONFLICT (article_id) DO UPDATE SET
             title = excluded.title, summary = excluded.summary, published_at = excluded.published_at,
             updated_at = coalesce(:updated_at, updated_at), withdrawn_at = NULL, topics = excluded.topics,
             kind = excluded.kind, pmid = excluded.pmid, doi = excluded.doi, pmcid = excluded.pmcid,
             nct = excluded.nct, link = excluded.link, authors = excluded.authors, journal = excluded.journal,
             published_on = excluded.published_on, language = excluded.language, title_text = excluded.title_text,
             authors_text = excluded.authors_text, journal_text = excluded.journal_text",
        named_params! {
            ":id": article.id,
            ":public_id": article.public_id,
            ":title": title.as_html(),
            ":summary": summary,
            ":published_at": published_at,
            ":updated_at": updated_at,
            ":topics": rows::to_json(&article.topics)?,
            ":kind": article.kind.as_str(),
            ":pmid": article.ids.pmid.map(|pmid| pmid.0),
            ":doi": article.ids.doi.as_ref().map(|doi| doi.as_str()),
            ":pmcid": article.ids.pmcid.as_ref().map(|pmcid| pmcid.as_str()),
            ":nct": article.ids.nct.as_ref().map(|nct| nct.as_str()),
            ":link": article.best_link(),
            ":authors": rows::to_json(&article.authors)?,
            ":journal": rows::to_json(&article.journal)?,
            ":published_on": article.published_on.as_ref().map(|date| date.as_str()),
            ":language": article.language,
            ":title_text": title.to_plain(),
            ":authors_text": rows::authors_text(&article.authors),
            ":journal_text": article.journal.title,
        },
    )?;
    Ok(())
}

/// Changes the topics of a standing item and nothing else of it.
pub(super) fn set_topics(db: &Connection, article_id: i64, topics: &[String]) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE news SET topics = :topics WHERE article_id = :id AND withdrawn_at IS NULL",
        named_params! {":topics": rows::to_json(topics)?, ":id": article_id},
    )?;
    index_item(db, article_id)
}

/// Puts a standing item into the index of topics, as its own row has them.
pub(super) fn index_item(db: &Connection, article_id: i64) -> rusqlite::Result<()> {
    standing_topics(db, article_id)?
        .map_or(Ok(()), |(published_at, topics)| rows::index_topics(db, article_id, published_at, &topics))
}

/// `(published_at, topics)` of the article's standing item, if it has one.
pub(super) fn standing_topics(
    db: &Connection,
    article_id: i64,
) -> rusqlite::Result<Option<(i64, Vec<String>)>> {
    db.prepare_cached("SELECT published_at, topics FROM news WHERE article_id = ?1 AND withdrawn_at IS NULL")?
        .query_row([article_id], |row| Ok((row.get("published_at")?, rows::from_json(row, "topics")?)))
        .optional()
}

/// Makes an item that was hidden by [`set_aside`] public again as it was frozen; says whether there was one.
pub(super) fn unhide(db: &Connection, article_id: i64) -> rusqlite::Result<bool> {
    let shown = rows::execute(
        db,
        "UPDATE news SET withdrawn_at = NULL WHERE article_id = :id",
        named_params! {":id": article_id},
    )?;
    Ok(shown > 0)
}

/// Takes the article's item out of every output. What was never public leaves no trace; what was answers 410.
pub(super) fn hide(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "DELETE FROM news_topics WHERE article_id IN
             (SELECT article_id FROM news WHERE article_id = :id AND published_at > :now)",
        named_params! {":id": article_id, ":now": now.0},
    )?;
    rows::execute(
        db,
        "DELETE FROM news WHERE article_id = :id AND published_at > :now",
        named_params! {":id": article_id, ":now": now.0},
    )?;
    set_aside(db, article_id, now)
}

/// Takes the article's item out of every output and keeps all of it, also where it was never public.
pub(super) fn set_aside(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE news SET withdrawn_at = :now WHERE article_id = :id AND withdrawn_at IS NULL",
        named_params! {":id": article_id, ":now": now.0},
    )?;
    Ok(())
}

/// The notices that the article's item carries: address, kind, and whether each still holds.
pub(super) fn marks(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<(String, NoticeKind, bool)>> {
    let notices: Option<Vec<PublicNotice>> = db
        .prepare_cached("SELECT notices FROM news WHERE article_id = ?1")?
        .query_row([article_id], |row| rows::from_json(row, "notices"))
        .optional()?;
    let notices = notices.unwrap_or_default().into_iter();
    Ok(notices.map(|it| (it.public_id, it.finding.kind, it.lifted_at.is_none())).collect())
}

/// The first whole second at or after `at` that no other item has in `column`, nor any notice: dates in feeds are whole
/// seconds, and two items with one date confuse readers (and the validator).
pub(super) fn free_second(
    db: &Connection,
    column: &'static str,
    at: UnixMs,
    article_id: i64,
) -> rusqlite::Result<i64> {
    let mut second = at.0.div_euclid(SECOND_MS) * SECOND_MS;
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM news WHERE {column} = ?1 AND article_id <> ?2)
             OR EXISTS (SELECT 1 FROM notices WHERE public_at = ?1)"
    );
    let mut taken = db.prepare_cached(&sql)?;
    while taken.query_row((second, article_id), |row| row.get::<_, bool>(0))? {
        second += SECOND_MS;
    }
    Ok(second)
}

/// The first whole second at or after `at` that no notice and no item has as any of its dates.
pub(super) fn free_second_for_notice(db: &Connection, at: UnixMs) -> rusqlite::Result<i64> {
    first_unused(db, at.0.div_euclid(SECOND_MS) * SECOND_MS, SECOND_MS)
}

/// The last such second before an item's own: for a notice that was known before its item was published, which is no
/// news of its own.
pub(super) fn free_second_before(db: &Connection, published_at: UnixMs) -> rusqlite::Result<i64> {
    first_unused(db, published_at.0.div_euclid(SECOND_MS) * SECOND_MS - SECOND_MS, -SECOND_MS)
}

fn first_unused(db: &Connection, from: i64, step: i64) -> rusqlite::Result<i64> {
    let mut second = from;
    let mut taken = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM news WHERE published_at = ?1 OR updated_at = ?1)
             OR EXISTS (SELECT 1 FROM notices WHERE public_at = ?1)",
    )?;
    while taken.query_row([second], |row| row.get::<_, bool>(0))? {
        second += step;
    }
    Ok(second)
}

/// An item that becomes public within this time is no scheduled one: several approvals in one second spread over some.
const SPREAD_MS: i64 = 60 * SECOND_MS;

/// Moves the date of the article's item, because its meaning changed: to now, or a second after its last change. An
/// item that is scheduled keeps its date.
pub(super) fn move_update(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    let dates = db
        .prepare_cached("SELECT published_at, updated_at FROM news WHERE article_id = ?1")?
        .query_row([article_id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((published_at, updated_at)) =
        dates.filter(|(published_at, _)| *published_at <= now.0 + SPREAD_MS)
    else {
        return Ok(());
    };
    let at = UnixMs(now.0.max(updated_at.max(published_at) + SECOND_MS));
    let second = free_second(db, "updated_at", at, article_id)?;
    rows::execute(
        db,
        "UPDATE news SET updated_at = :at WHERE article_id = :id",
        named_params! {":at": second, ":id": article_id},
    )?;
    Ok(())
}
