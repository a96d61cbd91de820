use perfuse::domain::likeness::PairSort;
use perfuse::domain::relation::Relation;
use perfuse::domain::status::Status;
use perfuse::store::{DecideError, NewsPlace, Wish};

use super::world::{NOW, With, World, work};

const TITLE: &str = "Early extracorporeal support after refractory cardiac arrest in adults";
const PREPRINT: &str = "10.1101/2026.01.02.26300001";
const PAPER: &str = "10.9999/paper";

fn preprint() -> perfuse::domain::entry::Entry {
    work(TITLE).doi(PREPRINT).preprint()
}

#[tokio::test]
async fn a_preprint_whose_record_names_its_paper_leaves_the_queue_to_it_whichever_came_first() {
    for paper_first in [true, false] {
        let world = World::open().await;
        let claims = preprint().related(Relation::UpdateIn, PAPER);
        let paper = work(TITLE).doi(PAPER).pmid(7);
        let (first, second) = if paper_first { (paper, claims) } else { (claims, paper) };
        world.show(0, vec![first]).await;
        world.show(1, vec![second]).await;
        let waiting = world.waiting().await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].ids.doi.as_ref().unwrap().as_str(), PAPER);
        let versions = world.store.linked_versions(waiting[0].id).await.unwrap();
        assert_eq!(versions[0].ids.doi.as_ref().unwrap().as_str(), PREPRINT);
        assert_eq!(world.store.paper_of(versions[0].id).await.unwrap(), Some(waiting[0].id));
        assert!(world.store.suggestions(waiting[0].id).await.unwrap().is_empty());
        assert_eq!(world.store.queue_counts(NOW).await.unwrap().queued, 1);
    }
}

#[tokio::test]
async fn an_update_between_two_papers_is_no_version() {
    let world = World::open().await;
    world
        .show(
            0,
            vec![
                work("A systematic review of pumps")
                    .doi("10.9999/r1")
                    .related(Relation::UpdateIn, "10.9999/r2"),
            ],
        )
        .await;
    world.show(0, vec![work("A systematic review of pumps, again").doi("10.9999/r2")]).await;
    assert_eq!(world.waiting().await.len(), 2);
}

#[tokio::test]
async fn the_paper_of_a_rejected_preprint_comes_into_the_queue_and_the_preprint_does_not() {
    let world = World::open().await;
    world.show(0, vec![preprint()]).await;
    let waiting = world.waiting().await;
    world.decide(&waiting[0], Wish::Reject { reason: None }, NOW).await.unwrap();
    world.show(1, vec![work(TITLE).doi(PAPER).related(Relation::UpdateOf, PREPRINT)]).await;
    let paper = world.waiting().await.remove(0);
    let versions = world.store.linked_versions(paper.id).await.unwrap();
    assert_eq!((versions.len(), versions[0].status), (1, Status::Rejected));
}

