use perfuse::domain::entry::Entry;
use perfuse::domain::status::{Act, Status};
use perfuse::domain::text::RichText;
use perfuse::store::{DecideError, NewsPlace, Wish};

use super::world::{NOW, With, World, work};

const TITLE: &str = "Early extracorporeal support after refractory cardiac arrest in adults";

/// Two feeds show one work; an article each, nothing decided.
async fn two() -> World {
    let world = World::open().await;
    world.show(0, vec![work(TITLE).doi("10.9999/x")]).await;
    world.show(1, vec![work(TITLE).pmid(7)]).await;
    world
}

#[tokio::test]
async fn a_merge_joins_sightings_identifiers_and_records_and_undo_parts_them_again() {
    let world = two().await;
    let [keep, gone] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let merged = world.merge(&keep, &gone, NOW).await.unwrap();
    assert_eq!((merged.article.id, merged.article.revision), (keep.id, keep.revision + 1));
    assert_eq!(merged.article.ids.pmid.unwrap().0, 7);
    assert_eq!(world.store.sightings(keep.id).await.unwrap().len(), 2);
    assert_eq!(world.article(gone.id).await.id, keep.id, "the other id forwards");
    assert_eq!(world.store.article_by_public_id(&gone.public_id).await.unwrap().unwrap().id, keep.id);
    let back = world.show(1, vec![work(TITLE).pmid(7)]).await;
    assert_eq!((back.fresh, world.waiting().await.len()), (0, 1));
    assert!(world.store.suggestions(keep.id).await.unwrap().is_empty());

    let again = world.merge(&keep, &gone, NOW).await.unwrap();
    assert!(again.repeated && again.decision_id == merged.decision_id, "a double click merges once");
    let history = world.store.history(Some(keep.id), None, 10).await.unwrap();
    assert_eq!((history.len(), history[0].act, history[0].undoable), (1, Act::Merge, true));

    world.store.undo(merged.decision_id, world.editor, NOW).await.unwrap();
    let parted = world.waiting().await;
    assert_eq!(parted.len(), 2);
    assert_eq!((parted[0].ids.clone(), parted[1].ids.clone()), (keep.ids, gone.ids));
    assert_eq!(world.store.sightings(keep.id).await.unwrap().len(), 1);
    assert_eq!(world.store.sightings(gone.id).await.unwrap().len(), 1);
    assert_eq!(world.store.suggestions(keep.id).await.unwrap().len(), 1, "and are suggested as before");
    let known = world.show(1, vec![work(TITLE).pmid(7)]).await;
    assert_eq!((known.fresh, known.known), (0, 1));
}

#[tokio::test]
async fn what_was_decided_stands_whichever_is_named_first() {
    for (wish, expected) in [
        (Wish::Reject { reason: None }, Status::Rejected),
        (Wish::Later { until: NOW.plus_ms(86_400_000) }, Status::Later),
    ] {
        let world = two().await;
        let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
        let decided = world.decide(&other, wish, NOW).await.unwrap().article;
        let merged = world.merge(&one, &decided, NOW).await.unwrap();
        assert_eq!((merged.article.id, merged.article.status), (decided.id, expected));
        assert!(world.waiting().await.is_empty(), "what was refused does not come back by its twin");
    }
}

#[tokio::test]
async fn of_two_published_items_one_stands_and_the_other_address_forwards_to_it_until_undone() {
    let world = two().await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let one = world.approve(&one, "The first text.", &["ecpr"], NOW).await;
    let other = world.approve(&other, "The second text.", &["ecmo"], NOW).await;
    assert_eq!(world.public(NOW.plus_ms(9_000)).await.len(), 2);
    let before = world.public(NOW.plus_ms(9_000)).await;
    let later = NOW.plus_ms(60_000);
    let merged = world.merge(&one, &other, later).await.unwrap();

    let public = world.public(later).await;
    assert_eq!(public.len(), 1);
    assert_eq!(
        (public[0].summary.as_str(), &public[0].topics[..]),
        ("The first text.", &["ecpr".to_owned(), "ecmo".into()][..])
    );
    assert_eq!(public[0].public_id, one.public_id);
    let standing = before.iter().find(|item| item.public_id == one.public_id).unwrap();
    assert_eq!((public[0].published_at, public[0].updated_at), (standing.published_at, standing.updated_at));
    let NewsPlace::Public(place) = world.store.news_place(&other.public_id, later).await.unwrap() else {
        panic!()
    };
    assert_eq!(place.public_id, one.public_id);
    let history = world.store.history(Some(one.id), None, 10).await.unwrap();
    assert_eq!(history.len(), 3, "the decisions on both are its history now");
    let text = history[0].merged.as_ref().unwrap();
    assert_eq!(text.summary.as_deref(), Some("The second text."), "and no text is lost");
    let approval = history.iter().find(|row| row.article_id == other.id).unwrap();
    assert!(!approval.undoable);
    let refused = world.store.undo(approval.decision_id, world.editor, later).await;
    assert!(
        matches!(refused, Err(DecideError::NotUndoable(_))),
        "an act on the one that is gone touches no other"
    );

    world.store.undo(merged.decision_id, world.editor, later).await.unwrap();
    let parted = world.public(NOW.plus_ms(120_000)).await;
    assert_eq!(parted.len(), 2);
    for item in &parted {
        let old = before.iter().find(|old| old.public_id == item.public_id).unwrap();
        assert_eq!(
            (&item.summary, item.published_at, &item.topics),
            (&old.summary, old.published_at, &old.topics)
        );
    }
}

