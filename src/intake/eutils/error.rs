//! Why E-utilities gave nothing.

use super::answer::Refusal;
use crate::domain::time::MINUTE_MS;
use crate::intake::fetch::{FetchError, Retry};
use crate::intake::pubmed::PubmedError;

/// Why a call failed; `operation` is "esearch" or "efetch". The API key is in none of these.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum EutilsError {
    #[error("{operation}: {source}")]
    Fetch {
        operation: &'static str,
        #[source]
        source: FetchError,
    },
    #[error("{operation}: PubMed says \"{said}\"")]
    Refused { operation: &'static str, said: String },
    #[error("{operation}: PubMed's rate limit: \"{said}\" (is something else at this address using it too?)")]
    RateLimited { operation: &'static str, said: String },
    #[error("{operation}: the stored search expired: \"{said}\"")]
    HistoryExpired { operation: &'static str, said: String },
    #[error("{operation}: {what}, not a PubMed answer")]
    Unreadable { operation: &'static str, what: String },
    #[error("{operation}: {source}")]
    Records {
        operation: &'static str,
        #[source]
        source: PubmedError,
    },
    #[error(
        "PubMed has no search field {field:?}; it ignored it, so the query {query:?} does not mean what it says"
    )]
    UnknownField { query: String, field: String },
    #[error(
        "the query {query:?} finds {count} records on the single day {day}; PubMed gives out {limit} at most"
    )]
    TooManyInOneDay { query: String, day: String, count: usize, limit: usize },
    #[error("the query {query:?} finds {count} records; more than {limit} are not fetched at once")]
    TooBroad { query: String, count: usize, limit: usize },
}

impl EutilsError {
    /// Whether a single record among those that were asked for may be to blame.
    pub fn may_blame_one_record(&self) -> bool {
        match self {
            Self::Fetch { source, .. } => source.may_blame_one_record(),
            Self::Refused { .. } | Self::Unreadable { .. } | Self::Records { .. } => true,
            _ => false,
        }
    }

    /// When to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Fetch { source, .. } => source.retry(),
            Self::RateLimited { .. } => Retry::AfterMs(MINUTE_MS),
            Self::UnknownField { .. } | Self::TooManyInOneDay { .. } | Self::TooBroad { .. } => Retry::Never,
            _ => Retry::Backoff,
        }
    }

    /// The error for a refusal, whose words have been cleared of the key by `clear`.
    pub(super) fn from_refusal(
        operation: &'static str,
        query: &str,
        refusal: Refusal,
        clear: impl Fn(&str) -> String,
    ) -> Self {
        match refusal {
            Refusal::RateLimited(said) => Self::RateLimited { operation, said: clear(&said) },
            Refusal::HistoryGone(said) => Self::HistoryExpired { operation, said: clear(&said) },
            Refusal::Said(said) => Self::Refused { operation, said: clear(&said) },
            Refusal::FieldUnknown(field) => Self::UnknownField { query: query.to_owned(), field },
            Refusal::Unreadable(what) => Self::Unreadable { operation, what: clear(&what) },
        }
    }
}
