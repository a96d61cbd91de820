//! Crossref's REST API: the works of journals by ISSN, and one work by its DOI.

use serde_json::Value;

use super::jats::{read_abstract, read_title};
use super::json::{as_text, instant, list, number, text, word, words};
use super::page::{Page, Refusal, parse, refuse};
use super::walk::Place;
use crate::domain::entry::{Author, Entry, Journal, WorkKind};
use crate::domain::identity::{Doi, Identifiers, Nct, Pii};
use crate::domain::notice::NoticeSource;
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::text::fold_plain;
use crate::domain::time::{PartialDate, UnixMs};
use crate::intake::clean::{caps, find_ncts, read_issn, read_name, unescape};
use crate::intake::eutils::Window;

/// The address of a page: what was registered since the first day. By `from-created-date`, because index dates move
/// whenever a citation is counted, and old papers would come as new.
pub(super) fn url(
    base: &str,
    contact: Option<&str>,
    issns: &[String],
    window: Window,
    place: &Place,
) -> String {
    let mut filters: Vec<String> = issns.iter().map(|issn| format!("issn:{issn}")).collect();
    filters.push(format!("from-created-date:{}", window.from_on()));
    filters.push(format!("until-created-date:{}", window.to_on()));
    filters.extend(["type:journal-article", "type:posted-content"].map(str::to_owned));
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters
        .append_pair("filter", &filters.join(","))
        .append_pair("rows", &place.page_size.to_string())
        .append_pair("cursor", place.cursor.as_deref().unwrap_or("*"));
    if let Some(contact) = contact {
        parameters.append_pair("mailto", contact);
    }
    format!("{base}/works?{}", parameters.finish())
}

/// The address of one work.
pub(super) fn work_url(base: &str, contact: Option<&str>, doi: &Doi) -> String {
    let escaped = percent_encoding::utf8_percent_encode(doi.as_str(), percent_encoding::NON_ALPHANUMERIC);
    let mailto = contact.map(|contact| {
        let mut parameters = url::form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        parameters.append_pair("mailto", contact).finish()
    });
    format!("{base}/works/{escaped}{}", mailto.unwrap_or_default())
}

/// The address of several works at once.
pub(super) fn works_url(base: &str, contact: Option<&str>, dois: &[Doi]) -> String {
    let filters: Vec<String> = dois.iter().map(|doi| format!("doi:{doi}")).collect();
    let mut parameters = url::form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("filter", &filters.join(",")).append_pair("rows", &dois.len().to_string());
    if let Some(contact) = contact {
        parameters.append_pair("mailto", contact);
    }
    format!("{base}/works?{}", parameters.finish())
}

/// Reads what is registered of works: number, title and links. What cannot be read of a work is left out.
pub(super) fn read_registered(body: &[u8]) -> Result<Vec<Entry>, Refusal> {
    let answer = parse(body)?;
    let message = answer.get("message").filter(|_| word(&answer, "/status") == "ok");
    let Some(message) = message else { return Err(refuse(&answer)) };
    let rows = match message.get("items") {
        Some(Value::Array(rows)) => rows.as_slice(),
        _ if message.get("DOI").is_some() => std::slice::from_ref(message),
        _ => return Err(refuse(&answer)),
    };
    let registered = rows.iter().filter_map(|row| {
        let doi = Doi::parse(&text(row, "/DOI")?)?;
        let is_preprint = word(row, "/type") == "posted-content";
        Some(Entry {
            kind: if is_preprint { WorkKind::Preprint } else { WorkKind::Article },
            ids: Identifiers { doi: Some(doi), ..Identifiers::default() },
            title: first(row, "/title").map(|title| read_title(&title)).unwrap_or_default(),
            journal: Journal {
                title: first(row, "/container-title").unwrap_or_default(),
                ..Journal::default()
            },
            related: read_related(row),
            ..Entry::default()
        })
    });
    Ok(registered.collect())
}

/// Reads a list of works, or a single one.
pub(super) fn read(body: &[u8], now: UnixMs) -> Result<Page, Refusal> {
    let answer = parse(body)?;
    let message = answer.get("message").filter(|_| word(&answer, "/status") == "ok");
    let Some(message) = message else { return Err(refuse(&answer)) };
    let rows = match message.get("items") {
        Some(Value::Array(rows)) => rows.as_slice(),
        _ if message.get("DOI").is_some() => std::slice::from_ref(message),
        _ => return Err(refuse(&answer)),
    };
    let mut page = Page::collect(rows, |row| (text(row, "/DOI"), read_work(row, now)));
    page.total = number(message, "/total-results");
    page.next = text(message, "/next-cursor");
    Ok(page)
}

