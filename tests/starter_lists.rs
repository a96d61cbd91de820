//! The lists that come with the program: what they cover, and the slips that PubMed would pass over in silence.

use std::collections::{BTreeMap, BTreeSet};

use perfuse::config::{Catalog, Loaded, Settings};
use perfuse::curation::topics::TopicRules;
use perfuse::domain::source::{Source, SourceKind};
use perfuse::domain::time::UnixMs;
use perfuse::worker::schedule::{check_schedules, schedule_of};

fn starter_catalog() -> (Loaded, Catalog) {
    let loaded = Settings::load(None, std::iter::empty()).unwrap();
    let catalog = Catalog::load(&loaded.settings).unwrap();
    assert_eq!(check_schedules(&loaded, &catalog), []);
    (loaded, catalog)
}

fn query_of(source: &Source) -> Option<&str> {
    match &source.kind {
        SourceKind::Pubmed { query } => Some(query),
        _ => None,
    }
}

#[test]
fn the_starter_sources_cover_what_the_society_watches() {
    let (_, catalog) = starter_catalog();
    for journal in [
        "Perfusion",
        "ASAIO J",
        "J Extra Corpor Technol",
        "Artif Organs",
        "Resuscitation",
        "Crit Care",
        "Intensive Care Med",
        "J Thorac Cardiovasc Surg",
        "Ann Thorac Surg",
        "Eur J Cardiothorac Surg",
        "Circulation",
    ] {
        let asked = format!("\"{journal}\"[ta]");
        let watched = catalog.sources.iter().filter(|source| source.enabled).filter_map(query_of);
        assert_eq!(watched.filter(|query| query.contains(&asked)).count(), 1, "{journal}");
    }
    for (name, word) in [
        ("ecpr", "extracorporeal cardiopulmonary resuscitation"),
        ("va-ecmo", "veno-arterial"),
        ("vv-ecmo", "veno-venous"),
        ("unloading", "left ventricular unloading"),
        ("mechanical-support", "mechanical circulatory support"),
        ("cpb-perfusion", "Cardiopulmonary Bypass"),
        ("organ-perfusion", "ex vivo lung perfusion"),
        ("regional-perfusion", "normothermic regional perfusion"),
        ("cardiac-arrest", "Out-of-Hospital Cardiac Arrest"),
        ("paediatric-ecls", "paediatric*"),
    ] {
        let query = query_of(catalog.source(name).unwrap()).unwrap();
        assert!(query.contains(word), "{name}: {query}");
    }
    assert_eq!(catalog.topics.len(), 12);
    let suggested: BTreeSet<&str> =
        catalog.sources.iter().flat_map(|source| &source.topics).map(String::as_str).collect();
    for topic in &catalog.topics {
        assert!(!topic.words.is_empty() && !topic.mesh.is_empty(), "{}", topic.name);
    }
    assert!(suggested.len() >= 8, "{suggested:?}");
    TopicRules::compile(&catalog.topics).unwrap();
}

#[test]
fn the_starter_sources_never_burst() {
    let (loaded, catalog) = starter_catalog();
    let mut minutes_taken: BTreeMap<i64, &str> = BTreeMap::new();
    for source in &catalog.sources {
        let schedule = schedule_of(source, &loaded.settings.worker).unwrap();
        let week = 7 * 24 * 60;
        let mut now = UnixMs(1_795_305_600_000); // 2026-11-22T00:00:00Z
        let end = now.plus_ms(week * 60_000);
        while let Some(next) = schedule.next_after(now).filter(|next| *next < end) {
            now = next;
            let minute = now.0 / 60_000;
            assert!((2..59).contains(&(minute % 60)), "{} is due about the full hour", source.name);
            let taken = minutes_taken.insert(minute, &source.name);
            assert_eq!(taken, None, "{} is due in the same minute", source.name);
        }
    }
}

