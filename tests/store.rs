//! The store by its public verbs: what editors decided survives, and nothing else is public.

use perfuse::domain::article::Relevance;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry};
use perfuse::domain::identity::{Doi, Identifiers, Pmid};
use perfuse::domain::source::{Source, SourceKind, Validators};
use perfuse::domain::status::{RejectReason, Status};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::store::{
    DecideError, DecisionRequest, Judged, Judgement, Mark, NewsPlace, NewsQuery, QueueFilter, Refresh,
    RefreshResult, Store, StoreError, Wish,
};

const NOW: UnixMs = UnixMs(1_795_367_460_123);

struct Desk {
    _folder: tempfile::TempDir,
    store: Store,
    editor: i64,
}

async fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
    let source = |name: &str| Source {
        name: name.into(),
        title: name.to_uppercase(),
        kind: SourceKind::Feed { url: format!("https://{name}.example.org/feed") },
        schedule: None,
        topics: vec![],
        enabled: true,
    };
    assert_eq!(store.sync_sources(vec![source("one"), source("two")], NOW).await.unwrap(), 2);
    let editor = store.add_editor("Maria@Example.org", Role::Editor, None, NOW).await.unwrap().id;
    Desk { _folder: folder, store, editor }
}

fn entry(pmid: Option<u32>, doi: Option<&str>, title: &str) -> Judged {
    let ids = Identifiers { pmid: pmid.map(Pmid), doi: doi.and_then(Doi::parse), ..Identifiers::default() };
    let section =
        AbstractSection { text: RichText::from_plain("We studied haemolysis."), ..Default::default() };
    let entry = Entry {
        ids,
        title: RichText::parse(title),
        abstract_sections: vec![section],
        complete: pmid.is_some(),
        ..Entry::default()
    };
    Judged {
        mark: Mark::of(&entry),
        entry,
        judgement: Judgement { relevance: Relevance { score: 1.0, reasons: vec![] }, ..Default::default() },
    }
}

impl Desk {
    async fn show(&self, source: &str, judged: Vec<Judged>) -> perfuse::store::Recorded {
        let due = self.store.claim_due("w", Some(vec![source.into()]), HOUR_MS, 1, NOW).await.unwrap();
        let refresh = Refresh {
            source_id: due[0].id,
            owner: "w".into(),
            started_at: NOW,
            ended_at: NOW,
            next_at: NOW.plus_ms(HOUR_MS),
            current_url: None,
            moved: None,
            result: RefreshResult::Fetched {
                received: judged.len(),
                ahead: perfuse::store::Recorded::default(),
                judged,
                unchanged: vec![],
                deleted: vec![],
                problems: vec![],
                validators: Validators::default(),
                last_body: None,
                newest_shown_at: None,
                complete_to_at: None,
                alarm: None,
            },
        };
        self.store.record_refresh(refresh).await.unwrap()
    }

    async fn waiting(&self) -> Vec<perfuse::domain::article::Article> {
        self.store.queue(QueueFilter::default(), 0, 100).await.unwrap().0
    }

    fn approve(&self, article: &perfuse::domain::article::Article) -> DecisionRequest {
        let wish = Wish::Approve {
            title: article.title.clone(),
            summary: "It found something.".into(),
            topics: vec!["ecpr".into()],
            publish_at: None,
        };
        DecisionRequest { article_id: article.id, revision: article.revision, editor_id: self.editor, wish }
    }

    async fn public(&self, now: UnixMs) -> Vec<perfuse::domain::news::NewsItem> {
        self.store.news_list(NewsQuery::default(), now, 100).await.unwrap()
    }
}

#[tokio::test]
async fn one_work_that_three_sightings_show_is_one_row() {
    let desk = desk().await;
    let first = desk.show("one", vec![entry(None, Some("10.1000/A.1"), "Flow in <i>vivo</i>")]).await;
    let second =
        desk.show("two", vec![entry(Some(7), Some("10.1000/a.1"), "Flow in <i>vivo</i>, whole")]).await;
    let third = desk.show("one", vec![entry(Some(7), None, "Flow in vivo")]).await;
    assert_eq!((first.fresh, second.fresh, third.fresh), (1, 0, 0));
    let waiting = desk.waiting().await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(desk.store.sightings(waiting[0].id).await.unwrap().len(), 3);
    assert!(waiting[0].title.as_html().starts_with("Flow"), "the complete record wins");
}

#[tokio::test]
async fn a_notice_that_bears_its_papers_doi_is_not_the_paper() {
    let desk = desk().await;
    desk.show(
        "one",
        vec![entry(Some(1), Some("10.1000/x"), "A trial"), entry(Some(2), Some("10.1000/x"), "A trial")],
    )
    .await;
    assert_eq!(desk.waiting().await.len(), 2);
}

