//! `perfuse fetch`

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::bail;
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

use super::table::Table;
use super::{backfill, replay, say};
use crate::app::Base;
use crate::domain::time::UnixMs;
use crate::worker::Report;

/// Arguments of `fetch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Sources by name, due or not; none means all that are due
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Walk through the source's history from this day on (2024-01-31), in slices of days and at low priority; run
    /// again after an interruption, it goes on where it was
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// The last day of the walk; without it, today
    #[arg(long, value_name = "DAY", requires = "since")]
    until: Option<NaiveDate>,
    /// Do not wait for the night with a large PubMed job (more than 100 requests): NCBI asks for those between 21:00
    /// and 5:00 or on weekends, US Eastern time
    #[arg(long, requires = "since")]
    now: bool,
    /// Ask nobody: run the bodies that could not be read and were kept again, after a fix
    #[arg(long, conflicts_with = "since")]
    replay: bool,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// An unknown source, the database's, an interruption, or at least one source that failed.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let base = Base::open(loaded.settings, catalog).await?;
        if let Some(since) = self.since {
            let days = backfill::Days { since, until: self.until, now: self.now };
            backfill::run(&base, &self.sources, days).await?;
            base.store.close().await;
            return Ok(());
        }
        if !self.sources.is_empty() {
            let known = base.store.source_names().await?;
            if let Some(name) = self.sources.iter().find(|name| !known.contains(name)) {
                bail!("there is no source named {name:?}; `perfuse source list` shows them");
            }
        }
        if self.replay {
            let outcome = replay::run(&base, &self.sources).await;
            base.store.close().await;
            return outcome;
        }
        let expected = match self.sources.len() {
            0 => base.store.count_due(UnixMs::now()).await?,
            named => named,
        };
        if expected == 0 {
            say(format_args!(
                "No source is due. Name one to fetch it anyway; `perfuse source list` shows when each is due.\n"
            ))?;
            return Ok(());
        }
        let bar = progress_bar(expected as u64);
        let mut reports = Vec::new();
        let names = (!self.sources.is_empty()).then(|| self.sources.clone());
        let worker = base.worker()?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let refreshing = worker.refresh_due(names, |report| {
            bar.set_message(report.source.clone());
            bar.inc(1);
            reports.push(report);
        });
        let stopped = tokio::select! {
            refreshed = refreshing => { refreshed?; false }
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
        };
        bar.finish_and_clear();
        if stopped {
            let given_back = worker.give_back().await?;
            say(format_args!("{}", describe(&reports)))?;
            bail!("interrupted; {given_back} sources were given back unfetched");
        }
        base.store.close().await;
        for name in &self.sources {
            if !reports.iter().any(|report| report.source == *name) {
                say(format_args!("{name} is being fetched by another worker just now.\n"))?;
            }
        }
        say(format_args!("{}", describe(&reports)))?;
        let failed = reports.iter().filter(|report| report.error.is_some()).count();
        if failed > 0 {
            bail!("{failed} of {} sources failed; they are tried again by themselves", reports.len());
        }
        Ok(())
    }
}

fn describe(reports: &[Report]) -> String {
    let mut table = Table::new(&["source", "entries", "new", "changed", "problems", "next", "result"]);
    let mut sorted: Vec<&Report> = reports.iter().collect();
    sorted.sort_by(|a, b| a.source.cmp(&b.source));
    for report in sorted {
        let result = match (&report.error, report.not_modified) {
            (Some(error), _) => format!("failed: {error}"),
            (None, true) => "not modified".to_owned(),
            (None, false) => "ok".to_owned(),
        };
        table.add([
            report.source.clone(),
            report.received.to_string(),
            report.recorded.fresh.to_string(),
            report.recorded.updated.to_string(),
            report.problems.to_string(),
            report.next_at.to_utc().format("%a %H:%M UTC").to_string(),
            result,
        ]);
    }
    table.to_string()
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
