//! Records with each oddity of the real ones, made up.

use super::*;
use crate::domain::entry::{Author, Entry, WorkKind};
use crate::domain::identity::Pmid;
use crate::domain::relation::Relation;
use crate::domain::time::UnixMs;

const FIXTURE: &str = include_str!("../../../tests/fixtures/intake/pubmed.xml");

fn entries() -> Vec<Entry> {
    let parsed = parse(FIXTURE.as_bytes()).unwrap();
    assert_eq!(parsed.problems, []);
    parsed.entries
}

fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// A set around one article with these children of `Article`.
fn with_article(children: &str) -> Entry {
    let xml = format!(
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>{children}</Article>\
         </MedlineCitation></PubmedArticle></PubmedArticleSet>"
    );
    parse(xml.as_bytes()).unwrap().entries.remove(0)
}

#[test]
fn a_title_is_read_whole_with_its_marks_and_formulas() {
    assert_eq!(
        entries()[0].title.as_html(),
        "Effect of <i>H. exempli</i> on PaCO<sub>2</sub> at 10<sup>9</sup>/L &amp; a ratio of 1/2: p &lt; 0.05."
    );
}

#[test]
fn a_formula_is_never_misread_when_it_becomes_a_line() {
    let math = |inner: &str| {
        let title = format!("<ArticleTitle>x <mml:math xmlns:mml=\"m\">{inner}</mml:math> y</ArticleTitle>");
        with_article(&title).title.as_html().to_owned()
    };
    assert_eq!(
        math(
            "<mml:mfrac><mml:mrow><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mi>b</mml:mi></mml:mrow><mml:mi>c</mml:mi></mml:mfrac>"
        ),
        "x (a+b)/c y"
    );
    assert_eq!(
        math(
            "<mml:msup><mml:mn>10</mml:mn> <mml:mrow><mml:mo>-</mml:mo><mml:mn>6</mml:mn></mml:mrow> </mml:msup>"
        ),
        "x 10<sup>-6</sup> y"
    );
    assert_eq!(
        math("<mml:msubsup><mml:mi>T</mml:mi> <mml:mn>2</mml:mn> <mml:mo>∗</mml:mo></mml:msubsup> "),
        "x T<sub>2</sub><sup>∗</sup> y"
    );
    assert_eq!(math("<mml:msqrt><mml:mn>2</mml:mn></mml:msqrt>"), "x √(2) y");
    assert_eq!(math("<mml:mi>p</mml:mi><mml:mo>&lt;</mml:mo><mml:mn>0.05</mml:mn>"), "x p&lt;0.05 y");
}

#[test]
fn the_vernacular_title_stands_in_where_there_is_no_other() {
    assert_eq!(entries()[1].title.to_plain(), "Ein Titel nur auf Deutsch.");
    let entry = with_article(
        "<ArticleTitle>[Not Available].</ArticleTitle><VernacularTitle>Un año.</VernacularTitle>",
    );
    assert_eq!(entry.title.to_plain(), "Un año.");
    let entry =
        with_article("<ArticleTitle>[A year].</ArticleTitle><VernacularTitle>Un año.</VernacularTitle>");
    assert_eq!(entry.title.to_plain(), "[A year].");
}

#[test]
fn the_abstract_keeps_its_sections_and_nothing_else_gets_into_it() {
    let entry = &entries()[0];
    let sections: Vec<_> = entry
        .abstract_sections
        .iter()
        .map(|section| (section.label.as_deref(), section.category.as_deref(), section.text.as_html()))
        .collect();
    assert_eq!(
        sections,
        [
            (Some("BACKGROUND"), Some("BACKGROUND"), "Trial <b>one</b>, registered as NCT90000002."),
            (Some("Settings & Design"), None, "Flow rose by 10 <sup>-6</sup> m."),
            (Some("CONCLUSIONS"), Some("CONCLUSIONS"), "It did not."),
        ]
    );
}

#[test]
fn identifiers_are_the_articles_own_and_never_those_of_its_references() {
    let entries = entries();
    let ids = &entries[0].ids;
    assert_eq!(ids.pmid, Some(Pmid(90_000_001)));
    assert_eq!(ids.doi.as_ref().unwrap().as_str(), "10.9999/madeup.2021.1");
    assert_eq!(ids.pmcid.as_ref().unwrap().as_str(), "PMC9000001");
    assert_eq!(entries[1].ids.doi.as_ref().unwrap().as_str(), "10.1101/2020.11.01.90000002");
    assert_eq!(entries[0].source_key, "pubmed:90000001");
    assert_eq!(entries[0].link.as_deref(), Some("https://pubmed.ncbi.nlm.nih.gov/90000001/"));
}

#[test]
fn authors_stand_in_order_with_groups_and_without_names_marked_wrong() {
    let names: Vec<String> = entries()[0].authors.iter().map(Author::display).collect();
    assert_eq!(names, ["Ada M Example", "B Sample Jr", "MADE-UP Trial Investigators"]);
    assert!(matches!(entries()[0].authors[2], Author::Collective { .. }));
    assert_eq!(entries()[1].authors, []);
}

