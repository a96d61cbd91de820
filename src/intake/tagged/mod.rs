//! Files of tagged lines: NBIB/MEDLINE (NLM, "MEDLINE/PubMed Data Element (Field) Descriptions") and RIS.
//!
//! Both write `TAG - value`, tag and padding four characters wide; other lines continue the one before. Records stream:
//! memory holds one, at most 1 MiB. Invariant: a bad record is a problem with its line, and loses no other.

mod medline;
mod ris;

use std::io::BufRead;

use crate::domain::entry::{AbstractSection, Entry, Problem};
use crate::domain::time::UnixMs;
use crate::intake::clean::{blocks, caps, sections};
use crate::intake::lines::Lines;
use crate::intake::pubmed::Record;

/// The longest line that is read as one.
const MAX_LINE: usize = 64 * 1024;
/// The longest record.
const MAX_RECORD: usize = 1024 * 1024;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Records begin with `PMID`.
    Medline,
    /// Records begin with `TY` and end with `ER`.
    Ris,
}

impl Dialect {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Medline => "NBIB (MEDLINE)",
            Self::Ris => "RIS",
        }
    }

    /// The dialect of a text, if its first line is the beginning of a record.
    pub fn sniff(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{FEFF}');
        let first = text.lines().map(str::trim_end).find(|line| !line.is_empty())?;
        match split_line(first)? {
            ("PMID", _) => Some(Self::Medline),
            ("TY", _) => Some(Self::Ris),
            _ => None,
        }
    }

    fn begins_with(self, tag: &str) -> bool {
        tag == match self {
            Self::Medline => "PMID",
            Self::Ris => "TY",
        }
    }
}

/// The lines of one record.
#[derive(Debug, Default)]
struct Fields {
    /// Where it begins, from 1.
    line: usize,
    bytes: usize,
    fields: Vec<(String, String)>,
}

impl Fields {
    fn all<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(name, _)| name == tag).map(|(_, value)| value.as_str())
    }

    /// The first value under any of the tags, in their order.
    fn first(&self, tags: &[&str]) -> Option<&str> {
        let value = |tag: &&str| {
            let found = self.fields.iter().find(|(name, value)| name == tag && !value.is_empty());
            found.map(|(_, value)| value.as_str())
        };
        tags.iter().find_map(value)
    }
}

/// The records of a file.
pub struct Tagged<R> {
    lines: Lines<R>,
    dialect: Dialect,
    now: UnixMs,
    record: Fields,
    ended: bool,
}

impl<R: BufRead> Tagged<R> {
    /// Reads `reader`; nothing in it is dated after `now`.
    pub fn new(reader: R, dialect: Dialect, now: UnixMs) -> Self {
        let lines = Lines::new(reader, MAX_LINE);
        Self { lines, dialect, now, record: Fields::default(), ended: false }
    }

    fn finish(&mut self) -> Option<Record> {
        let fields = std::mem::take(&mut self.record);
        if fields.fields.is_empty() {
            return None;
        }
        let place = format!("line {}", fields.line);
        if fields.bytes > MAX_RECORD {
            return Some(Record::Problem(Problem::new(
                place,
                format!("a record of more than {MAX_RECORD} bytes"),
            )));
        }
        let read: Result<Entry, String> = match self.dialect {
            Dialect::Medline => medline::read(&fields, self.now),
            Dialect::Ris => ris::read(&fields),
        };
        Some(match read {
            Ok(entry) => Record::Entry(Box::new(entry)),
            Err(what) => Record::Problem(Problem::new(place, what)),
        })
    }
}

impl<R: BufRead> Iterator for Tagged<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while !self.ended {
            let line = match self.lines.next_piece() {
                Ok(Some(piece)) => piece.text.trim_end().to_owned(),
                Ok(None) => {
                    self.ended = true;
                    return self.finish();
                }
                Err(error) => {
                    self.ended = true;
                    let what = format!("reading failed: {error}");
                    return Some(Record::Problem(Problem::new(
                        format!("line {}", self.lines.number()),
                        what,
                    )));
                }
            };
            let begun = match split_line(&line) {
                Some((tag, value)) => {
                    let begins = self.dialect.begins_with(tag);
                    let finished = if begins { self.finish() } else { None };
                    if begins || !self.record.fields.is_empty() {
                        if begins {
                            self.record.line = self.lines.number();
                        }
                        self.record.bytes += line.len();
                        if self.record.bytes <= MAX_RECORD {
                            self.record.fields.push((tag.to_owned(), value.to_owned()));
                        }
                    }
                    finished
                }
                None => {
                    let room = self.record.bytes + line.len() <= MAX_RECORD;
                    self.record.bytes += line.len();
                    if let Some((_, value)) =
                        self.record.fields.last_mut().filter(|_| room && !line.is_empty())
                    {
                        value.push(' ');
                        value.push_str(line.trim_start());
                    }
                    None
                }
            };
            if begun.is_some() {
                return begun;
            }
        }
        None
    }
}

/// `PMID- 123` → ("PMID", "123").
fn split_line(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches('\u{FEFF}');
    let (tag, rest) = (line.get(..4)?, line.get(4..)?);
    let value = rest.strip_prefix('-')?;
    let name = tag.trim_end();
    let is_tag = name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_tag.then(|| (name, value.trim()))
}

/// "BACKGROUND: One. RESULTS: Two." on one line, as both formats write abstracts → sections.
pub(super) fn read_abstract(text: &str) -> Vec<AbstractSection> {
    let text = crate::intake::clean::cap_plain(text, caps::HTML);
    let mut lines = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(". ") {
        let (sentence, tail) = rest.split_at(at + 1);
        lines.push_str(sentence);
        lines.push_str(if begins_with_label(&tail[1..]) { "\n\n" } else { " " });
        rest = &tail[1..];
    }
    lines.push_str(rest);
    sections(&blocks(&lines))
}

/// At least five capital letters, nothing small, then a colon.
fn begins_with_label(text: &str) -> bool {
    let Some((label, _)) = text.split_once(": ") else { return false };
    label.len() <= 60
        && label.chars().filter(|character| character.is_alphabetic()).count() >= 5
        && label
            .chars()
            .all(|character| character.is_uppercase() || matches!(character, ' ' | '&' | ',' | '/' | '-'))
}

#[cfg(test)]
mod tests;