#[tokio::test]
async fn the_paper_takes_over_the_permalink_of_a_published_preprint_and_undo_gives_it_back() {
    let world = World::open().await;
    world.show(0, vec![preprint()]).await;
    let early = world.waiting().await.remove(0);
    let early = world.approve(&early, "Reported as a preprint.", &["ecpr"], NOW).await;
    let before = world.public(NOW).await.remove(0);
    world.show(1, vec![work(TITLE).doi(PAPER).related(Relation::UpdateOf, PREPRINT)]).await;
    let paper = world.waiting().await.remove(0);
    assert_eq!(world.public(NOW).await[0], before, "nothing public changes before an editor says so");

    let later = NOW.plus_ms(60_000);
    let wish = Wish::Approve {
        title: paper.title.clone(),
        summary: "Peer reviewed by now.".into(),
        topics: vec!["ecmo".into()],
        publish_at: None,
    };
    let approved = world.decide(&paper, wish, later).await.unwrap();
    let public = world.public(later).await;
    assert_eq!(public.len(), 1, "one work, one item");
    let item = &public[0];
    assert_eq!((&item.public_id, item.published_at), (&before.public_id, before.published_at));
    assert!(item.updated_at > before.updated_at);
    assert_eq!(
        (item.summary.as_str(), item.ids.doi.as_ref().unwrap().as_str()),
        ("Peer reviewed by now.", PAPER)
    );
    assert_eq!(item.first_report.as_ref().unwrap().ids.doi.as_ref().unwrap().as_str(), PREPRINT);
    for id in [&early.public_id, &paper.public_id] {
        let NewsPlace::Public(found) = world.store.news_place(id, later).await.unwrap() else {
            panic!("{id}")
        };
        assert_eq!(&found.public_id, &early.public_id);
    }
    let early = world.article(early.id).await;
    let edit = Wish::Edit { title: early.title.clone(), summary: "Old.".into(), topics: vec![] };
    assert!(matches!(world.decide(&early, edit, later).await, Err(DecideError::Superseded { .. })));
    assert!(matches!(world.decide(&early, Wish::Withdraw, later).await, Err(DecideError::Superseded { .. })));
    assert!(!world.store.unlink_version(early.id, world.editor, later).await.unwrap());

    world.store.undo(approved.decision_id, world.editor, later).await.unwrap();
    let restored = world.public(NOW.plus_ms(120_000)).await.remove(0);
    assert_eq!(restored.article_id, early.id);
    assert_eq!(
        (&restored.summary, &restored.topics, &restored.ids, &restored.first_report),
        (&before.summary, &before.topics, &before.ids, &None)
    );
    assert!(restored.updated_at > before.updated_at, "pollers see the change");
}

#[tokio::test]
async fn the_paper_of_a_preprint_that_was_taken_back_gets_an_address_of_its_own() {
    let world = World::open().await;
    world.show(0, vec![preprint()]).await;
    let early = world.waiting().await.remove(0);
    let early = world.approve(&early, "Text.", &[], NOW).await;
    world.decide(&early, Wish::Withdraw, NOW).await.unwrap();
    world.show(1, vec![work(TITLE).doi(PAPER).related(Relation::UpdateOf, PREPRINT)]).await;
    let paper = world.waiting().await.remove(0);
    let paper = world.approve(&paper, "Reviewed.", &[], NOW).await;
    assert_eq!(world.public(NOW.plus_ms(9_000)).await[0].public_id, paper.public_id);
    assert_eq!(world.store.news_place(&early.public_id, NOW.plus_ms(9_000)).await.unwrap(), NewsPlace::Gone);
}

#[tokio::test]
async fn versions_without_a_link_are_suggested_as_such_linked_by_an_editor_and_never_merged() {
    let world = World::open().await;
    world.show(0, vec![preprint()]).await;
    world.show(1, vec![work(TITLE).doi(PAPER)]).await;
    let waiting = world.waiting().await;
    let suggestion = world.store.suggestions(waiting[1].id).await.unwrap().remove(0);
    assert_eq!(suggestion.sort, PairSort::Version);
    assert!(matches!(world.merge(&waiting[0], &waiting[1], NOW).await, Err(DecideError::NotMergeable(_))));
    assert!(world.store.link_versions(waiting[1].id, waiting[0].id, world.editor, NOW).await.unwrap());
    assert_eq!(world.waiting().await.len(), 1);
    let approved = world.approve(&world.waiting().await[0], "Reviewed.", &[], NOW).await;
    let early = world.article(waiting[0].id).await;
    let wish =
        Wish::Approve { title: early.title.clone(), summary: "x".into(), topics: vec![], publish_at: None };
    let refused = world.decide(&early, wish, NOW).await;
    assert!(matches!(refused, Err(DecideError::Superseded { by }) if by == approved.id));
    assert!(world.store.unlink_version(early.id, world.editor, NOW).await.unwrap());
    world.show(0, vec![preprint().related(Relation::UpdateIn, PAPER)]).await;
    assert_eq!(
        world.store.paper_of(early.id).await.unwrap(),
        None,
        "an editor's word outweighs the record's"
    );
}
