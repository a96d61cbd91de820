//! An item's history as its page shows it: receipts that anybody can check against the feeds.

use super::page::day_of;
use crate::domain::notice::SummaryHolds;
use crate::domain::watch::{ItemEvent, ItemStep};

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
    pub(super) fn new(event: ItemEvent, shows_names: bool) -> Self {
        let (day, day_text) = day_of(event.at);
        let (what, path) = match event.what {
            ItemStep::Seen => ("First seen by us.".to_owned(), None),
            ItemStep::Published => ("Approved and published.".to_owned(), None),
            ItemStep::Edited => ("Our text was changed.".to_owned(), None),
            ItemStep::Withdrawn => ("Taken back by the editors.".to_owned(), None),
            ItemStep::Noticed { kind, public_id, answer } => {
                let answer = match answer {
                    Some(SummaryHolds::Yes) => " Our text still holds.",
                    Some(SummaryHolds::Rewritten) => " Our text was rewritten.",
                    Some(SummaryHolds::NotOurs) | None => "",
                };
                (format!("{}.{answer}", kind.label()), Some(format!("/notices/{public_id}")))
            }
            ItemStep::Lifted { kind } => (format!("{}: holds no longer.", kind.label()), None),
            ItemStep::Dismissed { kind } => {
                (format!("{}: found not to be about this work, and taken off.", kind.label()), None)
            }
        };
        Self { day, day_text, what, who: event.by.filter(|_| shows_names), path }
    }
}
