//! `perfuse draft`: drafts for abstracts given as JSON lines.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::lines::for_each_line;
use crate::curation::draft::draft_plain;
use crate::domain::summary::{DraftSentence, SentenceRole};

/// Arguments of `draft`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// JSON lines {"id", "title", "abstract"}; "-" reads standard input
    #[arg(default_value = "-", value_name = "FILE.jsonl")]
    file: PathBuf,
}

#[derive(Deserialize)]
struct Abstract {
    id: serde_json::Value,
    #[serde(default)]
    title: String,
    #[serde(rename = "abstract", default)]
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a serde_json::Value,
    /// Null where there is no abstract.
    draft: Option<String>,
    sentences: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    role: SentenceRole,
    source: [usize; 2],
}

impl Args {
    /// Prints a draft for each line, in order; a line that cannot be read is named on standard error and the others
    /// are still drafted.
    ///
    /// # Errors
    /// A file that cannot be read, or lines that could not be used.
    pub async fn run(self, _global: &super::Global) -> anyhow::Result<()> {
        for_each_line(&self.file, |line: Abstract, out| {
            let draft = draft_plain(&line.title, &line.text);
            let sentences = draft.iter().flat_map(|draft| &draft.sentences).map(line_of).collect();
            let problem = draft.is_none().then_some("no abstract, so no draft");
            let draft = draft.as_ref().map(|draft| draft.text());
            let answer = Answer { id: &line.id, draft, sentences, problem };
            serde_json::to_writer(&mut *out, &answer)?;
            writeln!(out)
        })
    }
}

fn line_of(sentence: &DraftSentence) -> Line<'_> {
    Line { text: &sentence.text, role: sentence.role, source: [sentence.source.0, sentence.source.1] }
}
