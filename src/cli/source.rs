//! `perfuse source`: where we look, and how it goes.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};
use clap::Subcommand;

use super::table::Table;
use super::{opml, say};
use crate::app::Base;
use crate::config::{QUESTION_KINDS, read_question};
use crate::domain::coverage::Completeness;
use crate::domain::preview::Preview;
use crate::domain::source::SourceKind;
use crate::domain::time::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::store::{SourceState, SourceWeek};

/// The furthest that a test looks back.
const MOST_DAYS: i64 = 366;

/// Arguments of `source`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Show every source: state, last success, next time, completeness, entries of 12 weeks
    List,
    /// Read the feeds of an OPML list and print those that are new as entries for the sources file
    ///
    /// Feeds that are sources already and addresses that cannot be fetched are named with their lines on standard
    /// error. Folders that are topics become topics.
    ImportOpml {
        /// The list; - is standard input
        #[arg(value_name = "FILE")]
        file: std::path::PathBuf,
        /// Add them to the file that sources.file names, if all of it is good then
        #[arg(long)]
        append: bool,
    },
    /// Print the enabled feeds as an OPML list
    ExportOpml,
    /// Ask a source now and show what it would bring, without storing anything
    Test {
        /// The source's name; with --kind a query, an address, ISSNs, NCT numbers, or "condition; intervention"
        #[arg(value_name = "SOURCE_OR_QUERY")]
        what: String,
        /// Try a query or address that is in no list: pubmed, feed, europepmc, crossref, trials, medrxiv, biorxiv
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(QUESTION_KINDS))]
        kind: Option<String>,
        /// Look back so many days (1 to 366); feeds show what they show
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MOST_DAYS))]
        days: Option<u32>,
    },
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// An unknown source, a source that does not answer, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        match self.act {
            Act::ImportOpml { file, append } => opml::import(&loaded.settings, &catalog, &file, append),
            Act::ExportOpml => opml::export(&loaded.settings, &catalog),
            Act::List => list(&Base::open(loaded.settings, catalog).await?).await,
            Act::Test { what, kind, days } => {
                test(&Base::open(loaded.settings, catalog).await?, &what, kind.as_deref(), days).await
            }
        }
    }
}

async fn list(base: &Base) -> anyhow::Result<()> {
    let now = UnixMs::now();
    let (sources, weeks) = (base.store.sources().await?, base.store.all_source_weeks(None, now).await?);
    say(format_args!("{}", describe(&sources, &weeks, now)))?;
    base.store.close().await;
    Ok(())
}

async fn test(base: &Base, what: &str, kind: Option<&str>, days: Option<u32>) -> anyhow::Result<()> {
    let kind = match kind {
        Some(kind) => {
            let question = read_question(kind, what);
            question.map_err(|what| anyhow::anyhow!("--kind {kind}: {what}"))?
        }
        None => named_kind(base, what)?,
    };
    if days.is_some() && matches!(kind, SourceKind::Feed { .. }) {
        bail!("--days: a feed shows what it shows; it cannot be asked for days");
    }
    let preview = base.worker()?.preview(&kind, days).await?;
    say(format_args!("{what}: {}", describe_preview(&preview)))?;
    base.store.close().await;
    Ok(())
}

fn named_kind(base: &Base, name: &str) -> anyhow::Result<SourceKind> {
    let source = base.catalog.source(name);
    let source = source.with_context(|| {
        format!(
            "there is no source named {name:?}; `perfuse source list` shows them, and --kind tries a query or \
             an address that is none"
        )
    })?;
    Ok(source.kind.clone())
}

fn describe(sources: &[SourceState], weeks: &HashMap<i64, Vec<SourceWeek>>, now: UnixMs) -> String {
    let mut table = Table::new(&[
        "source",
        "kind",
        "articles",
        "12 weeks: seen/new/published",
        "last success",
        "next",
        "complete",
        "state",
    ]);
    for state in sources {
        let resting = state.paused_at.is_some() || state.stopped.is_some();
        let weeks = weeks.get(&state.id).map_or(&[][..], Vec::as_slice);
        let sum = |count: fn(&SourceWeek) -> u32| weeks.iter().map(count).sum::<u32>();
        table.add([
            state.source.name.clone(),
            state.source.kind.as_str().to_owned(),
            state.articles.to_string(),
            format!("{}/{}/{}", sum(|week| week.seen), sum(|week| week.fresh), sum(|week| week.approved)),
            state.last_success_at.map_or("never".to_owned(), |at| format!("{} ago", span(now.since_ms(at)))),
            if resting { "-".to_owned() } else { format!("in {}", span(state.next_at.since_ms(now))) },
            completeness(&state.completeness()),
            condition(state, now),
        ]);
    }
    table.to_string()
}

/// What is known of a source's completeness, in a few words.
fn completeness(completeness: &Completeness) -> String {
    let day = |at: UnixMs| at.to_utc().format("%Y-%m-%d").to_string();
    match completeness {
        Completeness::CompleteTo(on) => format!("to {}", on.as_str()),
        Completeness::ReceivedTo(at) => format!("received to {}", day(*at)),
        Completeness::NoOverflowTo(at) => format!("no overflow to {}", day(*at)),
        Completeness::Gap { missing, from_on, to_on } => {
            format!("{missing} missing, {} to {}", from_on.as_str(), to_on.as_str())
        }
        Completeness::Lost { since_at } => format!("overflowed since {}", day(*since_at)),
        Completeness::CountFailed { complete_to_on: Some(on), .. } => {
            format!("count failed; was to {}", on.as_str())
        }
        Completeness::CountFailed { complete_to_on: None, .. } => "count failed".to_owned(),
        Completeness::Unknown => "not known yet".to_owned(),
    }
}

fn condition(state: &SourceState, now: UnixMs) -> String {
    if let Some(why) = &state.stopped {
        return format!("stopped: {why}");
    }
    if state.paused_at.is_some() {
        return "paused".to_owned();
    }
    if let Some(error) = &state.last_error {
        return match state.failures {
            1 => format!("failed: {error}"),
            failures => format!("failed {failures} times: {error}"),
        };
    }
    if let Completeness::CountFailed { error, .. } = state.completeness() {
        return format!("the count failed: {error}");
    }
    match (&state.quiet, &state.alarm) {
        (Some(quiet), _) => {
            format!("silent: usually {}, nothing for {} days", quiet.rhythm.to_display(), quiet.days(now))
        }
        (None, Some(alarm)) => format!("alarm: {alarm}"),
        (None, None) if state.last_attempt_at.is_none() => "new".to_owned(),
        (None, None) => "ok".to_owned(),
    }
}

/// A length of time in its largest unit.
fn span(ms: i64) -> String {
    let minutes = ms.max(0) / MINUTE_MS;
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", ms / HOUR_MS),
        _ => format!("{} days", minutes / 1440),
    }
}

fn describe_preview(preview: &Preview) -> String {
    let mut text = format!(
        "{}\n  {} entries; of the {} looked at, {} are known already\n  editors approved {} of them in the last 12 \
         months and rejected {}\n",
        preview.format, preview.total, preview.looked_at, preview.known, preview.approved, preview.rejected
    );
    if let Some(cut) = &preview.cut {
        let _ = writeln!(text, "  {cut}");
    }
    for previewed in &preview.first {
        let _ = writeln!(text, "  {:8}  {}", previewed.standing.as_str(), previewed.title);
    }
    for problem in &preview.problems {
        let _ = writeln!(text, "  problem in {}: {}", problem.place, problem.what);
    }
    text
}
