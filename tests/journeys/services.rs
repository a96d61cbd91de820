//! Services that answer in pages: all pages are read, and what does not agree is named.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use perfuse::domain::entry::WorkKind;
use perfuse::domain::time::{MINUTE_MS, UnixMs};
use serde_json::json;

use crate::support::literature::{Literature, journal_rss, record, structured_abstract};
use crate::support::service::{Service, source};

/// Records in pages under cursors, as Europe PMC gives them; the last page repeats its cursor.
fn europepmc(ids: &'static [u32], count: usize) -> impl Fn(&BTreeMap<String, String>) -> Response {
    move |parameters| {
        assert_eq!((parameters["resultType"].as_str(), parameters["format"].as_str()), ("core", "json"));
        assert!(parameters["query"].starts_with("(ECMO) AND (FIRST_IDATE:["), "{}", parameters["query"]);
        let size: usize = parameters["pageSize"].parse().unwrap();
        let cursor = parameters["cursorMark"].clone();
        let start: usize = cursor.trim_start_matches(['*', 'c']).parse().unwrap_or(0);
        let results: Vec<_> = ids.iter().skip(start).take(size).map(|id| europepmc_result(*id)).collect();
        let next = if results.is_empty() { cursor } else { format!("c{}", start + results.len()) };
        axum::Json(json!({
            "version": "6.9", "hitCount": count, "nextCursorMark": next, "resultList": {"result": results},
        }))
        .into_response()
    }
}

/// Numbers above 40,000,000 are PubMed's, the others preprints.
fn europepmc_result(id: u32) -> serde_json::Value {
    let mut result = json!({
        "title": format!("Made-up work {id}"), "firstIndexDate": "2026-11-20", "firstPublicationDate": "2026-11-01",
        "authorList": {"author": [{"lastName": "Fixture", "firstName": "First"}]},
        "abstractText": "<h4>Results</h4>Of 120 patients, 42 survived.",
    });
    let more = match id {
        40_000_000.. => json!({"id": id.to_string(), "source": "MED", "pmid": id.to_string()}),
        _ => json!({"id": format!("PPR{id}"), "source": "PPR", "doi": format!("10.1101/2026.11.01.{id:08}")}),
    };
    result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    result
}

fn ecmo_source() -> String {
    source("epmc", "kind = \"europepmc\"\nquery = \"ECMO\"")
}

