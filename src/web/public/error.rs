//! What can go wrong for a reader, as a page for people and as a problem document (RFC 9457) for programs.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::document::common_headers;
use crate::publish::json::{ProblemJson, to_bytes};
use crate::store::StoreError;

/// Why an output cannot be given.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublicError {
    /// Nothing public is there.
    #[error("nothing is published at this address")]
    NotFound,
    /// It was public, and the editors took it back.
    #[error("this item was published here and has been withdrawn")]
    Gone,
    /// It is at another path now.
    #[error("moved to {0}")]
    Moved(String),
    /// A known parameter with a value it cannot have.
    #[error("{name}: {what}")]
    BadParameter {
        /// The parameter's name.
        name: &'static str,
        /// What it takes; never the value itself.
        what: String,
    },
    /// Public addresses are read, never written.
    #[error("this address answers GET and HEAD")]
    WrongMethod,
    /// A format that a specification lets us refuse.
    #[error("{0}")]
    NotImplemented(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template could not be rendered.
    #[error("cannot render a page: {0}")]
    Render(#[from] askama::Error),
    /// Something else of ours failed.
    #[error("{0}")]
    Failed(String),
}

impl PublicError {
    /// Whether the fault is ours, and passes.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Render(_) | Self::Failed(_))
    }

    /// The status to answer with.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::Moved(_) => StatusCode::MOVED_PERMANENTLY,
            Self::BadParameter { .. } => StatusCode::BAD_REQUEST,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Render(_) | Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The problem document. What failed on our side stays in the log.
    pub(super) fn into_problem(self) -> Response {
        let status = self.status();
        let detail = if self.is_ours() {
            tracing::error!(error = %self, "an output could not be given");
            "Something failed on our side; try again in a minute.".to_owned()
        } else {
            self.to_string()
        };
        let problem = ProblemJson {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail,
            parameter: if let Self::BadParameter { name, .. } = self { Some(name) } else { None },
        };
        let mut headers = common_headers("application/problem+json");
        if let Self::Moved(path) = &self
            && let Ok(path) = HeaderValue::from_str(path)
        {
            headers.insert(header::LOCATION, path);
        }
        prepare_error_headers(&mut headers, status);
        (status, headers, to_bytes(&problem)).into_response()
    }
}

impl IntoResponse for PublicError {
    fn into_response(self) -> Response {
        self.into_problem()
    }
}

/// Errors are kept briefly or not at all.
pub(super) fn prepare_error_headers(headers: &mut axum::http::HeaderMap, status: StatusCode) {
    let cache = if status.is_server_error() { "no-store" } else { "public, max-age=60" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
}
