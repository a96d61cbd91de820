//! Measures full-text search over many published items: `cargo run --release --example measure_search -- 100000`.
//!
//! Makes a database of invented items in a temporary folder (words drawn by Zipf's law, the field's own words in up to
//! half of all items, approvals out of the order of ids), then asks 400 questions of one to three words in both orders
//! and the newest page, and prints medians, 99th percentiles and the goals.

use std::time::{Duration, Instant};

use perfuse::domain::time::UnixMs;
use perfuse::store::{NewsQuery, SearchOrder, Store};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

#[path = "invented/mod.rs"]
mod invented;
use invented::{fill, word};

const QUESTIONS: usize = 400;
const SHOWN: i64 = 50;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000_u32);
    let folder = std::env::temp_dir().join(format!("perfuse-measure-{count}"));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("perfuse.db");
    let store = Store::open(&path).await?;
    if store.news_months(UnixMs(i64::MAX)).await?.is_empty() {
        let started = Instant::now();
        fill(&path, count)?;
        println!("{count} items written in {:.0} s to {}", started.elapsed().as_secs_f64(), path.display());
    }
    let now = UnixMs(4_000_000_000_000);
    let mut random = StdRng::seed_from_u64(7);
    let questions: Vec<String> = (0..QUESTIONS)
        .map(|at| (0..=at % 3).map(|_| word(&mut random)).collect::<Vec<_>>().join(" "))
        .collect();
    for (name, order, goal) in [
        ("best first", SearchOrder::Best, 20),
        ("newest first", SearchOrder::Newest, if count > 100_000 { 10 } else { 20 }),
    ] {
        let mut times = Vec::new();
        for question in &questions {
            let started = Instant::now();
            store.search_news(question, order, now, SHOWN).await?;
            times.push((started.elapsed(), question.as_str()));
        }
        report(&format!("search, {name}"), times, goal);
    }
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let started = Instant::now();
        let before = UnixMs(1_600_000_000_000 + random.random_range(0..i64::from(count)) * 60_000);
        let query = NewsQuery { before: Some(before), ..NewsQuery::default() };
        store.news_list(query, now, 200).await?;
        times.push((started.elapsed(), "200 items before a random instant"));
    }
    report("a page of the archive", times, 10);
    Ok(())
}

fn report(what: &str, mut times: Vec<(Duration, &str)>, goal_ms: u32) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].0.as_secs_f64() * 1000.0;
    let (slowest, question) = times[times.len() - 1];
    println!(
        "{what}: median {:.2} ms, p99 {:.2} ms (goal {goal_ms}), slowest {:.2} ms for {question:?}",
        at(0.5),
        at(0.99),
        slowest.as_secs_f64() * 1000.0
    );
}