async fn titles(service: &Service) -> Vec<String> {
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    let mut titles: Vec<String> = queue.iter().map(|article| article.title.to_plain()).collect();
    titles.sort();
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_europe_pmc_arrive_and_pubmeds_own_record_wins_over_its_copy() {
    let literature = Literature::open().await;
    literature.set_service("/europepmc/search", europepmc(&[1, 2, 40_000_003, 4, 5], 5));
    let xml = record(40_000_003, "10.9999/perf.3", "As PubMed has it", &structured_abstract(42));
    literature.add_record(40_000_003, xml);
    let service = Service::start(&literature, &ecmo_source()).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!(state.last_error, None);
    assert!(state.complete_to_at.is_some(), "the count agrees");
    let numbers = ["Made-up work 1", "Made-up work 2", "Made-up work 4", "Made-up work 5"];
    assert_eq!(titles(&service).await, [&["As PubMed has it"], &numbers[..]].concat());
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    let preprints = queue.iter().filter(|article| article.kind == WorkKind::Preprint);
    assert_eq!(preprints.count(), 4);
    let pages = literature.requests().iter().filter(|path| path.starts_with("/europepmc/")).count();
    assert_eq!(pages, 3, "no request after the last record");

    // asked again, nothing is new
    let state = &service.fetch_all_again().await[0];
    assert_eq!((state.last_error.clone(), titles(&service).await.len()), (None, 5));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_does_not_agree_is_named_and_the_window_stays_open() {
    let literature = Literature::open().await;
    literature.set_service("/europepmc/search", europepmc(&[1, 2, 3], 4));
    let service = Service::start(&literature, &ecmo_source()).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!((state.last_error.clone(), titles(&service).await.len()), (None, 3));
    assert_eq!(state.complete_to_at, None);
    let problems = service.store().problems(state.id, 10).await.unwrap();
    let problems: Vec<_> = problems.iter().map(|(_, problem)| problem.what.as_str()).collect();
    assert_eq!(problems, ["Europe PMC counts 4 records and sent 3"]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_with_status_200_is_a_failure_and_what_came_before_it_is_kept() {
    let literature = Literature::open().await;
    let good = europepmc(&[1, 2, 3], 3);
    let calls = Arc::new(AtomicUsize::new(0));
    literature.set_service("/europepmc/search", move |parameters| {
        match calls.fetch_add(1, Ordering::Relaxed) {
            0 => good(parameters),
            _ => axum::Json(json!({"errCode": 404, "errMsg": "the search is down"})).into_response(),
        }
    });
    let service = Service::start(&literature, &ecmo_source()).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    let error = state.last_error.clone().unwrap();
    assert_eq!(error, "Europe PMC answers with an error: \"the search is down\"");
    assert_eq!((state.complete_to_at, titles(&service).await.len()), (None, 2));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_for_time_gets_it() {
    let literature = Literature::open().await;
    literature.set_service("/europepmc/search", |_| {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1800")], "later").into_response()
    });
    let service = Service::start(&literature, &ecmo_source()).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert!(state.last_error.clone().unwrap().contains("429"));
    assert!(state.next_at.since_ms(state.last_attempt_at.unwrap()) >= 29 * MINUTE_MS);
    assert_eq!(literature.requests().len(), 1);
    service.stop().await;
}

/// Studies in pages under tokens; the count is on the first page only.
fn registry(numbers: &'static [u32], count: usize) -> impl Fn(&BTreeMap<String, String>) -> Response {
    move |parameters| {
        let size: usize = parameters["pageSize"].parse().unwrap();
        let start: usize = parameters.get("pageToken").map_or(0, |token| token.parse().unwrap());
        let studies: Vec<_> = numbers.iter().skip(start).take(size).map(|number| study(*number)).collect();
        let mut answer = json!({"studies": studies});
        if start == 0 {
            answer["totalCount"] = json!(count);
        }
        if start + size < numbers.len() {
            answer["nextPageToken"] = json!((start + size).to_string());
        }
        axum::Json(answer).into_response()
    }
}

fn study(number: u32) -> serde_json::Value {
    json!({"protocolSection": {
        "identificationModule": {"nctId": format!("NCT{number:08}"), "briefTitle": format!("Made-up trial {number}")},
        "statusModule": {"overallStatus": "ACTIVE_NOT_RECRUITING"},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Made-up University"}},
        "designModule": {"phases": ["PHASE2"], "enrollmentInfo": {"count": 120, "type": "ESTIMATED"}},
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn trials_arrive_as_works_of_their_own_kind_with_their_facts_in_words() {
    let literature = Literature::open().await;
    literature.set_service("/trials/studies", |parameters| {
        assert_eq!(parameters["query.cond"], "cardiac arrest");
        assert!(parameters["filter.advanced"].starts_with("AREA[LastUpdatePostDate]RANGE["));
        registry(&[99_999_901, 99_999_902, 99_999_903], 3)(parameters)
    });
    let sources = source("registry", "kind = \"trials\"\ncondition = \"cardiac arrest\"");
    let service = Service::start(&literature, &sources).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!(state.last_error, None);
    assert!(state.complete_to_at.is_some());
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    assert_eq!(queue.len(), 3);
    for article in &queue {
        assert_eq!(
            (article.kind, article.authors[0].display().as_str()),
            (WorkKind::Trial, "Made-up University")
        );
        let facts = article.abstract_sections[0].text.to_plain();
        assert_eq!(facts, "Active, not recruiting. Phase 2. 120 participants planned.");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trials_that_the_registry_counts_but_does_not_send_are_named() {
    let literature = Literature::open().await;
    literature.set_service("/trials/studies", |parameters| {
        assert_eq!(parameters["filter.ids"], "NCT99999901|NCT99999902");
        assert!(
            !parameters.contains_key("filter.advanced"),
            "listed trials are looked at whenever they changed"
        );
        registry(&[99_999_901], 2)(parameters)
    });
    let sources = source("list", "kind = \"trials\"\nnct = [\"NCT99999901\", \"nct99999902\"]");
    let service = Service::start(&literature, &sources).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    let problems = service.store().problems(state.id, 10).await.unwrap();
    assert_eq!(problems[0].1.what, "ClinicalTrials.gov counts 2 records and sent 1");
    service.stop().await;
}

/// Postings by number, two at a time whatever is asked for.
fn server(titles: &'static [&str], total: usize) -> impl Fn(&BTreeMap<String, String>) -> Response {
    move |parameters| {
        let mut parts = parameters["path"].trim_end_matches("/json").rsplit('/');
        let start: usize = parts.next().unwrap().parse().unwrap();
        let row = |(index, title): (usize, &&str)| {
            json!({
                "doi": format!("10.64898/2026.11.01.{index:08}"), "version": "1", "title": title, "date": "2026-11-20",
                "authors": "Fixture, F.", "abstract": "ResultsOf 120 patients, 42 survived.", "published": "NA",
            })
        };
        let rows: Vec<_> = titles.iter().enumerate().skip(start).take(2).map(row).collect();
        let status = if rows.is_empty() { "no posts found" } else { "ok" };
        axum::Json(json!({"messages": [{"status": status, "total": total}], "collection": rows}))
            .into_response()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_preprint_server_only_what_the_words_find_is_kept() {
    let literature = Literature::open().await;
    let posted = ["VA-ECMO for made-up shock", "Other", "Mice on ECMO", "Other", "ECMO, a made-up registry"];
    let posted: &'static [&str] = Box::leak(Box::new(posted));
    literature.set_service("/preprints/details/medrxiv", server(posted, 5));
    let rest = "kind = \"preprints\"\nserver = \"medrxiv\"\nquery = \"ECMO NOT mice\"";
    let service = Service::start(&literature, &source("medrxiv", rest)).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!(state.last_error, None);
    assert!(state.complete_to_at.is_some(), "all were counted, also those that are not kept");
    assert_eq!(titles(&service).await, ["ECMO, a made-up registry", "VA-ECMO for made-up shock"]);
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    assert_eq!(queue[0].abstract_sections[0].label.as_deref(), Some("Results"));
    assert_eq!(literature.requests().len(), 3);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postings_that_the_server_counts_but_does_not_give_are_named() {
    let literature = Literature::open().await;
    literature.set_service("/preprints/details/biorxiv", server(&["ECMO one", "ECMO two", "ECMO three"], 7));
    let rest = "kind = \"preprints\"\nserver = \"biorxiv\"\nquery = \"ECMO\"";
    let service = Service::start(&literature, &source("biorxiv", rest)).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    let problems = service.store().problems(state.id, 10).await.unwrap();
    assert_eq!(problems[0].1.what, "the preprint servers' API counts 7 records and sent 3");
    assert_eq!((state.complete_to_at, titles(&service).await.len()), (None, 3));
    service.stop().await;
}

fn work(doi: &str, title: &str) -> serde_json::Value {
    json!({
        "DOI": doi, "type": "journal-article", "title": [title], "container-title": ["Perfusion"], "ISSN": ["0267-6591"],
        "author": [{"given": "First", "family": "Fixture"}], "issued": {"date-parts": [[2026, 11, 2]]},
        "created": {"date-time": "2026-11-20T05:01:06Z"},
        "abstract": "<jats:sec><jats:title>Results</jats:title><jats:p>Of 120 patients, 42 survived.</jats:p></jats:sec>",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journals_works_come_from_crossref_page_by_page() {
    let literature = Literature::open().await;
    literature.set_service("/crossref/works", |parameters| {
        let filter = &parameters["filter"];
        assert!(filter.starts_with("issn:0267-6591,from-created-date:2"), "{filter}");
        let start: usize = parameters["cursor"].trim_start_matches(['*', 'c']).parse().unwrap_or(0);
        let size: usize = parameters["rows"].parse().unwrap();
        let numbers = (start..4).take(size);
        let works: Vec<_> = numbers.map(|n| work(&format!("10.9999/cr.{n}"), &format!("Work {n}"))).collect();
        let next = format!("c{}", start + works.len());
        let message = json!({"total-results": 5, "next-cursor": next, "items": works});
        let headers = [("x-rate-limit-limit", "1000"), ("x-rate-limit-interval", "1s")];
        (headers, axum::Json(json!({"status": "ok", "message": message}))).into_response()
    });
    let sources = source("perfusion", "kind = \"crossref\"\nissn = [\"0267-6591\"]");
    let service = Service::start(&literature, &sources).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!((state.last_error.clone(), titles(&service).await.len()), (None, 4));
    let problems = service.store().problems(state.id, 10).await.unwrap();
    assert_eq!(problems[0].1.what, "Crossref counts 5 records and sent 4");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_without_abstracts_is_completed_by_doi() {
    let literature = Literature::open().await;
    let items = [("10.9999/known.1", "As the feed has it"), ("10.9999/unknown.2", "Nobody knows this")];
    literature.set_feed("/journal.rss", "text/xml", journal_rss(&items));
    literature.set_service("/crossref/works/", |parameters| {
        if !parameters["path"].contains("known%2E1") {
            return (StatusCode::NOT_FOUND, "Resource not found.").into_response();
        }
        let message = work("10.9999/KNOWN.1", "As Crossref has it");
        axum::Json(json!({"status": "ok", "message-type": "work", "message": message})).into_response()
    });
    let sources = source("journal", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/journal.rss")));
    let service = Service::start(&literature, &sources).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    assert_eq!(state.last_error, None);
    assert_eq!(titles(&service).await, ["As the feed has it", "Nobody knows this"]);
    let queue = service.store().queue(Default::default(), 0, 50).await.unwrap().0;
    let known = queue.iter().find(|article| article.title.to_plain() == "As the feed has it").unwrap();
    assert_eq!(known.abstract_sections[0].text.to_plain(), "Of 120 patients, 42 survived.");
    assert_eq!(known.authors.len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crossref_says_of_a_bad_request_is_told() {
    let literature = Literature::open().await;
    literature.set_service("/crossref/works", |_| {
        let said = json!({"status": "failed", "message-type": "validation-failure",
            "message": [{"type": "filter-not-available", "message": "Filter issm specified but there is no such filter"}]});
        (StatusCode::BAD_REQUEST, axum::Json(said)).into_response()
    });
    let service =
        Service::start(&literature, &source("journals", "kind = \"crossref\"\nissn = [\"0267-6591\"]")).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    let error = state.last_error.clone().unwrap();
    assert_eq!(
        error,
        "Crossref answers with an error: \"Filter issm specified but there is no such filter\""
    );
    service.stop().await;
}
