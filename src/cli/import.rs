//! `perfuse import`: records from files go the same way as fetched ones. Run again, it changes nothing.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::sync::mpsc;

use super::rehearsal::Rehearsal;
use super::say;
use super::volume::Volume;
use crate::app::Base;
use crate::curation::topics::TopicRules;
use crate::domain::entry::Problem;
use crate::domain::identity::Pmid;
use crate::domain::time::UnixMs;
use crate::intake::files;
use crate::intake::pubmed::Record;
use crate::store::{Judged, Mark, Recorded, Store};
use crate::worker::{judge, note_incoming};

/// Records stored in one transaction.
const BATCH: usize = 200;
/// Problems that are printed of one file.
const MAX_PROBLEMS: usize = 50;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PubMed XML, NBIB, RIS, BibTeX, CSV with a header, feeds, or JSON of Europe PMC, Crossref and ClinicalTrials.gov,
    /// plain or gzipped; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Store nothing; show what an import would come to, tried out on a copy of the database
    #[arg(long)]
    dry_run: bool,
}

/// A part of a file, read and judged.
#[derive(Default)]
struct Batch {
    judged: Vec<Judged>,
    deleted: Vec<Pmid>,
    problems: Vec<Problem>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.judged.len() + self.deleted.len() + self.problems.len() >= BATCH
    }
}

/// What a file came to.
#[derive(Default)]
struct Tally {
    recorded: Recorded,
    deleted: usize,
    /// The first [`MAX_PROBLEMS`].
    problems: Vec<Problem>,
    problem_count: usize,
}

impl Tally {
    fn add_problems(&mut self, problems: Vec<Problem>) {
        self.problem_count += problems.len();
        let room = MAX_PROBLEMS - self.problems.len();
        self.problems.extend(problems.into_iter().take(room));
    }
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// A file could not be read, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        let base = Base::open(loaded.settings, catalog).await?;
        let unread = match self.dry_run {
            false => self.import(&base, &base.store).await?,
            true => {
                let rehearsal = Rehearsal::begin(&base.store, &base.settings.data_dir).await?;
                let outcome = self.import(&base, &rehearsal.store).await;
                rehearsal.end().await?;
                say(format_args!("This was a dry run: nothing was stored.\n"))?;
                outcome?
            }
        };
        base.store.close().await;
        if unread > 0 {
            bail!("{unread} of {} files could not be read", self.files.len());
        }
        Ok(())
    }

    /// File by file; how many could not be read.
    async fn import(&self, base: &Base, store: &Store) -> anyhow::Result<usize> {
        let rules = base.topic_rules()?;
        let volume = Volume::of(&self.files);
        let mut unread = 0;
        for path in &self.files {
            volume.begin(path);
            match import_file(store, &rules, path, &volume, base.settings.watch.approve_first).await {
                Ok(tally) => volume.pause(|| print_tally(path, &tally))?,
                Err(error) if error.is::<files::FileError>() => {
                    unread += 1;
                    volume.pause(|| super::complain(format_args!("{error:#}")));
                }
                Err(error) => return Err(error),
            }
        }
        volume.end();
        Ok(unread)
    }
}

/// Reads on a thread of its own and stores batch by batch: memory holds a few batches however long the file is.
async fn import_file(
    store: &Store,
    rules: &Arc<TopicRules>,
    path: &Path,
    volume: &Volume,
    approve_first: bool,
) -> anyhow::Result<Tally> {
    let source_id = store.import_source(UnixMs::now()).await?;
    let (sender, mut batches) = mpsc::channel(2);
    let (path, rules, reading) = (path.to_owned(), rules.clone(), volume.clone());
    let reader = tokio::task::spawn_blocking(move || read_batches(&path, &rules, &reading, &sender));
    let mut tally = Tally::default();
    while let Some(batch) = batches.recv().await {
        let Batch { judged, deleted, problems } = batch;
        let entries = judged.iter().map(|judged| judged.entry.clone()).collect();
        let (now, count) = (UnixMs::now(), judged.len());
        let (recorded, more_problems) = store.record_entries(source_id, judged, now).await?;
        note_incoming(store, approve_first, None, entries).await;
        tally.recorded += recorded;
        tally.deleted += store.record_deleted(deleted, now).await?;
        tally.add_problems(problems);
        tally.add_problems(more_problems);
        volume.count(count);
    }
    reader.await.context("the reader ended badly")??;
    Ok(tally)
}

fn read_batches(
    path: &Path,
    rules: &TopicRules,
    volume: &Volume,
    sender: &mpsc::Sender<Batch>,
) -> Result<(), files::FileError> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        volume.watch(std::io::stdin())
    } else {
        let failed = |source| files::FileError::Io { path: path.to_owned(), source };
        volume.watch(File::open(path).map_err(failed)?)
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
        if batch.is_full() && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(()); // storing failed, which the receiver tells
        }
    }
    let _ = sender.blocking_send(batch);
    Ok(())
}

fn print_tally(path: &Path, tally: &Tally) -> anyhow::Result<()> {
    let Recorded { fresh, updated, known, rejected_before, .. } = tally.recorded;
    say(format_args!(
        "{}: {fresh} new, {updated} updated, {known} already known, {rejected_before} rejected before, \
         {} deleted, {} problems\n",
        path.display(),
        tally.deleted,
        tally.problem_count
    ))?;
    for problem in &tally.problems {
        say(format_args!("  {}: {}\n", problem.place, problem.what))?;
    }
    if tally.problem_count > tally.problems.len() {
        say(format_args!("  and {} more\n", tally.problem_count - tally.problems.len()))?;
    }
    Ok(())
}
