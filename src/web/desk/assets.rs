//! The desk's stylesheet and script, compiled in, and the society's accent colour.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::web::AppState;
use crate::web::error::PageError;

const STYLE: &str = include_str!("../static/desk.css");
const SCRIPT: &str = include_str!("../static/desk.js");

/// The accent where the setting is not a colour.
const DEFAULT_ACCENT: &str = "#0b6e6e";

/// One of our files.
pub(super) async fn file(Path(file): Path<String>) -> Result<Response, PageError> {
    let (kind, body) = match file.as_str() {
        "desk.css" => ("text/css; charset=utf-8", STYLE),
        "desk.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return Err(PageError::NotFound),
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=300")], body).into_response())
}

/// The accent as a custom property: the policy forbids inline styles.
pub(super) async fn accent(State(state): State<AppState>) -> Response {
    let set = state.site.accent.as_str();
    let valid =
        set.len() == 7 && set.starts_with('#') && set[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    let body = format!(":root {{ --accent: {}; }}\n", if valid { set } else { DEFAULT_ACCENT });
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=300")],
        body,
    )
        .into_response()
}
