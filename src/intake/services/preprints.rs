//! medRxiv's and bioRxiv's API (api.medrxiv.org): `details/<server>/<from>/<to>/<cursor>`. It has no search, so the
//! records of the days are read and those kept that a query of words finds.

use serde_json::Value;

use super::json::{date, instant, number, text, word};
use super::page::{Page, Refusal, parse};
use super::run_on::split_run_on;
use super::walk::Place;
use crate::domain::entry::{Entry, Journal, WorkKind};
use crate::domain::identity::{Doi, Identifiers};
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::source::PreprintServer;
use crate::domain::text::fold_plain;
use crate::domain::time::UnixMs;
use crate::domain::watch::Posting;
use crate::domain::words::WordQuery;
use crate::intake::clean::{caps, find_ncts, read_name, rich_text, sections};
use crate::intake::eutils::Window;

/// The address of a page. Page sizes differ by endpoint and time: the next page begins after what was received.
pub(super) fn url(base: &str, server: PreprintServer, window: Window, place: &Place) -> String {
    let (from, to, received) = (window.from_on(), window.to_on(), place.received);
    format!("{base}/details/{}/{from}/{to}/{received}/json", server.as_str())
}

/// The address of all versions of one preprint.
pub(super) fn versions_url(base: &str, server: PreprintServer, doi: &Doi) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');
    let escaped = percent_encoding::utf8_percent_encode(doi.as_str(), KEPT);
    format!("{base}/details/{}/{escaped}/na/json", server.as_str())
}

/// Reads all versions of a preprint; none, if the server does not have it.
pub(super) fn read_versions(body: &[u8]) -> Result<Vec<Posting>, Refusal> {
    let answer = parse(body)?;
    let status = text(&answer, "/messages/0/status").unwrap_or_default();
    let rows = match answer.get("collection") {
        Some(Value::Array(rows)) if !rows.is_empty() || status == "ok" => rows.as_slice(),
        _ if status.starts_with("no posts found") => &[],
        _ if status.is_empty() => return Err(super::page::refuse(&answer)),
        _ => return Err(Refusal::Said(fold_plain(&status, 300))),
    };
    // a version that cannot be read may be the one that withdraws it: half an answer is none
    let unreadable = || Refusal::Unreadable("a version without its DOI or number".to_owned());
    rows.iter().map(|row| read_version(row).ok_or_else(unreadable)).collect()
}

fn read_version(row: &Value) -> Option<Posting> {
    let doi = Doi::parse(&text(row, "/doi")?)?;
    let abstract_sections = sections(&split_run_on(&text(row, "/abstract").unwrap_or_default()));
    Some(Posting {
        doi,
        version: u32::try_from(number(row, "/version")?).ok()?,
        posted_on: date(row, "/date"),
        title: rich_text(&text(row, "/title").unwrap_or_default(), caps::TITLE).to_plain(),
        abstract_text: crate::domain::entry::abstract_plain(&abstract_sections),
        kind: word(row, "/type"),
        paper: text(row, "/published").and_then(|published| Doi::parse(&published)),
    })
}

/// Reads a page of postings and keeps what `query` finds.
pub(super) fn read(
    body: &[u8],
    server: PreprintServer,
    query: &WordQuery,
    now: UnixMs,
) -> Result<Page, Refusal> {
    let answer = parse(body)?;
    let status = text(&answer, "/messages/0/status").unwrap_or_default();
    let rows = match answer.get("collection") {
        Some(Value::Array(rows)) if !rows.is_empty() || status == "ok" => rows.as_slice(),
        _ if status.starts_with("no posts found") => &[],
        _ if status.is_empty() => return Err(super::page::refuse(&answer)),
        _ => return Err(Refusal::Said(fold_plain(&status, 300))),
    };
    // each version of a preprint is a posting of its own
    let name = |row: &Value| Some(format!("{} v{}", text(row, "/doi")?, word(row, "/version")));
    let mut page = Page::collect(rows, |row| (name(row), read_posting(row, server, now)));
    page.entries.retain(|entry| {
        let words = format!("{}\n{}", entry.title.to_plain(), entry.abstract_plain());
        query.matches(&words)
    });
    page.total = number(&answer, "/messages/0/total").or(rows.is_empty().then_some(0));
    Ok(page)
}

