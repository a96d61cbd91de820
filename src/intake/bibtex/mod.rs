//! BibTeX and BibLaTeX, read with the `biblatex` crate, entry by entry: a bad one is a problem with its line, and loses
//! no other. Records stream; memory holds one entry, at most 1 MiB.
//!
//! `@string` abbreviations are resolved here, each when it is defined, so that none can name itself; undefined ones
//! stand for their own name. Cross-references between entries are not followed. It stays a sighting: every program
//! writes BibTeX in its own way.

mod latex;
mod split;

use std::collections::HashMap;
use std::io::BufRead;

use biblatex::{Bibliography, Chunk, ChunksExt, Person, RawBibliography, RawChunk, Spanned};

use self::latex::read_chunks;
use self::split::{Slice, Split};
use super::apart::catch_panic;
use super::clean::{
    canonical_link, caps, find_doi, find_ncts, find_pmid, is_preprint_doi, looks_like_html, read_date,
    read_issn, rich_text, unescape,
};
use super::pubmed::Record;
use super::tagged::read_abstract;
use crate::domain::entry::{Author, Entry, Journal, Problem, WorkKind, abstract_plain};
use crate::domain::identity::{Identifiers, Pmcid, Pmid};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::PartialDate;

/// For people.
pub const FORMAT: &str = "BibTeX";

/// What is read of an entry; the rest is not even resolved.
const FIELDS: &[&str] = &[
    "title",
    "subtitle",
    "author",
    "journal",
    "journaltitle",
    "shortjournal",
    "booktitle",
    "doi",
    "pmid",
    "pmcid",
    "eprint",
    "eprinttype",
    "archiveprefix",
    "url",
    "issn",
    "year",
    "month",
    "day",
    "date",
    "volume",
    "number",
    "issue",
    "pages",
    "article-number",
    "abstract",
    "keywords",
    "language",
    "note",
];
/// Braces and formulas in one field: the parser's work grows with their square.
const MAX_GROUPS: usize = 4_000;
/// Parts of one field, joined by `#`.
const MAX_PARTS: usize = 64;
/// Abbreviations that one file may define.
const MAX_STRINGS: usize = 10_000;

/// Whether a text begins like BibTeX: with an entry, perhaps after comments.
pub fn sniff(text: &str) -> bool {
    let first = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('%'));
    first.is_some_and(split::begins_entry)
}

/// The records of a file.
pub struct Bibtex<R> {
    slices: Split<R>,
    strings: HashMap<String, String>,
    waiting: std::collections::VecDeque<Record>,
}

impl<R: BufRead> Bibtex<R> {
    /// Reads `reader`.
    pub fn new(reader: R) -> Self {
        Self { slices: Split::new(reader), strings: HashMap::new(), waiting: Default::default() }
    }

    fn read(&mut self, slice: &Slice) -> Result<(), Problem> {
        let problem = |at: usize, what: String| {
            let line = slice.line
                + slice.text.as_bytes()[..at.min(slice.text.len())]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count();
            Problem::new(format!("line {line}"), what).with_excerpt(slice.text.as_bytes())
        };
        let parsed = catch_panic(|| parse(&slice.text, &mut self.strings));
        let parsed = parsed.map_err(|panic| problem(0, format!("the parser failed: {panic}")))?;
        let Some(entry) = parsed.map_err(|(at, what)| problem(at, what))? else {
            return Ok(());
        };
        let mut unknown = Vec::new();
        let read = catch_panic(|| read_entry(&entry, &mut unknown));
        let entry = read.unwrap_or_else(|panic| Err(format!("the parser failed: {panic}")));
        let entry = entry.map_err(|what| problem(0, what))?;
        self.waiting.push_back(Record::Entry(Box::new(entry)));
        if !unknown.is_empty() {
            let what = format!("LaTeX that is not known here stays as written: \\{}", unknown.join(", \\"));
            self.waiting.push_back(Record::Problem(problem(0, what)));
        }
        Ok(())
    }
}

impl<R: BufRead> Iterator for Bibtex<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                return Some(record);
            }
            let read = self.slices.next()?.map(mend_commands).and_then(|slice| self.read(&slice));
            if let Err(problem) = read {
                return Some(Record::Problem(problem));
            }
        }
    }
}

