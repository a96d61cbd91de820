//! The queue and one article of it: two panes on a desk, one at a time on a phone.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::article::{ArticleView, FormText, Material};
use super::check::Checked;
use super::facts::{Badge, badges, meta};
use super::history::describe;
use super::notices::{ShownNotice, Unanswered, badge, with_notice};
use super::page::{Frame, Rich, Times, Toast, show};
use super::twins::{Relatives, preprint_key};
use super::view::{FilterForm, View};
use crate::curation::relevance::{MissRate, miss_rate};
use crate::domain::article::Article;
use crate::domain::editor::Role;
use crate::domain::notice::Notice;
use crate::domain::status::{Act, Status, after};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::QueueCounts;
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

/// Articles on one page of the list.
const PAGE: i64 = 25;
/// Titles and reasons in the list are cut at this many characters: the whole stands beside it.
const WHY_CHARS: usize = 140;

struct Row {
    id: i64,
    revision: i64,
    title: Rich,
    title_plain: String,
    meta: String,
    badges: Vec<Badge>,
    why: String,
    current: bool,
}

/// The list pane.
pub(super) struct List {
    /// What happened to published works, until an editor has answered.
    unanswered: Unanswered,
    heading: String,
    counts: String,
    /// How many of the articles lifted from the bottom were worth publishing.
    missed: Option<String>,
    filter: FilterForm,
    rows: Vec<Row>,
    /// The view as it stands in forms.
    view: String,
    /// The same as it stands in addresses.
    query: String,
    can_bulk: bool,
    previous: Option<String>,
    next: Option<String>,
    page: i64,
    pages: i64,
    empty_title: String,
    empty_text: String,
}

#[derive(Template)]
#[template(path = "desk/queue.html", whitespace = "minimize")]
struct QueuePage {
    frame: Frame,
    list: List,
    article: Option<ArticleView>,
    /// Whether the address names the article; else it is the first of the list, shown where there is room.
    opened: bool,
}

/// `/desk`
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let view = View::parse(&query);
    let (mut list, first) = list(&state, &visitor, &view, None).await?;
    let article = match first {
        Some(article) => {
            if let Some(row) = list.rows.first_mut() {
                row.current = true;
            }
            Some(article_view(&state, &visitor, &article, FormText::of(&article), "").await?)
        }
        None => None,
    };
    let frame = Frame::for_visitor(&state, &visitor, "queue").await?.with_toast(toast(&state, &query).await?);
    show(StatusCode::OK, &QueuePage { frame, list, article, opened: false })
}

/// `/desk/a/{id}`
pub(super) async fn article(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    let toast = toast(&state, &query).await?;
    show_article(&state, &visitor, &article, &Shown { query: &query, toast, ..Shown::new(&article) }).await
}

/// What an article's page shows beside the article itself.
pub(super) struct Shown<'a> {
    pub(super) status: StatusCode,
    pub(super) query: &'a str,
    pub(super) form: FormText,
    /// The key of the doubts that the form acknowledges.
    pub(super) acknowledged: &'a str,
    pub(super) errors: Vec<String>,
    pub(super) toast: Option<Toast>,
}

impl Shown<'_> {
    pub(super) fn new(article: &Article) -> Self {
        let form = FormText::of(article);
        Self { status: StatusCode::OK, query: "", form, acknowledged: "", errors: Vec::new(), toast: None }
    }
}

/// The page of one article, with the list it belongs to.
pub(super) async fn show_article(
    state: &AppState,
    visitor: &Visitor,
    article: &Article,
    shown: &Shown<'_>,
) -> Result<Response, PageError> {
    let view = View::parse(shown.query);
    let (list, _) = list(state, visitor, &view, Some(article.id)).await?;
    let mut pane = article_view(state, visitor, article, shown.form.clone(), shown.acknowledged).await?;
    pane.errors.clone_from(&shown.errors);
    let toast = shown.toast.as_ref().map(|toast| Toast { text: toast.text.clone(), undo: toast.undo });
    let frame = Frame::for_visitor(state, visitor, "queue").await?.with_toast(toast);
    show(shown.status, &QueuePage { frame, list, article: Some(pane), opened: true })
}

