//! What leaves the house: every format, read back by others' parsers and held to its rules.

mod fixtures;
mod formats;
mod notices;
pub(crate) mod rules;
pub(crate) mod vectors;
