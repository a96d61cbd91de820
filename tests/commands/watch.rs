//! The watch from the command line.

use crate::support::literature::{Literature, record, structured_abstract};
use crate::support::program::Place;
use crate::support::registries::{Registries, with_link};

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_runs_the_watch_sees_how_it_stands_and_what_was_said() {
    let literature = Literature::open().await;
    let registries = Registries::open(&literature);
    registries.change(|known| {
        let work = serde_json::json!({"DOI": "10.9999/1", "type": "journal-article", "title": ["Made up"]});
        known.works.insert("10.9999/1".into(), work);
    });
    let mut place = Place::new("", Some(&literature));
    for (service, path) in [("CROSSREF", "/crossref/"), ("PREPRINTS", "/preprints/"), ("TRIALS", "/trials/")]
    {
        place.set(&format!("PERFUSE__{service}__BASE_URL"), &literature.url(path));
    }
    let place = std::sync::Arc::new(place);
    let run = |words: &'static [&'static str]| {
        let place = place.clone();
        async move { tokio::task::spawn_blocking(move || place.run(words)).await.unwrap() }
    };
    let nothing = run(&["watch", "run"]).await.done().out;
    assert!(nothing.starts_with("Nothing is due."), "{nothing}");
    let paper = record(1, "10.9999/1", "A made-up trial of flow", &structured_abstract(42));
    place.write("paper.xml", Registries::set(&paper));
    run(&["import", "paper.xml"]).await.done();
    literature.add_record(1, with_link(&paper, "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));

    let status = run(&["watch", "status"]).await.done().out;
    assert!(status.contains("never") && status.contains("No notices were found."), "{status}");
    let ran = run(&["watch", "run"]).await.done().out;
    assert!(ran.contains("PubMed") && ran.contains("Crossref"), "{ran}");
    let status = run(&["watch", "status"]).await.done().out;
    assert!(status.contains("retraction") && status.contains("waiting"), "{status}");
    let explained = run(&["watch", "explain", "10.9999/1"]).await.done().out;
    for words in [
        "A made-up trial of flow",
        "RetractionIn PMID 900 (Perfusion. 2026 Nov;41(8):201): retraction",
        "Retraction (PubMed), waiting",
        "Crossref: last answer",
        "nothing happened to this work, as it says",
    ] {
        assert!(explained.contains(words), "{words:?} is not in {explained}");
    }

    let tied = run(&["watch", "tie", "1", "nct99999901"]).await.done().out;
    assert!(tied.contains("NCT99999901 is watched for it from now on."), "{tied}");
    let again = run(&["watch", "tie", "1", "NCT99999901", "--undo"]).await.done().out;
    assert!(again.contains("no longer"), "{again}");

    // a service that is down: the look failed, and says so
    registries.refuse_with(503);
    let failed = run(&["watch", "run", "1"]).await;
    assert_eq!(failed.code, Some(1));
    assert!(failed.err.contains("none counts as clean") && failed.err.contains("503"), "{}", failed.err);
    assert!(failed.err.contains("Crossref: 1 failed: "), "how many and why: {}", failed.err);
    let explained = run(&["watch", "explain", "1"]).await.done().out;
    assert!(explained.contains("so it is not known what it says now"), "{explained}");
    assert!(
        explained.contains("nothing happened to this work, as it says, up to its last answer"),
        "{explained}"
    );
    let status = run(&["watch", "status"]).await.done().out;
    assert!(status.contains("PMID 1 at Crossref (1 in a row"), "{status}");
    let unknown = run(&["watch", "explain", "77"]).await;
    assert!(unknown.err.contains("there is no article \"77\""), "{}", unknown.err);
}
