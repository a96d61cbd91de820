//! `perfuse source`: where we look, and how it goes.

use anyhow::Context;
use clap::Subcommand;

use super::say;
use super::table::Table;
use crate::app::Base;
use crate::domain::time::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::store::SourceState;

/// Arguments of `source`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Show every source: state, last success, next time, articles
    List,
    /// Ask a source now and show what it would bring, without storing anything
    Test {
        /// The source's name
        name: String,
    },
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// An unknown source, a source that does not answer, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let base = Base::open(loaded.settings, catalog).await?;
        match self.act {
            Act::List => say(format_args!("{}", describe(&base.store.sources().await?, UnixMs::now())))?,
            Act::Test { name } => test(&base, &name).await?,
        }
        base.store.close().await;
        Ok(())
    }
}

fn describe(sources: &[SourceState], now: UnixMs) -> String {
    let mut table = Table::new(&["source", "kind", "articles", "last success", "next", "state"]);
    for state in sources {
        let resting = state.paused_at.is_some() || state.stopped.is_some();
        table.add([
            state.source.name.clone(),
            state.source.kind.as_str().to_owned(),
            state.articles.to_string(),
            state.last_success_at.map_or("never".to_owned(), |at| format!("{} ago", span(now.since_ms(at)))),
            if resting { "-".to_owned() } else { format!("in {}", span(state.next_at.since_ms(now))) },
            condition(state),
        ]);
    }
    table.to_string()
}

fn condition(state: &SourceState) -> String {
    match (&state.stopped, state.paused_at, &state.last_error, &state.alarm) {
        (Some(why), ..) => format!("stopped: {why}"),
        (_, Some(_), ..) => "paused".to_owned(),
        (_, _, Some(error), _) if state.failures == 1 => format!("failed: {error}"),
        (_, _, Some(error), _) => format!("failed {} times: {error}", state.failures),
        (.., Some(alarm)) => format!("alarm: {alarm}"),
        _ if state.last_attempt_at.is_none() => "new".to_owned(),
        _ => "ok".to_owned(),
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

async fn test(base: &Base, name: &str) -> anyhow::Result<()> {
    let source = base.catalog.source(name);
    let source = source
        .with_context(|| format!("there is no source named {name:?}; `perfuse source list` shows them"))?;
    let preview = base.worker()?.preview(source).await?;
    say(format_args!("{name}: {}\n", preview.format))?;
    say(format_args!(
        "  {} entries, {} of the {} looked at are known already\n",
        preview.total,
        preview.known,
        preview.titles.len()
    ))?;
    for title in preview.titles.iter().take(10) {
        say(format_args!("  - {title}\n"))?;
    }
    for problem in &preview.problems {
        say(format_args!("  problem in {}: {}\n", problem.place, problem.what))?;
    }
    Ok(())
}
