//! Measures how well works are told apart: `cargo run --release --example measure_identity [WORKS]` (10,000 unless
//! said otherwise), each seen through three sources in the sources' own formats.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, dead_code)]

#[path = "../tests/identity/formats.rs"]
mod formats;
#[path = "../tests/identity/generator.rs"]
mod generator;
#[path = "../tests/identity/measure.rs"]
mod measure;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).map_or(10_000, |text| text.parse().unwrap());
    let started = std::time::Instant::now();
    let outcome = measure::measure(count).await;
    println!("{} works, {} sights, {:.1} s", outcome.works, outcome.sights, started.elapsed().as_secs_f64());
    println!("false merges: {}", outcome.false_merges.len());
    for (one, other) in outcome.false_merges.iter().take(20) {
        println!("  {one}\n  {other}\n");
    }
    println!(
        "pairs that identifiers can join: {} of {} joined ({:.2} %)",
        outcome.joined,
        outcome.decidable,
        outcome.recall() * 100.0
    );
    for missed in outcome.missed.iter().take(20) {
        println!("  {missed}");
    }
    println!("pairs that they cannot: {} of {} suggested", outcome.suggested, outcome.undecidable);
    println!(
        "suggestions: {} right, {} wrong ({:.1} % right)",
        outcome.right_suggestions,
        outcome.wrong_suggestions.len(),
        outcome.precision() * 100.0
    );
    for (one, other) in outcome.wrong_suggestions.iter().take(20) {
        println!("  {one}\n  {other}\n");
    }
    println!("versions suggested: {} right, {} wrong", outcome.right_versions, outcome.wrong_versions);
}
