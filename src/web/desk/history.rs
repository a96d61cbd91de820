//! Every decision, newest first, each with a way back.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::article::Gone;
use super::article::reason_key;
use super::facts::title_lang;
use super::page::{Frame, Rich, Times, Toast, show};
use crate::domain::editor::Role;
use crate::domain::status::{Act, Status};
use crate::store::{HistoryRow, TopicAgreement};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

/// Decisions on one page.
const PAGE: i64 = 50;

struct ShownRow {
    id: i64,
    article_id: i64,
    title: Rich,
    title_plain: String,
    title_lang: Option<String>,
    act: String,
    act_class: &'static str,
    who: String,
    when: String,
    at_machine: String,
    detail: Option<String>,
    undone: bool,
    undoable: bool,
    gone: Option<Gone>,
}

#[derive(Template)]
#[template(path = "desk/history.html", whitespace = "minimize")]
struct HistoryPage {
    frame: Frame,
    rows: Vec<ShownRow>,
    older: Option<i64>,
    can_decide: bool,
    /// How editors took the suggested topics; empty on older pages and before the first approval.
    agreement: Vec<ShownTopic>,
}

struct ShownTopic {
    title: String,
    kept: u32,
    dropped: u32,
    added: u32,
    /// Of the suggestions; `None` where there was none.
    percent: Option<u32>,
}

/// The page. `?before=` a decision's id pages back.
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let number = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).and_then(|(_, value)| value.parse::<i64>().ok())
    };
    let times = Times::of(&state);
    let history = state.store.history(None, number("before"), PAGE + 1).await?;
    let older =
        history.get(PAGE as usize - 1).filter(|_| history.len() > PAGE as usize).map(|row| row.decision_id);
    let lang = Texts::lang_for(&state.site.language);
    let rows = history
        .iter()
        .take(PAGE as usize)
        .map(|row| ShownRow {
            id: row.decision_id,
            article_id: row.article_id,
            title: (&row.title).into(),
            title_plain: row.title.to_plain(),
            title_lang: title_lang(&row.title, row.title_language.as_deref(), lang),
            act: describe(times, row),
            act_class: row.act.as_str(),
            who: row.editor.clone(),
            when: times.show_near(row.at),
            at_machine: row.at.to_rfc3339(),
            detail: row.undone.then(|| state.texts.t("history-undone-since").into()),
            undone: row.undone,
            undoable: row.undoable,
            gone: row.merged.as_ref().map(Gone::of),
        })
        .collect();
    let agreement = match number("before") {
        None => show_agreement(&state, state.store.topic_agreement().await?),
        Some(_) => Vec::new(),
    };
    let toast = number("undone").map(|_| Toast::plain(state.texts.t("history-undone")));
    let frame = Frame::for_visitor(&state, &visitor, "history").await?.with_toast(toast);
    show(
        StatusCode::OK,
        &HistoryPage { frame, rows, older, can_decide: visitor.may(Role::Editor), agreement },
    )
}

fn show_agreement(state: &AppState, topics: Vec<TopicAgreement>) -> Vec<ShownTopic> {
    let title_of =
        |key: &str| state.site.topics.iter().find(|(name, _)| name == key).map(|(_, title)| title.clone());
    let shown = topics.into_iter().map(|TopicAgreement { topic, kept, dropped, added }| ShownTopic {
        title: title_of(&topic).unwrap_or(topic),
        kept,
        dropped,
        added,
        percent: (100 * kept + (kept + dropped) / 2).checked_div(kept + dropped),
    });
    shown.collect()
}

/// "Approved", "Approved for 24 Nov 2026, 09:00", "Rejected (off topic)", "Put back by undo": a decision in the past tense.
pub(super) fn describe(times: Times, row: &HistoryRow) -> String {
    let texts = times.texts;
    let planned = row.planned_for();
    let key = match row.act {
        Act::Approve => match planned {
            Some(at) => return texts.t("past-approved-for").with("at", times.show(at)).into(),
            None => "past-approved",
        },
        Act::Reject => match row.reject_reason {
            Some(reason) => {
                let reason = texts.t(reason_key(reason)).to_string().to_lowercase();
                return texts.t("past-rejected-reason").with("reason", reason).into();
            }
            None => "past-rejected",
        },
        Act::Later => "past-put-off",
        Act::Requeue => "past-requeued",
        Act::Edit if row.after == Status::Approved && planned.is_none() => "past-changed",
        Act::Edit => "past-edited",
        Act::Withdraw if planned.is_some() => "past-cancelled",
        Act::Withdraw => "past-withdrawn",
        Act::Undo => "past-undone",
        Act::Merge => "past-merged",
    };
    texts.t(key).into()
}
