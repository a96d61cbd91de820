//! Crontab lines in a time zone → instants, pure.
//!
//! The `cron` crate finds the times; this file speaks to it in its own tongue (seconds first, Sunday is 1, day of month
//! *and* day of week) and keeps time zones away from it. It counts in wall-clock time, and each wall-clock time becomes
//! an instant here, by two rules:
//! - A line whose hours leave some out (a daily job) runs exactly once for each time it names: one that the clock skips
//!   in spring runs at the first instant after the gap, one that comes twice in autumn runs the first time.
//! - A line that names every hour (`*/15 * * * *`) follows elapsed time: nothing is made up in spring, and the repeated
//!   hour is an hour like any other.

use std::str::FromStr;

use chrono::{DateTime, Duration, MappedLocalTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::config::{Catalog, Loaded, Origin, Problem, Worker};
use crate::domain::source::Source;
use crate::domain::time::UnixMs;

/// The most that a clock is set back at once; only such a stretch of wall-clock time can come again.
const LONGEST_REPEAT_HOURS: i64 = 3;
/// The longest stretch that a zone ever skipped: a whole day, at the date line.
const LONGEST_GAP_MINUTES: i64 = 25 * 60;

/// A crontab line in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    line: String,
    zone: Tz,
    /// In wall-clock time; two where day of month and day of week are both named, since crontab then takes either.
    rules: Vec<cron::Schedule>,
    every_hour: bool,
}

/// What is wrong with a crontab line. Prints as the end of a sentence which starts with the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error(
        "has {0} fields; a crontab line has five: minute, hour, day of month, month, day of week (no seconds, no year)"
    )]
    FieldCount(usize),
    /// An `@` word that is not one of the known ones.
    #[error("is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually")]
    UnknownWord,
    /// A part of a field that cannot be.
    #[error("{part:?} is not possible as {field}: {why}")]
    BadPart {
        /// `minute`, `hour`, `day of month`, `month`, `day of week`.
        field: &'static str,
        /// As written.
        part: String,
        /// What would be.
        why: String,
    },
    /// The fields are good one by one, but there is no such day, as with 30 February.
    #[error("never comes")]
    Never,
    /// The crate refuses what our translation made; a defect of ours, told rather than hidden.
    #[error("could not be translated: {0}")]
    Untranslatable(String),
}

impl Schedule {
    /// Reads a five-field crontab line (crontab(5): lists, ranges, steps, names, 0 and 7 for Sunday, `@daily` and its
    /// kin; day of month and day of week, where both are given, mean either).
    ///
    /// # Errors
    /// When it is no such line, or no day ever fits it.
    pub fn parse(line: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let expanded = match line.trim().to_ascii_lowercase().as_str() {
            "@hourly" => "0 * * * *".to_owned(),
            "@daily" | "@midnight" => "0 0 * * *".to_owned(),
            "@weekly" => "0 0 * * 0".to_owned(),
            "@monthly" => "0 0 1 * *".to_owned(),
            "@yearly" | "@annually" => "0 0 1 1 *".to_owned(),
            word if word.starts_with('@') => return Err(ScheduleError::UnknownWord),
            fields => fields.to_owned(),
        };
        let fields: Vec<&str> = expanded.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(ScheduleError::FieldCount(fields.len()));
        };
        let minutes = list(&MINUTE.read(minute)?);
        let hours = HOUR.read(hour)?;
        let days = list(&DAY.read(day)?);
        let months = list(&MONTH.read(month)?);
        let mut weekdays: Vec<u32> = WEEKDAY.read(weekday)?.iter().map(|day| day % 7 + 1).collect();
        weekdays.sort_unstable();
        weekdays.dedup();
        let every_hour = hours.len() == 24;
        let (hours, weekdays) = (list(&hours), list(&weekdays));

