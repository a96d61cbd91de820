//! Judgement, pure: relevance, topics, study types, drafts, wording and the checks of summaries.

pub mod document;
pub mod draft;
pub mod first_look;
pub mod matched;
pub mod relevance;
pub mod sentences;
mod signs;
pub mod topics;
pub mod verify;
pub mod watch;
pub mod wording;
mod words;
