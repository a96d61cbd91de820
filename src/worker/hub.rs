//! Telling the WebSub hub, where one is configured, that the feeds have changed (W3C WebSub, section 7).
//!
//! The hub fetches the feeds itself and passes them on; it is told nothing but their addresses. A hub that does not
//! answer is told again a minute later. It has a task of its own: a hub that hangs keeps nobody waiting.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::domain::source::TopicScope;
use crate::domain::time::{MINUTE_MS, UnixMs};
use crate::intake::fetch::{FetchError, Fetcher, Request};
use crate::store::{NewsQuery, Store, StoreError};

/// How often the database is asked whether something published changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the hub was last told of: the version of what is published, and the newest item that is public.
type Seen = (i64, Option<UnixMs>);

/// The configured hub and how far it was told.
pub(super) struct Hub {
    url: String,
    feeds: Vec<String>,
    told: Option<Seen>,
    not_before: UnixMs,
}

impl Hub {
    /// The hub of `publish.websub_hub`; `None` where there is none. `topics` are the keys of all topics.
    pub(super) fn configured(settings: &Settings, topics: &[crate::domain::source::Topic]) -> Option<Self> {
        let url = settings.publish.websub_hub.clone()?;
        let site = settings.server.public_url_at(settings.server.listen);
        let shown = topics.iter().filter(|topic| topic.scope != TopicScope::Field);
        let paths = std::iter::once("news".to_owned()).chain(shown.map(|topic| format!("t/{}", topic.name)));
        let feeds = paths
            .flat_map(|path| ["rss", "atom", "json"].map(|format| format!("{site}/feeds/{path}.{format}")))
            .collect();
        Some(Self { url, feeds, told: None, not_before: UnixMs(0) })
    }

    /// Tells the hub of every change until the task is ended.
    pub(super) async fn run(mut self, store: Store, fetcher: Arc<Fetcher>) {
        loop {
            if let Err(error) = self.catch_up(&store, &fetcher, UnixMs::now()).await {
                tracing::error!("cannot ask what was published: {error}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells the hub if something published changed, or a scheduled item became public, since it was last told.
    ///
    /// # Errors
    /// The database's.
    async fn catch_up(&mut self, store: &Store, fetcher: &Fetcher, now: UnixMs) -> Result<(), StoreError> {
        let newest = store.news_list(NewsQuery::default(), now, 1).await?;
        let seen = (store.news_version().await?, newest.first().map(|item| item.published_at));
        if self.told == Some(seen) || now < self.not_before {
            return Ok(());
        }
        self.not_before = now.plus_ms(MINUTE_MS);
        match self.ping(fetcher).await {
            Ok(()) => {
                self.told = Some(seen);
                self.not_before = now;
            }
            Err(error) => tracing::warn!("the WebSub hub was not told: {error}; tried again in a minute"),
        }
        Ok(())
    }

    async fn ping(&self, fetcher: &Fetcher) -> Result<(), FetchError> {
        let mut form = vec![("hub.mode", "publish")];
        form.extend(self.feeds.iter().map(|feed| ("hub.url", feed.as_str())));
        match fetcher.post_form(&Request::new(self.url.as_str()), &form).await {
            // hubs answer with any status of success
            Err(FetchError::Status { status: 200..=299, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
