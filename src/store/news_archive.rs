//! Feeds: items and the notices about them in one order, and counted from the oldest, which numbers the archives.
//!
//! A notice counts at the instant at which the public first saw it. One that was known before its item was published
//! is no news of its own: the item came with its mark.

use rusqlite::{OptionalExtension, Row, named_params};

use super::rows::{self, NEWS_COLUMNS};
use super::{Store, StoreError};
use crate::domain::news::FeedEntry;
use crate::domain::notice::{Finding, NoticeKind};
use crate::domain::time::UnixMs;
use crate::domain::watch::is_same_notice;

/// What a feed is a feed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedOf {
    /// Items and notices about them.
    All,
    /// Those of a topic.
    Topic(String),
    /// Every public notice, and nothing else.
    Notices,
}

/// What is at a notice's permalink.
#[derive(Debug, Clone, PartialEq)]
pub enum NoticePlace {
    /// A public notice, lifted or not, with the item it is about.
    Public(Box<FeedEntry>),
    /// Its item was taken back: 410.
    Gone,
    /// Nothing the public may know of: 404.
    Unknown,
}

impl FeedOf {
    /// A topic's feed, or that of everything.
    pub fn topic(topic: Option<&str>) -> Self {
        topic.map_or(Self::All, |name| Self::Topic(name.to_owned()))
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Topic(name) => Some(name),
            Self::All | Self::Notices => None,
        }
    }

    /// `(article_id, at, notice)` of everything that is public now, in no order.
    fn places(&self) -> String {
        let notices = "SELECT notices.article_id, notices.public_at AS at, notices.public_id AS notice
             FROM notices JOIN news ON news.article_id = notices.article_id
             WHERE notices.public_at <= :now AND notices.state IN ('public', 'lifted')
               AND news.withdrawn_at IS NULL AND news.published_at <= :now";
        // one that an editor saw before they published came with the item; `published_at` is a whole second
        let later = "AND notices.public_at > news.published_at AND (notices.found_at >= news.published_at
                     OR coalesce(notices.answered_at, 0) >= news.published_at + 1000)";
        match self {
            Self::All => format!(
                "SELECT article_id, published_at AS at, NULL AS notice FROM news
                 WHERE :topic IS NULL AND withdrawn_at IS NULL AND published_at <= :now
                 UNION ALL {notices} {later}"
            ),
            Self::Topic(_) => format!(
                "SELECT article_id, news_topics.published_at AS at, NULL AS notice
                 FROM news_topics JOIN news USING (article_id)
                 WHERE topic = :topic AND news_topics.published_at <= :now AND withdrawn_at IS NULL
                 UNION ALL {notices} {later} AND EXISTS (SELECT 1 FROM news_topics
                     WHERE news_topics.article_id = notices.article_id AND topic = :topic)"
            ),
            Self::Notices => format!("{notices} AND :topic IS NULL"),
        }
    }
}

