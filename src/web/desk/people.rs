//! Who works at the desk, and what they may do. For administrators.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::account::role_label;
use super::mail;
use super::page::{Choice, Frame, show};
use crate::domain::editor::{Editor, Role};
use crate::domain::time::HOUR_MS;
use crate::domain::token::Token;
use crate::store::{LinkPurpose, PersonError};
use crate::texts::{Text, Texts};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

struct ShownPerson {
    id: i64,
    name: String,
    email: String,
    state: String,
    disabled: bool,
    me: bool,
    roles: Vec<Choice>,
}

/// A link that was just made; it is shown this once.
struct MadeLink {
    email: String,
    link: String,
    hours: u32,
}

#[derive(Template)]
#[template(path = "desk/people.html", whitespace = "minimize")]
struct PeoplePage {
    frame: Frame,
    people: Vec<ShownPerson>,
    made: Option<MadeLink>,
    /// What became of the last wish, and of letters in trouble.
    said: Vec<String>,
    /// Whether links can go by mail.
    mails: bool,
    error: Option<String>,
    typed_email: String,
}

/// `GET /desk/people`
pub(super) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, PageError> {
    show_page(&state, &visitor, Extra::default()).await
}

#[derive(Default)]
struct Extra {
    made: Option<MadeLink>,
    mailed: Option<String>,
    error: Option<String>,
    typed_email: String,
}

async fn show_page(state: &AppState, visitor: &Visitor, extra: Extra) -> Result<Response, PageError> {
    let people =
        state.store.editors().await?.into_iter().map(|editor| shown(state.texts, editor, visitor)).collect();
    let frame = Frame::for_visitor(state, visitor, "people").await?;
    let status = if extra.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Extra { made, mailed, error, typed_email } = extra;
    let mailed = mailed.map(|email| state.texts.t("people-mailed").with("email", email).into());
    let said = mailed.into_iter().chain(mail::note(state).await?).collect();
    let mails = state.settings.mail.is_on();
    show(status, &PeoplePage { frame, people, made, said, mails, error, typed_email })
}

fn shown(texts: &Texts, editor: Editor, visitor: &Visitor) -> ShownPerson {
    let state = match (editor.disabled, editor.has_password) {
        (true, _) => texts.t("people-disabled").into(),
        (false, false) => texts.t("people-invited").into(),
        (false, true) => role_label(texts, editor.role),
    };
    let roles = Role::ALL
        .into_iter()
        .map(|role| Choice::new(role.as_str(), role_label(texts, role), role == editor.role));
    ShownPerson {
        id: editor.id,
        state,
        disabled: editor.disabled,
        me: editor.id == visitor.editor.id,
        roles: roles.collect(),
        name: editor.name,
        email: editor.email,
    }
}

/// `POST /desk/people`: a new account, with its one-time link.
pub(super) async fn invite(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let email = fields.get("email").trim().to_lowercase();
    let refused =
        |error: Text<'_>| Extra { error: Some(error.into()), typed_email: email.clone(), ..Extra::default() };
    if !looks_like_an_address(&email) {
        return show_page(&state, &visitor, refused(state.texts.t("people-bad-address"))).await;
    }
    let role = role(&fields)?;
    match state.store.add_editor(&email, role, Some(visitor.editor.id), state.now()).await {
        Ok(editor) => give_link(&state, &visitor, &editor, LinkPurpose::Invite, &fields).await,
        Err(PersonError::Exists(_)) => {
            show_page(&state, &visitor, refused(state.texts.t("people-exists"))).await
        }
        Err(error) => answer(&state, &visitor, Err(error)).await,
    }
}

/// `POST /desk/people/{id}/link`: a new one-time link; earlier ones stop working.
pub(super) async fn link(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let editor = somebody_else(&state, &visitor, id).await?;
    let purpose = if editor.has_password { LinkPurpose::Reset } else { LinkPurpose::Invite };
    give_link(&state, &visitor, &editor, purpose, &fields).await
}