/// `\'\i` is as good as `\'{\i}`, but the parser takes the backslash for the letter; `\o{}` is as good as `{\o}`, but
/// the parser takes it for an accent without a letter.
fn mend_commands(mut slice: Slice) -> Slice {
    if slice.text.contains("\\o{}") {
        slice.text = slice.text.replace("\\o{}", "{\\o}");
    }
    for letter in ["\\i", "\\j"].into_iter().filter(|letter| slice.text.contains(*letter)).collect::<Vec<_>>()
    {
        for accent in ["\\'", "\\`", "\\^", "\\\"", "\\~"] {
            let (bare, mended) = (format!("{accent}{letter}"), format!("{accent}{{{letter}}}"));
            if slice.text.contains(&bare) {
                slice.text = slice.text.replace(&format!("{bare} "), &mended).replace(&bare, &mended);
            }
        }
    }
    slice
}

/// One entry, or `None` for a definition or comment; otherwise what is wrong, and at which byte.
fn parse(
    text: &str,
    strings: &mut HashMap<String, String>,
) -> Result<Option<biblatex::Entry>, (usize, String)> {
    let kind = text.trim_start_matches('@').split('{').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("comment") || kind.eq_ignore_ascii_case("preamble") {
        return Ok(None);
    }
    let told = |error: biblatex::ParseError| (error.span.start, error.kind.to_string());
    let mut raw = RawBibliography::parse(text).map_err(told)?;
    for string in raw.abbreviations.drain(..) {
        let value: String =
            string.value.v.iter().take(MAX_PARTS).map(|chunk| resolve(&chunk.v, strings)).collect();
        if strings.len() < MAX_STRINGS && value.len() <= caps::WORD {
            strings.insert(string.key.v.to_lowercase(), value);
        }
    }
    for entry in &mut raw.entries {
        entry.v.fields.retain(|field| FIELDS.iter().any(|known| field.key.v.eq_ignore_ascii_case(known)));
        for field in &mut entry.v.fields {
            let mut groups = 0;
            for chunk in &mut field.value.v {
                let text = resolve(&chunk.v, strings);
                groups += text.bytes().filter(|byte| matches!(byte, b'{' | b'$')).count();
                chunk.v = RawChunk::Normal(text);
            }
            if groups > MAX_GROUPS || field.value.v.len() > MAX_PARTS {
                return Err((
                    field.key.span.start,
                    format!("{}: too many braces, formulas or parts", field.key.v),
                ));
            }
        }
    }
    Ok(Bibliography::from_raw(raw).map_err(told)?.into_vec().into_iter().next())
}

/// The text of a part; an abbreviation that nobody defined (months, mostly) is its own name.
fn resolve<'t>(chunk: &RawChunk<'t>, strings: &'t HashMap<String, String>) -> &'t str {
    match chunk {
        RawChunk::Normal(text) => text,
        RawChunk::Abbreviation(name) => strings.get(&name.to_lowercase()).map_or(*name, String::as_str),
    }
}