#[test]
fn dates_keep_their_precision_and_stay_apart() {
    let entries = entries();
    assert_eq!(entries[0].published_on.as_ref().unwrap().as_str(), "2021-07");
    assert_eq!(entries[0].shown_at.map(UnixMs::to_rfc3339).as_deref(), Some("2021-06-07T05:42:00Z"));
    // online on 3 November although the issue is only "Fall"
    assert_eq!(entries[1].published_on.as_ref().unwrap().as_str(), "2020-11-03");
    assert_eq!(entries[2].published_on.as_ref().unwrap().as_str(), "2019-02");
    let date = |inner: &str| {
        let entry = with_article(&format!(
            "<Journal><JournalIssue><PubDate>{inner}</PubDate></JournalIssue></Journal><ArticleTitle>t</ArticleTitle>"
        ));
        entry.published_on.map(String::from)
    };
    let table = [
        ("<Year>2021</Year><Month>Feb</Month><Day>3</Day>", Some("2021-02-03")),
        ("<Year>2021</Year><Month>02</Month>", Some("2021-02")),
        ("<Year>2021</Year><Season>Spring</Season>", Some("2021")),
        ("<Year>2021</Year><Month>Feb</Month><Day>31</Day>", Some("2021-02")),
        ("<MedlineDate>1998-1999</MedlineDate>", Some("1998")),
        ("<MedlineDate>2020 Dec-2021 Jan</MedlineDate>", Some("2020-12")),
        ("<MedlineDate>Winter 2000</MedlineDate>", Some("2000")),
        ("<MedlineDate>n.d.</MedlineDate>", None),
        ("", None),
    ];
    for (inner, expected) in table {
        assert_eq!(date(inner).as_deref(), expected, "{inner}");
    }
}

#[test]
fn the_rest_of_a_record_is_read_too() {
    let entries = entries();
    let entry = &entries[0];
    assert_eq!(entry.journal.title, "Journal of Made-up Perfusion");
    assert_eq!(entry.journal.abbreviation, "J Made-up Perfus");
    assert_eq!(
        (&*entry.journal.issn, &*entry.journal.volume, &*entry.journal.issue, &*entry.journal.pages),
        ("0267-6591", "36", "5", "101-9")
    );
    assert_eq!(entry.language.as_deref(), Some("eng"));
    assert_eq!(entry.publication_types, ["Journal Article", "Randomized Controlled Trial"]);
    assert_eq!(entry.mesh, ["Extracorporeal Membrane Oxygenation"]);
    assert_eq!(entry.keywords, ["ECMO"]);
    assert_eq!(texts(&entry.trials), ["NCT90000001", "NCT90000002"]);
    assert_eq!(entry.related.len(), 1);
    assert_eq!(entry.related[0].relation, Relation::RetractionIn);
    assert_eq!(entry.related[0].ids.pmid, Some(Pmid(90_000_009)));
    assert_eq!(entry.related[0].ids.doi.as_ref().unwrap().as_str(), "10.9999/retraction.1");
    assert!(entry.complete);
    assert_eq!(entries[1].kind, WorkKind::Preprint);
}

#[test]
fn a_book_chapter_names_its_book_and_not_its_editors() {
    let entry = &entries()[2];
    assert_eq!(entry.kind, WorkKind::Book);
    assert_eq!(
        (entry.title.to_plain().as_str(), entry.journal.title.as_str()),
        ("Rollers", "The Made-up Book of Pumps")
    );
    assert_eq!(entry.authors.iter().map(Author::display).collect::<Vec<_>>(), ["Cy Muster"]);
    assert_eq!(entry.abstract_plain(), "A chapter.");
}

#[test]
fn deleted_records_are_told() {
    assert_eq!(parse(FIXTURE.as_bytes()).unwrap().deleted, [Pmid(90_000_004), Pmid(90_000_005)]);
}

#[test]
fn a_document_cut_anywhere_gives_the_records_before_the_cut_and_says_so() {
    let ends: Vec<usize> = ["</PubmedArticle>", "</PubmedBookArticle>"]
        .iter()
        .flat_map(|end| FIXTURE.match_indices(end).map(|(at, _)| at + end.len()))
        .collect();
    let first = FIXTURE.find("<PubmedArticleSet>").unwrap() + "<PubmedArticleSet>".len();
    for cut in (first..FIXTURE.len() - "</PubmedArticleSet>\n".len()).step_by(7) {
        let parsed = parse(&FIXTURE.as_bytes()[..cut]).unwrap();
        assert_eq!(parsed.entries.len(), ends.iter().filter(|end| **end <= cut).count(), "{cut}");
        assert!(!parsed.problems.is_empty(), "{cut}");
    }
}

