//! When to look again. Pure.

use crate::config::Watch;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// The first pause after a look that failed; each further failure doubles it, up to a recent item's interval.
pub(super) const FIRST_PAUSE_MS: i64 = 15 * MINUTE_MS;
/// Looks are moved by up to this share of their interval, so that they do not all fall on one hour.
const JITTER: f64 = 0.1;

/// How often to look.
pub(super) struct Rhythm {
    recent_ms: i64,
    recent_interval_ms: i64,
    older_interval_ms: i64,
}

impl Rhythm {
    pub(super) fn of(settings: &Watch) -> Self {
        Self {
            recent_ms: i64::from(settings.recent_days) * DAY_MS,
            recent_interval_ms: i64::from(settings.recent_hours) * HOUR_MS,
            older_interval_ms: i64::from(settings.older_hours) * HOUR_MS,
        }
    }

    /// After an answer: recent items soon, older ones later, none never. `chance` is a random number in 0..1.
    pub(super) fn after_answer(&self, now: UnixMs, since_at: UnixMs, chance: f64) -> UnixMs {
        jitter(now, self.interval(now, since_at), chance)
    }

    /// After a failure, the `failures`-th in a row.
    pub(super) fn after_failure(&self, now: UnixMs, since_at: UnixMs, failures: u32, chance: f64) -> UnixMs {
        let pause = FIRST_PAUSE_MS.saturating_mul(1_i64 << failures.saturating_sub(1).min(20));
        jitter(now, pause.min(self.recent_interval_ms).min(self.interval(now, since_at)), chance)
    }

    fn interval(&self, now: UnixMs, since_at: UnixMs) -> i64 {
        let is_recent = now.since_ms(since_at) <= self.recent_ms;
        if is_recent { self.recent_interval_ms } else { self.older_interval_ms }
    }
}

fn jitter(now: UnixMs, interval_ms: i64, chance: f64) -> UnixMs {
    let moved = interval_ms as f64 * JITTER * (2.0 * chance - 1.0);
    now.plus_ms(interval_ms + moved as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_367_460_000);

    fn rhythm() -> Rhythm {
        Rhythm { recent_ms: 90 * DAY_MS, recent_interval_ms: DAY_MS, older_interval_ms: 7 * DAY_MS }
    }

    #[test]
    fn recent_items_are_looked_at_daily_and_older_ones_weekly_without_end() {
        let next = |days: i64| rhythm().after_answer(NOW, NOW.plus_ms(-days * DAY_MS), 0.5).since_ms(NOW);
        assert_eq!((next(1), next(90)), (DAY_MS, DAY_MS));
        assert_eq!((next(91), next(20_000)), (7 * DAY_MS, 7 * DAY_MS));
        let moved = rhythm().after_answer(NOW, NOW, 0.0).since_ms(NOW);
        assert_eq!(moved, DAY_MS - DAY_MS / 10);
    }

    #[test]
    fn a_failed_look_is_repeated_soon_and_then_at_least_daily() {
        let next =
            |failures| rhythm().after_failure(NOW, NOW.plus_ms(-200 * DAY_MS), failures, 0.5).since_ms(NOW);
        assert_eq!((next(1), next(2), next(3)), (15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS));
        assert_eq!((next(12), next(u32::MAX)), (DAY_MS, DAY_MS));
    }
}
