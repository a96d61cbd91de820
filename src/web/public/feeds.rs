//! Subscriptions: three formats of everything and of each topic, their archives, OPML, and the page for people.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::page::{Chrome, page_or_error, render};
use super::parameters::Parameters;
use super::{AppState, Page, Public, PublicError};
use crate::publish::feed::{Feed, FeedFormat, feed_path};
use crate::publish::{atom, json_feed, opml, rss};
use crate::store::NewsQuery;

/// `/feeds/news.{rss,atom,json}`
pub(super) async fn news(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let (name, format) = split_file(&file)?;
    if name != "news" {
        return Err(PublicError::NotFound);
    }
    answer(&app.public, &headers, &parameters, None, format).await
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
    answer(&app.public, &headers, &parameters, Some(topic), format).await
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
    topic: Option<&str>,
    format: FeedFormat,
) -> Result<Response, PublicError> {
    let archive = parameters.number("archive", 1, 1_000_000)?;
    let mut key = feed_path(topic, format);
    if let Some(number) = archive {
        key.push_str(&format!("?archive={number}"));
    }
    public
        .answer(headers, &key, || async move {
            let now = public.now();
            let size = public.settings.feed_items as u64;
            let wanted = topic.map(str::to_owned);
            let archives = public.store.news_count(wanted.clone(), now).await? / size.max(1);
            let items = match archive {
                None => {
                    let query = NewsQuery { topic: wanted, ..NewsQuery::default() };
                    public.store.news_list(query, now, size as i64).await?
                }
                Some(number) if number <= archives => {
                    public.store.news_from_oldest(wanted, (number - 1) * size, size, now).await?
                }
                Some(_) => return Err(PublicError::NotFound),
            };
            let hub = public.settings.hub.as_deref();
            let feed = Feed {
                site: &public.site,
                topic,
                items: &items,
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
            let row = |title: &str, topic: Option<&str>| FeedRow {
                title: title.to_owned(),
                formats: FeedFormat::ALL
                    .map(|format| (format.label(), site.url(&feed_path(topic, format))))
                    .to_vec(),
            };
            let all = std::iter::once(row(&public.texts.t("feeds-everything").to_string(), None));
            let feeds = all.chain(site.topics.iter().map(|(name, title)| row(title, Some(name)))).collect();
            let name = public.texts.t("site-feeds").to_string();
            render(&FeedsPage { chrome: Chrome::new(public, "feeds", &name, "/feeds"), feeds })
        })
        .await;
    page_or_error(public, answer)
}
