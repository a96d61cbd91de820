//! Was anything missed? Counts, overflows, silence; and the lab that tries queries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use perfuse::domain::coverage::Completeness;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::Entry;
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{DAY_MS, UnixMs};
use perfuse::store::{DecisionRequest, Judged, Judgement, Mark, Wish};
use serde_json::json;

use crate::support::literature::{Literature, pubmed_rss, record, structured_abstract};
use crate::support::program::Place;
use crate::support::service::{Service, source};
use crate::support::visitor::{Page, Visitor};

fn search() -> String {
    source("search", "kind = \"pubmed\"\nquery = \"made-up[tiab]\"")
}

fn made_up(pmid: u32) -> String {
    let title = format!("Made-up trial {pmid}");
    record(pmid, &format!("10.9999/sources.{pmid}"), &title, &structured_abstract(42))
}

/// A day so long ago, as PubMed writes it.
fn days_ago(days: i64) -> String {
    UnixMs::now().plus_ms(-days * DAY_MS).to_utc().format("%Y/%m/%d").to_string()
}

async fn count_articles(service: &Service) -> usize {
    service.store().queue(Default::default(), 0, 200).await.unwrap().1 as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_whose_works_are_all_stored_is_complete_up_to_a_day() {
    let literature = Literature::open().await;
    for pmid in 40_000_001..40_000_006 {
        literature.add_dated_record(pmid, &days_ago(5), made_up(pmid));
    }
    let service = Service::start(&literature, &search()).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!(state.completeness(), Completeness::Unknown, "nobody has counted yet");
    let state = service.count("search").await;
    assert!(matches!(state.completeness(), Completeness::CompleteTo(_)), "{:?}", state.count);
    assert_eq!((state.count.found, state.count.missing, state.count.fetched_again), (5, 0, 0));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_search_finds_later_within_its_weeks_is_fetched_once_more_and_then_complete() {
    let literature = Literature::open().await;
    literature.add_dated_record(40_000_001, &days_ago(5), made_up(40_000_001));
    let service = Service::start(&literature, &search()).await;
    service.wait_until_fetched(UnixMs(0)).await;
    // an indexer gave them the words of the query only now: the polls look back no further than their overlap
    for pmid in 40_000_002..40_000_005 {
        literature.add_dated_record(pmid, &days_ago(20), made_up(pmid));
    }
    service.fetch_all_again().await;
    assert_eq!(count_articles(&service).await, 1, "the poll does not see them");
    let state = service.count("search").await;
    assert_eq!((state.count.found, state.count.fetched_again, state.count.missing), (4, 3, 0));
    assert!(matches!(state.completeness(), Completeness::CompleteTo(_)), "{:?}", state.count);
    assert_eq!(count_articles(&service).await, 4);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_cannot_be_closed_is_named_asked_for_once_and_again_only_when_somebody_wants_it() {
    let literature = Literature::open().await;
    for pmid in [40_000_001, 40_000_002] {
        literature.add_dated_record(pmid, &days_ago(5), made_up(pmid));
    }
    literature.withhold(40_000_002, true);
    let service = Service::start(&literature, &search()).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let state = service.count("search").await;
    let completeness = state.completeness();
    assert!(matches!(completeness, Completeness::Gap { missing: 1, .. }), "{completeness:?}");
    let missing = service.store().missing(state.id, 10).await.unwrap();
    assert_eq!(missing[0].key, "pmid:40000002");
    assert!(missing[0].why.as_ref().unwrap().contains("sent no record"), "{missing:?}");

    // a day later nobody has forced it: the work is not asked for a second time
    let asks = |literature: &Literature| {
        let all = literature.requests();
        all.iter().filter(|path| path.contains("efetch") && path.contains("id=40000002")).count()
    };
    let before = asks(&literature);
    assert!(before > 0);
    let database = rusqlite::Connection::open(service.store().path()).unwrap();
    database.execute("UPDATE counts SET next_at = 0, counted_at = NULL", []).unwrap();
    drop(database);
    service.base.ring();
    let state = service.wait_until_counted("search", UnixMs(1)).await;
    assert!(matches!(state.completeness(), Completeness::Gap { missing: 1, .. }), "{:?}", state.count);
    assert_eq!(asks(&literature), before);

    literature.withhold(40_000_002, false);
    let state = service.count("search").await;
    assert!(asks(&literature) > before, "Count now asks again");
    assert!(matches!(state.completeness(), Completeness::CompleteTo(_)), "{:?}", state.count);
    assert_eq!(service.store().missing(state.id, 10).await.unwrap(), []);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_fails_is_told_and_never_taken_for_complete() {
    let literature = Literature::open().await;
    literature.add_dated_record(40_000_001, &days_ago(5), made_up(40_000_001));
    let service = Service::start(&literature, &search()).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let complete = service.count("search").await;
    let Completeness::CompleteTo(day) = complete.completeness() else { panic!("{:?}", complete.count) };
    literature.refuse(true);
    let failed = service.count("search").await;
    let Completeness::CountFailed { error, complete_to_on } = failed.completeness() else {
        panic!("{:?}", failed.count)
    };
    assert!(error.contains("rate limit"), "{error}");
    assert_eq!(complete_to_on, Some(day));
    service.stop().await;
}

/// Europe PMC over these works: whole records or names only, all in one page; `shows` decides what is seen.
fn europepmc(
    shows: impl Fn(u32, &str) -> bool + Send + Sync + 'static,
    numbers: &'static [u32],
    hits: usize,
) -> impl Fn(&BTreeMap<String, String>) -> Response {
    move |parameters| {
        let query = &parameters["query"];
        let asks_by_number = query.contains("EXT_ID:");
        let wanted = |id: &&u32| {
            shows(**id, &parameters["resultType"])
                && (!asks_by_number || query.contains(&format!("EXT_ID:PPR{id} ")))
        };
        let results: Vec<_> = numbers.iter().filter(wanted).map(|id| result(*id)).collect();
        let count = if asks_by_number { results.len() } else { hits };
        let results = if parameters["cursorMark"] == "*" { results } else { vec![] };
        axum::Json(json!({"hitCount": count, "nextCursorMark": "end", "resultList": {"result": results}}))
            .into_response()
    }
}

fn result(id: u32) -> serde_json::Value {
    json!({
        "id": format!("PPR{id}"), "source": "PPR", "doi": format!("10.1101/2026.11.01.{id:08}"),
        "title": format!("Made-up work {id}"), "firstIndexDate": "2026-11-10", "authorString": "Fixture F.",
        "abstractText": "Of 120 patients, 42 survived.",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn europe_pmcs_hits_are_compared_by_name_and_those_missing_are_fetched_by_number() {
    let literature = Literature::open().await;
    let whole = Arc::new(AtomicBool::new(false));
    let shows = {
        let whole = whole.clone();
        // work 3 is indexed late: the polls never see it
        move |id, form: &str| id != 3 || form == "lite" || whole.load(Ordering::Relaxed)
    };
    let answer = europepmc(shows, &[1, 2, 3], 3);
    literature.set_service("/europepmc/search", answer);
    let service =
        Service::start(&literature, &source("epmc", "kind = \"europepmc\"\nquery = \"ECMO\"")).await;
    service.wait_until_fetched(UnixMs(0)).await;
    assert_eq!(count_articles(&service).await, 2);
    let gap = service.count("epmc").await;
    assert!(matches!(gap.completeness(), Completeness::Gap { missing: 1, .. }), "{:?}", gap.count);
    whole.store(true, Ordering::Relaxed);
    let closed = service.count("epmc").await;
    assert!(matches!(closed.completeness(), Completeness::CompleteTo(_)), "{:?}", closed.count);
    assert_eq!((closed.count.found, closed.count.fetched_again), (3, 1));
    assert_eq!(count_articles(&service).await, 3);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_shorter_than_its_count_proves_nothing() {
    let literature = Literature::open().await;
    literature.set_service("/europepmc/search", europepmc(|_, _| true, &[1, 2], 7));
    let service =
        Service::start(&literature, &source("epmc", "kind = \"europepmc\"\nquery = \"ECMO\"")).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let state = service.count("epmc").await;
    let Completeness::CountFailed { error, .. } = state.completeness() else { panic!("{:?}", state.count) };
    assert_eq!(error, "Europe PMC counts 7 records and sent 2");
    service.stop().await;
}

/// The feed with items of these hours, the newest first.
fn feed(pmids: std::ops::Range<u32>, hour: u32) -> String {
    let pmids: Vec<u32> = pmids.rev().collect();
    pubmed_rss(&pmids).replace("06:00:00 -0500", &format!("{hour:02}:00:00 -0500"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_feed_lost_is_fetched_from_pubmed_also_when_that_fails_at_first() {
    let literature = Literature::open().await;
    for pmid in 40_000_001..40_000_041 {
        literature.add_record(pmid, made_up(pmid));
    }
    literature.set_feed("/f.rss", "text/xml", feed(40_000_001..40_000_013, 6));
    let sources = source("rss", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/f.rss")));
    let service = Service::start(&literature, &sources).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert!(matches!(state.completeness(), Completeness::NoOverflowTo(_)), "{:?}", state.completeness());
    assert_eq!(count_articles(&service).await, 12);

    // 16 records later, of which nobody saw a feed; and PubMed is down
    literature.set_feed("/f.rss", "text/xml", feed(40_000_029..40_000_041, 9));
    literature.refuse(true);
    let state = &service.fetch_all_again().await[0];
    assert!(matches!(state.completeness(), Completeness::Lost { .. }), "{:?}", state.completeness());
    assert!(state.alarm.as_ref().unwrap().contains("could not be fetched"), "{:?}", state.alarm);

    // the feed is as it was: nothing overflows now, but what was lost is not forgotten
    literature.refuse(false);
    let state = &service.fetch_all_again().await[0];
    assert!(matches!(state.completeness(), Completeness::NoOverflowTo(_)), "{:?}", state.overflow);
    assert_eq!(count_articles(&service).await, 40);
    let overflows = service.store().overflows(state.id, 10).await.unwrap();
    assert!(
        overflows[0].filled_at.is_some() && overflows[0].message.contains("were fetched"),
        "{overflows:?}"
    );
    service.stop().await;
}

/// One entry of a source, first seen then.
async fn show(service: &Service, source_id: i64, number: u32, at: UnixMs) {
    let entry = Entry {
        ids: Identifiers { pmid: Some(Pmid(number)), ..Identifiers::default() },
        title: RichText::from_plain(&format!("Made-up arrival {number}")),
        complete: true,
        ..Entry::default()
    };
    let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
    service.store().record_entries(source_id, vec![judged], at).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_raises_an_alarm_without_any_error_and_takes_it_back_when_it_speaks() {
    let literature = Literature::open().await;
    literature.set_feed("/f.rss", "text/xml", feed(40_000_001..40_000_002, 6));
    literature.add_record(40_000_001, made_up(40_000_001));
    let sources = source("rss", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/f.rss")));
    let service = Service::start(&literature, &sources).await;
    let state = service.wait_until_fetched(UnixMs(0)).await.remove(0);
    let worker = service.base.worker().unwrap();
    // the clock goes on: six a week for twenty weeks, and the server always answers well
    let begin = UnixMs::now();
    let day = |day: i64| begin.plus_ms(day * DAY_MS);
    let answered = async |at: UnixMs| {
        let owner = "a-test";
        let names = Some(vec!["rss".to_owned()]);
        let due = service.store().claim_due(owner, names, 1000, 1, at.plus_ms(600_000)).await.unwrap();
        let refresh = perfuse::store::Refresh {
            source_id: due[0].id,
            owner: owner.into(),
            started_at: at,
            ended_at: at,
            next_at: at.plus_ms(1_000 * DAY_MS),
            current_url: None,
            moved: None,
            result: perfuse::store::RefreshResult::NotModified {
                validators: Default::default(),
                whole: false,
            },
        };
        service.store().record_refresh(refresh).await.unwrap();
    };
    for number in (0..140).filter(|number| number % 7 != 6) {
        show(&service, state.id, 41_000_000 + number, day(number.into())).await;
    }
    let quiet = async |days: i64| {
        answered(day(days)).await;
        let silent = worker.listen_for_silence(day(days)).await.unwrap();
        let state = service.store().source_state("rss").await.unwrap().unwrap();
        assert_eq!(silent.is_empty(), state.quiet.is_none());
        assert_eq!(state.last_error, None);
        state.quiet.map(|quiet| (quiet.rhythm.to_display(), quiet.days(day(days))))
    };
    assert_eq!(quiet(139 + 10).await, None);
    assert_eq!(quiet(138 + 19).await, Some(("6 a week".to_owned(), 19)));
    show(&service, state.id, 42_000_000, day(160)).await;
    assert_eq!(quiet(160).await, None, "it speaks again");
    service.stop().await;
}

/// Fills in the lab's form and follows it.
async fn ask_lab(visitor: &mut Visitor, form: &[(&str, &str)]) -> Page {
    let page = visitor.get("/desk/sources/lab").await;
    let mut fields = page.hidden_fields("/desk/sources/lab");
    fields.retain(|(name, _)| name == "csrf");
    fields.extend(form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let sent = visitor.post("/desk/sources/lab", &fields).await;
    match sent.headers.get("location") {
        Some(location) => visitor.get(location.to_str().unwrap()).await,
        None => sent,
    }
}

/// An answer of the lab, after as many looks as it takes.
async fn lab_answer(visitor: &mut Visitor, form: &[(&str, &str)]) -> Page {
    let mut page = ask_lab(visitor, form).await;
    for _ in 0..600 {
        if page.status != 200 || !page.body.contains("data-waits") {
            return page;
        }
        assert!(page.body.contains("http-equiv=\"refresh\""), "it works without a script");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let path = page.path.clone();
        page = visitor.get(&path).await;
    }
    panic!("no answer within 30 s: {}", page.body);
}

/// The numbers of an answer, in the order of the page.
fn numbers(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.body);
    let cells = scraper::Selector::parse(".counts dd").unwrap();
    html.select(&cells).map(|cell| cell.text().collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_lab_counts_what_would_come_what_is_known_and_what_editors_thought_and_stores_nothing() {
    let literature = Literature::open().await;
    for pmid in 40_000_001..40_000_005 {
        literature.add_dated_record(pmid, &days_ago(3), made_up(pmid));
    }
    let service = Service::start(&literature, &search()).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let link = service.invite("admin@example.org", Role::Admin).await;
    let mut visitor = Visitor::signed_in(&service, &link).await;
    let editor_id = service.store().editor_by_email("admin@example.org").await.unwrap().unwrap().id;
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    for (article, approve) in queue.iter().zip([true, false]) {
        let title = article.title.clone();
        let wish = match approve {
            true => {
                Wish::Approve { title, summary: "It was found.".into(), topics: vec![], publish_at: None }
            }
            false => Wish::Reject { reason: None },
        };
        let request = DecisionRequest { article_id: article.id, revision: article.revision, editor_id, wish };
        service.store().decide(request, UnixMs::now()).await.unwrap();
    }
    // three more that nobody has seen, and one too old for the window
    for pmid in 40_000_011..40_000_014 {
        literature.add_dated_record(pmid, &days_ago(20), made_up(pmid));
    }
    literature.add_dated_record(40_000_099, &days_ago(80), made_up(40_000_099));

    let question = [("kind", "pubmed"), ("text", "another[tiab]"), ("days", "30")];
    let page = lab_answer(&mut visitor, &question).await;
    assert_eq!(numbers(&page), ["7", "7", "4", "1", "1"], "{}", page.body);
    assert!(page.body.contains("Made-up trial 40000013"), "{}", page.body);
    let wider =
        lab_answer(&mut visitor, &[("kind", "pubmed"), ("text", "another[tiab]"), ("days", "90")]).await;
    assert_eq!(numbers(&wider)[0], "8");
    assert_eq!(count_articles(&service).await, 2, "two wait as before");

    literature.set_service("/europepmc/search", europepmc(|_, _| true, &[1, 2], 2));
    let page = lab_answer(&mut visitor, &[("kind", "europepmc"), ("text", "ECMO"), ("days", "30")]).await;
    assert_eq!(numbers(&page), ["2", "2", "0", "0", "0"]);

    let wrong = [("kind", "pubmed"), ("text", "\"never closed"), ("days", "30")];
    let page = ask_lab(&mut visitor, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY.as_u16());
    assert!(page.body.contains("quotation mark is missing"), "{}", page.body);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lab_reaches_no_address_that_a_source_could_not() {
    let literature = Literature::open().await;
    let service = Service::start(&literature, &search()).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let link = service.invite("admin@example.org", Role::Admin).await;
    let mut visitor = Visitor::signed_in(&service, &link).await;
    // the tests' operator allows 127.0.0.0/8 and nothing else
    for url in ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/"] {
        let page = lab_answer(&mut visitor, &[("kind", "feed"), ("text", url), ("days", "30")]).await;
        assert!(page.body.contains("class=\"errors\""), "{url}: {}", page.body);
        assert!(page.body.contains("refused to connect"), "{}", page.body);
        assert_eq!(numbers(&page), Vec::<String>::new());
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sources_page_shows_its_numbers_its_gap_and_the_bytes_that_could_not_be_read() {
    let literature = Literature::open().await;
    literature.add_dated_record(40_000_001, &days_ago(5), made_up(40_000_001));
    literature.add_dated_record(40_000_002, &days_ago(5), made_up(40_000_002));
    literature.withhold(40_000_002, true);
    literature.set_feed("/bad.rss", "text/html", "<script>alert(1)</script>\u{1}\u{0} no feed".into());
    let url = literature.url("/bad.rss");
    let sources = search() + &source("bad", &format!("kind = \"feed\"\nurl = {url:?}"));
    let service = Service::start(&literature, &sources).await;
    service.wait_until_fetched(UnixMs(0)).await;
    service.count("search").await;
    let link = service.invite("admin@example.org", Role::Admin).await;
    let mut visitor = Visitor::signed_in(&service, &link).await;

    let page = visitor.get("/desk/sources/search").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for text in
        ["made-up[tiab]", "One work is missing", "pmid:40000002", "sent no record", "<rect class=\"seen\""]
    {
        assert!(page.body.contains(text), "{text:?} is not in {}", page.body);
    }
    let bad = visitor.get("/desk/sources/bad").await;
    for text in ["3c 73 63 72 69 70 74 3e", "&lt;script&gt;", "could not be read"] {
        assert!(
            bad.body.contains(text)
                || bad.body.contains(&text.replace("&lt;", "&#60;").replace("&gt;", "&#62;")),
            "{text:?} is not in {}",
            bad.body
        );
    }
    assert!(!bad.body.contains("<script>alert"));

    // pausing comes back to the page that the button stands on
    let paused = visitor.submit(&page, "/desk/sources/search/pause", &[]).await;
    assert_eq!(paused.path, "/desk/sources/search");
    assert!(paused.body.contains("Paused"), "{}", paused.body);
    let resumed = visitor.submit(&paused, "/desk/sources/search/resume", &[]).await;
    assert!(!resumed.body.contains("Paused"), "{}", resumed.body);
    assert_eq!(visitor.get("/desk/sources/nobody").await.status, 404);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_tries_what_is_in_no_list_and_shows_trouble_to_machines_too() {
    let literature = Literature::open().await;
    for pmid in 40_000_001..40_000_004 {
        literature.add_dated_record(pmid, &days_ago(3), made_up(pmid));
    }
    let item = "<item><title>An item without any identifier</title><link>https://journal.example.org/1</link></item>";
    let rss = format!("<rss version=\"2.0\"><channel><title>J</title>{item}</channel></rss>");
    literature.set_feed("/plain.rss", "text/xml", rss);
    let url = literature.url("/plain.rss");
    let sources = source("plain", &format!("kind = \"feed\"\nurl = {url:?}"))
        + &source("gone", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/gone.rss")));
    let mut place = Place::new(&sources, Some(&literature));
    place.set("PERFUSE__SERVER__METRICS_TOKEN", "a-made-up-token");
    let test = |words: &[&str]| place.run(&[&["source", "test"], words].concat());
    let tried = test(&["--kind", "pubmed", "made-up[tiab]", "--days", "90"]).done().out;
    assert!(tried.contains("PubMed search, last 90 days") && tried.contains("3 entries"), "{tried}");
    assert!(tried.contains("of the 3 looked at, 0 are known"), "{tried}");
    place.run(&["fetch"]).failed(1, &["1 of 2 sources failed"]);
    let known = test(&["--kind", "feed", &url]).done().out;
    assert!(known.contains("of the 1 looked at, 1 are known"), "known by its link: {known}");
    assert!(known.contains("known     An item without any identifier"), "{known}");
    test(&["--kind", "feed", &url, "--days", "7"]).failed(1, &["--days", "a feed shows what it shows"]);
    test(&["--kind", "crossref", "1234-5678"]).failed(1, &["no ISSN"]);
    test(&["--kind", "gopher", "x"]).failed(2, &["gopher", "medrxiv"]);
    let listed = place.run(&["source", "list"]).done().out;
    assert!(listed.lines().any(|line| line.starts_with("plain") && line.contains("1/1/0")), "{listed}");

    let program = place.serve(&[]);
    let mut machine = Visitor::at_url(program.url());
    let metrics = machine.get_with("/metrics", &[("authorization", "Bearer a-made-up-token")]).await.body;
    for line in ["perfuse_sources 2", "perfuse_sources_failing 1", "perfuse_sources_silent 0"] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    program.stop();
}
