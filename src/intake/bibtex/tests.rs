use super::*;
use proptest::prelude::*;

const FILE: &str = r#"% Encoding: UTF-8
Notes may stand here, from somebody@example.org

@string{perf = "Perfusion"}
@string{loop = loop # perf}
@article{fixture2026,
  author  = {Fixture, First and van der Sample, S. and {The Made-up Study Group} and M{\"u}ller, Jr., J. and Garc\'\i a, G{\'\i} and S\o{}n, A. and others},
  title   = {Survival after {ECPR} with p$\leq$0.05: {\it S. aureus} and CO$_2$},
  journal = perf,
  year    = 2026, month = nov, volume = {41}, number = {8}, pages = {101--109},
  doi     = {https://doi.org/10.9999/BIB.1}, pmid = {40000041}, issn = {0267-6591, 1477-111X},
  abstract = {BACKGROUND: Made up. RESULTS: Of 120 patients, 42 (35\%) survived; 5 $\pm$ 2 L. See NCT99999901.},
  keywords = {ECMO, ECPR; lactate}
}
@article{broken, title = {One that
  lacks a comma} year = 2026 }
@comment{jabref-meta: x}
@book{untitled, year = 2020}
@InProceedings{second,
  title = "A second one &lt;i&gt;in vitro&lt;/i&gt;", date = {2026-03-05/2026-03-09}, eprint = {40000042},
  eprinttype = {pubmed}, note = undefined, booktitle = {Proc. \& more}
}
@misc{odd, title = {An \oddity{here}}, journal = loop, url = {https://example.org/a_b?utm_source=x}}
@article{open, title = {never closed
"#;

fn read(text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for record in Bibtex::new(text.as_bytes()) {
        match record {
            Record::Entry(entry) => entries.push(*entry),
            Record::Problem(problem) => problems.push(problem),
            Record::Deleted(_) => unreachable!("BibTeX deletes nothing"),
        }
    }
    (entries, problems)
}

#[test]
fn an_entry_is_read_with_its_accents_signs_and_groups() {
    assert!(sniff("% Encoding: UTF-8\n\n @article{x,"));
    for text in ["", "@", "@article", "a@b.example wrote", "@article x", "TY  - JOUR\n@article{x,"] {
        assert!(!sniff(text), "{text}");
    }
    let entry = &read(FILE).0[0];
    assert_eq!(entry.title.as_html(), "Survival after ECPR with p≤0.05: <i>S. aureus</i> and CO<sub>2</sub>");
    let names: Vec<String> = entry.authors.iter().map(Author::inverted).collect();
    assert_eq!(
        names,
        [
            "Fixture, First",
            "van der Sample, S.",
            "The Made-up Study Group",
            "Müller Jr., J.",
            "García, Gí",
            "Søn, A."
        ]
    );
    assert_eq!(entry.ids.doi.as_ref().unwrap().as_str(), "10.9999/bib.1");
    assert_eq!(entry.ids.pmid, Some(Pmid(40_000_041)));
    let journal = &entry.journal;
    assert_eq!((journal.title.as_str(), journal.issn.as_str()), ("Perfusion", "0267-6591"));
    assert_eq!(
        (journal.volume.as_str(), journal.issue.as_str(), journal.pages.as_str()),
        ("41", "8", "101-109")
    );
    assert_eq!(entry.published_on.as_ref().unwrap().as_str(), "2026-11");
    assert_eq!(
        entry.abstract_sections[1].text.to_plain(),
        "Of 120 patients, 42 (35%) survived; 5 ± 2 L. See NCT99999901."
    );
    assert_eq!(entry.keywords, ["ECMO", "ECPR", "lactate"]);
    assert_eq!(entry.trials[0].as_str(), "NCT99999901");
    assert!(!entry.complete);
}

#[test]
fn a_bad_entry_is_named_by_its_line_and_loses_no_other() {
    let (entries, problems) = read(FILE);
    let titles: Vec<&str> = entries.iter().map(|entry| entry.title.as_html()).collect();
    assert_eq!(titles[1..], ["A second one <i>in vitro</i>", "An \\oddity{here}"]);
    assert_eq!(
        (entries[1].ids.pmid, entries[1].journal.title.as_str()),
        (Some(Pmid(40_000_042)), "Proc. & more")
    );
    assert_eq!(entries[1].published_on.as_ref().unwrap().as_str(), "2026-03-05");
    assert_eq!(entries[2].link.as_deref(), Some("https://example.org/a_b"));
    let problems: Vec<_> =
        problems.iter().map(|problem| (problem.place.as_str(), problem.what.as_str())).collect();
    assert_eq!(
        problems,
        [
            ("line 16", "expected comma"),
            ("line 18", "untitled has no title"),
            ("line 23", "LaTeX that is not known here stays as written: \\oddity"),
            ("line 24", "the entry does not end: a closing brace is missing"),
        ]
    );
}

#[test]
fn what_would_take_for_ever_is_refused() {
    let many = format!("@article{{x, title = {{{}}}}}\n@misc{{y, title = {{Next}}}}", "{a}".repeat(100_000));
    let (entries, problems) = read(&many);
    assert_eq!((entries.len(), problems[0].what.as_str()), (1, "title: too many braces, formulas or parts"));
    let growing: String = (1..40).map(|n| format!("@string{{s{n} = s{} # s{}}}\n", n - 1, n - 1)).collect();
    let growing = format!("@string{{s0 = \"lol\"}}\n{growing}@misc{{x, title = {{T}} # s39}}");
    assert!(read(&growing).0[0].title.to_plain().len() < 2_000);
}

proptest! {
    #[test]
    fn no_file_panics(text in "(@article\\{k, |@string\\{a = |title = |author = |month = |\\{|\\}|\"|\\$|\\\\[a-z]{1,3}|\\\\|\\^|_|#|,|=| and |, |\\n|é|[ -~]|\\PC){0,60}") {
        read(&text);
        read(&format!("@article{{k, author = {{{text}}}, title = {{{text}}}, date = {{{text}}}, abstract = {{{text}}}}}"));
    }
}
