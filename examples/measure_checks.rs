//! Measures the checks of summaries: correct summaries of real abstracts, one thing made wrong in each.
//!
//! ```text
//! cargo run --release --example measure_checks -- FOLDER [--show KIND]
//! ```
//!
//! FOLDER holds `trial_abstracts`, `trial_key_results`, `cochrane_plain_language` and `spanza_human_reviews` (`.jsonl.gz`). Prints
//! for each kind of fault how many were marked and how many were missed, and the false marks on true figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/judgement/measure.rs"]
mod measure;
#[path = "../tests/judgement/spoil.rs"]
mod spoil;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.first().expect("usage: measure_checks FOLDER [--show KIND]");
    let show =
        args.iter().position(|arg| arg == "--show").and_then(|at| args.get(at + 1)).map(String::as_str);
    let every = args
        .iter()
        .position(|arg| arg == "--every")
        .and_then(|at| args.get(at + 1))
        .map_or(1, |n| n.parse().expect("--every N"));
    let mut cases = measure::read_cases(std::path::Path::new(folder));
    let mut number = 0;
    cases.retain(|case| {
        number += 1;
        number % every == 0 || matches!(case.set, "cochrane" | "spanza")
    });
    let table = measure::measure_checks(&cases, show);
    let copied = ["drafts", "key results", "spanza"];
    println!("{table}");
    println!("changed figures marked, sentences copied: {:.4}", table.share(&copied, &spoil::FAULTS[..6]));
    println!(
        "changed directions marked, sentences copied: {:.4}",
        table.share(&copied, &spoil::FAULTS[6..8])
    );
    println!(
        "changed figures marked, all sets: {:.4}",
        table.share(&["drafts", "key results", "spanza", "cochrane", "conclusions"], &spoil::FAULTS[..6])
    );
    println!(
        "changed directions marked, all sets: {:.4}",
        table.share(&["drafts", "key results", "spanza", "cochrane", "conclusions"], &spoil::FAULTS[6..8])
    );
}
