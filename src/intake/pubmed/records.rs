//! A document of any length, one record at a time.
//!
//! Records are found by their tags as bytes, so memory holds one record however long the document is, a record whose
//! XML is broken costs only itself, and a document cut off in the middle yields all before the cut and a problem.

use std::collections::VecDeque;
use std::io::BufRead;

use memchr::{memchr, memmem};
use quick_xml::events::Event;

use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::Pmid;
use crate::domain::text::{fold_plain, is_printable};
use crate::intake::clean::find_pmid;

use super::walk::{self, RecordError, Result, each_child, skip, word};
use super::{PubmedError, article, book};

/// The longest record that is read; the longest real ones are below 1 MiB.
const MAX_RECORD: usize = 16 * 1024 * 1024;
/// How much without any record is read before giving up.
const MAX_PREAMBLE: usize = 16 * 1024 * 1024;
/// How much of what stands before the first record is kept to say what the document is.
const KEPT_PREAMBLE: usize = 64 * 1024;
/// Consumed bytes are dropped from the buffer beyond this.
const COMPACT_AT: usize = 1024 * 1024;
/// The longest tag looked for between records.
const LONGEST_TAG: usize = 24;

/// One piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A record.
    Entry(Box<Entry>),
    /// A record that NLM has deleted (`DeleteCitation`).
    Deleted(Pmid),
    /// Something that could not be used; the records around it are not affected.
    Problem(Problem),
}

/// The kinds of element that hold records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Article,
    Book,
    Deletions,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Article, Self::Book, Self::Deletions];

    fn name(self) -> &'static str {
        match self {
            Self::Article => "PubmedArticle",
            Self::Book => "PubmedBookArticle",
            Self::Deletions => "DeleteCitation",
        }
    }

    fn end_tag(self) -> &'static [u8] {
        match self {
            Self::Article => b"</PubmedArticle>",
            Self::Book => b"</PubmedBookArticle>",
            Self::Deletions => b"</DeleteCitation>",
        }
    }

    /// The kind whose start tag stands at the beginning of `bytes`.
    fn starting(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            bytes
                .strip_prefix(b"<")
                .and_then(|rest| rest.strip_prefix(kind.name().as_bytes()))
                .is_some_and(|rest| matches!(rest.first(), Some(b'>' | b' ' | b'\t' | b'\r' | b'\n' | b'/')))
        })
    }
}

/// How a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With its end tag, after so many bytes.
    Whole(usize),
    /// It does not: after so many bytes another record begins.
    NextBegins(usize),
    /// Not within [`MAX_RECORD`].
    TooFar,
    /// Not before the document ends.
    Missing,
}

/// Reads records from anything that gives bytes (UTF-8). After an error, or the end, it yields nothing more.
#[derive(Debug)]
pub struct Records<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Everything before this in `buffer` has been dealt with.
    start: usize,
    ended: bool,
    done: bool,
    /// Records met so far, broken ones too.
    count: usize,
    /// The set's end tag has been seen.
    closed: bool,
    preamble: Vec<u8>,
    skipped: usize,
    ready: VecDeque<Record>,
}

