//! Why a fetch failed, in a sentence for an operator, and when it is worth another try.
//!
//! Invariant: every text in here can be logged and shown: credentials are gone from URLs and control characters,
//! which a server may have chosen, are escaped.

use std::fmt;

use bytes::Bytes;
use url::Url;

use crate::domain::time::{MINUTE_MS, SECOND_MS};

/// What ran out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// TCP and TLS.
    Connect,
    /// Until the answer's header is complete.
    FirstByte,
    /// The whole fetch with its redirects and body.
    Total,
    /// Waiting for other requests to the same host.
    Turn,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no answer",
            Self::Total => "the answer was not complete",
            Self::Turn => "no turn at this host",
        })
    }
}

/// When to try again; `worker::backoff` makes a time of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// 410: the source has ended.
    Gone,
    /// Pointless until somebody changes the address or a setting.
    Never,
    /// After the usual back-off.
    Backoff,
    /// Not before so many milliseconds.
    AfterMs(i64),
    /// 429, 503: the host is overloaded; not before so many milliseconds, if it said. The fetcher refuses requests
    /// to the host until then.
    SlowHost {
        /// `Retry-After`, held between a minute and a day.
        after_ms: Option<i64>,
    },
}

/// Why a fetch failed. `url` is the address that failed, without credentials, and where it was a redirect also the
/// address that the fetch began with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum FetchError {
    #[error("{url}: not an address that can be fetched: {why}")]
    BadUrl { url: String, why: String },
    #[error("{url}: only http and https are fetched, not {scheme}")]
    NotHttp { url: String, scheme: String },
    #[error(
        "{url}: port {port} is not allowed (allowed are web ports, and any port inside fetch.allow_networks)"
    )]
    BadPort { url: String, port: u16 },
    #[error("{url}: refused to connect to {address}; fetch.allow_networks can allow it")]
    ForbiddenAddress { url: String, address: String },
    #[error("{url}: the name could not be resolved: {why}")]
    Dns { url: String, why: String },
    #[error("{url}: the host cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("{url}: no trustworthy TLS connection: {why}")]
    Tls { url: String, why: String },
    #[error("{url}: time-out: {phase} within {} s", *.after_ms as f64 / 1000.0)]
    TimedOut { url: String, phase: Phase, after_ms: u64 },
    #[error("{url}: the answer is not proper HTTP: {why}")]
    Malformed { url: String, why: String },
    #[error("{url}: the connection broke off: {why}")]
    Interrupted { url: String, why: String },
    #[error("{url}: the answer is truncated: {why}")]
    Truncated { url: String, why: String },
    #[error("{url}: the answer is longer than {limit_bytes} bytes {when}")]
    TooLarge { url: String, limit_bytes: usize, when: &'static str },
    #[error("{url}: the answer has the content encoding {encoding:?}, which is not known here")]
    UnknownEncoding { url: String, encoding: String },
    #[error("{url}: the answer is not the {encoding} it says it is: {why}")]
    BadEncoding { url: String, encoding: String, why: String },
    #[error("{url}: more than {limit} redirects")]
    TooManyRedirects { url: String, limit: usize },
    #[error("{url}: refused the redirect from https to {to}, which is not encrypted")]
    Downgrade { url: String, to: String },
    #[error("{url}: unusable redirect to {location:?}: {why}")]
    BadRedirect { url: String, location: String, why: String },
    #[error("{url}: the server answered {status}{}", describe_status(*.status))]
    Status { url: String, status: u16, retry_after_ms: Option<i64>, body: Bytes },
    #[error("{url}: the host asked to be left alone for another {} s", .wait_ms / SECOND_MS)]
    HostAskedToWait { url: String, wait_ms: i64 },
    #[error("the HTTP client cannot start: {why}")]
    Setup { why: String },
}

