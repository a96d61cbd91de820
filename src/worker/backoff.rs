//! When to ask a source again. Pure.
//!
//! Invariant: every outcome gives a time in the future; nothing a server or a feed says makes it endless.

use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use crate::intake::fetch::{Freshness, Retry};

/// A server's or feed's wish for a later fetch is honoured up to here.
pub const LONGEST_WISH_MS: i64 = 2 * DAY_MS;
/// The first pause after a failure; each further failure doubles it.
pub const FIRST_PAUSE_MS: i64 = 5 * MINUTE_MS;
/// The longest pause after failures.
pub const LONGEST_PAUSE_MS: i64 = DAY_MS;
/// A conditional request is trusted no longer than this: servers that answer 304 for ever exist.
pub const LONGEST_CONDITIONAL_MS: i64 = DAY_MS;
/// So many 404 in a row stop a source; with the growing pauses that is about a week.
pub const NOT_FOUND_LIMIT: u32 = 14;
/// So many permanent redirects to one and the same address in a row change the stored address.
pub const MOVES_TO_ADOPT: u32 = 3;

/// The shortest time to the next fetch, whatever the schedule says.
const SHORTEST_PAUSE_MS: i64 = MINUTE_MS;

/// How a fetch ended, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, changed or not.
    Answered {
        /// The server's wishes.
        freshness: Freshness,
        /// The feed's (RSS `ttl`), unclamped.
        ttl_minutes: Option<u64>,
    },
    /// No answer that could be used.
    Failed {
        /// Failures in a row, this one included.
        failures: u32,
        /// What the error says.
        retry: Retry,
    },
}

/// When to ask next. `schedule_next` is the schedule's next time after `now`, `jitter` a random number in 0..1; after
/// an answer it adds at most `longest_jitter_ms` (`worker.jitter_seconds`).
///
/// After an answer: the later of the schedule and the wishes (capped at two days). After a failure: 5 minutes,
/// doubling to 24 hours, or longer if the server asked, whatever the schedule says. Jitter only ever adds.
pub fn next_at(
    now: UnixMs,
    schedule_next: UnixMs,
    outcome: Outcome,
    longest_jitter_ms: i64,
    jitter: f64,
) -> UnixMs {
    let (pause_ms, longest_jitter_ms) = match outcome {
        Outcome::Answered { freshness, ttl_minutes } => {
            let ttl_ms = ttl_minutes
                .map(|minutes| i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(MINUTE_MS));
            let wishes = [freshness.fresh_for_ms, freshness.retry_after_ms, ttl_ms];
            let wish_ms = wishes.into_iter().flatten().max().unwrap_or(0).min(LONGEST_WISH_MS);
            let pause_ms = schedule_next.since_ms(now).max(wish_ms).max(SHORTEST_PAUSE_MS);
            (pause_ms, (pause_ms / 10).min(longest_jitter_ms))
        }
        Outcome::Failed { failures, retry } => {
            let asked_ms = match retry {
                Retry::Gone | Retry::Never => LONGEST_PAUSE_MS,
                Retry::AfterMs(after_ms) | Retry::SlowHost { after_ms: Some(after_ms) } => after_ms,
                Retry::Backoff | Retry::SlowHost { after_ms: None } => 0,
            };
            let pause_ms = failure_pause_ms(failures).max(asked_ms).min(LONGEST_PAUSE_MS);
            (pause_ms, (pause_ms / 5).min(HOUR_MS))
        }
    };
    let jitter_ms = longest_jitter_ms as f64 * jitter.clamp(0.0, 1.0);
    now.plus_ms(pause_ms).plus_ms(jitter_ms as i64)
}

fn failure_pause_ms(failures: u32) -> i64 {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_PAUSE_MS.saturating_mul(1 << doublings).min(LONGEST_PAUSE_MS)
}

/// Whether to send validators: at least once in 24 hours the whole body is asked for.
pub fn should_send_validators(last_full_fetch_at: Option<UnixMs>, now: UnixMs) -> bool {
    // a time in the future is a clock that was wrong
    last_full_fetch_at.is_some_and(|at| (0..LONGEST_CONDITIONAL_MS).contains(&now.since_ms(at)))
}

/// Whether a source has ended: 410 at once, 404 after [`NOT_FOUND_LIMIT`] failures in a row. Its items stay.
pub fn has_ended(status: Option<u16>, failures: u32) -> bool {
    match status {
        Some(410) => true,
        Some(404) => failures >= NOT_FOUND_LIMIT,
        _ => false,
    }
}

/// Permanent redirects seen in a row, all to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where to.
    pub url: String,
    /// How often in a row.
    pub seen: u32,
}

impl Move {
    /// What is known after another answer, which was redirected permanently to `seen_now` or not at all.
    pub fn record(previous: Option<Self>, seen_now: Option<&str>) -> Option<Self> {
        let url = seen_now?.to_owned();
        let seen = previous.filter(|previous| previous.url == url).map_or(0, |previous| previous.seen);
        Some(Self { url, seen: seen.saturating_add(1) })
    }

