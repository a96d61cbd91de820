//! Dates as sources write them: RFC 3339, RFC 822 with its many errors, PubMed's "2021 Jul-Aug", "October 2021".
//!
//! Nothing is invented: a season or a quarter is only its year, "03/04/2021" (March or April?) is only its year, and
//! of a range the beginning counts.

use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::domain::time::{PartialDate, UnixMs};

use super::markup::cap_plain;

/// A date, and the instant where the text gives the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// To the precision of the text.
    pub on: PartialDate,
    /// The instant (midnight UTC without a time of day; UTC without a zone); `None` unless the day is known.
    pub at: Option<UnixMs>,
}

/// Reads a date in any form that sources use; `None` where there is none or no year.
pub fn read_date(text: &str) -> Option<Stamp> {
    let text = cap_plain(text.trim(), 100);
    let strict = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    if let Ok(instant) = strict {
        return stamp(instant.date_naive(), instant.timestamp_millis());
    }
    if let Some(seconds) = read_unix_seconds(text) {
        let instant = DateTime::from_timestamp(seconds, 0)?;
        return stamp(instant.date_naive(), instant.timestamp_millis());
    }
    read_loose(text)
}

fn stamp(date: NaiveDate, at: i64) -> Option<Stamp> {
    let on = PartialDate::try_from(date.format("%Y-%m-%d").to_string()).ok()?;
    Some(Stamp { on, at: Some(UnixMs(at)) })
}

