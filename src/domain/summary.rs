//! A summary: the paragraph that editors publish, and the draft it starts from.

use serde::{Deserialize, Serialize};

/// Summaries stay within this many words (WordPress's RSS block cuts there).
pub const MAX_WORDS: usize = 100;
/// Above this many the editor is warned (the same block's default cut).
pub const WARN_WORDS: usize = 55;

/// What a sentence does in an abstract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceRole {
    /// Why the study was done.
    Background,
    /// What it asked.
    Objective,
    /// How it was done.
    Methods,
    /// What it found.
    #[serde(rename = "results", alias = "result")]
    Result,
    /// What it means.
    Conclusion,
}

/// A sentence of a draft, with the place in the abstract it was copied from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftSentence {
    /// The sentence, exactly as the abstract's plain text has it.
    pub text: String,
    /// What it does.
    pub role: SentenceRole,
    /// Start and end in the abstract's plain text (`Entry::abstract_plain`), counted in Unicode code points.
    pub source: (usize, usize),
}

/// A proposed summary: sentences of the abstract, each tied to its place. It invents nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// In reading order.
    pub sentences: Vec<DraftSentence>,
}

impl Draft {
    /// The sentences as one paragraph.
    pub fn text(&self) -> String {
        let sentences: Vec<&str> = self.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        sentences.join(" ")
    }
}

/// Words as an editor counts them: runs between white space.
pub fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}
