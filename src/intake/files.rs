//! Files → records: content decides what a file is, never its name.
//!
//! Not the command line (`cli::parse` prints, the import stores). A file of records streams: memory holds one record
//! however long the file is. Feeds are read whole, up to the same limit as a fetched body.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::domain::entry::{Parsed, Problem};
use crate::domain::time::UnixMs;

use super::bibtex::{self, Bibtex};
use super::decode;
use super::feed::{self, FeedError};
use super::pubmed::{self, PubmedError, Record, Records};
use super::services::{self, ServiceError};
use super::table::{self, Table};
use super::tagged::{Dialect, Tagged};

/// What a file holds, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Nothing, or only white space.
    Empty,
    /// Packed; what is inside is looked at again.
    Gzip,
    /// PubMed's record XML, or an error of E-utilities in its place.
    PubmedXml,
    /// RSS or Atom.
    FeedXml,
    /// JSON Feed.
    FeedJson,
    /// A saved answer of a service.
    ServiceJson,
    /// NBIB or RIS.
    Tagged(Dialect),
    /// BibTeX or BibLaTeX.
    Bibtex,
    /// A table with a header, and its separator.
    Table(u8),
    /// JSON of another kind.
    OtherJson,
    /// XML of another kind.
    OtherXml,
    /// A web page.
    Html,
    /// None of these.
    Unknown,
}

/// Bytes of a file that [`sniff`] should be given.
pub const SNIFF_LENGTH: usize = 4096;
/// The largest feed (as for a fetched body).
const MAX_FEED: u64 = 8 * 1024 * 1024;
/// The largest table, and the largest file of records in UTF-16 or UTF-32; those in UTF-8 have no limit.
const MAX_DECODED: u64 = 64 * 1024 * 1024;
/// Gzip inside gzip is followed this deep.
const MAX_PACKINGS: usize = 3;
const BUFFER: usize = 256 * 1024;

/// Why a file gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read.
    #[error("{}: cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no PubMed XML after all.
    #[error("{}: not read", path.display())]
    Pubmed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PubmedError,
    },
    /// It is no feed after all, or one without entries.
    #[error("{}: not read", path.display())]
    Feed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FeedError,
    },
    /// It is no answer of a service after all.
    #[error("{}: not read", path.display())]
    Service {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ServiceError,
    },
    /// Packed more often than anybody packs.
    #[error("{}: gzip inside gzip, more than {MAX_PACKINGS} deep", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
    },
    /// A feed that is larger than any feed may be.
    #[error("{}: larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

