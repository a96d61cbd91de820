//! Drafts and checks, as editors and operators meet them.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use perfuse::curation::draft::roles::Model;
use perfuse::curation::draft::{alternatives, draft, draft_plain};
use perfuse::curation::verify::{Evidence, MarkKind, verify};
use perfuse::domain::entry::{AbstractSection, abstract_plain};
use perfuse::domain::summary::SentenceRole;
use perfuse::domain::text::RichText;

mod measure;
mod spoil;
mod wording;

use spoil::Fault;

/// A trial in the shape of PubMed's sections; the words are ours.
fn sections() -> Vec<AbstractSection> {
    [
        ("BACKGROUND", "BACKGROUND", "Arrest is often fatal. We asked whether early ECPR improves survival, e.g. in U.S. centres."),
        ("METHODS", "METHODS", "We randomised 134 adults (67 vs. 67) to ECPR or standard care. Survival to day 30 was the primary outcome."),
        ("RESULTS", "RESULTS", "Mean age was 54.2 years. The primary outcome, 30-day survival, was higher with ECPR than with standard care (43% vs 7%; p = .001). Bleeding occurred in 12 patients."),
        ("CONCLUSIONS", "CONCLUSIONS", "Early ECPR improved survival to day 30."),
        ("TRIAL REGISTRATION", "METHODS", "ClinicalTrials.gov NCT00000000."),
    ]
    .into_iter()
    .map(|(label, category, text)| AbstractSection {
        label: Some(label.into()),
        category: Some(category.into()),
        text: RichText::from_plain(text),
    })
    .collect()
}

#[test]
fn a_draft_is_the_question_the_key_result_and_the_conclusion_each_traced_to_its_place() {
    let (title, sections) = (RichText::from_plain("Early ECPR for refractory arrest"), sections());
    let plain: Vec<char> = abstract_plain(&sections).chars().collect();
    let drafted = draft(&title, &sections).expect("a draft");
    let roles: Vec<SentenceRole> = drafted.sentences.iter().map(|sentence| sentence.role).collect();
    assert_eq!(roles, [SentenceRole::Objective, SentenceRole::Result, SentenceRole::Conclusion]);
    for sentence in drafted.sentences.iter().chain(&alternatives(&title, &sections)) {
        let (start, end) = sentence.source;
        assert_eq!(plain[start..end].iter().collect::<String>(), sentence.text);
    }
    assert!(drafted.sentences[1].text.starts_with("The primary outcome"), "{}", drafted.text());
    assert_eq!(alternatives(&title, &sections).len(), 2);
}

#[test]
fn without_an_abstract_there_is_no_draft() {
    assert_eq!(draft(&RichText::from_plain("A title"), &[]), None);
    assert_eq!(draft_plain("A title", " \n "), None);
}

#[test]
fn labels_inside_a_text_are_read_and_never_quoted() {
    let text = abstract_plain(&sections()).replace("\n\n", " ");
    let drafted = draft_plain("Early ECPR", &text).expect("a draft");
    assert_eq!(
        drafted.sentences.last().map(|last| last.text.as_str()),
        Some("Early ECPR improved survival to day 30.")
    );
    assert!(!drafted.text().contains("CONCLUSIONS"));
}

#[test]
fn the_shipped_weights_are_all_read_and_small() {
    let file = include_str!("../src/curation/draft/sentence_roles.tsv");
    let lines = file
        .lines()
        .filter(|line| !["#!", ">begins\t", ">ends\t", ">after "].iter().any(|start| line.starts_with(start)))
        .count();
    assert_eq!(Model::shipped().len(), lines);
    assert!(file.len() < 200_000);
}

#[test]
fn a_summary_is_marked_where_it_departs_from_its_source_and_nowhere_else() {
    let source = abstract_plain(&sections());
    let marks = |summary: &str| -> Vec<(MarkKind, String)> {
        verify("Early ECPR", &source, summary, None)
            .into_iter()
            .map(|mark| {
                (mark.kind, summary.chars().skip(mark.span.0).take(mark.span.1 - mark.span.0).collect())
            })
            .collect()
    };
    assert_eq!(
        marks(
            "Thirty-day survival was higher with ECPR than with standard care (43 % vs 7 %, p=0.001) in 134 adults."
        ),
        []
    );
    assert_eq!(marks("Of 143 adults, 43% survived."), [(MarkKind::Figure, "143".to_owned())]);
    assert_eq!(
        marks("Survival to day 30 was 43%; mean age was 54.2 months."),
        [(MarkKind::Unit, "54.2 months".to_owned())]
    );
    let turned = marks(
        "The primary outcome, 30-day survival, was lower with ECPR than with standard care (43% vs 7%; p = .001).",
    );
    assert_eq!(turned, [(MarkKind::Direction, "lower".to_owned())]);
    let swapped = marks(
        "The primary outcome, 30-day survival, was higher with ECPR than with standard care (7% vs 43%; p = .001).",
    );
    assert_eq!(swapped.len(), 2, "{swapped:?}");
}