        let rule = |days: &str, weekdays: &str| {
            cron::Schedule::from_str(&format!("0 {minutes} {hours} {days} {months} {weekdays}"))
                .map_err(|error| ScheduleError::Untranslatable(error.to_string()))
        };
        // crontab(5): a field that starts with * does not count as named, and then the other one alone decides
        let rules = match (day.starts_with('*'), weekday.starts_with('*')) {
            (false, false) => vec![rule(&days, "*")?, rule("*", &weekdays)?],
            _ => vec![rule(&days, &weekdays)?],
        };
        let schedule = Self { line: line.trim().to_owned(), zone, rules, every_hour };
        let some_day = DateTime::UNIX_EPOCH.with_timezone(&Utc);
        match schedule.rules.iter().any(|rule| rule.after(&some_day).next().is_some()) {
            true => Ok(schedule),
            false => Err(ScheduleError::Never),
        }
    }

    /// The line as written.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The first time after `now`, to the second; `None` after the year 2099, where the `cron` crate's calendar ends.
    pub fn next_after(&self, now: UnixMs) -> Option<UnixMs> {
        let now = now.to_utc();
        let wall_now = now.with_timezone(&self.zone).naive_local();
        let looking_from =
            if self.every_hour { wall_now - Duration::hours(LONGEST_REPEAT_HOURS) } else { wall_now };
        self.rules
            .iter()
            .filter_map(|rule| self.next_of_rule(rule, looking_from, now))
            .min()
            .map(UnixMs::from)
    }

    /// The last time at or before `now` and after `from`, if there is one.
    pub fn last_within(&self, from: UnixMs, now: UnixMs) -> Option<UnixMs> {
        let times = std::iter::successors(self.next_after(from), |last| self.next_after(*last));
        times.take_while(|at| *at <= now).last()
    }

    fn next_of_rule(
        &self,
        rule: &cron::Schedule,
        looking_from: NaiveDateTime,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let mut best: Option<DateTime<Utc>> = None;
        for wall in rule.after(&looking_from.and_utc()) {
            let instants = self.instants_at(wall.naive_utc());
            let coming = instants.into_iter().flatten().filter(|instant| *instant > now).min();
            best = match (best, coming) {
                (Some(best), Some(coming)) => Some(best.min(coming)),
                (best, coming) => best.or(coming),
            };
            // later wall-clock times come later, except those that the autumn repeats: their first run is the limit
            if best.is_some() && instants[0].is_some_and(|first| first > now) {
                break;
            }
        }
        best
    }

    /// When a wall-clock time is due: the instants, the first one first.
    fn instants_at(&self, wall: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
        match self.zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(instant) => [Some(instant.to_utc()), None],
            MappedLocalTime::Ambiguous(first, second) => {
                [Some(first.to_utc()), self.every_hour.then(|| second.to_utc())]
            }
            MappedLocalTime::None if self.every_hour => [None, None],
            MappedLocalTime::None => [self.end_of_gap(wall), None],
        }
    }

    /// The first instant after the gap in which `wall` lies.
    fn end_of_gap(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        (1..=LONGEST_GAP_MINUTES)
            .filter_map(|minutes| wall.checked_add_signed(Duration::minutes(minutes)))
            .find_map(|later| self.zone.from_local_datetime(&later).earliest())
            .map(|instant| instant.to_utc())
    }
}

/// The schedule of a source: its own, else `worker.schedule`; in `worker.time_zone`.
///
/// # Errors
/// As [`Schedule::parse`]; where [`check_schedules`] found nothing, there are none.
pub fn schedule_of(source: &Source, worker: &Worker) -> Result<Schedule, ScheduleError> {
    Schedule::parse(source.schedule.as_deref().unwrap_or(&worker.schedule), worker.time_zone)
}

/// Checks every crontab line among settings and sources; `config` itself takes them as any text.
pub fn check_schedules(loaded: &Loaded, catalog: &Catalog) -> Vec<Problem> {
    let worker = &loaded.settings.worker;
    let settings = [
        ("worker.schedule", &worker.schedule),
        ("worker.upkeep_schedule", &worker.upkeep_schedule),
        ("mail.digest_schedule", &loaded.settings.mail.digest_schedule),
    ]
    .map(|(key, line)| (loaded.origin(key), key.to_owned(), line));
    let sources = catalog.sources.iter().filter_map(|source| {
        let line = source.schedule.as_ref()?;
        Some((catalog.origin(&source.name), format!("source {:?}: schedule", source.name), line))
    });
    let check = |(origin, key, line): (Option<&Origin>, String, &String)| {
        let error = Schedule::parse(line, worker.time_zone).err()?;
        let origin = origin.cloned().unwrap_or(Origin::Default);
        Some(Problem { origin, key, what: format!("{line:?} {error}") })
    };
    settings.into_iter().chain(sources).filter_map(check).collect()
}

/// One of the five fields.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Three-letter names, of which the first stands for `least`.
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAY: Field = Field { name: "day of month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Field = Field {
    name: "day of week",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Field {
    /// The numbers that a field names, ascending: `*`, `5`, `1-5`, `*/10`, `8-18/2`, and lists of these.
    fn read(&self, text: &str) -> Result<Vec<u32>, ScheduleError> {
        let mut numbers = Vec::new();
        for part in text.split(',') {
            let refuse = |why: &str| ScheduleError::BadPart {
                field: self.name,
                part: part.to_owned(),
                why: why.to_owned(),
            };
            let (range, step) = match part.split_once('/') {
                None => (part, 1),
                Some((range, _)) if range != "*" && !range.contains('-') => {
                    return Err(refuse("a step follows * or a range, as in */10 or 8-18/2"));
                }
                Some((range, step)) => match step.parse::<u32>() {
                    Ok(step) if step > 0 && is_number(&part[range.len() + 1..]) => (range, step),
                    _ => return Err(refuse("the step after / is a whole number from 1")),
                },
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                None => {
                    let number = self.number(range).ok_or_else(|| refuse(&self.expectation()))?;
                    (number, number)
                }
                Some((first, last)) => match (self.number(first), self.number(last)) {
                    (Some(first), Some(last)) if first <= last => (first, last),
                    (Some(_), Some(_)) => return Err(refuse("the range runs backwards")),
                    _ => return Err(refuse(&self.expectation())),
                },
            };
            numbers.extend((first..=last).step_by(step as usize));
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    fn number(&self, text: &str) -> Option<u32> {
        if let Some(place) = self.names.iter().position(|name| *name == text) {
            return Some(self.least + place as u32);
        }
        let number = text.parse().ok().filter(|_| is_number(text))?;
        (self.least..=self.most).contains(&number).then_some(number)
    }

    fn expectation(&self) -> String {
        let names = match self.names {
            [first, .., last] => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        format!("it is a number from {} to {}{names}", self.least, self.most)
    }
}

/// Whether a text is digits only (`parse` would take `+5`).
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
