//! What is known of a source's completeness: was anything missed, and up to when is that certain? Plain data.
//!
//! Invariant: what was not checked, or could not be, is never called complete.

use super::source::SourceKind;
use super::time::{PartialDate, UnixMs};

/// The daily count of a search against what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Last try, also a failed one; `None` before the first.
    pub counted_at: Option<UnixMs>,
    /// First and last day of the window of the last count that succeeded.
    pub window: Option<(PartialDate, PartialDate)>,
    /// Works that the service counted in it.
    pub found: u32,
    /// Of these, works that were missing and came when they were asked for once more.
    pub fetched_again: u32,
    /// Of these, works that are missing still.
    pub missing: u32,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The last day up to which nothing was missing.
    pub complete_to_on: Option<PartialDate>,
}

/// A work that a count found and that we do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The service's name for it: `pmid:123`, `PPR/PPR123`.
    pub key: String,
    /// When it was first missed.
    pub noticed_at: UnixMs,
    /// When it was asked for again.
    pub asked_at: Option<UnixMs>,
    /// What came in its place.
    pub why: Option<String>,
}

/// A feed that lost entries between two fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overflow {
    /// The newest entry that was seen before.
    pub since_at: UnixMs,
    /// When it was noticed.
    pub noticed_at: UnixMs,
    /// When the entries in between were fetched by another way.
    pub filled_at: Option<UnixMs>,
    /// What was done, in a sentence.
    pub message: String,
}

/// What can be said of a source's completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// Counted, nothing missing up to this day.
    CompleteTo(PartialDate),
    /// As many records came as the service counted, up to this instant; nothing else was compared.
    ReceivedTo(UnixMs),
    /// A feed that never lost anything that we know of, up to this instant.
    NoOverflowTo(UnixMs),
    /// Works of the window are missing.
    Gap {
        /// How many.
        missing: u32,
        /// First day of the window.
        from_on: PartialDate,
        /// Last day of the window.
        to_on: PartialDate,
    },
    /// A feed lost entries since then, and they could not be fetched otherwise.
    Lost {
        /// The newest entry seen before.
        since_at: UnixMs,
    },
    /// The last count failed.
    CountFailed {
        /// Why.
        error: String,
        /// What an earlier count said.
        complete_to_on: Option<PartialDate>,
    },
    /// Nothing can be said yet.
    Unknown,
}

impl Completeness {
    /// What the facts say. `overflow` is the last one that was not filled; `received_to_at` the end of the last answer
    /// of which every record came.
    pub fn judge(
        kind: &SourceKind,
        count: &Count,
        overflow: Option<&Overflow>,
        received_to_at: Option<UnixMs>,
        last_success_at: Option<UnixMs>,
    ) -> Self {
        match kind {
            SourceKind::Pubmed { .. } | SourceKind::Europepmc { .. } => Self::judge_count(count),
            SourceKind::Feed { .. } => match (overflow, last_success_at) {
                (Some(overflow), _) => Self::Lost { since_at: overflow.since_at },
                (None, Some(at)) => Self::NoOverflowTo(at),
                (None, None) => Self::Unknown,
            },
            SourceKind::Trials { .. } | SourceKind::Preprints { .. } | SourceKind::Crossref { .. } => {
                received_to_at.map_or(Self::Unknown, Self::ReceivedTo)
            }
        }
    }

    fn judge_count(count: &Count) -> Self {
        if let Some(error) = &count.error {
            let (error, complete_to_on) = (error.clone(), count.complete_to_on.clone());
            return Self::CountFailed { error, complete_to_on };
        }
        match (&count.window, &count.complete_to_on) {
            (Some((from_on, to_on)), _) if count.missing > 0 => {
                Self::Gap { missing: count.missing, from_on: from_on.clone(), to_on: to_on.clone() }
            }
            (Some(_), Some(to_on)) => Self::CompleteTo(to_on.clone()),
            _ => Self::Unknown,
        }
    }

    /// Whether somebody should look.
    pub fn is_trouble(&self) -> bool {
        matches!(self, Self::Gap { .. } | Self::Lost { .. } | Self::CountFailed { .. })
    }
}

/// A walk through a source's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// Row id.
    pub id: i64,
    /// The first day.
    pub since_on: PartialDate,
    /// The last day.
    pub until_on: PartialDate,
    /// Everything up to this day is stored.
    pub reached_on: Option<PartialDate>,
    /// Records in the slices that are done.
    pub received: u64,
    /// Works nobody had shown before.
    pub fresh: u64,
    /// Records that could not be used, and other oddities.
    pub problems: u64,
    /// When it ended.
    pub finished_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> PartialDate {
        PartialDate::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn only_a_count_that_agreed_is_called_complete() {
        let kind = SourceKind::Pubmed { query: "ECMO".into() };
        let judge = |count: &Count| Completeness::judge(&kind, count, None, Some(UnixMs(9)), Some(UnixMs(9)));
        let (from_on, to_on) = (on("2026-10-22"), on("2026-11-21"));
        let agreed = Count {
            window: Some((from_on.clone(), to_on.clone())),
            complete_to_on: Some(to_on.clone()),
            ..Count::default()
        };
        assert_eq!(judge(&Count::default()), Completeness::Unknown);
        assert_eq!(judge(&agreed), Completeness::CompleteTo(to_on.clone()));
        let gap = Count { missing: 2, ..agreed.clone() };
        assert_eq!(judge(&gap), Completeness::Gap { missing: 2, from_on, to_on: to_on.clone() });
        let failed = Count { error: Some("503".into()), ..agreed };
        let expected = Completeness::CountFailed { error: "503".into(), complete_to_on: Some(to_on) };
        assert_eq!(judge(&failed), expected);
        assert!(judge(&failed).is_trouble() && judge(&gap).is_trouble());
    }

    #[test]
    fn a_feed_is_as_complete_as_its_window_reaches() {
        let kind = SourceKind::Feed { url: "https://x.example/".into() };
        let judge = |overflow: Option<&Overflow>, success| {
            Completeness::judge(&kind, &Count::default(), overflow, None, success)
        };
        let overflow =
            Overflow { since_at: UnixMs(1), noticed_at: UnixMs(2), filled_at: None, message: String::new() };
        assert_eq!(judge(None, None), Completeness::Unknown);
        assert_eq!(judge(None, Some(UnixMs(5))), Completeness::NoOverflowTo(UnixMs(5)));
        assert_eq!(judge(Some(&overflow), Some(UnixMs(5))), Completeness::Lost { since_at: UnixMs(1) });
    }
}
