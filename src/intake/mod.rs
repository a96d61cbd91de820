//! The outside world → entries: one polite request at a time, bytes decoded, parsed and cleaned.
//!
//! Nothing here knows the database. Untrusted bytes end as entries and problems, never as a panic.

pub mod apart;
pub mod bibtex;
pub mod clean;
pub mod decode;
pub mod eutils;
pub mod feed;
pub mod fetch;
pub mod files;
mod lines;
pub mod opml;
pub mod pubmed;
pub mod services;
pub mod table;
pub mod tagged;
pub mod wording;
