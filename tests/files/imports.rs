//! `import` with the real binary: every format, several files, trying it out.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::literature::{record, structured_abstract};
use crate::support::program::{Ended, Place, count};

const BIBTEX: &str = "@article{one, title = {A made-up {ECMO} study}, doi = {10.9999/file.1}, year = 2026}\n\
    @article{two, title = {No comma} year = 2026}\n@article{three, title = {Another one}, doi = {10.9999/file.2}}\n";
const RIS: &str = "TY  - JOUR\nTI  - A made-up ECMO study\nDO  - 10.9999/file.1\nER  - \n";
const NBIB: &str = "PMID- 40000051\nTI  - From MEDLINE\nPT  - Journal Article\n\nPMID- 40000052\nOWN - NLM\n";
const CSV: &str = "PMID,Title\n40000053,From a table\n,Nothing else\n";

fn pubmed(numbers: std::ops::Range<u32>, deleted: &[u32]) -> String {
    let records: String = numbers
        .map(|n| record(n, &format!("10.9999/pm.{n}"), &format!("Record {n}"), &structured_abstract(n)))
        .collect();
    let deleted: String = deleted.iter().map(|pmid| format!("<PMID Version=\"1\">{pmid}</PMID>")).collect();
    let deleted =
        if deleted.is_empty() { deleted } else { format!("<DeleteCitation>{deleted}</DeleteCitation>") };
    format!("<?xml version=\"1.0\"?><PubmedArticleSet>{records}{deleted}</PubmedArticleSet>")
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn files_of_every_kind_go_in_at_once_and_what_cannot_be_used_is_named_by_line_or_record() {
    let place = Place::new("", None);
    // the names lie: only content counts
    for (name, content) in [("a.txt", BIBTEX), ("b.txt", RIS), ("c.txt", NBIB), ("d.txt", CSV)] {
        place.write(name, content);
    }
    place.write("e.txt", packed(&pubmed(41_000_000..41_000_003, &[])));
    let mut child = place
        .command(&["import", "a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&packed(BIBTEX)).unwrap();
    let all = Ended::of(child.wait_with_output().unwrap(), &["import"]).done();
    for line in [
        "a.txt: 2 new, 0 updated, 0 already known, 0 rejected before, 0 deleted, 1 problems\n  line 2: expected comma",
        "b.txt: 0 new, 0 updated, 1 already known",
        "c.txt: 1 new, 0 updated, 0 already known, 0 rejected before, 0 deleted, 1 problems\n  line 5: PMID 40000052 has no title",
        "d.txt: 1 new, 0 updated, 0 already known, 0 rejected before, 0 deleted, 1 problems\n  line 3: nothing identifies",
        "e.txt: 3 new",
        "-: 0 new, 0 updated, 2 already known",
    ] {
        assert!(all.out.contains(line), "{line}: {all:?}");
    }
    assert_eq!(count(&place.database(), "SELECT count(*) FROM articles"), 7);
}

#[test]
fn a_dry_run_says_what_an_import_would_come_to_and_stores_nothing() {
    let place = Place::new("", None);
    place.write("known.xml", pubmed(41_000_000..41_000_010, &[]));
    place.run(&["import", "known.xml"]).done();
    let everything = "SELECT count(*) * 1000 + (SELECT count(*) FROM articles) + (SELECT sum(revision) FROM articles) \
                      FROM sightings";
    let before = count(&place.database(), everything);
    // twice the same within one run: the second sight is known, as it would be
    place.write("more.xml", pubmed(41_000_005..41_000_300, &[41_000_001]));
    let tried = place.run(&["import", "--dry-run", "more.xml", "more.xml"]).done();
    assert!(tried.out.contains("dry run: nothing was stored"), "{tried:?}");
    assert_eq!(count(&place.database(), everything), before);
    let left = std::fs::read_dir(place.path("data")).unwrap().flatten();
    let left: Vec<_> = left.filter(|entry| entry.path().is_dir()).map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");

    let done = place.run(&["import", "more.xml", "more.xml"]).done();
    let told: Vec<&str> = tried.out.lines().filter(|line| line.contains("more.xml")).collect();
    assert_eq!(told, done.out.lines().collect::<Vec<_>>(), "the rehearsal told the truth");
    assert!(
        done.out.contains("more.xml: 290 new, 0 updated, 5 already known, 0 rejected before, 1 deleted"),
        "{done:?}"
    );
    assert!(done.out.contains("more.xml: 0 new, 0 updated, 295 already known"), "{done:?}");
}

#[test]
fn a_dry_run_that_was_killed_leaves_nothing_for_long() {
    let place = Place::new("", None);
    place.run(&["migrate"]).done();
    std::fs::create_dir_all(place.path("data/rehearsal-1")).unwrap();
    place.write("data/rehearsal-1/lock", "");
    place.write("data/rehearsal-1/perfuse.db", "half a copy");
    place.write("one.ris", RIS);
    place.run(&["import", "--dry-run", "one.ris"]).done();
    assert!(!place.path("data/rehearsal-1").exists());
}
