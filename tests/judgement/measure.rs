//! The checks' confusion table over real abstracts and correct summaries of them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use perfuse::curation::draft::draft_plain;
use perfuse::curation::verify::{Mark, MarkKind, verify};
use serde_json::Value;

use super::spoil::{Dice, FAULTS, Fault, figures, spoil, value};

/// A correct summary and what it is of.
pub(crate) struct Case {
    pub(crate) set: &'static str,
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) summary: String,
}

fn rows(folder: &Path, name: &str) -> Vec<Value> {
    let path = folder.join(format!("{name}.jsonl.gz"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    BufReader::new(MultiGzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

/// Drafts and clinicians' key sentences of trials, authors' conclusions without their own section, plain-language
/// summaries, and editors' reviews against themselves in another spelling.
pub(crate) fn read_cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut abstracts = BTreeMap::new();
    for row in rows(folder, "trial_abstracts") {
        let (id, title) = (text(&row, "id").to_owned(), text(&row, "title").to_owned());
        let join = |keep: &dyn Fn(&str) -> bool| {
            let sections = row["sections"].as_array().expect("sections").iter();
            sections
                .filter(|section| keep(text(section, "role")))
                .map(|section| text(section, "text"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let all = join(&|_| true);
        if let Some(draft) = draft_plain(&title, &all) {
            cases.push(Case {
                set: "drafts",
                id: id.clone(),
                title: title.clone(),
                source: all.clone(),
                summary: draft.text(),
            });
        }
        cases.push(Case {
            set: "conclusions",
            id: id.clone(),
            title: title.clone(),
            source: join(&|role| role != "conclusion"),
            summary: text(&row, "reference").to_owned(),
        });
        abstracts.insert(id, (title, all));
    }
    for row in rows(folder, "trial_key_results") {
        let Some((title, source)) = abstracts.get(text(&row, "id")) else { continue };
        let sentences: Vec<&str> = row["evidence_sentences"]
            .as_array()
            .expect("sentences")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        cases.push(Case {
            set: "key results",
            id: text(&row, "id").to_owned(),
            title: title.clone(),
            source: source.clone(),
            summary: sentences.join(" "),
        });
    }
    for row in rows(folder, "cochrane_plain_language") {
        cases.push(Case {
            set: "cochrane",
            id: text(&row, "id").to_owned(),
            title: String::new(),
            source: text(&row, "abstract").to_owned(),
            summary: text(&row, "reference").to_owned(),
        });
    }
    for row in rows(folder, "spanza_human_reviews") {
        let review = text(&row, "review");
        cases.push(Case {
            set: "spanza",
            id: text(&row, "id").to_owned(),
            title: text(&row, "title").to_owned(),
            source: respell(review),
            summary: review.to_owned(),
        });
    }
    cases
}

/// The same figures as another source would print them.
fn respell(text: &str) -> String {
    let mut respelt = String::with_capacity(text.len());
    let mut at = 0;
    for range in figures(text) {
        respelt.push_str(&text[at..range.start]);
        let printed = &text[range.clone()];
        match printed.strip_prefix("0.") {
            Some(fraction) => respelt.push_str(&format!(".{fraction}")),
            None if printed.contains(',') => respelt.push_str(&printed.replace(',', "")),
            None => respelt.push_str(&printed.replace('.', "·")),
        }
        at = range.end;
    }
    respelt.push_str(&text[at..]);
    respelt
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) marked: usize,
    pub(crate) missed: usize,
}

impl Tally {
    pub(crate) fn share(&self) -> f64 {
        self.marked as f64 / (self.marked + self.missed).max(1) as f64
    }
}

/// What was measured.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) faults: BTreeMap<(&'static str, Fault), Tally>,
    /// True figures of untouched summaries: falsely marked, and rightly left alone.
    pub(crate) figures: BTreeMap<&'static str, (usize, usize)>,
    /// Untouched summaries: words of direction or swap marked as contradicted, those marked as untraced, and all words.
    pub(crate) directions: BTreeMap<&'static str, (usize, usize, usize)>,
}

impl Table {
    /// The marked share of some faults over some sets.
    pub(crate) fn share(&self, sets: &[&str], faults: &[Fault]) -> f64 {
        let mut sum = Tally::default();
        for ((set, fault), tally) in &self.faults {
            if sets.contains(set) && faults.contains(fault) {
                sum.marked += tally.marked;
                sum.missed += tally.missed;
            }
        }
        sum.share()
    }
}

pub(crate) fn measure_checks(cases: &[Case], show: Option<&str>) -> Table {
    let mut table = Table::default();
    for (number, case) in cases.iter().enumerate() {
        let known: Vec<f64> = figures(&case.source.replace('·', "."))
            .into_iter()
            .map(|range| value(&case.source.replace('·', ".")[range]))
            .chain(
                case.set
                    .eq("spanza")
                    .then(|| figures(&case.summary).into_iter().map(|range| value(&case.summary[range])))
                    .into_iter()
                    .flatten(),
            )
            .collect();
        let truths: Vec<_> = figures(&case.summary)
            .into_iter()
            .filter(|range| known.contains(&value(&case.summary[range.clone()])))
            .collect();
        let untouched = verify(&case.title, &case.source, &case.summary, None);
        let (false_marks, right) = table.figures.entry(case.set).or_default();
        for range in &truths {
            let mark = untouched.iter().find(|mark| {
                matches!(mark.kind, MarkKind::Figure | MarkKind::Unit) && touches(mark, &case.summary, range)
            });
            match mark {
                Some(mark) => {
                    *false_marks += 1;
                    if show == Some("False") {
                        let around = case.summary[..range.start]
                            .chars()
                            .rev()
                            .take(60)
                            .collect::<Vec<_>>()
                            .into_iter()
                            .rev()
                            .collect::<String>();
                        eprintln!(
                            "FALSE {} {}: …{around}[{}] {}",
                            case.set,
                            case.id,
                            &case.summary[range.clone()],
                            mark.reason
                        );
                    }
                }
                None => *right += 1,
            }
        }
        let (contradicted, untraced, words) = table.directions.entry(case.set).or_default();
        *words += case.summary.split_whitespace().count();
        for mark in &untouched {
            match mark.kind {
                MarkKind::Direction | MarkKind::Swap => *contradicted += 1,
                MarkKind::Untraced => *untraced += 1,
                _ => continue,
            }
            if show == Some("FalseDirection") {
                eprintln!(
                    "FALSE {} {}: {:?} {} || {}",
                    case.set, case.id, mark.kind, mark.reason, case.summary
                );
            }
        }
        for fault in FAULTS {
            let mut dice = Dice(number as u64 * 31 + fault as u64);
            dice.roll(9);
            let Some(spoiled) = spoil(&case.summary, fault, &truths, &mut dice) else { continue };
            let marks = verify(&case.title, &case.source, &spoiled.text, None);
            let seen = marks.iter().any(|mark| touches(mark, &spoiled.text, &spoiled.at));
            let tally = table.faults.entry((case.set, fault)).or_default();
            if seen {
                tally.marked += 1;
            } else {
                tally.missed += 1;
                if show.is_some_and(|show| show == format!("{fault:?}")) {
                    eprintln!(
                        "MISSED {} {}: [{}] in {}",
                        case.set,
                        case.id,
                        &spoiled.text[spoiled.at.clone()],
                        spoiled.text
                    );
                }
            }
        }
    }
    table
}

/// Whether a mark lies on a stretch (bytes) of the summary, or on the words at its edges.
fn touches(mark: &Mark, summary: &str, range: &std::ops::Range<usize>) -> bool {
    let points = |bytes: usize| summary[..bytes].chars().count();
    let reach = 14;
    let (start, end) = (points(range.start), points(range.end));
    match mark.kind {
        MarkKind::Figure | MarkKind::Unit => mark.span.0 < end && mark.span.1 > start,
        _ => mark.span.0 < end + 3 * reach && mark.span.1 + reach > start,
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12} {:13} marked missed  share", "summaries", "fault")?;
        for ((set, fault), tally) in &self.faults {
            writeln!(
                f,
                "{set:12} {:13} {:6} {:6} {:6.3}",
                format!("{fault:?}"),
                tally.marked,
                tally.missed,
                tally.share()
            )?;
        }
        for (set, (wrong, right)) in &self.figures {
            let share = *wrong as f64 / (wrong + right).max(1) as f64;
            writeln!(f, "{set:12} true figures: {wrong} falsely marked of {} ({share:.4})", wrong + right)?;
        }
        for (set, (contradicted, untraced, words)) in &self.directions {
            let each = |marks: &usize| *marks as f64 * 100.0 / (*words).max(1) as f64;
            writeln!(
                f,
                "{set:12} untouched, marks per 100 words: {:.2} contradicted, {:.2} untraced",
                each(contradicted),
                each(untraced)
            )?;
        }
        Ok(())
    }
}
