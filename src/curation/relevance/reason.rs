//! A reason for a rank, in words an editor knows.

use crate::domain::article::Relevance;

/// One thing that moved a score, and how far. Positive speaks for, negative against.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// How far it moved the score.
    pub weight: f64,
    /// "ECPR in the title".
    pub text: String,
}

/// Before a reason that speaks against.
pub const AGAINST: &str = "against: ";

impl Reason {
    /// A reason.
    pub fn new(weight: f64, text: impl Into<String>) -> Self {
        Self { weight, text: text.into() }
    }

    /// Score and reasons: strongest first (as given among equals), those against marked with [`AGAINST`].
    pub(super) fn sum_up(score: f64, mut reasons: Vec<Self>) -> Relevance {
        reasons.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
        let in_words = |reason: Self| match reason.weight < 0.0 {
            true => format!("{AGAINST}{}", reason.text),
            false => reason.text,
        };
        Relevance { score, reasons: reasons.into_iter().map(in_words).collect() }
    }
}
