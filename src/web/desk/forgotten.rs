//! A forgotten password: whoever has an account gets a one-time link by mail, and nobody learns who has one.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::page::{Frame, show};
use super::sign_in::from;
use crate::domain::time::HOUR_MS;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::server::Peer;
use crate::web::session::Fields;

#[derive(Template)]
#[template(path = "desk/forgotten.html", whitespace = "minimize")]
struct ForgottenPage {
    frame: Frame,
    /// Whether there is a mail server to send a link by.
    mails: bool,
    /// The address that was asked for.
    asked: Option<String>,
}

/// `GET /desk/forgotten`
pub(super) async fn form(State(state): State<AppState>) -> Result<Response, PageError> {
    show_page(&state, None)
}

/// `POST /desk/forgotten`: the same answer after the same time, whether there is such an account or not.
pub(super) async fn ask(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let email: String = fields.get("email").trim().to_lowercase().chars().take(254).collect();
    let key = format!("forgotten {email}");
    state.throttle.attempt(&key, from(&state, peer, &headers)).map_err(PageError::TooMany)?;
    if state.settings.mail.is_on() {
        let (store, now, address) = (state.store.clone(), state.now(), email.clone());
        let expires_at = now.plus_ms(i64::from(state.settings.desk.link_hours) * HOUR_MS);
        // not waited for: the time that writing takes would tell
        tokio::spawn(async move {
            if let Err(error) = store.enqueue_forgotten(&address, expires_at, now).await {
                tracing::error!("a link for a forgotten password was not made: {error}");
            }
        });
    }
    show_page(&state, Some(email))
}

fn show_page(state: &AppState, asked: Option<String>) -> Result<Response, PageError> {
    let mails = state.settings.mail.is_on();
    show(StatusCode::OK, &ForgottenPage { frame: Frame::for_stranger(state), mails, asked })
}
