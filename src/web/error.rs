//! Errors as a visitor of the desk meets them: a page that says what happened and what to do next.
//!
//! Error pages need no state and no database, so they work when nothing else does. Nothing from the request stands
//! in them.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::store::StoreError;

/// Why a page could not be given.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No such page, article, source or person.
    #[error("not found")]
    NotFound,
    /// Signed in, but the role does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// A change without proof that our own page asked for it.
    #[error("the request did not come from our own page: {0}")]
    Forged(&'static str),
    /// A form that our pages do not make.
    #[error("bad form: {0}")]
    BadForm(String),
    /// Too many attempts; how many seconds to wait.
    #[error("too many attempts, wait {0} s")]
    TooMany(u64),
    /// The body is larger than any form of ours.
    #[error("the body is too large")]
    TooLarge,
    /// Understood, and refused; the text is ours.
    #[error("{0}")]
    Refused(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of ours failed; logged where it is turned into a page.
    #[error("{0}")]
    Failed(String),
    /// A template could not be rendered.
    #[error("cannot render a page: {0}")]
    Render(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'static str,
    what: &'a str,
}

/// Builds the page for a status; `title` and `what` are ours, never from the request.
pub fn page(status: StatusCode, title: &'static str, what: &str) -> Response {
    let body = ErrorPage { title, what }.render().unwrap_or_else(|_| format!("{title}. {what}"));
    let mut response = (status, Html(body)).into_response();
    super::guard::set_page_headers(response.headers_mut());
    response
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => page(
                StatusCode::NOT_FOUND,
                "Not here",
                "There is nothing at this address. It may have been merged with another article, or the link was cut.",
            ),
            Self::Forbidden => page(
                StatusCode::FORBIDDEN,
                "Not allowed",
                "Your role does not allow this. An administrator of the desk can change that.",
            ),
            Self::Forged(why) => {
                tracing::warn!(why, "a change was refused because it did not come from our own page");
                page(
                    StatusCode::FORBIDDEN,
                    "Not accepted",
                    "This request did not come from a page of the desk, or the page was too old. Go back, reload it and try again; nothing was changed.",
                )
            }
            Self::BadForm(what) => {
                tracing::info!(%what, "a form was refused");
                page(
                    StatusCode::BAD_REQUEST,
                    "Not understood",
                    "The form was incomplete or held a value it does not offer. Go back and try again; nothing was changed.",
                )
            }
            Self::TooMany(seconds) => {
                let response = page(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Too many attempts",
                    "Wait a few minutes and try again.",
                );
                with_retry_after(response, seconds)
            }
            Self::TooLarge => too_large(),
            Self::Refused(why) => page(StatusCode::CONFLICT, "Not done", &why),
            Self::Store(error) if error.is_temporary() => {
                tracing::error!(%error, "the database cannot take this now");
                let response = page(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "Not just now",
                    "The desk cannot store anything at the moment. Nothing you typed is lost if you go back; the operator sees why in the log.",
                );
                with_retry_after(response, 60)
            }
            Self::Store(_) | Self::Failed(_) | Self::Render(_) => {
                tracing::error!(error = %self, "a page could not be given");
                broken()
            }
        }
    }
}

/// Adds `Retry-After`, seconds.
pub fn with_retry_after(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// 404 for paths that no route knows.
pub async fn not_found() -> Response {
    PageError::NotFound.into_response()
}

/// 405.
pub async fn wrong_method() -> Response {
    page(StatusCode::METHOD_NOT_ALLOWED, "Not that way", "This address does not take that kind of request.")
}

/// 500.
pub fn broken() -> Response {
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something broke",
        "This is our fault and it was logged. Nothing you typed is lost if you go back.",
    )
}

/// 413.
pub fn too_large() -> Response {
    page(StatusCode::PAYLOAD_TOO_LARGE, "Too large", "A form of the desk holds at most 64 KiB.")
}
