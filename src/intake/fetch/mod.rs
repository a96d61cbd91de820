//! The one polite HTTP client of the process. reqwest is used nowhere else.
//!
//! One [`Fetcher::get`] is one attempt: at most five redirects, each checked like the first address, a deadline for
//! the whole, a cap on the body, and either an answer worth parsing or an error that says what and where.
//! It is no browser and no crawler: no cookies, no referer, no scripts, no environment proxies, no disguise.
//!
//! Invariant: nothing is ever connected but addresses that `guard` permits, and no credentials, validators or
//! bodies go anywhere but where the caller or the server that owns them sent them.

mod body;
mod build;
mod client;
mod error;
mod fault;
mod guard;
mod headers;
mod pacing;
mod resolve;
mod walk;

use std::time::Duration;

use bytes::Bytes;
use ipnet::IpNet;
use url::Url;

pub use crate::domain::source::Validators;
pub use client::Fetcher;
pub use error::{FetchError, Phase, Retry};
pub use headers::Freshness;
pub use resolve::{LookUp, SystemLookUp};

/// What the operator can set. `config` maps onto it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSettings {
    /// What the `User-Agent` says of us: the site's public address, if it has one.
    pub public_url: Option<String>,
    /// And an e-mail address for complaints.
    pub contact: Option<String>,
    /// Ranges that may be fetched although they are not public, on any port.
    pub allow_networks: Vec<IpNet>,
    /// Ports that may be fetched at public addresses.
    pub allowed_ports: Vec<u16>,
    /// For TCP and TLS of one hop.
    pub connect_timeout: Duration,
    /// For the complete header of one hop, connecting included.
    pub first_byte_timeout: Duration,
    /// For everything: redirects, header and body. Waiting for the first turn at the host is not counted.
    pub total_timeout: Duration,
    /// Redirects that are followed.
    pub max_redirects: usize,
    /// The longest body, both as sent and unpacked.
    pub max_body_bytes: usize,
    /// Connections to a host at a time.
    pub connections_per_host: usize,
    /// Between the starts of two requests to a host.
    pub host_spacing: Duration,
    /// At random up to so much more.
    pub host_jitter: Duration,
    /// An HTTP proxy for everything. It is trusted: behind it, names are checked by a lookup of our own where that
    /// succeeds, but it is the proxy that connects.
    pub proxy: Option<Url>,
    /// Certificates (PEM) that are trusted beside the system's, for intranets.
    pub extra_ca_pem: Option<String>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            contact: None,
            allow_networks: Vec::new(),
            allowed_ports: vec![80, 443, 8080, 8443],
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            max_redirects: 5,
            max_body_bytes: 8 * 1024 * 1024,
            connections_per_host: 2,
            host_spacing: Duration::from_secs(1),
            host_jitter: Duration::from_millis(500),
            proxy: None,
            extra_ca_pem: None,
        }
    }
}

/// What to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The address, at most 8 KiB; `user:password@` becomes Basic authentication for its own origin.
    pub url: String,
    /// Validators of the last answer, sent as conditions; empty asks unconditionally.
    pub validators: Validators,
    /// `Accept`; `None` is `*/*`.
    pub accept: Option<&'static str>,
    /// The caller keeps its own distance between requests (E-utilities), the host's is not applied.
    pub own_pacing: bool,
    /// The query holds a key: it appears in no message.
    pub hide_query: bool,
    /// What the server says when it answers 400 or 422 is wanted.
    pub keep_refusal: bool,
}

impl Request {
    /// An unconditional request.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The same under conditions.
    pub fn with_validators(mut self, validators: Validators) -> Self {
        self.validators = validators;
        self
    }
}

/// An answer worth looking at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// 304: nothing changed.
    NotModified {
        /// To store: the new ones, and where the answer has none, those of the request.
        validators: Validators,
        /// The server's wishes.
        freshness: Freshness,
        /// See [`Fetched::moved_permanently_to`].
        moved_permanently_to: Option<String>,
    },
    /// 200 or 203 with a complete body, or 204/205 with an empty one.
    Fetched(Fetched),
}

/// A complete body. Whether it is a feed at all is for the parser to say; store `validators` only if it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Unpacked, otherwise as sent.
    pub body: Bytes,
    /// The `Content-Type` header, made printable.
    pub content_type: Option<String>,
    /// Where the body came from after all redirects, without credentials; the base for relative links.
    pub final_url: String,
    /// Where an unbroken chain of permanent redirects (301, 308) led; see `worker::backoff` for when to adopt it.
    /// The scheme is the same, or http became https. Never for an address with a password.
    pub moved_permanently_to: Option<String>,
    /// For the next request.
    pub validators: Validators,
    /// The server's wishes.
    pub freshness: Freshness,
    /// The distance between requests that it asks for (Crossref's `x-rate-limit-limit` and `x-rate-limit-interval`).
    pub asked_gap: Option<Duration>,
}
