//! PubMed's record XML → entries: `PubmedArticle`, `PubmedBookArticle` and `DeleteCitation`, as E-utilities' efetch and
//! the yearly files write them (NLM, `pubmed_250101.dtd`).
//!
//! Not the network and not PubMed's RSS (`feed` reads that). [`Records`] cuts a document of any length into records
//! and reads one at a time in bounded memory, so a bad record never costs its neighbours; [`parse`] is the same for a
//! body that is already in memory.

mod article;
mod book;
mod dates;
mod records;
mod walk;

use std::io;

use crate::domain::entry::{Parsed, Problem};

use super::decode;

pub use records::{Record, Records};

/// Why a body holds no records. E-utilities report errors with HTTP status 200, so this is the only place that notices.
#[derive(Debug, thiserror::Error)]
pub enum PubmedError {
    /// Nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// `<ERROR>…</ERROR>` where records should be.
    #[error("E-utilities answered with an error: {0}")]
    Service(String),
    /// A JSON body, as the rate limiter sends it even for XML calls.
    #[error("JSON instead of records: {0}")]
    Json(String),
    /// A web page.
    #[error("a web page instead of records: {0}")]
    Html(String),
    /// Another document.
    #[error("not PubMed records: the document is <{root}>")]
    NotPubmed {
        /// The first element's name.
        root: String,
    },
    /// Neither XML nor JSON.
    #[error("not PubMed records, it begins with: {0}")]
    NotXml(String),
    /// Reading failed (a file, a broken gzip stream) before the first record.
    #[error("cannot read the records")]
    Io(#[from] io::Error),
}

/// Reads a whole body. An empty set (`<PubmedArticleSet/>`) is no error and gives no entries.
///
/// # Errors
/// When the body is something else than PubMed records; see [`PubmedError`].
pub fn parse(bytes: &[u8]) -> Result<Parsed, PubmedError> {
    let decoded;
    // UTF-16 without accents is valid UTF-8 too, full of zeros
    let plain = !bytes.iter().take(4).any(|byte| *byte == 0);
    let (utf8, problems) = match std::str::from_utf8(bytes) {
        Ok(_) if plain => (bytes, Vec::new()),
        _ => {
            decoded = decode::to_utf8(bytes, None);
            (decoded.text.as_bytes(), decoded.problems.clone())
        }
    };
    let mut parsed = Parsed { format: FORMAT.to_owned(), problems, ..Parsed::default() };
    for record in Records::new(utf8) {
        match record? {
            Record::Entry(entry) => parsed.entries.push(*entry),
            Record::Deleted(pmid) => parsed.deleted.push(pmid),
            Record::Problem(problem) => push_problem(&mut parsed.problems, problem),
        }
    }
    Ok(parsed)
}

/// The name of the format, for people.
pub const FORMAT: &str = "PubMed XML";

/// Problems kept of one body; the rest only repeat them.
const MAX_PROBLEMS: usize = 1_000;

fn push_problem(problems: &mut Vec<Problem>, problem: Problem) {
    if problems.len() < MAX_PROBLEMS {
        problems.push(problem);
    }
}

#[cfg(test)]
mod tests;