    /// Whether the source's stored address should become `url`, with a note for the operator.
    pub fn is_settled(&self) -> bool {
        self.seen >= MOVES_TO_ADOPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMs = UnixMs(1_795_367_460_000);

    fn answered(fresh_for_ms: Option<i64>, ttl_minutes: Option<u64>) -> Outcome {
        Outcome::Answered { freshness: Freshness { fresh_for_ms, retry_after_ms: None }, ttl_minutes }
    }

    fn pause(outcome: Outcome) -> i64 {
        next_at(NOW, NOW.plus_ms(HOUR_MS), outcome, MINUTE_MS, 0.0).since_ms(NOW)
    }

    #[test]
    fn an_answer_is_followed_by_the_later_of_schedule_and_wishes_and_no_wish_is_endless() {
        assert_eq!(pause(answered(None, None)), HOUR_MS);
        assert_eq!(pause(answered(Some(MINUTE_MS), Some(15))), HOUR_MS);
        assert_eq!(pause(answered(Some(MINUTE_MS), Some(120))), 2 * HOUR_MS);
        assert_eq!(pause(answered(Some(31_536_000_000), Some(999_999_999))), LONGEST_WISH_MS);
        assert_eq!(pause(answered(Some(i64::MAX), Some(u64::MAX))), LONGEST_WISH_MS);
        let schedule_in_the_past = next_at(NOW, NOW.plus_ms(-DAY_MS), answered(None, None), MINUTE_MS, 0.0);
        assert_eq!(schedule_in_the_past.since_ms(NOW), SHORTEST_PAUSE_MS);
    }

    #[test]
    fn failures_back_off_from_five_minutes_to_a_day() {
        let pauses: Vec<i64> = [1, 2, 3, 9, 10, u32::MAX]
            .map(|failures| pause(Outcome::Failed { failures, retry: Retry::Backoff }) / MINUTE_MS)
            .into();
        assert_eq!(pauses, [5, 10, 20, 1280, 1440, 1440]);
        let asked = |retry| pause(Outcome::Failed { failures: 1, retry });
        assert_eq!(asked(Retry::SlowHost { after_ms: Some(2 * HOUR_MS) }), 2 * HOUR_MS);
        assert_eq!(asked(Retry::SlowHost { after_ms: Some(MINUTE_MS) }), FIRST_PAUSE_MS);
        assert_eq!(asked(Retry::Never), DAY_MS);
    }

    #[test]
    fn a_server_that_says_304_for_ever_is_asked_for_everything_once_a_day() {
        assert!(!should_send_validators(None, NOW));
        assert!(should_send_validators(Some(NOW.plus_ms(-HOUR_MS)), NOW));
        assert!(!should_send_validators(Some(NOW.plus_ms(-DAY_MS)), NOW));
        assert!(!should_send_validators(Some(NOW.plus_ms(HOUR_MS)), NOW));
    }

    #[test]
    fn gone_ends_a_source_at_once_and_not_found_after_about_a_week() {
        assert!(has_ended(Some(410), 1));
        assert!(!has_ended(Some(404), NOT_FOUND_LIMIT - 1));
        assert!(has_ended(Some(404), NOT_FOUND_LIMIT));
        assert!(!has_ended(Some(500), 1_000) && !has_ended(None, 1_000));
        let week: i64 = (1..NOT_FOUND_LIMIT).map(failure_pause_ms).sum();
        assert!((5 * DAY_MS..8 * DAY_MS).contains(&week), "{} days", week / DAY_MS);
    }

    #[test]
    fn a_move_is_settled_after_three_equal_permanent_redirects_in_a_row() {
        let walk = |seen: &[Option<&str>]| {
            seen.iter()
                .fold(None, |previous, now| Move::record(previous, *now))
                .is_some_and(|it| it.is_settled())
        };
        assert!(walk(&[Some("b"), Some("b"), Some("b")]));
        assert!(!walk(&[Some("b"), Some("b")]));
        assert!(!walk(&[Some("b"), Some("b"), None, Some("b")]));
        assert!(!walk(&[Some("b"), Some("b"), Some("c")]));
    }

    proptest! {
        #[test]
        fn every_outcome_gives_a_time_between_a_minute_and_the_schedule_or_two_days(
            schedule in -DAY_MS..30 * DAY_MS,
            fresh in any::<Option<i64>>(),
            retry_after in any::<Option<i64>>(),
            ttl_minutes in any::<Option<u64>>(),
            failures in any::<u32>(),
            after_ms in any::<i64>(),
            jitter in any::<f64>(),
        ) {
            let freshness = Freshness { fresh_for_ms: fresh, retry_after_ms: retry_after };
            for outcome in [
                Outcome::Answered { freshness, ttl_minutes },
                Outcome::Failed { failures, retry: Retry::AfterMs(after_ms) },
                Outcome::Failed { failures, retry: Retry::Gone },
            ] {
                let pause_ms = next_at(NOW, NOW.plus_ms(schedule), outcome, MINUTE_MS, jitter).since_ms(NOW);
                prop_assert!(pause_ms >= MINUTE_MS);
                prop_assert!(pause_ms <= schedule.max(LONGEST_WISH_MS) + HOUR_MS);
            }
        }
    }
}
