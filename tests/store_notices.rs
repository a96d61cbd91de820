//! Notices by the store's public verbs: one event is one notice, marks come and go, and dates move once.

use perfuse::domain::editor::Role;
use perfuse::domain::entry::Entry;
use perfuse::domain::identity::{Doi, Identifiers, Nct, Pmid};
use perfuse::domain::news::NewsItem;
use perfuse::domain::notice::{Finding, NoticeKind, NoticeSource, NoticeState, SummaryHolds};
use perfuse::domain::status::Status;
use perfuse::domain::text::RichText;
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::domain::watch::{ItemStep, WatchService};
use perfuse::store::{
    DecisionRequest, FeedOf, Judged, Judgement, Look, Looked, Mark, NewsPlace, NoticeError, QueueFilter,
    Store, Wish,
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
    let editor = store.add_editor("maria@example.org", Role::Editor, None, NOW).await.unwrap().id;
    Desk { _folder: folder, store, editor }
}

impl Desk {
    /// A waiting article with a PMID and a DOI.
    async fn arrive(&self, pmid: u32) -> i64 {
        let ids = Identifiers {
            pmid: Some(Pmid(pmid)),
            doi: Doi::parse(&format!("10.1000/{pmid}")),
            ..Identifiers::default()
        };
        let title = RichText::parse(&format!("A made-up trial of flow, number {pmid}"));
        let entry = Entry { ids: ids.clone(), title, complete: true, ..Entry::default() };
        let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
        let source = self.store.import_source(NOW).await.unwrap();
        self.store.record_entries(source, vec![judged], NOW).await.unwrap();
        self.store.article_with(ids).await.unwrap().unwrap()
    }

    async fn decide(&self, id: i64, wish: Wish, now: UnixMs) {
        let revision = self.store.article(id).await.unwrap().unwrap().revision;
        let request = DecisionRequest { article_id: id, revision, editor_id: self.editor, wish };
        self.store.decide(request, now).await.unwrap();
    }

    async fn publish(&self, id: i64, now: UnixMs) {
        let title = self.store.article(id).await.unwrap().unwrap().title;
        let wish =
            Wish::Approve { title, summary: "It found something.".into(), topics: vec![], publish_at: None };
        self.decide(id, wish, now).await;
    }

    async fn public_article(&self, pmid: u32) -> i64 {
        let id = self.arrive(pmid).await;
        self.publish(id, NOW).await;
        id
    }

    async fn item(&self, id: i64, now: UnixMs) -> NewsItem {
        let public_id = self.store.article(id).await.unwrap().unwrap().public_id;
        match self.store.news_place(&public_id, now).await.unwrap() {
            NewsPlace::Public(item) => *item,
            other => panic!("{other:?}"),
        }
    }

    /// The watch saw a mark no longer; how many it lifted.
    async fn watch_misses(&self, id: i64, notice: i64, now: UnixMs) -> usize {
        let result = Looked::Answered {
            findings: vec![],
            gone: vec![notice],
            snapshot: "{}".into(),
            incomplete: None,
        };
        let look = Look { article_id: id, service: WatchService::Pubmed, next_at: later(99), result };
        self.store.record_looks(vec![look], false, now).await.unwrap().lifted
    }

    async fn find(&self, id: i64, findings: &[Finding], now: UnixMs) -> usize {
        self.store.record_findings(id, findings.to_vec(), false, now).await.unwrap().fresh.len()
    }
}

fn later(hours: i64) -> UnixMs {
    NOW.plus_ms(hours * HOUR_MS)
}

fn by_pmid(kind: NoticeKind, pmid: u32) -> Finding {
    let ids = Identifiers { pmid: Some(Pmid(pmid)), ..Identifiers::default() };
    Finding { ids, ..Finding::new(kind, NoticeSource::Pubmed) }
}

fn by_doi(kind: NoticeKind, source: NoticeSource, doi: &str) -> Finding {
    let ids = Identifiers { doi: Doi::parse(doi), ..Identifiers::default() };
    Finding { ids, ..Finding::new(kind, source) }
}