/// One work → one entry, or why not. It stays a sighting: PubMed's record knows more of a paper.
pub(super) fn read_work(row: &Value, now: UnixMs) -> Result<Entry, String> {
    let name = text(row, "/DOI").unwrap_or_default();
    let doi = Doi::parse(&name).ok_or_else(|| format!("no DOI: {:?}", fold_plain(&name, 80)))?;
    let title = first(row, "/title").map(|title| read_title(&title)).unwrap_or_default();
    if title.is_empty() {
        return Err("a work without a title".to_owned());
    }
    let registered = word(row, "/type");
    let kind = match registered.as_str() {
        "posted-content" => WorkKind::Preprint,
        "book" | "book-chapter" | "monograph" | "edited-book" | "reference-entry" => WorkKind::Book,
        "component" | "journal" | "journal-issue" | "journal-volume" | "grant" | "peer-review" => {
            return Err(format!("a {registered} is no work to report"));
        }
        _ => WorkKind::Article,
    };
    let abstract_sections = read_abstract(&text(row, "/abstract").unwrap_or_default());
    let mut trials: Vec<Nct> = list(row, "/clinical-trial-number")
        .iter()
        .filter_map(|trial| Nct::parse(&text(trial, "/clinical-trial-number")?))
        .collect();
    for nct in find_ncts(&crate::domain::entry::abstract_plain(&abstract_sections)) {
        if !trials.contains(&nct) {
            trials.push(nct);
        }
    }
    let issn = list(row, "/ISSN").iter().filter_map(as_text).find_map(|issn| read_issn(&issn));
    let pages = word(row, "/page");
    let free_full_text = is_free(row, now).then(|| doi.url());
    let numbered = list(row, "/alternative-id").iter().filter_map(as_text).find_map(|id| Pii::parse(&id));
    Ok(Entry {
        kind,
        source_key: doi.as_str().to_owned(),
        link: Some(doi.url()),
        ids: Identifiers { doi: Some(doi), pii: numbered, ..Identifiers::default() },
        title,
        abstract_sections,
        authors: list(row, "/author").iter().filter_map(read_author).take(caps::AUTHORS).collect(),
        journal: Journal {
            // of a preprint, the server
            title: first(row, "/container-title")
                .or_else(|| text(row, "/institution/0/name"))
                .unwrap_or_default(),
            abbreviation: first(row, "/short-container-title").unwrap_or_default(),
            issn: issn.unwrap_or_default(),
            volume: word(row, "/volume"),
            issue: word(row, "/issue"),
            pages: if pages.is_empty() { word(row, "/article-number") } else { pages },
        },
        published_on: appeared(row),
        shown_at: instant(row, "/created/date-time", now),
        language: text(row, "/language").filter(|language| language.len() <= 3),
        publication_types: (kind == WorkKind::Preprint).then(|| "Preprint".to_owned()).into_iter().collect(),
        keywords: words(row, "/subject", ""),
        trials,
        free_full_text,
        related: read_related(row),
        ..Entry::default()
    })
}

/// Whether a licence of Creative Commons has begun. The addresses under `link` are made for machines; readers follow the
/// DOI.
fn is_free(row: &Value, now: UnixMs) -> bool {
    list(row, "/license").iter().any(|license| {
        let begun = instant(license, "/start/date-time", UnixMs(i64::MAX)).is_none_or(|at| at <= now);
        begun && word(license, "/URL").contains("://creativecommons.org/")
    })
}

/// The first text of a list, on one line and without markup.
fn first(row: &Value, pointer: &str) -> Option<String> {
    let first = list(row, pointer).iter().find_map(as_text)?;
    Some(if pointer == "/title" { first } else { fold_plain(&unescape(&first), caps::WORD) })
}

fn read_author(author: &Value) -> Option<Author> {
    let part = |pointer: &str| text(author, pointer).map(|part| fold_plain(&part, caps::AUTHOR));
    match (part("/family"), part("/given"), part("/name")) {
        (Some(family), given, _) => Some(Author::Person { family, given: given.unwrap_or_default() }),
        (None, _, Some(collective)) => Some(Author::Collective { collective }),
        (None, Some(given), None) => read_name(&given),
        (None, None, None) => None,
    }
}

/// When the work appeared: online or in print, whichever is earlier, as precisely as it is said.
fn appeared(row: &Value) -> Option<PartialDate> {
    let dates = ["/published-online", "/published-print", "/posted", "/issued", "/published"];
    dates.iter().filter_map(|pointer| read_parts(row, pointer)).min_by_key(|on| {
        // "2026" is no earlier than "2026-03": it says less
        (on.year(), on.month().unwrap_or(13), on.day().unwrap_or(32))
    })
}

