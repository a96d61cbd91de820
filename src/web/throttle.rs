//! Attempts to sign in, counted for each account and each address, so that guessing is slow.
//!
//! Only the shape of an attempt is kept, in memory: a restart forgets it, which a guesser cannot cause.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use super::Clock;

/// Attempts on one account: eight at once, then one every two minutes.
const ACCOUNT: (u32, Duration) = (8, Duration::from_secs(120));
/// Attempts from one address (an IPv6 network of 64 bits): twenty at once, then one every thirty seconds.
const ADDRESS: (u32, Duration) = (20, Duration::from_secs(30));
/// Old keys are dropped after this many attempts.
const TIDY_EVERY: u32 = 256;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>;

/// Counts attempts.
pub struct Throttle {
    accounts: Limiter<String>,
    addresses: Limiter<IpAddr>,
    clock: Clock,
    attempts: AtomicU32,
}

impl Throttle {
    /// An empty one.
    pub fn new(clock: Clock) -> Self {
        Self {
            accounts: limiter(ACCOUNT, clock.clone()),
            addresses: limiter(ADDRESS, clock.clone()),
            clock,
            attempts: AtomicU32::new(0),
        }
    }

    /// Counts an attempt on an account (a lower-cased address, known or not) from an address.
    ///
    /// # Errors
    /// It is one too many: seconds to wait.
    pub fn attempt(&self, account: &str, from: IpAddr) -> Result<(), u64> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.accounts.retain_recent();
            self.addresses.retain_recent();
        }
        let now = self.clock.now();
        self.addresses
            .check_key(&network(from))
            .and_then(|()| self.accounts.check_key(&account.to_owned()))
            .map_err(|refused| refused.wait_time_from(now).as_secs() + 1)
    }
}

fn limiter<K: Hash + Eq + Clone>((burst, every): (u32, Duration), clock: Clock) -> Limiter<K> {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // a period of zero is the only thing refused, and ours are constants
    let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(burst)).allow_burst(burst);
    RateLimiter::new(quota, DashMapStateStore::default(), clock)
}

/// Who is behind a connection: the peer, or, where the peer is a trusted proxy, the last address of `X-Forwarded-For`
/// that is not one.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let trusted =
        |address: IpAddr| trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()));
    if !trusted(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let mut hops: Vec<IpAddr> =
        lines.flat_map(|line| line.split(',')).map_while(|hop| hop.trim().parse().ok()).collect();
    hops.reverse();
    hops.iter().copied().find(|hop| !trusted(*hop)).unwrap_or(peer)
}

/// One subscriber: an IPv4 address, or the first 64 bits of an IPv6 address, within which a client picks freely.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let ms = u64::try_from(self.read().0).unwrap_or_default();
        Nanos::new(ms.saturating_mul(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::UnixMs;
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;

    #[test]
    fn guessing_at_one_account_stops_from_everywhere_and_starts_again_later() {
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let read = now.clone();
        let throttle = Throttle::new(Clock::new(move || UnixMs(read.load(Ordering::SeqCst))));
        for attempt in 0..8u8 {
            assert_eq!(throttle.attempt("ann@example.org", IpAddr::from([192, 0, 2, attempt])), Ok(()));
        }
        let refused = throttle.attempt("ann@example.org", IpAddr::from([192, 0, 2, 99]));
        assert!(refused.is_err_and(|seconds| (1..=121).contains(&seconds)), "{refused:?}");
        assert_eq!(throttle.attempt("bob@example.org", IpAddr::from([192, 0, 2, 99])), Ok(()));
        now.fetch_add(121_000, Ordering::SeqCst);
        assert_eq!(throttle.attempt("ann@example.org", IpAddr::from([192, 0, 2, 99])), Ok(()));
    }

    #[test]
    fn only_a_trusted_proxy_may_say_who_is_behind_it() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7, 10.0.0.2".parse().unwrap());
        let stranger = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(client_address(stranger, &headers, &proxies), stranger);
        let behind = client_address([10, 0, 0, 1].into(), &headers, &proxies);
        assert_eq!(behind, IpAddr::from([198, 51, 100, 7]), "not the first, which the visitor can write");
    }

    #[test]
    fn one_ipv6_network_is_one_guesser() {
        let throttle = Throttle::new(Clock::new(|| UnixMs(1_800_000_000_000)));
        let attempts = (0..30u16).map(|host| {
            let from = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host);
            throttle.attempt(&format!("a{host}@example.org"), from.into())
        });
        assert_eq!(attempts.filter(Result::is_ok).count(), 20);
    }
}
