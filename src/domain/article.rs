//! An article: the work itself, one row however many sources showed it.

use super::entry::{AbstractSection, Author, Journal, WorkKind};
use super::identity::{Identifiers, Nct};
use super::status::{RejectReason, Status};
use super::summary::Draft;
use super::text::RichText;
use super::time::{PartialDate, UnixMs};
use super::trial::TrialFacts;

/// What we know of a work and where it stands with the editors.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Row id.
    pub id: i64,
    /// ULID for public addresses, given at first sight, never changed.
    pub public_id: String,
    /// Counts every change of status, title, summary or topics; a form carries the revision it saw.
    pub revision: i64,
    /// Where it stands.
    pub status: Status,
    /// The sort of work.
    pub kind: WorkKind,
    /// What identifies it.
    pub ids: Identifiers,
    /// As the best record has it.
    pub title: RichText,
    /// In printed order.
    pub authors: Vec<Author>,
    /// Where it appeared.
    pub journal: Journal,
    /// When it appeared.
    pub published_on: Option<PartialDate>,
    /// The canonical address.
    pub link: Option<String>,
    /// Language of the work.
    pub language: Option<String>,
    /// The abstract in sections. It stays at the desk: abstracts can be copyrighted.
    pub abstract_sections: Vec<AbstractSection>,
    /// PubMed publication types.
    pub publication_types: Vec<String>,
    /// MeSH descriptors.
    pub mesh: Vec<String>,
    /// Trials that the work reports.
    pub trials: Vec<Nct>,
    /// Of a registration, how the trial goes, as last seen.
    pub trial: Option<TrialFacts>,
    /// Where the whole text can be read for nothing, if a source says so (PubMed Central apart, see `ids`).
    pub free_full_text: Option<String>,
    /// What a source changed after we published it, in a sentence; cleared when an editor acts on the article.
    pub upstream_changed: Option<String>,
    /// When a source first showed it to us.
    pub first_seen_at: UnixMs,
    /// For status `Later`: when it comes back.
    pub later_until: Option<UnixMs>,
    /// For status `Rejected`: why, if the editor said.
    pub reject_reason: Option<RejectReason>,
    /// What the rank is made of.
    pub relevance: Relevance,
    /// The proposed summary; `None` without an abstract.
    pub draft: Option<Draft>,
    /// Title as an editor changed it; `None` is `title`.
    pub edited_title: Option<RichText>,
    /// Summary as an editor wrote it; `None` is the draft's text.
    pub summary: Option<String>,
    /// Topic names: suggested by rules until an editor changes them.
    pub topics: Vec<String>,
    /// Of a preprint whose paper we have: the paper's row id. It leaves the queue to the paper.
    pub superseded_by: Option<i64>,
}

impl Article {
    /// The title to show: the editor's, else the record's.
    pub fn shown_title(&self) -> &RichText {
        self.edited_title.as_ref().unwrap_or(&self.title)
    }

    /// The summary to show in the form: the editor's, else the draft's text, else empty.
    pub fn shown_summary(&self) -> String {
        self.summary.clone().or_else(|| self.draft.as_ref().map(Draft::text)).unwrap_or_default()
    }

    /// The best address for a reader: the DOI, else the source's link, else PubMed.
    pub fn best_link(&self) -> Option<String> {
        let doi = self.ids.doi.as_ref().map(|doi| doi.url());
        doi.or_else(|| self.link.clone()).or_else(|| self.ids.pmid.map(|pmid| pmid.url()))
    }
}

/// Why an article stands where it does in the queue.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Relevance {
    /// Higher is nearer the top; only the order means anything.
    pub score: f64,
    /// In plain words, strongest first, for and against: "ECPR in the title".
    pub reasons: Vec<String>,
}

/// One source's sight of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The source's name.
    pub source_name: String,
    /// The source's title, for people.
    pub source_title: String,
    /// When we first saw it there.
    pub first_seen_at: UnixMs,
    /// When we last saw it there.
    pub last_seen_at: UnixMs,
    /// When the source says it first showed it.
    pub shown_at: Option<UnixMs>,
    /// The source's address for it.
    pub link: Option<String>,
}
