//! Subscriptions: three formats of everything and of each topic, their archives, OPML, and the page for people.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::page::{Chrome, page_or_error, render};
use super::parameters::{Parameters, Path};
use super::{AppState, Page, Public, PublicError};
use crate::domain::news::FeedEntry;
use crate::domain::time::UnixMs;
use crate::publish::feed::{Channel, Feed, FeedFormat, feed_path};
use crate::publish::{atom, json_feed, opml, rss};
use crate::store::FeedOf;

/// `/feeds/{news,notices}.{rss,atom,json}`
pub(super) async fn news(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let (name, format) = split_file(&file)?;
    let channel = match name {
        "news" => Channel::All,
        "notices" => Channel::Notices,
        _ => return Err(PublicError::NotFound),
    };
    answer(&app.public, &headers, &parameters, channel, format).await
}

/// `/feeds/t/{topic}.{rss,atom,json}`
pub(super) async fn topic(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let (name, format) = split_file(&file)?;
    let known = app.site.topics.iter().find(|(known, _)| known == name);
    let (topic, _) = known.ok_or(PublicError::NotFound)?;
    answer(&app.public, &headers, &parameters, Channel::Topic(topic), format).await
}

fn split_file(file: &str) -> Result<(&str, FeedFormat), PublicError> {
    let (name, extension) = file.rsplit_once('.').ok_or(PublicError::NotFound)?;
    let format = FeedFormat::from_extension(extension).ok_or(PublicError::NotFound)?;
    Ok((name, format))
}

async fn answer(
    public: &Public,
    headers: &HeaderMap,
    parameters: &Parameters,
    channel: Channel<'_>,
    format: FeedFormat,
) -> Result<Response, PublicError> {
    let archive = parameters.number("archive", 1, 1_000_000)?;
    let mut key = feed_path(channel, format);
    if let Some(number) = archive {
        key.push_str(&format!("?archive={number}"));
    }
    public
        .answer(headers, &key, || async move {
            let now = public.now();
            let size = public.settings.feed_items as u64;
            let of = match channel {
                Channel::All => FeedOf::All,
                Channel::Topic(name) => FeedOf::Topic(name.to_owned()),
                Channel::Notices => FeedOf::Notices,
            };
            let archives = public.store.feed_count(of.clone(), now).await? / size.max(1);
            let entries = match archive {
                None => newest(public, of, size, now).await?,
                Some(number) if number <= archives => {
                    public.store.feed_from_oldest(of, (number - 1) * size, size, now).await?
                }
                Some(_) => return Err(PublicError::NotFound),
            };
            let hub = public.settings.hub.as_deref();
            let feed = Feed {
                site: &public.site,
                channel,
                entries: &entries,
                empty_at: public.started_at,
                hub,
                archive,
                archives,
            };
            let page = match format {
                FeedFormat::Rss => Page::new("application/rss+xml; charset=utf-8", rss::render(&feed)),
                FeedFormat::Atom => Page::new("application/atom+xml; charset=utf-8", atom::render(&feed)),
                FeedFormat::Json => {
                    Page::new("application/feed+json; charset=utf-8", json_feed::render(&feed))
                }
            };
            Ok(match hub {
                // WebSub 4: discovered in headers too
                Some(hub) => {
                    let own = feed.self_url(format);
                    page.with(header::LINK, &format!("<{hub}>; rel=\"hub\", <{own}>; rel=\"self\""))
                }
                None => page,
            })
        })
        .await
}

/// The newest entries, and below them every older item that a grave notice marks, however old; of these at most as
/// many, the newest.
async fn newest(public: &Public, of: FeedOf, size: u64, now: UnixMs) -> Result<Vec<FeedEntry>, PublicError> {
    let mut entries = public.store.feed_newest(of.clone(), None, size, now).await?;
    if of != FeedOf::Notices && entries.len() as u64 == size {
        let oldest = entries.last().map_or(now, FeedEntry::published_at);
        entries.extend(public.store.feed_marked(of, oldest, size, now).await?);
    }
    Ok(entries)
}

/// `/feeds.opml`
pub(super) async fn opml(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PublicError> {
    let public = &app.public;
    public
        .answer(&headers, "/feeds.opml", || async move {
            let page = Page::new("text/x-opml; charset=utf-8", opml::render(&public.site));
            Ok(page.with(header::CONTENT_DISPOSITION, "attachment; filename=\"feeds.opml\""))
        })
        .await
}

#[derive(Template)]
#[template(path = "public/feeds.html")]
struct FeedsPage {
    chrome: Chrome,
    feeds: Vec<FeedRow>,
}

struct FeedRow {
    title: String,
    /// `(label, address)`, RSS first.
    formats: Vec<(&'static str, String)>,
}

/// `/feeds`
pub(super) async fn page(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let public = &app.public;
    let answer = public
        .answer(&headers, "/feeds", || async move {
            let site = &public.site;
            let topics = site.topics.iter().map(|(name, _)| Channel::Topic(name));
            let channels = [Channel::All].into_iter().chain(topics).chain([Channel::Notices]);
            let row = |channel: Channel<'_>| FeedRow {
                title: channel.title(site).unwrap_or_else(|| public.texts.t("feeds-everything").into()),
                formats: FeedFormat::ALL
                    .map(|format| (format.label(), site.url(&feed_path(channel, format))))
                    .to_vec(),
            };
            let feeds = channels.map(row).collect();
            let name = public.texts.t("site-feeds").to_string();
            render(&FeedsPage { chrome: Chrome::new(public, "feeds", &name, "/feeds"), feeds })
        })
        .await;
    page_or_error(public, answer)
}