#[tokio::test]
async fn two_rows_that_a_record_proves_to_be_one_work_are_merged_and_the_old_id_forwards() {
    let desk = desk().await;
    desk.show(
        "one",
        vec![entry(Some(1), None, "A trial"), entry(None, Some("10.1000/x"), "A trial of flow")],
    )
    .await;
    let both = desk.waiting().await;
    desk.show("two", vec![entry(Some(1), Some("10.1000/x"), "A trial of flow")]).await;
    let left = desk.waiting().await;
    assert_eq!(left.len(), 1);
    for article in both {
        assert_eq!(desk.store.article(article.id).await.unwrap().unwrap().id, left[0].id);
    }
}

#[tokio::test]
async fn what_was_approved_is_public_and_an_upstream_change_does_not_touch_it() {
    let desk = desk().await;
    desk.show("one", vec![entry(Some(1), None, "A trial")]).await;
    let article = desk.waiting().await.remove(0);
    let decided = desk.store.decide(desk.approve(&article), NOW).await.unwrap();
    assert!(decided.published_at.unwrap() <= NOW);
    desk.show("one", vec![entry(Some(1), None, "A trial, renamed")]).await;
    let public = desk.public(NOW).await;
    assert_eq!((public.len(), public[0].title.to_plain().as_str()), (1, "A trial"));
    assert!(matches!(desk.store.news_place(&article.public_id, NOW).await.unwrap(), NewsPlace::Public(_)));
}