impl FetchError {
    /// When to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::BadUrl { .. } | Self::NotHttp { .. } | Self::BadPort { .. } | Self::Setup { .. } => {
                Retry::Never
            }
            Self::Status { status: 410, .. } => Retry::Gone,
            Self::Status { status: 429 | 503, retry_after_ms, .. } => {
                Retry::SlowHost { after_ms: *retry_after_ms }
            }
            Self::Status { retry_after_ms: Some(after_ms), .. } => Retry::AfterMs(*after_ms),
            Self::HostAskedToWait { wait_ms, .. } => Retry::AfterMs(*wait_ms),
            Self::TimedOut { phase: Phase::Turn, .. } => Retry::AfterMs(MINUTE_MS),
            _ => Retry::Backoff,
        }
    }

    /// Whether one of several things that were asked for may be to blame, and not the host or the way to it.
    pub fn may_blame_one_record(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Status { status: 400 | 404 | 414 | 500, .. })
    }

    /// The HTTP status, where one was the reason.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

fn describe_status(status: u16) -> &'static str {
    match status {
        206 => " (a part that nobody asked for)",
        304 => " (not modified) to a request without conditions",
        401 => " (it wants a password)",
        403 => " (forbidden: publishers often refuse programs; try a PubMed query for the journal)",
        404 => " (not found)",
        410 => " (gone for good)",
        429 => " (too many requests)",
        500..=599 => " (the fault is on the server's side)",
        _ => "",
    }
}

/// A URL for people and logs: no credentials, no fragment, at most 300 characters; without its query where that may
/// hold a key.
pub(super) fn show_url(url: &Url, hide_query: bool) -> String {
    let mut shown = url.clone();
    // cannot fail for URLs with a host, and those without have no credentials
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if hide_query {
        shown.set_query(None);
    }
    make_printable(shown.as_str(), 300)
}

/// The same for a text that is not a URL, whatever it is.
pub(super) fn show_bad_url(text: &str, hide_query: bool) -> String {
    let text = if hide_query { text.split('?').next().unwrap_or_default() } else { text };
    let (scheme, rest) = text.split_once("//").unwrap_or(("", text));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let separator = if scheme.is_empty() { "" } else { "//" };
    make_printable(&format!("{scheme}{separator}{rest}"), 300)
}

/// The text on one line with control and invisible characters escaped, cut to `max_chars`.
pub(super) fn make_printable(text: &str, max_chars: usize) -> String {
    let mut printable = String::new();
    for character in text.chars().take(max_chars) {
        if crate::domain::text::is_printable(character) {
            printable.push(character);
        } else {
            printable.extend(character.escape_default());
        }
    }
    if text.chars().nth(max_chars).is_some() {
        printable.push('…');
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_shows_a_password_or_a_control_character() {
        let url = Url::parse("https://editor:secret@a.example/f?q=1&api_key=hush#x").unwrap();
        assert_eq!(show_url(&url, false), "https://a.example/f?q=1&api_key=hush");
        assert_eq!(show_url(&url, true), "https://a.example/f");
        assert_eq!(show_bad_url("http://u:p@ss@[bad/\u{1b}[31m", false), "http://[bad/\\u{1b}[31m");
        assert_eq!(show_bad_url("u:secret@x\r\ny?api_key=hush", true), "x\\r\\ny");
    }

    #[test]
    fn each_failure_says_when_to_try_again() {
        let status = |status, retry_after_ms| FetchError::Status {
            url: String::new(),
            status,
            retry_after_ms,
            body: Bytes::new(),
        };
        assert_eq!(status(410, None).retry(), Retry::Gone);
        assert_eq!(status(404, None).retry(), Retry::Backoff);
        assert_eq!(status(429, Some(60_000)).retry(), Retry::SlowHost { after_ms: Some(60_000) });
        assert_eq!(status(500, Some(90_000)).retry(), Retry::AfterMs(90_000));
        assert_eq!(FetchError::NotHttp { url: String::new(), scheme: String::new() }.retry(), Retry::Never);
    }
}
