//! Europe PMC's search (Europe PMC RESTful Web Service reference 6.9): `search?query=…&resultType=core&format=json`.

use serde_json::Value;

use super::json::{date, instant, list, number, text, word, words};
use super::page::{Page, Refusal, parse, refuse};
use super::walk::Place;
use crate::domain::entry::{Author, Entry, Journal, WorkKind};
use crate::domain::identity::{Doi, Identifiers, Pmcid, Pmid};
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::text::fold_plain;
use crate::domain::time::UnixMs;
use crate::intake::clean::{
    blocks, canonical_link, caps, find_ncts, is_preprint_doi, read_issn, read_name, read_names, rich_text,
    sections,
};
use crate::intake::eutils::Window;

/// The address of a page. The window is over `FIRST_IDATE`, the day of first indexing: publication dates move and lie
/// in the future.
pub(super) fn url(base: &str, query: &str, window: Window, result_type: &str, place: &Place) -> String {
    let query = format!("({query}) AND (FIRST_IDATE:[{} TO {}])", window.from_on(), window.to_on());
    let page_size = place.page_size.to_string();
    let parameters = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &query)
        .append_pair("resultType", result_type)
        .append_pair("format", "json")
        .append_pair("pageSize", &page_size)
        .append_pair("cursorMark", place.cursor.as_deref().unwrap_or("*"))
        .finish();
    format!("{base}/search?{parameters}")
}

/// Reads a page of results, core or lite.
pub(super) fn read(body: &[u8], now: UnixMs) -> Result<Page, Refusal> {
    let answer = parse(body)?;
    let Some(Value::Array(rows)) = answer.pointer("/resultList/result") else { return Err(refuse(&answer)) };
    let mut page = Page::collect(rows, |row| (name(row), read_result(row, now)));
    page.total = number(&answer, "/hitCount");
    page.next = text(&answer, "/nextCursorMark");
    Ok(page)
}

/// "MED/34739370": source and number together are unique.
fn name(row: &Value) -> Option<String> {
    Some(format!("{}/{}", text(row, "/source")?, text(row, "/id")?))
}

/// One result → one entry, or why not. A copy of PubMed's record stays a sighting: PubMed's own knows more of it.
pub(super) fn read_result(row: &Value, now: UnixMs) -> Result<Entry, String> {
    let source = word(row, "/source");
    let title = rich_text(&text(row, "/title").unwrap_or_default(), caps::TITLE);
    if title.is_empty() {
        return Err("a result without a title".to_owned());
    }
    let id = word(row, "/id");
    let ids = Identifiers {
        pmid: text(row, "/pmid").and_then(|pmid| Pmid::parse(&pmid)),
        doi: text(row, "/doi").and_then(|doi| Doi::parse(&doi)),
        pmcid: text(row, "/pmcid").and_then(|pmcid| Pmcid::parse(&pmcid)),
        ..Identifiers::default()
    };
    let is_preprint = source == "PPR" || ids.doi.as_ref().is_some_and(is_preprint_doi);
    let abstract_sections = sections(&blocks(&text(row, "/abstractText").unwrap_or_default()));
    let mut publication_types = words(row, "/pubTypeList/pubType", "");
    if publication_types.is_empty() {
        let types = word(row, "/pubType");
        publication_types = types.split(';').map(|word| word.trim().to_owned()).collect();
        publication_types.retain(|word| !word.is_empty());
    }
    let mut trials = find_ncts(&title.to_plain());
    for section in &abstract_sections {
        let found = find_ncts(&section.text.to_plain());
        trials.extend(found.into_iter().filter(|nct| !trials.contains(nct)).collect::<Vec<_>>());
    }
    let link = match (ids.pmid, &ids.doi) {
        (Some(pmid), _) => pmid.url(),
        (None, Some(doi)) => doi.url(),
        (None, None) => format!("https://europepmc.org/article/{source}/{id}"),
    };
    Ok(Entry {
        kind: if is_preprint { WorkKind::Preprint } else { WorkKind::Article },
        complete: ids.pmid.is_none() && row.get("authorList").is_some(),
        ids,
        source_key: name(row).map(|name| fold_plain(&name, caps::KEY)).unwrap_or_default(),
        title,
        link: Some(link),
        abstract_sections,
        authors: read_authors(row),
        journal: read_journal(row),
        published_on: date(row, "/firstPublicationDate")
            .or_else(|| date(row, "/journalInfo/printPublicationDate"))
            .or_else(|| date(row, "/pubYear")),
        shown_at: instant(row, "/firstIndexDate", now),
        language: text(row, "/language").filter(|language| language.len() <= 3),
        publication_types,
        mesh: words(row, "/meshHeadingList/meshHeading", "/descriptorName"),
        keywords: words(row, "/keywordList/keyword", ""),
        trials,
        free_full_text: read_free_full_text(row),
        related: list(row, "/commentCorrectionList/commentCorrection")
            .iter()
            .filter_map(read_related)
            .collect(),
        ..Entry::default()
    })
}

