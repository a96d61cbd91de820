use perfuse::domain::entry::Entry;
use perfuse::domain::likeness::{Evidence, PairSort};
use perfuse::domain::relation::Relation;
use perfuse::domain::status::Status;
use perfuse::store::Wish;

use super::world::{NOW, With, World, work};

const LONG: &str = "Early extracorporeal support after refractory cardiac arrest in adults";

#[tokio::test]
async fn a_work_that_two_feeds_show_without_identifiers_is_suggested_with_its_evidence_and_never_merged() {
    let world = World::open().await;
    world.show(0, vec![work(LONG)]).await;
    world.show(1, vec![work(&format!("<i>{}</i>.", LONG.to_uppercase()))]).await;
    let waiting = world.waiting().await;
    assert_eq!(waiting.len(), 2);
    let suggestions = world.store.suggestions(waiting[0].id).await.unwrap();
    assert_eq!(suggestions[0].other.id, waiting[1].id);
    assert_eq!(suggestions[0].sort, PairSort::Same);
    assert_eq!(
        suggestions[0].evidence,
        [
            Evidence::SameTitle,
            Evidence::SameFirstAuthor { name: "First Fixture".into() },
            Evidence::SameYear { year: 2026 },
            Evidence::SameJournal,
        ]
    );
    let badges =
        world.store.suggested_among(waiting.iter().map(|article| article.id).collect()).await.unwrap();
    assert_eq!(badges.len(), 2);
}

#[tokio::test]
async fn what_an_editor_says_is_not_the_same_work_stays_apart_even_when_identifiers_say_otherwise() {
    let world = World::open().await;
    world.show(0, vec![work(LONG).pmid(7)]).await;
    world.show(1, vec![work(LONG).doi("10.9999/x")]).await;
    let waiting = world.waiting().await;
    assert!(world.store.dismiss_pair(waiting[0].id, waiting[1].id, world.editor, NOW).await.unwrap());
    assert!(!world.store.dismiss_pair(waiting[1].id, waiting[0].id, world.editor, NOW).await.unwrap());
    world.show(1, vec![work(LONG).pmid(7).doi("10.9999/x")]).await;
    assert_eq!(world.waiting().await.len(), 2);
    assert!(world.store.suggestions(waiting[0].id).await.unwrap().is_empty());
}

#[tokio::test]
async fn titles_that_only_look_alike_are_not_suggested() {
    let world = World::open().await;
    let pairs = [
        (
            "Levosimendan in weaning from extracorporeal support: a trial",
            "Milrinone in weaning from extracorporeal support: a trial",
        ),
        (
            "Anticoagulation during membrane oxygenation, part I",
            "Anticoagulation during membrane oxygenation, part II",
        ),
        (
            "Hypothermia after cardiac arrest treated with circuits",
            "Hyperthermia after cardiac arrest treated with circuits",
        ),
        (
            "Retraction: Outcomes of long runs on the pump in children",
            "Outcomes of long runs on the pump in children",
        ),
        ("Editorial", "Editorial"),
        (
            "Registry report of extracorporeal support in 2024",
            "Registry report of extracorporeal support in 2025",
        ),
        (
            "Monitoring of oxygenators in 12 patients over time",
            "Monitoring of oxygenators in 21 patients over time",
        ),
    ];
    for (number, (one, other)) in pairs.into_iter().enumerate() {
        let doi = |side: &str| format!("10.9999/{number}.{side}");
        world.show(0, vec![work(one).doi(&doi("a"))]).await;
        world.show(1, vec![Entry { source_key: "b".into(), ..work(other) }]).await;
    }
    // the same first author, year and title, and yet two DOIs
    world
        .show(0, vec![work("Guideline on circuits for everybody, published twice").doi("10.9999/g.1")])
        .await;
    world
        .show(1, vec![work("Guideline on circuits for everybody, published twice").doi("10.9999/g.2")])
        .await;
    let waiting = world.waiting().await;
    assert_eq!(waiting.len(), 16);
    for article in waiting {
        let suggestions = world.store.suggestions(article.id).await.unwrap();
        let editorial = article.title.to_plain() == "Editorial";
        assert!(editorial || suggestions.is_empty(), "{:?} {suggestions:?}", article.title.to_plain());
    }
}

