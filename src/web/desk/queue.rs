//! The queue and one article of it: two panes on a desk, one at a time on a phone.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::annotate::mark_found;
use super::article::{ArticleView, FormText, Material, shown_title_lang};
use super::check::Checked;
use super::company::Company;
use super::facts::{Badge, badges, meta};
use super::history::describe;
use super::notices::{ShownNotice, Unanswered, badge, with_notice};
use super::page::{Frame, Rich, Times, Toast, show};
use super::twins::{Relatives, preprint_key};
use super::view::{FilterForm, View, status_label};
use super::wording::Offers;
use crate::curation::matched::{Terms, find_places};
use crate::curation::relevance::{MissRate, miss_rate};
use crate::domain::article::Article;
use crate::domain::editor::Role;
use crate::domain::notice::Notice;
use crate::domain::status::{Act, Status, after};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{Marked, QueueCounts};
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
    title_lang: Option<String>,
    meta: String,
    badges: Vec<Badge>,
    why: String,
    /// Where the words of a search stand in it.
    snippet: Option<Rich>,
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
    can_add: bool,
    /// How many more the search finds outside this list, and their list.
    elsewhere: Option<(i64, String)>,
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
    company: Company,
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
    let mut company = Company::default();
    let article = match first {
        Some(article) => {
            company = Company::of(&state, &visitor, &article).await?;
            if let Some(row) = list.rows.first_mut() {
                row.current = true;
            }
            Some(article_view(&state, &visitor, &article, FormText::of(&article), "", &view.words).await?)
        }
        None => None,
    };
    let frame = Frame::for_visitor(&state, &visitor, "queue").await?.with_toast(toast(&state, &query).await?);
    show(StatusCode::OK, &QueuePage { frame, list, article, company, opened: false })
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
    let company = Company::of(state, visitor, article).await?;
    let form = shown.form.clone();
    let mut pane = article_view(state, visitor, article, form, shown.acknowledged, &view.words).await?;
    pane.errors.clone_from(&shown.errors);
    let toast =
        shown.toast.as_ref().map(|toast| Toast { text: toast.text.clone(), undo: toast.undo.clone() });
    let frame = Frame::for_visitor(state, visitor, "queue").await?.with_toast(toast);
    show(shown.status, &QueuePage { frame, list, article: Some(pane), company, opened: true })
}

