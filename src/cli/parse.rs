//! `perfuse parse`: what a feed or record file holds, without touching anything else.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use crate::domain::entry::{Entry, Problem};
use crate::domain::time::UnixMs;
use crate::intake::files::{self, Opened};
use crate::intake::pubmed::Record;

/// Problems that are printed of one file; more only repeat them.
const MAX_PROBLEMS: usize = 1_000;

/// Arguments of `parse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Feeds (RSS, Atom, JSON Feed) and PubMed XML, plain or gzipped; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print problems as JSON lines on standard output too, instead of as text on standard error
    #[arg(long)]
    json: bool,
}

/// What one run saw.
#[derive(Debug, Default)]
struct Tally {
    entries: usize,
    deleted: usize,
    problems: Vec<Problem>,
    more_problems: usize,
}

impl Args {
    /// Prints one JSON object a line for each entry, then the problems, file by file.
    ///
    /// # Errors
    /// If nothing could be read from any file, or the output cannot be written.
    pub async fn run(self, _global: &super::Global) -> anyhow::Result<()> {
        let mut readable = 0_usize;
        let mut out = BufWriter::new(io::stdout().lock());
        for path in &self.files {
            match self.print_file(path, &mut out) {
                Ok(true) => readable += 1,
                Ok(false) => {}
                // whoever reads us has seen enough
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(error).context("cannot write the output"),
            }
        }
        match out.flush() {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                return Err(error).context("cannot write the output");
            }
            _ => {}
        }
        anyhow::ensure!(readable > 0, "nothing could be read");
        Ok(())
    }

    /// Whether the file could be read.
    fn print_file(&self, path: &PathBuf, out: &mut impl Write) -> io::Result<bool> {
        let now = UnixMs::now();
        let opened = if path.as_os_str() == "-" {
            files::read(Box::new(io::stdin()), path, now)
        } else {
            files::open(path, now)
        };
        match opened {
            Ok(opened) => {
                let tally = print_records(opened, out)?;
                self.print_tally(path, &tally, out)?;
                // an empty set and a list of deletions were read; a document of which nothing could be used was not
                Ok(tally.entries + tally.deleted > 0 || tally.problems.is_empty())
            }
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                if self.json {
                    writeln!(out, "{}", json!({ "error": error, "file": path }))?;
                } else {
                    out.flush()?;
                    super::complain(format_args!("{error}"));
                }
                Ok(false)
            }
        }
    }

    fn print_tally(&self, path: &PathBuf, tally: &Tally, out: &mut impl Write) -> io::Result<()> {
        if self.json {
            for problem in &tally.problems {
                writeln!(out, "{}", json!({ "problem": problem, "file": path }))?;
            }
            return Ok(());
        }
        out.flush()?;
        let mut err = io::stderr().lock();
        for problem in &tally.problems {
            write!(err, "{}: {}: {}", path.display(), problem.place, problem.what)?;
            if !problem.excerpt.is_empty() {
                write!(err, " | {}", problem.excerpt)?;
            }
            writeln!(err)?;
        }
        let problems = tally.problems.len() + tally.more_problems;
        writeln!(
            err,
            "{}: {} entries, {} deletions, {problems} problems",
            path.display(),
            tally.entries,
            tally.deleted
        )
    }
}

fn print_records(opened: Opened, out: &mut impl Write) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for record in opened.records {
        match record {
            Record::Entry(entry) => {
                tally.entries += 1;
                writeln!(out, "{}", line_of(&entry))?;
            }
            Record::Deleted(pmid) => {
                tally.deleted += 1;
                writeln!(out, "{}", json!({ "deleted": pmid }))?;
            }
            Record::Problem(problem) if tally.problems.len() < MAX_PROBLEMS => tally.problems.push(problem),
            Record::Problem(_) => tally.more_problems += 1,
        }
    }
    Ok(tally)
}

/// An entry as people and scripts read it; texts carry the four marks as HTML only beside their plain form.
fn line_of(entry: &Entry) -> Value {
    let sections: Vec<Value> = entry
        .abstract_sections
        .iter()
        .map(|section| {
            json!({ "label": section.label, "category": section.category, "text": section.text.to_plain() })
        })
        .collect();
    json!({
        "kind": entry.kind,
        "title": entry.title.to_plain(),
        "title_html": entry.title.as_html(),
        "identifiers": entry.ids,
        "authors": entry.authors,
        "journal": entry.journal,
        "published_on": entry.published_on,
        "shown_at": entry.shown_at.map(UnixMs::to_rfc3339),
        "link": entry.link,
        "source_key": entry.source_key,
        "abstract": sections,
        "language": entry.language,
        "publication_types": entry.publication_types,
        "mesh": entry.mesh,
        "keywords": entry.keywords,
        "trials": entry.trials,
        "trial": entry.trial,
        "free_full_text": entry.free_full_text,
        "related": entry.related,
        "complete": entry.complete,
    })
}