#[tokio::test]
async fn spellings_of_two_continents_and_a_dropped_subtitle_are_near_titles() {
    let world = World::open().await;
    world
        .show(
            0,
            vec![
                work("Haemolysis in randomised paediatric patients on centrifugal pumps"),
                work("Neurological outcome after rescue by extracorporeal circulation: a registry study")
                    .doi("10.9999/n"),
            ],
        )
        .await;
    world
        .show(
            1,
            vec![
                work("Hemolysis in randomized pediatric patients on centrifugal pumps"),
                work("Neurological outcome after rescue by extracorporeal circulation"),
            ],
        )
        .await;
    for article in world.waiting().await {
        assert_eq!(
            world.store.suggestions(article.id).await.unwrap().len(),
            1,
            "{}",
            article.title.to_plain()
        );
    }
}

#[tokio::test]
async fn an_article_that_was_decided_on_is_never_merged_without_asking_but_strongly_suggested() {
    let world = World::open().await;
    world.show(0, vec![work("A title in a feed that says little").doi("10.9999/x")]).await;
    world.show(1, vec![work("Quite another wording of it all").pmid(7)]).await;
    let waiting = world.waiting().await;
    world.decide(&waiting[0], Wish::Reject { reason: None }, NOW).await.unwrap();
    world.show(1, vec![work("Quite another wording of it all").pmid(7).doi("10.9999/X")]).await;
    assert_eq!(world.waiting().await.len(), 1);
    let suggestion = world.store.suggestions(waiting[1].id).await.unwrap().remove(0);
    assert_eq!(suggestion.other.status, Status::Rejected);
    assert_eq!(
        suggestion.evidence,
        [Evidence::SharedIdentifier { kind: "DOI".into(), value: "10.9999/x".into() }]
    );
}

#[tokio::test]
async fn a_notice_recorded_before_its_paper_does_not_swallow_the_papers_sighting_by_their_common_doi() {
    let world = World::open().await;
    world.show(0, vec![work(LONG).doi("10.9999/paper")]).await;
    let notice = Entry {
        publication_types: vec!["Retraction Notice".into()],
        ..work(LONG).pmid(99).doi("10.9999/paper").related(Relation::RetractionOf, "10.9999/paper")
    };
    world.show(1, vec![notice]).await;
    world.show(1, vec![work(LONG).pmid(7).doi("10.9999/paper")]).await;
    let waiting = world.waiting().await;
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].ids.pmid.unwrap().0, 7, "the record joined the feed's sighting");
    assert_eq!(waiting[1].ids.pmid.unwrap().0, 99);
}

#[tokio::test]
async fn a_feed_whose_items_bear_one_address_or_a_yearly_title_keeps_its_works_apart() {
    let world = World::open().await;
    let anywhere = |title: &str| Entry {
        source_key: String::new(),
        link: Some("https://j.example/".into()),
        ..work(title)
    };
    world
        .show(
            0,
            vec![
                anywhere("Editorial"),
                anywhere("Reply"),
                anywhere("Cannulation of the femoral artery in practice"),
            ],
        )
        .await;
    let yearly = |year| Entry {
        source_key: String::new(),
        ..work("Annual report of the extracorporeal registry").in_year(year)
    };
    world.show(0, vec![yearly(2024), yearly(2026)]).await;
    assert_eq!(world.waiting().await.len(), 5);
    world.show(0, vec![anywhere("Editorial"), yearly(2024), yearly(2026)]).await;
    assert_eq!(world.waiting().await.len(), 5, "shown again they are known");
}

#[tokio::test]
async fn a_publishers_number_joins_what_its_feed_and_pubmed_show() {
    let world = World::open().await;
    let pii = |text: &str| perfuse::domain::identity::Pii::parse(text);
    let mut feed = work(LONG);
    feed.ids.pii = pii("https://www.sciencedirect.com/science/article/pii/S0300957221000012");
    let mut record = work(LONG).pmid(7).doi("10.1016/j.x.2021.1");
    record.ids.pii = pii("S0300-9572(21)00001-2");
    world.show(0, vec![feed]).await;
    world.show(1, vec![record]).await;
    assert_eq!(world.waiting().await.len(), 1);
}
