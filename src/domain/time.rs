//! Instants (`_at`) and dates (`_on`), kept apart.
//!
//! An instant is when something happened here; a date is what a journal printed, and often only a month.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

/// One second, minute, hour and day in the unit of [`UnixMs`].
pub const SECOND_MS: i64 = 1_000;
/// See [`SECOND_MS`].
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// See [`SECOND_MS`].
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// See [`SECOND_MS`].
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl UnixMs {
    /// Reads the clock. Only the edges (cli, worker loop, web handlers) call this; everything else is handed `now`.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// This instant moved by `ms` milliseconds (may be negative); saturates at the ends of time.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative if it lies before.
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant for formatting. Instants outside chrono's years (±262,000) become the epoch.
    pub fn to_utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }

    /// RFC 3339 in UTC with seconds, `2026-11-22T17:11:00Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// RFC 822 as RSS wants it, with a four-digit year and `GMT`: `Sun, 22 Nov 2026 17:11:00 GMT`.
    pub fn to_rfc822(self) -> String {
        self.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl From<DateTime<Utc>> for UnixMs {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_millis())
    }
}

/// A calendar date known to the year, the month or the day: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
///
/// PubMed often knows no more than "2021 Jul-Aug"; inventing the 1st of the month would be a false statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate(String);

/// A text that is not a date of the form `YYYY[-MM[-DD]]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date of the form YYYY, YYYY-MM or YYYY-MM-DD")]
pub struct BadDate(pub String);

impl PartialDate {
    /// Builds a date of known precision; `None` where year, month or day cannot be (years 1000–2999 are accepted).
    pub fn new(year: i32, month: Option<u32>, day: Option<u32>) -> Option<Self> {
        if !(1000..3000).contains(&year) {
            return None;
        }
        match (month, day) {
            (None, None) => Some(Self(format!("{year:04}"))),
            (Some(month), None) if (1..=12).contains(&month) => Some(Self(format!("{year:04}-{month:02}"))),
            (Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day)
                .map(|_| Self(format!("{year:04}-{month:02}-{day:02}"))),
            _ => None,
        }
    }

    /// The date in UTC of an instant, to the day.
    pub fn from_instant(at: UnixMs) -> Option<Self> {
        let date = at.to_utc().date_naive();
        Self::new(date.year(), Some(date.month()), Some(date.day()))
    }

    /// The text form; sorts as dates do, a month before its days.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The year.
    pub fn year(&self) -> i32 {
        self.0[..4].parse().unwrap_or_default()
    }

    /// The month 1–12, where known.
    pub fn month(&self) -> Option<u32> {
        self.0.get(5..7)?.parse().ok()
    }

    /// The day 1–31, where known.
    pub fn day(&self) -> Option<u32> {
        self.0.get(8..10)?.parse().ok()
    }

    /// For people: `2021`, `Jul 2021`, `5 Jul 2021`.
    pub fn to_display(&self) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = self.month().and_then(|month| MONTHS.get(month as usize - 1));
        match (self.day(), month) {
            (Some(day), Some(month)) => format!("{day} {month} {}", self.year()),
            (None, Some(month)) => format!("{month} {}", self.year()),
            _ => self.year().to_string(),
        }
    }
}

impl TryFrom<String> for PartialDate {
    type Error = BadDate;

    fn try_from(text: String) -> Result<Self, BadDate> {
        let parsed = {
            let mut parts = text.splitn(3, '-');
            let number = |part: &str, length: usize| {
                (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
                    .then(|| part.parse::<u32>().ok())
                    .flatten()
            };
            let year = parts.next().and_then(|part| number(part, 4));
            let month = parts.next().map(|part| number(part, 2));
            let day = parts.next().map(|part| number(part, 2));
            match (year, month, day) {
                (Some(year), None, None) => Self::new(year as i32, None, None),
                (Some(year), Some(Some(month)), None) => Self::new(year as i32, Some(month), None),
                (Some(year), Some(Some(month)), Some(Some(day))) => {
                    Self::new(year as i32, Some(month), Some(day))
                }
                _ => None,
            }
        };
        parsed.ok_or(BadDate(text))
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.0
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_keeps_its_precision_and_refuses_days_that_never_were() {
        for text in ["2021", "2021-07", "2021-07-05"] {
            assert_eq!(PartialDate::try_from(text.to_owned()).unwrap().as_str(), text);
        }
        for text in ["", "21", "2021-13", "2021-02-30", "2021-7", "2021-07-05T00:00", "0021", "２０２１"]
        {
            assert!(PartialDate::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(PartialDate::new(2021, Some(7), None).unwrap().to_display(), "Jul 2021");
    }

    #[test]
    fn instants_print_the_forms_that_feeds_need() {
        let at = UnixMs(1_795_367_460_000);
        assert_eq!(at.to_rfc3339(), "2026-11-22T17:11:00Z");
        assert_eq!(at.to_rfc822(), "Sun, 22 Nov 2026 17:11:00 GMT");
    }
}
