//! Where a fetch stands on its way from address to answer: pure, it sends nothing.
//!
//! Invariant: credentials stay with their origin, https never becomes http, and every address is clean of
//! credentials and fragment before it is sent or shown.

use reqwest::header::{
    ACCEPT, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION,
};
use tokio::time::Instant;
use url::Url;

use super::Request;
use super::error::{FetchError, make_printable, show_bad_url, show_url};
use super::guard::Refusal;
use super::headers::validator_header;

/// Longer addresses are not requested.
const MAX_URL_BYTES: usize = 8 * 1024;

/// What is posted.
#[derive(Clone, Copy)]
pub(super) enum Posted<'a> {
    Form(&'a [(&'a str, &'a str)]),
    /// With a bearer token, where there is one.
    Json {
        text: &'a str,
        token: Option<&'a str>,
    },
}

/// Where the walk stands.
pub(super) struct Walk<'a> {
    pub(super) request: &'a Request,
    pub(super) posted: Option<Posted<'a>>,
    first_shown: String,
    pub(super) url: Url,
    /// `user:password` and the origin they belong to.
    credentials: Option<(url::Origin, String, String)>,
    hops: usize,
    /// Where the unbroken chain of permanent redirects led so far.
    pub(super) moved_to: Option<Url>,
    only_permanent: bool,
    pub(super) deadline: Option<Instant>,
}

impl<'a> Walk<'a> {
    /// Starts at the request's address.
    pub(super) fn begin(request: &'a Request, posted: Option<Posted<'a>>) -> Result<Self, FetchError> {
        let bad =
            |why: String| FetchError::BadUrl { url: show_bad_url(&request.url, request.hide_query), why };
        if request.url.len() > MAX_URL_BYTES {
            return Err(bad(format!("longer than {MAX_URL_BYTES} bytes")));
        }
        let mut url = Url::parse(request.url.trim()).map_err(|error| bad(error.to_string()))?;
        let first_shown = show_url(&url, request.hide_query);
        let credentials = take_credentials(&mut url);
        url.set_fragment(None);
        Ok(Self {
            request,
            posted,
            first_shown,
            url,
            credentials,
            hops: 0,
            moved_to: None,
            only_permanent: true,
            deadline: None,
        })
    }

    /// The hop for messages: "http://b/ (redirected from http://a/)".
    pub(super) fn shown(&self) -> String {
        let shown = show_url(&self.url, self.request.hide_query);
        if self.hops == 0 { shown } else { format!("{shown} (redirected from {})", self.first_shown) }
    }

    /// The port of this hop.
    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// User and password, if they belong to this hop's origin.
    pub(super) fn credentials_here(&self) -> Option<(&str, &str)> {
        let (origin, user, password) = self.credentials.as_ref()?;
        (*origin == self.url.origin()).then_some((user, password))
    }

    /// The header lines of this hop.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.request.accept.unwrap_or("*/*")));
        let conditions: [(HeaderName, &Option<String>); 2] = [
            (IF_NONE_MATCH, &self.request.validators.etag),
            (IF_MODIFIED_SINCE, &self.request.validators.last_modified),
        ];
        for (name, stored) in conditions {
            if let Some(value) = stored.as_deref().and_then(validator_header) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// Steps to where a redirect points, if that may be.
    pub(super) fn follow(
        &mut self,
        response: &reqwest::Response,
        max_redirects: usize,
    ) -> Result<(), FetchError> {
        let location =
            response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let location = location.as_deref().unwrap_or_default();
        let bad = |why: &str| FetchError::BadRedirect {
            url: self.shown(),
            location: make_printable(&show_bad_url(location, self.request.hide_query), 200),
            why: why.to_owned(),
        };
        if self.posted.is_some() {
            return Err(bad("a form is not sent on"));
        }
        if location.trim().is_empty() {
            return Err(bad("it does not say where to"));
        }
        if location.len() > MAX_URL_BYTES {
            return Err(bad("the address is too long"));
        }
        let mut next = self.url.join(location).map_err(|error| bad(&error.to_string()))?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(bad("only http and https are followed"));
        }
        if self.url.scheme() == "https" && next.scheme() == "http" {
            let to = show_url(&next, self.request.hide_query);
            return Err(FetchError::Downgrade { url: self.shown(), to });
        }
        if self.hops == max_redirects {
            return Err(FetchError::TooManyRedirects { url: self.first_shown.clone(), limit: max_redirects });
        }
        // credentials that a server puts into an address are not ours to use
        take_credentials(&mut next);
        next.set_fragment(None);
        let permanent = matches!(response.status().as_u16(), 301 | 308);
        self.only_permanent &= permanent;
        // an address with a password is the operator's to change: the new one would be without it
        if self.only_permanent && self.credentials.is_none() {
            self.moved_to = Some(next.clone());
        }
        self.hops += 1;
        self.url = next;
        Ok(())
    }

    /// The error for an address that the guard refused.
    pub(super) fn name_refusal(&self, refusal: Refusal) -> FetchError {
        let url = self.shown();
        match refusal {
            Refusal::Scheme(scheme) => FetchError::NotHttp { url, scheme },
            Refusal::NoHost => FetchError::BadUrl { url, why: "it names no host".to_owned() },
            Refusal::Port(port) => FetchError::BadPort { url, port },
            Refusal::Address(address) => FetchError::ForbiddenAddress { url, address },
        }
    }
}

/// Takes `user:password` out of a URL; with them, the only origin that they are for.
fn take_credentials(url: &mut Url) -> Option<(url::Origin, String, String)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decode(url.username()), url.password().map(decode).unwrap_or_default());
    // refused only by URLs that cannot have any
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (!user.is_empty() || !password.is_empty()).then(|| (url.origin(), user, password))
}
