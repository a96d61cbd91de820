//! An item's history as its page shows it: receipts that anybody can check against the feeds.

use super::page::day_of;
use crate::domain::notice::SummaryHolds;
use crate::domain::watch::{ItemEvent, ItemStep};
use crate::publish::notice_words::label;
use crate::texts::Texts;

/// One line of the history.
pub(super) struct Event {
    /// `2026-11-22`
    pub(super) day: String,
    /// `22 November 2026`
    pub(super) day_text: String,
    pub(super) what: String,
    /// An editor's name, where the society shows them.
    pub(super) who: Option<String>,
    /// The notice's page.
    pub(super) path: Option<String>,
}

impl Event {
    /// The line for `event`.
    pub(super) fn new(texts: &Texts, event: ItemEvent, shows_names: bool) -> Self {
        let (day, day_text) = day_of(texts, event.at);
        let (what, path) = match event.what {
            ItemStep::Seen => (texts.t("history-seen"), None),
            ItemStep::Published => (texts.t("history-published"), None),
            ItemStep::Edited => (texts.t("history-edited"), None),
            ItemStep::Withdrawn => (texts.t("history-withdrawn"), None),
            ItemStep::Noticed { kind, public_id, answer } => {
                let key = match answer {
                    Some(SummaryHolds::Yes) => "history-noticed-holds",
                    Some(SummaryHolds::Rewritten) => "history-noticed-rewritten",
                    Some(SummaryHolds::NotOurs) | None => "history-noticed",
                };
                (texts.t(key).with("notice", label(texts, kind)), Some(format!("/notices/{public_id}")))
            }
            ItemStep::Lifted { kind } => (texts.t("history-lifted").with("notice", label(texts, kind)), None),
            ItemStep::Dismissed { kind } => {
                (texts.t("history-dismissed").with("notice", label(texts, kind)), None)
            }
        };
        let what = what.to_string();
        Self { day, day_text, what, who: event.by.filter(|_| shows_names), path }
    }
}
