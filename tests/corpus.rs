//! Real files: what each gives, and that none panics, hangs or fills memory.
//!
//! They lie outside the repository, in the folder that `PERFUSE_CORPUS` names; without it these tests are skipped aloud.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use perfuse::domain::entry::{Entry, Problem};
use perfuse::domain::identity::Pmid;
use perfuse::domain::time::UnixMs;
use perfuse::intake::feed;
use perfuse::intake::files;
use perfuse::intake::pubmed::{self, Record};

/// After every date in the corpus.
const NOW: UnixMs = UnixMs(1_795_367_460_000);

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("PERFUSE_CORPUS").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: PERFUSE_CORPUS names no folder of real files");
    }
    folder
}

/// Every file below a folder, in order.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The corpus and the inputs that crash other parsers, which lie beside it.
fn all_files(corpus: &Path) -> Vec<PathBuf> {
    let mut files = files_below(corpus);
    let crashers = corpus.join("../security/crashers");
    if crashers.is_dir() {
        files.extend(files_below(&crashers));
    }
    files
}

#[derive(Default)]
struct Outcome {
    entries: Vec<Entry>,
    deleted: Vec<Pmid>,
    problems: Vec<Problem>,
    error: Option<String>,
}

fn read(path: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    match files::open(path, NOW) {
        Ok(opened) => {
            for record in opened.records {
                match record {
                    Record::Entry(entry) => outcome.entries.push(*entry),
                    Record::Deleted(pmid) => outcome.deleted.push(pmid),
                    Record::Problem(problem) => outcome.problems.push(problem),
                }
            }
        }
        Err(error) => {
            let chain = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
            outcome.error = Some(chain.map(ToString::to_string).collect::<Vec<_>>().join(": "));
        }
    }
    outcome
}

#[test]
fn every_file_gives_entries_or_a_clear_problem() {
    let Some(corpus) = corpus() else { return };
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for path in all_files(&corpus) {
        let outcome = read(&path);
        let is_empty_set = path.ends_with("efetch_unknown_pmid_empty_set.xml");
        assert!(
            !outcome.entries.is_empty()
                || !outcome.problems.is_empty()
                || outcome.error.is_some()
                || is_empty_set,
            "{} gave nothing and said nothing",
            path.display()
        );
        for problem in &outcome.problems {
            assert!(!problem.place.is_empty() && !problem.what.is_empty());
            assert!(problem.excerpt.chars().count() <= 200);
        }
        for entry in &outcome.entries {
            check_entry(entry, &path);
        }
        let folder = path.strip_prefix(&corpus).unwrap_or(&path).parent().unwrap().display().to_string();
        let row = table.entry(folder).or_default();
        row[0] += 1;
        row[1] += outcome.entries.len();
        row[2] += outcome.problems.len();
        row[3] += usize::from(outcome.error.is_some());
    }
    println!("{:60} {:>6} {:>8} {:>9} {:>7}", "folder", "files", "entries", "problems", "errors");
    for (folder, [files, entries, problems, errors]) in table {
        println!("{folder:60} {files:>6} {entries:>8} {problems:>9} {errors:>7}");
    }
}

/// What holds for every entry of whatever source.
fn check_entry(entry: &Entry, path: &Path) {
    let path = path.display();
    assert!(!entry.title.is_empty(), "{path}");
    assert!(entry.source_key.len() <= 512, "{path}");
    assert!(entry.shown_at.is_none_or(|at| at <= NOW), "{path}: {:?}", entry.shown_at);
    if let Some(link) = &entry.link {
        assert!(link.starts_with("http://") || link.starts_with("https://"), "{path}: {link}");
        assert!(!link.contains("utm_") && !link.contains("dgcid=") && link.len() <= 2048, "{path}: {link}");
    }
    for author in &entry.authors {
        assert!(!author.display().trim().is_empty(), "{path}");
    }
    for section in &entry.abstract_sections {
        assert!(!section.text.is_empty(), "{path}");
    }
}

#[test]
fn an_update_file_gives_exactly_its_records_with_whole_titles() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("pubmed_eutils/update_file_2021");
    let expected = [
        ("domain_ecmo_cpb_perfusion_2021.xml", 94),
        ("domain_journals_2021.xml", 84),
        ("edge_cases_labelled.xml", 87),
        ("errata_sample.xml", 60),
        ("integrity_retractions_eoc_updates.xml", 26),
        ("huge_author_lists.xml", 2),
        ("longest_abstract.xml", 1),
        ("delete_citation.xml", 1),
    ];
    assert_eq!(files_below(&folder).len(), expected.len());
    for (name, count) in expected {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let parsed = pubmed::parse(&bytes).unwrap();
        assert_eq!(parsed.problems, [], "{name}");
        assert_eq!(parsed.entries.len(), count, "{name}");
        compare_with_oracle(&String::from_utf8(bytes).unwrap(), &parsed.entries, name);
        assert_eq!(parsed.deleted.len(), if name == "delete_citation.xml" { 20 } else { 0 }, "{name}");
    }
}

