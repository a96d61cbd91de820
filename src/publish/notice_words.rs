//! Which text says what: kinds of notice and their sources as keys of the texts.

use crate::domain::notice::{NoticeKind, NoticeSource};
use crate::texts::Texts;

/// The notice's name, as in "Retraction: …".
pub fn label(texts: &Texts, kind: NoticeKind) -> String {
    let key = match kind {
        NoticeKind::Retraction => "notice-retraction",
        NoticeKind::Removal => "notice-removal",
        NoticeKind::Withdrawal => "notice-withdrawal",
        NoticeKind::PartialRetraction => "notice-partial-retraction",
        NoticeKind::ExpressionOfConcern => "notice-concern",
        NoticeKind::CorrectedAndRepublished => "notice-republished",
        NoticeKind::Correction => "notice-correction",
        NoticeKind::NowPublished => "notice-now-published",
        NoticeKind::NewVersion => "notice-new-version",
        NoticeKind::TrialStopped => "notice-trial-stopped",
        NoticeKind::ResultsPosted => "notice-results",
        NoticeKind::TrialChanged => "notice-trial-changed",
        NoticeKind::Reinstatement => "notice-reinstatement",
    };
    texts.t(key).into()
}

/// The word in front of the title of an item so marked; `None` for kinds that leave the title alone.
pub fn mark(texts: &Texts, kind: NoticeKind) -> Option<String> {
    kind.mark()?;
    let key = match kind {
        NoticeKind::Retraction => "mark-retracted",
        NoticeKind::Removal => "mark-removed",
        NoticeKind::Withdrawal => "mark-withdrawn",
        NoticeKind::PartialRetraction => "mark-partially-retracted",
        NoticeKind::ExpressionOfConcern => "mark-concern",
        _ => "mark-corrected",
    };
    Some(texts.t(key).into())
}

/// What happened, without its full stop.
pub(super) fn event(texts: &Texts, kind: NoticeKind) -> String {
    let key = match kind {
        NoticeKind::Retraction => "event-retraction",
        NoticeKind::Removal => "event-removal",
        NoticeKind::Withdrawal => "event-withdrawal",
        NoticeKind::PartialRetraction => "event-partial-retraction",
        NoticeKind::ExpressionOfConcern => "event-concern",
        NoticeKind::CorrectedAndRepublished => "event-republished",
        NoticeKind::Correction => "event-correction",
        NoticeKind::NowPublished => "event-now-published",
        NoticeKind::NewVersion => "event-new-version",
        NoticeKind::TrialStopped => "event-trial-stopped",
        NoticeKind::ResultsPosted => "event-results",
        NoticeKind::TrialChanged => "event-trial-changed",
        NoticeKind::Reinstatement => "event-reinstatement",
    };
    texts.t(key).into()
}

/// Who said so.
pub fn source(texts: &Texts, source: NoticeSource) -> String {
    let key = match source {
        NoticeSource::Pubmed => "said-pubmed",
        NoticeSource::CrossrefPublisher => "said-publisher",
        NoticeSource::RetractionWatch => "said-retraction-watch",
        NoticeSource::Medrxiv => "said-medrxiv",
        NoticeSource::Biorxiv => "said-biorxiv",
        NoticeSource::ClinicalTrials => "said-trials",
        NoticeSource::Editor => "said-editor",
    };
    texts.t(key).into()
}
