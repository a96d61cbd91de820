//! What an answer's header says about fetching again: validators, freshness, `Retry-After`.
//!
//! Pure. Invariant: nothing a server writes here makes a wait negative, endless or a header we cannot send back.

use std::time::Duration;

use reqwest::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, RETRY_AFTER,
};

use crate::domain::source::Validators;
use crate::domain::time::{DAY_MS, MINUTE_MS, SECOND_MS, UnixMs};

/// The longest validator that is kept, in bytes.
const MAX_VALIDATOR_BYTES: usize = 1024;

impl Validators {
    /// Reads the validators of an answer; longer ones than 1 KiB are dropped.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        Self { etag: keep(headers, ETAG), last_modified: keep(headers, LAST_MODIFIED) }
    }

    /// These, and where one is missing the older one: a 304 repeats only what changed.
    pub(super) fn or(self, older: &Self) -> Self {
        Self {
            etag: self.etag.or_else(|| older.etag.clone()),
            last_modified: self.last_modified.or_else(|| older.last_modified.clone()),
        }
    }
}

fn keep(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let bytes = headers.get(name)?.as_bytes();
    let fits = !bytes.is_empty() && bytes.len() <= MAX_VALIDATOR_BYTES;
    fits.then(|| String::from_utf8(bytes.to_vec()).ok()).flatten()
}

/// A stored validator as a header, unless it could not have come from one.
pub(super) fn validator_header(stored: &str) -> Option<HeaderValue> {
    let fits = !stored.is_empty() && stored.len() <= MAX_VALIDATOR_BYTES;
    fits.then(|| HeaderValue::from_bytes(stored.as_bytes()).ok()).flatten()
}

/// What the server asks about the time of the next request. Unclamped but for `retry_after_ms`; see
/// `worker::backoff` for what is made of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// How much longer the answer is fresh (RFC 9111 4.2), in milliseconds ≥ 0.
    pub fresh_for_ms: Option<i64>,
    /// `Retry-After`, held between one minute and 24 hours.
    pub retry_after_ms: Option<i64>,
}

impl Freshness {
    /// Reads what an answer received at `now` wishes.
    pub(super) fn read(headers: &HeaderMap, now: UnixMs) -> Self {
        Self { fresh_for_ms: fresh_for_ms(headers, now), retry_after_ms: retry_after_ms(headers, now) }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 10.2.3), held between one minute and 24 hours; nonsense is none.
pub(super) fn retry_after_ms(headers: &HeaderMap, now: UnixMs) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait_ms = match seconds_ms(text) {
        Some(wait_ms) => wait_ms,
        None => date_ms(text)?.since_ms(now),
    };
    Some(wait_ms.clamp(MINUTE_MS, DAY_MS))
}

fn fresh_for_ms(headers: &HeaderMap, now: UnixMs) -> Option<i64> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let max_age_ms = directives.flat_map(|line| line.split(',')).find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let seconds = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("max-age").then(|| seconds_ms(seconds)).flatten()
    });
    let lifetime_ms = match max_age_ms {
        Some(max_age_ms) => max_age_ms,
        None => {
            let said_at = text(DATE).and_then(date_ms).unwrap_or(now);
            text(EXPIRES).and_then(date_ms)?.since_ms(said_at)
        }
    };
    let age_ms = text(AGE).and_then(seconds_ms).unwrap_or(0);
    Some(lifetime_ms.saturating_sub(age_ms).max(0))
}

/// Seconds in digits as milliseconds; more than can be counted is the largest.
fn seconds_ms(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(SECOND_MS))
}

fn date_ms(text: &str) -> Option<UnixMs> {
    let at = httpdate::parse_http_date(text).ok()?;
    let since_epoch = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(UnixMs(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)))
}

/// `x-rate-limit-limit: 50` and `x-rate-limit-interval: 1s` → 20 ms.
pub(super) fn asked_gap(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let requests: u32 = text("x-rate-limit-limit")?.parse().ok().filter(|requests| *requests > 0)?;
    let seconds: u64 = text("x-rate-limit-interval")?.trim_end_matches('s').parse().ok()?;
    Some(Duration::from_secs(seconds) / requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T17:11:00Z
    const NOW: UnixMs = UnixMs(1_795_367_460_000);

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        lines.iter().map(pair).collect()
    }

    #[test]
    fn retry_after_is_held_between_a_minute_and_a_day_and_nonsense_is_none() {
        let table = [
            ("3600", Some(3_600_000)),
            ("0", Some(MINUTE_MS)),
            ("Sun, 22 Nov 2026 18:11:00 GMT", Some(3_600_000)),
            ("Sun, 22 Nov 2020 18:11:00 GMT", Some(MINUTE_MS)),
            ("Sat, 22 Nov 2036 18:11:00 GMT", Some(DAY_MS)),
            ("99999999999", Some(DAY_MS)),
            ("99999999999999999999999999", Some(DAY_MS)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            let read = retry_after_ms(&headers(&[("retry-after", text)]), NOW);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn freshness_comes_from_max_age_then_expires_less_the_age() {
        let fresh = |lines: &[(&'static str, &str)]| Freshness::read(&headers(lines), NOW).fresh_for_ms;
        assert_eq!(fresh(&[("cache-control", "public, Max-Age=\"600\""), ("age", "100")]), Some(500_000));
        assert_eq!(fresh(&[("cache-control", "max-age=5"), ("age", "100")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "no-cache"), ("expires", "0")]), None);
        let dates = [("date", "Sun, 22 Nov 2026 10:00:00 GMT"), ("expires", "Sun, 22 Nov 2026 11:00:00 GMT")];
        assert_eq!(fresh(&dates), Some(3_600_000));
        assert_eq!(fresh(&[("cache-control", "max-age=99999999999999999999")]), Some(i64::MAX));
        assert_eq!(fresh(&[("cache-control", "max-age=-5, =, max-age")]), None);
    }

    #[test]
    fn a_rate_limit_is_a_distance_and_nonsense_is_none() {
        let gap = |limit: &str, interval: &str| {
            asked_gap(&headers(&[("x-rate-limit-limit", limit), ("x-rate-limit-interval", interval)]))
        };
        assert_eq!(gap("50", "1s"), Some(Duration::from_millis(20)));
        assert_eq!(gap("1", "5"), Some(Duration::from_secs(5)));
        for (limit, interval) in [("0", "1s"), ("-1", "1s"), ("50", "soon"), ("", "")] {
            assert_eq!(gap(limit, interval), None);
        }
    }

    #[test]
    fn validators_are_kept_byte_for_byte_and_dropped_when_too_long() {
        let long = "x".repeat(MAX_VALIDATOR_BYTES + 1);
        let read =
            Validators::read(&headers(&[("etag", "W/\"é \\\" 1\""), ("last-modified", "the day before")]));
        assert_eq!(read.etag.as_deref(), Some("W/\"é \\\" 1\""));
        assert_eq!(validator_header("W/\"é \\\" 1\"").unwrap().as_bytes(), "W/\"é \\\" 1\"".as_bytes());
        assert_eq!(read.last_modified.as_deref(), Some("the day before"));
        assert!(Validators::read(&headers(&[("etag", &long), ("last-modified", "")])).is_empty());
        assert!(validator_header("a\r\nX-Injected: 1").is_none());
    }
}
