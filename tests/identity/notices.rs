//! What a merge does to notices and to what else hangs on an article: nothing is lost, nothing stays hidden.

use perfuse::domain::article::Article;
use perfuse::domain::entry::Entry;
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::notice::{NoticeKind, NoticeSource, NoticeState, SummaryHolds};
use perfuse::domain::preview::Standing;
use perfuse::domain::relation::Relation;
use perfuse::domain::status::Status;
use perfuse::domain::time::UnixMs;
use perfuse::store::{DecideError, NoticePlace};

use super::parting::finding;
use super::world::{NOW, With, World, work};

const TITLE: &str = "Early extracorporeal support after refractory cardiac arrest in adults";
const LATER: UnixMs = UnixMs(NOW.0 + 60_000);
const AFTER: UnixMs = UnixMs(NOW.0 + 120_000);

/// Two feeds show one work; one article each.
async fn two() -> (World, Article, Article) {
    let world = World::open().await;
    world.show(0, vec![work(TITLE).doi("10.9999/x")]).await;
    world.show(1, vec![work(TITLE).pmid(7)]).await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    (world, one, other)
}

/// The same, both public.
async fn two_public() -> (World, Article, Article) {
    let (world, one, other) = two().await;
    let one = world.approve(&one, "The first text.", &[], NOW).await;
    let other = world.approve(&other, "The second text.", &[], NOW).await;
    (world, one, other)
}

async fn find(world: &World, of: &Article, kind: NoticeKind, number: u32, approve_first: bool) -> i64 {
    let found = vec![finding(kind, NoticeSource::Pubmed, number)];
    let noticed =
        world.store.record_findings(of.id, found, approve_first, NOW.plus_ms(30_000)).await.unwrap();
    noticed.fresh[0]
}

#[tokio::test]
async fn two_errata_with_one_number_are_both_kept_and_one_retraction_is_one() {
    let (world, one, other) = two_public().await;
    find(&world, &one, NoticeKind::Correction, 901, false).await;
    let second = find(&world, &other, NoticeKind::Correction, 902, false).await;
    world.store.answer_notice(second, world.editor, SummaryHolds::Yes, NOW.plus_ms(40_000)).await.unwrap();
    find(&world, &one, NoticeKind::Retraction, 900, true).await;
    let public = find(&world, &other, NoticeKind::Retraction, 900, false).await;
    let address = world.store.notice(public).await.unwrap().unwrap().public_id;
    let before = world.public(LATER).await.into_iter().find(|item| item.article_id == one.id).unwrap();
    assert!(before.notices.is_empty());

    let merged = world.merge(&one, &other, LATER).await.unwrap();
    assert_eq!(merged.article.id, one.id);
    let mut known: Vec<_> = world.store.notices_of(one.id).await.unwrap();
    known.sort_by_key(|notice| (notice.finding.kind, notice.state.as_str()));
    let known: Vec<_> = known.iter().map(|notice| (notice.finding.kind, notice.state)).collect();
    assert_eq!(
        known,
        [
            (NoticeKind::Retraction, NoticeState::Public),
            (NoticeKind::Correction, NoticeState::Public),
            (NoticeKind::Correction, NoticeState::Waiting)
        ]
    );
    let item = world.public(AFTER).await.remove(0);
    assert_eq!(item.mark().unwrap().finding.kind, NoticeKind::Retraction);
    assert!(
        item.updated_at >= LATER && before.updated_at < LATER,
        "readers see that it means something else"
    );
    let NoticePlace::Public(place) = world.store.notice_place(&address, AFTER).await.unwrap() else {
        panic!()
    };
    assert_eq!(place.item.article_id, one.id, "the address of the retraction leads on");
    assert_eq!(place.notice.unwrap().finding.kind, NoticeKind::Retraction);

    world.store.undo(merged.decision_id, world.editor, AFTER).await.unwrap();
    let parted = world.public(AFTER.plus_ms(60_000)).await;
    let of = |id: i64| parted.iter().find(|item| item.article_id == id).unwrap();
    assert!(of(one.id).notices.is_empty());
    assert_eq!(of(other.id).notices.len(), 2);
    assert!(of(one.id).updated_at >= AFTER && of(other.id).updated_at >= AFTER);
}

