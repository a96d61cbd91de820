//! How fast the desk is with ten thousand articles waiting. It measures and is not run with the others:
//! `cargo test --release --test suite -- --ignored desk::speed --nocapture`

use std::time::Instant;

use perfuse::curation::draft::draft;
use perfuse::domain::article::Relevance;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry};
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::text::RichText;
use perfuse::store::{Judged, Judgement, Mark, QueueFilter};

use super::world::{Browser, World};

const WAITING: u32 = 10_000;

fn judged(number: u32) -> Judged {
    let text = format!(
        "Whether ECPR helps was unclear. We enrolled {number} patients with refractory cardiac arrest and veno-arterial \
         support. {} Mortality fell from 40% to 31%. ECPR reduced mortality in this made-up trial.",
        "Secondary outcomes were lactate, haemolysis, bleeding and the length of stay in intensive care. "
            .repeat(12)
    );
    let sections = vec![AbstractSection { text: RichText::from_plain(&text), ..AbstractSection::default() }];
    let entry = Entry {
        ids: Identifiers { pmid: Some(Pmid(number + 1)), ..Identifiers::default() },
        title: RichText::from_plain(&format!(
            "Made-up trial {number} of circuit {} and flow {}",
            number * 7919,
            number * 104_729 % 9_973
        )),
        abstract_sections: sections,
        complete: true,
        ..Entry::default()
    };
    let reasons = vec!["ECPR in the title".into(), format!("“circuit”: you published {} of 9", number % 9)];
    let judgement = Judgement {
        relevance: Relevance { score: f64::from(number % 977), reasons },
        topics: vec![["ecpr", "cpb"][number as usize % 2].into()],
        draft: draft(&entry.title, &entry.abstract_sections),
        study: ["rct", "observational"][number as usize % 2].into(),
    };
    Judged { mark: Mark::of(&entry), entry, judgement }
}

async fn measure(maria: &mut Browser, what: &str, path: &str) {
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(maria.get(path).await.status, 200);
        times.push(begun.elapsed().as_micros() as f64 / 1000.0);
    }
    report(what, times);
}

fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    eprintln!(
        "{what}: median {:.1} ms, 90 % below {:.1} ms",
        times[times.len() / 2],
        times[times.len() * 9 / 10]
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; see the module"]
async fn the_next_article_is_there_at_once_with_ten_thousand_waiting() {
    let world = World::start().await;
    let source = world.store.import_source(world.now()).await.unwrap();
    for begin in (0..WAITING).step_by(500) {
        let batch = (begin..begin + 500).map(judged).collect();
        world.store.record_entries(source, batch, world.now()).await.unwrap();
    }
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    for (what, path) in [
        ("queue", "/desk"),
        ("page 300", "/desk?page=300"),
        ("topic", "/desk?topic=ecpr"),
        ("study", "/desk?study=rct"),
        ("reason", "/desk?why=%E2%80%9Ccircuit%E2%80%9D"),
        ("source", "/desk?source=import"),
        ("search, all match", "/desk?q=mortality"),
        ("search, one matches", "/desk?q=circuit+7919"),
    ] {
        measure(&mut maria, what, path).await;
    }
    for view in ["", "?topic=ecpr", "?q=mortality"] {
        let mut times = Vec::new();
        for article in world.store.queue(QueueFilter::default(), 0, 20).await.unwrap().0 {
            let begun = Instant::now();
            let decided = maria.decide(&article, "reject", &[("view", view)]).await;
            let next = maria.get(decided.location()).await;
            assert_eq!(next.status, 200);
            times.push(begun.elapsed().as_micros() as f64 / 1000.0);
        }
        report(&format!("decision until the next article, view {view:?}"), times);
    }
}
