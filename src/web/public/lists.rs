//! Pages that list news: the latest, a topic's, a month's; and the lists of topics and months.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{NaiveDate, TimeZone, Utc};

use super::page::{Chrome, Html, ItemView, page_or_error, render};
use super::parameters::{Parameters, Path};
use super::{AppState, Public, PublicError};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;
use crate::publish::citation::{CitationFormat, json_ld};
use crate::publish::feed::{Channel, FeedFormat, feed_path, path_segment, topic_path};
use crate::store::NewsQuery;

/// Items on a page of a month.
const MONTH_ITEMS: usize = 200;

#[derive(Template)]
#[template(path = "public/list.html")]
struct ListPage {
    chrome: Chrome,
    /// Empty on the home page.
    heading: String,
    /// Path of the list's RSS feed.
    feed: String,
    /// The whole list for reference managers, `(label, path)`; empty where it is no topic's.
    exports: Vec<(&'static str, String)>,
    items: Vec<ItemView>,
    older: Option<String>,
    newest: Option<String>,
    aside: Aside,
}

/// A link with how many items it leads to: `(title, path, count)`.
type Counted = (String, String, i64);

/// What stands beside a list.
struct Aside {
    topics: Vec<Counted>,
    /// The newest year's worth.
    months: Vec<Counted>,
}

#[derive(Template)]
#[template(path = "public/topics.html")]
struct TopicsPage {
    chrome: Chrome,
    /// `(title, path, count, feed)`.
    topics: Vec<(String, String, i64, String)>,
}

#[derive(Template)]
#[template(path = "public/archive.html")]
struct ArchivePage {
    chrome: Chrome,
    years: Vec<(i32, Vec<Counted>)>,
}

/// `/`
pub(super) async fn home(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let answer = list(&app.public, &headers, &parameters, None).await;
    page_or_error(&app.public, answer)
}

/// `/t/{topic}`
pub(super) async fn topic(
    State(app): State<AppState>,
    Path(topic): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let known = app.site.topics.iter().any(|(name, _)| *name == topic);
    let answer = if known {
        list(&app.public, &headers, &parameters, Some(&topic)).await
    } else {
        Err(PublicError::NotFound)
    };
    page_or_error(&app.public, answer)
}

async fn list(
    public: &Public,
    headers: &HeaderMap,
    parameters: &Parameters,
    topic: Option<&str>,
) -> Result<Response, PublicError> {
    let before = parameters.cursor("before")?;
    let base = topic.map_or_else(|| "/".to_owned(), topic_path);
    let path = before.map_or_else(|| base.clone(), |at| format!("{base}?before={}", at.0));
    public
        .answer(headers, &path, || async {
            let now = public.now();
            let query = NewsQuery { topic: topic.map(str::to_owned), before, ..NewsQuery::default() };
            let (items, more) = page_of(public, query, now, public.settings.page_items).await?;
            let heading = topic.map_or("", |topic| crate::publish::feed::topic_title(&public.site, topic));
            let mut chrome =
                Chrome::new(public, if topic.is_none() { "latest" } else { "topics" }, heading, &path)
                    .with_oembed(&public.site);
            if let Some(topic) = topic {
                chrome = chrome.with_topic(&public.site, topic);
            }
            let oldest = items.last().map(|item| item.published_at.0).filter(|_| more);
            let page = ListPage {
                chrome: describe(chrome, public, &items),
                heading: heading.to_owned(),
                feed: feed_path(Channel::of_topic(topic), FeedFormat::Rss),
                exports: topic.map(exports).unwrap_or_default(),
                items: items.iter().map(|item| ItemView::new(&public.site, item)).collect(),
                older: oldest.map(|at| format!("{base}?before={at}")),
                newest: before.map(|_| base.clone()),
                aside: aside(public, now).await?,
            };
            render(&page)
        })
        .await
}

fn exports(topic: &str) -> Vec<(&'static str, String)> {
    let topic = path_segment(topic);
    let path = |format: CitationFormat| format!("/export?format={}&topic={topic}", format.extension());
    CitationFormat::ALL.map(|format| (format.label(), path(format))).to_vec()
}

/// `/archive/{year}/{month}`
pub(super) async fn month(
    State(app): State<AppState>,
    Path((year, month)): Path<(String, String)>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let answer = month_list(&app.public, &headers, &parameters, &year, &month).await;
    page_or_error(&app.public, answer)
}

async fn month_list(
    public: &Public,
    headers: &HeaderMap,
    parameters: &Parameters,
    year: &str,
    month: &str,
) -> Result<Response, PublicError> {
    // one address a month: /archive/2026/09, not /archive/2026/9
    if year.len() != 4 || month.len() != 2 {
        return Err(PublicError::NotFound);
    }
    let (year, month) = year.parse().ok().zip(month.parse().ok()).ok_or(PublicError::NotFound)?;
    let (start, end) = month_bounds(year, month).ok_or(PublicError::NotFound)?;
    let cursor = parameters.cursor("before")?;
    let base = month_path(year, month);
    let path = cursor.map_or_else(|| base.clone(), |at| format!("{base}?before={}", at.0));
    public
        .answer(headers, &path, || async {
            let now = public.now();
            let before = Some(cursor.map_or(end, |at| at.min(end)));
            let query = NewsQuery { before, since: Some(start), ..NewsQuery::default() };
            let (items, more) = page_of(public, query, now, MONTH_ITEMS).await?;
            if items.is_empty() {
                return Err(PublicError::NotFound);
            }
            let heading = public.texts.month_of(year, month);
            let chrome = Chrome::new(public, "archive", &heading, &path);
            let oldest = items.last().map(|item| item.published_at.0).filter(|_| more);
            let page = ListPage {
                chrome: describe(chrome, public, &items),
                heading,
                feed: feed_path(Channel::All, FeedFormat::Rss),
                exports: Vec::new(),
                items: items.iter().map(|item| ItemView::new(&public.site, item)).collect(),
                older: oldest.map(|at| format!("{base}?before={at}")),
                newest: cursor.map(|_| base.clone()),
                aside: aside(public, now).await?,
            };
            render(&page)
        })
        .await
}

/// `/topics`
pub(super) async fn topics(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let public = &app.public;
    let answer = public
        .answer(&headers, "/topics", || async move {
            let now = public.now();
            let counts = public.store.news_topic_counts(now).await?;
            let topics = public.site.topics.iter().map(|(name, title)| {
                (
                    title.clone(),
                    topic_path(name),
                    count_of(&counts, name),
                    feed_path(Channel::Topic(name), FeedFormat::Rss),
                )
            });
            let chrome = Chrome::new(public, "topics", &public.texts.t("site-topics").to_string(), "/topics");
            render(&TopicsPage { chrome, topics: topics.collect() })
        })
        .await;
    page_or_error(public, answer)
}

/// `/archive`
pub(super) async fn archive(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let public = &app.public;
    let answer = public
        .answer(&headers, "/archive", || async move {
            let now = public.now();
            let mut years: Vec<(i32, Vec<Counted>)> = Vec::new();
            for (year, month, count) in public.store.news_months(now).await? {
                let entry = (public.texts.month(month), month_path(year, month), count);
                match years.last_mut().filter(|(last, _)| *last == year) {
                    Some((_, months)) => months.push(entry),
                    None => years.push((year, vec![entry])),
                }
            }
            let chrome =
                Chrome::new(public, "archive", &public.texts.t("site-archive").to_string(), "/archive");
            render(&ArchivePage { chrome, years })
        })
        .await;
    page_or_error(public, answer)
}

/// At most `limit` items, and whether there are more.
pub(super) async fn page_of(
    public: &Public,
    query: NewsQuery,
    now: UnixMs,
    limit: usize,
) -> Result<(Vec<NewsItem>, bool), PublicError> {
    let mut items = public.store.news_list(query, now, limit as i64 + 1).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    Ok((items, more))
}

fn describe(mut chrome: Chrome, public: &Public, items: &[NewsItem]) -> Chrome {
    let list = json_ld::list_page(&public.site, &chrome.title, &chrome.canonical, items);
    chrome.json_ld = Some(Html::made_by_us(list));
    chrome
}

async fn aside(public: &Public, now: UnixMs) -> Result<Aside, PublicError> {
    let counts = public.store.news_topic_counts(now).await?;
    let topics = public
        .site
        .topics
        .iter()
        .map(|(name, title)| (title.clone(), topic_path(name), count_of(&counts, name)));
    let months = public.store.news_months(now).await?;
    let months = months
        .into_iter()
        .take(12)
        .map(|(year, month, count)| (public.texts.month_of(year, month), month_path(year, month), count));
    Ok(Aside { topics: topics.filter(|(.., count)| *count > 0).collect(), months: months.collect() })
}

fn count_of(counts: &[(String, i64)], name: &str) -> i64 {
    counts.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count)
}

/// The first instant of a month in UTC and that of the next.
pub(super) fn month_bounds(year: i32, month: u32) -> Option<(UnixMs, UnixMs)> {
    let first = |year, month| {
        let day = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
        Some(UnixMs::from(Utc.from_utc_datetime(&day)))
    };
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Some((first(year, month)?, first(next.0, next.1)?))
}

fn month_path(year: i32, month: u32) -> String {
    format!("/archive/{year:04}/{month:02}")
}
