//! Real records: every link is classified as a person reading the record would.
//!
//! What a reader would say was written down by reading the 86 records of NLM's update file of 2021-06-08 that hold such
//! links; this test pins it, kind by kind, and the doubtful ones by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use perfuse::curation::watch::{Subject, Update, judge_update, notice_role, read_pointer, read_record};
use perfuse::domain::entry::Entry;
use perfuse::domain::identity::Pmid;
use perfuse::domain::notice::{NoticeKind, NoticeSource};
use perfuse::intake::pubmed;

fn folder() -> Option<PathBuf> {
    let corpus = std::env::var_os("PERFUSE_CORPUS")?;
    Some(PathBuf::from(corpus).join("pubmed_eutils/update_file_2021"))
}

fn records(folder: &std::path::Path, file: &str) -> (Vec<Entry>, Vec<Pmid>) {
    let parsed = pubmed::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    (parsed.entries, parsed.deleted)
}

fn count(kinds: impl Iterator<Item = NoticeKind>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn every_link_of_real_records_is_classified_as_a_reader_would() {
    let Some(folder) = folder() else {
        eprintln!("skipped: every_link_of_real_records_is_classified_as_a_reader_would (no PERFUSE_CORPUS)");
        return;
    };
    let (integrity, _) = records(&folder, "integrity_retractions_eoc_updates.xml");
    let (errata, _) = records(&folder, "errata_sample.xml");
    let (_, deleted) = records(&folder, "delete_citation.xml");
    let find = |pmid: u32| integrity.iter().chain(&errata).find(|entry| entry.ids.pmid == Some(Pmid(pmid)));

    // what each record says of its own work
    let (mut said, mut open, mut notices, mut titles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entry in integrity.iter().chain(&errata) {
        let pmid = entry.ids.pmid.unwrap().0;
        let reading = read_record(&Subject::of(entry), entry, NoticeSource::Pubmed);
        for finding in &reading.findings {
            said.push((pmid, finding.kind));
        }
        open.extend(reading.open.into_iter().map(|link| (pmid, link)));
        notices.extend(notice_role(entry).map(|role| (role, pmid)));
        titles.push(entry.title.to_plain());
    }
    let counts = count(said.iter().map(|(_, kind)| *kind));
    println!("said of the work itself: {counts:?}");
    let expected =
        [("correction", 61), ("expression_of_concern", 1), ("now_published", 1), ("retraction", 4)];
    assert_eq!(counts, BTreeMap::from(expected));

    // no notice is itself retracted, not even with the paper's title or typed as an erratum too
    println!("notices: {notices:?}");
    let of = |role: &str| notices.iter().filter(|(known, _)| format!("{known:?}") == role).count();
    assert_eq!((of("Retraction"), of("ExpressionOfConcern"), of("Correction")), (9, 1, 2));
    for (_, pmid) in &notices {
        let grave = said.iter().find(|(other, kind)| other == pmid && kind.is_serious());
        assert_eq!(grave, None, "PMID {pmid} is a notice");
    }
    let same_title = titles.iter().filter(|title| title.starts_with("miR-429 promotes the prolif")).count();
    assert_eq!(same_title, 2, "a notice that bears its paper's very title");

    // links that say too little: the other record decides, here a letter
    assert_eq!(open.len(), 1);
    let (pmid, link) = &open[0];
    assert_eq!((*pmid, link.ids.pmid), (34_086_515, Some(Pmid(34_092_155))));
    let ours = Subject::of(find(34_086_515).unwrap());
    assert_eq!(judge_update(&ours, find(34_092_155).unwrap()), Update::Letter);

    // what records say of others
    let mut pointed = Vec::new();
    let mut nameless = Vec::new();
    for entry in integrity.iter().chain(&errata) {
        let pmid = entry.ids.pmid.unwrap().0;
        for link in perfuse::curation::watch::pointed_works(entry) {
            // the file does not hold every target: what is known of it is its number and where it appeared
            let known = link.ids.pmid.and_then(|pmid| find(pmid.0));
            let subject = known.map(Subject::of).unwrap_or_else(|| {
                let preprint = ["medRxiv", "bioRxiv"].iter().any(|server| link.citation.starts_with(server));
                Subject {
                    kind: if preprint {
                        perfuse::domain::entry::WorkKind::Preprint
                    } else {
                        Default::default()
                    },
                    ids: link.ids.clone(),
                    review: link.citation.split(':').next_back().map(str::to_owned),
                    ..Subject::default()
                }
            });
            let reading = read_pointer(&subject, entry, NoticeSource::Pubmed);
            pointed.extend(reading.findings.iter().map(|finding| (pmid, finding.kind)));
        }
        if notice_role(entry).is_some() && perfuse::curation::watch::pointed_works(entry).is_empty() {
            nameless.push(pmid);
        }
    }
    let counts = count(pointed.iter().map(|(_, kind)| *kind));
    println!("said of others: {counts:?}; notices that name nobody: {nameless:?}");
    assert_eq!(
        counts,
        BTreeMap::from([
            ("correction", 2),
            ("expression_of_concern", 1),
            ("new_version", 1),
            ("now_published", 6),
            ("retraction", 8),
        ])
    );
    assert_eq!(nameless, [34_092_123], "a retraction without a link marks nothing");
    assert_eq!(deleted.len(), 20);
}

#[test]
fn no_paper_of_the_field_is_marked_that_no_registry_marks() {
    let Some(folder) = folder() else {
        eprintln!("skipped: no_paper_of_the_field_is_marked_that_no_registry_marks (no PERFUSE_CORPUS)");
        return;
    };
    let mut grave = Vec::new();
    let mut read = 0;
    for file in ["domain_ecmo_cpb_perfusion_2021.xml", "domain_journals_2021.xml", "edge_cases_labelled.xml"]
    {
        let (entries, _) = records(&folder, file);
        read += entries.len();
        for entry in &entries {
            let reading = read_record(&Subject::of(entry), entry, NoticeSource::Pubmed);
            for finding in reading.findings.iter().filter(|finding| finding.kind.is_serious()) {
                grave.push((entry.ids.pmid.unwrap().0, finding.kind));
            }
        }
    }
    println!("{read} records, grave: {grave:?}");
    assert!(read > 200, "{read}");
    assert!(grave.is_empty(), "{grave:?}");
}