/// Ten digits are seconds since 1970.
fn read_unix_seconds(text: &str) -> Option<i64> {
    (text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// What a text without fixed form says, word by word.
#[derive(Debug, Default)]
struct Loose {
    year: Option<i32>,
    month: Option<u32>,
    /// One- and two-digit numbers in order, with whether they stand after the month's name.
    numbers: Vec<(u32, bool)>,
    time: Option<NaiveTime>,
    afternoon: Option<bool>,
    offset_minutes: Option<i64>,
    /// A word that is no part of a calendar date: a season, a quarter.
    strange_word: bool,
    dotted: bool,
    year_first: bool,
}

fn read_loose(text: &str) -> Option<Stamp> {
    let mut loose = Loose { dotted: is_dotted(text), ..Loose::default() };
    let separated = text.replace([',', ';', '(', ')'], " ");
    for word in separated.split_whitespace() {
        loose.read_word(word);
    }
    let year = loose.year.or_else(|| loose.short_year())?;
    let (month, day) = loose.month_and_day();
    let on = PartialDate::new(year, month, day)
        .or_else(|| PartialDate::new(year, month, None))
        .or_else(|| PartialDate::new(year, None, None))?;
    let at = on.day().and_then(|_| loose.instant(&on));
    Some(Stamp { on, at })
}

fn is_dotted(text: &str) -> bool {
    text.split('.').filter(|part| part.trim().parse::<u32>().is_ok()).count() >= 3
}

impl Loose {
    fn read_word(&mut self, word: &str) {
        if self.read_time(word) || self.read_zone(word) {
            return;
        }
        // "2006-02-01T03:04", "20211204", "Jul-Aug", "2021/10/16"
        if let Some((date, time)) = word.split_once('T').filter(|(date, time)| {
            date.len() >= 8 && date.as_bytes()[0].is_ascii_digit() && time.contains(':')
        }) {
            self.read_word(date);
            self.read_word(time);
            return;
        }
        for part in word.split(['-', '/', '.', '–', '−']).filter(|part| !part.is_empty()) {
            self.read_part(part);
        }
    }

    fn read_part(&mut self, part: &str) {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, letters) = part.split_at(digits);
        match (number.len(), number.parse::<u32>()) {
            (4, Ok(year)) if (1000..3000).contains(&year) && letters.is_empty() => {
                if self.year.is_none() {
                    self.year_first = self.numbers.is_empty();
                    self.year = Some(year as i32);
                }
                return;
            }
            (8, Ok(date)) if self.year.is_none() => {
                self.year = Some((date / 10_000) as i32);
                self.year_first = true;
                self.numbers.extend([(date / 100 % 100, false), (date % 100, false)]);
            }
            (1 | 2, Ok(number)) => self.numbers.push((number, self.month.is_some())),
            _ => {}
        }
        match letters.to_ascii_lowercase().as_str() {
            "" | "st" | "nd" | "rd" | "th" => {}
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            word if is_weekday(word) || word == "t" || word == "of" => {}
            word => match month_of(word) {
                Some(month) if self.month.is_none() => self.month = Some(month),
                Some(_) => {}
                None => self.strange_word = true,
            },
        }
    }

    /// `9:23:28`, `09:23`, `09:23:28.5Z`, `10:00+02:00`.
    fn read_time(&mut self, word: &str) -> bool {
        let Some((hour, rest)) = word.split_once(':') else { return false };
        let zone_at = rest.find(['+', '-', 'Z', 'z']).unwrap_or(rest.len());
        let (clock, zone) = rest.split_at(zone_at);
        let mut parts = clock.split([':', '.']);
        let mut part = |default: Option<&'static str>| parts.next().or(default)?.parse::<u32>().ok();
        let time = (|| {
            NaiveTime::from_hms_opt(hour.parse().ok()?, part(None)?, part(Some("0")).unwrap_or(0).min(59))
        })();
        self.time = self.time.or(time);
        if !zone.is_empty() {
            self.read_zone(zone);
        }
        time.is_some()
    }

    fn read_zone(&mut self, word: &str) -> bool {
        let hours = match word.to_ascii_uppercase().as_str() {
            "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
            "EST" | "CDT" => -5,
            "EDT" => -4,
            "CST" | "MDT" => -6,
            "MST" | "PDT" => -7,
            "PST" => -8,
            "BST" | "CET" | "MEZ" => 1,
            "CEST" | "MESZ" | "EET" => 2,
            _ => return self.read_offset(word),
        };
        self.offset_minutes = Some(hours * 60);
        true
    }

    fn read_offset(&mut self, word: &str) -> bool {
        let sign = match word.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return false,
        };
        let digits: String = word[1..].chars().filter(|c| *c != ':').collect();
        let number = (digits.len() == 4).then(|| digits.parse::<i64>().ok()).flatten();
        if let Some(number) = number.filter(|_| self.time.is_some()) {
            self.offset_minutes = Some(sign * (number / 100 * 60 + number % 100));
            return true;
        }
        false
    }

    /// RFC 822's two-digit year: the number after the month's name (RFC 2822, 4.3).
    fn short_year(&self) -> Option<i32> {
        self.month?;
        let day_before = self.numbers.iter().any(|(_, after_month)| !after_month);
        let (number, _) = self.numbers.iter().find(|(_, after_month)| *after_month).filter(|_| day_before)?;
        i32::try_from(*number).ok().map(|number| if number < 50 { 2000 + number } else { 1900 + number })
    }

    fn month_and_day(&self) -> (Option<u32>, Option<u32>) {
        let number = |at: usize| self.numbers.get(at).map(|(number, _)| *number);
        if let Some(month) = self.month {
            return (Some(month), number(0).filter(|day| (1..=31).contains(day)));
        }
        if self.strange_word {
            return (None, None);
        }
        match (number(0), number(1)) {
            (Some(first), Some(second)) if self.year_first => (Some(first), Some(second)),
            (Some(day), Some(month)) if self.dotted || day > 12 || day == month => (Some(month), Some(day)),
            (Some(month), Some(day)) if day > 12 => (Some(month), Some(day)),
            (Some(month), None) if (1..=12).contains(&month) => (Some(month), None),
            _ => (None, None),
        }
    }

    fn instant(&self, on: &PartialDate) -> Option<UnixMs> {
        let date = NaiveDate::from_ymd_opt(on.year(), on.month()?, on.day()?)?;
        let mut at = date.and_time(self.time.unwrap_or_default()).and_utc().timestamp_millis();
        if let (Some(time), Some(afternoon)) = (self.time, self.afternoon) {
            let hour = chrono::Timelike::hour(&time);
            at += match (afternoon, hour) {
                (true, 0..12) => 12 * crate::domain::time::HOUR_MS,
                (false, 12) => -12 * crate::domain::time::HOUR_MS,
                _ => 0,
            };
        }
        Some(UnixMs(at - self.offset_minutes.unwrap_or(0) * crate::domain::time::MINUTE_MS))
    }
}