fn read_entry(entry: &biblatex::Entry, unknown: &mut Vec<String>) -> Result<Entry, String> {
    let mut rich = |key: &str, cap: usize| match entry.get(key) {
        Some(chunks) => {
            let text = read_chunks(chunks, unknown);
            // publishers export titles with HTML in them
            match looks_like_html(&text.to_plain()) {
                true => rich_text(&unescape(text.as_html()), cap),
                false => rich_text(text.as_html(), cap),
            }
        }
        None => RichText::default(),
    };
    let mut title = rich("title", caps::TITLE);
    let subtitle = rich("subtitle", caps::TITLE);
    if !title.is_empty() && !subtitle.is_empty() {
        title = rich_text(&format!("{}: {}", title.as_html(), subtitle.as_html()), caps::TITLE);
    }
    if title.is_empty() {
        return Err(format!("{} has no title", fold_plain(&entry.key, 80)));
    }
    let abstract_sections = read_abstract(rich("abstract", caps::HTML).as_html());
    let word = |keys: &[&str]| {
        let word = |key: &&str| {
            let text = entry.get(key).map(|chunks| read_chunks(chunks, &mut Vec::new()).to_plain());
            text.map(|text| fold_plain(&text, caps::WORD)).filter(|text| !text.is_empty())
        };
        keys.iter().find_map(word).unwrap_or_default()
    };
    let verbatim = |key: &str| entry.get(key).map(|chunks| chunks.format_verbatim()).unwrap_or_default();
    let archive = word(&["eprinttype", "archiveprefix"]).to_lowercase();
    let archived = Some(verbatim("eprint")).filter(|_| archive == "pubmed" || archive == "pmid");
    let (url, note) = (verbatim("url"), word(&["note"]));
    let pmid = Pmid::parse(&word(&["pmid"])).or_else(|| archived.as_deref().and_then(Pmid::parse));
    let pmid = pmid.or_else(|| find_pmid(&url)).or_else(|| find_pmid(&note));
    let doi = find_doi(&verbatim("doi")).or_else(|| find_doi(&url));
    let link = pmid.map(Pmid::url).or_else(|| doi.as_ref().map(|doi| doi.url()));
    let kind = match &entry.entry_type {
        biblatex::EntryType::Book
        | biblatex::EntryType::InBook
        | biblatex::EntryType::Collection
        | biblatex::EntryType::InCollection
        | biblatex::EntryType::MvBook => WorkKind::Book,
        _ if doi.as_ref().is_some_and(is_preprint_doi) => WorkKind::Preprint,
        _ => WorkKind::Article,
    };
    let keywords = word(&["keywords"]);
    let pages = word(&["pages", "article-number"]);
    Ok(Entry {
        kind,
        source_key: String::new(),
        link: link.or_else(|| canonical_link(&url, None)),
        ids: Identifiers { pmid, doi, pmcid: Pmcid::parse(&word(&["pmcid"])), ..Identifiers::default() },
        title,
        trials: find_ncts(&abstract_plain(&abstract_sections)),
        abstract_sections,
        authors: read_authors(entry),
        journal: Journal {
            title: word(&["journaltitle", "journal", "booktitle"]),
            abbreviation: word(&["shortjournal"]),
            issn: word(&["issn"]).split([' ', ',', ';']).find_map(read_issn).unwrap_or_default(),
            volume: word(&["volume"]),
            issue: word(&["number", "issue"]),
            // "101--109" is a range
            pages: pages.replace(['–', '—'], "-"),
        },
        published_on: read_day(&word(&["date"]), &word(&["year"]), &word(&["month"]), &word(&["day"])),
        language: Some(word(&["language"])).filter(|language| (2..=3).contains(&language.len())),
        keywords: keywords
            .split([',', ';'])
            .map(|word| fold_plain(word, caps::WORD))
            .filter(|word| !word.is_empty())
            .take(caps::WORDS)
            .collect(),
        ..Entry::default()
    })
}

/// `date` as BibLaTeX writes it, of a range the first; else year, month and day.
fn read_day(date: &str, year: &str, month: &str, day: &str) -> Option<PartialDate> {
    let whole = read_date(date.split('/').next().unwrap_or_default());
    let parts = || {
        let month = month.split(['-', '/', '~']).next().unwrap_or_default().trim();
        let month = if month.bytes().all(|byte| byte.is_ascii_digit()) { month.parse().ok() } else { None }
            .or_else(|| read_date(&format!("{year} {month}")).and_then(|stamp| stamp.on.month()));
        PartialDate::new(year.trim().parse().ok()?, month, day.trim().parse().ok())
            .or_else(|| PartialDate::new(year.trim().parse().ok()?, month, None))
    };
    whole.map(|stamp| stamp.on).or_else(parts)
}

/// Persons, and groups in braces of their own: `{The Made-up Study Group}`.
fn read_authors(entry: &biblatex::Entry) -> Vec<Author> {
    let plain = |text: &str| {
        let chunk = Spanned::detached(Chunk::Normal(text.to_owned()));
        fold_plain(&read_chunks(&[chunk], &mut Vec::new()).to_plain(), caps::AUTHOR)
    };
    let author = |person: Person| {
        let (name, given) = (plain(&person.name), plain(&person.given_name));
        if given.is_empty() && person.prefix.is_empty() {
            return match name.contains(' ') {
                _ if name.is_empty() || name == "others" => None,
                true => Some(Author::Collective { collective: name }),
                false => Some(Author::Person { family: name, given }),
            };
        }
        let parts = [plain(&person.prefix), name, plain(&person.suffix)];
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        Some(Author::Person { family: parts.join(" "), given })
    };
    let persons = entry.get_as::<Vec<Person>>("author").unwrap_or_default();
    persons.into_iter().filter_map(author).take(caps::AUTHORS).collect()
}

#[cfg(test)]
mod tests;
