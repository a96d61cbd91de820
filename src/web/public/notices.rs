//! What happened to works that were reported: all notices as a page, and each on its own.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::item::is_ulid;
use super::page::{Chrome, Html, ItemView, day_of, page_or_error, render};
use super::parameters::{Parameters, Path};
use super::{AppState, Public, PublicError};
use crate::domain::news::{FeedEntry, NewsItem};
use crate::domain::notice::PublicNotice;
use crate::domain::time::UnixMs;
use crate::publish::citation::json_ld;
use crate::publish::feed::{Channel, FeedFormat, feed_path};
use crate::publish::json_notice::public_changes;
use crate::publish::notice::{notice_link, notice_summary, notice_title, statement};
use crate::publish::notice_words as words;
use crate::publish::text::one_line;
use crate::store::{FeedOf, NoticePlace};
use crate::texts::Texts;

/// Notices on a page.
const SHOWN: u64 = 50;

/// A notice as the templates show it.
pub(super) struct NoticeView {
    pub(super) path: String,
    /// "Retraction"
    pub(super) label: String,
    /// The kind's own word, for the stylesheet; colour is never all that tells it.
    pub(super) kind: &'static str,
    pub(super) statement: String,
    /// The notice itself.
    pub(super) link: Option<String>,
    pub(super) citation: String,
    pub(super) day: String,
    pub(super) day_text: String,
    /// `(machine, for people)`
    pub(super) lifted: Option<(String, String)>,
    /// `(field, before, after)`
    pub(super) changes: Vec<(String, String, String)>,
}

impl NoticeView {
    pub(super) fn new(texts: &Texts, notice: &PublicNotice) -> Self {
        let (day, day_text) = day_of(texts, notice.public_at);
        let changes = public_changes(notice).iter();
        Self {
            path: format!("/notices/{}", notice.public_id),
            label: words::label(texts, notice.finding.kind),
            kind: notice.finding.kind.as_str(),
            statement: statement(texts, notice),
            link: notice_link(notice),
            citation: one_line(&notice.finding.citation),
            day,
            day_text,
            lifted: notice.lifted_at.map(|at| day_of(texts, at)),
            changes: changes
                .map(|change| (one_line(&change.field), one_line(&change.before), one_line(&change.after)))
                .collect(),
        }
    }

    /// Those that stand, the gravest first.
    pub(super) fn standing(texts: &Texts, item: &NewsItem) -> Vec<Self> {
        let mut standing: Vec<&PublicNotice> = item.standing_notices().collect();
        standing.sort_by_key(|notice| notice.finding.kind);
        standing.into_iter().map(|notice| Self::new(texts, notice)).collect()
    }
}

#[derive(Template)]
#[template(path = "public/notices.html")]
struct NoticesPage {
    chrome: Chrome,
    feed: String,
    entries: Vec<(NoticeView, ItemView)>,
    older: Option<String>,
    newest: Option<String>,
}

/// `/notices`
pub(super) async fn list(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    let answer = notices(&app.public, &headers, &parameters).await;
    page_or_error(&app.public, answer)
}

async fn notices(
    public: &Public,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, PublicError> {
    let before = parameters.cursor("before")?;
    let path = before.map_or_else(|| "/notices".to_owned(), |at| format!("/notices?before={}", at.0));
    public
        .answer(headers, &path, || async {
            let (entries, more) = page_of(public, before, SHOWN, public.now()).await?;
            let oldest = entries.last().map(|entry| entry.published_at().0).filter(|_| more);
            let chrome = Chrome::new(public, "notices", &String::from(public.texts.t("site-notices")), &path)
                .with_notices(&public.site);
            render(&NoticesPage {
                chrome,
                feed: feed_path(Channel::Notices, FeedFormat::Rss),
                entries: entries.iter().filter_map(|entry| views(public, entry)).collect(),
                older: oldest.map(|at| format!("/notices?before={at}")),
                newest: before.map(|_| "/notices".to_owned()),
            })
        })
        .await
}

/// At most `limit` notices, newest first, and whether there are more.
pub(super) async fn page_of(
    public: &Public,
    before: Option<UnixMs>,
    limit: u64,
    now: UnixMs,
) -> Result<(Vec<FeedEntry>, bool), PublicError> {
    let mut entries = public.store.feed_newest(FeedOf::Notices, before, limit + 1, now).await?;
    let more = entries.len() as u64 > limit;
    entries.truncate(limit as usize);
    Ok((entries, more))
}

fn views(public: &Public, entry: &FeedEntry) -> Option<(NoticeView, ItemView)> {
    let notice = NoticeView::new(public.texts, entry.notice.as_ref()?);
    Some((notice, ItemView::new(&public.site, &entry.item)))
}

#[derive(Template)]
#[template(path = "public/notice.html")]
struct NoticePage {
    chrome: Chrome,
    title: String,
    notice: NoticeView,
    item: ItemView,
}

/// `/notices/{id}`
pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = notice(&app.public, &headers, &id).await;
    page_or_error(&app.public, answer)
}

async fn notice(public: &Public, headers: &HeaderMap, id: &str) -> Result<Response, PublicError> {
    if !is_ulid(id) {
        return Err(PublicError::NotFound);
    }
    let path = format!("/notices/{id}");
    public
        .answer(headers, &path, || async {
            let entry = match public.store.notice_place(id, public.now()).await? {
                NoticePlace::Public(entry) => entry,
                NoticePlace::Gone => return Err(PublicError::Gone),
                NoticePlace::Unknown => return Err(PublicError::NotFound),
            };
            let notice = entry.notice.as_ref().ok_or(PublicError::NotFound)?;
            let title = notice_title(public.texts, notice, &entry.item);
            let mut chrome = Chrome::new(public, "notices", &title, &path).with_notices(&public.site);
            chrome.kind = "article";
            chrome.description = notice_summary(public.texts, notice);
            chrome.json_ld = Some(Html::made_by_us(json_ld::notice_page(&public.site, notice, &entry.item)));
            render(&NoticePage {
                chrome,
                title,
                notice: NoticeView::new(public.texts, notice),
                item: ItemView::new(&public.site, &entry.item),
            })
        })
        .await
}
