//! The watch where something goes wrong: a service that drops, spoils or refuses. No wrong word becomes public, no look
//! is lost, and one bad record costs only its own.

use perfuse::domain::notice::{NoticeKind, NoticeSource, NoticeState, SummaryHolds};
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::domain::watch::WatchService;
use perfuse::store::Watched;
use serde_json::json;

use crate::support::literature::{record, structured_abstract};
use crate::support::registries::{World, with_link};

/// How one article's looks at a service went.
async fn look(world: &World, id: i64, service: WatchService) -> Watched {
    let looks = world.store().watch_of(id).await.unwrap();
    looks.into_iter().find(|(known, _)| *known == service).unwrap().1
}

/// The kinds of an article's notices, with where they stand.
async fn notices(world: &World, id: i64) -> Vec<(NoticeKind, NoticeState)> {
    let notices = world.store().notices_of(id).await.unwrap();
    notices.into_iter().map(|notice| (notice.finding.kind, notice.state)).collect()
}

async fn answer(world: &World, id: i64, answer: SummaryHolds) {
    let waiting = world.store().waiting_notices().await.unwrap();
    let notice = &waiting.iter().find(|waiting| waiting.article.id == id).unwrap().notice;
    world.store().answer_notice(notice.id, world.editor, answer, UnixMs::now()).await.unwrap();
}

fn retraction(world: &World, pmid: u32) -> String {
    with_link(&world.paper(pmid), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_gone_from_pubmed_is_for_the_editors_alone_and_hides_no_retraction() {
    let world = World::open().await;
    let deleted = world.publish_paper(1, "A made-up trial of flow").await;
    let missing = world.publish_paper(2, "A made-up trial of oxygenators").await;
    let unanswered = world.publish_paper(3, "A made-up trial of cannulas").await;
    world.watch().await;
    let before = world.items().await;
    for pmid in [1, 3] {
        let said = format!("<DeleteCitation><PMID Version=\"1\">{pmid}</PMID></DeleteCitation>");
        world.literature.answer_with(pmid, said);
    }
    world.literature.remove_record(2);
    for _ in 0..3 {
        world.watch().await;
    }
    for id in [deleted, missing, unanswered] {
        assert_eq!(notices(&world, id).await, [(NoticeKind::RecordGone, NoticeState::Waiting)]);
        assert!(look(&world, id, WatchService::Pubmed).await.error.is_some(), "no such look is clean");
    }
    assert_eq!(world.items().await, before, "nothing of it is public");

    // an answer closes it, whatever it is; and a retraction that names no notice is told all the same
    answer(&world, deleted, SummaryHolds::Yes).await;
    answer(&world, missing, SummaryHolds::NotOurs).await;
    assert_eq!(world.items().await, before, "nor does an answer make it so");
    for doi in ["10.9999/1", "10.9999/3"] {
        let update = json!([{"DOI": doi, "type": "retraction", "source": "publisher"}]);
        world.registries.change(|known| known.works.get_mut(doi).unwrap()["updated-by"] = update);
    }
    let typed = world.paper(2).replace("Randomized Controlled Trial", "Retracted Publication");
    world.literature.add_record(2, typed);
    world.watch().await;
    let items = world.items().await;
    for (id, source, gone) in [
        (deleted, NoticeSource::CrossrefPublisher, NoticeState::Dismissed),
        (missing, NoticeSource::Pubmed, NoticeState::Dismissed),
        (unanswered, NoticeSource::CrossrefPublisher, NoticeState::Waiting),
    ] {
        let finding = &items[&id].mark().unwrap().finding;
        assert_eq!((finding.kind, finding.source), (NoticeKind::Retraction, source));
        assert!(finding.also.is_empty() && finding.detail.is_empty(), "{finding:?}");
        let told = notices(&world, id).await;
        assert_eq!(told[0], (NoticeKind::RecordGone, gone), "never one with the retraction");
    }
    // the record is there again: the question is settled without an editor
    world.literature.add_record(3, world.paper(3));
    world.watch().await;
    assert_eq!(notices(&world, unanswered).await[0], (NoticeKind::RecordGone, NoticeState::Dismissed));
    assert!(world.items().await[&unanswered].mark().is_some());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_of_one_service_and_a_miss_of_another_do_not_add_up() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world.literature.add_record(1, retraction(&world, 1));
    let update = json!([{"DOI": "10.9999/900", "type": "retraction", "source": "publisher"}]);
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = update.clone());
    world.watch().await;
    // PubMed drops it for good, Crossref only for one look
    world.literature.add_record(1, world.paper(1));
    for _ in 0..2 {
        world.watch().await;
    }
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = json!([]));
    world.watch().await;
    // the next cycle asks PubMed first, while Crossref has missed it once; its own answer confirms it again
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = update);
    world.watch().await;
    assert_eq!(notices(&world, id).await, [(NoticeKind::Retraction, NoticeState::Public)]);
    // once both have missed it twice, it goes
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = json!([]));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_some());
    world.watch().await;
    assert!(world.items().await[&id].mark().is_none());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_lifts_no_mark_however_often_it_comes() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world.literature.add_record(1, retraction(&world, 1));
    world.watch().await;
    // the record says it no longer, and links a work whose record cannot be read
    world.literature.answer_with(950, broken_record(950));
    world.literature.add_record(1, with_link(&world.paper(1), "UpdateIn", 950, "Perfusion. 2026;1:1"));
    for _ in 0..4 {
        world.watch().await;
    }
    assert!(world.items().await[&id].mark().is_some());
    let looked = look(&world, id, WatchService::Pubmed).await;
    assert!(looked.error.unwrap().contains("1 linked records did not come"));
    // a whole answer counts, and the one before it did not
    world.literature.add_record(1, world.paper(1));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_some());
    world.watch().await;
    assert!(world.items().await[&id].mark().is_none());
    world.close().await;
}