impl<R: BufRead> Records<R> {
    /// Reads from `reader`; nothing is read before the first call of `next`.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            done: false,
            count: 0,
            closed: false,
            preamble: Vec::new(),
            skipped: 0,
            ready: VecDeque::new(),
        }
    }

    /// Bytes held at this moment.
    #[cfg(test)]
    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    /// Finds and reads the next record; `false` at the end.
    fn advance(&mut self) -> std::result::Result<bool, PubmedError> {
        let Some(kind) = self.seek_start()? else {
            self.finish()?;
            return Ok(false);
        };
        self.count += 1;
        match self.seek_end(kind)? {
            End::Whole(length) => {
                let bytes = &self.buffer[self.start..self.start + length];
                read_record(kind, bytes, self.count, &mut self.ready);
                self.start += length;
            }
            End::NextBegins(at) => {
                self.torn("its end tag is missing; the next record begins inside it");
                self.start += at;
            }
            End::TooFar => {
                self.torn("it is longer than 16 MiB and was passed over");
                self.start += 1;
            }
            End::Missing => {
                self.torn("the document ends inside it");
                self.start = self.buffer.len();
                self.closed = true;
            }
        }
        Ok(true)
    }

    fn torn(&mut self, what: &str) {
        let bytes = &self.buffer[self.start..];
        let problem = Problem::new(place(self.count, bytes), what).with_excerpt(bytes);
        self.ready.push_back(Record::Problem(problem));
    }

    /// Moves to the next record's start tag.
    fn seek_start(&mut self) -> std::result::Result<Option<Kind>, PubmedError> {
        loop {
            self.fill(LONGEST_TAG)?;
            let rest = &self.buffer[self.start..];
            let Some(at) = memchr(b'<', rest) else {
                let length = rest.len();
                self.pass(length)?;
                if self.ended {
                    return Ok(None);
                }
                continue;
            };
            self.pass(at)?;
            self.fill(LONGEST_TAG)?;
            let rest = &self.buffer[self.start..];
            if let Some(kind) = Kind::starting(rest) {
                return Ok(Some(kind));
            }
            if rest.starts_with(b"<!--") {
                self.pass_comment()?;
                continue;
            }
            if rest.starts_with(b"</PubmedArticleSet") || rest.starts_with(b"</PubmedBookArticleSet") {
                self.closed = true;
            }
            if rest.starts_with(b"<ERROR>") && self.count > 0 {
                self.fill(KEPT_PREAMBLE)?;
                let message = service_error(&String::from_utf8_lossy(&self.buffer[self.start..]));
                let what =
                    format!("E-utilities report an error after the records: {}", message.unwrap_or_default());
                self.ready.push_back(Record::Problem(Problem::new("document", what)));
            }
            self.pass(1)?;
        }
    }

    fn pass_comment(&mut self) -> std::result::Result<(), PubmedError> {
        loop {
            let rest = &self.buffer[self.start..];
            if let Some(end) = memmem::find(rest, b"-->") {
                return self.pass(end + 3);
            }
            if self.ended {
                // an open comment hides nothing: read what is in it
                return self.pass(4);
            }
            let length = rest.len();
            self.fill(length + 1)?;
            if length > MAX_RECORD {
                return self.pass(4);
            }
        }
    }

    /// Leaves `length` bytes behind; before the first record they may say what the document is.
    fn pass(&mut self, length: usize) -> std::result::Result<(), PubmedError> {
        if self.count == 0 {
            let room = KEPT_PREAMBLE.saturating_sub(self.preamble.len()).min(length);
            self.preamble.extend_from_slice(&self.buffer[self.start..self.start + room]);
            self.skipped += length;
            if self.skipped > MAX_PREAMBLE {
                return Err(what_it_is(&self.preamble));
            }
        }
        self.start += length;
        Ok(())
    }

    /// Where the record that starts here ends. Each byte is looked at once, also where no record ever ends.
    fn seek_end(&mut self, kind: Kind) -> std::result::Result<End, PubmedError> {
        let end_tag = kind.end_tag();
        let mut searched = 1;
        loop {
            let rest = &self.buffer[self.start..];
            let window = &rest[searched.min(rest.len())..];
            // a torn record must not swallow the one after it
            let next =
                memmem::find_iter(window, b"<Pubmed").find(|at| Kind::starting(&window[*at..]).is_some());
            if let Some(at) = memmem::find(&window[..next.unwrap_or(window.len())], end_tag) {
                return Ok(End::Whole(searched + at + end_tag.len()));
            }
            if let Some(at) = next {
                return Ok(End::NextBegins(searched + at));
            }
            if rest.len() >= MAX_RECORD {
                return Ok(End::TooFar);
            }
            if self.ended {
                return Ok(End::Missing);
            }
            searched = rest.len().saturating_sub(LONGEST_TAG).max(1);
            let wanted = rest.len() + 1;
            self.fill(wanted)?;
        }
    }

    /// Reads until `wanted` bytes lie ahead or the document ends.
    fn fill(&mut self, wanted: usize) -> std::result::Result<(), PubmedError> {
        if self.start >= COMPACT_AT && self.start * 2 >= self.buffer.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        while !self.ended && self.buffer.len() - self.start < wanted {
            match self.reader.fill_buf() {
                Ok([]) => self.ended = true,
                Ok(bytes) => {
                    let length = bytes.len().min(COMPACT_AT);
                    self.buffer.extend_from_slice(&bytes[..length]);
                    self.reader.consume(length);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if self.count == 0 => return Err(error.into()),
                // records have been delivered: what comes after the fault is missing, and that is said
                Err(error) => {
                    let what = format!("reading stopped here: {error}");
                    self.ready
                        .push_back(Record::Problem(Problem::new(format!("record {}", self.count), what)));
                    self.ended = true;
                    self.closed = true;
                }
            }
        }
        Ok(())
    }

    /// At the end of the document: was it one, and was it whole?
    fn finish(&mut self) -> std::result::Result<(), PubmedError> {
        let preamble = String::from_utf8_lossy(&self.preamble);
        let has_set = preamble.contains("<PubmedArticleSet") || preamble.contains("<PubmedBookArticleSet");
        let error = service_error(&preamble);
        if self.count == 0 {
            if let Some(message) = error {
                return Err(PubmedError::Service(message));
            }
            let is_empty_set = has_set
                && ["<PubmedArticleSet/>", "<PubmedArticleSet />", "<PubmedBookArticleSet/>"]
                    .iter()
                    .any(|set| preamble.contains(set));
            if !has_set {
                return Err(what_it_is(&self.preamble));
            }
            self.closed |= is_empty_set;
        } else if let Some(message) = error {
            let what = format!("E-utilities report an error before the records: {message}");
            self.ready.push_back(Record::Problem(Problem::new("document", what)));
        }
        if has_set && !self.closed {
            let what = format!("the document is cut off after record {}: its end tag is missing", self.count);
            self.ready.push_back(Record::Problem(Problem::new("document", what)));
        }
        Ok(())
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = std::result::Result<Record, PubmedError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(Ok(record));
            }
            if self.done {
                return None;
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => self.done = true,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// "record 17 (PMID 123)"
fn place(count: usize, bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]);
    let pmid = head.split_once("<PMID").and_then(|(_, rest)| {
        let digits = rest.split_once('>')?.1;
        find_pmid(&format!("pmid:{}", digits.split('<').next()?))
    });
    match pmid {
        Some(pmid) => format!("record {count} (PMID {pmid})"),
        None => format!("record {count}"),
    }
}

