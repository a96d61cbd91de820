//! Errors as a visitor of the desk meets them: a page that says what happened and what to do next.
//!
//! Error pages need no state and no database, so they work when nothing else does. Nothing from the request stands
//! in them.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::AppState;
use crate::store::StoreError;
use crate::texts::Texts;

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
    texts: &'static Texts,
    lang: &'a str,
    title: &'a str,
    what: &'a str,
}

/// What an error page says; it travels with the response until [`translate`].
#[derive(Clone)]
struct Said {
    title: &'static str,
    what: What,
}

#[derive(Clone)]
enum What {
    Key(&'static str),
    Text(String),
}

/// Builds the page for a status from the keys of two texts.
pub fn page(status: StatusCode, title: &'static str, what: &'static str) -> Response {
    build(status, Said { title, what: What::Key(what) })
}

fn build(status: StatusCode, said: Said) -> Response {
    let mut response = (status, Html(said.render("en"))).into_response();
    super::guard::set_page_headers(response.headers_mut());
    response.extensions_mut().insert(said);
    response
}

impl Said {
    fn render(&self, language: &str) -> String {
        let texts = Texts::of(language);
        let title = texts.t(self.title).to_string();
        let what = match &self.what {
            What::Key(key) => texts.t(key).to_string(),
            What::Text(text) => text.clone(),
        };
        let page = ErrorPage { texts, lang: Texts::lang_for(language), title: &title, what: &what };
        page.render().unwrap_or_else(|_| format!("{title}. {what}"))
    }
}

/// Error pages are made in English, since what makes them knows no settings; this says them in the site's language.
pub(super) async fn translate(State(state): State<AppState>, mut response: Response) -> Response {
    match response.extensions_mut().remove::<Said>() {
        Some(said) if state.site.language != "en" => {
            let (parts, _) = response.into_parts();
            Response::from_parts(parts, Body::from(said.render(&state.site.language)))
        }
        _ => response,
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => page(StatusCode::NOT_FOUND, "not-here-title", "not-here-text"),
            Self::Forbidden => page(StatusCode::FORBIDDEN, "not-allowed-title", "not-allowed-text"),
            Self::Forged(why) => {
                tracing::warn!(why, "a change was refused because it did not come from our own page");
                page(StatusCode::FORBIDDEN, "forged-title", "forged-text")
            }
            Self::BadForm(what) => {
                tracing::info!(%what, "a form was refused");
                page(StatusCode::BAD_REQUEST, "bad-form-title", "bad-form-text")
            }
            Self::TooMany(seconds) => {
                let response = page(StatusCode::TOO_MANY_REQUESTS, "too-many-title", "too-many-text");
                with_retry_after(response, seconds)
            }
            Self::TooLarge => too_large(),
            Self::Refused(why) => {
                build(StatusCode::CONFLICT, Said { title: "refused-title", what: What::Text(why) })
            }
            Self::Store(error) if error.is_temporary() => {
                tracing::error!(%error, "the database cannot take this now");
                let response = page(StatusCode::SERVICE_UNAVAILABLE, "busy-title", "busy-text");
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
    page(StatusCode::METHOD_NOT_ALLOWED, "wrong-method-title", "wrong-method-text")
}

/// 500.
pub fn broken() -> Response {
    page(StatusCode::INTERNAL_SERVER_ERROR, "broken-title", "broken-text")
}

/// 413.
pub fn too_large() -> Response {
    page(StatusCode::PAYLOAD_TOO_LARGE, "too-large-title", "too-large-text")
}
