//! What a source would bring, asked now and stored nowhere. The worker finds it out; desk and command line show it.

use serde::{Deserialize, Serialize};

use super::entry::Problem;

/// What a source would bring.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// "RSS 2.0", "PubMed search, last 30 days", …
    pub format: String,
    /// Entries in all, as the service counts them.
    pub total: usize,
    /// Entries that were compared with what we have: all of them, or so many as the cap allows.
    pub looked_at: usize,
    /// Where not all were looked at, why.
    pub cut: Option<String>,
    /// Of those looked at, works that we have.
    pub known: usize,
    /// Of these, works that editors approved in the last 12 months.
    pub approved: usize,
    /// And rejected.
    pub rejected: usize,
    /// The first entries.
    pub first: Vec<Previewed>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

/// One entry of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    /// Its title as plain text.
    pub title: String,
    /// Where it stands with us.
    pub standing: Standing,
}

/// Where a work that a source would bring stands with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// We do not have it.
    New,
    /// We have it; nobody decided on it in the last 12 months.
    Known,
    /// Approved in the last 12 months.
    Approved,
    /// Rejected in the last 12 months.
    Rejected,
}

impl Standing {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Preview {
    /// Counts where the works that were looked at stand.
    pub fn count(&mut self, standings: &[Standing]) {
        let of = |wanted: Standing| standings.iter().filter(|standing| **standing == wanted).count();
        self.looked_at = standings.len();
        self.known = standings.len() - of(Standing::New);
        (self.approved, self.rejected) = (of(Standing::Approved), of(Standing::Rejected));
    }
}