#[test]
fn a_broken_record_costs_only_itself() {
    let broken = FIXTURE.replacen("</ArticleTitle>", "</Title>", 1);
    let parsed = parse(broken.as_bytes()).unwrap();
    assert_eq!(parsed.entries.len(), 2);
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(parsed.problems[0].place, "record 1 (PMID 90000001)");
    assert!(parsed.problems[0].what.contains("XML is broken"), "{}", parsed.problems[0].what);
    let unclosed = FIXTURE.replacen("</PubmedArticle>", "", 1);
    let parsed = parse(unclosed.as_bytes()).unwrap();
    assert_eq!((parsed.entries.len(), parsed.problems.len()), (2, 1));
}

#[test]
fn errors_that_come_with_status_200_are_named() {
    let error = |body: &str| parse(body.as_bytes()).unwrap_err().to_string();
    assert!(
        error("<eFetchResult>\n<ERROR>Supplied id parameter is empty.</ERROR>\n</eFetchResult>")
            .contains("Supplied id parameter is empty")
    );
    assert_eq!(
        error("{\"error\":\"API rate limit exceeded\",\"count\":\"11\"}"),
        "JSON instead of records: API rate limit exceeded"
    );
    assert_eq!(
        error("<!DOCTYPE html><html><head><title>Sorry</title></head></html>"),
        "a web page instead of records: Sorry"
    );
    assert!(matches!(parse(b"  \n"), Err(PubmedError::Empty)));
    assert!(matches!(parse(b""), Err(PubmedError::Empty)));
    assert!(matches!(parse(b"hello"), Err(PubmedError::NotXml(_))));
    assert!(
        matches!(parse(b"<eSearchResult><Count>0</Count></eSearchResult>"), Err(PubmedError::NotPubmed { root }) if root == "eSearchResult")
    );
    for empty in ["<PubmedArticleSet></PubmedArticleSet>", "<?xml version=\"1.0\"?><PubmedArticleSet/>"] {
        let parsed = parse(empty.as_bytes()).unwrap();
        assert_eq!((parsed.entries.len(), parsed.problems.len()), (0, 0), "{empty}");
    }
}

#[test]
fn nesting_without_end_is_an_error_and_not_a_stack_overflow() {
    for tag in ["i", "mml:mrow", "X"] {
        let deep = format!(
            "<PubmedArticleSet><PubmedArticle><MedlineCitation><Article><ArticleTitle><mml:math>{}</ArticleTitle>\
             </Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
            format!("<{tag}>").repeat(200_000)
        );
        let parsed = parse(deep.as_bytes()).unwrap();
        assert_eq!((parsed.entries.len(), parsed.problems.len()), (0, 1), "{tag}");
    }
}

/// Once each start tag was followed to the end of the document in search of its end tag.
#[test]
fn records_that_never_end_are_read_in_one_go() {
    let starts = format!("<PubmedArticleSet>{}", "<PubmedArticle>".repeat(200_000));
    let parsed = parse(starts.as_bytes()).unwrap();
    assert_eq!((parsed.entries.len(), parsed.problems.len()), (0, MAX_PROBLEMS));
    assert!(parse("<".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn utf16_records_are_read() {
    let bytes: Vec<u8> = FIXTURE.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(parse(&bytes).unwrap().entries, entries());
}

#[test]
fn a_long_document_is_read_in_small_memory() {
    // 30,000 records that nobody holds: the reader makes them as they are asked for
    struct Endless {
        record: Vec<u8>,
        left: usize,
        at: usize,
    }
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.at == self.record.len() {
                self.left -= 1;
                self.at = 0;
            }
            if self.left == 0 {
                return Ok(0);
            }
            let length = buffer.len().min(self.record.len() - self.at);
            buffer[..length].copy_from_slice(&self.record[self.at..self.at + length]);
            self.at += length;
            Ok(length)
        }
    }
    let start = FIXTURE.find("<PubmedArticle>\n").unwrap();
    let end = FIXTURE.find("</PubmedArticle>").unwrap() + "</PubmedArticle>".len();
    let record = FIXTURE.as_bytes()[start..end].to_vec();
    let mut records = Records::new(std::io::BufReader::new(Endless { record, left: 3_000, at: 0 }));
    let mut count = 0;
    while let Some(record) = records.next() {
        assert!(matches!(record.unwrap(), Record::Entry(_)));
        count += 1;
        assert!(records.buffered() < 3 * 1024 * 1024);
    }
    assert_eq!(count, 3_000);
}

mod mutations {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_flipped_or_cut_document_panics(
            flips in proptest::collection::vec((0..FIXTURE.len(), any::<u8>()), 0..20),
            cut in 0..FIXTURE.len(),
        ) {
            let mut bytes = FIXTURE.as_bytes().to_vec();
            for (at, byte) in flips {
                bytes[at] = byte;
            }
            let _ = parse(&bytes);
            let _ = parse(&bytes[..cut]);
            let _ = parse(&bytes[cut..]);
        }
    }
}