#[tokio::test]
async fn what_gravely_marks_a_waiting_record_marks_the_public_item_that_it_joins_unless_approval_is_asked_for()
 {
    for approve_first in [false, true] {
        let (world, one, other) = two().await;
        let one = world.approve(&one, "The first text.", &[], NOW).await;
        find(&world, &other, NoticeKind::ExpressionOfConcern, 900, false).await;
        find(&world, &other, NoticeKind::RecordGone, 901, false).await;
        find(&world, &other, NoticeKind::Correction, 902, false).await;
        let merged = world.merge_asking(&one, &other, approve_first, LATER).await.unwrap();
        let item = world.public(AFTER).await.remove(0);
        let marks: Vec<_> = item.notices.iter().map(|notice| notice.finding.kind).collect();
        if approve_first {
            assert!(marks.is_empty() && item.updated_at < LATER);
        } else {
            assert_eq!(marks, [NoticeKind::ExpressionOfConcern], "a deleted record and an erratum wait");
            assert!(item.updated_at >= LATER);
        }
        world.store.undo(merged.decision_id, world.editor, AFTER).await.unwrap();
        let states = world.store.notices_of(other.id).await.unwrap();
        assert!(
            states.iter().all(|notice| notice.state == NoticeState::Waiting && notice.public_at.is_none())
        );
        assert!(world.public(AFTER.plus_ms(9_000)).await[0].notices.is_empty());
    }
}

#[tokio::test]
async fn an_answer_given_since_survives_the_undo() {
    let (world, one, other) = two().await;
    let one = world.approve(&one, "The first text.", &[], NOW).await;
    let notice = find(&world, &other, NoticeKind::Retraction, 900, false).await;
    let merged = world.merge(&one, &other, LATER).await.unwrap();
    world.store.answer_notice(notice, world.editor, SummaryHolds::NotOurs, LATER).await.unwrap();
    world.store.undo(merged.decision_id, world.editor, AFTER).await.unwrap();
    let kept = world.store.notice(notice).await.unwrap().unwrap();
    assert_eq!((kept.article_id, kept.state), (other.id, NoticeState::Dismissed));
}

