//! `perfuse verify`: the marks on summaries given as JSON lines.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lines::for_each_line;
use crate::curation::verify::{Mark, MarkKind, Overlap, overlap, verify};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON lines {"id", "title", "abstract", "summary"}; "-" reads standard input
    #[arg(default_value = "-", value_name = "FILE.jsonl")]
    file: PathBuf,
}

#[derive(Deserialize)]
struct Summary {
    id: serde_json::Value,
    #[serde(default)]
    title: String,
    #[serde(rename = "abstract", default)]
    text: String,
    summary: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a serde_json::Value,
    marks: Vec<Line<'a>>,
    overlap: Shared,
}

#[derive(Serialize)]
struct Line<'a> {
    kind: MarkKind,
    span: [usize; 2],
    /// The marked words.
    text: String,
    reason: &'a str,
}

#[derive(Serialize)]
struct Shared {
    longest_run_words: usize,
    shared_five_word_share: f64,
}

impl Args {
    /// Prints the marks of each line, in order; a line that cannot be read is named on standard error and the others
    /// are still checked.
    ///
    /// # Errors
    /// A file that cannot be read, or lines that could not be used.
    pub async fn run(self, _global: &super::Global) -> anyhow::Result<()> {
        for_each_line(&self.file, |line: Summary, out| {
            let marks = verify(&line.title, &line.text, &line.summary, None);
            let Overlap { longest_run_words, shared_five_word_share } = overlap(&line.text, &line.summary);
            let answer = Answer {
                id: &line.id,
                marks: marks.iter().map(|mark| line_of(mark, &line.summary)).collect(),
                overlap: Shared { longest_run_words, shared_five_word_share },
            };
            serde_json::to_writer(&mut *out, &answer)?;
            writeln!(out)
        })
    }
}

fn line_of<'a>(mark: &'a Mark, summary: &str) -> Line<'a> {
    let (start, end) = mark.span;
    let text = summary.chars().skip(start).take(end - start).collect();
    Line { kind: mark.kind, span: [start, end], text, reason: &mark.reason }
}
