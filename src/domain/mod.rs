//! The words of the field as plain data, and the rules that need no I/O.
//!
//! Nothing here reads a clock, a file, a socket or a database (a new [`token`] draws randomness); functions that
//! depend on the time take `now`.
//! In reading order: what a source is, what it showed us (an entry), the work itself (an article), how its
//! identifiers are normalised, which moves its status allows, and what the public sees (a news item).

pub mod article;
pub mod coverage;
pub mod doi_owner;
pub mod editor;
pub mod entry;
pub mod identity;
pub mod last_body;
pub mod letter;
pub mod likeness;
pub mod news;
pub mod notice;
pub mod preview;
pub mod relation;
pub mod rhythm;
pub mod source;
pub mod status;
pub mod summary;
pub mod text;
pub mod time;
pub mod token;
pub mod trial;
pub mod version;
pub mod wanted;
pub mod watch;
pub mod words;