/// `POST /desk/people/{id}/role`
pub(super) async fn set_role(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let editor = somebody_else(&state, &visitor, id).await?;
    let role = role(&fields)?;
    if role == editor.role {
        return Ok(Redirect::to("/desk/people").into_response());
    }
    let done = state.store.set_role(&editor.email, role, Some(visitor.editor.id), state.now()).await;
    answer(&state, &visitor, done).await
}

/// `POST /desk/people/{id}/disable`
pub(super) async fn disable(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Response, PageError> {
    let editor = somebody_else(&state, &visitor, id).await?;
    let done = state.store.set_disabled(&editor.email, true, Some(visitor.editor.id), state.now()).await;
    answer(&state, &visitor, done).await
}

/// `POST /desk/people/{id}/enable`
pub(super) async fn enable(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Response, PageError> {
    let editor = somebody_else(&state, &visitor, id).await?;
    let done = state.store.set_disabled(&editor.email, false, Some(visitor.editor.id), state.now()).await;
    answer(&state, &visitor, done).await
}

async fn answer(
    state: &AppState,
    visitor: &Visitor,
    done: Result<(), PersonError>,
) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to("/desk/people").into_response()),
        Err(PersonError::Unknown(_)) => Err(PageError::NotFound),
        Err(PersonError::Store(error)) => Err(error.into()),
        Err(error @ (PersonError::Exists(_) | PersonError::LastAdmin(_))) => {
            let text = match &error {
                PersonError::LastAdmin(email) => state.texts.t("people-last-admin").with("email", email),
                _ => state.texts.t("people-exists"),
            };
            let extra = Extra { error: Some(text.into()), ..Extra::default() };
            show_page(state, visitor, extra).await
        }
    }
}

/// The account of an id; never one's own, which nobody changes under their own feet here.
async fn somebody_else(state: &AppState, visitor: &Visitor, id: i64) -> Result<Editor, PageError> {
    let found = state.store.editors().await?.into_iter().find(|editor| editor.id == id);
    match found {
        Some(editor) if editor.id == visitor.editor.id => {
            Err(PageError::Refused(state.texts.t("people-own-account").into()))
        }
        Some(editor) => Ok(editor),
        None => Err(PageError::NotFound),
    }
}

/// By mail, where that is asked for and set up; else on this page.
async fn give_link(
    state: &AppState,
    visitor: &Visitor,
    editor: &Editor,
    purpose: LinkPurpose,
    fields: &Fields,
) -> Result<Response, PageError> {
    if fields.get("by") != "mail" || !state.settings.mail.is_on() {
        return make_link(state, visitor, editor, purpose).await;
    }
    let now = state.now();
    let expires_at = now.plus_ms(i64::from(state.settings.desk.link_hours) * HOUR_MS);
    state.store.enqueue_link(editor.id, purpose, expires_at, now).await?;
    state.store.audit(Some(visitor.editor.id), "link by mail", &editor.email, now).await?;
    show_page(state, visitor, Extra { mailed: Some(editor.email.clone()), ..Extra::default() }).await
}

async fn make_link(
    state: &AppState,
    visitor: &Visitor,
    editor: &Editor,
    purpose: LinkPurpose,
) -> Result<Response, PageError> {
    let token = Token::generate().map_err(|error| PageError::Failed(error.to_string()))?;
    let hours = state.settings.desk.link_hours;
    let now = state.now();
    let expires_at = now.plus_ms(i64::from(hours) * HOUR_MS);
    state.store.add_link(editor.id, token.hash(), purpose, expires_at, now).await?;
    state.store.audit(Some(visitor.editor.id), "link", &editor.email, now).await?;
    let link = state.site.url(&format!("/desk/link/{}", token.to_text()));
    let made = Some(MadeLink { email: editor.email.clone(), link, hours });
    show_page(state, visitor, Extra { made, ..Extra::default() }).await
}

fn role(fields: &Fields) -> Result<Role, PageError> {
    Role::parse(fields.get("role")).ok_or_else(|| PageError::BadForm("role is not on the list".into()))
}

/// A rough look; the real test is that the link arrives.
fn looks_like_an_address(text: &str) -> bool {
    let clean = text.len() <= 254
        && !text.chars().any(|character| character.is_whitespace() || character.is_control());
    let parts = text.split_once('@');
    clean && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}
