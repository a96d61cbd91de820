//! Trains what weighs the evidence about a summary's directions (`WEIGHTS` of `src/curation/verify/trace.rs`).
//!
//! ```text
//! cargo run --release --example train_directions -- FOLDER
//! ```
//!
//! FOLDER holds the sets of `measure_checks`. Learnt from trials' drafts, key results and conclusions (open-access abstracts, so
//! that the weights may be shipped), each as it is and with one direction or negation turned round; conclusions, which
//! paraphrase, count three times. The other sets are read and left out: they are for measuring. A logistic regression,
//! fitted by gradient descent without chance: the same data give the same weights.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/judgement/measure.rs"]
#[allow(dead_code)]
mod measure;
#[path = "../tests/judgement/spoil.rs"]
mod spoil;

use perfuse::curation::verify::trace::{EVIDENCE, trace_directions};
use spoil::{Dice, Fault, spoil};

const ROUNDS: usize = 4_000;
const STEP: f64 = 0.5;
/// How strongly weights are pulled towards zero.
const PULL: f64 = 0.000_2;

struct Lesson {
    evidence: [f64; EVIDENCE],
    wrong: bool,
    counts: f64,
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: train_directions FOLDER");
    let mut lessons = Vec::new();
    for (number, case) in measure::read_cases(std::path::Path::new(&folder)).iter().enumerate() {
        let counts = match case.set {
            "conclusions" => 1.0,
            "drafts" | "key results" => 0.3,
            _ => continue,
        };
        let mut learn = |summary: &str, wrong: Option<&std::ops::Range<usize>>| {
            for traced in trace_directions(&case.title, &case.source, summary) {
                let near = |at: &std::ops::Range<usize>| {
                    traced.span.0 < at.end + 42 && traced.span.1 + 14 > at.start
                };
                if wrong.is_none_or(near) {
                    lessons.push(Lesson { evidence: traced.evidence, wrong: wrong.is_some(), counts });
                }
            }
        };
        learn(&case.summary, None);
        for fault in [Fault::Direction, Fault::Negation] {
            let mut dice = Dice(number as u64 * 31 + fault as u64);
            dice.roll(9);
            if let Some(spoiled) = spoil(&case.summary, fault, &[], &mut dice) {
                learn(&spoiled.text, Some(&spoiled.at));
            }
        }
    }
    let wrong = lessons.iter().filter(|lesson| lesson.wrong).count();
    println!("// {} directions, {wrong} of them turned round", lessons.len());
    println!("{:.2?}", fit(&lessons));
}

fn fit(lessons: &[Lesson]) -> [f64; EVIDENCE + 1] {
    let all: f64 = lessons.iter().map(|lesson| lesson.counts).sum();
    let mut weights = [0.0; EVIDENCE + 1];
    let mut speed = [0.0; EVIDENCE + 1];
    for _ in 0..ROUNDS {
        let mut slope = [0.0; EVIDENCE + 1];
        for lesson in lessons {
            let sum: f64 = lesson.evidence.iter().zip(&weights).map(|(one, weight)| one * weight).sum();
            let guess = 1.0 / (1.0 + (-sum - weights[EVIDENCE]).exp());
            let off = lesson.counts * (guess - f64::from(u8::from(lesson.wrong))) / all;
            for (slope, one) in slope.iter_mut().zip(lesson.evidence.iter().chain(&[1.0])) {
                *slope += off * one;
            }
        }
        for (at, (weight, speed)) in weights.iter_mut().zip(&mut speed).enumerate() {
            let pull = if at < EVIDENCE { PULL * *weight } else { 0.0 };
            *speed = 0.9 * *speed - STEP * (slope[at] + pull);
            *weight += *speed;
        }
    }
    weights
}
