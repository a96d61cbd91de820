//! Checks of a summary against its title and abstract: figures, direction, swapped arms, claims of cause, overlap.
//!
//! The same code for drafts, hand-written and machine-worded text. Marks inform; they never edit, and a summary without
//! marks is not thereby right. Invariant: each mark's span lies within the summary.

use crate::curation::verify::words::{Token, read_tokens};

mod cause;
mod context;
mod direction;
mod figures;
mod outcome;
mod overlap;
mod quantity;
mod swap;
pub mod trace;
mod words;

pub use cause::Evidence;
pub use overlap::{Overlap, overlap};

/// What is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A number, percentage, interval, p value or sample size that the title and abstract do not hold.
    Figure,
    /// A figure that they hold with another unit.
    Unit,
    /// A direction that its source contradicts: more for less, a difference for none.
    Direction,
    /// A direction that no sentence of the source bears out.
    Untraced,
    /// Two sides of a comparison that stand the other way round in the source.
    Swap,
    /// A claim of cause from a study that cannot show it.
    Cause,
}

/// A doubt about a stretch of a summary.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// What sort of doubt.
    pub kind: MarkKind,
    /// Start and end in the summary, in code points.
    pub span: (usize, usize),
    /// For the editor, in a sentence.
    pub reason: String,
}

/// A doubt by tokens of the summary, first and last.
struct Found {
    kind: MarkKind,
    tokens: (usize, usize),
    reason: String,
}

/// Longer summaries and abstracts are checked up to this many tokens.
const MAX_TOKENS: usize = 6_000;

/// The doubts about `summary`, in its order. `study` is what the study can show, if that is known; else it is read from
/// the title and the abstract.
pub fn verify(title: &str, abstract_text: &str, summary: &str, study: Option<Evidence>) -> Vec<Mark> {
    let source = read_bounded(&format!("{title}\n\n{abstract_text}"));
    let tokens = read_bounded(summary);
    let mut found = figures::check_figures(&source, &tokens);
    found.extend(trace::check_directions(&source, &tokens));
    let pairs = context::pair_sentences(&source, &tokens);
    found.extend(direction::check_negations(&source, &tokens, &pairs));
    found.extend(swap::check_swaps(&source, &tokens, &pairs));
    found.extend(cause::check_cause(&source, &tokens, study));
    found.sort_by_key(|found| found.tokens);
    found.dedup_by(|second, first| second.tokens == first.tokens && second.kind == first.kind);
    found.into_iter().filter_map(|found| place(summary, &tokens, found)).collect()
}

fn read_bounded(text: &str) -> Vec<Token> {
    let mut tokens = read_tokens(text);
    tokens.truncate(MAX_TOKENS);
    tokens
}

fn place(summary: &str, tokens: &[Token], found: Found) -> Option<Mark> {
    let (start, end) = (tokens.get(found.tokens.0)?.span.start, tokens.get(found.tokens.1)?.span.end);
    let points = |bytes: usize| summary[..bytes].chars().count();
    Some(Mark { kind: found.kind, span: (points(start), points(end)), reason: found.reason })
}