/// English names from three letters on, and the German, French, Spanish and Italian ones that differ from them.
fn month_of(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "janvier", "enero", "gennaio", "januar"],
        &["february", "février", "fevrier", "febrero", "februar"],
        &["march", "mars", "märz", "marzo", "mär"],
        &["april", "avril", "abril", "aprile", "avr", "abr"],
        &["may", "mai", "mayo", "maggio"],
        &["june", "juin", "junio", "giugno", "juni"],
        &["july", "juillet", "julio", "luglio", "juli"],
        &["august", "août", "agosto", "aout"],
        &["september", "septembre", "septiembre", "settembre", "sept"],
        &["october", "octobre", "octubre", "ottobre", "oktober", "okt"],
        &["november", "novembre", "noviembre"],
        &["december", "décembre", "diciembre", "dicembre", "dezember", "dez"],
    ];
    let matches = |name: &&str| {
        *name == word || (word.chars().count() >= 3 && name.len() >= 4 && name.starts_with(word))
    };
    MONTHS.iter().position(|names| names.iter().any(matches)).and_then(|at| u32::try_from(at + 1).ok())
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn on(text: &str) -> Option<String> {
        read_date(text).map(|stamp| stamp.on.as_str().to_owned())
    }

    fn at(text: &str) -> Option<String> {
        read_date(text)?.at.map(UnixMs::to_rfc3339)
    }

    #[test]
    fn the_forms_that_feeds_use_are_read() {
        let table = [
            ("Mon, 13 Dec 2021 06:00:00 -0500", "2021-12-13T11:00:00Z"),
            ("Sat,29 Jul 2006 00:03:02 +0000", "2006-07-29T00:03:02Z"),
            ("31 Dec 99 23:59:59 +0000", "1999-12-31T23:59:59Z"),
            ("Wed, 09 Jun 2021 00:00:00 GMT", "2021-06-09T00:00:00Z"),
            ("2021/10/16 9:23:28", "2021-10-16T09:23:28Z"),
            ("2021-10-18T06:46:43Z", "2021-10-18T06:46:43Z"),
            ("2021-10-18T06:46:43.120+02:00", "2021-10-18T04:46:43Z"),
            ("2021-10-18 06:46", "2021-10-18T06:46:00Z"),
            ("2021-12-13", "2021-12-13T00:00:00Z"),
            ("20211213", "2021-12-13T00:00:00Z"),
            ("1518478934", "2018-02-12T23:42:14Z"),
            ("October 16, 2021", "2021-10-16T00:00:00Z"),
            ("16th of October 2021", "2021-10-16T00:00:00Z"),
            ("Mon Jan 01 13:00:00 EST 2001", "2001-01-01T18:00:00Z"),
            ("5 Jul 2021 2:05 PM", "2021-07-05T14:05:00Z"),
            ("16.10.2021", "2021-10-16T00:00:00Z"),
            ("25/12/2021", "2021-12-25T00:00:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_precision_is_what_the_text_knows() {
        let table = [
            ("2021 Jul-Aug", "2021-07"),
            ("2021 Jul 5", "2021-07-05"),
            ("2020 Dec-2021 Jan", "2020-12"),
            ("1998-1999", "1998"),
            ("2021 Fall", "2021"),
            ("Fall 2021", "2021"),
            ("2021 1st Quart", "2021"),
            ("February 2022", "2022-02"),
            ("2021-07", "2021-07"),
            ("2021", "2021"),
            ("03/04/2021", "2021"),
            ("2021 Feb 30", "2021-02"),
            ("Available online 5 November 2021", "2021-11-05"),
        ];
        for (text, expected) in table {
            assert_eq!(on(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "12:30", "Monday", "99999", "n.d."] {
            assert_eq!(on(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([0-9]{1,5}|[-/:., TZ+]|Jan|Fall|PM|\\PC){0,12}") {
            read_date(&text);
        }
    }
}
