//! Tables with a header: CSV as PubMed and reference managers export it. Columns are known by their names.
//!
//! The bytes are held by the caller, who caps them (a quotation mark that never ends makes one row of a whole file).
//! Invariant: a bad row is a problem with its line, and loses no other.

use std::io::Cursor;

use super::clean::{blocks, caps, find_doi, find_ncts, is_preprint_doi, read_date, read_issn};
use super::clean::{read_names, rich_text, sections};
use super::pubmed::Record;
use crate::domain::entry::{Entry, Journal, Problem, WorkKind, abstract_plain};
use crate::domain::identity::{Identifiers, Nct, Pmcid, Pmid};
use crate::domain::text::fold_plain;

/// For people.
pub const FORMAT: &str = "CSV";

/// What a column may be called, in small letters without signs.
const COLUMNS: &[(Column, &[&str])] = &[
    (Column::Pmid, &["pmid", "pubmedid"]),
    (Column::Doi, &["doi"]),
    (Column::Pmcid, &["pmcid"]),
    (Column::Nct, &["nct", "nctid", "nctnumber"]),
    (Column::Title, &["title", "articletitle", "studytitle"]),
    (Column::Abstract, &["abstract", "abstractnote", "briefsummary"]),
    (Column::Authors, &["authors", "author"]),
    (Column::Journal, &["journal", "journalbook", "publicationtitle", "sourcetitle"]),
    (Column::Issn, &["issn"]),
    (Column::Date, &["date", "publicationdate", "publicationyear", "year"]),
    (Column::Keywords, &["keywords", "authorkeywords"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Pmid,
    Doi,
    Pmcid,
    Nct,
    Title,
    Abstract,
    Authors,
    Journal,
    Issn,
    Date,
    Keywords,
}

/// The separator of a text whose first line is a header with a title and something that identifies a work.
pub fn sniff(text: &str) -> Option<u8> {
    let header = text.trim_start_matches('\u{FEFF}').lines().next()?;
    [b',', b';', b'\t'].into_iter().find(|separator| {
        let names: Vec<Column> = header.split(char::from(*separator)).filter_map(column_of).collect();
        let identifies = |column: &Column| matches!(column, Column::Pmid | Column::Doi | Column::Nct);
        names.contains(&Column::Title) && names.iter().any(identifies)
    })
}

fn column_of(name: &str) -> Option<Column> {
    let name: String = name.chars().filter(|character| character.is_alphanumeric()).collect();
    let name = name.to_lowercase();
    COLUMNS.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(column, _)| *column)
}

/// The rows of a table.
pub struct Table {
    rows: csv::StringRecordsIntoIter<Cursor<Vec<u8>>>,
    columns: Vec<Option<Column>>,
}

impl Table {
    /// Reads a table in UTF-8 whose header [`sniff`] has seen.
    pub fn new(text: String, separator: u8) -> Self {
        let text = match text.strip_prefix('\u{FEFF}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let mut reader = csv::ReaderBuilder::new();
        reader.delimiter(separator).flexible(true).has_headers(false);
        let mut rows = reader.from_reader(Cursor::new(text.into_bytes())).into_records();
        let header = rows.next().and_then(Result::ok).unwrap_or_default();
        Self { columns: header.iter().map(column_of).collect(), rows }
    }

    fn read(&self, row: &csv::StringRecord) -> Result<Entry, String> {
        let cell = |wanted: Column| {
            let cells = self.columns.iter().zip(row.iter());
            let mut cells = cells.filter(|(column, _)| **column == Some(wanted)).map(|(_, cell)| cell.trim());
            cells.find(|cell| !cell.is_empty()).unwrap_or_default()
        };
        let title = rich_text(cell(Column::Title), caps::TITLE);
        if title.is_empty() {
            return Err("a row without a title".to_owned());
        }
        let mut ids = Identifiers {
            pmid: Pmid::parse(cell(Column::Pmid)),
            doi: find_doi(cell(Column::Doi)),
            pmcid: Pmcid::parse(cell(Column::Pmcid)),
            nct: Nct::parse(cell(Column::Nct)),
            ..Identifiers::default()
        };
        if ids.is_empty() {
            return Err(format!("nothing identifies {:?}", fold_plain(&title.to_plain(), 80)));
        }
        let is_preprint = ids.doi.as_ref().is_some_and(is_preprint_doi);
        let abstract_sections = sections(&blocks(cell(Column::Abstract)));
        let mut trials = find_ncts(&abstract_plain(&abstract_sections));
        if ids.pmid.is_some() || ids.doi.is_some() {
            // a paper that reports the trial, not its registration
            trials.extend(ids.nct.take().filter(|nct| !trials.contains(nct)));
        }
        let link = ids.pmid.map(Pmid::url).or_else(|| ids.doi.as_ref().map(|doi| doi.url()));
        let keywords = cell(Column::Keywords).split(';').map(|word| fold_plain(word, caps::WORD));
        Ok(Entry {
            kind: match (&ids.nct, is_preprint) {
                (Some(_), _) => WorkKind::Trial,
                (_, true) => WorkKind::Preprint,
                _ => WorkKind::Article,
            },
            link: link.or_else(|| ids.nct.as_ref().map(|nct| nct.url())),
            ids,
            title,
            trials,
            abstract_sections,
            authors: read_names(cell(Column::Authors).trim_end_matches('.')),
            journal: Journal {
                title: fold_plain(cell(Column::Journal), caps::WORD),
                issn: read_issn(cell(Column::Issn)).unwrap_or_default(),
                ..Journal::default()
            },
            published_on: read_date(cell(Column::Date)).map(|stamp| stamp.on),
            keywords: keywords.filter(|word| !word.is_empty()).take(caps::WORDS).collect(),
            ..Entry::default()
        })
    }
}

impl Iterator for Table {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            let row = match self.rows.next()? {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    return Some(Record::Problem(Problem::new(format!("line {line}"), error.to_string())));
                }
            };
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let line = row.position().map_or(0, csv::Position::line);
            return Some(match self.read(&row) {
                Ok(entry) => Record::Entry(Box::new(entry)),
                Err(what) => Record::Problem(Problem::new(format!("line {line}"), what)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Vec<Entry>, Vec<Problem>) {
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for record in Table::new(text.to_owned(), sniff(text).unwrap_or(b',')) {
            match record {
                Record::Entry(entry) => entries.push(*entry),
                Record::Problem(problem) => problems.push(problem),
                Record::Deleted(_) => unreachable!("tables delete nothing"),
            }
        }
        (entries, problems)
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let text = "\u{FEFF}PMID,Title,Authors,\"Journal/Book\",Publication Year,DOI\r\n\
                    40000031,\"Made up, with a \"\"quote\"\"\nand a line\",\"Fixture F, Sample S.\",Perfusion,2026,10.9999/CSV.1\r\n\
                    \r\n,No number,,,,\n40000032,,,,,\n";
        assert_eq!(sniff(text), Some(b','));
        let (entries, problems) = read(text);
        let entry = &entries[0];
        assert_eq!(entry.title.to_plain(), "Made up, with a \"quote\" and a line");
        assert_eq!((entry.ids.pmid, entry.authors.len()), (Some(Pmid(40_000_031)), 2));
        assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.9999/csv.1");
        assert_eq!(
            (entry.journal.title.as_str(), entry.published_on.as_ref().unwrap().as_str()),
            ("Perfusion", "2026")
        );
        let problems: Vec<_> = problems.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(
            (entries.len(), problems),
            (1, vec!["nothing identifies \"No number\"", "a row without a title"])
        );
    }

    #[test]
    fn other_separators_are_seen_and_prose_is_no_table() {
        assert_eq!(sniff("DOI;Title\n10.9999/x;One"), Some(b';'));
        assert_eq!(sniff("NCT Number\tStudy Title\n"), Some(b'\t'));
        for text in ["", "The title, and its doi, in prose.", "Title,Author\n", "PMID\n1\n"] {
            assert_eq!(sniff(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_table_panics(text in "(PMID,Title,DOI\\n|\"|,|;|\\n|1|é|[ -~]|\\PC){0,60}") {
            read(&text);
        }
    }
}
