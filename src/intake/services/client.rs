//! One service: where it is, and its pace.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{ServiceError, ServiceSettings};
use crate::intake::fetch::{Fetcher, Request, Response};

/// A service with the one bucket of its pace.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) page_size: usize,
    base_url: String,
    gap: Duration,
    next_call_at: Mutex<Instant>,
}

impl Client {
    pub(super) fn new(name: &'static str, settings: ServiceSettings) -> Self {
        Self {
            name,
            page_size: settings.page_size.max(1),
            base_url: settings.base_url,
            gap: Duration::from_secs(60) / settings.requests_per_minute.max(1),
            next_call_at: Mutex::new(Instant::now()),
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
        let response = fetcher.get(&request).await;
        match response.map_err(|source| ServiceError::Fetch { service: self.name, source })? {
            Response::Fetched(fetched) => Ok(fetched.body),
            Response::NotModified { .. } => Ok(Bytes::new()),
        }
    }

    /// Each call reserves the next free moment.
    async fn wait_for_turn(&self) {
        let turn_at = {
            let mut next_call_at = self.next_call_at.lock().unwrap_or_else(PoisonError::into_inner);
            let turn_at = (*next_call_at).max(Instant::now());
            *next_call_at = turn_at + self.gap;
            turn_at
        };
        tokio::time::sleep_until(turn_at).await;
    }
}
