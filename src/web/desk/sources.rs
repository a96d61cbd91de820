//! Where we look: what each source last said, when it is asked again, pausing and asking now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, Times, show};
use crate::domain::coverage::Completeness;
use crate::domain::editor::Role;
use crate::domain::source::SourceKind;
use crate::domain::time::PartialDate;
use crate::store::SourceState;
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// A source's state in words.
pub(super) struct ShownSource {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) class: &'static str,
    pub(super) state: String,
    pub(super) trouble: Option<String>,
    pub(super) quiet: Option<String>,
    pub(super) complete: String,
    pub(super) incomplete: bool,
    pub(super) last: String,
    pub(super) next: String,
    pub(super) paused: bool,
}

#[derive(Template)]
#[template(path = "desk/sources.html", whitespace = "minimize")]
struct SourcesPage {
    frame: Frame,
    sources: Vec<ShownSource>,
    summary: String,
    can_manage: bool,
}

/// `GET /desk/sources`
pub(super) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, PageError> {
    let all = state.store.sources().await?;
    let sources: Vec<ShownSource> = all.iter().map(|source| shown(source, &state)).collect();
    let page = SourcesPage {
        frame: Frame::for_visitor(&state, &visitor, "sources").await?,
        summary: summary(state.texts, &all),
        sources,
        can_manage: visitor.may(Role::Admin),
    };
    show(StatusCode::OK, &page)
}

fn summary(texts: &Texts, sources: &[SourceState]) -> String {
    let failing = sources.iter().filter(|source| is_trouble(source)).count();
    let paused = sources.iter().filter(|source| source.paused_at.is_some()).count();
    let text = match (failing, paused) {
        (0, 0) => texts.t("sources-summary"),
        (0, paused) => texts.t("sources-summary-paused").with("paused", paused),
        (failing, 0) => texts.t("sources-summary-trouble").with("trouble", failing),
        (failing, paused) => {
            texts.t("sources-summary-trouble-paused").with("trouble", failing).with("paused", paused)
        }
    };
    text.with("count", sources.len()).into()
}

pub(super) fn shown(source: &SourceState, state: &AppState) -> ShownSource {
    let (texts, times) = (state.texts, Times::of(state));
    let (class, text) = if source.paused_at.is_some() {
        ("paused", texts.t("sources-paused"))
    } else if source.stopped.is_some() {
        ("failing", texts.t("sources-stopped"))
    } else if source.leased_until.is_some_and(|until| until > times.now) {
        ("working", texts.t("sources-working"))
    } else if source.failures > 0 {
        ("failing", texts.t("sources-failed").with("count", source.failures))
    } else if source.last_success_at.is_none() {
        ("new", texts.t("sources-new"))
    } else if is_trouble(source) {
        ("odd", texts.t("sources-odd"))
    } else {
        ("well", texts.t("sources-well"))
    };
    let articles = texts.t("sources-articles").with("count", source.articles);
    let failing = source.failures > 0;
    let trouble = source.stopped.clone().or_else(|| failing.then(|| source.last_error.clone()).flatten());
    let next = match (source.paused_at, &source.stopped) {
        (None, None) if source.next_at <= times.now => texts.t("sources-next-now").into(),
        (None, None) => times.show_near(source.next_at),
        _ => texts.t("sources-next-never").into(),
    };
    let last = source.last_success_at.map(|at| times.show_near(at));
    let kind = match source.source.kind {
        SourceKind::Pubmed { .. } => "source-pubmed",
        SourceKind::Feed { .. } => "source-feed",
        SourceKind::Europepmc { .. } => "source-europepmc",
        SourceKind::Trials { .. } => "source-trials",
        SourceKind::Preprints { .. } => "source-preprints",
        SourceKind::Crossref { .. } => "source-crossref",
    };
    let completeness = source.completeness();
    let quiet = source.quiet.as_ref().map(|quiet| {
        texts
            .t("sources-quiet")
            .with("usual", usual(texts, quiet.rhythm.per_week))
            .with("days", quiet.days(times.now))
            .into()
    });
    ShownSource {
        quiet,
        complete: complete(&completeness, &times),
        incomplete: completeness.is_trouble(),
        name: source.source.name.clone(),
        title: source.source.title.clone(),
        kind: texts.t(kind).into(),
        class,
        state: format!("{text} · {articles}"),
        trouble: trouble.or_else(|| source.alarm.clone()),
        last: last.unwrap_or_else(|| texts.t("sources-last-never").into()),
        next,
        paused: source.paused_at.is_some(),
    }
}

