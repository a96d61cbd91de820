//! Published items counted from the oldest: the numbering of a feed's archives.

use rusqlite::named_params;

use super::rows::{self, NEWS_COLUMNS};
use super::{Store, StoreError};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;

impl Store {
    /// How many items are public, in all or of one topic.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_count(&self, topic: Option<String>, now: UnixMs) -> Result<u64, StoreError> {
        self.read("counting the news", move |db| {
            let sql = match topic {
                Some(_) => {
                    "SELECT count(*) FROM news_topics JOIN news USING (article_id)
                     WHERE topic = :topic AND news_topics.published_at <= :now AND withdrawn_at IS NULL"
                }
                None => {
                    "SELECT count(*) FROM news
                     WHERE :topic IS NULL AND withdrawn_at IS NULL AND published_at <= :now"
                }
            };
            let mut statement = db.prepare_cached(sql)?;
            statement.query_row(named_params! {":topic": topic, ":now": now.0}, |row| row.get::<_, i64>(0))
        })
        .await
        .map(|count| count.unsigned_abs())
    }

    /// The items after the first `skip`, counted from the oldest, at most `limit`; newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn news_from_oldest(
        &self,
        topic: Option<String>,
        skip: u64,
        limit: u64,
        now: UnixMs,
    ) -> Result<Vec<NewsItem>, StoreError> {
        self.read("reading an archive", move |db| {
            let (table, condition) = match topic {
                Some(_) => ("news_topics JOIN news USING (article_id)", "topic = :topic"),
                None => ("news", ":topic IS NULL"),
            };
            let sql = format!(
                "SELECT {NEWS_COLUMNS} FROM {table}
                 WHERE {condition} AND withdrawn_at IS NULL AND news.published_at <= :now
                 ORDER BY news.published_at LIMIT :limit OFFSET :skip"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let parameters =
                named_params! {":topic": topic, ":now": now.0, ":limit": limit as i64, ":skip": skip as i64};
            let items = statement.query_map(parameters, rows::news_item)?;
            let mut items: Vec<NewsItem> = items.collect::<rusqlite::Result<_>>()?;
            items.reverse();
            Ok(items)
        })
        .await
    }
}