async fn article_view(
    state: &AppState,
    visitor: &Visitor,
    article: &Article,
    form: FormText,
    acknowledged: &str,
    searched: &str,
) -> Result<ArticleView, PageError> {
    let checked = Checked::new(state, article, &form, acknowledged, state.now());
    let offers = Offers::of(state, article, &form).await?;
    let sightings = state.store.sightings(article.id).await?;
    let history = state.store.history(Some(article.id), None, 20).await?;
    let terms = Terms::new(&article.relevance.reasons, searched);
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
        offers,
        sightings: &sightings,
        history: &history,
        relatives: Relatives::of(state, article).await?,
        topics: &state.site.topics,
        may_decide: visitor.may(Role::Editor),
        times,
        lang: Texts::lang_for(&state.site.language),
        find: &|text| find_places(&state.rules, &terms, text),
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
    let notes = state.store.note_counts(ids.clone()).await?;
    let marked = state.store.mark_words(&view.words, ids.clone()).await?;
    let suggested = state.store.suggested_among(ids.clone()).await?;
    let papers = state.store.papers_among(ids).await?;
    let names = state.store.sources().await?;
    let names: Vec<(String, String)> =
        names.into_iter().map(|source| (source.source.name, source.source.title)).collect();
    let notices = state.store.notices_of_many(articles.iter().map(|article| article.id).collect()).await?;
    let rows = articles
        .iter()
        .zip(sources.iter().zip(&notes).zip(&marked))
        .map(|(article, (((_, sources), notes), marked))| {
            let mut row = row(state.texts, article, &notices, *sources, *notes, marked, view.anywhere);
            row.current = current == Some(article.id);
            row.title_lang = shown_title_lang(article, Texts::lang_for(&state.site.language));
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
    let may_edit = visitor.may(Role::Editor);
    let can_bulk =
        may_edit && !view.anywhere && after(view.status.unwrap_or(Status::Queued), Act::Reject).is_some();
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
        can_add: may_edit,
        elsewhere: elsewhere(state, view, total).await?,
        previous: (view.page > 0).then(|| view.with_page(view.page - 1).to_query(&[])),
        next: (view.page + 1 < pages).then(|| view.with_page(view.page + 1).to_query(&[])),
        page: view.page + 1,
        pages,
        empty_title,
        empty_text,
    };
    Ok((list, articles.into_iter().next()))
}

fn row(
    texts: &Texts,
    article: &Article,
    notices: &[Notice],
    sources: i64,
    notes: i64,
    marked: &Marked,
    with_status: bool,
) -> Row {
    let mut why = article.relevance.reasons.join("; ");
    if let Some((end, _)) = why.char_indices().nth(WHY_CHARS) {
        why.truncate(end);
        why.push('…');
    }
    let mut badges = badges(texts, article, usize::try_from(sources).unwrap_or(0));
    if notes > 0 {
        badges.push(Badge::new(texts.t("badge-notes").with("count", notes), "plain"));
    }
    if with_status {
        badges.insert(0, Badge::new(status_label(texts, article.status), "plain"));
    }
    // the index holds the record's title, which an editor may have changed
    let record_title = marked.title.as_ref().filter(|_| article.edited_title.is_none());
    Row {
        id: article.id,
        revision: article.revision,
        title: record_title.map_or_else(|| article.shown_title().into(), |title| mark_found(title)),
        title_plain: article.shown_title().to_plain(),
        title_lang: None,
        meta: meta(article),
        badges: with_notice(badges, badge(texts, notices, article.id)),
        why,
        snippet: marked.snippet.as_deref().map(mark_found),
        current: false,
    }
}

/// What a search that is narrowed leaves out.
async fn elsewhere(state: &AppState, view: &View, found: i64) -> Result<Option<(i64, String)>, PageError> {
    let whole = View { words: view.words.clone(), anywhere: true, ..View::default() };
    if view.words.is_empty() || *view == whole {
        return Ok(None);
    }
    let (_, total) = state.store.queue(whole.to_filter(state.now()), 0, 0).await?;
    Ok((total > found).then(|| (total - found, whole.to_query(&[]))))
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
    if !view.is_whole_queue() {
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
    if !view.is_whole_queue() {
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

/// The note about the decision that led here (`?done=` its id, `?bulk=` several with points between, or `?undone=`, `?unbulk=`, `?said=`).
async fn toast(state: &AppState, query: &str) -> Result<Option<Toast>, PageError> {
    let find = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if find("undone").is_some() {
        return Ok(Some(Toast::plain(state.texts.t("history-undone"))));
    }
    let said = match find("said").as_deref() {
        Some("added") => Some("said-added"),
        Some("answered") => Some("toast-answered"),
        Some("apart") => Some("twins-apart-said"),
        Some("unticked") => Some("queue-unticked"),
        Some("known") => Some("said-known"),
        Some("linked") => Some("version-linked-said"),
        Some("tied") => Some("ties-tied"),
        Some("untied") => Some("ties-untied"),
        _ => None,
    };
    if let Some(key) = said {
        return Ok(Some(Toast::plain(state.texts.t(key))));
    }
    if let Some(count) = find("unbulk").and_then(|count| count.parse::<u32>().ok()) {
        return Ok(Some(Toast::plain(state.texts.t("history-bulk-undone").with("count", count))));
    }
    if let Some(decisions) = find("bulk") {
        let undo: Vec<i64> = decisions.split('.').filter_map(|id| id.parse().ok()).collect();
        let text = match undo.len() {
            0 => state.texts.t("history-bulk-none"),
            count => state.texts.t("history-bulk").with("count", count),
        };
        return Ok(Some(Toast { text: text.into(), undo }));
    }
    let Some(done) = find("done").and_then(|done| done.parse::<i64>().ok()) else { return Ok(None) };
    let history = state.store.history(None, Some(done.saturating_add(1)), 1).await?;
    let Some(row) = history.into_iter().next().filter(|row| row.decision_id == done) else { return Ok(None) };
    let mut title = row.title.to_plain();
    if let Some((end, _)) = title.char_indices().nth(60) {
        title.truncate(end);
        title.push('…');
    }
    let text = format!("{}: {title}", describe(Times::of(state), &row));
    Ok(Some(Toast { text, undo: row.undoable.then_some(row.decision_id).into_iter().collect() }))
}