/// An opened file.
pub struct Opened {
    /// "PubMed XML", "RSS 2.0" and such.
    pub format: String,
    /// What a feed calls itself.
    pub title: Option<String>,
    /// Its records in order; ends after the last.
    pub records: Box<dyn Iterator<Item = Record>>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("format", &self.format)
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

/// Says what a file is by its first bytes.
pub fn sniff(head: &[u8]) -> Format {
    if head.starts_with(&[0x1F, 0x8B]) {
        return Format::Gzip;
    }
    let text = decode::to_utf8(&head[..head.len().min(SNIFF_LENGTH)], None).text;
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\0'));
    if text.is_empty() {
        return Format::Empty;
    }
    if text.starts_with(['{', '[']) {
        return match text {
            text if text.contains("jsonfeed.org/version/") => Format::FeedJson,
            text if services::is_saved_answer(text) => Format::ServiceJson,
            _ => Format::OtherJson,
        };
    }
    if let Some(dialect) = Dialect::sniff(text) {
        return Format::Tagged(dialect);
    }
    if bibtex::sniff(text) {
        return Format::Bibtex;
    }
    if let Some(separator) = table::sniff(text) {
        return Format::Table(separator);
    }
    let Some(root) = feed::root_name(text) else { return Format::Unknown };
    let local = root.rsplit(':').next().unwrap_or_default();
    match local {
        "PubmedArticleSet"
        | "PubmedBookArticleSet"
        | "PubmedArticle"
        | "PubmedBookArticle"
        | "DeleteCitation" => Format::PubmedXml,
        "rss" | "RDF" | "feed" | "entry" => Format::FeedXml,
        // E-utilities' other answers: the record reader says what they are, and repeats their errors
        _ if local.starts_with('e') && local.ends_with("Result") => Format::PubmedXml,
        _ if ["html", "head", "body"].contains(&local.to_ascii_lowercase().as_str()) => Format::Html,
        _ => Format::OtherXml,
    }
}

/// Opens a file of records or a feed.
///
/// # Errors
/// When it cannot be read or holds neither.
pub fn open(path: &Path, now: UnixMs) -> Result<Opened, FileError> {
    let file = std::fs::File::open(path).map_err(|source| FileError::Io { path: path.to_owned(), source })?;
    read(Box::new(file), path, now)
}

/// The same for anything that gives bytes; `name` stands in messages.
///
/// # Errors
/// See [`open`].
pub fn read(reader: Box<dyn Read>, name: &Path, now: UnixMs) -> Result<Opened, FileError> {
    let mut reader: Box<dyn BufRead> = Box::new(BufReader::with_capacity(BUFFER, reader));
    for _ in 0..=MAX_PACKINGS {
        let (head, whole) = peek(reader).map_err(|source| FileError::Io { path: name.to_owned(), source })?;
        reader = whole;
        match sniff(&head) {
            Format::Gzip => {
                reader = Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(reader)));
            }
            Format::PubmedXml => return read_records(reader, &head, name),
            Format::Tagged(dialect) => return read_tagged(reader, &head, dialect, name, now),
            Format::Bibtex => return read_bibtex(reader, &head, name),
            Format::Table(separator) => return read_table(reader, separator, name),
            Format::ServiceJson => return read_service(reader, name, now),
            Format::Empty
            | Format::FeedXml
            | Format::FeedJson
            | Format::Html
            | Format::OtherJson
            | Format::OtherXml
            | Format::Unknown => return read_feed(reader, name, now),
        }
    }
    Err(FileError::Packed { path: name.to_owned() })
}

/// The first bytes, and a reader that gives everything, those too.
fn peek(mut reader: Box<dyn BufRead>) -> io::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let mut head = Vec::with_capacity(SNIFF_LENGTH);
    reader.by_ref().take(SNIFF_LENGTH as u64).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(io::Cursor::new(head).chain(reader))))
}

/// The same bytes in UTF-8, if they are in a wide encoding.
fn narrow(reader: Box<dyn BufRead>, head: &[u8], name: &Path) -> Result<Box<dyn BufRead>, FileError> {
    let encoding = decode::to_utf8(head.get(..64).unwrap_or(head), None).encoding;
    if !encoding.starts_with("UTF-16") && !encoding.starts_with("UTF-32") {
        return Ok(reader);
    }
    let bytes = read_up_to(reader, MAX_DECODED, name)?;
    Ok(Box::new(io::Cursor::new(decode::to_utf8(&bytes, None).text.into_bytes())))
}

fn read_tagged(
    reader: Box<dyn BufRead>,
    head: &[u8],
    dialect: Dialect,
    name: &Path,
    now: UnixMs,
) -> Result<Opened, FileError> {
    let records = Box::new(Tagged::new(narrow(reader, head, name)?, dialect, now));
    Ok(Opened { format: dialect.as_str().to_owned(), title: None, records })
}

fn read_bibtex(reader: Box<dyn BufRead>, head: &[u8], name: &Path) -> Result<Opened, FileError> {
    let records = Box::new(Bibtex::new(narrow(reader, head, name)?));
    Ok(Opened { format: bibtex::FORMAT.to_owned(), title: None, records })
}

fn read_table(reader: Box<dyn BufRead>, separator: u8, name: &Path) -> Result<Opened, FileError> {
    let bytes = read_up_to(reader, MAX_DECODED, name)?;
    let text = decode::to_utf8(&bytes, None).text;
    let records = Box::new(Table::new(text.to_string(), separator));
    Ok(Opened { format: table::FORMAT.to_owned(), title: None, records })
}

