//! What happened to a work after it appeared, as the watch found it and as the public is told.
//!
//! A notice is about one article. The serious kinds mark the public item at once; the others wait for an editor, who
//! says whether the summary still holds. A notice is never deleted: a paper that is reinstated loses its mark, because
//! the notice is lifted, and keeps its history.

use serde::{Deserialize, Serialize};

use super::entry::{Journal, WorkKind};
use super::identity::{Identifiers, Pmid};
use super::time::{PartialDate, UnixMs};

/// What happened, most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// The paper is retracted.
    Retraction,
    /// The publisher took it away altogether.
    Removal,
    /// The authors or the server withdrew a preprint.
    Withdrawal,
    /// A part of the paper is retracted.
    PartialRetraction,
    /// The editors of the journal doubt it.
    ExpressionOfConcern,
    /// PubMed has the work's record no longer. It deletes duplicates too, so this says nothing of the work itself and
    /// is for the editors alone.
    RecordGone,
    /// Corrected and published again as a whole.
    CorrectedAndRepublished,
    /// An erratum.
    Correction,
    /// The publisher registered an update of a sort that is not known here; its word stands in the citation.
    OtherUpdate,
    /// The preprint is now published in a journal.
    NowPublished,
    /// A newer version of the same work.
    NewVersion,
    /// The trial has ended early.
    TrialStopped,
    /// The registry has results.
    ResultsPosted,
    /// The trial's status or design changed otherwise.
    TrialChanged,
    /// A retraction was taken back.
    Reinstatement,
}

impl NoticeKind {
    /// All of them, most serious first.
    pub const ALL: [Self; 15] = [
        Self::Retraction,
        Self::Removal,
        Self::Withdrawal,
        Self::PartialRetraction,
        Self::ExpressionOfConcern,
        Self::RecordGone,
        Self::CorrectedAndRepublished,
        Self::Correction,
        Self::OtherUpdate,
        Self::NowPublished,
        Self::NewVersion,
        Self::TrialStopped,
        Self::ResultsPosted,
        Self::TrialChanged,
        Self::Reinstatement,
    ];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retraction => "retraction",
            Self::Removal => "removal",
            Self::Withdrawal => "withdrawal",
            Self::PartialRetraction => "partial_retraction",
            Self::ExpressionOfConcern => "expression_of_concern",
            Self::RecordGone => "record_gone",
            Self::CorrectedAndRepublished => "corrected_and_republished",
            Self::Correction => "correction",
            Self::OtherUpdate => "other_update",
            Self::NowPublished => "now_published",
            Self::NewVersion => "new_version",
            Self::TrialStopped => "trial_stopped",
            Self::ResultsPosted => "results_posted",
            Self::TrialChanged => "trial_changed",
            Self::Reinstatement => "reinstatement",
        }
    }

    /// The kind for [`Self::as_str`]'s word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the public item is marked within one cycle, without waiting for an editor.
    pub fn is_serious(self) -> bool {
        self <= Self::ExpressionOfConcern
    }

    /// Whether only editors ever see it: their answer closes it, and the public is told nothing.
    pub fn stays_at_desk(self) -> bool {
        self == Self::RecordGone
    }

    /// Whether the work no longer stands: what was reported of it is no longer shown as news.
    pub fn voids_the_work(self) -> bool {
        self <= Self::Withdrawal
    }

    /// The notice's name in English, for logs and the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Retraction => "Retraction",
            Self::Removal => "Removal",
            Self::Withdrawal => "Withdrawal",
            Self::PartialRetraction => "Partial retraction",
            Self::ExpressionOfConcern => "Expression of concern",
            Self::RecordGone => "Record gone from PubMed",
            Self::CorrectedAndRepublished => "Corrected and republished",
            Self::Correction => "Correction",
            Self::OtherUpdate => "Other update",
            Self::NowPublished => "Preprint now published",
            Self::NewVersion => "New version",
            Self::TrialStopped => "Trial stopped",
            Self::ResultsPosted => "Trial results posted",
            Self::TrialChanged => "Trial changed",
            Self::Reinstatement => "Reinstated",
        }
    }

    /// Under which key its name stands in the texts.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Retraction => "notice-retraction",
            Self::Removal => "notice-removal",
            Self::Withdrawal => "notice-withdrawal",
            Self::PartialRetraction => "notice-partial-retraction",
            Self::ExpressionOfConcern => "notice-concern",
            Self::RecordGone => "notice-record-gone",
            Self::CorrectedAndRepublished => "notice-republished",
            Self::Correction => "notice-correction",
            Self::OtherUpdate => "notice-other-update",
            Self::NowPublished => "notice-now-published",
            Self::NewVersion => "notice-new-version",
            Self::TrialStopped => "notice-trial-stopped",
            Self::ResultsPosted => "notice-results",
            Self::TrialChanged => "notice-trial-changed",
            Self::Reinstatement => "notice-reinstatement",
        }
    }

    /// The word that stands before the title of an item so marked, as in `[Retracted] …`; `None` for kinds that leave
    /// the title alone. An erratum never bears the word of a retraction.
    pub fn mark(self) -> Option<&'static str> {
        Some(match self {
            Self::Retraction => "Retracted",
            Self::Removal => "Removed",
            Self::Withdrawal => "Withdrawn",
            Self::PartialRetraction => "Partially retracted",
            Self::ExpressionOfConcern => "Expression of concern",
            Self::CorrectedAndRepublished | Self::Correction => "Corrected",
            _ => return None,
        })
    }
}

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeSource {
    /// PubMed's record of the work or of the notice.
    Pubmed,
    /// The publisher, through Crossref.
    CrossrefPublisher,
    /// Retraction Watch, through Crossref.
    RetractionWatch,
    /// The preprint server.
    Medrxiv,
    /// The preprint server.
    Biorxiv,
    /// Europe PMC's record, brought by a source or a file.
    EuropePmc,
    /// The trial registry.
    ClinicalTrials,
    /// An editor, by hand.
    Editor,
}

