//! An article's status and the only legal moves between statuses.

use serde::{Deserialize, Serialize};

/// Where an article stands with the editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a decision.
    Queued,
    /// Put off until a date, then queued again.
    Later,
    /// Refused; never comes back by another route.
    Rejected,
    /// Approved: public from its `published_at` on, which may lie in the future (scheduled).
    Approved,
    /// Was public, and an editor took it back.
    Withdrawn,
    /// Found to be the same work as another article, which now stands for both.
    Merged,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Later, Self::Rejected, Self::Approved, Self::Withdrawn, Self::Merged];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Later => "later",
            Self::Rejected => "rejected",
            Self::Approved => "approved",
            Self::Withdrawn => "withdrawn",
            Self::Merged => "merged",
        }
    }

    /// The status for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// How much was decided: of two articles that are one work, the heavier stands. What is public stays so; what was
    /// taken back or refused does not come back by its twin.
    pub fn weight(self) -> u8 {
        match self {
            Self::Approved => 5,
            Self::Withdrawn => 4,
            Self::Rejected => 3,
            Self::Later => 2,
            Self::Queued => 1,
            Self::Merged => 0,
        }
    }
}

/// What an editor can do with an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Publish (now, after the delay, or at a time).
    Approve,
    /// Refuse.
    Reject,
    /// Put off.
    Later,
    /// Put back into the queue.
    Requeue,
    /// Change title, summary or topics without changing the status.
    Edit,
    /// Take a published item back.
    Withdraw,
    /// Reverse the last decision, whichever it was.
    Undo,
    /// Find that another article is the same work; this one stands for both.
    Merge,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Approve,
        Self::Reject,
        Self::Later,
        Self::Requeue,
        Self::Edit,
        Self::Withdraw,
        Self::Undo,
        Self::Merge,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Later => "later",
            Self::Requeue => "requeue",
            Self::Edit => "edit",
            Self::Withdraw => "withdraw",
            Self::Undo => "undo",
            Self::Merge => "merge",
        }
    }

    /// The act for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == word)
    }
}

/// Why an editor refused. The reasons feed the ranking: `Duplicate` and `AlreadyCovered` say nothing against a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Not our field.
    OffTopic,
    /// Too weak to report.
    LowEvidence,
    /// The same work is here already.
    Duplicate,
    /// Animals or bench.
    AnimalOrBench,
    /// We reported this before.
    AlreadyCovered,
    /// Anything else.
    Other,
}

impl RejectReason {
    /// All of them, in the order of the desk's list.
    pub const ALL: [Self; 6] = [
        Self::OffTopic,
        Self::LowEvidence,
        Self::Duplicate,
        Self::AnimalOrBench,
        Self::AlreadyCovered,
        Self::Other,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OffTopic => "off_topic",
            Self::LowEvidence => "low_evidence",
            Self::Duplicate => "duplicate",
            Self::AnimalOrBench => "animal_or_bench",
            Self::AlreadyCovered => "already_covered",
            Self::Other => "other",
        }
    }

    /// The reason for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// For the desk.
    pub fn label(self) -> &'static str {
        match self {
            Self::OffTopic => "Off topic",
            Self::LowEvidence => "Low evidence",
            Self::Duplicate => "Duplicate",
            Self::AnimalOrBench => "Animal or bench",
            Self::AlreadyCovered => "Already covered",
            Self::Other => "Other",
        }
    }
}

/// The status after `act`, or `None` where the move is not legal. `Undo` restores what was before and `Merge` needs two
/// articles: both are decided by the store, which knows them; here they are never legal.
pub fn after(status: Status, act: Act) -> Option<Status> {
    use Status::{Approved, Later, Queued, Rejected, Withdrawn};
    match (status, act) {
        (Queued | Later, Act::Approve) => Some(Approved),
        (Queued | Later, Act::Reject) => Some(Rejected),
        (Queued | Later, Act::Later) => Some(Later),
        (Later | Rejected | Withdrawn, Act::Requeue) => Some(Queued),
        (Queued | Later | Approved, Act::Edit) => Some(status),
        (Approved, Act::Withdraw) => Some(Withdrawn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_public_except_by_approving_what_waits() {
        for status in Status::ALL {
            for act in Act::ALL {
                if after(status, act) == Some(Status::Approved) && status != Status::Approved {
                    assert!(matches!(status, Status::Queued | Status::Later) && act == Act::Approve);
                }
            }
        }
    }

    #[test]
    fn a_merged_article_never_moves_again() {
        assert!(Act::ALL.into_iter().all(|act| after(Status::Merged, act).is_none()));
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(Status::ALL.into_iter().all(|status| Status::parse(status.as_str()) == Some(status)));
        assert!(Act::ALL.into_iter().all(|act| Act::parse(act.as_str()) == Some(act)));
        assert!(
            RejectReason::ALL.into_iter().all(|reason| RejectReason::parse(reason.as_str()) == Some(reason))
        );
    }
}
