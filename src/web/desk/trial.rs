//! A trial as its registration has it, for the article's page; and the trials that an article is watched for because an
//! editor says that it is about them.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::view::View;
use crate::domain::identity::Nct;
use crate::domain::time::PartialDate;
use crate::domain::trial::TrialFacts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// The facts as text; empty where the registry says nothing.
pub(crate) struct TrialView {
    pub(crate) status: String,
    pub(crate) why_stopped: String,
    pub(crate) phase: String,
    pub(crate) enrolment: String,
    pub(crate) starts: String,
    pub(crate) completes: String,
    pub(crate) results: String,
    pub(crate) updated: String,
}

impl TrialView {
    pub(crate) fn new(facts: &TrialFacts) -> Self {
        let day = |on: &Option<PartialDate>| on.as_ref().map(PartialDate::to_display).unwrap_or_default();
        Self {
            status: facts.status.as_str().to_owned(),
            why_stopped: facts.why_stopped.clone().unwrap_or_default(),
            phase: facts.phase(),
            enrolment: facts.describe_enrolment().unwrap_or_default(),
            starts: day(&facts.starts_on),
            completes: day(&facts.completes_on),
            results: day(&facts.results_posted_on),
            updated: day(&facts.last_updated_on),
        }
    }
}

/// `POST /desk/a/{id}/trial` with `nct`, and `untie` where it is to be watched for that trial no longer.
pub(super) async fn tie(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let typed = fields.get("nct");
    let nct = Nct::parse(typed.trim())
        .ok_or_else(|| PageError::Refused(state.texts.t("ties-unreadable").with("typed", typed).into()))?;
    if state.store.article(id).await?.is_none() {
        return Err(PageError::NotFound);
    }
    let tie = fields.get("untie").is_empty();
    state.store.tie_trial(id, nct, Some(visitor.editor.id), tie, state.now()).await?;
    state.bell.notify_one();
    let said = if tie { "tied" } else { "untied" };
    let query = View::parse(fields.get("view")).to_query(&[("said", said.to_owned())]);
    Ok(Redirect::to(&format!("/desk/a/{id}{query}#trials")).into_response())
}
