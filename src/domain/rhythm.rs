//! A source's own rhythm: how often it usually brings something, and when its silence is no longer usual.
//!
//! Learnt from the days on which entries were first seen, nothing else: dates that sources print move. Pure.
//! Invariant: a source that was watched for too short a time, or brought too little to know its rhythm, is never
//! called silent.

use serde::{Deserialize, Serialize};

use super::time::{DAY_MS, UnixMs};

/// Watched for so many days at least.
const SHORTEST_HISTORY_DAYS: i64 = 42;
/// So many pauses between days with entries are needed to know what is usual.
const FEWEST_PAUSES: usize = 8;
/// Older days say little of today.
const LONGEST_HISTORY_DAYS: i64 = 400;
/// No source is called silent before: journals rest over the holidays.
const SHORTEST_PATIENCE_DAYS: f64 = 16.0;
/// False alarms that a source without any order may give in a year.
const FALSE_ALARMS_A_YEAR: f64 = 0.01;

/// A day on which a source showed entries for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrivals {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Entries first seen on it.
    pub entries: u32,
}

/// What is usual for a source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Entries in a usual week; below 1 for slow sources.
    pub per_week: f64,
    /// A silence of so many days is not usual any more.
    pub patience_days: i64,
}

/// A source that is silent against its own rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// What was usual.
    pub rhythm: Rhythm,
    /// The last day on which something came, as an instant.
    pub since_at: UnixMs,
}

impl Rhythm {
    /// Learns from days in ascending order. The first one counts only as a beginning: a new source brings a whole
    /// window at once. `None` where too little is known.
    ///
    /// The patience is the longest pause that arrivals without any order (a Poisson process of the usual rate) would
    /// reach once in a hundred years; less for sources that keep an order (three times their longest pause), and
    /// never less than one and a half of the second longest pause that we have seen, so that a yearly lull is learnt
    /// and a single outage is not.
    pub fn learn(arrivals: &[Arrivals]) -> Option<Self> {
        let last = arrivals.last()?.day;
        let begin = arrivals.partition_point(|arrival| arrival.day < last - LONGEST_HISTORY_DAYS);
        let arrivals = &arrivals[begin..];
        let first = arrivals.first()?.day;
        let mut pauses: Vec<i64> = arrivals.windows(2).map(|pair| pair[1].day - pair[0].day).collect();
        if last - first < SHORTEST_HISTORY_DAYS || pauses.len() < FEWEST_PAUSES {
            return None;
        }
        pauses.sort_unstable();
        let median = pauses[pauses.len() / 2];
        let (second, longest) = (pauses[pauses.len() - 2] as f64, pauses[pauses.len() - 1] as f64);
        // an outage must not stretch what is usual
        let mean =
            pauses.iter().map(|pause| (*pause).min(4 * median)).sum::<i64>() as f64 / pauses.len() as f64;
        let unordered = mean * (365.0 / mean / FALSE_ALARMS_A_YEAR).ln();
        let patience = unordered.min(3.0 * longest).max(1.5 * second).max(SHORTEST_PATIENCE_DAYS);
        let weekly = median_week(&arrivals[1..], first, last);
        let per_week = if weekly >= 1.0 { weekly } else { 7.0 / median.max(1) as f64 };
        Some(Self { per_week, patience_days: patience.ceil() as i64 })
    }

    /// "6 a week", "one in 4 weeks".
    pub fn to_display(&self) -> String {
        if self.per_week >= 0.95 {
            return format!("{:.0} a week", self.per_week);
        }
        match 7.0 / self.per_week.max(0.01) {
            days if days < 14.0 => format!("one in {days:.0} days"),
            days => format!("one in {:.0} weeks", days / 7.0),
        }
    }
}

impl Quiet {
    /// Whether a source that answered well until `until` has been silent for longer than is usual for it.
    pub fn notice(arrivals: &[Arrivals], until: UnixMs) -> Option<Self> {
        let rhythm = Rhythm::learn(arrivals)?;
        let since_at = UnixMs(arrivals.last()?.day.saturating_mul(DAY_MS));
        let quiet = Self { rhythm, since_at };
        (quiet.days(until) > rhythm.patience_days).then_some(quiet)
    }

    /// For how many days nothing has come.
    pub fn days(&self, now: UnixMs) -> i64 {
        now.since_ms(self.since_at).max(0) / DAY_MS
    }
}

