//! Where we look: what each source last said, when it is asked again, pausing and asking now.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, show, show_near_time};
use super::view::zone;
use crate::domain::editor::Role;
use crate::domain::source::SourceKind;
use crate::domain::time::UnixMs;
use crate::store::SourceState;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

struct ShownSource {
    name: String,
    title: String,
    kind: &'static str,
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
    let now = state.now();
    let all = state.store.sources().await?;
    let sources: Vec<ShownSource> = all.iter().map(|source| shown(source, now, &state)).collect();
    let page = SourcesPage {
        frame: Frame::for_visitor(&state, &visitor, "sources").await?,
        summary: summary(&all),
        sources,
        can_manage: visitor.may(Role::Admin),
    };
    show(StatusCode::OK, &page)
}

fn summary(sources: &[SourceState]) -> String {
    let failing = sources.iter().filter(|source| source.failures > 0 || source.stopped.is_some()).count();
    let paused = sources.iter().filter(|source| source.paused_at.is_some()).count();
    let mut text = format!("{} sources", sources.len());
    match failing {
        0 => text.push_str(", none in trouble"),
        count => text.push_str(&format!(", {count} in trouble")),
    }
    if paused > 0 {
        text.push_str(&format!(", {paused} paused"));
    }
    text.push('.');
    text
}

fn shown(source: &SourceState, now: UnixMs, state: &AppState) -> ShownSource {
    let when = |at: UnixMs| show_near_time(at, now, zone(state));
    let articles = match source.articles {
        1 => "1 article".to_owned(),
        count => format!("{count} articles"),
    };
    let (class, text) = if source.paused_at.is_some() {
        ("paused", "Paused".to_owned())
    } else if source.stopped.is_some() {
        ("failing", "Stopped".to_owned())
    } else if source.leased_until.is_some_and(|until| until > now) {
        ("working", "Being fetched".to_owned())
    } else if source.failures > 0 {
        ("failing", format!("Failed {} in a row", times(source.failures)))
    } else if source.last_success_at.is_none() {
        ("new", "Not fetched yet".to_owned())
    } else {
        ("well", "Well".to_owned())
    };
    let failing = source.failures > 0;
    let trouble = source.stopped.clone().or_else(|| failing.then(|| source.last_error.clone()).flatten());
    let next = match (source.paused_at, &source.stopped) {
        (None, None) if source.next_at <= now => "now".to_owned(),
        (None, None) => when(source.next_at),
        _ => "not planned".to_owned(),
    };
    ShownSource {
        name: source.source.name.clone(),
        title: source.source.title.clone(),
        kind: match source.source.kind {
            SourceKind::Pubmed { .. } => "PubMed search",
            SourceKind::Feed { .. } => "Feed",
            SourceKind::Europepmc { .. } => "Europe PMC search",
            SourceKind::Trials { .. } => "Trial registry",
            SourceKind::Preprints { .. } => "Preprint server",
            SourceKind::Crossref { .. } => "Crossref journals",
        },
        class,
        state: format!("{text} · {articles}"),
        trouble: trouble.or_else(|| source.alarm.clone()),
        last: source.last_success_at.map_or_else(|| "never".to_owned(), when),
        next,
        paused: source.paused_at.is_some(),
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
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
