//! What watching thousands of items costs. Run by hand, in release:
//! `cargo test --release --test suite watch_load -- --ignored --nocapture`.

use std::time::Instant;

use perfuse::domain::time::{DAY_MS, HOUR_MS, UnixMs};
use perfuse::domain::watch::WatchService;
use perfuse::store::{Look, Looked};

use crate::support::registries::World;

const ITEMS: u32 = 5_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; see the module"]
async fn five_thousand_items_cost_a_few_requests_a_day() {
    let world = World::open_with(|settings| settings.crossref.requests_per_minute = 240).await;
    let started = Instant::now();
    world.publish_many(ITEMS).await;
    println!("{ITEMS} items published in {:?}", started.elapsed());

    // the first cycle asks about all of them
    let started = Instant::now();
    for report in world.worker().watch_due().await.unwrap() {
        println!(
            "{}: {} looked at, {} requests, {} failed",
            report.service.label(),
            report.looked,
            report.requests,
            report.failed
        );
        assert_eq!(report.failed, 0);
    }
    println!("first cycle, everything: {:?}", started.elapsed());
    let started = Instant::now();
    assert!(world.worker().watch_due().await.unwrap().is_empty());
    println!("a cycle with nothing due: {:?}", started.elapsed());

    // two weeks by the hour, as the store hands looks out: a fifth of the items is recent
    let store = world.store();
    for (service, batch) in [(WatchService::Pubmed, 200), (WatchService::Crossref, 80)] {
        let (mut requests, mut looks_made) = (0_u32, 0);
        let begin = UnixMs::now().plus_ms(8 * DAY_MS);
        for hour in 0..14 * 24 {
            let now = begin.plus_ms(hour * HOUR_MS);
            loop {
                let due = store.claim_watch(service, batch, 6 * HOUR_MS, HOUR_MS, now).await.unwrap();
                if due.is_empty() {
                    break;
                }
                requests += 1;
                looks_made += due.len();
                let looks = due.iter().map(|watched| {
                    let interval = if watched.article_id % 5 == 0 { DAY_MS } else { 7 * DAY_MS };
                    let spread = (watched.article_id * 7_919 % 200 - 100) * interval / 1_000;
                    let result = Looked::Answered {
                        findings: vec![],
                        gone: vec![],
                        snapshot: "{}".into(),
                        incomplete: None,
                    };
                    let next_at = now.plus_ms(interval + spread);
                    Look { article_id: watched.article_id, service, next_at, result }
                });
                store.record_looks(looks.collect(), false, now).await.unwrap();
            }
        }
        println!(
            "{}: {:.1} requests and {} looks a day",
            service.label(),
            f64::from(requests) / 14.0,
            looks_made / 14
        );
    }
    world.close().await;
}
