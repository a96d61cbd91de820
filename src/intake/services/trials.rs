//! ClinicalTrials.gov's API v2: `studies?query.cond=…&query.intr=…&filter.ids=…`.

use serde_json::Value;

use super::json::{date, instant, list, number, text, word, words};
use super::page::{Page, Refusal, parse, refuse};
use super::walk::Place;
use crate::domain::entry::{AbstractSection, Author, Entry, Journal, WorkKind};
use crate::domain::identity::{Identifiers, Nct};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::UnixMs;
use crate::domain::trial::{TrialDesign, TrialFacts, TrialStatus};
use crate::intake::clean::{blocks, caps, rich_text, sections};
use crate::intake::eutils::Window;

/// Which trials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialSearch {
    /// In the registry's syntax; empty for any.
    pub condition: String,
    /// The same.
    pub intervention: String,
    /// These trials and no others; they are always looked at, whenever they were updated last.
    pub nct: Vec<Nct>,
}

/// The address of a page. The window is over `LastUpdatePostDate`: a trial that is stopped or posts results is news.
pub(super) fn url(base: &str, search: &TrialSearch, window: Window, place: &Place) -> String {
    let page_size = place.page_size.to_string();
    let ncts = search.nct.iter().map(Nct::as_str).collect::<Vec<_>>().join("|");
    let updated = match search.nct.as_slice() {
        [] => format!("AREA[LastUpdatePostDate]RANGE[{},{}]", window.from_on(), window.to_on()),
        _ => String::new(),
    };
    let parameters = [
        ("format", "json"),
        ("countTotal", "true"),
        ("pageSize", &page_size),
        ("query.cond", &search.condition),
        ("query.intr", &search.intervention),
        ("filter.ids", &ncts),
        ("filter.advanced", &updated),
        ("pageToken", place.cursor.as_deref().unwrap_or_default()),
    ];
    let parameters = parameters.iter().filter(|(_, value)| !value.is_empty());
    let parameters = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{base}/studies?{parameters}")
}

/// Reads a page of studies.
pub(super) fn read(body: &[u8], now: UnixMs) -> Result<Page, Refusal> {
    let answer = parse(body)?;
    let Some(Value::Array(rows)) = answer.get("studies") else { return Err(refuse(&answer)) };
    let name = |row: &Value| text(row, "/protocolSection/identificationModule/nctId");
    let mut page = Page::collect(rows, |row| (name(row), read_study(row, now)));
    page.total = number(&answer, "/totalCount");
    page.next = text(&answer, "/nextPageToken");
    Ok(page)
}

/// One study → one entry, or why not.
pub(super) fn read_study(row: &Value, now: UnixMs) -> Result<Entry, String> {
    let Some(study) = row.get("protocolSection") else {
        return Err("a study without protocolSection".into());
    };
    let number = text(study, "/identificationModule/nctId").unwrap_or_default();
    let nct = Nct::parse(&number).ok_or_else(|| format!("no trial number: {:?}", fold_plain(&number, 40)))?;
    let official =
        rich_text(&text(study, "/identificationModule/officialTitle").unwrap_or_default(), caps::TITLE);
    let brief = rich_text(&text(study, "/identificationModule/briefTitle").unwrap_or_default(), caps::TITLE);
    let title = if brief.is_empty() { official.clone() } else { brief };
    if title.is_empty() {
        return Err("a study without a title".to_owned());
    }
    let facts = read_facts(study)?;
    let mut abstract_sections = vec![section("Registration", RichText::from_plain(&facts.describe()))];
    if !official.is_empty() && official != title {
        abstract_sections.push(section("Official title", official));
    }
    let summary = drop_escapes(&text(study, "/descriptionModule/briefSummary").unwrap_or_default());
    let mut summary = sections(&blocks(&summary));
    if let Some(first) = summary.first_mut().filter(|first| first.label.is_none()) {
        first.label = Some("Brief summary".to_owned());
    }
    abstract_sections.extend(summary);
    let sponsor = word(study, "/sponsorCollaboratorsModule/leadSponsor/name");
    let mut keywords = words(study, "/conditionsModule/conditions", "");
    for word in words(study, "/armsInterventionsModule/interventions", "/name").into_iter().chain(words(
        study,
        "/conditionsModule/keywords",
        "",
    )) {
        if !keywords.contains(&word) && keywords.len() < caps::WORDS {
            keywords.push(word);
        }
    }
    Ok(Entry {
        kind: WorkKind::Trial,
        source_key: nct.as_str().to_owned(),
        link: Some(nct.url()),
        ids: Identifiers { nct: Some(nct), ..Identifiers::default() },
        title,
        abstract_sections,
        authors: match sponsor.is_empty() {
            true => Vec::new(),
            false => vec![Author::Collective { collective: sponsor }],
        },
        journal: Journal { title: "ClinicalTrials.gov".to_owned(), ..Journal::default() },
        published_on: date(study, "/statusModule/studyFirstPostDateStruct/date")
            .or_else(|| date(study, "/statusModule/studyFirstSubmitDate")),
        shown_at: instant(study, "/statusModule/studyFirstPostDateStruct/date", now),
        keywords,
        trial: Some(facts),
        complete: true,
        ..Entry::default()
    })
}