/// Whether somebody should look: it fails, it was stopped, it is silent, or something was missed.
fn is_trouble(source: &SourceState) -> bool {
    let fails = source.failures > 0 || source.stopped.is_some();
    fails || (source.paused_at.is_none() && (source.quiet.is_some() || source.completeness().is_trouble()))
}

/// Up to when a source is complete, or what is missing.
fn complete(completeness: &Completeness, times: &Times) -> String {
    let texts = times.texts;
    let day = |on: &PartialDate| {
        let day = on.as_str().parse().map(|day| texts.day_short(day));
        day.unwrap_or_else(|_| on.as_str().to_owned())
    };
    let text = match completeness {
        Completeness::CompleteTo(on) => texts.t("sources-complete").with("day", day(on)),
        Completeness::ReceivedTo(at) => texts.t("sources-received").with("when", times.show_near(*at)),
        Completeness::NoOverflowTo(at) => texts.t("sources-no-overflow").with("when", times.show_near(*at)),
        Completeness::Gap { missing, from_on, to_on } => {
            texts.t("sources-gap").with("count", *missing).with("from", day(from_on)).with("to", day(to_on))
        }
        Completeness::Lost { since_at } => texts.t("sources-lost").with("when", times.show_near(*since_at)),
        Completeness::CountFailed { error, complete_to_on: Some(on) } => {
            texts.t("sources-count-failed-after").with("error", error).with("day", day(on))
        }
        Completeness::CountFailed { error, complete_to_on: None } => {
            texts.t("sources-count-failed").with("error", error)
        }
        Completeness::Unknown => texts.t("sources-uncounted"),
    };
    text.into()
}

/// "6 a week", "one in 4 weeks".
pub(super) fn usual(texts: &Texts, per_week: f64) -> String {
    let whole = |number: f64| number.round() as i64;
    let text = match 7.0 / per_week.max(0.01) {
        _ if per_week >= 0.95 => texts.t("sources-usual-week").with("count", whole(per_week)),
        days if days < 14.0 => texts.t("sources-usual-days").with("count", whole(days)),
        days => texts.t("sources-usual-weeks").with("count", whole(days / 7.0)),
    };
    text.into()
}

/// `POST /desk/sources/{name}/count`: the window is counted now.
pub(super) async fn count(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = state.now();
    let found = state.store.set_count_due(&name, now).await?;
    if found {
        state.store.audit(Some(visitor.editor.id), "count", &name, now).await?;
        state.bell.notify_one();
    }
    // a source of a kind that is not counted has no such button
    let known = found || state.store.source_state(&name).await?.is_some();
    back(known, &name, &fields)
}

/// `POST /desk/sources/{name}/pause`
pub(super) async fn pause(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let found = state.store.set_paused(&name, true, Some(visitor.editor.id), state.now()).await?;
    back(found, &name, &fields)
}

/// `POST /desk/sources/{name}/resume`
pub(super) async fn resume(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let found = state.store.set_paused(&name, false, Some(visitor.editor.id), state.now()).await?;
    state.bell.notify_one();
    back(found, &name, &fields)
}

/// `POST /desk/sources/{name}/fetch`
pub(super) async fn fetch(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = state.now();
    let found = state.store.set_due(&name, now).await?;
    if found {
        state.store.audit(Some(visitor.editor.id), "fetch", &name, now).await?;
        state.bell.notify_one();
    }
    back(found, &name, &fields)
}

/// To the page that the button stands on.
fn back(found: bool, name: &str, fields: &Fields) -> Result<Response, PageError> {
    match (found, fields.get("from")) {
        (false, _) => Err(PageError::NotFound),
        (true, "source") => Ok(Redirect::to(&format!("/desk/sources/{name}")).into_response()),
        (true, _) => Ok(Redirect::to("/desk/sources").into_response()),
    }
}