fn read_service(reader: Box<dyn BufRead>, name: &Path, now: UnixMs) -> Result<Opened, FileError> {
    let bytes = read_up_to(reader, MAX_FEED, name)?;
    let (format, mut page) = services::read_saved(&bytes, now)
        .map_err(|source| FileError::Service { path: name.to_owned(), source })?;
    if page.keys.is_empty() {
        page.problems.push(Problem::new("document", "an answer without records"));
    }
    let parsed = Parsed {
        format: format.to_owned(),
        entries: page.entries,
        problems: page.problems,
        ..Parsed::default()
    };
    Ok(opened(parsed))
}

fn read_records(reader: Box<dyn BufRead>, head: &[u8], name: &Path) -> Result<Opened, FileError> {
    let reader = narrow(reader, head, name)?;
    let mut records = Records::new(reader);
    // the first one is read here, because only then it shows whether these are records at all
    let first = match records.next() {
        Some(Err(source)) => return Err(FileError::Pubmed { path: name.to_owned(), source }),
        Some(Ok(first)) => Some(first),
        None => None,
    };
    let rest = records.map_while(Result::ok);
    Ok(Opened {
        format: pubmed::FORMAT.to_owned(),
        title: None,
        records: Box::new(first.into_iter().chain(rest)),
    })
}

fn read_feed(reader: Box<dyn BufRead>, name: &Path, now: UnixMs) -> Result<Opened, FileError> {
    let bytes = read_up_to(reader, MAX_FEED, name)?;
    feed::parse(&bytes, None, None, now)
        .map(opened)
        .map_err(|source| FileError::Feed { path: name.to_owned(), source })
}

fn read_up_to(reader: Box<dyn BufRead>, limit: u64, name: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let outcome = reader.take(limit + 1).read_to_end(&mut bytes);
    outcome.map_err(|source| FileError::Io { path: name.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: name.to_owned(), limit });
    }
    Ok(bytes)
}

fn opened(parsed: Parsed) -> Opened {
    let entries = parsed.entries.into_iter().map(|entry| Record::Entry(Box::new(entry)));
    let deleted = parsed.deleted.into_iter().map(Record::Deleted);
    let problems = parsed.problems.into_iter().map(Record::Problem);
    Opened {
        format: parsed.format,
        title: parsed.title,
        records: Box::new(entries.chain(deleted).chain(problems)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

    fn read_bytes(bytes: &'static [u8]) -> (String, usize, usize) {
        let opened = read(Box::new(bytes), Path::new("fixture"), NOW).unwrap();
        let (mut entries, mut problems) = (0, 0);
        for record in opened.records {
            match record {
                Record::Entry(_) => entries += 1,
                Record::Problem(_) => problems += 1,
                Record::Deleted(_) => {}
            }
        }
        (opened.format, entries, problems)
    }

    #[test]
    fn content_decides_what_a_file_is() {
        let europepmc = include_bytes!("../../tests/fixtures/intake/europepmc.json");
        let trials = include_bytes!("../../tests/fixtures/intake/trials.json");
        let crossref = include_bytes!("../../tests/fixtures/intake/crossref.json");
        assert_eq!(read_bytes(europepmc), ("Europe PMC JSON".to_owned(), 3, 1));
        assert_eq!(read_bytes(trials), ("ClinicalTrials.gov JSON".to_owned(), 2, 2));
        assert_eq!(read_bytes(crossref), ("Crossref JSON".to_owned(), 3, 1));
        assert_eq!(read_bytes(b"\xEF\xBB\xBF\nPMID- 1\nTI  - One\n"), ("NBIB (MEDLINE)".to_owned(), 1, 0));
        assert_eq!(read_bytes(b"TY  - JOUR\r\nTI  - One\r\nER  - \r\n"), ("RIS".to_owned(), 1, 0));
        assert_eq!(read_bytes(b"PMID;Title\n1;One\n;Two\n"), ("CSV".to_owned(), 1, 1));
        let error =
            read(Box::new(&b"{\"hitCount\": 0, \"errMsg\": \"down\"}"[..]), Path::new("x"), NOW).unwrap_err();
        assert!(matches!(error, FileError::Service { .. }), "{error}");
    }
}
