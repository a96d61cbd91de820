//! `perfuse import`: records from files go the same way as fetched ones. Run again, it changes nothing.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::say;
use crate::app::Base;
use crate::curation::topics::TopicRules;
use crate::domain::entry::Problem;
use crate::domain::identity::Pmid;
use crate::domain::time::UnixMs;
use crate::intake::files;
use crate::intake::pubmed::Record;
use crate::store::{Judged, Mark, Recorded};
use crate::worker::judge;

/// Records stored in one transaction.
const BATCH: usize = 200;
/// Problems that are printed of one file.
const MAX_PROBLEMS: usize = 50;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PubMed XML, NBIB, RIS, CSV, feeds, or JSON of Europe PMC, Crossref and ClinicalTrials.gov, plain or gzipped; - is
    /// standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A part of a file, read and judged.
#[derive(Default)]
struct Batch {
    judged: Vec<Judged>,
    deleted: Vec<Pmid>,
    problems: Vec<Problem>,
}

/// What a file came to.
#[derive(Default)]
struct Tally {
    recorded: Recorded,
    deleted: usize,
    problems: Vec<Problem>,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// No file could be read, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let base = Base::open(loaded.settings, catalog).await?;
        let rules = base.topic_rules()?;
        let mut unread = 0;
        for path in &self.files {
            match import_file(&base, &rules, path).await {
                Ok(tally) => print_tally(path, &tally)?,
                Err(error) if error.is::<files::FileError>() => {
                    unread += 1;
                    super::complain(format_args!("{error:#}"));
                }
                Err(error) => return Err(error),
            }
        }
        base.store.close().await;
        if unread > 0 {
            bail!("{unread} of {} files could not be read", self.files.len());
        }
        Ok(())
    }
}

/// Reads on a thread of its own and stores batch by batch: memory holds a few batches however long the file is.
async fn import_file(base: &Base, rules: &Arc<TopicRules>, path: &Path) -> anyhow::Result<Tally> {
    let bar = progress_bar(path);
    let source_id = base.store.import_source(UnixMs::now()).await?;
    let worker = base.worker()?;
    let (sender, mut batches) = mpsc::channel(2);
    let (path, rules, reading) = (path.to_owned(), rules.clone(), bar.clone());
    let reader = tokio::task::spawn_blocking(move || read_batches(&path, &rules, &reading, &sender));
    let mut tally = Tally::default();
    while let Some(batch) = batches.recv().await {
        let Batch { judged, deleted, problems } = batch;
        let now = UnixMs::now();
        let entries = judged.iter().map(|judged| judged.entry.clone()).collect();
        let (recorded, more_problems) = base.store.record_entries(source_id, judged, now).await?;
        worker.note_incoming(entries).await;
        tally.recorded += recorded;
        tally.deleted += base.store.record_deleted(deleted, now).await?;
        tally.problems.extend(problems);
        tally.problems.extend(more_problems);
    }
    bar.finish_and_clear();
    reader.await.context("the reader ended badly")??;
    Ok(tally)
}

fn read_batches(
    path: &Path,
    rules: &TopicRules,
    bar: &ProgressBar,
    sender: &mpsc::Sender<Batch>,
) -> Result<(), files::FileError> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        let failed = |source| files::FileError::Io { path: path.to_owned(), source };
        Box::new(bar.wrap_read(File::open(path).map_err(failed)?))
    };
    let opened = files::read(input, path, UnixMs::now())?;
    let mut batch = Batch::default();
    for record in opened.records {
        match record {
            Record::Entry(entry) => {
                let judgement = judge(rules, &entry, &[]);
                batch.judged.push(Judged { mark: Mark::of(&entry), entry: *entry, judgement });
            }
            Record::Deleted(pmid) => batch.deleted.push(pmid),
            Record::Problem(problem) => batch.problems.push(problem),
        }
        if batch.judged.len() >= BATCH && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(()); // storing failed, which the receiver tells
        }
    }
    let _ = sender.blocking_send(batch);
    Ok(())
}

fn progress_bar(path: &Path) -> ProgressBar {
    let length = std::fs::metadata(path).map(|meta| meta.len()).ok();
    let Some(length) = length.filter(|_| std::io::stderr().is_terminal()) else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn print_tally(path: &Path, tally: &Tally) -> anyhow::Result<()> {
    let Recorded { fresh, updated, known, rejected_before, .. } = tally.recorded;
    say(format_args!(
        "{}: {fresh} new, {updated} updated, {known} already known, {rejected_before} rejected before, \
         {} deleted, {} problems\n",
        path.display(),
        tally.deleted,
        tally.problems.len()
    ))?;
    for problem in tally.problems.iter().take(MAX_PROBLEMS) {
        say(format_args!("  {}: {}\n", problem.place, problem.what))?;
    }
    if tally.problems.len() > MAX_PROBLEMS {
        say(format_args!("  and {} more\n", tally.problems.len() - MAX_PROBLEMS))?;
    }
    Ok(())
}