fn read_record(kind: Kind, bytes: &[u8], count: usize, ready: &mut VecDeque<Record>) {
    let read = |bytes: &[u8], ready: &mut VecDeque<Record>| match kind {
        Kind::Deletions => read_deletions(bytes, count, ready),
        Kind::Article | Kind::Book => read_entry(kind, bytes, count, ready),
    };
    let mut outcome = read(bytes, ready);
    // the reader looks at each piece's UTF-8 as it goes, so only what failed is looked at again
    if outcome.is_err() && std::str::from_utf8(bytes).is_err() {
        let what = "it is not UTF-8; characters may be wrong";
        ready.push_back(Record::Problem(Problem::new(place(count, bytes), what).with_excerpt(bytes)));
        outcome = read(crate::intake::decode::to_utf8(bytes, None).text.as_bytes(), ready);
    }
    if let Err(error) = outcome {
        let what = format!("it was passed over: {error}");
        ready.push_back(Record::Problem(Problem::new(place(count, bytes), what).with_excerpt(bytes)));
    }
}

fn read_entry(kind: Kind, xml: &[u8], count: usize, ready: &mut VecDeque<Record>) -> Result<()> {
    let mut reader = walk::reader(xml);
    enter(&mut reader)?;
    let draft = if kind == Kind::Book { book::read(&mut reader)? } else { article::read(&mut reader)? };
    let (entry, oddities) = draft.finish();
    ready.push_back(Record::Entry(Box::new(entry)));
    let problems = oddities.into_iter().map(|what| Problem::new(place(count, xml), what));
    ready.extend(problems.map(Record::Problem));
    Ok(())
}

fn read_deletions(xml: &[u8], count: usize, ready: &mut VecDeque<Record>) -> Result<()> {
    let mut reader = walk::reader(xml);
    enter(&mut reader)?;
    let mut deleted = Vec::new();
    each_child(&mut reader, |xml, tag| {
        if tag.name().as_ref() != "PMID" {
            return skip(xml, tag);
        }
        let text = word(xml)?;
        deleted.push(match Pmid::parse(&text) {
            Some(pmid) => Record::Deleted(pmid),
            None => {
                Record::Problem(Problem::new(format!("record {count}"), format!("{text:?} is not a PMID")))
            }
        });
        Ok(())
    })?;
    ready.extend(deleted);
    Ok(())
}

/// Reads the record's own start tag.
fn enter(reader: &mut walk::Xml<'_>) -> Result<()> {
    match reader.read_event()? {
        Event::Start(_) => Ok(()),
        other => Err(RecordError::NoRecord(format!("{other:?}").chars().take(40).collect())),
    }
}

/// The words of every `<ERROR>` element.
fn service_error(text: &str) -> Option<String> {
    let messages: Vec<String> = text
        .split("<ERROR>")
        .skip(1)
        .map(|rest| fold_plain(rest.split('<').next().unwrap_or_default(), 300))
        .collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}

/// Says what a document without records is.
fn what_it_is(preamble: &[u8]) -> PubmedError {
    let text = crate::intake::decode::to_utf8(preamble, None).text;
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.trim_matches(|c: char| c.is_whitespace() || !is_printable(c)).is_empty() {
        return PubmedError::Empty;
    }
    if let Some(message) = service_error(text) {
        return PubmedError::Service(message);
    }
    if text.starts_with(['{', '[']) {
        let message = serde_json::from_str::<serde_json::Value>(text.lines().next().unwrap_or_default())
            .ok()
            .and_then(|value| Some(value.get("error")?.as_str()?.to_owned()));
        return PubmedError::Json(message.unwrap_or_else(|| fold_plain(text, 200)));
    }
    let lower = text.get(..text.floor_char_boundary(2048)).unwrap_or_default().to_ascii_lowercase();
    if lower.contains("<html") || lower.contains("<!doctype html") || lower.contains("<body") {
        let title = lower.find("<title").and_then(|at| text[at..].split_once('>')?.1.split('<').next());
        return PubmedError::Html(fold_plain(title.unwrap_or("no title"), 200));
    }
    let root = text.split('<').skip(1).find(|tag| tag.starts_with(|c: char| c.is_alphabetic()));
    match root.filter(|_| text.starts_with('<')) {
        Some(tag) => {
            let end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(tag.len());
            PubmedError::NotPubmed { root: fold_plain(&tag[..end], 60) }
        }
        None => PubmedError::NotXml(fold_plain(text, 100)),
    }
}
