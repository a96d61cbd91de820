//! Decisions: what an editor's form asks for becomes a wish, the store carries it out once, the next article follows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::article::{FormText, SUMMARY_BYTES, TITLE_BYTES, editable, standing};
use super::check::Checked;
use super::page::{Frame, Rich, Times, read_local_time, show};
use super::queue::{Shown, show_article};
use super::view::{View, zone};
use super::wording::find_source;
use crate::domain::article::Article;
use crate::domain::editor::Role;
use crate::domain::status::{Act, RejectReason, after};
use crate::domain::summary::{MAX_WORDS, count_words};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::{DAY_MS, MINUTE_MS, UnixMs};
use crate::store::{AdditionState, DecideError, Decided, DecisionRequest, Wish};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// Articles that are decided, or put back, together.
const MOST_AT_ONCE: usize = 100;
/// "Later" without a date.
const LATER_DAYS: i64 = 7;
/// The furthest that something can be put off or scheduled.
const FURTHEST_DAYS: i64 = 366;

/// `POST /desk/a/{id}/approve`
pub(super) async fn approve(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = state.now();
    let typed = Typed::read(&state, &fields);
    let mut errors = typed.problems(state.texts);
    errors.extend(doubts(&state, id, &fields).await?);
    errors.extend(placeholder(&state, id, &typed).await?);
    if !errors.is_empty() {
        return refuse(&state, &visitor, id, &fields, errors).await;
    }
    let wanted = match fields.get("publish_at") {
        "" => now.plus_ms(i64::from(state.settings.desk.publish_delay_minutes) * MINUTE_MS),
        text => match future(text, &state, now) {
            Some(at) => at,
            None => {
                let error = state.texts.t("problem-publish-at").into();
                return refuse(&state, &visitor, id, &fields, vec![error]).await;
            }
        },
    };
    let Typed { title, summary, topics } = typed;
    let worded = find_source(&state, id, &summary).await?;
    let wish = Wish::Approve { title, summary, topics, publish_at: Some(wanted) };
    let response = decide(&state, &visitor, id, &fields, wish).await?;
    if let Some(proposal) = worded.filter(|_| response.status().is_redirection()) {
        state.store.note_machine_worded(id, visitor.editor.id, proposal, now).await?;
    }
    Ok(response)
}

/// `POST /desk/a/{id}/reject`, with a `reason` of the list or none.
pub(super) async fn reject(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let reason = match fields.get("reason") {
        "" => None,
        word => Some(
            RejectReason::parse(word)
                .ok_or_else(|| PageError::BadForm("reason is not on the list".into()))?,
        ),
    };
    decide(&state, &visitor, id, &fields, Wish::Reject { reason }).await
}

/// `POST /desk/a/{id}/later`, for `days`, until a day, or a week.
pub(super) async fn later(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = state.now();
    let until = match (fields.get("days"), fields.get("until")) {
        ("", "") => now.plus_ms(LATER_DAYS * DAY_MS),
        ("", text) => match future(text, &state, now) {
            Some(until) => until,
            None => {
                let error = state.texts.t("problem-until").into();
                return refuse(&state, &visitor, id, &fields, vec![error]).await;
            }
        },
        (days, _) => {
            let days = days.parse::<i64>().ok().filter(|days| (1..=FURTHEST_DAYS).contains(days));
            now.plus_ms(days.ok_or_else(|| PageError::BadForm("days is out of range".into()))? * DAY_MS)
        }
    };
    decide(&state, &visitor, id, &fields, Wish::Later { until }).await
}

/// `POST /desk/a/{id}/save`: the text without a decision; of a published article, what is public.
pub(super) async fn save(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let typed = Typed::read(&state, &fields);
    let article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    let is_public = after(article.status, Act::Withdraw).is_some();
    let mut errors = if is_public {
        typed.problems(state.texts)
    } else {
        typed.title_problem(state.texts).into_iter().collect()
    };
    if is_public {
        errors.extend(doubts(&state, id, &fields).await?);
    }
    if !errors.is_empty() {
        return refuse(&state, &visitor, id, &fields, errors).await;
    }
    let Typed { title, summary, topics } = typed;
    decide(&state, &visitor, id, &fields, Wish::Edit { title, summary, topics }).await
}

/// `POST /desk/a/{id}/requeue`
pub(super) async fn requeue(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    decide(&state, &visitor, id, &fields, Wish::Requeue).await
}

/// `POST /desk/a/{id}/withdraw`
pub(super) async fn withdraw(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    decide(&state, &visitor, id, &fields, Wish::Withdraw).await
}

