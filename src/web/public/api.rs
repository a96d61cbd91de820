//! `/api/v1`: the news as JSON for other programs. Additive changes only.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::document::{Document, Page};
use super::lists::page_of;
use super::parameters::{Parameters, Path};
use super::search::{read_order, read_question};
use super::{AppState, Public, PublicError, item};
use crate::domain::entry::WorkKind;
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;
use crate::publish::json::{NewsJson, NewsListJson, ProblemJson, TopicJson, TopicListJson, to_bytes};
use crate::publish::json_notice::{NoticeEntryJson, NoticeListJson};
use crate::store::{NewsQuery, SearchOrder};

const JSON: &str = "application/json";
const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 200;
/// A search ranks at most so many.
const MAX_FOUND: i64 = 200;

/// What a list is narrowed to, read from the query.
struct Filter {
    limit: usize,
    cursor: Option<UnixMs>,
    topic: Option<String>,
    since: Option<UnixMs>,
    until: Option<UnixMs>,
    kind: Option<WorkKind>,
    /// Of a search.
    order: SearchOrder,
}

impl Filter {
    fn read(public: &Public, parameters: &Parameters) -> Result<Self, PublicError> {
        Ok(Self {
            limit: parameters.number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT) as usize,
            cursor: parameters.cursor("cursor")?,
            topic: parameters.topic(&public.site)?,
            since: parameters.instant("since")?,
            until: parameters.instant("until")?,
            kind: parameters.word("type", WorkKind::parse, "article, preprint, trial, book")?,
            order: read_order(parameters)?,
        })
    }

    /// The query string of the page that starts at `cursor`, in one order whatever was asked.
    fn path(&self, question: &str, cursor: Option<i64>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        };
        put("topic", self.topic.clone());
        put("since", self.since.map(|at| at.to_utc().to_rfc3339()));
        put("until", self.until.map(|at| at.to_utc().to_rfc3339()));
        put("type", self.kind.map(|kind| kind.as_str().to_owned()));
        let newest = !question.is_empty() && self.order == SearchOrder::Newest;
        put("order", newest.then(|| "newest".to_owned()));
        put("q", (!question.is_empty()).then(|| question.to_owned()));
        put("cursor", cursor.map(|at| at.to_string()));
        format!("/api/v1/news?{}", query.finish())
    }

    fn query(&self) -> NewsQuery {
        let before = match (self.cursor, self.until) {
            (Some(cursor), Some(until)) => Some(cursor.min(until)),
            (cursor, until) => cursor.or(until),
        };
        let kind = self.kind.map(|kind| kind.as_str().to_owned());
        NewsQuery { topic: self.topic.clone(), before, since: self.since, kind }
    }

    fn is_open(&self) -> bool {
        self.topic.is_none() && self.since.is_none() && self.until.is_none() && self.kind.is_none()
    }

    fn admits(&self, item: &NewsItem) -> bool {
        self.topic.as_ref().is_none_or(|topic| item.topics.contains(topic))
            && self.since.is_none_or(|since| item.published_at >= since)
            && self.until.is_none_or(|until| item.published_at < until)
            && self.kind.is_none_or(|kind| item.kind == kind)
    }
}

