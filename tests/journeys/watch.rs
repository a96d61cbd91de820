//! The watch from end to end: registries whose answers change between cycles, and what becomes of what was published.

use perfuse::domain::notice::{NoticeKind, NoticeSource, NoticeState, SummaryHolds};
use perfuse::domain::watch::WatchService;
use perfuse::store::NewsPlace;
use serde_json::json;

use crate::support::literature::{record, structured_abstract};
use crate::support::registries::{Registries, World, study, with_link};

#[tokio::test(flavor = "multi_thread")]
async fn three_notices_on_one_day_mark_three_items_within_one_cycle_and_the_next_changes_nothing() {
    let world = World::open().await;
    let retracted = world.publish_paper(1, "A made-up trial of flow").await;
    let doubted = world.publish_paper(2, "A made-up trial of oxygenators").await;
    let withdrawn = world.publish_preprint("10.1101/2026.01.01.26300001", "A made-up preprint").await;
    let untouched = world.publish_paper(3, "A made-up trial of cannulas").await;
    world.watch().await;
    let before = world.items().await;
    assert!(before.values().all(|item| item.notices.is_empty()));

    // one day, three kinds, by three services
    let links = with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201");
    world.literature.add_record(1, links);
    world.registries.change(|known| {
        known.works.get_mut("10.9999/2").unwrap()["updated-by"] = json!([{
            "DOI": "10.9999/concern", "type": "expression_of_concern", "source": "publisher", "label": "Concern",
            "updated": {"date-parts": [[2026, 11, 20]]},
        }]);
        let versions = known.preprints.get_mut("10.1101/2026.01.01.26300001").unwrap();
        let mut second = versions[0].clone();
        second["version"] = json!("2");
        second["abstract"] = json!("The authors have withdrawn this manuscript because of an error.");
        versions.push(second);
    });
    world.watch().await;
    let after = world.items().await;
    for (id, kind, word, source) in [
        (retracted, NoticeKind::Retraction, "Retracted", NoticeSource::Pubmed),
        (doubted, NoticeKind::ExpressionOfConcern, "Expression of concern", NoticeSource::CrossrefPublisher),
        (withdrawn, NoticeKind::Withdrawal, "Withdrawn", NoticeSource::Medrxiv),
    ] {
        let (item, old) = (&after[&id], &before[&id]);
        let mark = item.mark().unwrap();
        assert_eq!(
            (mark.finding.kind, mark.finding.kind.mark(), mark.finding.source),
            (kind, Some(word), source)
        );
        assert_eq!(
            (&item.public_id, item.published_at),
            (&old.public_id, old.published_at),
            "the guid stays"
        );
        assert!(item.updated_at > old.updated_at && item.notices.len() == 1);
        assert!(item.title == old.title && item.summary == old.summary, "no word of the editors changes");
    }
    let mark = &after[&doubted].mark().unwrap().finding;
    assert_eq!(mark.noticed_on.as_ref().unwrap().as_str(), "2026-11-20");
    assert_eq!(mark.link.as_deref(), Some("https://doi.org/10.9999/concern"));
    assert_eq!(after[&untouched], before[&untouched]);

    let version = world.store().news_version().await.unwrap();
    world.watch().await;
    world.watch().await;
    assert_eq!(world.items().await, after);
    assert_eq!(world.store().news_version().await.unwrap(), version, "the second cycle changes nothing");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_publisher_and_retraction_watch_confirm_a_mark_and_make_no_second_one() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    world.registries.change(|known| {
        known.works.get_mut("10.9999/1").unwrap()["updated-by"] = json!([
            {"DOI": "10.9999/900", "type": "retraction", "source": "publisher", "label": "Retraction"},
            {"DOI": "10.9999/1", "type": "retraction", "source": "retraction-watch", "label": "Retraction"},
            {"DOI": "10.9999/900", "type": "removal", "source": "publisher", "label": "Removal"},
        ]);
    });
    world.watch().await;
    let item = &world.items().await[&id];
    assert_eq!(item.notices.len(), 1);
    let finding = &item.notices[0].finding;
    assert_eq!(finding.kind, NoticeKind::Retraction);
    assert_eq!(finding.also, [NoticeSource::CrossrefPublisher, NoticeSource::RetractionWatch]);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erratum_and_a_stopped_trial_wait_for_the_editors_with_what_changed() {
    let world = World::open().await;
    world.registries.change(|known| {
        known.trials.insert("NCT99999901".into(), study("NCT99999901", "RECRUITING", 120, None));
    });
    let corrected = world.publish_paper(1, "A made-up trial of flow").await;
    let about_trial = world.publish_paper(2, "A made-up design of NCT99999901").await;
    let nct = perfuse::domain::identity::Nct::parse("NCT99999901").unwrap();
    world
        .store()
        .tie_trial(about_trial, nct, Some(world.editor), true, perfuse::domain::time::UnixMs::now())
        .await
        .unwrap();
    world.watch().await;
    let before = world.items().await;

    world
        .literature
        .add_record(1, with_link(&world.paper(1), "ErratumIn", 901, "Perfusion. 2026 Nov;41(8):300"));
    world.registries.change(|known| {
        let stopped = study("NCT99999901", "TERMINATED", 40, Some("slow accrual"));
        known.trials.insert("NCT99999901".into(), stopped);
    });
    world.watch().await;
    assert_eq!(world.items().await, before, "nothing is public before an editor says so");
    let waiting = world.store().waiting_notices().await.unwrap();
    let kinds: Vec<_> = waiting.iter().map(|waiting| waiting.notice.finding.kind).collect();
    assert_eq!(kinds, [NoticeKind::Correction, NoticeKind::TrialStopped]);
    let trial = &waiting[1].notice.finding;
    assert_eq!(trial.detail, "slow accrual");
    assert!(trial.changes.iter().any(|change| change.before == "recruiting" && change.after == "terminated"));

    for waiting in &waiting {
        let answer = SummaryHolds::Yes;
        let now = perfuse::domain::time::UnixMs::now();
        world.store().answer_notice(waiting.notice.id, world.editor, answer, now).await.unwrap();
    }
    let after = world.items().await;
    assert_eq!(after[&corrected].mark().unwrap().finding.kind.mark(), Some("Corrected"));
    assert!(after[&about_trial].mark().is_none() && after[&about_trial].notices.len() == 1);
    world.watch().await;
    assert_eq!(world.items().await, after);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preprint_becomes_its_paper_on_one_permalink_and_the_figures_are_checked_again() {
    let world = World::open().await;
    let doi = "10.1101/2026.01.01.26300001";
    // the summary says 42 survived, as the preprint did
    let id = world.publish_preprint(doi, "ECPR in a made-up trial").await;
    world.watch().await;
    let before = world.items().await.remove(&id).unwrap();
    let paper = record(50, "10.9999/paper", "ECPR in a made-up trial", &structured_abstract(38));
    world.literature.add_record(50, paper);
    world.registries.change(|known| {
        known.preprints.get_mut(doi).unwrap()[0]["published"] = json!("10.9999/paper");
    });
    world.watch().await;
    let waiting = world.store().waiting_notices().await.unwrap();
    assert_eq!(waiting.len(), 1);
    let notice = &waiting[0].notice;
    assert_eq!(notice.finding.kind, NoticeKind::NowPublished);
    assert_eq!(notice.finding.ids.pmid.map(|pmid| pmid.0), Some(50), "the paper's record was found");
    let changed: Vec<_> = notice.finding.changes.iter().map(|change| change.before.as_str()).collect();
    assert_eq!(changed, ["42"], "{:?}", notice.finding.changes);
    let ids = notice.finding.ids.clone();
    let paper_id = world.store().article_with(ids.clone()).await.unwrap().unwrap();
    assert_ne!(paper_id, id, "until an editor says so it is a work of its own");
    let paper_public_id = world.store().article(paper_id).await.unwrap().unwrap().public_id;

    let now = perfuse::domain::time::UnixMs::now();
    world.store().answer_notice(notice.id, world.editor, SummaryHolds::Rewritten, now).await.unwrap();
    let mut items = world.items().await.into_values();
    let item = items.next().unwrap();
    assert!(items.next().is_none(), "one work, one item");
    assert_eq!((&item.public_id, item.published_at), (&before.public_id, before.published_at));
    assert_eq!(item.summary, before.summary, "the text that the editor stands by");
    assert_eq!(item.ids.pmid.map(|pmid| pmid.0), Some(50));
    assert_eq!(item.journal.title, "Perfusion");
    let first = item.first_report.as_ref().unwrap();
    assert_eq!(first.ids.doi.as_ref().unwrap().as_str(), doi, "both citations stay");
    assert_eq!(first.journal.title, "medRxiv");
    assert!(item.updated_at > before.updated_at);
    assert_eq!(item.notices[0].finding.kind, NoticeKind::NowPublished);
    assert_eq!(world.store().article_with(ids).await.unwrap(), Some(item.article_id));
    let history = world.store().item_history(item.article_id, now.plus_ms(60_000)).await.unwrap();
    let published = history.iter().filter(|event| event.what == perfuse::domain::watch::ItemStep::Published);
    assert_eq!(published.count(), 1, "{history:?}");
    // the preprint is looked at again, and nothing is found twice
    world.worker().watch_articles(vec![id, item.article_id]).await.unwrap();
    assert!(world.store().waiting_notices().await.unwrap().is_empty());
    assert_eq!(world.items().await[&item.article_id].notices.len(), 1);
    match world.store().news_place(&paper_public_id, now.plus_ms(60_000)).await.unwrap() {
        NewsPlace::Public(found) => {
            assert_eq!(found.public_id, item.public_id, "the paper's address forwards")
        }
        other => panic!("{other:?}"),
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reinstated_paper_loses_its_mark_at_the_second_look_and_keeps_its_history() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_some());
    world.literature.add_record(1, world.paper(1));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_some(), "one look without it is not enough");
    world.watch().await;
    let item = &world.items().await[&id];
    assert!(item.mark().is_none());
    let kinds: Vec<_> = item.notices.iter().map(|notice| notice.finding.kind).collect();
    assert_eq!(kinds, [NoticeKind::Retraction, NoticeKind::Reinstatement]);
    // and back again
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_some());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_service_says_so_the_mark_stays() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    let update =
        json!([{"DOI": "10.9999/900", "type": "retraction", "source": "publisher", "label": "Retraction"}]);
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = update);
    world.watch().await;
    world.literature.add_record(1, world.paper(1));
    for _ in 0..3 {
        world.watch().await;
    }
    assert!(world.items().await[&id].mark().is_some());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_setting_asks_for_approval_a_retraction_waits_for_it() {
    let world = World::open_with(|settings| settings.watch.approve_first = true).await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    world.watch().await;
    assert!(world.items().await[&id].mark().is_none());
    let waiting = world.store().waiting_notices().await.unwrap();
    assert_eq!(waiting[0].notice.state, NoticeState::Waiting);
    let now = perfuse::domain::time::UnixMs::now();
    world.store().answer_notice(waiting[0].notice.id, world.editor, SummaryHolds::Yes, now).await.unwrap();
    assert!(world.items().await[&id].mark().is_some());
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_a_source_shows_marks_its_paper_and_not_itself() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    // the notice bears the paper's very title
    let notice = record(900, "10.9999/900", "A made-up trial of flow", "")
        .replace("Randomized Controlled Trial", "Retraction of Publication");
    let notice = with_link(&notice, "RetractionOf", 1, "Perfusion. 2026 Nov;41(8):101-9");
    let parsed = perfuse::intake::pubmed::parse(Registries::set(&notice).as_bytes()).unwrap();
    world.bring(parsed.entries).await;
    let items = world.items().await;
    assert_eq!(items[&id].mark().unwrap().finding.ids.pmid.map(|pmid| pmid.0), Some(900));
    let queue = world.store().queue(Default::default(), 0, 10).await.unwrap().0;
    assert_eq!(queue.len(), 1, "the notice is a work of its own");
    assert!(world.store().notices_of(queue[0].id).await.unwrap().is_empty(), "and is not retracted");
    let role = perfuse::curation::watch::NoticeRole::of_types(&queue[0].publication_types);
    assert_eq!(role.map(|role| role.label()), Some("a retraction notice"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_half_an_answer_and_a_refusal_mark_nothing_and_lose_no_look() {
    let world = World::open().await;
    let first = world.publish_paper(1, "A made-up trial of flow").await;
    let second = world.publish_paper(2, "A made-up trial of oxygenators").await;
    world.watch().await;
    let before = world.items().await;
    let failures = |service| {
        let store = world.store().clone();
        async move {
            let counts = store.watch_counts(perfuse::domain::time::UnixMs::now()).await.unwrap();
            counts.into_iter().find(|counts| counts.service == service).map_or(0, |counts| counts.failed)
        }
    };
    // nonsense
    world.literature.refuse(true);
    world.registries.say(Some("<html>Just a moment…</html>"));
    let reports = world.watch().await;
    assert!(reports.iter().all(|report| report.stopped.is_some()), "{reports:?}");
    assert_eq!((failures(WatchService::Pubmed).await, failures(WatchService::Crossref).await), (2, 2));
    world.literature.refuse(false);
    world.registries.say(None);

    // half an answer: one record and one work less than asked for
    world.literature.remove_record(2);
    world.registries.change(|known| {
        known.works.remove("10.9999/2");
    });
    let marked = with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201");
    world.literature.add_record(1, marked);
    world.watch().await;
    assert_eq!((failures(WatchService::Pubmed).await, failures(WatchService::Crossref).await), (1, 1));
    let items = world.items().await;
    assert!(items[&first].mark().is_some(), "what came was read");
    assert_eq!(items[&second], before[&second]);
    let watched = world.store().watch_of(second).await.unwrap();
    assert!(watched.iter().all(|(_, watched)| watched.error.is_some() && watched.failures == 2));

    // another paper's record in the place of the one that was asked for
    let other = record(77, "10.9999/77", "Another paper", "").replace("Randomized", "Retracted Publication");
    world.literature.answer_with(2, with_link(&other, "RetractionIn", 901, "x"));
    world.registries.change(|known| {
        known.stray = Some(json!({"DOI": "10.9999/77", "type": "journal-article", "title": ["Another"],
            "updated-by": [{"DOI": "10.9999/901", "type": "retraction", "source": "publisher"}]}));
    });
    world.watch().await;
    assert_eq!(world.items().await[&second], before[&second], "another paper's notice marks nothing");
    world.watch().await;
    // a record that PubMed does not send three times is told to the editors, and marks nothing by itself
    let waiting = world.store().waiting_notices().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].article.id, waiting[0].notice.finding.kind), (second, NoticeKind::RecordGone));

    // all is well again
    world.literature.add_record(2, world.paper(2));
    world.registries.change(|known| {
        known.works.insert(
            "10.9999/2".into(),
            json!({"DOI": "10.9999/2", "title": ["x"], "type": "journal-article"}),
        );
    });
    world.watch().await;
    assert_eq!((failures(WatchService::Pubmed).await, failures(WatchService::Crossref).await), (0, 0));
    assert!(world.store().waiting_notices().await.unwrap().is_empty(), "the record is there again");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_leave_the_service_alone_and_the_looks_due() {
    let world = World::open().await;
    world.publish_paper(1, "A made-up trial of flow").await;
    world.registries.refuse_with(429);
    let reports = world.watch().await;
    let crossref = reports.iter().find(|report| report.service == WatchService::Crossref).unwrap();
    assert_eq!((crossref.requests, crossref.failed), (1, 1));
    assert!(crossref.stopped.as_ref().unwrap().contains("429"), "{crossref:?}");
    let counts = world.store().watch_counts(perfuse::domain::time::UnixMs::now()).await.unwrap();
    let crossref = counts.iter().find(|counts| counts.service == WatchService::Crossref).unwrap();
    assert_eq!((crossref.checked, crossref.failed), (0, 1), "a failure is never clean");
    let due_again = crossref_next(&world).await;
    assert!(due_again < 60 * 60_000, "{due_again} ms");
    world.close().await;
}

async fn crossref_next(world: &World) -> i64 {
    let id = *world.items().await.keys().next().unwrap();
    let watched = world.store().watch_of(id).await.unwrap();
    let (_, crossref) = watched.iter().find(|(service, _)| *service == WatchService::Crossref).unwrap();
    crossref.next_at.since_ms(perfuse::domain::time::UnixMs::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_in_the_middle_loses_nothing_and_repeats_nothing() {
    let world = World::open().await;
    let id = world.publish_paper(1, "A made-up trial of flow").await;
    world
        .literature
        .add_record(1, with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201"));
    let update =
        json!([{"DOI": "10.9999/900", "type": "retraction", "source": "publisher", "label": "Retraction"}]);
    world.registries.change(|known| known.works.get_mut("10.9999/1").unwrap()["updated-by"] = update);
    // it dies between Crossref's answer and the record of it; PubMed's look is on disk by then
    world.registries.hang(true);
    let worker = world.worker();
    let cycle = tokio::spawn(async move { worker.watch_due().await });
    world.registries.wait_until_asked().await;
    cycle.abort();
    world.registries.hang(false);
    let item = world.items().await.remove(&id).unwrap();
    assert_eq!(item.notices.len(), 1, "what was recorded before is public");
    assert!(world.store().untold_notices(10).await.unwrap().len() == 1, "nobody was told yet");
    world.watch().await;
    let again = world.items().await.remove(&id).unwrap();
    assert_eq!((again.notices.len(), again.updated_at), (1, item.updated_at));
    assert_eq!(again.notices[0].finding.also, [NoticeSource::CrossrefPublisher]);
    assert!(world.store().untold_notices(10).await.unwrap().is_empty(), "told once");
    let trail = world.store().audit_trail(Default::default(), 50).await.unwrap();
    assert_eq!(trail.iter().filter(|(_, row)| row.act == "notice").count(), 1);
    world.close().await;
}