/// `{"date-parts": [[2026, 11, 2]]}`; `[[null]]` is no date.
fn read_parts(row: &Value, pointer: &str) -> Option<PartialDate> {
    let parts = row.pointer(pointer)?.pointer("/date-parts/0")?.as_array()?;
    let part =
        |index: usize| parts.get(index).and_then(Value::as_u64).and_then(|part| u32::try_from(part).ok());
    let year = i32::try_from(part(0)?).ok()?;
    PartialDate::new(year, part(1), part(2))
        .or_else(|| PartialDate::new(year, part(1), None))
        .or_else(|| PartialDate::new(year, None, None))
}

/// Notices say what they change (`update-to`), works what changes them (`updated-by`), preprints and papers each other.
fn read_related(row: &Value) -> Vec<RelatedWork> {
    let updates = list(row, "/update-to").iter().map(|update| (update, false));
    let updated = list(row, "/updated-by").iter().map(|update| (update, true));
    let updates = updates.chain(updated).filter_map(|(update, is_updated)| {
        let relation = match (word(update, "/type").to_lowercase().as_str(), is_updated) {
            ("retraction", false) => Relation::RetractionOf,
            ("retraction", true) => Relation::RetractionIn,
            ("partial_retraction", false) => Relation::PartialRetractionOf,
            ("partial_retraction", true) => Relation::PartialRetractionIn,
            ("removal", false) => Relation::RemovalOf,
            ("removal", true) => Relation::RemovalIn,
            ("withdrawal", false) => Relation::WithdrawalOf,
            ("withdrawal", true) => Relation::WithdrawalIn,
            ("expression_of_concern", false) => Relation::ExpressionOfConcernFor,
            ("expression_of_concern", true) => Relation::ExpressionOfConcernIn,
            ("correction" | "erratum" | "corrigendum" | "addendum" | "clarification", false) => {
                Relation::ErratumFor
            }
            ("correction" | "erratum" | "corrigendum" | "addendum" | "clarification", true) => {
                Relation::ErratumIn
            }
            ("new_version" | "new_edition", false) => Relation::NewVersionOf,
            ("new_version" | "new_edition", true) => Relation::NewVersionIn,
            ("", _) => return None,
            (_, false) => Relation::OtherUpdateOf,
            (_, true) => Relation::OtherUpdateIn,
        };
        let said_by = match word(update, "/source").as_str() {
            "publisher" => Some(NoticeSource::CrossrefPublisher),
            "retraction-watch" => Some(NoticeSource::RetractionWatch),
            _ => None,
        };
        let mut work = related(relation, update, "/DOI")?;
        if matches!(relation, Relation::OtherUpdateIn | Relation::OtherUpdateOf) {
            work.citation =
                format!("{} (Crossref: {})", work.citation, word(update, "/type")).trim().to_owned();
        }
        Some(RelatedWork { noticed_on: read_parts(update, "/updated"), said_by, ..work })
    });
    let relations =
        [("/relation/is-preprint-of", Relation::UpdateIn), ("/relation/has-preprint", Relation::UpdateOf)];
    let relations = relations.into_iter().flat_map(|(pointer, relation)| {
        list(row, pointer).iter().filter_map(move |other| related(relation, other, "/id"))
    });
    updates.chain(relations).collect()
}