/// The news, newest first; with `q`, best first unless `order=newest`.
///
/// Follow `next` (also in the `Link` header) until it is `null`. Ask again with the `ETag` in `If-None-Match`: what
/// has not changed is answered with 304 and costs nothing.
#[utoipa::path(
    get,
    path = "/api/v1/news",
    tag = "news",
    params(
        ("limit" = Option<u64>, Query, description = "Items on a page, 1 to 200; 20 unless told."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
        ("topic" = Option<String>, Query, description = "A name from /api/v1/topics."),
        ("since" = Option<String>, Query, description = "Published at or after this instant (RFC 3339), or day in UTC."),
        ("until" = Option<String>, Query, description = "Published before it."),
        ("type" = Option<String>, Query, description = "`article`, `preprint`, `trial` or `book`."),
        ("q" = Option<String>, Query, description = "Words in title, paragraph, authors or journal; at most 200 items."),
        ("order" = Option<String>, Query, description = "Of the hits of `q`: `best` first unless told, or `newest`."),
    ),
    responses(
        (status = 200, description = "A page of items.", body = NewsListJson),
        (status = 400, description = "A parameter has a value that it cannot have.", body = ProblemJson, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    let filter = Filter::read(public, &parameters)?;
    let question = read_question(&parameters)?;
    if !question.is_empty() {
        return search(public, &headers, &filter, question).await;
    }
    let key = filter.path("", filter.cursor.map(|at| at.0));
    public
        .answer(&headers, &key, || async move {
            let now = public.now();
            let (items, more) = page_of(public, filter.query(), now, filter.limit).await?;
            let next = items.last().map(|item| item.published_at.0).filter(|_| more);
            Ok(list_page(public, &filter, "", &items, next))
        })
        .await
}

/// Here the cursor counts hits. Not kept in memory: anybody can ask anything.
async fn search(
    public: &Public,
    headers: &HeaderMap,
    filter: &Filter,
    question: &str,
) -> Result<Response, PublicError> {
    let now = public.now();
    let skip = filter.cursor.map_or(0, |cursor| usize::try_from(cursor.0).unwrap_or(usize::MAX));
    // a filter may drop any of the hits; without one, no more are read than shown, and one to know of a next page
    let wanted = if filter.is_open() {
        skip.saturating_add(filter.limit + 1).min(MAX_FOUND as usize) as i64
    } else {
        MAX_FOUND
    };
    let found = public.store.search_news(question, filter.order, now, wanted).await?;
    let mut hits = found.into_iter().map(|found| found.item).filter(|item| filter.admits(item)).skip(skip);
    let items: Vec<NewsItem> = hits.by_ref().take(filter.limit).collect();
    let next = hits.next().map(|_| skip.saturating_add(items.len()) as i64);
    let page = list_page(public, filter, question, &items, next);
    let document = tokio::task::spawn_blocking(move || Document::new(page, now)).await;
    Ok(document.map_err(|error| PublicError::Failed(error.to_string()))?.answer(headers))
}

fn list_page(
    public: &Public,
    filter: &Filter,
    question: &str,
    items: &[NewsItem],
    next: Option<i64>,
) -> Page {
    let next_url = next.map(|cursor| public.site.url(&filter.path(question, Some(cursor))));
    let list = NewsListJson {
        items: items.iter().map(|item| NewsJson::new(&public.site, item)).collect(),
        next_cursor: next.map(|cursor| cursor.to_string()),
        next: next_url.clone(),
    };
    let page = Page::new(JSON, to_bytes(&list));
    match next_url {
        Some(url) => page.with(header::LINK, &format!("<{url}>; rel=\"next\"")),
        None => page,
    }
}

/// One item.
#[utoipa::path(
    get,
    path = "/api/v1/news/{id}",
    tag = "news",
    params(("id" = String, Path, description = "The item's `id`.")),
    responses(
        (status = 200, description = "The item.", body = NewsJson),
        (status = 301, description = "It is the same work as another item, which stands for both."),
        (status = 404, description = "Nothing public has this id.", body = ProblemJson, content_type = "application/problem+json"),
        (status = 410, description = "It was withdrawn.", body = ProblemJson, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    public
        .answer(&headers, &format!("/api/v1/news/{id}"), || async {
            let now = public.now();
            let item = item::find(public, &id, now).await?;
            if item.public_id != id {
                return Err(PublicError::Moved(format!("/api/v1/news/{}", item.public_id)));
            }
            Ok(Page::new(JSON, to_bytes(&NewsJson::new(&public.site, &item))))
        })
        .await
}

/// The topics, in the society's order.
#[utoipa::path(
    get,
    path = "/api/v1/topics",
    tag = "topics",
    responses((status = 200, description = "All topics.", body = TopicListJson))
)]
pub(super) async fn topics(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PublicError> {
    let public = &*app.public;
    public
        .answer(&headers, "/api/v1/topics", || async move {
            let topics =
                public.site.topics.iter().map(|(name, _)| TopicJson::new(&public.site, name)).collect();
            Ok(Page::new(JSON, to_bytes(&TopicListJson { topics })))
        })
        .await
}

/// What happened to works after they were reported, newest first: retractions, corrections and the like.
#[utoipa::path(
    get,
    path = "/api/v1/notices",
    tag = "notices",
    params(
        ("limit" = Option<u64>, Query, description = "Notices on a page, 1 to 200; 20 unless told."),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses(
        (status = 200, description = "A page of notices.", body = NoticeListJson),
        (status = 400, description = "A parameter has a value that it cannot have.", body = ProblemJson, content_type = "application/problem+json"),
    )
)]
pub(super) async fn notices(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    let limit = parameters.number("limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let cursor = parameters.cursor("cursor")?;
    let path = |cursor: Option<i64>| {
        let cursor = cursor.map(|at| format!("&cursor={at}")).unwrap_or_default();
        format!("/api/v1/notices?limit={limit}{cursor}")
    };
    public
        .answer(&headers, &path(cursor.map(|at| at.0)), || async {
            let (entries, more) = super::notices::page_of(public, cursor, limit, public.now()).await?;
            let next = entries.last().map(|entry| entry.published_at().0).filter(|_| more);
            let next_url = next.map(|cursor| public.site.url(&path(Some(cursor))));
            let notices = entries.iter().filter_map(|entry| NoticeEntryJson::new(&public.site, entry));
            let list = NoticeListJson {
                notices: notices.collect(),
                next_cursor: next.map(|cursor| cursor.to_string()),
                next: next_url.clone(),
            };
            let page = Page::new(JSON, to_bytes(&list));
            Ok(match next_url {
                Some(url) => page.with(header::LINK, &format!("<{url}>; rel=\"next\"")),
                None => page,
            })
        })
        .await
}
