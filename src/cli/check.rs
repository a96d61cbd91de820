//! `perfuse check`: the configuration as the program understands it.

use std::fmt::Write as _;

use crate::config::{Catalog, Loaded};
use crate::domain::source::Source;
use crate::domain::time::UnixMs;
use crate::worker::schedule::{Schedule, schedule_of};

/// Arguments of `check`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// A [`crate::config::ConfigError`], or when the output cannot be written.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let report = describe_configuration(&loaded, &catalog, UnixMs::now())?;
        super::say(format_args!("{report}"))
    }
}

/// The whole report; pure.
///
/// # Errors
/// When a crontab line cannot be read, which [`super::Global::load_configuration`] has ruled out.
pub fn describe_configuration(loaded: &Loaded, catalog: &Catalog, now: UnixMs) -> anyhow::Result<String> {
    let mut report = String::new();
    let key_width = loaded.values.iter().map(|shown| shown.key.len()).max().unwrap_or(0);
    let value_width =
        loaded.values.iter().map(|shown| shown.value.chars().count()).max().unwrap_or(0).min(48);
    for shown in &loaded.values {
        writeln!(report, "{:key_width$}  {:value_width$}  {}", shown.key, shown.value, shown.origin)?;
    }

    let worker = &loaded.settings.worker;
    let (on, off): (Vec<&Source>, Vec<&Source>) = catalog.sources.iter().partition(|source| source.enabled);
    writeln!(report, "\n{} sources, next times in {}:", on.len(), worker.time_zone)?;
    let name_width = catalog.sources.iter().map(|source| source.name.len()).max().unwrap_or(0);
    for source in on {
        let times = next_times(&schedule_of(source, worker)?, now, worker.time_zone);
        writeln!(report, "{:name_width$}  {:6}  {times}", source.name, source.kind.as_str())?;
    }
    if !off.is_empty() {
        let names: Vec<&str> = off.iter().map(|source| source.name.as_str()).collect();
        writeln!(report, "off: {}", names.join(", "))?;
    }
    let topics: Vec<&str> = catalog.topics.iter().map(|topic| topic.name.as_str()).collect();
    writeln!(report, "\n{} topics: {}", topics.len(), topics.join(", "))?;
    for note in &loaded.notes {
        writeln!(report, "\nnote: {note}")?;
    }
    writeln!(report, "\nThe configuration is good.")?;
    Ok(report)
}

/// The next three times, such as `Mon 23 Nov 04:11`.
fn next_times(schedule: &Schedule, now: UnixMs, zone: chrono_tz::Tz) -> String {
    let times = std::iter::successors(schedule.next_after(now), |last| schedule.next_after(*last));
    let shown = times.take(3).map(|at| at.to_utc().with_timezone(&zone).format("%a %e %b %H:%M").to_string());
    shown.collect::<Vec<_>>().join("   ")
}
