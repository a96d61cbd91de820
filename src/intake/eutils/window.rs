//! Spans of PubMed entry dates.

use chrono::{Days, NaiveDate};

use crate::domain::time::UnixMs;

/// Entry dates (`edat`) from one day to another, both included. Entry dates, because publication dates move and lie
/// in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from_on: NaiveDate,
    to_on: NaiveDate,
}

impl Window {
    /// From one day to another; put in order if they are not.
    pub fn between(one: NaiveDate, other: NaiveDate) -> Self {
        Self { from_on: one.min(other), to_on: one.max(other) }
    }

    /// The last `days` days up to tomorrow: PubMed dates records in US Eastern time, which may be ahead of a clock
    /// that is slow, never behind by more than the overlap callers add.
    pub fn last_days(now: UnixMs, days: u32) -> Self {
        let today = now.to_utc().date_naive();
        let from_on = today.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN);
        let to_on = today.checked_add_days(Days::new(1)).unwrap_or(today);
        Self { from_on, to_on }
    }

    /// The first day.
    pub fn from_on(&self) -> NaiveDate {
        self.from_on
    }

    /// The last day.
    pub fn to_on(&self) -> NaiveDate {
        self.to_on
    }

    /// As `mindate` wants it: `2026/11/22`.
    pub(super) fn min_date(&self) -> String {
        self.from_on.format("%Y/%m/%d").to_string()
    }

    /// As `maxdate` wants it.
    pub(super) fn max_date(&self) -> String {
        self.to_on.format("%Y/%m/%d").to_string()
    }

    /// The earlier and the later half; `None` for a single day.
    pub(super) fn halves(&self) -> Option<(Self, Self)> {
        let days = self.to_on.signed_duration_since(self.from_on).num_days();
        let middle = self.from_on.checked_add_days(Days::new(u64::try_from(days).ok()? / 2))?;
        let after = middle.succ_opt()?;
        (days > 0).then_some((
            Self { from_on: self.from_on, to_on: middle },
            Self { from_on: after, to_on: self.to_on },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn halves_meet_without_gap_or_overlap_until_single_days_are_left() {
        let mut waiting = vec![Window::between(day("2024-03-01"), day("2024-02-20"))];
        let mut days = Vec::new();
        while let Some(window) = waiting.pop() {
            match window.halves() {
                Some((early, late)) => waiting.extend([late, early]),
                None => days.push(window.min_date()),
            }
        }
        assert_eq!(days.len(), 11);
        assert_eq!(
            (days[0].as_str(), days[9].as_str(), days[10].as_str()),
            ("2024/02/20", "2024/02/29", "2024/03/01")
        );
    }

    #[test]
    fn the_last_days_reach_into_tomorrow() {
        let window = Window::last_days(UnixMs(1_795_367_460_000), 7);
        assert_eq!((window.min_date().as_str(), window.max_date().as_str()), ("2026/11/15", "2026/11/23"));
    }
}