/// One posting → one entry, or why not.
fn read_posting(row: &Value, server: PreprintServer, now: UnixMs) -> Result<Entry, String> {
    let number = text(row, "/doi").unwrap_or_default();
    let doi = Doi::parse(&number).ok_or_else(|| format!("no DOI: {:?}", fold_plain(&number, 80)))?;
    let title = rich_text(&text(row, "/title").unwrap_or_default(), caps::TITLE);
    if title.is_empty() {
        return Err("a posting without a title".to_owned());
    }
    let abstract_sections = sections(&split_run_on(&text(row, "/abstract").unwrap_or_default()));
    let plain = crate::domain::entry::abstract_plain(&abstract_sections);
    let authors = text(row, "/authors").unwrap_or_default();
    let category = word(row, "/category");
    // the paper that it became; "NA" is no DOI
    let paper = text(row, "/published").and_then(|published| Doi::parse(&published));
    let related = paper.map(|doi| {
        RelatedWork::new(Relation::UpdateIn, Identifiers { doi: Some(doi), ..Identifiers::default() })
    });
    Ok(Entry {
        kind: WorkKind::Preprint,
        source_key: doi.as_str().to_owned(),
        link: Some(doi.url()),
        free_full_text: Some(doi.url()),
        ids: Identifiers { doi: Some(doi), ..Identifiers::default() },
        title,
        trials: find_ncts(&plain),
        abstract_sections,
        authors: authors.split(';').filter_map(read_name).take(caps::AUTHORS).collect(),
        journal: Journal { title: server.title().to_owned(), ..Journal::default() },
        published_on: date(row, "/date"),
        shown_at: instant(row, "/date", now),
        publication_types: vec!["Preprint".to_owned()],
        keywords: (!category.is_empty()).then_some(category).into_iter().collect(),
        related: related.into_iter().collect(),
        complete: true,
        ..Entry::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/intake/preprints.json");
    const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

    fn read_with(query: &str, body: &[u8]) -> Result<Page, Refusal> {
        read(body, PreprintServer::Medrxiv, &WordQuery::parse(query).unwrap(), NOW)
    }

    #[test]
    fn only_what_the_query_finds_is_kept_but_everything_is_counted() {
        let page = read_with("ECMO NOT mice", FIXTURE).unwrap();
        assert_eq!((page.total, page.keys.len(), page.entries.len()), (Some(103), 4, 1));
        let entry = &page.entries[0];
        assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.64898/2026.11.01.26300001");
        assert_eq!((entry.kind, entry.journal.title.as_str()), (WorkKind::Preprint, "medRxiv"));
        let names: Vec<String> = entry.authors.iter().map(|author| author.display()).collect();
        assert_eq!(names, ["F. Fixture", "S. O. Sample"]);
        let labels: Vec<_> = entry.abstract_sections.iter().map(|section| section.label.as_deref()).collect();
        assert_eq!(labels, [Some("Background"), Some("Results")]);
        assert_eq!(entry.related[0].ids.doi.as_ref().unwrap().as_str(), "10.9999/paper.1");
        assert_eq!(entry.keywords, ["cardiovascular medicine"]);
        assert_eq!(page.problems[0].what, "no DOI: \"\"");
    }

    #[test]
    fn a_day_without_postings_is_no_error_and_another_status_is_one() {
        let nothing = br#"{"messages":[{"status":"no posts found"}],"collection":[]}"#;
        let page = read_with("ECMO", nothing).unwrap();
        assert_eq!((page.total, page.keys.len()), (Some(0), 0));
        let said = |body: &[u8]| read_with("ECMO", body).unwrap_err();
        assert_eq!(
            said(br#"{"messages":[{"status":"Error: bad interval"}],"collection":[]}"#),
            Refusal::Said("Error: bad interval".into())
        );
        assert_eq!(said(b"{}"), Refusal::Unreadable("JSON without a list of records".into()));
    }

    #[test]
    fn all_versions_of_a_preprint_are_read_with_its_paper() {
        let doi = Doi::parse("10.1101/2026.11.01.26300001").unwrap();
        assert_eq!(
            versions_url("https://x.example", PreprintServer::Medrxiv, &doi),
            "https://x.example/details/medrxiv/10.1101/2026.11.01.26300001/na/json"
        );
        let body = br#"{"messages":[{"status":"ok"}],"collection":[
            {"doi":"10.1101/2026.11.01.26300001","version":"1","date":"2026-11-02","title":"Made up","type":"PUBLISHAHEADOFPRINT","published":"NA","abstract":"Of 10, 2."},
            {"doi":"10.1101/2026.11.01.26300001","version":"2","date":"2026-11-09","title":"Made up","type":"PUBLISHAHEADOFPRINT","published":"10.9999/paper.1","abstract":"Of 10, 3."}]}"#;
        let versions = read_versions(body).unwrap();
        assert_eq!(versions.iter().map(|posting| posting.version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(versions[0].paper, None);
        assert_eq!(versions[1].paper, Doi::parse("10.9999/paper.1"));
        let nothing = br#"{"messages":[{"status":"no posts found"}],"collection":[]}"#;
        assert!(read_versions(nothing).unwrap().is_empty());
        assert!(read_versions(b"<html>").is_err() && read_versions(b"{}").is_err());
        let half = br#"{"messages":[{"status":"ok"}],"collection":[
            {"doi":"10.1101/2026.11.01.26300001","version":"1","title":"Made up"}, {"version":"2"}]}"#;
        assert!(read_versions(half).is_err(), "the version that withdraws it may be the unreadable one");
    }

    #[test]
    fn a_recorded_posting_is_read_in_sections() {
        let Some(folder) = std::env::var_os("PERFUSE_CORPUS") else {
            eprintln!("skipped: a_recorded_posting_is_read_in_sections (PERFUSE_CORPUS is not set)");
            return;
        };
        let path = std::path::Path::new(&folder).join("apis/medrxiv/details_2026-09-15_one_record.json");
        let page = read_with("shunt AND \"shear rate\"", &std::fs::read(path).unwrap()).unwrap();
        assert_eq!((page.total, page.entries.len(), page.problems.len()), (Some(72), 1, 0));
        let entry = &page.entries[0];
        let labels: Vec<_> =
            entry.abstract_sections.iter().filter_map(|section| section.label.as_deref()).collect();
        assert_eq!(labels[..5], ["Background", "Objectives", "Methods", "Results", "Conclusions"]);
        let text = entry.abstract_plain();
        assert!(text.contains("p < 0.001") && text.contains("Background: The modified"), "{text}");
        assert!(!text.contains("O_LI") && !text.contains("C_ST_ABS"), "{text}");
        assert_eq!(entry.authors.len(), 11);
    }
}