impl NoticeSource {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pubmed,
        Self::CrossrefPublisher,
        Self::RetractionWatch,
        Self::Medrxiv,
        Self::Biorxiv,
        Self::EuropePmc,
        Self::ClinicalTrials,
        Self::Editor,
    ];

    /// As the database and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pubmed => "pubmed",
            Self::CrossrefPublisher => "crossref_publisher",
            Self::RetractionWatch => "retraction_watch",
            Self::Medrxiv => "medrxiv",
            Self::Biorxiv => "biorxiv",
            Self::EuropePmc => "europe_pmc",
            Self::ClinicalTrials => "clinical_trials",
            Self::Editor => "editor",
        }
    }

    /// The source for [`Self::as_str`]'s word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }

    /// Under which key its name stands in the texts.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::Pubmed => "said-pubmed",
            Self::CrossrefPublisher => "said-publisher",
            Self::RetractionWatch => "said-retraction-watch",
            Self::Medrxiv => "said-medrxiv",
            Self::Biorxiv => "said-biorxiv",
            Self::EuropePmc => "said-europe-pmc",
            Self::ClinicalTrials => "said-trials",
            Self::Editor => "said-editor",
        }
    }

    /// Its name in English, for logs and the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pubmed => "PubMed",
            Self::CrossrefPublisher => "the publisher, by Crossref",
            Self::RetractionWatch => "Retraction Watch, by Crossref",
            Self::Medrxiv => "medRxiv",
            Self::Biorxiv => "bioRxiv",
            Self::EuropePmc => "Europe PMC",
            Self::ClinicalTrials => "ClinicalTrials.gov",
            Self::Editor => "the editors",
        }
    }
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Waits for an editor; the public does not see it.
    Waiting,
    /// The public sees it.
    Public,
    /// An editor found that it does not concern the public.
    Dismissed,
    /// It was public and holds no longer (a reinstated paper); history keeps it.
    Lifted,
}

impl NoticeState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Public, Self::Dismissed, Self::Lifted];

    /// As the database spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Public => "public",
            Self::Dismissed => "dismissed",
            Self::Lifted => "lifted",
        }
    }

    /// The state for [`Self::as_str`]'s word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One field that differs between two looks at a record, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// "Status", "Enrolment", "Abstract: results".
    pub field: String,
    /// What stood there; empty where nothing did.
    pub before: String,
    /// What stands there now; empty where it is gone.
    pub after: String,
}

/// What the watch found: everything about it but whose it is and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What happened.
    pub kind: NoticeKind,
    /// Who said so first.
    pub source: NoticeSource,
    /// Who else said so since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<NoticeSource>,
    /// The notice's own record (or the paper's, for `NowPublished`); may be empty.
    #[serde(default)]
    pub ids: Identifiers,
    /// The citation as the record words it.
    #[serde(default)]
    pub citation: String,
    /// Where to read it.
    #[serde(default)]
    pub link: Option<String>,
    /// The notice's own date.
    #[serde(default)]
    pub noticed_on: Option<PartialDate>,
    /// In a sentence: why a trial stopped, what a correction is about, if the record says so.
    #[serde(default)]
    pub detail: String,
    /// What differs, field by field.
    #[serde(default)]
    pub changes: Vec<Change>,
}

