//! The speeds of judgement, on made-up abstracts of the usual length: `cargo bench --bench judgement`.
//!
//! Prints the best of several runs, on one core, in milliseconds. Nothing fails here: machines differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use perfuse::curation::document::Document;
use perfuse::curation::draft::draft_plain;
use perfuse::curation::relevance::{Decision, Features, Model, Verdict, features, prior};
use perfuse::curation::topics::TopicRules;
use perfuse::curation::verify::verify;
use perfuse::domain::text::RichText;

/// Numbers that are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// Few words are frequent and most are rare, as in language (Zipf).
    fn word(&mut self) -> usize {
        let all = 30_000_f64;
        let drawn = self.roll(1 << 20) as f64 / f64::from(1 << 20);
        all.powf(drawn) as usize
    }
}

fn write(dice: &mut Dice, words: usize) -> String {
    (0..words).map(|_| format!("w{}a", dice.word())).collect::<Vec<_>>().join(" ")
}

fn measure<T>(what: &str, mut run: impl FnMut() -> T) {
    let best = (0..7).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    });
    let best = best.min().unwrap_or_default();
    println!("{what:52} {:9.2} ms", best.as_secs_f64() * 1_000.0);
}

fn main() {
    let mut dice = Dice(1);
    let works: Vec<(RichText, String)> = (0..5_000)
        .map(|_| {
            let (title, text) = (write(&mut dice, 14), write(&mut dice, 235));
            (RichText::from_plain(&title), text)
        })
        .collect();
    let compute = || -> Vec<Features> {
        works.iter().map(|(title, text)| features(&Document::from_text(title, text))).collect()
    };
    measure("features of 5,000 abstracts", compute);
    let kept = compute();
    let (title, text) = &works[0];
    let before = prior(&TopicRules::default(), &Document::from_text(title, text)).score;
    let decisions: Vec<Decision> = kept
        .iter()
        .enumerate()
        .map(|(at, features)| {
            let verdict = if at % 6 == 0 { Verdict::Published } else { Verdict::Rejected(None) };
            Decision { features, prior: before, verdict }
        })
        .collect();
    let arrived: Vec<&Features> = kept.iter().collect();
    for count in [0, 1_000, 5_000] {
        measure(&format!("fit on {count} decisions, score 5,000 works"), || {
            let model = Model::fit(&decisions[..count]).with_arrivals(&arrived);
            kept.iter().map(|features| model.score(features, before)).sum::<f64>()
        });
    }
    let text = "BACKGROUND: Arrest is often fatal. OBJECTIVE: We asked whether early ECPR improves survival. METHODS: We \
                randomised 134 adults to ECPR or standard care. RESULTS: Survival was higher with ECPR than with standard \
                care (43% vs 7%; p = .001). Bleeding occurred in 12 patients. CONCLUSIONS: Early ECPR improved survival.";
    measure("1,000 drafts", || (0..1_000).filter_map(|_| draft_plain("Early ECPR", text)).count());
    let summary = "Survival was 43% with ECPR and 7% without in 134 adults; 12 bled.";
    measure("1,000 checks", || {
        (0..1_000).map(|_| verify("Early ECPR", text, summary, None).len()).sum::<usize>()
    });
}