/// What changes while the trial goes on. A status that is not known here is an error, not a guess.
fn read_facts(study: &Value) -> Result<TrialFacts, String> {
    let status = match text(study, "/statusModule/overallStatus") {
        None => TrialStatus::Unknown,
        Some(word) => TrialStatus::parse(&word)
            .ok_or_else(|| format!("the status {:?} is not known here", fold_plain(&word, 60)))?,
    };
    let phase = |word: String| match word.as_str() {
        "NA" => None,
        "EARLY_PHASE1" => Some("early 1".to_owned()),
        word => Some(word.trim_start_matches("PHASE").to_owned()),
    };
    Ok(TrialFacts {
        status,
        why_stopped: text(study, "/statusModule/whyStopped").map(|why| fold_plain(&why, caps::WORD)),
        phases: words(study, "/designModule/phases", "").into_iter().filter_map(phase).collect(),
        enrolment: number(study, "/designModule/enrollmentInfo/count"),
        is_enrolment_actual: word(study, "/designModule/enrollmentInfo/type") == "ACTUAL",
        starts_on: date(study, "/statusModule/startDateStruct/date"),
        completes_on: date(study, "/statusModule/completionDateStruct/date"),
        results_posted_on: date(study, "/statusModule/resultsFirstPostDateStruct/date"),
        design: Some(read_design(study)),
        last_updated_on: date(study, "/statusModule/lastUpdatePostDateStruct/date"),
    })
}

fn read_design(study: &Value) -> TrialDesign {
    let typed = |pointer: &str, name: &str| {
        let named = list(study, pointer).iter().map(|row| (word(row, "/type"), word(row, name)));
        named.map(|(sort, name)| join_words(&spoken(&sort), ": ", &name)).take(caps::WORDS).collect()
    };
    let measured = |pointer: &str| {
        let measured =
            list(study, pointer).iter().map(|row| (word(row, "/measure"), word(row, "/timeFrame")));
        let worded =
            measured.map(|(what, when)| if when.is_empty() { what } else { format!("{what} ({when})") });
        worded.filter(|worded| !worded.is_empty()).take(caps::WORDS).collect()
    };
    TrialDesign {
        title: word(study, "/identificationModule/briefTitle"),
        conditions: words(study, "/conditionsModule/conditions", ""),
        interventions: typed("/armsInterventionsModule/interventions", "/name"),
        arms: typed("/armsInterventionsModule/armGroups", "/label"),
        primary_outcomes: measured("/outcomesModule/primaryOutcomes"),
        secondary_outcomes: measured("/outcomesModule/secondaryOutcomes"),
        primary_completes_on: date(study, "/statusModule/primaryCompletionDateStruct/date"),
    }
}

/// "ACTIVE_COMPARATOR" → "Active comparator".
fn spoken(word: &str) -> String {
    let mut spoken = word.replace('_', " ").to_lowercase();
    if let Some(first) = spoken.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    spoken
}

fn join_words(a: &str, between: &str, b: &str) -> String {
    if a.is_empty() || b.is_empty() { format!("{a}{b}") } else { format!("{a}{between}{b}") }
}

fn section(label: &str, text: RichText) -> AbstractSection {
    AbstractSection { label: Some(label.to_owned()), category: None, text }
}