impl Store {
    /// The newest entries before `before` (an entry's `published_at`), newest first, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn feed_newest(
        &self,
        of: FeedOf,
        before: Option<UnixMs>,
        limit: u64,
        now: UnixMs,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.read("reading a feed", move |db| {
            let sql = format!(
                "SELECT {NEWS_COLUMNS}, place.notice FROM (
                     SELECT * FROM ({}) WHERE at < :before ORDER BY at DESC LIMIT :limit) AS place
                 JOIN news ON news.article_id = place.article_id ORDER BY place.at DESC",
                of.places()
            );
            let before = before.map_or(i64::MAX, |at| at.0);
            let parameters =
                named_params! {":topic": of.name(), ":now": now.0, ":before": before, ":limit": limit as i64};
            let mut statement = db.prepare_cached(&sql)?;
            let entries = statement.query_map(parameters, feed_entry)?;
            entries.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// How many entries there are, which says how many archives.
    ///
    /// # Errors
    /// The database's.
    pub async fn feed_count(&self, of: FeedOf, now: UnixMs) -> Result<u64, StoreError> {
        self.read("counting a feed", move |db| {
            let sql = format!("SELECT count(*) FROM ({})", of.places());
            let mut statement = db.prepare_cached(&sql)?;
            let parameters = named_params! {":topic": of.name(), ":now": now.0};
            statement.query_row(parameters, |row| row.get::<_, i64>(0))
        })
        .await
        .map(|count| count.unsigned_abs())
    }

    /// The entries after the first `skip`, counted from the oldest, at most `limit`; newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn feed_from_oldest(
        &self,
        of: FeedOf,
        skip: u64,
        limit: u64,
        now: UnixMs,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        self.read("reading an archive", move |db| {
            let sql = format!(
                "SELECT {NEWS_COLUMNS}, place.notice FROM (
                     SELECT * FROM ({}) ORDER BY at LIMIT :limit OFFSET :skip) AS place
                 JOIN news ON news.article_id = place.article_id ORDER BY place.at DESC",
                of.places()
            );
            let parameters = named_params! {
                ":topic": of.name(), ":now": now.0, ":limit": limit as i64, ":skip": skip as i64,
            };
            let mut statement = db.prepare_cached(&sql)?;
            let entries = statement.query_map(parameters, feed_entry)?;
            entries.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// Items that a grave notice marks now, published before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database's.
    pub async fn feed_marked(
        &self,
        of: FeedOf,
        before: UnixMs,
        limit: u64,
        now: UnixMs,
    ) -> Result<Vec<FeedEntry>, StoreError> {
        let kinds: Vec<&str> =
            NoticeKind::ALL.into_iter().filter(|kind| kind.is_serious()).map(NoticeKind::as_str).collect();
        self.read("reading marked items", move |db| {
            let sql = format!(
                "SELECT {NEWS_COLUMNS}, NULL AS notice FROM news
                 WHERE withdrawn_at IS NULL AND published_at <= :now AND published_at < :before
                   AND article_id IN (SELECT article_id FROM notices WHERE state = 'public' AND public_at <= :now
                                      AND kind IN (SELECT value FROM json_each(:kinds)))
                   AND (:topic IS NULL OR EXISTS (SELECT 1 FROM news_topics
                        WHERE news_topics.article_id = news.article_id AND topic = :topic))
                 ORDER BY published_at DESC LIMIT :limit"
            );
            let parameters = named_params! {
                ":topic": of.name(), ":now": now.0, ":before": before.0, ":limit": limit as i64,
                ":kinds": rows::to_json(&kinds)?,
            };
            let mut statement = db.prepare_cached(&sql)?;
            let entries = statement.query_map(parameters, feed_entry)?;
            entries.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// What is at `/notices/{public_id}`: a notice that was public stays, lifted or not, while its item is. Where its
    /// article was merged, the same notice of the one that stands is there.
    ///
    /// # Errors
    /// The database's.
    pub async fn notice_place(&self, public_id: &str, now: UnixMs) -> Result<NoticePlace, StoreError> {
        let public_id = public_id.to_owned();
        self.read("reading a notice", move |db| {
            let sql = format!(
                "WITH RECURSIVE place (article_id, finding) AS (
                     SELECT article_id, finding FROM notices
                     WHERE public_id = :id AND public_at <= :now AND state IN ('public', 'lifted')
                     UNION SELECT merged_into, finding FROM articles JOIN place ON place.article_id = articles.id
                     WHERE merged_into IS NOT NULL)
                 SELECT {NEWS_COLUMNS}, withdrawn_at, place.finding FROM place
                 JOIN news ON news.article_id = place.article_id WHERE news.published_at <= :now
                 ORDER BY withdrawn_at IS NOT NULL LIMIT 1"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement
                .query_row(named_params! {":now": now.0, ":id": public_id}, |row| {
                    let withdrawn_at = rows::instant(row, "withdrawn_at")?;
                    Ok((rows::news_item(row)?, rows::from_json::<Finding>(row, "finding")?, withdrawn_at))
                })
                .optional()?;
            let Some((item, finding, withdrawn_at)) = found else { return Ok(NoticePlace::Unknown) };
            let same = || item.notices.iter().find(|notice| is_same_notice(&notice.finding, &finding));
            let notice = item.notice(&public_id).or_else(same).cloned();
            Ok(match (notice, withdrawn_at) {
                (_, Some(_)) => NoticePlace::Gone,
                (None, None) => NoticePlace::Unknown,
                (notice, None) => NoticePlace::Public(Box::new(FeedEntry { item, notice })),
            })
        })
        .await
    }
}

/// Reads [`NEWS_COLUMNS`] and `notice`; `None` for a notice that the item's own copy does not hold.
fn feed_entry(row: &Row<'_>) -> rusqlite::Result<Option<FeedEntry>> {
    let item = rows::news_item(row)?;
    let Some(id) = row.get::<_, Option<String>>("notice")? else { return Ok(Some(FeedEntry::of_item(item))) };
    let notice = item.notice(&id).cloned();
    Ok(notice.map(|notice| FeedEntry { item, notice: Some(notice) }))
}
