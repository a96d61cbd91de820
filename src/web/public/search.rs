//! `/search?q=`: full text over what is published. Not kept in memory: anybody can ask anything.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::document::Document;
use super::page::{Chrome, Html, ItemView, page_or_error, render};
use super::parameters::Parameters;
use super::{AppState, Public, PublicError};
use crate::publish::notice::is_void;
use crate::store::SearchOrder;
use crate::web::found::mark_matches;

/// Hits shown.
const SHOWN: i64 = 50;
/// Longest question, bytes.
const MAX_QUESTION: usize = 200;

#[derive(Template)]
#[template(path = "public/search.html")]
struct SearchPage {
    chrome: Chrome,
    question: String,
    /// Each with the place that was found, unless that is in the title or the names, which are shown anyway.
    hits: Vec<(ItemView, Option<Html>)>,
    /// "12 items for …, best first."
    summary: String,
    /// The same question in the other order, and whether that is the newest first.
    other: String,
    is_newest: bool,
}

/// `/search?q=`
pub(super) async fn show(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let answer = answer(&app.public, &headers, &parameters).await;
    page_or_error(&app.public, answer)
}

async fn answer(
    public: &Public,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, PublicError> {
    let question = read_question(parameters)?;
    let now = public.now();
    let order = read_order(parameters)?;
    let found = public.store.search_news(question, order, now, SHOWN).await?;
    let mut chrome = Chrome::new(public, "search", &public.texts.t("site-search").to_string(), "/search");
    // a search page for every question would be a trap for crawlers
    chrome.is_indexed = false;
    let page = SearchPage {
        chrome,
        question: question.to_owned(),
        other: other_order(question, order),
        is_newest: order == SearchOrder::Newest,
        summary: summary(public, question, order, found.len()),
        hits: found
            .into_iter()
            .map(|found| {
                let snippet = (is_from(&found.item.summary, &found.snippet) && !is_void(&found.item))
                    .then(|| Html::made_by_us(mark_matches(&found.snippet, "<mark>")));
                (ItemView::new(&public.site, &found.item), snippet)
            })
            .collect(),
    };
    let page = render(&page)?;
    let document = tokio::task::spawn_blocking(move || Document::new(page, now)).await;
    Ok(document.map_err(|error| PublicError::Failed(error.to_string()))?.answer(headers))
}

fn summary(public: &Public, question: &str, order: SearchOrder, count: usize) -> String {
    let key = match (order, count as i64 == SHOWN) {
        (SearchOrder::Best, false) => "search-found",
        (SearchOrder::Best, true) => "search-cut",
        (SearchOrder::Newest, false) => "search-found-newest",
        (SearchOrder::Newest, true) => "search-cut-newest",
    };
    public.texts.t(key).with("count", count).with("question", question).into()
}

/// The path of the same question in the other order.
fn other_order(question: &str, order: SearchOrder) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", question);
    if order == SearchOrder::Best {
        query.append_pair("order", "newest");
    }
    format!("/search?{}", query.finish())
}

/// The question, empty where none is asked.
pub(super) fn read_question(parameters: &Parameters) -> Result<&str, PublicError> {
    let question = parameters.text("q").unwrap_or_default();
    if question.len() > MAX_QUESTION {
        let what = format!("takes at most {MAX_QUESTION} bytes");
        return Err(PublicError::BadParameter { name: "q", what });
    }
    Ok(question)
}

/// Which hits come first: `order=best` unless told, or `newest`.
pub(super) fn read_order(parameters: &Parameters) -> Result<SearchOrder, PublicError> {
    let read = |word: &str| match word {
        "best" => Some(SearchOrder::Best),
        "newest" => Some(SearchOrder::Newest),
        _ => None,
    };
    Ok(parameters.word("order", read, "best, newest")?.unwrap_or_default())
}

/// Whether a snippet, without its marks, is a piece of this text.
fn is_from(text: &str, snippet: &str) -> bool {
    let plain = snippet.replace(['\u{2}', '\u{3}'], "");
    text.contains(plain.trim_matches('…'))
}