/// Entries in the median week, counted back from the last day.
fn median_week(arrivals: &[Arrivals], first: i64, last: i64) -> f64 {
    let weeks = usize::try_from((last - first) / 7).unwrap_or_default();
    let mut counts = vec![0_u32; weeks];
    for arrival in arrivals {
        let week = usize::try_from((last - arrival.day) / 7).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(week) {
            *count = count.saturating_add(arrival.entries);
        }
    }
    counts.sort_unstable();
    counts.get(weeks / 2).copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days on which `entries` came, from day 20,000 on.
    fn days(days: impl IntoIterator<Item = i64>, entries: u32) -> Vec<Arrivals> {
        days.into_iter().map(|day| Arrivals { day: 20_000 + day, entries }).collect()
    }

    fn silent_after(arrivals: &[Arrivals], days: i64) -> bool {
        let until = UnixMs((arrivals.last().unwrap().day + days) * DAY_MS);
        Quiet::notice(arrivals, until).is_some()
    }

    /// Weekdays but Sunday, one entry a day.
    fn six_a_week(weeks: i64) -> impl Iterator<Item = i64> {
        (0..weeks * 7).filter(|day| day % 7 != 6)
    }

    #[test]
    fn six_a_week_and_nothing_for_19_days_is_an_alarm_in_these_words() {
        let arrivals = days(six_a_week(20), 1);
        let until = UnixMs((arrivals.last().unwrap().day + 19) * DAY_MS);
        let quiet = Quiet::notice(&arrivals, until).unwrap();
        assert_eq!((quiet.rhythm.to_display().as_str(), quiet.days(until)), ("6 a week", 19));
        assert!(!silent_after(&arrivals, 12));
    }

    #[test]
    fn what_is_usual_and_how_long_silence_is_borne_for_many_kinds_of_sources() {
        // name, days on which something came, entries a day, usual, a silence that is borne, one that is not
        let irregular = [0, 3, 4, 9, 20, 22, 30, 31, 45, 47, 60, 62, 70, 88, 90, 95, 101, 119, 120];
        let summer = six_a_week(60).filter(|day| !(200..260).contains(day) || day % 14 == 0);
        let christmas = six_a_week(60).filter(|day| !(100..121).contains(day) && !(300..319).contains(day));
        let outage = six_a_week(30).filter(|day| !(100..190).contains(day));
        let table: Vec<(&str, Vec<Arrivals>, &str, i64, i64)> = vec![
            ("daily", days(0..100, 5), "35 a week", 16, 17),
            ("one a month", days((0..13).map(|month| month * 30 + month % 4), 1), "one in 4 weeks", 80, 130),
            ("an issue a month", days((0..13).map(|month| month * 30), 40), "one in 4 weeks", 80, 130),
            ("one a week", days((0..30).map(|week| week * 7), 1), "1 a week", 16, 30),
            ("irregular", days(irregular, 1), "1 a week", 26, 60),
            ("with a summer lull behind it", days(summer, 1), "6 a week", 19, 25),
            ("with holidays behind it", days(christmas, 1), "6 a week", 28, 36),
            ("with one outage behind it", days(outage, 1), "6 a week", 16, 19),
        ];
        for (name, arrivals, usual, borne, not_borne) in table {
            let rhythm = Rhythm::learn(&arrivals).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(rhythm.to_display(), usual, "{name}: {rhythm:?}");
            assert!(!silent_after(&arrivals, borne), "{name}: {rhythm:?}");
            assert!(silent_after(&arrivals, not_borne), "{name}: {rhythm:?}");
        }
    }

    #[test]
    fn in_a_summer_lull_a_source_that_still_brings_something_is_not_called_silent() {
        let lull = (140..200).filter(|day| day % 12 == 0);
        let all: Vec<i64> = six_a_week(20).chain(lull).collect();
        let arrivals = days(all, 1);
        for known in 130..arrivals.len() {
            let pause = arrivals[known].day - arrivals[known - 1].day;
            assert!(!silent_after(&arrivals[..known], pause), "before day {}", arrivals[known].day);
        }
    }

    #[test]
    fn too_little_history_gives_no_alarm_however_long_the_silence() {
        let table = [
            ("nothing ever", vec![]),
            ("one window", days([0], 50)),
            ("two weeks", days(0..14, 3)),
            ("seven months at one a month", days((0..8).map(|month| month * 30), 1)),
        ];
        for (name, arrivals) in table {
            assert_eq!(Quiet::notice(&arrivals, UnixMs(30_000 * DAY_MS)), None, "{name}");
        }
    }

    #[test]
    fn the_first_window_does_not_make_a_source_look_busier_than_it_is() {
        let mut arrivals = days((0..20).map(|week| week * 7), 1);
        arrivals[0].entries = 500;
        assert_eq!(Rhythm::learn(&arrivals).unwrap().to_display(), "1 a week");
    }
}
