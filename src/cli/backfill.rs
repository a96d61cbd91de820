//! `perfuse fetch SOURCE --since DAY`: a walk through a source's history, which can be killed and run again.

use std::fs::{File, TryLockError};
use std::io::{IsTerminal, Write as _};
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::app::Base;
use crate::domain::time::{PartialDate, UnixMs};
use crate::store::DueSource;
use crate::worker::backfill::{BackfillError, Progress, check_history};

/// Problems that are printed of one slice.
const MAX_PROBLEMS: usize = 5;

/// Which days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) since: NaiveDate,
    pub(super) until: Option<NaiveDate>,
    /// Large PubMed jobs do not wait for the night.
    pub(super) now: bool,
}

/// Walks through the history of the sources, one after another.
///
/// # Errors
/// A source without history, days that cannot be, another walk on the same source, an interruption, or what the source
/// says; everything up to the last slice printed is stored.
pub(super) async fn run(base: &Base, names: &[String], days: Days) -> anyhow::Result<()> {
    let today = UnixMs::now().to_utc().date_naive();
    if names.is_empty() {
        bail!("--since needs the name of a source; `perfuse source list` shows them");
    }
    if days.since > today {
        bail!("--since {}: lies in the future", days.since);
    }
    if let Some(until) = days.until.filter(|until| *until < days.since) {
        bail!("--until {until}: lies before --since {}", days.since);
    }
    let mut sources = Vec::new();
    for name in names {
        let due = base.store.source_by_name(name).await?;
        let due = due.with_context(|| format!("there is no source named {name:?}"))?;
        check_history(&due.source.kind).with_context(|| format!("{name} cannot be back-filled"))?;
        sources.push(due);
    }
    for due in &sources {
        let _lock = lock(base, &due.source.name)?;
        walk(base, due, days, today).await?;
    }
    Ok(())
}

async fn walk(base: &Base, due: &DueSource, days: Days, today: NaiveDate) -> anyhow::Result<()> {
    let since_on = PartialDate::try_from(days.since.to_string())?;
    // a walk that was interrupted yesterday ends where it was to end yesterday
    let until_on = match days.until {
        Some(until) => PartialDate::try_from(until.min(today).to_string())?,
        None => match base.store.unfinished_until(due.id, since_on.clone()).await? {
            Some(until_on) => until_on,
            None => PartialDate::try_from(today.to_string())?,
        },
    };
    let began = base.store.begin_backfill(due.id, since_on, until_on, UnixMs::now()).await?;
    let name = &due.source.name;
    if let Some(reached_on) = &began.reached_on {
        say(format_args!("{name}: goes on after {}\n", reached_on.as_str()))?;
    }
    let worker = base.worker()?;
    let mut shown = Shown::new(name);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let walking = worker.backfill(due, &began, days.now, |progress| shown.show(&progress));
    let ended = tokio::select! {
        ended = walking => Some(ended),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
    };
    shown.bar.finish_and_clear();
    let walks = base.store.backfills(due.id, 10).await?;
    let total = walks.iter().find(|walk| walk.id == began.id).unwrap_or(&began);
    let sum = format!(
        "{name}: {} to {}: {} records, {} new, {} problems",
        total.since_on.as_str(),
        total.reached_on.as_ref().map_or("nothing yet", |on| on.as_str()),
        total.received,
        total.fresh,
        total.problems
    );
    say(format_args!("{sum}\n"))?;
    match ended {
        Some(Ok(())) => Ok(()),
        Some(Err(BackfillError::Store(error))) => Err(error.into()),
        Some(Err(error)) => Err(anyhow::Error::from(error).context(name.clone())),
        None => bail!("interrupted; the same command goes on from there"),
    }
}

/// One walk a source at a time; the lock ends with the process, however it ends.
fn lock(base: &Base, name: &str) -> anyhow::Result<File> {
    let path = base.settings.data_dir.join(format!("backfill-{name}.lock"));
    let failed = || format!("cannot lock {}", path.display());
    let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("{name} is being back-filled by another process just now"),
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

/// A bar on a terminal, a line for each slice elsewhere.
struct Shown {
    bar: ProgressBar,
    name: String,
    is_terminal: bool,
}

impl Shown {
    fn new(name: &str) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::no_length() } else { ProgressBar::hidden() };
        Self { bar, name: name.to_owned(), is_terminal }
    }

    fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Begun { records, from_on } => {
                if let Some(records) = records {
                    self.line(&format!("{records} records from {from_on} on"));
                    self.bar.set_length(*records as u64);
                }
                let style = "{bar:30} {pos}/{len} records {per_sec} {eta} left {msg}";
                let style = ProgressStyle::with_template(style);
                self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                if self.is_terminal {
                    self.bar.enable_steady_tick(Duration::from_millis(200));
                }
            }
            Progress::Page { received, .. } => self.bar.inc(*received as u64),
            Progress::Slice { from_on, to_on, received, problems } => {
                self.bar.set_message(format!("up to {to_on}"));
                if !self.is_terminal {
                    self.line(&format!("{from_on} to {to_on}: {received} records"));
                }
                for problem in problems.iter().take(MAX_PROBLEMS) {
                    self.line(&format!("  problem in {}: {}", problem.place, problem.what));
                }
                if problems.len() > MAX_PROBLEMS {
                    self.line(&format!("  and {} more", problems.len() - MAX_PROBLEMS));
                }
            }
            Progress::Halved { from_on, to_on, count } => {
                self.line(&format!("{from_on} to {to_on}: {count} records are too many at once; halved"));
            }
            Progress::WaitsUntil(until) => self.line(&format!(
                "NCBI asks for large jobs at night (21:00 to 5:00, US Eastern) or on weekends; waiting until {} UTC. \
                 --now does not wait.",
                until.to_utc().format("%a %e %b %H:%M")
            )),
            Progress::Yields => {
                self.bar.set_message("scheduled fetches go first");
            }
        }
    }

    /// Above the bar where there is one.
    fn line(&self, text: &str) {
        if self.is_terminal {
            self.bar.println(format!("{}: {text}", self.name));
        } else {
            let _ = writeln!(std::io::stderr(), "{}: {text}", self.name);
        }
    }
}
