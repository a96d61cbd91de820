//! Why a service gave nothing.

use crate::intake::fetch::{FetchError, Retry};

/// Why a page could not be had; `service` is its name for people.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ServiceError {
    #[error("{service}: {source}")]
    Fetch {
        service: &'static str,
        #[source]
        source: FetchError,
    },
    #[error("{service} answers with an error: \"{said}\"")]
    Refused { service: &'static str, said: String },
    #[error("{service}: {what}")]
    Unreadable { service: &'static str, what: String },
}

impl ServiceError {
    /// Whether a single record among those that were asked for may be to blame.
    pub fn may_blame_one_record(&self) -> bool {
        match self {
            Self::Fetch { source, .. } => source.may_blame_one_record(),
            Self::Refused { .. } | Self::Unreadable { .. } => true,
        }
    }

    /// When to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Fetch { source, .. } => source.retry(),
            Self::Refused { .. } | Self::Unreadable { .. } => Retry::Backoff,
        }
    }
}