impl Finding {
    /// A finding about which nothing else is known.
    pub fn new(kind: NoticeKind, source: NoticeSource) -> Self {
        Self {
            kind,
            source,
            also: Vec::new(),
            ids: Identifiers::default(),
            citation: String::new(),
            link: None,
            noticed_on: None,
            detail: String::new(),
            changes: Vec::new(),
        }
    }

    /// PubMed has no record of this number any longer.
    pub fn record_gone(pmid: Pmid) -> Self {
        let detail = "PubMed has no record of this number any longer. It deletes records that are gone and records that \
                      it had twice: only the publisher's page tells which.";
        Self {
            link: Some(pmid.url()),
            detail: detail.to_owned(),
            ..Self::new(NoticeKind::RecordGone, NoticeSource::Pubmed)
        }
    }

    /// Whether `source` said it.
    pub fn is_said_by(&self, source: NoticeSource) -> bool {
        self.source == source || self.also.contains(&source)
    }

    /// Takes from another account of the same notice who said so and what is unknown here; the graver kind holds.
    /// Says whether anything changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for source in std::iter::once(other.source).chain(other.also.iter().copied()) {
            if !self.is_said_by(source) {
                self.also.push(source);
            }
        }
        self.kind = self.kind.min(other.kind);
        if !self.ids.conflicts_with(&other.ids) {
            self.ids.fill_from(&other.ids);
        }
        for (mine, theirs) in [(&mut self.citation, &other.citation), (&mut self.detail, &other.detail)] {
            if mine.is_empty() {
                mine.clone_from(theirs);
            }
        }
        self.link = self.link.take().or_else(|| other.link.clone());
        self.noticed_on = self.noticed_on.take().or_else(|| other.noticed_on.clone());
        if self.changes.is_empty() {
            self.changes.clone_from(&other.changes);
        }
        *self != before
    }
}

/// A finding about an article, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Row id.
    pub id: i64,
    /// ULID of its own public address `/notices/{id}`.
    pub public_id: String,
    /// The article it is about.
    pub article_id: i64,
    /// What was found.
    pub finding: Finding,
    /// Where it stands.
    pub state: NoticeState,
    /// When we found it.
    pub found_at: UnixMs,
    /// When the public first saw it.
    pub public_at: Option<UnixMs>,
    /// When the public saw it last: it was lifted, or dismissed after it had been public.
    pub lifted_at: Option<UnixMs>,
    /// When an editor answered, and whether they said that the summary still holds.
    pub answered: Option<(UnixMs, SummaryHolds)>,
}

/// An editor's answer to "does the summary still hold?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryHolds {
    /// It does.
    Yes,
    /// It did not, and was rewritten.
    Rewritten,
    /// The notice is not about this article, or means nothing for it.
    NotOurs,
}

impl SummaryHolds {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Yes, Self::Rewritten, Self::NotOurs];

    /// As the database spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Rewritten => "rewritten",
            Self::NotOurs => "not_ours",
        }
    }

    /// The answer for [`Self::as_str`]'s word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == word)
    }
}

/// A public notice as a news item carries it: a copy, like all that the public sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNotice {
    /// ULID of its own public address `/notices/{id}`.
    pub public_id: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// When the public first saw it.
    pub public_at: UnixMs,
    /// When it was lifted; then it marks nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<UnixMs>,
}

/// How a work first appeared: the preprint's citation, kept when its paper took over the permalink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstReport {
    /// The sort of work then.
    pub kind: WorkKind,
    /// Its identifiers then.
    pub ids: Identifiers,
    /// Where it appeared.
    pub journal: Journal,
    /// When it appeared.
    pub published_on: Option<PartialDate>,
    /// Its address then.
    pub link: Option<String>,
}

/// The gravest notice that marks an item now, if one does.
pub fn standing_mark(notices: &[PublicNotice]) -> Option<&PublicNotice> {
    notices
        .iter()
        .filter(|notice| notice.lifted_at.is_none() && notice.finding.kind.mark().is_some())
        .min_by_key(|notice| notice.finding.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_only_graver_kinds_mark_at_once() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for source in NoticeSource::ALL {
            assert_eq!(NoticeSource::parse(source.as_str()), Some(source));
        }
        for state in NoticeState::ALL {
            assert_eq!(NoticeState::parse(state.as_str()), Some(state));
        }
        let serious: Vec<_> = NoticeKind::ALL.into_iter().filter(|kind| kind.is_serious()).collect();
        assert_eq!(serious.len(), 5);
        assert!(!NoticeKind::Correction.is_serious() && NoticeKind::ExpressionOfConcern.is_serious());
        assert_eq!(NoticeKind::Correction.mark(), Some("Corrected"));
        let quiet = [NoticeKind::RecordGone, NoticeKind::OtherUpdate];
        assert!(quiet.iter().all(|kind| kind.mark().is_none() && !kind.is_serious()));
    }
}