async fn article_view(
    state: &AppState,
    visitor: &Visitor,
    article: &Article,
    form: FormText,
    acknowledged: &str,
) -> Result<ArticleView, PageError> {
    let checked = Checked::new(state, article, &form, acknowledged, state.now());
    let sightings = state.store.sightings(article.id).await?;
    let history = state.store.history(Some(article.id), None, 20).await?;
    let notices = state.store.notices_of(article.id).await?;
    let may_answer = visitor.may(Role::Editor);
    let is_public = article.status == Status::Approved;
    let times = Times::of(state);
    let noticed = notices.iter().rev().map(|notice| ShownNotice::new(notice, is_public, may_answer, times));
    let noticed = noticed.collect();
    let mut view = ArticleView::new(Material {
        article,
        form,
        checked,
        sightings: &sightings,
        history: &history,
        relatives: Relatives::of(state, article).await?,
        topics: &state.site.topics,
        may_decide: visitor.may(Role::Editor),
        times,
    });
    view.badges = with_notice(view.badges, badge(state.texts, &notices, article.id));
    view.noticed = noticed;
    Ok(view)
}

/// The list pane and its first article.
async fn list(
    state: &AppState,
    visitor: &Visitor,
    view: &View,
    current: Option<i64>,
) -> Result<(List, Option<Article>), PageError> {
    let now = state.now();
    let (articles, total) = state.store.queue(view.to_filter(now), view.page * PAGE, PAGE).await?;
    let ids: Vec<i64> = articles.iter().map(|article| article.id).collect();
    let sources = state.store.source_counts(ids.clone()).await?;
    let suggested = state.store.suggested_among(ids.clone()).await?;
    let papers = state.store.papers_among(ids).await?;
    let names = state.store.sources().await?;
    let names: Vec<(String, String)> =
        names.into_iter().map(|source| (source.source.name, source.source.title)).collect();
    let notices = state.store.notices_of_many(articles.iter().map(|article| article.id).collect()).await?;
    let rows = articles
        .iter()
        .zip(&sources)
        .map(|(article, (_, sources))| {
            let sources = usize::try_from(*sources).unwrap_or(0);
            let mut row = row(state.texts, article, &notices, sources, current);
            if let Some(preprint) = papers.get(&article.id) {
                row.badges.insert(0, Badge::new(state.texts.t(preprint_key(*preprint)), "plain"));
            }
            if suggested.contains(&article.id) {
                row.badges.insert(0, Badge::new(state.texts.t("badge-twin"), "caution"));
            }
            row
        })
        .collect();
    let pages = (total + PAGE - 1) / PAGE;
    let (empty_title, empty_text) = empty(state, view, now).await?;
    let can_bulk =
        visitor.may(Role::Editor) && after(view.status.unwrap_or(Status::Queued), Act::Reject).is_some();
    let unanswered = Unanswered::new(state.store.unanswered_notices().await?, Times::of(state));
    let list = List {
        unanswered,
        heading: view.heading(state.texts),
        counts: counts(state.texts, &state.store.queue_counts(recently(now)).await?, view, total, now),
        missed: missed(state, now).await?,
        filter: FilterForm::new(state, view, &names),
        rows,
        view: view.to_query(&[]),
        query: view.to_query(&[]),
        can_bulk,
        previous: (view.page > 0).then(|| view.with_page(view.page - 1).to_query(&[])),
        next: (view.page + 1 < pages).then(|| view.with_page(view.page + 1).to_query(&[])),
        page: view.page + 1,
        pages,
        empty_title,
        empty_text,
    };
    Ok((list, articles.into_iter().next()))
}

fn row(texts: &Texts, article: &Article, notices: &[Notice], sources: usize, current: Option<i64>) -> Row {
    let mut why = article.relevance.reasons.join("; ");
    if let Some((end, _)) = why.char_indices().nth(WHY_CHARS) {
        why.truncate(end);
        why.push('…');
    }
    Row {
        id: article.id,
        revision: article.revision,
        title: article.shown_title().into(),
        title_plain: article.shown_title().to_plain(),
        meta: meta(article),
        badges: with_notice(badges(texts, article, sources), badge(texts, notices, article.id)),
        why,
        current: current == Some(article.id),
    }
}

