//! `perfuse fetch --replay`: bodies that could not be read, run again after a fix.

use anyhow::bail;

use super::say;
use super::table::Table;
use crate::app::Base;

/// Runs the kept bodies of the named sources, or of all.
pub(super) async fn run(base: &Base, names: &[String]) -> anyhow::Result<()> {
    let mut replayed = Vec::new();
    base.worker()?.replay(names, |body| replayed.push(body)).await?;
    if replayed.is_empty() {
        return say(format_args!("No body that could not be read is kept.\n"));
    }
    let mut table = Table::new(&["source", "received", "entries", "new", "changed", "problems", "result"]);
    for body in &replayed {
        table.add([
            body.source.clone(),
            body.at.to_utc().format("%Y-%m-%d %H:%M UTC").to_string(),
            body.received.to_string(),
            body.recorded.fresh.to_string(),
            body.recorded.updated.to_string(),
            body.problems.to_string(),
            body.error.as_ref().map_or("read".to_owned(), |error| format!("still fails: {error}")),
        ]);
    }
    say(format_args!("{table}"))?;
    let failed = replayed.iter().filter(|body| body.error.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} bodies still cannot be read; they are kept", replayed.len());
    }
    Ok(())
}
