//! Letters: mail to the people at the desk.

use serde::{Deserialize, Serialize};

/// The sorts of letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// A one-time link for the first password.
    Invite,
    /// A one-time link for a new password.
    Reset,
    /// The top of the queue, weekly, for those who want it.
    Digest,
    /// Something that editors must know at once, such as a retraction.
    Alert,
}

impl LetterKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Invite, Self::Reset, Self::Digest, Self::Alert];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
            Self::Digest => "digest",
            Self::Alert => "alert",
        }
    }

    /// The kind for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What has become of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterState {
    /// For its first attempt or the next.
    Waiting,
    /// The mail server took it.
    Sent,
    /// Refused for good, or its time is over.
    Failed,
    /// Not needed any more.
    Cancelled,
}

impl LetterState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sent, Self::Failed, Self::Cancelled];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What an alert says. All of it is plain text; whatever stands in it, it is escaped where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// One line.
    pub subject: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// The page of the desk to open, `/desk/…`.
    pub path: String,
}
