//! Letters: what each person wants to get, and, for administrators, what became of them.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, Times, show};
use crate::domain::letter::{LetterKind, LetterState};
use crate::domain::time::DAY_MS;
use crate::store::{LetterRow, MailWishes};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// Letters on the page.
const SHOWN: i64 = 100;
/// A letter that failed is called to mind for so long.
const TROUBLE_DAYS: i64 = 7;

struct ShownLetter {
    id: i64,
    what: String,
    to: String,
    state: String,
    class: &'static str,
    trouble: Option<String>,
    when: String,
    can_retry: bool,
}

#[derive(Template)]
#[template(path = "desk/mail.html", whitespace = "minimize")]
struct MailPage {
    frame: Frame,
    is_on: bool,
    letters: Vec<ShownLetter>,
}

/// `GET /desk/mail`
pub(super) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, PageError> {
    let times = Times::of(&state);
    let letters = state.store.letters(SHOWN).await?;
    let page = MailPage {
        frame: Frame::for_visitor(&state, &visitor, "people").await?,
        is_on: state.settings.mail.is_on(),
        letters: letters.into_iter().map(|letter| shown(letter, times)).collect(),
    };
    show(StatusCode::OK, &page)
}

fn shown(letter: LetterRow, times: Times) -> ShownLetter {
    let texts = times.texts;
    let waits_again = letter.state == LetterState::Waiting && letter.error.is_some();
    let (class, key) = match letter.state {
        LetterState::Waiting if waits_again => ("failing", "mail-again"),
        LetterState::Waiting => ("new", "mail-waiting"),
        LetterState::Sent => ("well", "mail-sent"),
        LetterState::Failed => ("failing", "mail-failed"),
        LetterState::Cancelled => ("paused", "mail-cancelled"),
    };
    let state = texts.t(key);
    let state = if waits_again { state.with("when", times.show_near(letter.next_at)) } else { state };
    ShownLetter {
        id: letter.id,
        what: texts.t(kind_key(letter.kind)).into(),
        to: letter.to,
        state: state.into(),
        class,
        when: times.show_near(letter.ended_at.unwrap_or(letter.created_at)),
        can_retry: waits_again || letter.state == LetterState::Failed,
        trouble: letter.error,
    }
}

fn kind_key(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Invite => "mail-invite",
        LetterKind::Reset => "mail-reset",
        LetterKind::Digest => "mail-digest",
        LetterKind::Alert => "mail-alert",
    }
}

/// `POST /desk/mail/{id}/retry`
pub(super) async fn retry(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Response, PageError> {
    if !state.store.retry_letter(id, state.now()).await? {
        return Err(PageError::NotFound);
    }
    let object = format!("letter {id}");
    state.store.audit(Some(visitor.editor.id), "send again", &object, state.now()).await?;
    Ok(Redirect::to("/desk/mail").into_response())
}

/// `POST /desk/account/mail`: what one wants to get.
pub(super) async fn choose(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let wishes = MailWishes { digest: fields.get("digest") == "on", alerts: fields.get("alerts") == "on" };
    state.store.set_mail_wishes(visitor.editor.id, wishes, state.now()).await?;
    Ok(Redirect::to("/desk/account").into_response())
}

/// What the people page says of letters: nothing where no mail is set up.
pub(super) async fn note(state: &AppState) -> Result<Option<String>, PageError> {
    if !state.settings.mail.is_on() {
        return Ok(None);
    }
    let since = state.now().plus_ms(-TROUBLE_DAYS * DAY_MS);
    let count = state.store.letters_in_trouble(since).await?;
    Ok((count > 0).then(|| state.texts.t("mail-trouble").with("count", count).into()))
}

/// When the digest comes, in words: the crontab line where it is not weekly in the usual way.
pub(super) fn digest_time(texts: &Texts, line: &str) -> String {
    const DAYS: [&str; 8] = [
        "weekday-7",
        "weekday-1",
        "weekday-2",
        "weekday-3",
        "weekday-4",
        "weekday-5",
        "weekday-6",
        "weekday-7",
    ];
    let fields: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<usize>().ok());
    match (number(0), number(1), fields.get(2..4), number(4).and_then(|day| DAYS.get(day))) {
        (Some(minute), Some(hour), Some(["*", "*"]), Some(day)) if fields.len() == 5 => texts
            .t("mail-weekly")
            .with("day", texts.t(day))
            .with("clock", format!("{hour:02}:{minute:02}"))
            .into(),
        _ => texts.t("mail-schedule").with("line", line).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::digest_time;
    use crate::texts::Texts;

    #[test]
    fn the_digests_time_is_said_in_words_where_it_is_a_weekly_one() {
        let say = |line| digest_time(Texts::of("en"), line);
        assert_eq!(say("40 6 * * 1"), "Monday, 06:40");
        assert_eq!(say("5 17 * * 0"), "Sunday, 17:05");
        assert_eq!(say("40 6 1 * *"), "as the operator set it (40 6 1 * *)");
    }
}
