//! One-time links, which set a password and sign in.
//!
//! Opening one changes nothing, since mail scanners open links; its form works once.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, show};
use super::sign_in::from;
use crate::domain::token::Token;
use crate::store::LinkUse;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::password::check_strength;
use crate::web::server::Peer;
use crate::web::session::{Anybody, Fields, Visitor};

#[derive(Template)]
#[template(path = "desk/link.html", whitespace = "minimize")]
struct LinkPage {
    frame: Frame,
    usable: bool,
    email: String,
    action: String,
    error: Option<String>,
    min_length: usize,
}

/// `GET /desk/link/{token}`: shows whose password it sets.
pub(super) async fn form(
    State(state): State<AppState>,
    Anybody(visitor): Anybody,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    show_link(&state, visitor.as_deref(), &token, None).await
}

/// `POST /desk/link/{token}`: sets the password, once, and signs in.
pub(super) async fn use_link(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    Anybody(visitor): Anybody,
    Path(text): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    // hashing costs; nobody can guess 256 bits
    let key = format!("link {}", text.chars().take(43).collect::<String>());
    state.throttle.attempt(&key, from(&state, peer, &headers)).map_err(PageError::TooMany)?;
    let owner = match Token::parse(&text) {
        Some(token) => state.store.link_owner(token.hash(), state.now()).await?.map(|owner| (token, owner)),
        None => None,
    };
    let Some((token, owner)) = owner else { return show_link(&state, visitor.as_deref(), &text, None).await };
    let password = fields.get("password");
    let own_words = [owner.email.as_str(), owner.name.as_str(), state.site.title.as_str()];
    if let Err(weak) = check_strength(password, state.settings.desk.password_min_length, &own_words) {
        return show_link(&state, visitor.as_deref(), &text, Some(weak.explain(state.texts))).await;
    }
    let hash = state
        .passwords
        .hash(password.to_owned())
        .await
        .map_err(|error| PageError::Failed(error.to_string()))?;
    match state.store.use_link(token.hash(), hash, state.now()).await? {
        LinkUse::Done(editor) => {
            let (_, cookie) = Visitor::begin(&state, editor, &headers).await?;
            let mut response = Redirect::to("/desk/help").into_response();
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        LinkUse::Refused => show_link(&state, visitor.as_deref(), &text, None).await,
    }
}

async fn show_link(
    state: &AppState,
    visitor: Option<&Visitor>,
    text: &str,
    error: Option<String>,
) -> Result<Response, PageError> {
    let owner = match Token::parse(text) {
        Some(token) => state.store.link_owner(token.hash(), state.now()).await?,
        None => None,
    };
    let csrf = visitor.map(Visitor::csrf).transpose()?.unwrap_or_default();
    let status = match (&owner, &error) {
        (None, _) => StatusCode::GONE,
        (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let page = LinkPage {
        frame: Frame { csrf, ..Frame::for_stranger(state) },
        usable: owner.is_some(),
        email: owner.map(|owner| owner.email).unwrap_or_default(),
        action: format!("/desk/link/{text}"),
        error,
        min_length: state.settings.desk.password_min_length,
    };
    show(status, &page)
}
