//! A trial is an article of its own, and the desk shows how it goes.

use perfuse::domain::editor::Role;
use perfuse::domain::entry::{Entry, WorkKind};
use perfuse::domain::trial::TrialStatus;
use perfuse::intake::files;
use perfuse::intake::pubmed::Record;
use perfuse::store::{Judged, Judgement, Mark, Store};

use crate::desk::world::World;
use crate::support::program::Place;

/// A saved answer of ClinicalTrials.gov with one made-up study.
fn study(status: &str, enrolment: &str, updated: &str, more: &str) -> String {
    format!(
        r#"{{"totalCount":1,"studies":[{{"protocolSection":{{
"identificationModule":{{"nctId":"NCT99999931","briefTitle":"A made-up trial of ECPR at the door"}},
"statusModule":{{"overallStatus":"{status}","startDateStruct":{{"date":"2025-03"}},
"lastUpdatePostDateStruct":{{"date":"{updated}","type":"ACTUAL"}}{more}}},
"designModule":{{"phases":["PHASE2","PHASE3"],"enrollmentInfo":{enrolment}}},
"descriptionModule":{{"briefSummary":"Adults after cardiac arrest."}}}}}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_keeps_its_newest_facts_whatever_old_file_comes_after() {
    let place = Place::new("", None);
    let planned = r#"{"count":120,"type":"ESTIMATED"}"#;
    let counted = r#"{"count":118,"type":"ACTUAL"}"#;
    let results = r#","resultsFirstPostDateStruct":{"date":"2026-11-03","type":"ACTUAL"}"#;
    place.write("old.json", study("RECRUITING", planned, "2025-09-01", ""));
    place.write("new.json", study("COMPLETED", counted, "2026-11-05", results));
    let said = place.run(&["import", "old.json", "new.json", "old.json"]).done();
    assert!(
        said.out.contains("old.json: 1 new") && said.out.contains("new.json: 0 new, 1 updated"),
        "{said:?}"
    );

    let store = Store::open(&place.database()).await.unwrap();
    let (articles, total) = store.queue(Default::default(), 0, 10).await.unwrap();
    assert_eq!((total, articles[0].kind), (1, WorkKind::Trial));
    let facts = articles[0].trial.as_ref().unwrap();
    assert_eq!(
        (facts.status, facts.enrolment, facts.is_enrolment_actual),
        (TrialStatus::Completed, Some(118), true)
    );
    assert_eq!(facts.results_posted_on.as_ref().unwrap().as_str(), "2026-11-03");
    assert_eq!(facts.last_updated_on.as_ref().unwrap().as_str(), "2026-11-05");
    assert!(
        articles[0].abstract_sections[0].text.to_plain().starts_with("Completed."),
        "the text is of one day too"
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_sees_how_a_trial_goes_and_where_a_text_is_free() {
    let world = World::start().await;
    let results = r#","resultsFirstPostDateStruct":{"date":"2026-11-03"},"whyStopped":"slow accrual""#;
    let file = study("TERMINATED", r#"{"count":40,"type":"ACTUAL"}"#, "2026-11-05", results);
    let bytes: &'static [u8] = file.into_bytes().leak();
    let opened = files::read(Box::new(bytes), std::path::Path::new("study.json"), world.now()).unwrap();
    let trials = opened.records.filter_map(|record| match record {
        Record::Entry(entry) => Some(*entry),
        _ => None,
    });
    let free = Some("https://journal.example.org/full".to_owned());
    let judged = trials.map(|entry| Entry { free_full_text: free.clone(), ..entry }).map(|entry| Judged {
        mark: Mark::of(&entry),
        entry,
        judgement: Judgement::default(),
    });
    let judged: Vec<Judged> = judged.collect();
    let source = world.store.import_source(world.now()).await.unwrap();
    world.store.record_entries(source, judged, world.now()).await.unwrap();
    let id = world.store.queue(Default::default(), 0, 1).await.unwrap().0[0].id;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let page = maria.get(&format!("/desk/a/{id}")).await;
    let facts = page.text(".trial");
    for fact in
        ["terminated: slow accrual", "2/3", "40 participants enrolled", "posted 3 Nov 2026", "5 Nov 2026"]
    {
        assert!(facts.contains(fact), "{fact}: {facts}");
    }
    assert!(!page.text(".abstract").contains("Terminated"), "once is enough: {}", page.text(".abstract"));
    assert!(page.text(".badges").contains("Free full text"), "{}", page.text(".badges"));
    assert!(page.values(".links a", "href").contains(&"https://journal.example.org/full".to_owned()));
}