#[tokio::test]
async fn a_double_click_is_one_decision_and_a_stale_form_is_a_conflict() {
    let desk = desk().await;
    desk.show("one", vec![entry(Some(1), None, "A trial")]).await;
    let article = desk.waiting().await.remove(0);
    let first = desk.store.decide(desk.approve(&article), NOW).await.unwrap();
    let again = desk.store.decide(desk.approve(&article), NOW).await.unwrap();
    assert!(again.repeated && again.decision_id == first.decision_id);
    let other = desk.store.add_editor("other@example.org", Role::Editor, None, NOW).await.unwrap().id;
    let stale =
        DecisionRequest { editor_id: other, wish: Wish::Reject { reason: None }, ..desk.approve(&article) };
    assert!(matches!(desk.store.decide(stale, NOW).await, Err(DecideError::Conflict { .. })));
    assert_eq!(desk.store.history(None, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn undo_takes_back_what_was_public_and_undoing_the_withdrawal_brings_it_back() {
    let desk = desk().await;
    desk.show("one", vec![entry(Some(1), None, "A trial")]).await;
    let article = desk.waiting().await.remove(0);
    let approved = desk.store.decide(desk.approve(&article), NOW).await.unwrap();
    desk.store.undo(approved.decision_id, desk.editor, NOW).await.unwrap();
    assert!(desk.public(NOW).await.is_empty());
    assert_eq!(desk.store.news_place(&article.public_id, NOW).await.unwrap(), NewsPlace::Gone);
    let waiting = desk.waiting().await.remove(0);
    assert_eq!(waiting.summary, None, "the summary is again what it was before");

    let approved = desk.store.decide(desk.approve(&waiting), NOW).await.unwrap().article;
    let withdraw = DecisionRequest { wish: Wish::Withdraw, ..desk.approve(&approved) };
    let withdrawn = desk.store.decide(withdraw, NOW).await.unwrap();
    assert!(desk.public(NOW).await.is_empty());
    desk.store.undo(withdrawn.decision_id, desk.editor, NOW.plus_ms(5_000)).await.unwrap();
    assert_eq!(desk.public(NOW.plus_ms(9_000)).await.len(), 1);
}

#[tokio::test]
async fn what_was_rejected_stays_rejected_by_whatever_route_it_comes() {
    let desk = desk().await;
    desk.show("one", vec![entry(None, Some("10.1000/x"), "A trial of flow in a pump")]).await;
    let article = desk.waiting().await.remove(0);
    let wish = Wish::Reject { reason: Some(RejectReason::OffTopic) };
    desk.store.decide(DecisionRequest { wish, ..desk.approve(&article) }, NOW).await.unwrap();
    let back = desk.show("two", vec![entry(Some(9), Some("10.1000/X"), "Another title")]).await;
    assert_eq!((back.fresh, back.rejected_before), (0, 1));
    assert!(desk.waiting().await.is_empty());
}

#[tokio::test]
async fn a_scheduled_item_appears_at_its_time_and_a_bulk_approval_shares_no_second() {
    let desk = desk().await;
    let many: Vec<Judged> = (1..=5).map(|pmid| entry(Some(pmid), None, &format!("Trial {pmid}"))).collect();
    desk.show("one", many).await;
    for article in desk.waiting().await {
        let mut request = desk.approve(&article);
        if let (5, Wish::Approve { publish_at, .. }) = (article.ids.pmid.unwrap().0, &mut request.wish) {
            *publish_at = Some(NOW.plus_ms(HOUR_MS));
        }
        desk.store.decide(request, NOW).await.unwrap();
    }
    let soon = desk.public(NOW.plus_ms(10_000)).await;
    assert_eq!(soon.len(), 4);
    let mut seconds: Vec<i64> = soon.iter().map(|item| item.published_at.0 / 1000).collect();
    seconds.dedup();
    assert_eq!(seconds.len(), 4);
    assert_eq!(desk.public(NOW.plus_ms(2 * HOUR_MS)).await.len(), 5);
    assert!(desk.store.next_scheduled(NOW.plus_ms(60_000)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_that_was_lost_stores_nothing_and_an_expired_one_is_free() {
    let desk = desk().await;
    let first = desk.store.claim_due("first", None, 1_000, 10, NOW).await.unwrap();
    assert_eq!(first.len(), 2);
    assert!(desk.store.claim_due("second", None, 1_000, 10, NOW).await.unwrap().is_empty());
    let late = NOW.plus_ms(2_000);
    assert_eq!(desk.store.claim_due("second", None, 1_000, 10, late).await.unwrap().len(), 2);
    let refresh = Refresh {
        source_id: first[0].id,
        owner: "first".into(),
        started_at: NOW,
        ended_at: late,
        next_at: late,
        current_url: None,
        moved: None,
        result: RefreshResult::Failed { message: "x".into(), counts: true, stopped: None, raw: None },
    };
    assert!(desk.store.record_refresh(refresh).await.unwrap().lease_lost);
}

#[tokio::test]
async fn search_finds_british_and_american_spellings() {
    let desk = desk().await;
    desk.show("one", vec![entry(Some(1), None, "A trial")]).await;
    let filter = QueueFilter { words: Some("hemolysis".into()), ..Default::default() };
    let (found, count) = desk.store.queue(filter, 0, 10).await.unwrap();
    assert_eq!(count, 1);
    let marked = desk.store.mark_words("hemolysis", vec![found[0].id]).await.unwrap();
    assert!(marked[0].snippet.as_ref().unwrap().contains("\u{2}haemolysis\u{3}"));
    let filter =
        QueueFilter { words: Some("GLP-1".into()), status: Some(Status::Queued), ..Default::default() };
    assert_eq!(desk.store.queue(filter, 0, 10).await.unwrap().1, 0);
}

#[tokio::test]
async fn a_newer_database_or_another_programs_is_refused_by_name_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    Store::open(&newer).await.unwrap().close().await;
    let change = |path: &std::path::Path, sql: &str| {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    };
    change(&newer, "INSERT INTO refinery_schema_history VALUES (99, 'from_the_future', '2030', '1')");
    let error = Store::open(&newer).await.err().unwrap();
    assert!(matches!(&error, StoreError::Newer { found: 99, .. }), "{error}");

    let foreign = folder.path().join("foreign.db");
    change(&foreign, "CREATE TABLE theirs (x)");
    assert!(matches!(Store::open(&foreign).await.err().unwrap(), StoreError::NotOurs { .. }));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is a text, long enough to be no database at all ".repeat(40)).unwrap();
    assert!(matches!(Store::open(&text).await.err().unwrap(), StoreError::NotOurs { .. }));
}

#[tokio::test]
async fn eight_openers_of_a_fresh_file_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("perfuse.db");
    let opened = futures_util::future::join_all((0..8).map(|_| Store::open(&path))).await;
    assert!(opened.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_backup_opens_clean_and_restore_refuses_to_overwrite() {
    let desk = desk().await;
    desk.show("one", vec![entry(Some(1), None, "A trial")]).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    desk.store.backup_to(copy.clone()).await.unwrap();
    assert_eq!(perfuse::store::inspect_backup(&copy).unwrap(), (1, 0));
    let target = folder.path().join("restored.db");
    perfuse::store::restore_backup(&copy, &target, false).unwrap();
    assert!(perfuse::store::restore_backup(&copy, &target, false).is_err());
    perfuse::store::restore_backup(&copy, &target, true).unwrap();
    let restored = Store::open(&target).await.unwrap();
    assert_eq!(restored.queue(QueueFilter::default(), 0, 10).await.unwrap().1, 1);
}
