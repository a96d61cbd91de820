use super::*;
use crate::domain::relation::Relation;
use proptest::prelude::*;

const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22

const NBIB: &str = "\u{FEFF}\nPMID- 40000021\nOWN - NLM\nIS  - 1477-111X (Electronic)\nVI  - 41\nIP  - 8\nDP  - 2026 Nov\n\
TI  - A made-up trial of ECPR whose title is so long that it\n      goes on.\nPG  - 101-9\nLID - 10.9999/nbib.1 [doi]\n\
AB  - BACKGROUND: Cardiac arrest is common. RESULTS: Of 120 patients, 42 (35%)\n      survived. DNA: was not measured.\n\
FAU - Fixture, First\nAU  - Fixture F\nCN  - The Made-up Study Group\nLA  - eng\nSI  - ClinicalTrials.gov/NCT99999901\n\
PT  - Journal Article\nPT  - Randomized Controlled Trial\nTA  - Perfusion\nJT  - Perfusion\n\
RIN - Perfusion. 2026;41(9):200. PMID: 40000099\nMH  - *Extracorporeal Membrane Oxygenation/methods\nOT  - ECPR\n\
PMC - PMC9000021\nEDAT- 2026/11/20 06:00\n\nPMID- 40000022\nOWN - NLM\n\nPMID- 40000023\nTI  - The last one\n";

fn read(text: &str, dialect: Dialect) -> (Vec<Entry>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for record in Tagged::new(text.as_bytes(), dialect, NOW) {
        match record {
            Record::Entry(entry) => entries.push(*entry),
            Record::Problem(problem) => problems.push(problem),
            Record::Deleted(_) => unreachable!("neither format deletes"),
        }
    }
    (entries, problems)
}

#[test]
fn an_nbib_record_becomes_an_entry_and_a_bad_one_a_problem_with_its_line() {
    assert_eq!(Dialect::sniff(NBIB), Some(Dialect::Medline));
    let (entries, problems) = read(NBIB, Dialect::Medline);
    assert_eq!(entries.len(), 2);
    assert_eq!(problems, [Problem::new("line 29", "PMID 40000022 has no title")]);
    let entry = &entries[0];
    assert_eq!(entry.title.to_plain(), "A made-up trial of ECPR whose title is so long that it goes on.");
    assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.9999/nbib.1");
    assert_eq!(entry.ids.pmcid.as_ref().unwrap().as_str(), "PMC9000021");
    let sections: Vec<_> = entry
        .abstract_sections
        .iter()
        .map(|section| (section.label.as_deref().unwrap_or_default(), section.text.to_plain()))
        .collect();
    assert_eq!(
        sections,
        [
            ("BACKGROUND", "Cardiac arrest is common.".to_owned()),
            ("RESULTS", "Of 120 patients, 42 (35%) survived. DNA: was not measured.".to_owned()),
        ]
    );
    let names: Vec<String> = entry.authors.iter().map(|author| author.display()).collect();
    assert_eq!(names, ["First Fixture", "The Made-up Study Group"]);
    assert_eq!(
        (entry.mesh.as_slice(), entry.trials[0].as_str()),
        (&["Extracorporeal Membrane Oxygenation".to_owned()][..], "NCT99999901")
    );
    assert_eq!(entry.related[0].relation, Relation::RetractionIn);
    assert_eq!(entry.related[0].ids.pmid.unwrap().0, 40_000_099);
    assert_eq!(
        (entry.journal.issn.as_str(), entry.published_on.as_ref().unwrap().as_str()),
        ("1477-111X", "2026-11")
    );
    assert!(entry.complete && entry.shown_at.is_some());
}

#[test]
fn a_ris_record_becomes_an_entry() {
    let ris = "TY  - JOUR\r\nTI  - Made up\r\nAU  - Fixture, First\r\nAU  - Sample, S\r\nJF  - Perfusion\r\nVL  - 41\r\n\
               SP  - 101\r\nEP  - 109\r\nDA  - 2026/11/05/\r\nDO  - https://doi.org/10.9999/RIS.1\r\nAN  - 123\r\n\
               SN  - 1477-111X\r\nKW  - ECMO\r\nAB  - One line\r\nand its continuation.\r\nER  - \r\n\r\nTY  - JOUR\r\nER  - \r\n";
    assert_eq!(Dialect::sniff(ris), Some(Dialect::Ris));
    let (entries, problems) = read(ris, Dialect::Ris);
    assert_eq!(problems, [Problem::new("line 18", "a record without a title")]);
    let entry = &entries[0];
    assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.9999/ris.1");
    assert_eq!(entry.ids.pmid, None, "an accession number of an unnamed database is not PubMed's");
    assert_eq!((entry.authors.len(), entry.journal.pages.as_str()), (2, "101-109"));
    assert_eq!(entry.published_on.as_ref().unwrap().as_str(), "2026-11-05");
    assert_eq!(entry.abstract_plain(), "One line and its continuation.");
}

#[test]
fn endless_lines_and_records_do_not_fill_memory_and_lose_no_other() {
    let long = format!(
        "PMID- 1\nTI  - {}\n{}PMID- 2\nTI  - The next one\n",
        "x".repeat(3_000_000),
        "OT  - word\n".repeat(10)
    );
    let (entries, problems) = read(&long, Dialect::Medline);
    assert_eq!((entries.len(), problems[0].what.as_str()), (1, "a record of more than 1048576 bytes"));
    assert_eq!(entries[0].title.to_plain(), "The next one");
}

proptest! {
    #[test]
    fn no_file_panics(text in "(PMID- |TY  - |TI  - |AB  - |ER  - |RIN - |\\n|\\r|: |\\. |é|[ -~]|\\PC){0,60}") {
        for dialect in [Dialect::Medline, Dialect::Ris] {
            read(&text, dialect);
        }
    }
}
