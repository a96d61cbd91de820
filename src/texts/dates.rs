//! Months, weekdays and days as people write them.

use chrono::{Datelike, NaiveDate};

use super::Texts;

const MONTHS: [(&str, &str); 12] = [
    ("month-1", "month-short-1"),
    ("month-2", "month-short-2"),
    ("month-3", "month-short-3"),
    ("month-4", "month-short-4"),
    ("month-5", "month-short-5"),
    ("month-6", "month-short-6"),
    ("month-7", "month-short-7"),
    ("month-8", "month-short-8"),
    ("month-9", "month-short-9"),
    ("month-10", "month-short-10"),
    ("month-11", "month-short-11"),
    ("month-12", "month-short-12"),
];
const WEEKDAYS: [(&str, &str); 7] = [
    ("weekday-1", "weekday-short-1"),
    ("weekday-2", "weekday-short-2"),
    ("weekday-3", "weekday-short-3"),
    ("weekday-4", "weekday-short-4"),
    ("weekday-5", "weekday-short-5"),
    ("weekday-6", "weekday-short-6"),
    ("weekday-7", "weekday-short-7"),
];

impl Texts {
    /// "November"; nothing for a number that is no month.
    pub fn month(&self, month: u32) -> String {
        MONTHS.get((month as usize).wrapping_sub(1)).map(|(key, _)| self.t(key).into()).unwrap_or_default()
    }

    /// "November 2026"
    pub fn month_of(&self, year: i32, month: u32) -> String {
        self.t("date-month").with("month", self.month(month)).with("year", year.to_string()).into()
    }

    /// "22 November 2026"
    pub fn day(&self, on: NaiveDate) -> String {
        let text = self.t("date-long").with("day", on.day()).with("month", self.month(on.month()));
        text.with("year", on.year().to_string()).into()
    }

    /// "22 Nov 2026"
    pub fn day_short(&self, on: NaiveDate) -> String {
        let text = self.t("date-short").with("day", on.day()).with("month", self.month_short(on.month()));
        text.with("year", on.year().to_string()).into()
    }

    /// "Sun 22 Nov"
    pub fn day_near(&self, on: NaiveDate) -> String {
        let (_, weekday) = WEEKDAYS[on.weekday().num_days_from_monday() as usize];
        let text = self.t("date-near").with("weekday", self.t(weekday)).with("day", on.day());
        text.with("month", self.month_short(on.month())).into()
    }

    /// "Sunday"
    pub fn weekday(&self, on: NaiveDate) -> String {
        self.t(WEEKDAYS[on.weekday().num_days_from_monday() as usize].0).into()
    }

    /// As much as is known: "22 Nov 2026" of `2026-11-22`, "Nov 2026" of `2026-11`, else what came.
    pub fn day_as_known(&self, on: &str) -> String {
        let year_and_month = on.split_once('-').and_then(|(year, month)| Some((year, month.parse().ok()?)));
        match (on.parse(), year_and_month) {
            (Ok(day), _) => self.day_short(day),
            (Err(_), Some((year, month))) => {
                let text = self.t("date-month").with("month", self.month_short(month));
                text.with("year", year.to_owned()).into()
            }
            (Err(_), None) => on.to_owned(),
        }
    }

    fn month_short(&self, month: u32) -> String {
        MONTHS.get((month as usize).wrapping_sub(1)).map(|(_, key)| self.t(key).into()).unwrap_or_default()
    }
}
