//! One service: where it is, and its pace.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::page::{Refusal, parse, refuse};
use super::{ServiceError, ServiceSettings};
use crate::intake::apart::parse_apart;
use crate::intake::fetch::{FetchError, Fetcher, Request, Response};

/// A service with the one bucket of its pace.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) page_size: usize,
    pub(super) contact: Option<String>,
    base_url: String,
    pace: Mutex<Pace>,
}

struct Pace {
    /// Between calls: the operator's, or the service's if that is longer.
    gap: Duration,
    next_call_at: Instant,
}

/// A service that asks for more is believed no further.
const LONGEST_GAP: Duration = Duration::from_secs(60);

impl Client {
    pub(super) fn new(name: &'static str, settings: ServiceSettings) -> Self {
        Self {
            name,
            page_size: settings.page_size.max(1),
            contact: settings.contact,
            base_url: settings.base_url,
            pace: Mutex::new(Pace {
                gap: Duration::from_secs(60) / settings.requests_per_minute.max(1),
                next_call_at: Instant::now(),
            }),
        }
    }

    /// The address without its last slash.
    pub(super) fn base(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }

    /// One body, in its turn.
    pub(super) async fn get(&self, fetcher: &Fetcher, url: String) -> Result<Bytes, ServiceError> {
        self.wait_for_turn().await;
        let mut request = Request::new(url);
        request.own_pacing = true;
        request.accept = Some("application/json");
        request.keep_refusal = true;
        let response = fetcher.get(&request).await;
        let response = response.map_err(|source| self.name_fetch_error(source))?;
        match response {
            Response::Fetched(fetched) => {
                self.slow_down(fetched.asked_gap);
                Ok(fetched.body)
            }
            Response::NotModified { .. } => Ok(Bytes::new()),
        }
    }

    /// What `read` makes of a body, apart from whoever asked.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        body: Bytes,
        read: impl FnOnce(&[u8]) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let read = parse_apart(move || read(&body)).await;
        read.unwrap_or_else(|what| Err(Refusal::Unreadable(what)))
            .map_err(|refusal| self.name_refusal(refusal))
    }

    /// Each call reserves the next free moment.
    async fn wait_for_turn(&self) {
        let turn_at = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            let turn_at = pace.next_call_at.max(Instant::now());
            pace.next_call_at = turn_at + pace.gap;
            turn_at
        };
        tokio::time::sleep_until(turn_at).await;
    }

    /// Keeps the distance that an answer asks for (`x-rate-limit-limit` and `-interval`) from now on.
    fn slow_down(&self, asked: Option<Duration>) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.gap = pace.gap.max(asked.unwrap_or_default().min(LONGEST_GAP));
    }

    /// The error for a request that failed, in the service's own words if it has some: what is wrong with a query.
    fn name_fetch_error(&self, source: FetchError) -> ServiceError {
        if let FetchError::Status { body, .. } = &source
            && let Ok(answer) = parse(body)
            && let refusal @ Refusal::Said(_) = refuse(&answer)
        {
            return self.name_refusal(refusal);
        }
        ServiceError::Fetch { service: self.name, source }
    }

    /// The error for a body that is no page.
    pub(super) fn name_refusal(&self, refusal: Refusal) -> ServiceError {
        match refusal {
            Refusal::Said(said) => ServiceError::Refused { service: self.name, said },
            Refusal::Unreadable(what) => ServiceError::Unreadable { service: self.name, what },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_asks_for_a_slower_pace_gets_it_within_reason() {
        let settings = ServiceSettings {
            base_url: "https://x.example/".into(),
            page_size: 1,
            requests_per_minute: 60,
            contact: None,
        };
        let client = Client::new("x", settings);
        let gap = || client.pace.lock().unwrap().gap;
        for (asked, kept) in [(None, 1), (Some(0), 1), (Some(5), 5), (Some(2), 5), (Some(86_400), 60)] {
            client.slow_down(asked.map(Duration::from_secs));
            assert_eq!(gap(), Duration::from_secs(kept));
        }
    }
}
