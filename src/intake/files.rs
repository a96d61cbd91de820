//! Files → records: content decides what a file is, never its name.
//!
//! Not the command line (`cli::parse` prints, the import stores). A file of records streams: memory holds one record
//! however long the file is. Feeds are read whole, up to the same limit as a fetched body.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::domain::entry::Parsed;
use crate::domain::time::UnixMs;

use super::decode;
use super::feed::{self, FeedError};
use super::pubmed::{self, PubmedError, Record, Records};

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
/// The largest file of records in UTF-16 or UTF-32; those in UTF-8 have no limit.
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
        return if text.contains("jsonfeed.org/version/") { Format::FeedJson } else { Format::OtherJson };
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

fn read_records(reader: Box<dyn BufRead>, head: &[u8], name: &Path) -> Result<Opened, FileError> {
    let encoding = decode::to_utf8(head.get(..64).unwrap_or(head), None).encoding;
    let reader: Box<dyn BufRead> = if encoding.starts_with("UTF-16") || encoding.starts_with("UTF-32") {
        let bytes = read_up_to(reader, MAX_DECODED, name)?;
        Box::new(io::Cursor::new(decode::to_utf8(&bytes, None).text.into_bytes()))
    } else {
        reader
    };
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