#[tokio::test]
async fn a_retraction_told_by_three_is_one_public_notice_and_moves_the_date_once() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    let before = desk.item(id, later(1)).await;
    let version = desk.store.news_version().await.unwrap();
    let pubmed = by_pmid(NoticeKind::Retraction, 900);
    assert_eq!(desk.find(id, std::slice::from_ref(&pubmed), later(1)).await, 1);
    let marked = desk.item(id, later(2)).await;
    assert_eq!(marked.mark().unwrap().finding.kind, NoticeKind::Retraction);
    assert_eq!(desk.store.unanswered_notices().await.unwrap().len(), 1, "the editors are told in the desk");
    assert_eq!((marked.published_at, &marked.public_id), (before.published_at, &before.public_id));
    assert!(marked.updated_at >= later(1).plus_ms(-1000) && marked.updated_at != marked.notices[0].public_at);
    assert!(desk.store.news_version().await.unwrap() > version);

    let crossref = by_doi(NoticeKind::Retraction, NoticeSource::CrossrefPublisher, "10.1000/notice");
    let watch = by_doi(NoticeKind::Retraction, NoticeSource::RetractionWatch, "10.1000/1");
    assert_eq!(desk.find(id, &[crossref.clone(), watch], later(2)).await, 0);
    let told = desk.item(id, later(3)).await;
    assert_eq!(told.notices.len(), 1);
    let finding = &told.notices[0].finding;
    assert_eq!(finding.also, [NoticeSource::CrossrefPublisher, NoticeSource::RetractionWatch]);
    assert_eq!((finding.ids.pmid, finding.ids.doi.as_ref()), (Some(Pmid(900)), crossref.ids.doi.as_ref()));
    assert_eq!(told.updated_at, marked.updated_at, "who else says so changes no meaning");

    let version = desk.store.news_version().await.unwrap();
    assert_eq!(desk.find(id, &[pubmed, crossref], later(4)).await, 0);
    assert_eq!(desk.store.news_version().await.unwrap(), version, "the same again changes nothing");
    let listed = desk.store.feed_newest(FeedOf::Notices, None, 10, later(4)).await.unwrap();
    assert_eq!((listed.len(), listed[0].item.article_id), (1, id));
    let trail = desk.store.audit_trail(Default::default(), 10).await.unwrap();
    assert_eq!(trail.iter().filter(|(_, row)| row.act == "notice").count(), 1);
}

#[tokio::test]
async fn no_two_items_or_notices_share_a_second() {
    let desk = desk().await;
    let ids = [desk.public_article(1).await, desk.public_article(2).await, desk.public_article(3).await];
    for id in ids {
        let findings = [by_pmid(NoticeKind::Retraction, 900), by_pmid(NoticeKind::ExpressionOfConcern, 901)];
        assert_eq!(desk.find(id, &findings, NOW).await, 2);
    }
    let fresh = desk.public_article(4).await;
    let mut dates = Vec::new();
    for id in ids.into_iter().chain([fresh]) {
        let item = desk.item(id, later(1)).await;
        dates.push(item.updated_at);
        dates.extend(item.notices.iter().map(|notice| notice.public_at));
        assert!(item.updated_at >= item.published_at);
    }
    let count = dates.len();
    dates.sort();
    dates.dedup();
    assert_eq!((dates.len(), count), (10, 10));
}

#[tokio::test]
async fn two_errata_of_two_services_are_two_notices_and_wait_for_an_answer() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    let before = desk.item(id, later(1)).await;
    let said = [
        by_pmid(NoticeKind::Correction, 900),
        by_pmid(NoticeKind::Correction, 901),
        by_doi(NoticeKind::Correction, NoticeSource::CrossrefPublisher, "10.1000/e1"),
        by_doi(NoticeKind::Correction, NoticeSource::CrossrefPublisher, "10.1000/e2"),
    ];
    assert_eq!(desk.find(id, &said, later(1)).await, 2);
    assert_eq!(desk.find(id, &said, later(2)).await, 0);
    assert_eq!(desk.item(id, later(2)).await, before, "an erratum waits for the editors");
    let waiting = desk.store.waiting_notices().await.unwrap();
    assert_eq!(waiting.len(), 2);
    let [first, second] = [waiting[0].notice.id, waiting[1].notice.id];
    let answered = desk.store.answer_notice(first, desk.editor, SummaryHolds::Yes, later(2)).await.unwrap();
    assert_eq!(answered.state, NoticeState::Public);
    let marked = desk.item(id, later(3)).await;
    assert_eq!(marked.mark().unwrap().finding.kind.mark(), Some("Corrected"));
    // a double click
    desk.store.answer_notice(first, desk.editor, SummaryHolds::Yes, later(3)).await.unwrap();
    assert_eq!(desk.item(id, later(3)).await, marked);
    desk.store.answer_notice(second, desk.editor, SummaryHolds::NotOurs, later(3)).await.unwrap();
    assert!(desk.store.waiting_notices().await.unwrap().is_empty());
    assert_eq!(desk.item(id, later(4)).await.notices.len(), 1);
    assert_eq!(desk.find(id, &said, later(4)).await, 0, "what was dismissed does not come back");
}

