//! Where we look: what each source last said, when it is asked again, pausing and asking now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, Times, show};
use crate::domain::editor::Role;
use crate::domain::source::SourceKind;
use crate::store::SourceState;
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

struct ShownSource {
    name: String,
    title: String,
    kind: String,
    class: &'static str,
    state: String,
    trouble: Option<String>,
    last: String,
    next: String,
    paused: bool,
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
    let failing = sources.iter().filter(|source| source.failures > 0 || source.stopped.is_some()).count();
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

fn shown(source: &SourceState, state: &AppState) -> ShownSource {
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
    ShownSource {
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

/// `POST /desk/sources/{name}/pause`
pub(super) async fn pause(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let found = state.store.set_paused(&name, true, Some(visitor.editor.id), state.now()).await?;
    back(found)
}

/// `POST /desk/sources/{name}/resume`
pub(super) async fn resume(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let found = state.store.set_paused(&name, false, Some(visitor.editor.id), state.now()).await?;
    state.bell.notify_one();
    back(found)
}

/// `POST /desk/sources/{name}/fetch`
pub(super) async fn fetch(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let now = state.now();
    let found = state.store.set_due(&name, now).await?;
    if found {
        state.store.audit(Some(visitor.editor.id), "fetch", &name, now).await?;
        state.bell.notify_one();
    }
    back(found)
}

fn back(found: bool) -> Result<Response, PageError> {
    if found { Ok(Redirect::to("/desk/sources").into_response()) } else { Err(PageError::NotFound) }
}