/// The address of the whole text where it is "Open access" (`OA`) or "Free" (`F`); pages before files.
fn read_free_full_text(row: &Value) -> Option<String> {
    let is_free = |url: &&Value| matches!(word(url, "/availabilityCode").as_str(), "OA" | "F");
    let urls = || list(row, "/fullTextUrlList/fullTextUrl").iter().filter(is_free);
    let page = urls().find(|url| word(url, "/documentStyle") != "pdf");
    let link = page.or_else(|| urls().next()).and_then(|url| canonical_link(&text(url, "/url")?, None));
    // open access without an address: Europe PMC itself shows it
    let number = text(row, "/pmcid").and_then(|pmcid| Pmcid::parse(&pmcid));
    let shown_here = number.filter(|_| word(row, "/isOpenAccess") == "Y");
    link.or_else(|| shown_here.map(|pmcid| format!("https://europepmc.org/articles/{pmcid}")))
}

fn read_authors(row: &Value) -> Vec<Author> {
    let listed: Vec<Author> = list(row, "/authorList/author").iter().filter_map(read_author).collect();
    if !listed.is_empty() {
        return listed.into_iter().take(caps::AUTHORS).collect();
    }
    read_names(text(row, "/authorString").unwrap_or_default().trim_end_matches('.'))
}

fn read_author(author: &Value) -> Option<Author> {
    let part = |pointer: &str| {
        let part = text(author, pointer).map(|part| rich_text(&part, caps::AUTHOR).to_plain());
        part.filter(|part| !part.is_empty())
    };
    if let Some(collective) = part("/collectiveName") {
        return Some(Author::Collective { collective });
    }
    match part("/lastName") {
        Some(family) => {
            let given = part("/firstName").or_else(|| part("/initials")).unwrap_or_default();
            Some(Author::Person { family, given })
        }
        None => read_name(&part("/fullName")?),
    }
}

/// The journal; of a preprint the server, which stands where a book has its publisher.
fn read_journal(row: &Value) -> Journal {
    let either = |first: &str, second: &str| {
        let word_first = word(row, first);
        if word_first.is_empty() { word(row, second) } else { word_first }
    };
    let issns = ["/journalInfo/journal/issn", "/journalInfo/journal/essn", "/journalIssn"]
        .map(|place| word(row, place));
    let issn = issns.iter().flat_map(|issns| issns.split(';')).find_map(read_issn).unwrap_or_default();
    let mut title = either("/journalInfo/journal/title", "/journalTitle");
    if title.is_empty() {
        title = word(row, "/bookOrReportDetails/publisher");
    }
    Journal {
        title,
        abbreviation: either(
            "/journalInfo/journal/isoabbreviation",
            "/journalInfo/journal/medlineAbbreviation",
        ),
        issn,
        volume: either("/journalInfo/volume", "/journalVolume"),
        issue: either("/journalInfo/issue", "/issue"),
        pages: word(row, "/pageInfo"),
    }
}

