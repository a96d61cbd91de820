//! `/a/{id}`: an item's own page, and with an ending its citation.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::history::Event;
use super::notices::NoticeView;
use super::page::{Chrome, Html, ItemView, page_or_error, render};
use super::parameters::Path;
use super::{AppState, Public, PublicError, citations};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;
use crate::domain::watch::ItemEvent;
use crate::publish::citation::{CitationFormat, json_ld};
use crate::publish::html::first_report_html;
use crate::publish::notice::{before_notice, is_void, short_summary};
use crate::publish::text::paragraphs;
use crate::store::NewsPlace;
use crate::texts::Texts;

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
            let events = public.store.item_history(item.article_id, now).await?;
            let mut sources: Vec<String> = Vec::new();
            for sighting in public.store.sightings(item.article_id).await? {
                if !sources.contains(&sighting.source_title) {
                    sources.push(sighting.source_title);
                }
            }
            render(&item_page(public, &item, &path, sources, events))
        })
        .await
}

fn item_page(
    public: &Public,
    item: &NewsItem,
    path: &str,
    sources: Vec<String>,
    events: Vec<ItemEvent>,
) -> ItemPage {
    let view = ItemView::new(&public.site, item);
    let mut chrome = Chrome::new(public, "", &view.plain_title, path).with_oembed(&public.site);
    chrome.kind = "article";
    chrome.description = short_summary(public.texts, item);
    chrome.json_ld = Some(Html::made_by_us(json_ld::item_page(&public.site, item)));
    ItemPage {
        chrome,
        authors: crate::publish::citation::authors_line(item),
        source: crate::publish::citation::source_line(item),
        published: item.published_at.to_rfc3339(),
        updated: item.updated_at.to_rfc3339(),
        notices: NoticeView::standing(public.texts, item),
        before: is_void(item).then(|| before_notice(public.texts, item)),
        reported: paragraphs(&item.summary),
        first_report: item
            .first_report
            .as_ref()
            .map(|report| Html::made_by_us(first_report_html(public.texts, report))),
        history: events
            .into_iter()
            .map(|event| Event::new(public.texts, event, public.settings.show_editor_names))
            .collect(),
        item: view,
        sources: join_names(public.texts, &sources),
    }
}

fn join_names(texts: &Texts, names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => texts.t("names-and").with("names", first.join(", ")).with("last", last).into(),
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