fn related(relation: Relation, other: &Value, pointer: &str) -> Option<RelatedWork> {
    let doi = Doi::parse(&text(other, pointer)?)?;
    let work = RelatedWork::new(relation, Identifiers { doi: Some(doi), ..Identifiers::default() });
    Some(RelatedWork { citation: word(other, "/label"), ..work })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/intake/crossref.json");
    const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

    #[test]
    fn works_of_a_journal_become_entries() {
        let page = read(FIXTURE, NOW).unwrap();
        assert_eq!((page.total, page.next.as_deref(), page.keys.len()), (Some(4), Some("DnF1ZXJ5=="), 4));
        let entry = &page.entries[0];
        assert_eq!(entry.title.as_html(), "<i>E. coli</i> after ECMO at &lt;40 mmHg");
        assert_eq!(entry.published_on.as_ref().unwrap().as_str(), "2026-10-30");
        let labels: Vec<_> = entry.abstract_sections.iter().map(|section| section.label.as_deref()).collect();
        assert_eq!(labels, [Some("Background"), Some("Results")]);
        let names: Vec<String> = entry.authors.iter().map(Author::display).collect();
        assert_eq!(names, ["First Fixture", "The Made-up Study Group"]);
        assert_eq!(
            (entry.journal.title.as_str(), entry.journal.issn.as_str(), entry.journal.pages.as_str()),
            ("Heart & Lung", "1477-111X", "e101")
        );
        assert_eq!(entry.trials[0].as_str(), "NCT99999901");
        assert!(!entry.complete);
    }

    #[test]
    fn a_work_is_free_to_read_under_a_public_licence_that_has_begun() {
        let free = |start: &str, url: &str| {
            let row = format!(r#"{{"license":[{{"start":{{"date-time":"{start}"}},"URL":"{url}"}}]}}"#);
            is_free(&serde_json::from_str(&row).unwrap(), NOW)
        };
        assert!(free("2026-11-01T00:00:00Z", "http://creativecommons.org/licenses/by/4.0/"));
        assert!(!free("2027-05-01T00:00:00Z", "http://creativecommons.org/licenses/by/4.0/"), "embargoed");
        assert!(!free("2026-11-01T00:00:00Z", "https://www.elsevier.com/tdm/userlicense/1.0/"));
        assert!(!is_free(&serde_json::json!({}), NOW));
    }

    #[test]
    fn notices_name_what_they_change_and_preprints_their_papers() {
        let page = read(FIXTURE, NOW).unwrap();
        let related = |index: usize| {
            let related = &page.entries[index].related[0];
            (related.relation, related.ids.doi.as_ref().unwrap().as_str().to_owned())
        };
        assert_eq!(related(0), (Relation::RetractionIn, "10.9999/notice.1".to_owned()));
        assert_eq!(related(1), (Relation::RetractionOf, "10.9999/cr.1".to_owned()));
        assert_eq!(related(2), (Relation::UpdateIn, "10.9999/paper.1".to_owned()));
        assert_eq!(page.entries[2].kind, WorkKind::Preprint);
        assert_eq!(page.entries[2].published_on.as_ref().unwrap().as_str(), "2026");
        assert_eq!(page.problems[0].what, "a journal-issue is no work to report");
    }

    #[test]
    fn an_update_of_an_unknown_sort_is_kept_and_named() {
        let row = serde_json::json!({"updated-by": [
            {"DOI": "10.9999/a", "type": "reinstatement", "label": "Reinstatement", "source": "retraction-watch"},
            {"DOI": "10.9999/b", "type": "retraction_of_a_reply", "source": "publisher"},
            {"DOI": "10.9999/c"},
        ]});
        let related = read_related(&row);
        let said: Vec<_> = related.iter().map(|work| (work.relation, work.citation.as_str())).collect();
        assert_eq!(
            said,
            [
                (Relation::OtherUpdateIn, "Reinstatement (Crossref: reinstatement)"),
                (Relation::OtherUpdateIn, "(Crossref: retraction_of_a_reply)"),
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_refused_in_the_services_words() {
        let said = |body: &str| read(body.as_bytes(), NOW).unwrap_err();
        let failure = r#"{"status":"failed","message-type":"validation-failure","message":[{"type":"x","message":"Integer too large."}]}"#;
        assert_eq!(said(failure), Refusal::Said("Integer too large.".into()));
        assert_eq!(said("Resource not found."), said("Resource not found."));
        assert!(matches!(said("Resource not found."), Refusal::Unreadable(_)));
    }

    #[test]
    fn addresses_escape_and_name_the_contact() {
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        let window = Window::between(day("2026-11-01"), day("2026-11-23"));
        let place = Place { cursor: None, received: 0, page_size: 50 };
        let issns = ["0267-6591".to_owned(), "1477-111X".to_owned()];
        assert_eq!(
            url("https://x.example", Some("a@b.example"), &issns, window, &place),
            "https://x.example/works?filter=issn%3A0267-6591%2Cissn%3A1477-111X%2Cfrom-created-date%3A2026-11-01%2C\
             until-created-date%3A2026-11-23%2C\
             type%3Ajournal-article%2Ctype%3Aposted-content&rows=50&cursor=*&mailto=a%40b.example"
        );
        let doi = Doi::parse("10.1002/(sici)1097?x#y").unwrap();
        assert_eq!(
            work_url("https://x.example", Some("a@b.example"), &doi),
            "https://x.example/works/10%2E1002%2F%28sici%291097%3Fx%23y?mailto=a%40b.example"
        );
        assert!(work_url("https://x.example", None, &doi).ends_with("%23y"));
    }

    #[test]
    fn recorded_answers_are_read() {
        let Some(folder) = std::env::var_os("PERFUSE_CORPUS") else {
            eprintln!("skipped: recorded_answers_are_read (PERFUSE_CORPUS is not set)");
            return;
        };
        let folder = std::path::Path::new(&folder).join("apis/crossref");
        let mut works = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let page = read(&std::fs::read(&path).unwrap(), NOW);
            if path.ends_with("works_400_validation_failure.json") {
                assert!(
                    matches!(page.unwrap_err(), Refusal::Said(said) if said.starts_with("Integer specified as 200"))
                );
                continue;
            }
            let page = page.unwrap();
            assert_eq!((page.problems.len(), page.entries.len()), (0, page.keys.len()), "{}", path.display());
            assert!(page.entries.iter().all(|entry| entry.published_on.is_some()), "{}", path.display());
            works += page.entries.len();
        }
        assert_eq!(works, 8);
    }
}