#[test]
fn records_of_other_years_and_other_peoples_fixtures_have_whole_titles_too() {
    let Some(corpus) = corpus() else { return };
    for folder in ["pubmed_eutils/efetch", "pubmed_eutils/baseline_1979_80"] {
        for path in files_below(&corpus.join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            if !text.contains("<PubmedBookArticle>") {
                let parsed = pubmed::parse(text.as_bytes()).unwrap();
                compare_with_oracle(&text, &parsed.entries, &path.display().to_string());
            }
        }
    }
}

/// Reads the same facts another way: by cutting the text at tags, without any XML parser.
fn compare_with_oracle(text: &str, entries: &[Entry], name: &str) {
    let records: Vec<&str> = text.split("<PubmedArticle>").skip(1).collect();
    assert_eq!(records.len(), entries.len(), "{name}");
    for (record, entry) in records.into_iter().zip(entries) {
        let own = record.split("<ReferenceList>").next().unwrap();
        let pmid = between(own, "<PMID", "</PMID>").unwrap();
        let pmid = pmid.rsplit('>').next().unwrap();
        assert_eq!(entry.ids.pmid.map(|pmid| pmid.to_string()).as_deref(), Some(pmid), "{name}");

        let title =
            between(own, "<ArticleTitle", "</ArticleTitle>").map(|title| title.split_once('>').unwrap().1);
        let title = title.filter(|title| !title.is_empty() && *title != "[Not Available].");
        let title = title.or_else(|| between(own, "<VernacularTitle>", "</VernacularTitle>")).unwrap();
        assert_eq!(
            in_reading_order(entry.title.as_html(), title),
            in_reading_order(title, title),
            "{name} {pmid}"
        );

        let sections = between(own, "<Abstract>", "</Abstract>").unwrap_or_default();
        let sections: String = sections
            .split("<AbstractText")
            .skip(1)
            .filter_map(|section| section.split_once('>').filter(|(tag, _)| !tag.ends_with('/')))
            .map(|(_, section)| section.split("</AbstractText>").next().unwrap())
            .collect();
        let ours: String = entry.abstract_sections.iter().map(|section| section.text.as_html()).collect();
        assert_eq!(
            in_reading_order(&ours, &sections),
            in_reading_order(&sections, &sections),
            "{name} {pmid}"
        );

        let authors = between(own, "<AuthorList", "</AuthorList>").unwrap_or_default();
        let wrong = authors.matches("<Author ValidYN=\"N\"").count();
        let named = authors.matches("<Author ").count() + authors.matches("<Author>").count();
        assert_eq!(entry.authors.len(), named - wrong, "{name} {pmid}");
        if let Some(doi) = &entry.ids.doi {
            assert!(letters(&own.to_lowercase()).contains(&letters(doi.as_str())), "{name} {pmid}: {doi}");
        }
        let said = own.contains("EIdType=\"doi\"") || own.contains("IdType=\"doi\"");
        assert_eq!(entry.ids.doi.is_some(), said, "{name} {pmid}");
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = text.find(start)? + start.len();
    text[from..].split_once(end).map(|(inner, _)| inner)
}

/// Letters and digits in order; MathML writes the index of a root after what stands under it, people before.
fn in_reading_order(markup: &str, source: &str) -> String {
    let mut letters: Vec<char> = letters(markup).chars().collect();
    if source.contains("mroot>") {
        letters.sort_unstable();
    }
    letters.into_iter().collect()
}

/// Letters and digits without tags, entities resolved: what must never get lost.
fn letters(markup: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for character in markup.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            other => text.push(other),
        }
    }
    html_escape::decode_html_entities(&text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
fn pubmed_rss_gives_sightings_that_know_their_record() {
    let Some(corpus) = corpus() else { return };
    let mut seen = 0;
    for path in files_below(&corpus.join("pubmed_rss")) {
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let parsed = feed::parse(&std::fs::read(&path).unwrap(), None, None, NOW).unwrap();
        assert_eq!((parsed.entries.len(), parsed.problems.len(), parsed.ttl_minutes), (15, 0, Some(120)));
        for entry in &parsed.entries {
            let pmid = entry.ids.pmid.unwrap();
            assert_eq!(entry.link.as_deref(), Some(pmid.url().as_str()));
            assert_eq!(entry.source_key, format!("pubmed:{pmid}"));
            assert!(
                !entry.complete && !entry.journal.title.is_empty() && !entry.journal.abbreviation.is_empty()
            );
            assert!(entry.published_on.is_some() && entry.shown_at.is_some() && !entry.authors.is_empty());
            let plain = entry.abstract_plain();
            assert!(!plain.contains("PMID:") && !plain.contains("ABSTRACT"), "{plain}");
        }
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn journal_feeds_lose_no_item_and_know_their_journal() {
    let Some(corpus) = corpus() else { return };
    let expected = [
        ("rss10_rdf/biorxiv_neuroscience.rdf", 30, true),
        ("rss10_rdf/cambridge_core_2021-12-21.xml", 15, true),
        ("rss10_rdf/ingentaconnect_2021-11-24_a.xml", 14, false),
        ("rss10_rdf/ojs_jott_2021-12-21.xml", 27, true),
        ("rss10_rdf/ojs_phytotaxa_2021-12-14.xml", 8, true),
        ("rss10_rdf/tandf_tnah20_2021-11.rdf", 5, true),
        ("rss20/oup_silverchair_botlinnean_2021-10.xml", 5, true),
        ("rss20/sciencedirect_mpe_2021-12-21.xml", 51, false),
        ("fragments/nature_rdf_shape_from_test_2026.xml", 1, true),
    ];
    for (name, count, has_dois) in expected {
        let outcome = read(&corpus.join("journal_feeds").join(name));
        assert_eq!(outcome.entries.len(), count, "{name}");
        for entry in &outcome.entries {
            assert_eq!(entry.ids.doi.is_some(), has_dois, "{name}: {}", entry.title);
            assert!(!entry.journal.title.is_empty(), "{name}: {}", entry.title);
            assert_ne!(entry.journal.title, entry.title.to_plain(), "{name}");
        }
    }
}

#[test]
fn what_crashes_other_parsers_gives_an_error_or_entries() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("../security/crashers");
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder of crashers beside the corpus");
        return;
    }
    for path in files_below(&folder) {
        let outcome = read(&path);
        assert!(outcome.error.is_some() || !outcome.problems.is_empty(), "{}", path.display());
    }
    let author = read(&folder.join("feed-rs-3.0.0_author_multibyte_panic.xml"));
    assert_eq!(author.entries.len(), 1, "the panic of the one parser must not cost the entry");
}

#[test]
fn answers_of_other_services_are_called_no_feed() {
    let Some(corpus) = corpus() else { return };
    for path in files_below(&corpus.join("apis")) {
        let outcome = read(&path);
        let error = outcome.error.unwrap_or_default();
        assert!(
            error.contains("no JSON Feed") || error.contains("no feed: the document is <"),
            "{}: {error}",
            path.display()
        );
    }
}

#[test]
fn no_cut_and_no_flip_of_a_real_file_panics() {
    let Some(corpus) = corpus() else { return };
    // a fixed walk over the bytes: the same on every run
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for path in all_files(&corpus) {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.is_empty() || bytes.len() > 100_000 {
            continue;
        }
        for _ in 0..4 {
            let mut mutated = bytes.clone();
            for _ in 0..8 {
                let at = next(mutated.len());
                mutated[at] = *b"<>&;\"'/\0\x80\xFF".get(next(12)).unwrap_or(&(next(256) as u8));
            }
            mutated.truncate(next(mutated.len()) + 1);
            let _ = feed::parse(&mutated, None, Some("https://journal.example/feed"), NOW);
            let _ = pubmed::parse(&mutated);
        }
    }
}

/// Runs the program over everything and looks at its memory while it waits for standard input, after the last file.
#[test]
fn reading_everything_takes_less_than_256_megabytes() {
    let Some(corpus) = corpus() else { return };
    let files = all_files(&corpus);
    let mut child = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .arg("parse")
        .args(&files)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let last = files.last().unwrap().display().to_string();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with(&last)), "it ended before the last file");
    match std::fs::read_to_string(format!("/proc/{}/status", child.id())) {
        Ok(status) => {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
            println!("peak memory {} MB", kilobytes / 1024);
            assert!(kilobytes < 256 * 1024, "{kilobytes} kB");
        }
        Err(_) => eprintln!("skipped: this system does not tell a process's memory"),
    }
    drop(child.stdin.take());
    for _ in lines {}
    assert!(child.wait().unwrap().success());
}