/// A record that ends in the middle of an element.
fn broken_record(pmid: u32) -> String {
    format!(
        "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><Article></MedlineCitation></PubmedArticle>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_came_and_cannot_be_read_is_not_said_to_be_gone() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    let other = world.publish_paper(2, "A made-up trial of oxygenators").await;
    world.literature.answer_with(1, broken_record(1));
    for _ in 0..4 {
        world.watch().await;
    }
    assert!(notices(&world, id).await.is_empty());
    let looked = look(&world, id, WatchService::Pubmed).await;
    assert_eq!((looked.failures, looked.checked_at), (4, None));
    let error = looked.error.unwrap();
    assert!(error.contains("could not be read"), "{error}");
    assert_eq!(look(&world, other, WatchService::Pubmed).await.error, None, "its neighbour was read");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_names_no_record_is_settled_at_the_first_look() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    let nameless = with_link(&world.paper(1), "UpdateIn", 1, "Perfusion. 2027;1:1")
        .replace("</RefSource><PMID Version=\"1\">1</PMID>", "</RefSource>");
    world.literature.add_record(1, nameless);
    let second = world.publish_paper(2, "A made-up trial of oxygenators").await;
    world.literature.add_record(2, with_link(&world.paper(2), "UpdateIn", 951, "Perfusion. 2027;1:2"));
    world.watch().await;
    for id in [id, second] {
        let looked = look(&world, id, WatchService::Pubmed).await;
        assert_eq!((looked.error, looked.failures), (None, 0), "an answer, though it leaves that open");
        assert!(notices(&world, id).await.is_empty());
    }
    // PubMed has the linked record later: a newer version
    let newer = record(951, "10.9999/951", "A made-up trial of oxygenators", &structured_abstract(42));
    world.literature.add_record(951, newer);
    world.watch().await;
    assert_eq!(notices(&world, second).await, [(NoticeKind::NewVersion, NoticeState::Waiting)]);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_to_be_left_alone_is_left_alone_and_no_look_counts_as_clean() {
    let world = World::open_with(|settings| settings.watch.crossref_batch = 1).await;
    let ids = [
        world.publish_paper(1, "A made-up trial of flow").await,
        world.publish_paper(2, "A made-up trial of oxygenators").await,
        world.publish_paper(3, "A made-up trial of cannulas").await,
    ];
    world.registries.refuse_for(7_200);
    let reports = world.worker().watch_due().await.unwrap();
    let crossref = reports.iter().find(|report| report.service == WatchService::Crossref).unwrap();
    assert_eq!((crossref.looked, crossref.failed, crossref.requests), (1, 1, 1));
    assert!(crossref.stopped.as_ref().unwrap().contains("429"));
    let soonest = UnixMs::now().plus_ms(2 * HOUR_MS - 60_000);
    let mut failed = 0;
    for id in ids {
        let looked = look(&world, id, WatchService::Crossref).await;
        assert!(looked.next_at > soonest, "all of them wait for as long as it asked");
        assert_eq!(looked.checked_at, None);
        failed += looked.failures;
    }
    assert_eq!(failed, 1, "who was not asked about has not failed");
    assert!(world.worker().watch_due().await.unwrap().is_empty());
    assert_eq!(world.registries.asked(), 1, "it is not asked again");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_work_fails_alone_and_the_others_are_read() {
    let world = World::open().await;
    world.publish_many(20).await;
    let update = json!([{"DOI": "10.9999/n", "type": "retraction", "source": "publisher"}]);
    world.registries.change(|known| {
        known.poison = Some("10.9999/7".into());
        known.works.get_mut("10.9999/8").unwrap()["updated-by"] = update;
    });
    let reports = world.watch().await;
    let crossref = reports.iter().find(|report| report.service == WatchService::Crossref).unwrap();
    assert_eq!((crossref.looked, crossref.failed, crossref.stopped.as_ref()), (20, 1, None));
    assert!(crossref.requests <= 11, "{}", crossref.requests);
    let (why, count) = crossref.reasons.iter().next().unwrap();
    assert!(why.contains("A made-up fault.") && *count == 1, "{why}");
    let marked = world.items().await.into_values().filter(|item| item.mark().is_some()).count();
    assert_eq!(marked, 1, "its neighbour was retracted");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_an_unknown_sort_waits_for_the_editors_with_its_name_and_marks_nothing() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    let update = json!([{"DOI": "10.9999/900", "type": "retraction_of_a_reply", "source": "publisher"}]);
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = update);
    world.watch().await;
    assert_eq!(notices(&world, id).await, [(NoticeKind::OtherUpdate, NoticeState::Waiting)]);
    let waiting = world.store().waiting_notices().await.unwrap();
    assert_eq!(waiting[0].notice.finding.citation, "(Crossref: retraction_of_a_reply)");
    answer(&world, id, SummaryHolds::Yes).await;
    let item = &world.items().await[&id];
    assert!(item.mark().is_none() && item.notices.len() == 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_a_paper_are_checked_also_after_the_editors_have_answered() {
    let world = World::open().await;
    let doi = "10.1101/2026.01.01.26300001";
    let id = world.publish_preprint(doi, "ECPR in a made-up trial").await;
    world.registries.change(|known| {
        known.preprints.get_mut(doi).unwrap()[0]["published"] = json!("10.9999/paper");
    });
    world.watch().await;
    // nobody has the paper's record yet; the notice waits, and the look for it is put off
    let waiting = world.store().waiting_notices().await.unwrap();
    let notice = waiting[0].notice.id;
    assert_eq!((waiting.len(), waiting[0].notice.finding.detail.as_str()), (1, ""));
    let due = |after_ms| world.store().papers_to_meet(10, UnixMs::now().plus_ms(after_ms));
    assert!(due(0).await.unwrap().is_empty(), "the next cycle does not ask again at once");
    assert_eq!(due(HOUR_MS).await.unwrap().len(), 1);
    answer(&world, id, SummaryHolds::Yes).await;
    let paper = record(50, "10.9999/paper", "ECPR in a made-up trial", &structured_abstract(38));
    world.literature.add_record(50, paper);
    world.store().postpone_paper(notice, UnixMs::now()).await.unwrap();
    world.watch().await;
    let checked = world.store().notice(notice).await.unwrap().unwrap();
    assert_eq!(checked.state, NoticeState::Public);
    let changed: Vec<_> = checked.finding.changes.iter().map(|change| change.before.as_str()).collect();
    assert_eq!(changed, ["42"]);
    let public = &world.items().await[&checked.article_id];
    let told =
        &public.notices.iter().find(|told| told.finding.kind == NoticeKind::NowPublished).unwrap().finding;
    assert_eq!(told.detail, "Our first summary differs from the paper's abstract at “42”.");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_are_told_of_notices_though_the_watch_is_switched_off() {
    let world = World::open_with(|settings| settings.watch.enabled = false).await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    let notice = record(900, "10.9999/900", "Retraction", "")
        .replace("Randomized Controlled Trial", "Retraction Notice");
    let notice = with_link(&notice, "RetractionOf", 1, "Perfusion. 2026 Nov;41(8):101-9");
    let set = crate::support::registries::Registries::set(&notice);
    world.bring(perfuse::intake::pubmed::parse(set.as_bytes()).unwrap().entries).await;
    assert!(world.items().await[&id].mark().is_some());
    assert_eq!(world.store().untold_notices(10).await.unwrap().len(), 1);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let working = tokio::spawn(world.worker().run(stopped));
    for _ in 0..600 {
        if world.store().untold_notices(10).await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(world.store().untold_notices(10).await.unwrap().is_empty());
    assert!(world.store().watch_of(id).await.unwrap().is_empty(), "nothing was looked at");
    stop.send_replace(true);
    working.await.unwrap();
    world.close().await;
}
