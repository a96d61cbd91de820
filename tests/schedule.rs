//! Crontab lines as operators write them, in real time zones, against a written table and against another reader.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use perfuse::domain::time::UnixMs;
use perfuse::worker::schedule::{Schedule, ScheduleError};

fn at(rfc3339: &str) -> UnixMs {
    UnixMs::from(DateTime::parse_from_rfc3339(rfc3339).unwrap().to_utc())
}

/// The next times as wall clocks show them, with the offset: `2026-03-29T03:00+02:00`.
fn next_times(line: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let zone: Tz = zone.parse().unwrap();
    let schedule = Schedule::parse(line, zone).unwrap();
    let mut now = at(from);
    let mut times = Vec::new();
    for _ in 0..count {
        let next = schedule.next_after(now).unwrap();
        assert!(next > now, "{line}: time goes forward");
        now = next;
        times.push(now.to_utc().with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z").to_string());
    }
    times
}

#[test]
fn a_table_of_lines_gives_the_times_that_every_operator_expects() {
    // 2026-11-22 is a Sunday
    let from = "2026-11-22T12:00:00Z";
    for (line, first, second) in [
        ("0 6 * * 1-5", "2026-11-23T06:00", "2026-11-24T06:00"),
        ("0 6 * * 1", "2026-11-23T06:00", "2026-11-30T06:00"),
        ("0 6 * * 0", "2026-11-29T06:00", "2026-12-06T06:00"),
        ("0 6 * * 7", "2026-11-29T06:00", "2026-12-06T06:00"),
        ("0 6 * * sun", "2026-11-29T06:00", "2026-12-06T06:00"),
        ("0 6 * * 5-7", "2026-11-27T06:00", "2026-11-28T06:00"),
        ("0 6 * * 0-1", "2026-11-23T06:00", "2026-11-29T06:00"),
        ("0 6 * * Mon-Fri", "2026-11-23T06:00", "2026-11-24T06:00"),
        ("0 6 * * MON,THU", "2026-11-23T06:00", "2026-11-26T06:00"),
        ("0 6 * * */2", "2026-11-24T06:00", "2026-11-26T06:00"),
        ("17 */4 * * *", "2026-11-22T12:17", "2026-11-22T16:17"),
        ("0 12 * * *", "2026-11-23T12:00", "2026-11-24T12:00"),
        ("*/15 * * * *", "2026-11-22T12:15", "2026-11-22T12:30"),
        ("7-59/20 8-18/5 * * *", "2026-11-22T13:07", "2026-11-22T13:27"),
        ("5,35 9,21 * * *", "2026-11-22T21:05", "2026-11-22T21:35"),
        ("30 2 1 * *", "2026-12-01T02:30", "2027-01-01T02:30"),
        ("30 2 31 * *", "2026-12-31T02:30", "2027-01-31T02:30"),
        ("0 0 29 feb *", "2028-02-29T00:00", "2032-02-29T00:00"),
        ("0 0 1 jan,jul *", "2027-01-01T00:00", "2027-07-01T00:00"),
        // day of month or day of week, as crontab(5) says: the 1st and the 15th, and every Friday
        ("30 4 1,15 * 5", "2026-11-27T04:30", "2026-12-01T04:30"),
        // but a field that starts with * does not count as named
        ("30 4 */2 * 5", "2026-11-27T04:30", "2026-12-11T04:30"),
        ("  0\t6 *  * 1 ", "2026-11-23T06:00", "2026-11-30T06:00"),
        ("@hourly", "2026-11-22T13:00", "2026-11-22T14:00"),
        ("@daily", "2026-11-23T00:00", "2026-11-24T00:00"),
        ("@midnight", "2026-11-23T00:00", "2026-11-24T00:00"),
        ("@Weekly", "2026-11-29T00:00", "2026-12-06T00:00"),
        ("@monthly", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("@yearly", "2027-01-01T00:00", "2028-01-01T00:00"),
        ("@annually", "2027-01-01T00:00", "2028-01-01T00:00"),
    ] {
        let expected = [format!("{first}+00:00"), format!("{second}+00:00")];
        assert_eq!(next_times(line, "UTC", from, 2), expected, "{line}");
    }
}

#[test]
fn a_line_is_read_in_its_time_zone() {
    assert_eq!(
        next_times("0 6 * * 1-5", "Europe/Berlin", "2026-11-22T12:00:00Z", 2),
        ["2026-11-23T06:00+01:00", "2026-11-24T06:00+01:00"]
    );
    // Sunday noon in Greenwich is already Monday in Auckland
    assert_eq!(
        next_times("0 6 * * 1", "Pacific/Auckland", "2026-11-22T12:00:00Z", 1),
        ["2026-11-23T06:00+13:00"]
    );
}

#[test]
fn a_daily_job_runs_once_when_the_clock_skips_its_hour() {
    for (line, zone, from, expected) in [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00:00Z",
            ["2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
        ),
        (
            "0 2 * * *",
            "Europe/Berlin",
            "2026-03-27T12:00:00Z",
            ["2026-03-28T02:00+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"],
        ),
        (
            "30 2 * * *",
            "America/New_York",
            "2026-03-06T12:00:00Z",
            ["2026-03-07T02:30-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-02T00:00:00Z",
            ["2026-10-03T02:15+10:30", "2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
        ),
        (
            "0 0 * * *",
            "America/Santiago",
            "2026-09-04T12:00:00Z",
            ["2026-09-05T00:00-04:00", "2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"],
        ),
    ] {
        assert_eq!(next_times(line, zone, from, 3), expected, "{line} in {zone}");
    }
}

#[test]
fn a_daily_job_runs_once_when_the_clock_repeats_its_hour() {
    for (line, zone, from, expected) in [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-23T12:00:00Z",
            ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-30T12:00:00Z",
            ["2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-03T00:00:00Z",
            ["2026-04-04T01:45+11:00", "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
        ),
    ] {
        assert_eq!(next_times(line, zone, from, 3), expected, "{line} in {zone}");
    }
    // a worker that starts within the second pass does not run it again
    assert_eq!(
        next_times("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
        ["2026-10-26T02:30+01:00"]
    );
}

#[test]
fn every_daily_job_runs_once_each_day_of_the_year_whatever_the_clock_does() {
    for zone in
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"]
    {
        let tz: Tz = zone.parse().unwrap();
        for hour in 0..4 {
            for minute in [0, 15, 45] {
                let schedule = Schedule::parse(&format!("{minute} {hour} * * *"), tz).unwrap();
                let mut now = UnixMs::from(tz.with_ymd_and_hms(2025, 12, 31, 12, 0, 0).unwrap().to_utc());
                let mut day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
                for _ in 0..365 {
                    now = schedule.next_after(now).unwrap();
                    assert_eq!(
                        now.to_utc().with_timezone(&tz).date_naive(),
                        day,
                        "{minute} {hour} * * * in {zone}"
                    );
                    day = day.succ_opt().unwrap();
                }
            }
        }
    }
}

#[test]
fn a_line_for_every_hour_follows_elapsed_time_through_both_changes() {
    for (from, count) in [("2026-03-28T22:00:00Z", 24), ("2026-10-24T22:00:00Z", 24)] {
        let schedule = Schedule::parse("*/20 * * * *", chrono_tz::Europe::Berlin).unwrap();
        let mut now = at(from);
        for _ in 0..count {
            let next = schedule.next_after(now).unwrap();
            assert_eq!(next.since_ms(now), 20 * 60_000, "after {}", now.to_rfc3339());
            now = next;
        }
    }
}

#[test]
fn lines_that_no_crontab_would_take_are_refused_with_the_part_and_the_reason() {
    for (line, message) in [
        ("", "has 0 fields"),
        ("0 6 * *", "has 4 fields"),
        ("0 0 6 * * 1", "has 6 fields"),
        ("60 6 * * *", r#""60" is not possible as minute: it is a number from 0 to 59"#),
        ("0 24 * * *", r#""24" is not possible as hour"#),
        ("0 6 0 * *", r#""0" is not possible as day of month"#),
        ("0 6 * 13 *", r#""13" is not possible as month: it is a number from 1 to 12 or jan to dec"#),
        ("0 6 * * 8", r#""8" is not possible as day of week: it is a number from 0 to 7 or sun to sat"#),
        ("0 6 * * monday", r#""monday" is not possible"#),
        ("0 6 * * fri-mon", "the range runs backwards"),
        ("30-10 * * * *", "the range runs backwards"),
        ("5/10 * * * *", "a step follows * or a range"),
        ("*/0 * * * *", "whole number from 1"),
        ("*/+5 * * * *", "whole number from 1"),
        ("+5 * * * *", "is not possible as minute"),
        ("1,,2 * * * *", r#""" is not possible as minute"#),
        ("0 6 L * *", r#""l" is not possible as day of month"#),
        ("0 6 ? * 1", r#""?" is not possible"#),
        ("0 6 * * 5#3", "is not possible"),
        ("@reboot", "is not one of @hourly"),
        ("99999999999 * * * *", "is not possible as minute"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
    ] {
        let error = Schedule::parse(line, Tz::UTC).unwrap_err();
        assert!(error.to_string().contains(message), "{line:?}: {error}");
    }
    assert_eq!(Schedule::parse("0 0 30 2 *", Tz::UTC).unwrap_err(), ScheduleError::Never);
    // with a weekday beside it, crontab takes either, so this one does come
    assert!(Schedule::parse("0 0 30 2 1", Tz::UTC).is_ok());
}

/// Instants in 2026 at which a zone changes its offset, to the hour before.
fn changes_in_2026(zone: Tz) -> Vec<DateTime<Utc>> {
    let start = Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap();
    let offset = |at: &DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    (0..365 * 24)
        .map(|hour| start + chrono::Duration::hours(hour))
        .filter(|at| offset(at) != offset(&(*at + chrono::Duration::hours(1))))
        .collect()
}

/// Two readers written apart agree on tens of thousands of fire times, the days of clock changes included.
///
/// One difference is meant: croner takes only a single hour and minute for a daily job. Where a line names several
/// (`0 2,14 * * *`), it skips those in the spring gap and repeats those in autumn; we run each exactly once. Such lines
/// are compared without the hours around the changes.
#[test]
fn another_crontab_reader_agrees_on_the_fire_times() {
    const ONE_TIME_OR_EVERY_HOUR: [&str; 18] = [
        "* * * * *",
        "*/7 * * * *",
        "17 * * * *",
        "5,35 * * * *",
        "*/15 * * * 1-5",
        "0 * 1-7 * *",
        "30 2 * * *",
        "0 3 * * *",
        "0 0 * * *",
        "15 1 * * 1-5",
        "59 23 * * 7",
        "45 1 1 * *",
        "0 12 13 * 5",
        "30 4 1,15 * 5",
        "0 2 */3 * *",
        "20 2 * mar,oct sun",
        "0 6 29 2 *",
        "10 0 31 * *",
    ];
    const SEVERAL_HOURS: [&str; 8] = [
        "17 */4 * * *",
        "0 2,14 * * *",
        "*/20 2 * * *",
        "0-30/10 1-3 * * *",
        "43 1-23/6 * * 0",
        "0 8-18 * * mon-fri",
        "5 0,12 1 */2 *",
        "11 5,17 10-20 * 3",
    ];
    let zones = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Kolkata",
    ];
    let mut compared = 0;
    for zone in zones {
        let tz: Tz = zone.parse().unwrap();
        let changes = changes_in_2026(tz);
        let mut starts: Vec<DateTime<Utc>> =
            changes.iter().map(|change| *change - chrono::Duration::minutes(150)).collect();
        starts.push(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap());
        starts.push(Utc.with_ymd_and_hms(2028, 2, 27, 13, 37, 11).unwrap());
        let is_near_change = |at: &DateTime<Tz>| {
            let day = chrono::Duration::hours(24);
            (*at - day).offset().fix() != (*at + day).offset().fix()
        };
        for (line, strict) in ONE_TIME_OR_EVERY_HOUR
            .map(|line| (line, true))
            .into_iter()
            .chain(SEVERAL_HOURS.map(|line| (line, false)))
        {
            let ours = Schedule::parse(line, tz).unwrap();
            let theirs = croner::Cron::from_str(line).unwrap();
            for start in &starts {
                let start = start.with_timezone(&tz);
                let counts = |at: &DateTime<Tz>| strict || !is_near_change(at);
                let mut now = UnixMs::from(start.to_utc());
                let our_times = std::iter::from_fn(|| {
                    now = ours.next_after(now)?;
                    Some(now.to_utc().with_timezone(&tz))
                });
                let their_times = theirs.iter_after(start);
                for (ours, theirs) in our_times.filter(counts).zip(their_times.filter(counts)).take(120) {
                    assert_eq!(
                        ours.to_utc(),
                        theirs.to_utc(),
                        "{line} in {zone} from {start}: {ours} / {theirs}"
                    );
                    compared += 1;
                }
            }
        }
    }
    eprintln!("compared {compared} fire times");
    assert!(compared >= 60_000, "{compared}");
}