#[tokio::test]
async fn where_approval_is_asked_for_nothing_is_marked_before_it() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    let retraction = by_pmid(NoticeKind::Retraction, 900);
    let noticed = desk.store.record_findings(id, vec![retraction], true, later(1)).await.unwrap();
    assert_eq!((noticed.fresh.len(), noticed.public), (1, 0));
    assert!(desk.item(id, later(1)).await.mark().is_none());
    assert_eq!(desk.store.waiting_notices().await.unwrap().len(), 1);
    desk.store.answer_notice(noticed.fresh[0], desk.editor, SummaryHolds::Rewritten, later(2)).await.unwrap();
    assert!(desk.item(id, later(2)).await.mark().is_some());
}

#[tokio::test]
async fn a_marked_article_in_the_queue_is_published_with_its_mark() {
    let desk = desk().await;
    let id = desk.arrive(1).await;
    let said = [by_pmid(NoticeKind::Retraction, 900), by_pmid(NoticeKind::NowPublished, 901)];
    assert_eq!(desk.find(id, &said, NOW).await, 2);
    assert_eq!(desk.store.notices_of_many(vec![id]).await.unwrap().len(), 2, "its row in the queue says so");
    assert!(desk.store.waiting_notices().await.unwrap().is_empty() && desk.item_is_unknown(id).await);
    desk.publish(id, later(1)).await;
    let item = desk.item(id, later(2)).await;
    assert_eq!(item.mark().unwrap().finding.kind, NoticeKind::Retraction);
    assert_eq!(item.updated_at, item.published_at, "it was born with the mark");
    assert_eq!(desk.store.waiting_notices().await.unwrap().len(), 1, "the paper still waits to be looked at");
    desk.decide(id, Wish::Withdraw, later(3)).await;
    assert!(desk.store.feed_newest(FeedOf::Notices, None, 10, later(4)).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_edit_answers_no_notice() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    desk.find(id, &[by_pmid(NoticeKind::Correction, 900)], later(1)).await;
    let title = desk.store.article(id).await.unwrap().unwrap().title;
    desk.decide(id, Wish::Edit { title, summary: "New.".into(), topics: vec![] }, later(2)).await;
    assert_eq!(desk.store.waiting_notices().await.unwrap().len(), 1);
    assert!(desk.item(id, later(3)).await.notices.is_empty());
}

#[tokio::test]
async fn a_lifted_mark_leaves_its_history_and_a_dismissed_one_too() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    desk.find(id, &[by_pmid(NoticeKind::Retraction, 900)], later(1)).await;
    let notice = desk.store.notices_of(id).await.unwrap().remove(0);
    assert_eq!(desk.watch_misses(id, notice.id, later(2)).await, 1);
    let item = desk.item(id, later(3)).await;
    assert!(item.mark().is_none(), "the mark is gone");
    let kinds: Vec<_> = item.notices.iter().map(|notice| notice.finding.kind).collect();
    assert_eq!(kinds, [NoticeKind::Retraction, NoticeKind::Reinstatement]);
    assert!(item.notices[0].lifted_at.is_some());
    assert_eq!(desk.watch_misses(id, notice.id, later(3)).await, 0, "it is lifted once");
    let answer = desk.store.answer_notice(notice.id, desk.editor, SummaryHolds::Yes, later(3)).await;
    assert!(matches!(answer, Err(NoticeError::Illegal { state: NoticeState::Lifted })));

    // the service says it again: better marked twice than missed once
    assert_eq!(desk.find(id, &[by_pmid(NoticeKind::Retraction, 900)], later(4)).await, 1);
    let notice = desk.store.notices_of(id).await.unwrap().pop().unwrap();
    desk.store.answer_notice(notice.id, desk.editor, SummaryHolds::NotOurs, later(5)).await.unwrap();
    assert!(desk.item(id, later(5)).await.mark().is_none());
    assert_eq!(desk.find(id, &[by_pmid(NoticeKind::Retraction, 900)], later(6)).await, 0);
    assert_eq!(desk.find(id, &[by_pmid(NoticeKind::Retraction, 999)], later(6)).await, 1, "another notice");

    let history = desk.store.item_history(id, later(9)).await.unwrap();
    let steps: Vec<_> = history
        .iter()
        .map(|event| match &event.what {
            ItemStep::Seen => "seen",
            ItemStep::Published => "published",
            ItemStep::Noticed { kind: NoticeKind::Retraction, .. } => "retracted",
            ItemStep::Noticed { kind: NoticeKind::Reinstatement, .. } => "reinstated",
            ItemStep::Lifted { .. } => "lifted",
            ItemStep::Dismissed { .. } => "dismissed",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        steps,
        ["seen", "published", "retracted", "lifted", "reinstated", "retracted", "dismissed", "retracted"]
    );
    assert!(history.windows(2).all(|pair| pair[0].at.0 / 1000 <= pair[1].at.0 / 1000));
}

#[tokio::test]
async fn looks_are_claimed_once_and_a_failed_one_is_never_clean() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    assert_eq!(desk.store.sync_watch(NOW).await.unwrap(), 2);
    assert_eq!(desk.store.sync_watch(NOW).await.unwrap(), 0);
    let claim = |now| desk.store.claim_watch(WatchService::Pubmed, 10, 0, HOUR_MS, now);
    assert_eq!(claim(NOW).await.unwrap().len(), 1);
    assert!(claim(NOW).await.unwrap().is_empty(), "another worker gets nothing");
    let due = claim(later(1)).await.unwrap();
    assert_eq!((due.len(), due[0].checked_at), (1, None), "after a crash it is due again");
    let look = |result, next_at| Look { article_id: id, service: WatchService::Pubmed, next_at, result };
    let failed = look(Looked::Failed { error: "429".into() }, later(2));
    desk.store.record_looks(vec![failed], false, later(1)).await.unwrap();
    let counts = desk.store.watch_counts(later(1)).await.unwrap();
    let pubmed = counts.iter().find(|counts| counts.service == WatchService::Pubmed).unwrap();
    assert_eq!((pubmed.watched, pubmed.checked, pubmed.failed, pubmed.due), (1, 0, 1, 0));
    let answered =
        Looked::Answered { findings: vec![], gone: vec![], snapshot: "{}".into(), incomplete: None };
    desk.store.record_looks(vec![look(answered, later(26))], false, later(2)).await.unwrap();
    let watched = desk.store.watch_of(id).await.unwrap();
    let (_, pubmed) = watched.iter().find(|(service, _)| *service == WatchService::Pubmed).unwrap();
    assert_eq!((pubmed.checked_at, pubmed.failures, &pubmed.error), (Some(later(2)), 0, &None));
    desk.decide(id, Wish::Withdraw, later(3)).await;
    desk.store.sync_watch(later(3)).await.unwrap();
    assert!(desk.store.watch_of(id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_trial_tied_by_hand_is_watched() {
    let desk = desk().await;
    let id = desk.public_article(1).await;
    let nct = Nct::parse("NCT99999901").unwrap();
    assert!(desk.store.tie_trial(id, nct.clone(), Some(desk.editor), true, NOW).await.unwrap());
    assert!(!desk.store.tie_trial(id, nct.clone(), Some(desk.editor), true, NOW).await.unwrap());
    let due = desk.store.claim_watch(WatchService::Trials, 10, 0, HOUR_MS, NOW).await.unwrap();
    assert_eq!(due[0].trials, std::slice::from_ref(&nct));
    assert!(desk.store.tie_trial(id, nct, Some(desk.editor), false, NOW).await.unwrap());
    assert!(
        desk.store.watch_of(id).await.unwrap().iter().all(|(service, _)| *service != WatchService::Trials)
    );
}

#[tokio::test]
async fn editors_are_told_of_public_items_only_and_once() {
    let desk = desk().await;
    let (public, waiting) = (desk.public_article(1).await, desk.arrive(2).await);
    for id in [public, waiting] {
        desk.find(id, &[by_pmid(NoticeKind::Retraction, 900)], NOW).await;
    }
    let untold = desk.store.untold_notices(10).await.unwrap();
    assert_eq!(untold.iter().map(|untold| untold.article.id).collect::<Vec<_>>(), [public]);
    assert!(desk.store.tell_notices(vec![untold[0].notice.id], None, NOW).await.unwrap());
    assert!(!desk.store.tell_notices(vec![untold[0].notice.id], None, NOW).await.unwrap(), "told already");
    assert!(desk.store.untold_notices(10).await.unwrap().is_empty());
    let filter = QueueFilter { status: Some(Status::Queued), ..QueueFilter::default() };
    assert_eq!(desk.store.queue(filter, 0, 10).await.unwrap().1, 1);
}

impl Desk {
    async fn item_is_unknown(&self, id: i64) -> bool {
        let public_id = self.store.article(id).await.unwrap().unwrap().public_id;
        self.store.news_place(&public_id, later(9)).await.unwrap() == NewsPlace::Unknown
    }
}

#[tokio::test]
async fn what_pubmed_deleted_leaves_the_queue_and_is_told_to_the_editors_where_it_is_public() {
    let desk = desk().await;
    let (public, waiting) = (desk.public_article(1).await, desk.arrive(2).await);
    let before = desk.item(public, later(1)).await;
    let deleted = vec![Pmid(1), Pmid(2), Pmid(3)];
    assert_eq!(desk.store.record_deleted(deleted.clone(), later(1)).await.unwrap(), 2);
    assert_eq!(
        desk.store.record_deleted(deleted, later(1)).await.unwrap(),
        0,
        "the same again changes nothing"
    );
    assert_eq!(desk.store.article(waiting).await.unwrap().unwrap().status, Status::Rejected);
    let told = desk.store.waiting_notices().await.unwrap();
    assert_eq!((told.len(), told[0].article.id), (1, public));
    assert_eq!(told[0].notice.finding, Finding::record_gone(Pmid(1)));
    assert_eq!(desk.store.untold_notices(10).await.unwrap().len(), 1, "by mail too");
    assert_eq!(desk.item(public, later(2)).await, before, "and to nobody else");
}

#[tokio::test]
async fn what_the_watch_dropped_comes_back_when_it_is_said_again() {
    let desk = desk().await;
    let id = desk.arrive(1).await;
    let retraction = by_pmid(NoticeKind::Retraction, 900);
    desk.find(id, std::slice::from_ref(&retraction), NOW).await;
    let gone = desk.store.notices_of(id).await.unwrap().remove(0).id;
    desk.store.sync_watch(NOW).await.unwrap();
    let result =
        Looked::Answered { findings: vec![], gone: vec![gone], snapshot: "{}".into(), incomplete: None };
    let look = Look { article_id: id, service: WatchService::Pubmed, next_at: later(9), result };
    assert_eq!(desk.store.record_looks(vec![look], false, later(1)).await.unwrap().lifted, 1);
    assert_eq!(desk.find(id, &[retraction], later(2)).await, 1, "no editor dismissed it");
    let states: Vec<_> =
        desk.store.notices_of(id).await.unwrap().into_iter().map(|notice| notice.state).collect();
    assert_eq!(states, [NoticeState::Dismissed, NoticeState::Waiting]);
}

#[tokio::test]
async fn papers_that_cannot_be_had_keep_no_other_waiting() {
    let desk = desk().await;
    for pmid in [1, 2] {
        let id = desk.public_article(pmid).await;
        desk.find(id, &[by_pmid(NoticeKind::NowPublished, 900 + pmid)], NOW).await;
    }
    let store = &desk.store;
    let next = |now| async move {
        let due = store.papers_to_meet(1, now).await.unwrap();
        due.first().map(|(notice, tries)| (notice.finding.ids.pmid.unwrap().0, notice.id, *tries))
    };
    let (first, id, _) = next(NOW).await.unwrap();
    desk.store.postpone_paper(id, later(1)).await.unwrap();
    let (second, other, _) = next(NOW).await.unwrap();
    assert_eq!((first, second), (901, 902));
    desk.store.postpone_paper(other, later(2)).await.unwrap();
    assert_eq!(next(NOW).await, None, "nobody is asked in every cycle");
    assert_eq!(next(later(3)).await, Some((901, id, 1)), "the longest due first");
}