#[tokio::test]
async fn the_public_one_stands_before_one_taken_back_whose_address_forwards_again() {
    let world = two().await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let one = world.approve(&one, "Text.", &[], NOW).await;
    let one = world.decide(&one, Wish::Withdraw, NOW).await.unwrap().article;
    let other = world.approve(&other, "Better text.", &[], NOW).await;
    let later = NOW.plus_ms(60_000);
    let merged = world.merge(&one, &other, later).await.unwrap();
    assert_eq!((merged.article.id, merged.article.status), (other.id, Status::Approved));
    assert!(matches!(world.store.news_place(&one.public_id, later).await.unwrap(), NewsPlace::Public(_)));
    let taken_back = world.decide(&merged.article, Wish::Withdraw, later).await.unwrap();
    assert_eq!(world.store.news_place(&one.public_id, later).await.unwrap(), NewsPlace::Gone);
    let refused = world.store.undo(merged.decision_id, world.editor, later).await;
    assert!(matches!(refused, Err(DecideError::NotUndoable(_))), "a later decision stands on the merge");
    world.store.undo(taken_back.decision_id, world.editor, later).await.unwrap();
    world.store.undo(merged.decision_id, world.editor, later).await.unwrap();
    assert_eq!(world.store.news_place(&one.public_id, later).await.unwrap(), NewsPlace::Gone);
    assert_eq!(world.public(NOW.plus_ms(120_000)).await.len(), 1);
}

#[tokio::test]
async fn a_text_that_only_the_other_has_is_taken_over() {
    let world = two().await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let edit = Wish::Edit {
        title: RichText::parse("A better title"),
        summary: "Typed with care.".into(),
        topics: vec!["ecpr".into()],
    };
    let other = world.decide(&other, edit, NOW).await.unwrap().article;
    let merged = world.merge(&one, &other, NOW).await.unwrap();
    assert_eq!(merged.article.id, one.id);
    assert_eq!(merged.article.summary.as_deref(), Some("Typed with care."));
    assert_eq!(merged.article.edited_title, Some(RichText::parse("A better title")));
    assert_eq!(merged.article.topics, ["ecpr"]);
    let undone = world.store.undo(merged.decision_id, world.editor, NOW).await.unwrap();
    assert_eq!((undone.article.summary, undone.article.topics), (None, vec![]));
    assert_eq!(world.article(other.id).await.summary.as_deref(), Some("Typed with care."));
}

#[tokio::test]
async fn a_merge_of_what_somebody_changed_meanwhile_is_a_conflict_and_so_is_a_decision_on_the_one_that_is_gone()
 {
    let world = two().await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let edit = Wish::Edit { title: other.title.clone(), summary: "New.".into(), topics: vec![] };
    let edited = world.decide(&other, edit, NOW).await.unwrap().article;
    let Err(DecideError::Conflict { current }) = world.merge(&one, &other, NOW).await else { panic!() };
    assert_eq!(current.id, other.id);
    world.merge(&one, &edited, NOW).await.unwrap();
    let Err(DecideError::Conflict { current }) =
        world.decide(&edited, Wish::Reject { reason: None }, NOW).await
    else {
        panic!()
    };
    assert_eq!(current.id, one.id);
    let same = world.article(one.id).await;
    assert!(matches!(world.merge(&same, &same, NOW).await, Err(DecideError::NotMergeable(_))));
}

#[tokio::test]
async fn every_reference_in_the_database_holds_after_merging_and_parting() {
    let world = two().await;
    world.show(0, vec![Entry { source_key: "third".into(), ..work(TITLE) }]).await;
    let waiting = world.waiting().await;
    assert_eq!(waiting.len(), 3);
    let first = world.merge(&waiting[0], &waiting[1], NOW).await.unwrap();
    let second = world.merge(&waiting[2], &first.article, NOW).await.unwrap();
    assert_eq!(world.article(waiting[1].id).await.id, second.article.id, "forwarding goes on");
    world.store.undo(second.decision_id, world.editor, NOW).await.unwrap();
    assert_eq!(world.article(waiting[1].id).await.id, waiting[0].id);
    let db = rusqlite::Connection::open(world.path()).unwrap();
    let lost: i64 =
        db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(lost, 0);
    let acts: i64 =
        db.query_row("SELECT count(*) FROM audit WHERE act = 'merge'", [], |row| row.get(0)).unwrap();
    assert_eq!(acts, 2);
}