/// `POST /desk/undo/{id}` of a decision; of those named in `also` with it, as far as nothing came after them.
pub(super) async fn undo(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let also: Vec<i64> = fields.all("also").take(MOST_AT_ONCE).filter_map(|id| id.parse().ok()).collect();
    let undone = state.store.undo(id, visitor.editor.id, state.now()).await;
    state.bell.notify_one();
    if !also.is_empty() {
        let mut count = i64::from(taken_back(undone)?);
        for id in also {
            count += i64::from(taken_back(state.store.undo(id, visitor.editor.id, state.now()).await)?);
        }
        return Ok(see_other(&format!("/desk?unbulk={count}")));
    }
    match undone {
        Ok(_) if fields.get("from") == "history" => Ok(see_other("/desk/history?undone=1")),
        Ok(decided) => Ok(see_other(&format!("/desk/a/{}?undone=1", decided.article.id))),
        Err(DecideError::NotUndoable(why)) => {
            Err(PageError::Refused(state.texts.t("no-undo").with("why", why).into()))
        }
        Err(error) => Err(from_decide(error)),
    }
}

/// Whether a decision of several was taken back; one that something came after stays.
fn taken_back(undone: Result<Decided, DecideError>) -> Result<bool, PageError> {
    match undone {
        Ok(_) => Ok(true),
        Err(DecideError::NotUndoable(_) | DecideError::NotFound) => Ok(false),
        Err(error) => Err(from_decide(error)),
    }
}

/// `POST /desk/bulk`: several articles of the list at once; each is a decision of its own.
pub(super) async fn bulk(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let now = state.now();
    let (field, wish) = match fields.get("act") {
        "reject" => ("pick", Wish::Reject { reason: None }),
        "later" => ("pick", Wish::Later { until: now.plus_ms(LATER_DAYS * DAY_MS) }),
        "reject_all" => ("shown", Wish::Reject { reason: None }),
        _ => return Err(PageError::BadForm("act is not on the list".into())),
    };
    let view = View::parse(fields.get("view"));
    if fields.all(field).next().is_none() {
        return Ok(see_other(&format!("/desk{}", view.to_query(&[("said", "unticked".to_owned())]))));
    }
    let mut decisions = Vec::new();
    for pair in fields.all(field).take(MOST_AT_ONCE) {
        let numbers =
            pair.split_once(':').and_then(|(id, revision)| Some((id.parse().ok()?, revision.parse().ok()?)));
        let (article_id, revision) =
            numbers.ok_or_else(|| PageError::BadForm(format!("{field} is no article")))?;
        let request =
            DecisionRequest { article_id, revision, editor_id: visitor.editor.id, wish: wish.clone() };
        match state.store.decide(request, now).await {
            Ok(decided) => decisions.push(decided.decision_id.to_string()),
            // somebody else was faster: theirs stands, and this list is old
            Err(DecideError::Conflict { .. } | DecideError::Illegal { .. } | DecideError::NotFound) => {}
            Err(error) => return Err(from_decide(error)),
        }
    }
    state.bell.notify_one();
    let decisions = if decisions.is_empty() { "none".to_owned() } else { decisions.join(".") };
    Ok(see_other(&format!("/desk{}", view.to_query(&[("bulk", decisions)]))))
}

/// What the form holds, cleaned.
struct Typed {
    title: RichText,
    summary: String,
    topics: Vec<String>,
}

impl Typed {
    fn read(state: &AppState, fields: &Fields) -> Self {
        let known = |topic: &&str| state.site.topics.iter().any(|(name, _)| name == topic);
        Self {
            title: RichText::parse(&fold_plain(fields.get("title"), TITLE_BYTES)),
            summary: fold_plain(fields.get("summary"), SUMMARY_BYTES),
            topics: fields.all("topic").filter(known).map(String::from).collect(),
        }
    }

    fn title_problem(&self, texts: &Texts) -> Option<String> {
        self.title.is_empty().then(|| texts.t("problem-title").into())
    }

    /// What stands against publishing it.
    fn problems(&self, texts: &Texts) -> Vec<String> {
        let words = count_words(&self.summary);
        let summary = match words {
            0 => Some(texts.t("problem-summary").into()),
            1..=MAX_WORDS => None,
            _ => Some(texts.t("problem-words").with("words", words).with("most", MAX_WORDS).into()),
        };
        self.title_problem(texts).into_iter().chain(summary).collect()
    }
}

/// A day or time of the form, if it lies ahead but not too far.
fn future(text: &str, state: &AppState, now: UnixMs) -> Option<UnixMs> {
    read_local_time(text, zone(state)).filter(|at| (1..=FURTHEST_DAYS * DAY_MS).contains(&at.since_ms(now)))
}

async fn decide(
    state: &AppState,
    visitor: &Visitor,
    id: i64,
    fields: &Fields,
    wish: Wish,
) -> Result<Response, PageError> {
    let revision = fields.number("revision")?;
    let act = wish.act();
    let request = DecisionRequest { article_id: id, revision, editor_id: visitor.editor.id, wish };
    match state.store.decide(request, state.now()).await {
        Ok(decided) => {
            state.bell.notify_one();
            Ok(see_other(&next_address(state, fields, act, &decided).await?))
        }
        Err(DecideError::Conflict { current }) => conflict(state, visitor, fields, &current).await,
        Err(DecideError::Illegal { .. }) => match state.store.article(id).await? {
            Some(current) => conflict(state, visitor, fields, &current).await,
            None => Err(PageError::NotFound),
        },
        Err(error) => Err(from_decide(error)),
    }
}