#[test]
fn a_claim_of_cause_is_marked_only_where_the_study_cannot_show_it() {
    let source = "We followed a registry of 200 adults. Early cannulation was associated with fewer deaths.";
    let summary = "Early cannulation prevents deaths.";
    let kinds =
        |study| verify("", source, summary, study).into_iter().map(|mark| mark.kind).collect::<Vec<_>>();
    assert_eq!(kinds(Some(Evidence::NotRandomised)), [MarkKind::Cause]);
    assert_eq!(kinds(None), [MarkKind::Cause], "the abstract says it is a registry");
    assert_eq!(kinds(Some(Evidence::Randomised)), []);
}

#[test]
fn hostile_text_is_checked_without_a_panic() {
    for text in [
        "",
        "((((",
        "10⁹⁹⁹ … ×",
        "1,1,1,1,1",
        "p < ",
        "²³",
        "🫀 12\u{a0}000 %",
        "n=",
        ".5.5.5",
        "99999999999999999999999999",
    ] {
        verify(text, text, text, None);
        draft_plain(text, text);
    }
}

fn run(command: &str, input: &str) -> (bool, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_perfuse"))
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("perfuse runs");
    child.stdin.take().expect("input").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_bad_line_is_named_and_the_others_are_not_lost() {
    let input = "{\"id\":\"a\",\"title\":\"T\",\"abstract\":\"We asked. It was 5 mg.\",\"summary\":\"It was 6 mg.\"}\nnonsense\n{\"id\":3,\"abstract\":\"\",\"summary\":\"\"}\n";
    for command in ["draft", "verify"] {
        let (fine, out, complaints) = run(command, input);
        assert!(!fine);
        assert_eq!(out.lines().count(), 2, "{out}");
        assert!(complaints.contains("line 2"), "{complaints}");
    }
    let (_, drafts, _) = run("draft", input);
    let empty: serde_json::Value =
        serde_json::from_str(drafts.lines().last().expect("a line")).expect("JSON");
    assert!(empty["draft"].is_null() && empty["problem"].is_string(), "{empty}");
    let (_, marks, _) = run("verify", input);
    let first: serde_json::Value = serde_json::from_str(marks.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["marks"][0]["kind"], "figure");
    assert_eq!(first["marks"][0]["span"], serde_json::json!([7, 11]));
}

#[test]
fn faults_in_summaries_of_real_abstracts_are_marked_and_true_figures_are_not() {
    let Some(corpus) = std::env::var_os("PERFUSE_CORPUS") else {
        eprintln!("skipped: PERFUSE_CORPUS is not set");
        return;
    };
    let folder = PathBuf::from(corpus).join("../relevance/drafting");
    if !folder.is_dir() {
        eprintln!("skipped: no {}", folder.display());
        return;
    }
    let mut number = 0;
    let mut cases = measure::read_cases(&folder);
    cases.retain(|case| {
        number += 1;
        let share = if matches!(case.set, "cochrane" | "conclusions") { 20 } else { 200 };
        number % share == 0 || case.set == "spanza" && number % 4 == 0
    });
    let table = measure::measure_checks(&cases, None);
    eprintln!("{table}");
    let copied = ["drafts", "key results", "spanza"];
    assert!(table.share(&copied, &spoil::FAULTS[..6]) >= 0.98, "{table}");
    assert!(table.share(&copied, &spoil::FAULTS[6..]) >= 0.9, "{table}");
    // in other words than the abstract's; and not by marking everything
    assert!(table.share(&["cochrane", "conclusions"], &[Fault::Direction]) >= 0.8, "{table}");
    let (contradicted, untraced, words) = table.directions["cochrane"];
    assert!(contradicted + untraced <= words / 50, "{table}");
    let (marked, right) =
        table.figures.values().fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
    assert!(marked * 100 <= 3 * (marked + right), "{table}");
}
