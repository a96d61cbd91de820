//! Which text says what: kinds of notice and their sources as keys of the texts.

use crate::domain::notice::{NoticeKind, NoticeSource};
use crate::texts::Texts;

/// The notice's name, as in "Retraction: …".
pub fn label(texts: &Texts, kind: NoticeKind) -> String {
    texts.t(kind.text_key()).into()
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
        NoticeKind::RecordGone => "event-record-gone",
        NoticeKind::CorrectedAndRepublished => "event-republished",
        NoticeKind::Correction => "event-correction",
        NoticeKind::OtherUpdate => "event-other-update",
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
    texts.t(source.text_key()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_source_has_its_name_in_the_texts() {
        let texts = Texts::of("en");
        for kind in NoticeKind::ALL {
            assert_eq!(label(texts, kind), kind.label());
            assert_eq!(mark(texts, kind).as_deref(), kind.mark());
        }
        for said_by in NoticeSource::ALL {
            assert_eq!(source(texts, said_by), said_by.label());
        }
    }
}