/// A reader of PubMed's syntax for what goes wrong unseen: PubMed ignores a bad tag, joins what has no operator, and
/// works AND and OR from left to right.
fn faults_of_query(query: &str) -> Vec<String> {
    const TAGS: [&str; 10] = ["mh", "mh:noexp", "majr", "majr:noexp", "tiab", "ti", "pt", "ta", "ab", "ot"];
    #[derive(Default)]
    struct Level {
        operators: BTreeSet<&'static str>,
        operand_last: bool,
    }
    let mut faults = Vec::new();
    let mut levels = vec![Level::default()];
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let level = levels.last_mut().unwrap();
        let word_end = rest.find(|c: char| c.is_whitespace() || "()[\"".contains(c)).unwrap_or(rest.len());
        let operator = ["AND", "OR", "NOT"].into_iter().find(|operator| *operator == &rest[..word_end]);
        let mut check_operand = |level: &mut Level, at: &str| {
            if std::mem::replace(&mut level.operand_last, true) {
                faults.push(format!("no operator before {at:.40}"));
            }
        };
        if let Some(operator) = operator {
            if !level.operand_last {
                faults.push(format!("{operator} follows nothing"));
            }
            level.operand_last = false;
            level.operators.insert(operator);
            rest = &rest[word_end..];
        } else if first == '(' {
            check_operand(level, rest);
            levels.push(Level::default());
            rest = &rest[1..];
        } else if first == ')' {
            let closed = levels.pop().unwrap();
            if closed.operators.len() > 1 {
                faults.push(format!("{:?} on one level before {rest:.40}", closed.operators));
            }
            if !closed.operand_last {
                faults.push(format!("nothing before {rest:.40}"));
            }
            rest = &rest[1..];
        } else {
            check_operand(level, rest);
            let term_end = match rest.strip_prefix('"') {
                Some(inner) => inner.find('"').unwrap() + 2,
                None => word_end,
            };
            let (term, tail) = rest.split_at(term_end);
            let Some((tag, tail)) = tail.strip_prefix('[').and_then(|tail| tail.split_once(']')) else {
                faults.push(format!("{term} has no tag"));
                rest = tail.trim_start();
                continue;
            };
            let words = term.trim_matches('"').split_whitespace().count();
            let near = tag.strip_prefix("tiab:~").or(tag.strip_prefix("ti:~"));
            let is_nearness_good = |distance: &str| {
                distance.parse::<u32>().is_ok() && words >= 2 && !term.contains('*') && term.starts_with('"')
            };
            match near {
                Some(distance) if is_nearness_good(distance) => {}
                Some(_) => {
                    faults.push(format!("{term}[{tag}]: nearness takes two words in quotes, without *"))
                }
                None if TAGS.contains(&tag) => {}
                None => faults.push(format!("{term}[{tag}] has an unknown tag")),
            }
            if let Some(stem) = term.trim_matches('"').strip_suffix('*')
                && stem.len() < 4
            {
                faults.push(format!("{term} has fewer than four letters before *"));
            }
            rest = tail;
        }
        rest = rest.trim_start();
    }
    let outer = levels.pop().unwrap();
    if outer.operators.len() > 1 || !outer.operand_last {
        faults.push(format!("{:?} on the outer level", outer.operators));
    }
    faults
}

#[test]
fn the_starter_queries_hold_no_fault_that_pubmed_would_pass_over() {
    let (_, catalog) = starter_catalog();
    for source in &catalog.sources {
        if let Some(query) = query_of(source) {
            assert_eq!(faults_of_query(query), Vec::<String>::new(), "{}", source.name);
        }
    }
    // and the reader does see them
    for (query, fault) in [
        ("ECMO[tiab] ECLS[tiab]", "no operator"),
        ("(ECMO[tiab] OR ECLS[tiab] AND shock[tiab])", "on one level"),
        ("ECMO[tiab] OR ECLS[tiab] AND shock[tiab]", "on the outer level"),
        ("ECMO[tiba]", "unknown tag"),
        ("ECMO", "no tag"),
        ("(ECMO[tiab] OR )", "nothing before"),
        ("OR ECMO[tiab]", "follows nothing"),
        ("ECM*[tiab]", "four letters"),
        ("ECMO[tiab:~3]", "nearness"),
    ] {
        let faults = faults_of_query(query);
        assert!(faults.iter().any(|found| found.contains(fault)), "{query}: {faults:?}");
    }
}

#[test]
fn british_and_american_spellings_go_together() {
    let (_, catalog) = starter_catalog();
    let texts =
        catalog.sources.iter().filter_map(|source| Some((&source.name, query_of(source)?.to_owned())));
    let topics = catalog.topics.iter().map(|topic| (&topic.name, topic.words.join("\n")));
    for (name, text) in texts.chain(topics) {
        let text = text.to_lowercase();
        for (british, american) in [
            ("paediatric", "pediatric"),
            ("haemo", "hemo"),
            ("ischaem", "ischem"),
            ("randomised", "randomized"),
        ] {
            let lonely = text.replace(british, "");
            assert_eq!(text.contains(british), lonely.contains(american), "{name}: {british} / {american}");
        }
    }
}