/// "Retraction in" and such are PubMed's words with spaces; "Preprint of" is Europe PMC's own.
fn read_related(row: &Value) -> Option<RelatedWork> {
    let wording = word(row, "/type");
    let relation = match wording.to_lowercase().as_str() {
        "preprint of" => Relation::UpdateIn,
        "preprint in" => Relation::UpdateOf,
        _ => {
            let words = wording.split_whitespace().map(|word| {
                let (head, tail) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
                let is_small = matches!(word, "and");
                if is_small { word.to_owned() } else { head.to_uppercase() + &tail.to_lowercase() }
            });
            Relation::from_ref_type(&words.collect::<String>())?
        }
    };
    let number = text(row, "/id");
    let pmid = number.filter(|_| word(row, "/source") == "MED").and_then(|id| Pmid::parse(&id));
    let ids = Identifiers { pmid, ..Identifiers::default() };
    Some(RelatedWork { citation: word(row, "/reference"), ..RelatedWork::new(relation, ids) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/intake/europepmc.json");
    const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

    #[test]
    fn a_core_result_becomes_an_entry_with_all_that_it_says() {
        let page = read(FIXTURE, NOW).unwrap();
        assert_eq!((page.total, page.keys.len(), page.entries.len()), (Some(4), 4, 3));
        let entry = &page.entries[0];
        assert_eq!(entry.ids.pmid, Some(Pmid(40_000_011)));
        assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.9999/epmc.1");
        assert_eq!(entry.ids.pmcid.as_ref().unwrap().as_str(), "PMC9000011");
        assert_eq!(entry.title.as_html(), "Lactate &lt;2 mmol/L after <i>E. coli</i> sepsis: NCT09999991.");
        let labels: Vec<_> = entry.abstract_sections.iter().map(|section| section.label.as_deref()).collect();
        assert_eq!(labels, [Some("Background"), Some("Results"), Some("Conclusions")]);
        assert!(
            entry.abstract_sections[1]
                .text
                .as_html()
                .ends_with("42 (35%) survived; platelets 150 x 10<sup>9</sup>/L.")
        );
        let collective = Author::Collective { collective: "The Made-up Study Group".into() };
        assert_eq!(
            entry.authors,
            [Author::Person { family: "Fixture".into(), given: "First".into() }, collective]
        );
        let journal = &entry.journal;
        assert_eq!((journal.title.as_str(), journal.issn.as_str()), ("Perfusion", "0267-6591"));
        assert_eq!(
            (journal.volume.as_str(), journal.issue.as_str(), journal.pages.as_str()),
            ("41", "8", "101-9")
        );
        assert_eq!(entry.published_on.as_ref().unwrap().as_str(), "2026-10-30");
        assert_eq!(entry.keywords, ["ECPR", "Lactate"]);
        assert_eq!(entry.mesh, ["Extracorporeal Membrane Oxygenation", "Humans"]);
        assert_eq!(entry.trials.len(), 1);
        let relations: Vec<_> =
            entry.related.iter().map(|related| (related.relation, related.ids.pmid)).collect();
        assert_eq!(relations, [(Relation::RetractionIn, Some(Pmid(40_000_099))), (Relation::UpdateOf, None)]);
        assert!(!entry.complete, "PubMed's own record knows more");
        assert_eq!(entry.free_full_text.as_deref(), Some("https://europepmc.org/articles/PMC9000011"));
    }

    #[test]
    fn only_what_is_free_to_read_is_called_so() {
        let free = |urls: &str, open: &str| {
            let row = format!(
                r#"{{"pmcid":"PMC9000011","isOpenAccess":"{open}","fullTextUrlList":{{"fullTextUrl":[{urls}]}}}}"#
            );
            read_free_full_text(&serde_json::from_str(&row).unwrap())
        };
        let url = |code: &str, style: &str, url: &str| {
            format!(r#"{{"availabilityCode":"{code}","documentStyle":"{style}","url":"{url}"}}"#)
        };
        let paid = url("S", "doi", "https://doi.org/10.9999/x");
        let file = url("OA", "pdf", "https://x.example/full.pdf");
        let page = url("F", "html", "https://x.example/full");
        assert_eq!(free(&paid, "N"), None);
        assert_eq!(free(&format!("{paid},{file}"), "Y").as_deref(), Some("https://x.example/full.pdf"));
        assert_eq!(free(&format!("{file},{page}"), "Y").as_deref(), Some("https://x.example/full"));
        assert_eq!(free(&url("F", "html", "javascript:alert(1)"), "N"), None);
        assert_eq!(free(&paid, "Y").as_deref(), Some("https://europepmc.org/articles/PMC9000011"));
    }

    #[test]
    fn a_preprint_is_one_and_nothing_is_shown_in_the_future() {
        let page = read(FIXTURE, NOW).unwrap();
        let entry = &page.entries[1];
        assert_eq!((entry.kind, entry.journal.title.as_str()), (WorkKind::Preprint, "medRxiv"));
        assert_eq!(entry.shown_at, Some(NOW));
        assert_eq!(entry.related[0].relation, Relation::UpdateIn);
        assert!(entry.complete);
        assert_eq!(page.entries[2].link.as_deref(), Some("https://europepmc.org/article/ETH/7"));
    }

    #[test]
    fn a_bad_result_is_named_and_loses_no_other() {
        let page = read(FIXTURE, NOW).unwrap();
        assert_eq!(page.problems[0].place, "record 4 (MED/40000013)");
        assert_eq!(page.problems[0].what, "a result without a title");
    }

    #[test]
    fn errors_with_status_200_are_refusals_in_the_words_of_the_service() {
        let said = |body: &str| read(body.as_bytes(), NOW).unwrap_err();
        assert_eq!(
            said(r#"{"version":"6.9","errCode":404,"errMsg":"Invalid cursorMark"}"#),
            Refusal::Said("Invalid cursorMark".into())
        );
        assert_eq!(said("<html>"), Refusal::Unreadable("a web page or XML in place of JSON".into()));
        assert_eq!(said(""), Refusal::Unreadable("an empty answer".into()));
        assert_eq!(said("{}"), Refusal::Unreadable("JSON without a list of records".into()));
    }

    #[test]
    fn the_address_asks_for_the_days_and_escapes_the_query() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let window = Window::between(day("2026-11-01"), day("2026-11-23"));
        let place = Place { cursor: Some("Ao+/=".into()), received: 0, page_size: 25 };
        assert_eq!(
            url("https://x.example", "ECMO & \"VA\"", window, "core", &place),
            "https://x.example/search?query=%28ECMO+%26+%22VA%22%29+AND+%28FIRST_IDATE%3A%5B2026-11-01+TO+2026-11-23%5D%29\
             &resultType=core&format=json&pageSize=25&cursorMark=Ao%2B%2F%3D"
        );
    }

    #[test]
    fn a_recorded_answer_is_read() {
        let Some(folder) = std::env::var_os("PERFUSE_CORPUS") else {
            eprintln!("skipped: a_recorded_answer_is_read (PERFUSE_CORPUS is not set)");
            return;
        };
        let path = std::path::Path::new(&folder).join("apis/europepmc/biomcp_search_pmid_22663011.json");
        let page = read(&std::fs::read(path).unwrap(), NOW).unwrap();
        assert_eq!((page.total, page.problems.len()), (Some(1), 0));
        let entry = &page.entries[0];
        assert_eq!((entry.ids.pmid, entry.authors.len()), (Some(Pmid(22_663_011)), 26));
        assert_eq!(entry.authors.last().unwrap().display(), "METRIC Study Group");
        assert_eq!((entry.journal.issn.as_str(), entry.publication_types.len()), ("0028-4793", 6));
    }
}
