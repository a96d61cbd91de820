//! The query lab: what would a query or an address bring? The worker asks, with the one polite client and its guard;
//! here is the form, and the page that waits for the answer.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Choice, Frame, Times, show};
use crate::config::{QUESTION_KINDS, read_question, write_question};
use crate::domain::preview::{Preview, Standing};
use crate::domain::time::SECOND_MS;
use crate::store::LabQuestion;
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// How far back can be asked.
const DAYS: [u32; 5] = [7, 30, 90, 180, 365];
/// Days at first; searches answer for a month within seconds.
const FIRST_DAYS: u32 = 30;
/// Questions in the list.
const RECENT: i64 = 10;
/// A worker looks at least once a minute; longer than that, there may be none.
const NO_WORKER_MS: i64 = 75 * SECOND_MS;

#[derive(Template)]
#[template(path = "desk/lab.html", whitespace = "minimize")]
struct LabPage {
    frame: Frame,
    kinds: Vec<Choice>,
    days: Vec<Choice>,
    text: String,
    error: Option<String>,
    recent: Vec<ShownQuestion>,
}

struct ShownQuestion {
    id: i64,
    kind: String,
    text: String,
    state: String,
}

#[derive(Template)]
#[template(path = "desk/lab_answer.html", whitespace = "minimize")]
struct AnswerPage {
    frame: Frame,
    question: ShownQuestion,
    again: String,
    waits: bool,
    no_worker: bool,
    error: Option<String>,
    answer: Option<ShownAnswer>,
}

struct ShownAnswer {
    format: String,
    counts: Vec<(String, usize)>,
    cut: Option<String>,
    first: Vec<ShownEntry>,
    problems: Vec<(String, String)>,
}

struct ShownEntry {
    class: &'static str,
    standing: String,
    title: String,
}

/// `GET /desk/sources/lab`
pub(super) async fn form(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    show_form(&state, &visitor, &fields, None).await
}

async fn show_form(
    state: &AppState,
    visitor: &Visitor,
    fields: &Fields,
    error: Option<String>,
) -> Result<Response, PageError> {
    let texts = state.texts;
    let (kind, days) = (fields.get("kind"), fields.get("days").parse().unwrap_or(FIRST_DAYS));
    let kinds = QUESTION_KINDS.map(|word| Choice::new(word, kind_label(texts, word), word == kind));
    let day_choices = DAYS
        .map(|count| Choice::new(count.to_string(), texts.t("lab-days").with("count", count), count == days));
    let recent = state.store.lab_questions(RECENT).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = LabPage {
        frame: Frame::for_visitor(state, visitor, "sources").await?,
        kinds: kinds.into(),
        days: day_choices.into(),
        text: fields.get("text").to_owned(),
        error,
        recent: recent.iter().map(|question| shown(question, texts)).collect(),
    };
    show(status, &page)
}

/// `POST /desk/sources/lab`
pub(super) async fn ask(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let question = match read_question(fields.get("kind"), fields.get("text")) {
        Ok(question) => question,
        Err(error) => return show_form(&state, &visitor, &fields, Some(error)).await,
    };
    let days = fields.get("days").parse().ok().filter(|days| DAYS.contains(days));
    match state.store.ask_lab(question, days, visitor.editor.id, state.now()).await? {
        Some(id) => {
            state.bell.notify_one();
            Ok(Redirect::to(&format!("/desk/sources/lab/{id}")).into_response())
        }
        None => {
            let error = state.texts.t("lab-too-many").to_string();
            show_form(&state, &visitor, &fields, Some(error)).await
        }
    }
}

/// `GET /desk/sources/lab/{id}`: reloads itself until the answer is there.
pub(super) async fn answer(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let question = state.store.lab_question(id).await?.ok_or(PageError::NotFound)?;
    let texts = state.texts;
    let waited_ms = Times::of(&state).now.since_ms(question.asked_at);
    let (kind, text) = write_question(&question.kind);
    let days = question.days.unwrap_or(FIRST_DAYS).to_string();
    let again = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("kind", kind), ("text", &text), ("days", &days)])
        .finish();
    let page = AnswerPage {
        frame: Frame::for_visitor(&state, &visitor, "sources").await?,
        question: shown(&question, texts),
        again: format!("/desk/sources/lab?{again}"),
        waits: question.answer.is_none(),
        no_worker: question.taken_at.is_none() && waited_ms > NO_WORKER_MS,
        error: question.answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()),
        answer: question.answer.and_then(Result::ok).map(|preview| shown_answer(preview, texts)),
    };
    show(StatusCode::OK, &page)
}

fn kind_label(texts: &Texts, kind: &str) -> String {
    let text = match kind {
        "pubmed" => texts.t("source-pubmed"),
        "feed" => texts.t("source-feed"),
        "europepmc" => texts.t("source-europepmc"),
        "crossref" => texts.t("source-crossref"),
        "trials" => texts.t("source-trials"),
        // names of servers
        "medrxiv" => return "medRxiv".to_owned(),
        _ => return "bioRxiv".to_owned(),
    };
    text.into()
}

fn shown(question: &LabQuestion, texts: &Texts) -> ShownQuestion {
    let (kind, text) = write_question(&question.kind);
    let state = match &question.answer {
        None => texts.t("lab-waits"),
        Some(Err(_)) => texts.t("lab-failed"),
        Some(Ok(preview)) => texts.t("lab-brought").with("count", preview.total).with("known", preview.known),
    };
    ShownQuestion { id: question.id, kind: kind_label(texts, kind), text, state: state.into() }
}

fn shown_answer(preview: Preview, texts: &Texts) -> ShownAnswer {
    let counts = [
        (texts.t("lab-total"), preview.total),
        (texts.t("lab-looked-at"), preview.looked_at),
        (texts.t("lab-known"), preview.known),
        (texts.t("lab-approved"), preview.approved),
        (texts.t("lab-rejected"), preview.rejected),
    ];
    let entry = |previewed: crate::domain::preview::Previewed| {
        let (class, standing) = match previewed.standing {
            Standing::New => ("", texts.t("lab-is-new")),
            Standing::Known => ("", texts.t("lab-is-known")),
            Standing::Approved => ("good", texts.t("lab-is-approved")),
            Standing::Rejected => ("caution", texts.t("lab-is-rejected")),
        };
        ShownEntry { class, standing: standing.into(), title: previewed.title }
    };
    ShownAnswer {
        format: preview.format,
        counts: counts.map(|(name, count)| (name.into(), count)).into(),
        cut: preview.cut,
        first: preview.first.into_iter().map(entry).collect(),
        problems: preview.problems.into_iter().map(|problem| (problem.place, problem.what)).collect(),
    }
}
