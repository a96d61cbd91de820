//! Judgement, pure: relevance, topics, study types, drafts and the checks of summaries.

pub mod document;
pub mod draft;
pub mod relevance;
pub mod sentences;
pub mod topics;
pub mod verify;
pub mod watch;
mod words;
