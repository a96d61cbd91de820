//! Whose turn it is at a host: few connections, a little distance between requests, and patience when asked for it.
//!
//! Shared by the whole process. Invariant: a host that said "later" gets no request before then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

/// Redirects can name any number of hosts; beyond this many the idle ones are forgotten.
const MAX_REMEMBERED_HOSTS: usize = 1024;

/// Why there is no turn now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// The host asked to be left alone for so long.
    HostAskedToWait(Duration),
    /// Other requests to the host took all the patience there was.
    Busy,
}

/// A connection's place at a host; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// The turns at all hosts.
#[derive(Debug)]
pub(super) struct Pacing {
    hosts: Mutex<HashMap<String, Arc<Lane>>>,
    connections_per_host: usize,
    spacing: Duration,
    jitter: Duration,
}

#[derive(Debug)]
struct Lane {
    permits: Arc<Semaphore>,
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    next_start: Instant,
    not_before: Option<Instant>,
}

impl Pacing {
    pub(super) fn new(connections_per_host: usize, spacing: Duration, jitter: Duration) -> Self {
        Self { hosts: Mutex::default(), connections_per_host: connections_per_host.max(1), spacing, jitter }
    }

    /// Waits for a turn at the URL's host, at most `patience`. `spaced` is false where the caller keeps its own
    /// distance (E-utilities).
    pub(super) async fn take_turn(
        &self,
        url: &Url,
        spaced: bool,
        patience: Duration,
    ) -> Result<Turn, NoTurn> {
        let lane = self.lane(url);
        let give_up_at = Instant::now() + patience;
        lane.check_wish(Instant::now())?;
        let permit = tokio::time::timeout_at(give_up_at, Arc::clone(&lane.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(NoTurn::Busy) };
        lane.check_wish(Instant::now())?;
        if spaced {
            let gap = self.spacing + self.jitter.mul_f64(rand::random::<f64>());
            let start_at = lane.reserve_start(Instant::now(), gap, give_up_at)?;
            tokio::time::sleep_until(start_at).await;
            lane.check_wish(Instant::now())?;
        }
        Ok(Turn { _permit: permit })
    }

    /// Leaves the URL's host alone for `wait`; a shorter wish never shortens a longer one.
    pub(super) fn slow_host(&self, url: &Url, wait: Duration) {
        let lane = self.lane(url);
        let until = Instant::now() + wait;
        let mut times = lock(&lane.times);
        times.not_before = times.not_before.max(Some(until));
    }

    fn lane(&self, url: &Url) -> Arc<Lane> {
        let mut hosts = lock(&self.hosts);
        if hosts.len() >= MAX_REMEMBERED_HOSTS {
            let now = Instant::now();
            hosts.retain(|_, lane| Arc::strong_count(lane) > 1 || lock(&lane.times).is_pending(now));
        }
        let lane = hosts.entry(host_key(url)).or_insert_with(|| {
            let times = Times { next_start: Instant::now(), not_before: None };
            Arc::new(Lane {
                permits: Arc::new(Semaphore::new(self.connections_per_host)),
                times: Mutex::new(times),
            })
        });
        Arc::clone(lane)
    }
}

impl Lane {
    fn check_wish(&self, now: Instant) -> Result<(), NoTurn> {
        match lock(&self.times).not_before {
            Some(until) if until > now => Err(NoTurn::HostAskedToWait(until - now)),
            _ => Ok(()),
        }
    }

    fn reserve_start(&self, now: Instant, gap: Duration, give_up_at: Instant) -> Result<Instant, NoTurn> {
        let mut times = lock(&self.times);
        let start_at = times.next_start.max(now);
        if start_at > give_up_at {
            return Err(NoTurn::Busy);
        }
        times.next_start = start_at + gap;
        Ok(start_at)
    }
}

impl Times {
    fn is_pending(&self, now: Instant) -> bool {
        self.next_start > now || self.not_before.is_some_and(|until| until > now)
    }
}

/// Host and, where it is not the scheme's own, port: `http` and `https` of one host share a lane.
fn host_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    match url.port() {
        Some(port) if port != 80 && port != 443 => format!("{host}:{port}"),
        _ => host.to_owned(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // the data behind these locks is valid at every step
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn pacing(spacing_ms: u64) -> Pacing {
        Pacing::new(2, Duration::from_millis(spacing_ms), Duration::ZERO)
    }

    #[tokio::test]
    async fn a_third_connection_to_a_host_waits_while_another_host_does_not() {
        let pacing = pacing(0);
        let now = Duration::from_millis(20);
        let first = pacing.take_turn(&url("http://a.example/1"), true, now).await.unwrap();
        let _second = pacing.take_turn(&url("https://a.example./2"), true, now).await.unwrap();
        assert_eq!(pacing.take_turn(&url("http://a.example/3"), true, now).await.unwrap_err(), NoTurn::Busy);
        pacing.take_turn(&url("http://b.example/1"), true, now).await.unwrap();
        drop(first);
        pacing.take_turn(&url("http://a.example/3"), true, now).await.unwrap();
    }

    #[tokio::test]
    async fn a_host_that_asked_for_time_is_left_alone_and_only_that_host() {
        let pacing = pacing(0);
        let patience = Duration::from_secs(5);
        pacing.slow_host(&url("http://a.example/feed"), Duration::from_secs(60));
        pacing.slow_host(&url("http://a.example/other"), Duration::from_secs(1));
        let no_turn = pacing.take_turn(&url("https://a.example/"), false, patience).await.unwrap_err();
        let NoTurn::HostAskedToWait(left) = no_turn else { panic!("{no_turn:?}") };
        assert!(left > Duration::from_secs(50));
        pacing.take_turn(&url("http://b.example/"), true, patience).await.unwrap();
    }

    #[test]
    fn starts_are_reserved_one_gap_apart() {
        let now = Instant::now();
        let times = Times { next_start: now, not_before: None };
        let lane = Lane { permits: Arc::new(Semaphore::new(2)), times: Mutex::new(times) };
        let gap = Duration::from_secs(1);
        let far = now + Duration::from_secs(1);
        assert_eq!(lane.reserve_start(now, gap, far), Ok(now));
        assert_eq!(lane.reserve_start(now, gap, far), Ok(now + gap));
        assert_eq!(lane.reserve_start(now, gap, far), Err(NoTurn::Busy));
    }

    #[test]
    fn redirects_to_endless_hosts_do_not_fill_memory() {
        let pacing = pacing(0);
        for number in 0..5_000 {
            pacing.lane(&url(&format!("http://h{number}.example/")));
        }
        assert!(lock(&pacing.hosts).len() <= MAX_REMEMBERED_HOSTS);
    }
}
