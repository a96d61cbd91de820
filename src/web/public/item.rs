//! `/a/{id}`: an item's own page, and with an ending its citation.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::notices::NoticeView;
use super::page::{Chrome, Html, ItemView, day_of, page_or_error, render};
use super::{AppState, Public, PublicError, citations};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;
use crate::publish::citation::{CitationFormat, json_ld};
use crate::publish::html::first_report_html;
use crate::publish::notice::{before_notice, is_void, short_summary, statement};
use crate::publish::text::paragraphs;
use crate::store::NewsPlace;

#[derive(Template)]
#[template(path = "public/item.html")]
struct ItemPage {
    chrome: Chrome,
    item: ItemView,
    /// All authors.
    authors: String,
    /// "Journal. 5 Mar 2026;12(3):1-9"
    source: String,
    published: String,
    updated: String,
    /// Notices that stand, gravest first.
    notices: Vec<NoticeView>,
    /// What stands before a paragraph that is only the record of what was reported.
    before: Option<String>,
    /// The approved paragraph.
    reported: Vec<String>,
    /// The preprint's citation.
    first_report: Option<Html>,
    history: Vec<Event>,
    /// The sources that showed the article, "A, B and C"; empty where none is known.
    sources: String,
}

/// `/a/{id}` and `/a/{id}.{ris,bib,csl.json}`
pub(super) async fn show(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let public = &app.public;
    match file.split_once('.') {
        None => {
            let answer = page(public, &headers, &file).await;
            page_or_error(public, answer)
        }
        Some((id, extension)) => match CitationFormat::from_extension(extension) {
            Some(format) => citations::one(public, &headers, id, format).await.into_response(),
            None => page_or_error(public, Err(PublicError::NotFound)),
        },
    }
}

async fn page(public: &Public, headers: &HeaderMap, id: &str) -> Result<Response, PublicError> {
    let path = format!("/a/{id}");
    public
        .answer(headers, &path, || async {
            let now = public.now();
            let item = find(public, id, now).await?;
            if item.public_id != id {
                // merged: the other article stands for both
                return Err(PublicError::Moved(format!("/a/{}", item.public_id)));
            }
            let mut sources: Vec<String> = Vec::new();
            for sighting in public.store.sightings(item.article_id).await? {
                if !sources.contains(&sighting.source_title) {
                    sources.push(sighting.source_title);
                }
            }
            render(&item_page(public, &item, &path, sources))
        })
        .await
}

fn item_page(public: &Public, item: &NewsItem, path: &str, sources: Vec<String>) -> ItemPage {
    let view = ItemView::new(&public.site, item);
    let mut chrome = Chrome::new(public, "", &view.plain_title, path).with_oembed(&public.site);
    chrome.kind = "article";
    chrome.description = short_summary(item);
    chrome.json_ld = Some(Html::made_by_us(json_ld::item_page(&public.site, item)));
    ItemPage {
        chrome,
        authors: crate::publish::citation::authors_line(item),
        source: crate::publish::citation::source_line(item),
        published: item.published_at.to_rfc3339(),
        updated: item.updated_at.to_rfc3339(),
        notices: NoticeView::standing(item),
        before: is_void(item).then(|| before_notice(item)),
        reported: paragraphs(&item.summary),
        first_report: item.first_report.as_ref().map(|report| Html::made_by_us(first_report_html(report))),
        history: history(item),
        item: view,
        sources: join_names(&sources),
    }
}

/// What happened to the item, oldest first.
struct Event {
    day: String,
    day_text: String,
    what: String,
    who: Option<String>,
    /// The notice's page.
    path: Option<String>,
}

fn history(item: &NewsItem) -> Vec<Event> {
    let event = |at: UnixMs, what: String, path: Option<String>| {
        let (day, day_text) = day_of(at);
        (at, Event { day, day_text, what, who: None, path })
    };
    let mut events = vec![event(item.published_at, "Published here.".to_owned(), None)];
    for notice in &item.notices {
        let path = Some(format!("/notices/{}", notice.public_id));
        let label = notice.finding.kind.label();
        events.push(event(notice.public_at, format!("{label}: {}", statement(notice)), path));
        if let Some(at) = notice.lifted_at {
            events.push(event(at, format!("{label}: lifted."), None));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

fn join_names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The public item with this id, or why there is none.
pub(super) async fn find(public: &Public, id: &str, now: UnixMs) -> Result<NewsItem, PublicError> {
    if !is_ulid(id) {
        return Err(PublicError::NotFound);
    }
    match public.store.news_place(id, now).await? {
        NewsPlace::Public(item) => Ok(*item),
        NewsPlace::Gone => Err(PublicError::Gone),
        NewsPlace::Unknown => Err(PublicError::NotFound),
    }
}

/// A ULID is 26 letters and digits: nothing else is worth a question to the database.
pub(super) fn is_ulid(id: &str) -> bool {
    id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