/// The registry escapes signs as Markdown does: `\>18 years` means `>18 years`.
fn drop_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_escape = character == '\\' && characters.peek().is_some_and(char::is_ascii_punctuation);
        match characters.next_if(|_| is_escape) {
            Some(escaped) => plain.push(escaped),
            None => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/intake/trials.json");
    const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

    #[test]
    fn a_study_becomes_an_entry_with_its_facts() {
        let page = read(FIXTURE, NOW).unwrap();
        assert_eq!((page.total, page.next.as_deref(), page.keys.len()), (Some(17), Some("made-up-token"), 4));
        let entry = &page.entries[0];
        assert_eq!((entry.kind, entry.ids.nct.as_ref().unwrap().as_str()), (WorkKind::Trial, "NCT99999901"));
        assert_eq!(entry.title.to_plain(), "Made-up Early ECMO");
        let facts = entry.trial.as_ref().unwrap();
        assert_eq!(
            (facts.status, facts.enrolment, facts.is_enrolment_actual),
            (TrialStatus::Terminated, Some(40), true)
        );
        assert_eq!(facts.phases, ["2", "3"]);
        assert_eq!(facts.results_posted_on.as_ref().unwrap().as_str(), "2026-10-05");
        let sections: Vec<_> = entry
            .abstract_sections
            .iter()
            .map(|section| (section.label.as_deref().unwrap_or_default(), section.text.to_plain()))
            .collect();
        assert_eq!(
            sections[0],
            (
                "Registration",
                "Terminated (slow accrual). Phase 2/3. 40 participants enrolled. Start Mar 2022. \
                 Completion 31 Jan 2026. Results first posted 5 Oct 2026."
                    .to_owned()
            )
        );
        assert_eq!(sections[1].0, "Official title");
        assert_eq!(sections[2], ("Brief summary", "Adults >18 years with PaO2/FiO2 <80 mmHg.".to_owned()));
        assert_eq!(sections[3], ("", "A second paragraph.".to_owned()));
        assert_eq!(entry.authors[0].display(), "Made-up University");
        assert_eq!(entry.keywords, ["ARDS", "ECMO", "Device: made up"]);
        assert_eq!(entry.published_on.as_ref().unwrap().as_str(), "2022-02-14");
    }

    #[test]
    fn what_is_done_to_whom_and_measured_is_kept_in_the_registrys_words() {
        let study = serde_json::json!({
            "identificationModule": {"briefTitle": "A made-up trial"},
            "statusModule": {"primaryCompletionDateStruct": {"date": "2027-03"}},
            "conditionsModule": {"conditions": ["Cardiac Arrest"]},
            "armsInterventionsModule": {
                "armGroups": [{"label": "Early ECMO", "type": "ACTIVE_COMPARATOR"}, {"label": "Usual care"}],
                "interventions": [{"type": "DEVICE", "name": "ECMO"}],
            },
            "outcomesModule": {
                "primaryOutcomes": [{"measure": "Survival", "timeFrame": "30 days"}],
                "secondaryOutcomes": [{"measure": "Bleeding"}, {}],
            },
        });
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let expected = TrialDesign {
            title: "A made-up trial".into(),
            conditions: texts(&["Cardiac Arrest"]),
            interventions: texts(&["Device: ECMO"]),
            arms: texts(&["Active comparator: Early ECMO", "Usual care"]),
            primary_outcomes: texts(&["Survival (30 days)"]),
            secondary_outcomes: texts(&["Bleeding"]),
            primary_completes_on: crate::domain::time::PartialDate::new(2027, Some(3), None),
        };
        assert_eq!(read_design(&study), expected);
    }

    #[test]
    fn what_is_not_known_is_a_problem_and_no_guess() {
        let page = read(FIXTURE, NOW).unwrap();
        assert_eq!(page.entries[1].trial.as_ref().unwrap().status, TrialStatus::NotYetRecruiting);
        let problems: Vec<_> =
            page.problems.iter().map(|problem| (&*problem.place, &*problem.what)).collect();
        assert_eq!(
            problems,
            [
                ("record 3 (NCT99999903)", "the status \"RESTING\" is not known here"),
                ("record 4", "no trial number: \"\""),
            ]
        );
    }

    #[test]
    fn the_address_asks_by_terms_within_days_or_by_numbers_at_any_time() {
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        let window = Window::between(day("2026-11-01"), day("2026-11-23"));
        let place = Place { cursor: None, received: 0, page_size: 50 };
        let search = TrialSearch {
            condition: "cardiac arrest".into(),
            intervention: "ECMO OR ECPR".into(),
            nct: vec![],
        };
        assert_eq!(
            url("https://x.example/v2", &search, window, &place),
            "https://x.example/v2/studies?format=json&countTotal=true&pageSize=50&query.cond=cardiac+arrest\
             &query.intr=ECMO+OR+ECPR&filter.advanced=AREA%5BLastUpdatePostDate%5DRANGE%5B2026-11-01%2C2026-11-23%5D"
        );
        let ncts = ["NCT99999901", "NCT99999902"].map(|nct| Nct::parse(nct).unwrap()).to_vec();
        let search = TrialSearch { nct: ncts, ..TrialSearch::default() };
        let place = Place { cursor: Some("t&1".into()), ..place };
        assert_eq!(
            url("https://x.example/v2", &search, window, &place),
            "https://x.example/v2/studies?format=json&countTotal=true&pageSize=50\
             &filter.ids=NCT99999901%7CNCT99999902&pageToken=t%261"
        );
    }

    #[test]
    fn recorded_answers_are_read() {
        let Some(folder) = std::env::var_os("PERFUSE_CORPUS") else {
            eprintln!("skipped: recorded_answers_are_read (PERFUSE_CORPUS is not set)");
            return;
        };
        let folder = std::path::Path::new(&folder).join("apis/clinicaltrials_v2");
        let mut studies = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let page = read(&std::fs::read(file.unwrap().path()).unwrap(), NOW).unwrap();
            assert_eq!((page.problems.len(), page.entries.len()), (0, page.keys.len()));
            assert!(
                page.next.is_some() && page.entries.iter().all(|entry| entry.abstract_sections.len() > 1)
            );
            studies += page.entries.len();
        }
        assert_eq!(studies, 13);
    }
}