/// What the ranking misses, measured over a month on articles that were lifted from the lower half.
async fn missed(state: &AppState, now: UnixMs) -> Result<Option<String>, PageError> {
    let (published, decided) = state.store.lifted_outcomes(now.plus_ms(-30 * DAY_MS)).await?;
    Ok(miss_rate(published, decided).map(|MissRate { low, high, .. }| {
        let percent = |share: f64| (share * 100.0).round() as i64;
        let text = state.texts.t("queue-missed").with("decided", decided).with("published", published);
        text.with("low", percent(low)).with("high", percent(high)).into()
    }))
}

/// New is what came in the last three days.
fn recently(now: UnixMs) -> UnixMs {
    UnixMs(now.plus_ms(-3 * DAY_MS).0.div_euclid(DAY_MS) * DAY_MS)
}

/// "12 waiting, 3 of them new since Tuesday" or "4 found".
fn counts(texts: &Texts, counts: &QueueCounts, view: &View, total: i64, now: UnixMs) -> String {
    if *view != (View { page: view.page, newest: view.newest, ..View::default() }) {
        return texts.t("queue-found").with("count", total).into();
    }
    let since = texts.weekday(recently(now).to_utc().date_naive());
    let text = match (counts.queued, counts.queued_since) {
        (0, _) => texts.t("queue-none"),
        (waiting, 0) => texts.t("queue-none-new").with("count", waiting).with("day", since),
        (waiting, new) if waiting == new => {
            texts.t("queue-all-new").with("count", waiting).with("day", since)
        }
        (waiting, new) => {
            texts.t("queue-some-new").with("count", waiting).with("new", new).with("day", since)
        }
    };
    text.into()
}

/// What an empty list says.
async fn empty(state: &AppState, view: &View, now: UnixMs) -> Result<(String, String), PageError> {
    if *view != View::default() {
        return Ok((state.texts.t("queue-nothing-matches").into(), state.texts.t("queue-widen").into()));
    }
    let next = state.store.next_due(now).await?;
    let when = match next {
        Some(next) if next <= now => state.texts.t("queue-fetching"),
        Some(next) => state.texts.t("queue-next-fetch").with("when", Times::of(state).show(next)),
        None => state.texts.t("queue-no-source"),
    };
    Ok((state.texts.t("queue-done").into(), when.into()))
}

/// The note about the decision that led here (`?done=` its id, or `?undone=`, `?said=`).
async fn toast(state: &AppState, query: &str) -> Result<Option<Toast>, PageError> {
    let find = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if find("answered").is_some() {
        return Ok(Some(Toast::plain(state.texts.t("toast-answered"))));
    }
    if find("undone").is_some() {
        return Ok(Some(Toast::plain(state.texts.t("history-undone"))));
    }
    match find("said").as_deref() {
        Some("apart") => return Ok(Some(Toast::plain(state.texts.t("twins-apart-said")))),
        Some("linked") => return Ok(Some(Toast::plain(state.texts.t("version-linked-said")))),
        _ => {}
    }
    if let Some(count) = find("bulk").and_then(|count| count.parse::<u32>().ok()) {
        return Ok(Some(Toast::plain(state.texts.t("history-bulk").with("count", count))));
    }
    let Some(done) = find("done").and_then(|done| done.parse::<i64>().ok()) else { return Ok(None) };
    let history = state.store.history(None, Some(done.saturating_add(1)), 1).await?;
    let Some(row) = history.into_iter().next().filter(|row| row.decision_id == done) else { return Ok(None) };
    let mut title = row.title.to_plain();
    if let Some((end, _)) = title.char_indices().nth(60) {
        title.truncate(end);
        title.push('…');
    }
    let text = format!("{}: {title}", describe(state.texts, &row));
    Ok(Some(Toast { text, undo: row.undoable.then_some(row.decision_id) }))
}
