//! What the watch asks, and what the public may read of an item's history.

use super::identity::{Doi, Identifiers};
use super::notice::{Finding, NoticeKind, NoticeSource, SummaryHolds};
use super::time::{PartialDate, UnixMs};

/// A service that the watch asks about articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchService {
    /// Records of PubMed, by PMID.
    Pubmed,
    /// Crossref's metadata, by DOI.
    Crossref,
    /// medRxiv and bioRxiv, by the DOI of the preprint.
    Preprints,
    /// ClinicalTrials.gov, by the numbers of the trials that an article is about.
    Trials,
}

impl WatchService {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pubmed, Self::Crossref, Self::Preprints, Self::Trials];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pubmed => "pubmed",
            Self::Crossref => "crossref",
            Self::Preprints => "preprints",
            Self::Trials => "trials",
        }
    }

    /// The service for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == word)
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pubmed => "PubMed",
            Self::Crossref => "Crossref",
            Self::Preprints => "medRxiv and bioRxiv",
            Self::Trials => "ClinicalTrials.gov",
        }
    }

    /// Whether a notice's source speaks through this service.
    pub fn speaks_for(self, source: NoticeSource) -> bool {
        match source {
            NoticeSource::Pubmed => self == Self::Pubmed,
            NoticeSource::CrossrefPublisher | NoticeSource::RetractionWatch => self == Self::Crossref,
            NoticeSource::Medrxiv | NoticeSource::Biorxiv => self == Self::Preprints,
            NoticeSource::ClinicalTrials => self == Self::Trials,
            NoticeSource::EuropePmc | NoticeSource::Editor => false,
        }
    }
}

/// The family of notices of which a work has one at a time, whoever reports it: PubMed's retraction and the
/// publisher's are one event. `None` for kinds of which there can be several (errata, versions, trial events).
pub fn only_one_of(kind: NoticeKind) -> Option<&'static str> {
    match kind {
        NoticeKind::Retraction | NoticeKind::Removal | NoticeKind::Withdrawal => Some("retracted"),
        NoticeKind::PartialRetraction => Some("partial_retraction"),
        NoticeKind::ExpressionOfConcern => Some("expression_of_concern"),
        NoticeKind::CorrectedAndRepublished => Some("corrected_and_republished"),
        NoticeKind::RecordGone => Some("record_gone"),
        NoticeKind::NowPublished => Some("now_published"),
        _ => None,
    }
}

/// Whether two findings name one record.
pub fn share_record(a: &Identifiers, b: &Identifiers) -> bool {
    fn equal<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        matches!((a, b), (Some(a), Some(b)) if a == b)
    }
    equal(&a.pmid, &b.pmid) || equal(&a.doi, &b.doi) || equal(&a.pmcid, &b.pmcid)
}

/// Whether two accounts are of one notice about one article.
///
/// Of errata there can be several, and services name them by different numbers. So two accounts are one if they share
/// a record, or the citation; or if different services gave them, neither contradicts the other, and the first has not
/// been confirmed by the second's service yet: then the n-th of one is taken for the n-th of the other.
pub fn is_same_notice(known: &Finding, found: &Finding) -> bool {
    if only_one_of(known.kind).is_some() {
        return only_one_of(known.kind) == only_one_of(found.kind);
    }
    if known.kind != found.kind || matches!(known.kind, NoticeKind::Reinstatement) {
        return false;
    }
    match known.kind {
        NoticeKind::TrialStopped | NoticeKind::TrialChanged => {
            // a trial may go to and fro: the same change on another day is another one
            (&known.ids, &known.changes, &known.noticed_on) == (&found.ids, &found.changes, &found.noticed_on)
        }
        NoticeKind::ResultsPosted => known.ids == found.ids,
        _ => {
            let cited_alike = !known.citation.is_empty() && known.citation == found.citation;
            let other_service = !WatchService::ALL
                .into_iter()
                .any(|service| service.speaks_for(known.source) && service.speaks_for(found.source));
            share_record(&known.ids, &found.ids)
                || (cited_alike && !known.ids.conflicts_with(&found.ids))
                || (other_service
                    && !known.is_said_by(found.source)
                    && !known.ids.is_empty()
                    && !found.ids.is_empty()
                    && !known.ids.conflicts_with(&found.ids))
        }
    }
}

/// One version of a preprint as its server posted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its DOI; a server that answers about another one is not believed.
    pub doi: Doi,
    /// 1, 2, …
    pub version: u32,
    /// When this version was posted.
    pub posted_on: Option<PartialDate>,
    /// Plain.
    pub title: String,
    /// Plain.
    pub abstract_text: String,
    /// The server's word for what sort of posting it is ("PUBLISHAHEADOFPRINT", "withdrawn").
    pub kind: String,
    /// The paper's DOI, where it has one.
    pub paper: Option<Doi>,
}

/// One step of an item's history, as the public may read it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemEvent {
    /// When.
    pub at: UnixMs,
    /// What.
    pub what: ItemStep,
    /// The editor's name; shown only if the society wants that. `None` is perfuse itself.
    pub by: Option<String>,
}

/// What happened to an item.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemStep {
    /// A source showed it first.
    Seen,
    /// It became public.
    Published,
    /// An editor changed the public text.
    Edited,
    /// An editor took it back.
    Withdrawn,
    /// A notice became public.
    Noticed {
        /// What.
        kind: NoticeKind,
        /// ULID of `/notices/{id}`.
        public_id: String,
        /// The editors' answer, where they were asked.
        answer: Option<SummaryHolds>,
    },
    /// A notice holds no longer.
    Lifted {
        /// What it was.
        kind: NoticeKind,
    },
    /// An editor found that a notice did not concern the item after it had been public.
    Dismissed {
        /// What it was.
        kind: NoticeKind,
    },
}
