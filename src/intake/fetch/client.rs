//! The client: takes a turn at each hop's host, sends, and makes an answer or an error of what comes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

use super::Validators;
use super::body::{self, BodyFault, Encoding};
use super::build::build_client;
use super::error::{FetchError, Phase, make_printable};
use super::fault::{Hop, name_fault};
use super::guard::{Guard, Reach};
use super::headers::{Freshness, asked_gap, retry_after_ms};
use super::pacing::{NoTurn, Pacing, Turn};
use super::resolve::{LookUp, ResolveFault, SystemLookUp, VettingResolver};
use super::walk::{Posted, Walk};
use super::{FetchSettings, Fetched, Request, Response};
use crate::domain::time::{MINUTE_MS, UnixMs};

/// Total time-outs that a fetch waits for its first turn at a host which others keep busy.
const FIRST_TURN_PATIENCE: u32 = 4;
/// The longest explanation of a bad request that is read.
const MAX_REFUSAL: usize = 16 * 1024;

/// The client: build one for the process and share it.
pub struct Fetcher {
    settings: FetchSettings,
    guard: Arc<Guard>,
    pacing: Pacing,
    look_up: Arc<dyn LookUp>,
    /// Connects to public addresses and allowed networks.
    public: reqwest::Client,
    /// Connects to allowed networks only: for ports that are not web ports.
    inside: Option<reqwest::Client>,
}

impl Fetcher {
    /// Builds the client with the system's name service.
    ///
    /// # Errors
    /// [`FetchError::Setup`] if `extra_ca_pem` or the proxy cannot be used.
    pub fn new(settings: FetchSettings) -> Result<Self, FetchError> {
        Self::with_look_up(settings, Arc::new(SystemLookUp))
    }