#[tokio::test]
async fn a_preprint_whose_paper_took_over_its_address_vanishes_into_no_other() {
    let world = World::open().await;
    let preprint = |doi: &str| Entry { source_key: doi.into(), ..work(TITLE).doi(doi).preprint() };
    world.show(0, vec![preprint("10.1101/2026.01.02.26300001")]).await;
    let early = world.waiting().await.remove(0);
    let early = world.approve(&early, "Early.", &[], NOW).await;
    let paper = work(TITLE).doi("10.9999/paper").related(Relation::UpdateOf, "10.1101/2026.01.02.26300001");
    world.show(1, vec![paper]).await;
    let paper = world.waiting().await.remove(0);
    world.approve(&paper, "Reviewed.", &[], NOW).await;
    world.show(0, vec![preprint("10.1101/2026.01.02.26300002")]).await;
    let twin = world.waiting().await.remove(0);
    let twin = world.approve(&twin, "Again.", &[], NOW).await;
    let early = world.article(early.id).await;
    let refused = world.merge(&twin, &early, LATER).await;
    let Err(DecideError::NotMergeable(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("paper"));
    assert_eq!(world.public(AFTER).await.len(), 2);
}

#[tokio::test]
async fn the_paper_of_a_preprint_is_that_of_the_one_that_stands_for_it() {
    let world = World::open().await;
    let preprint = |doi: &str| Entry { source_key: doi.into(), ..work(TITLE).doi(doi).preprint() };
    world.show(0, vec![preprint("10.1101/2026.01.02.26300001")]).await;
    world.show(1, vec![preprint("10.1101/2026.01.02.26300002")]).await;
    let [keep, gone] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    let paper = work(TITLE).doi("10.9999/paper").related(Relation::UpdateOf, "10.1101/2026.01.02.26300002");
    world.show(1, vec![paper]).await;
    let gone = world.article(gone.id).await;
    let paper = gone.superseded_by.unwrap();
    let merged = world.merge(&keep, &gone, LATER).await.unwrap();
    assert_eq!(merged.article.superseded_by, Some(paper));
    assert_eq!(world.waiting().await.len(), 1, "the paper stands in the queue for both");
    world.store.undo(merged.decision_id, world.editor, AFTER).await.unwrap();
    assert_eq!(world.article(keep.id).await.superseded_by, None);
    assert_eq!(world.article(gone.id).await.superseded_by, Some(paper));
}

#[tokio::test]
async fn a_duplicate_that_pubmed_deletes_takes_nothing_with_it_and_the_record_itself_does() {
    let world = World::open().await;
    world.show(0, vec![work(TITLE).pmid(7).doi("10.9999/x")]).await;
    world.show(1, vec![work(TITLE).pmid(8)]).await;
    let [keep, gone] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    world.merge(&keep, &gone, NOW).await.unwrap();
    assert_eq!(world.store.record_deleted(vec![Pmid(8)], LATER).await.unwrap(), 0);
    assert_eq!(world.article(keep.id).await.status, Status::Queued, "PubMed has it under its other number");
    assert_eq!(world.store.record_deleted(vec![Pmid(7)], LATER).await.unwrap(), 1);
    assert_eq!(world.article(keep.id).await.status, Status::Rejected);

    // the number came from the one that is gone
    let (world, one, other) = two().await;
    let merged = world.merge(&one, &other, NOW).await.unwrap();
    let public = world.approve(&merged.article, "Text.", &[], NOW).await;
    assert_eq!(world.store.record_deleted(vec![Pmid(7)], LATER).await.unwrap(), 1);
    let told = world.store.notices_of(public.id).await.unwrap();
    let told: Vec<_> = told.iter().map(|notice| (notice.finding.kind, notice.state)).collect();
    assert_eq!(told, [(NoticeKind::RecordGone, NoticeState::Waiting)], "the editors are asked");
}

#[tokio::test]
async fn that_the_source_changed_is_told_until_an_editor_decides_and_a_merge_is_no_decision_on_the_text() {
    let (world, one, other) = two().await;
    let one = world.approve(&one, "Text.", &[], NOW).await;
    let changed = Entry {
        source_key: TITLE.into(),
        ..work("Late extracorporeal support after arrest").doi("10.9999/x")
    };
    world.show(0, vec![changed]).await;
    let merged = world.merge(&one, &other, LATER).await.unwrap();
    assert!(merged.article.upstream_changed.is_some());
    let undone = world.store.undo(merged.decision_id, world.editor, AFTER).await.unwrap();
    assert!(undone.article.upstream_changed.is_some());
    let edit =
        perfuse::store::Wish::Edit { title: one.title.clone(), summary: "Text.".into(), topics: vec![] };
    let edited = world.decide(&undone.article, edit, AFTER).await.unwrap();
    assert_eq!(edited.article.upstream_changed, None);
}

#[tokio::test]
async fn notes_links_and_decisions_of_one_that_is_gone_are_those_of_the_one_that_stands() {
    let world = World::open().await;
    let link = |name: &str| Some(format!("https://example.org/{name}"));
    world.show(0, vec![Entry { link: link("one"), ..work(TITLE).doi("10.9999/x") }]).await;
    world.show(1, vec![Entry { link: link("other"), ..work(TITLE).pmid(7) }]).await;
    let [one, other] = <[_; 2]>::try_from(world.waiting().await).unwrap();
    world.store.add_note(other.id, world.editor, "Look at the figures.", NOW).await.unwrap();
    let one = world.approve(&one, "Text.", &[], NOW).await;
    world.merge(&one, &other, NOW).await.unwrap();
    assert_eq!(world.store.note_counts(vec![one.id]).await.unwrap(), [1]);
    assert_eq!(world.store.notes(one.id).await.unwrap().len(), 1);
    let works = vec![(Identifiers::default(), link("other"))];
    assert_eq!(world.store.standings_of(works, LATER).await.unwrap(), [Standing::Approved]);
}
