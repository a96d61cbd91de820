//! What stands around an article beside its text: notes of the editors, who is typing, how it came by hand, its trials.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, Times, show};
use super::view::View;
use crate::domain::article::Article;
use crate::domain::editor::Role;
use crate::domain::identity::Nct;
use crate::domain::text::is_printable;
use crate::domain::time::SECOND_MS;
use crate::store::{Addition, AdditionState};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// Longest note, bytes.
const NOTE_BYTES: usize = 2_000;
/// Who typed is taken to type still for this long; the script says so again after half of it.
const PRESENT_MS: i64 = 90 * SECOND_MS;

pub(super) struct ShownNote {
    pub(super) who: String,
    pub(super) when: String,
    /// Paragraphs and lines as they were typed.
    pub(super) text: String,
}

pub(super) struct ShownAddition {
    pub(super) by: String,
    /// Where the look-up stands, in words.
    pub(super) state: Option<String>,
    pub(super) waits: bool,
    pub(super) can_retry: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Company {
    pub(super) notes: Vec<ShownNote>,
    pub(super) can_note: bool,
    pub(super) others: Option<String>,
    pub(super) addition: Option<ShownAddition>,
    /// The trials that editors tied to it by hand.
    pub(super) trials: Vec<Nct>,
}

impl Company {
    pub(super) async fn of(
        state: &AppState,
        visitor: &Visitor,
        article: &Article,
    ) -> Result<Self, PageError> {
        let times = Times::of(state);
        let notes = state.store.notes(article.id).await?;
        let notes = notes.into_iter().map(|note| ShownNote {
            who: note.editor,
            when: times.show_near(note.at),
            text: note.text,
        });
        let addition = state.store.addition(article.id).await?;
        let can_note = visitor.may(Role::Editor);
        Ok(Self {
            notes: notes.collect(),
            can_note,
            others: others(state, visitor, article.id).await?,
            addition: addition.map(|addition| shown(&addition, times, can_note)),
            trials: state.store.tied_trials(article.id).await?,
        })
    }
}

fn shown(addition: &Addition, times: Times, can_retry: bool) -> ShownAddition {
    let texts = times.texts;
    let what = addition.wanted.as_ref().map(|wanted| wanted.to_display()).unwrap_or_default();
    let message = addition.message.clone();
    let by = texts.t("addition-by").with("who", &addition.editor).with("when", times.show_near(addition.at));
    let state = match (addition.state, message) {
        (AdditionState::Waiting, None) => Some(texts.t("addition-waiting").with("what", what).into()),
        (AdditionState::Waiting, Some(message)) => {
            let text = texts.t("addition-again").with("what", what).with("message", message);
            Some(text.with("when", times.show_near(addition.next_at)).into())
        }
        (AdditionState::Unknown, _) => Some(texts.t("addition-unknown").with("what", what).into()),
        (AdditionState::Failed, message) => {
            let text = texts.t("addition-failed").with("what", what);
            Some(text.with("message", message.unwrap_or_default()).into())
        }
        (AdditionState::Done, message) => message,
        (AdditionState::ByHand, _) => Some(texts.t("addition-by-hand").into()),
    };
    let open = matches!(addition.state, AdditionState::Unknown | AdditionState::Failed)
        || (addition.state == AdditionState::Waiting && addition.message.is_some());
    let waits = addition.state == AdditionState::Waiting && addition.message.is_none();
    ShownAddition { by: by.into(), state, waits, can_retry: can_retry && open }
}

/// "Maria is editing this."
async fn others(state: &AppState, visitor: &Visitor, article_id: i64) -> Result<Option<String>, PageError> {
    let names = state.store.others_present(article_id, visitor.editor.id, state.now()).await?;
    let texts = state.texts;
    Ok(match names.as_slice() {
        [] => None,
        [name] => Some(texts.t("editing-one").with("who", name).into()),
        [first, rest @ ..] => {
            Some(texts.t("editing-more").with("who", first).with("count", rest.len()).into())
        }
    })
}

/// `POST /desk/a/{id}/note`
pub(super) async fn add_note(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let text = fold_lines(fields.get("note"));
    if !text.is_empty() && !state.store.add_note(id, visitor.editor.id, &text, state.now()).await? {
        return Err(PageError::NotFound);
    }
    let view = View::parse(fields.get("view")).to_query(&[]);
    Ok(Redirect::to(&format!("/desk/a/{id}{view}#notes")).into_response())
}

#[derive(Template)]
#[template(path = "desk/presence.html", whitespace = "minimize")]
struct PresencePage {
    frame: Frame,
    others: Option<String>,
}

/// `POST /desk/a/{id}/here`: the script says that somebody types, and hears who else does.
pub(super) async fn here(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Response, PageError> {
    let now = state.now();
    state.store.set_present(id, visitor.editor.id, now.plus_ms(PRESENT_MS), now).await?;
    let others = others(&state, &visitor, id).await?;
    show(StatusCode::OK, &PresencePage { frame: Frame::for_stranger(&state), others })
}

/// `POST /desk/a/{id}/look-up`: once more, now.
pub(super) async fn look_up(
    State(state): State<AppState>,
    _: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    state.store.article(id).await?.ok_or(PageError::NotFound)?;
    if state.store.retry_addition(id, state.now()).await? {
        state.bell.notify_one();
    }
    let view = View::parse(fields.get("view")).to_query(&[]);
    Ok(Redirect::to(&format!("/desk/a/{id}{view}")).into_response())
}

/// What was typed, line by line: unprintable characters go, more than one empty line in a row too.
fn fold_lines(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(NOTE_BYTES)];
    let lines = text.lines().map(|line| {
        let line: String = line.chars().filter(|character| is_printable(*character)).collect();
        line.trim_end().to_owned()
    });
    let mut folded: Vec<String> = Vec::new();
    for line in lines {
        if !(line.is_empty() && folded.last().is_none_or(String::is_empty)) {
            folded.push(line);
        }
    }
    folded.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_keeps_its_lines_and_nothing_that_does_not_print() {
        assert_eq!(fold_lines("\r\n one\u{202e} \r\n\r\n\n\ttwo\0 \n\n"), " one\n\ntwo");
        assert_eq!(fold_lines(" \n\t"), "");
        assert!(fold_lines(&"é".repeat(5_000)).len() <= NOTE_BYTES);
    }
}