/// After a decision the next article of the same view; after anything else the same article again.
async fn next_address(
    state: &AppState,
    fields: &Fields,
    act: Act,
    decided: &Decided,
) -> Result<String, PageError> {
    let view = View::parse(fields.get("view"));
    let query = view.to_query(&[("done", decided.decision_id.to_string())]);
    let stays = matches!(act, Act::Edit | Act::Requeue | Act::Withdraw);
    if stays {
        return Ok(format!("/desk/a/{}{query}", decided.article.id));
    }
    let next = state.store.next_in_queue(view.to_filter(state.now()), decided.article.id).await?;
    Ok(match next {
        Some(next) => format!("/desk/a/{next}{query}"),
        None => format!("/desk{query}"),
    })
}

/// The form again with what was typed and what is wrong with it: 422.
async fn refuse(
    state: &AppState,
    visitor: &Visitor,
    id: i64,
    fields: &Fields,
    errors: Vec<String>,
) -> Result<Response, PageError> {
    let mut article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    // the form keeps the revision it saw: sending it again must not hide somebody else's change
    article.revision = fields.number("revision")?;
    let shown = Shown {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        query: fields.get("view"),
        form: FormText::typed(fields),
        acknowledged: fields.get("acknowledged"),
        errors,
        toast: None,
    };
    show_article(state, visitor, &article, &shown).await
}

/// What of the summary must be acknowledged before it is published, and was not.
async fn doubts(state: &AppState, id: i64, fields: &Fields) -> Result<Option<String>, PageError> {
    let article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    let form = FormText::typed(fields);
    Ok(Checked::new(state, &article, &form, fields.get("acknowledged"), state.now()).problem(state.texts))
}

/// "PMID 34739370" stands in for a title that has not been looked up yet.
async fn placeholder(state: &AppState, id: i64, typed: &Typed) -> Result<Option<String>, PageError> {
    let addition = state.store.addition(id).await?.filter(|addition| addition.state != AdditionState::Done);
    let wanted = addition.and_then(|addition| addition.wanted).map(|wanted| wanted.to_display());
    let stands_in = wanted.is_some_and(|wanted| wanted == typed.title.to_plain());
    Ok(stands_in.then(|| state.texts.t("problem-placeholder").into()))
}

#[derive(Template)]
#[template(path = "desk/conflict.html", whitespace = "minimize")]
struct ConflictPage {
    frame: Frame,
    id: i64,
    revision: i64,
    view: String,
    query: String,
    now_standing: String,
    theirs_title: Rich,
    theirs_summary: String,
    yours_title: String,
    yours_summary: String,
    topics: Vec<String>,
    can_edit: bool,
    can_decide: bool,
}

/// Somebody was faster: both texts side by side, 409.
pub(super) async fn conflict(
    state: &AppState,
    visitor: &Visitor,
    fields: &Fields,
    current: &Article,
) -> Result<Response, PageError> {
    let history = state.store.history(Some(current.id), None, 20).await?;
    let edited = || {
        let row = history.first()?;
        Some(state.texts.t("conflict-changed-by").with("who", &row.editor).into())
    };
    let now_standing = standing(current, &history, Times::of(state)).or_else(edited).unwrap_or_default();
    let view = View::parse(fields.get("view")).to_query(&[]);
    let allowed = |act| visitor.may(Role::Editor) && after(current.status, act).is_some();
    // a form without text (requeue, a bare rejection) brings none to lose
    let or_current = |name: &str, text: String| match fields.get(name) {
        "" => text,
        typed => typed.to_owned(),
    };
    let page = ConflictPage {
        frame: Frame::for_visitor(state, visitor, "queue").await?,
        id: current.id,
        revision: current.revision,
        query: view.clone(),
        view,
        now_standing,
        theirs_title: current.shown_title().into(),
        theirs_summary: current.shown_summary(),
        yours_title: or_current("title", editable(current.shown_title())),
        yours_summary: or_current("summary", current.shown_summary()),
        topics: fields.all("topic").map(String::from).collect(),
        can_edit: allowed(Act::Edit),
        can_decide: allowed(Act::Approve),
    };
    show(StatusCode::CONFLICT, &page)
}

pub(super) fn from_decide(error: DecideError) -> PageError {
    match error {
        DecideError::NotFound => PageError::NotFound,
        DecideError::Store(error) => error.into(),
        other => PageError::Refused(other.to_string()),
    }
}

pub(super) fn see_other(address: &str) -> Response {
    Redirect::to(address).into_response()
}