    /// The same with another name service.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_look_up(settings: FetchSettings, look_up: Arc<dyn LookUp>) -> Result<Self, FetchError> {
        let guard = Arc::new(Guard::new(settings.allow_networks.clone(), settings.allowed_ports.clone()));
        let resolver = |allowed_networks_only| VettingResolver {
            look_up: Arc::clone(&look_up),
            guard: Arc::clone(&guard),
            allowed_networks_only,
        };
        let public = build_client(&settings, resolver(false))?;
        let inside = guard.allows_networks().then(|| build_client(&settings, resolver(true))).transpose()?;
        let pacing = Pacing::new(settings.connections_per_host, settings.host_spacing, settings.host_jitter);
        Ok(Self { settings, guard, pacing, look_up, public, inside })
    }

    /// Fetches once, following redirects.
    ///
    /// # Errors
    /// Everything that is not a complete answer; see [`FetchError`] and its `retry`.
    pub async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        self.walk(request, None).await
    }

    /// Posts a form once. Redirects are not followed: the form may hold a key.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn post_form(&self, request: &Request, form: &[(&str, &str)]) -> Result<Response, FetchError> {
        self.walk(request, Some(Posted::Form(form))).await
    }

    /// Posts a JSON text once, with a bearer token where there is one. Redirects are not followed.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn post_json(
        &self,
        request: &Request,
        text: &str,
        token: Option<&str>,
    ) -> Result<Response, FetchError> {
        self.walk(request, Some(Posted::Json { text, token })).await
    }

    async fn walk(&self, request: &Request, posted: Option<Posted<'_>>) -> Result<Response, FetchError> {
        let mut walk = Walk::begin(request, posted)?;
        loop {
            let reach = self.guard.check_url(&walk.url).map_err(|refusal| walk.name_refusal(refusal))?;
            let turn = self.take_turn(&walk).await?;
            let deadline = *walk.deadline.get_or_insert(Instant::now() + self.settings.total_timeout);
            let response = self.send(&walk, reach, deadline).await?;
            match response.status() {
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => walk.follow(&response, self.settings.max_redirects)?,
                _ => return self.conclude(&walk, response, deadline, turn).await,
            }
        }
    }

    async fn take_turn(&self, walk: &Walk<'_>) -> Result<Turn, FetchError> {
        let patience = match walk.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => self.settings.total_timeout * FIRST_TURN_PATIENCE,
        };
        let url = || walk.shown();
        self.pacing.take_turn(&walk.url, !walk.request.own_pacing, patience).await.map_err(|no_turn| {
            match no_turn {
                NoTurn::HostAskedToWait(wait) => {
                    FetchError::HostAskedToWait { url: url(), wait_ms: millis(wait) as i64 }
                }
                NoTurn::Busy => {
                    FetchError::TimedOut { url: url(), phase: Phase::Turn, after_ms: millis(patience) }
                }
            }
        })
    }

    /// Sends one request and waits for the header of its answer.
    async fn send(
        &self,
        walk: &Walk<'_>,
        reach: Reach,
        deadline: Instant,
    ) -> Result<reqwest::Response, FetchError> {
        let client = match (reach, &self.inside) {
            (Reach::AllowedNetworksOnly, Some(inside)) => inside,
            _ => &self.public,
        };
        let method = if walk.posted.is_some() { Method::POST } else { Method::GET };
        let mut sending = client.request(method, walk.url.clone()).headers(walk.headers());
        if let Some((user, password)) = walk.credentials_here() {
            sending = sending.basic_auth(user, Some(password));
        }
        sending = match walk.posted {
            Some(Posted::Form(form)) => sending.form(form),
            Some(Posted::Json { text, token }) => {
                let typed = sending.header(CONTENT_TYPE, "application/json").body(text.to_owned());
                token.into_iter().fold(typed, |sending, token| sending.bearer_auth(token))
            }
            None => sending,
        };
        let first_byte_at = Instant::now() + self.settings.first_byte_timeout;
        let answer = async {
            self.check_behind_proxy(walk, reach).await?;
            sending.send().await.map_err(|error| self.name_fault(walk, &error))
        };
        match tokio::time::timeout_at(first_byte_at.min(deadline), answer).await {
            Ok(answer) => answer,
            Err(_) if first_byte_at <= deadline => Err(FetchError::TimedOut {
                url: walk.shown(),
                phase: Phase::FirstByte,
                after_ms: millis(self.settings.first_byte_timeout),
            }),
            Err(_) => Err(self.total_timed_out(walk)),
        }
    }

    /// With a proxy our resolver is not asked for the target, so names are looked up beforehand; a name that only
    /// the proxy can resolve is left to it.
    async fn check_behind_proxy(&self, walk: &Walk<'_>, reach: Reach) -> Result<(), FetchError> {
        let (Some(_), Some(host)) = (&self.settings.proxy, walk.url.domain()) else { return Ok(()) };
        let resolver = VettingResolver {
            look_up: Arc::clone(&self.look_up),
            guard: Arc::clone(&self.guard),
            allowed_networks_only: reach == Reach::AllowedNetworksOnly,
        };
        match resolver.vet(host).await {
            Ok(_) => Ok(()),
            Err(ResolveFault::Dns { .. }) if reach == Reach::Public => Ok(()),
            Err(ResolveFault::Dns { why, .. }) => Err(FetchError::Dns { url: walk.shown(), why }),
            Err(ResolveFault::Forbidden { address, .. }) => {
                Err(FetchError::ForbiddenAddress { url: walk.shown(), address })
            }
            Err(ResolveFault::Port { .. }) => {
                Err(FetchError::BadPort { url: walk.shown(), port: walk.port() })
            }
        }
    }

    /// Makes an answer of the last hop.
    async fn conclude(
        &self,
        walk: &Walk<'_>,
        response: reqwest::Response,
        deadline: Instant,
        _turn: Turn,
    ) -> Result<Response, FetchError> {
        let now = UnixMs::now();
        let headers = response.headers();
        let freshness = Freshness::read(headers, now);
        let validators = Validators::read(headers);
        let moved_permanently_to = walk.moved_to.as_ref().map(ToString::to_string);
        let status = response.status().as_u16();
        match status {
            304 if !walk.request.validators.is_empty() => {
                let validators = validators.or(&walk.request.validators);
                return Ok(Response::NotModified { validators, freshness, moved_permanently_to });
            }
            200 | 203 | 204 | 205 => {}
            _ => {
                let retry_after_ms = retry_after_ms(headers, now);
                if matches!(status, 429 | 503) {
                    let wait_ms = retry_after_ms.unwrap_or(MINUTE_MS);
                    self.pacing.slow_host(&walk.url, Duration::from_millis(wait_ms.unsigned_abs()));
                }
                let body = match walk.request.keep_refusal && matches!(status, 400 | 422) {
                    true => read_refusal(response, deadline).await,
                    false => Bytes::new(),
                };
                return Err(FetchError::Status { url: walk.shown(), status, retry_after_ms, body });
            }
        }
        let asked_gap = asked_gap(headers);
        let content_type = headers
            .get(CONTENT_TYPE)
            .map(|value| make_printable(&String::from_utf8_lossy(value.as_bytes()), 200));
        let encoding = Encoding::read(headers).map_err(|encoding| FetchError::UnknownEncoding {
            url: walk.shown(),
            encoding: make_printable(&encoding, 80),
        })?;
        let encoding = if matches!(status, 204 | 205) { Encoding::Plain } else { encoding };
        let reading = body::read_body(response, encoding, self.settings.max_body_bytes);
        let body = match tokio::time::timeout_at(deadline, reading).await {
            Ok(read) => read.map_err(|fault| self.name_body_fault(walk, encoding, fault))?,
            Err(_) => return Err(self.total_timed_out(walk)),
        };
        let final_url = walk.url.to_string();
        Ok(Response::Fetched(Fetched {
            asked_gap,
            body,
            content_type,
            final_url,
            moved_permanently_to,
            validators,
            freshness,
        }))
    }

    fn name_body_fault(&self, walk: &Walk<'_>, encoding: Encoding, fault: BodyFault) -> FetchError {
        let url = walk.shown();
        match fault {
            BodyFault::Transport(error) => self.name_fault(walk, &error),
            BodyFault::TooLarge(when) => {
                FetchError::TooLarge { url, limit_bytes: self.settings.max_body_bytes, when }
            }
            BodyFault::Truncated => FetchError::Truncated {
                url,
                why: format!("the {} data ends in the middle", encoding.as_str()),
            },
            BodyFault::BadEncoding(why) => FetchError::BadEncoding {
                url,
                encoding: encoding.as_str().to_owned(),
                why: make_printable(&why, 200),
            },
        }
    }

    fn name_fault(&self, walk: &Walk<'_>, error: &reqwest::Error) -> FetchError {
        let connect_timeout_ms = millis(self.settings.connect_timeout);
        name_fault(&Hop { shown: &walk.shown(), port: walk.port(), connect_timeout_ms }, error)
    }

    fn total_timed_out(&self, walk: &Walk<'_>) -> FetchError {
        let after_ms = millis(self.settings.total_timeout);
        FetchError::TimedOut { url: walk.shown(), phase: Phase::Total, after_ms }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
/// What the server says of a bad request, if it can be had; nothing depends on it.
async fn read_refusal(response: reqwest::Response, deadline: Instant) -> Bytes {
    let Ok(encoding) = Encoding::read(response.headers()) else { return Bytes::new() };
    let reading = body::read_body(response, encoding, MAX_REFUSAL);
    match tokio::time::timeout_at(deadline, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) | Err(_) => Bytes::new(),
    }
}
