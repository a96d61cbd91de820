//! E-utilities that misbehave: everything below arrives with HTTP 200 unless it says otherwise.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use perfuse::domain::identity::Pmid;
use perfuse::intake::eutils::{Eutils, EutilsError, EutilsSettings, History, Window};
use perfuse::intake::fetch::{Fetcher, Retry};

use super::patient;
use crate::support::hostile_server::{HostileServer, Wire, answer};

const KEY: &str = "0123456789abcdef";

fn client(server: &HostileServer, change: impl FnOnce(&mut EutilsSettings)) -> Eutils {
    let mut settings = EutilsSettings {
        base_url: server.url("/entrez/eutils"),
        api_key: Some(KEY.into()),
        email: "desk@news.example".into(),
        page_size: 3,
        requests_per_second: Some(1_000_000.0),
        rate_limit_pause: Duration::ZERO,
        ..EutilsSettings::default()
    };
    change(&mut settings);
    Eutils::new(Arc::new(Fetcher::new(patient()).unwrap()), settings)
}

/// The parameters of a call, from its query or its form.
fn parameter(request: &str, name: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let query = head.split(' ').nth(1).unwrap().split_once('?').map_or("", |(_, query)| query);
    let pairs =
        url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(body.as_bytes()));
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn records(pmids: impl IntoIterator<Item = u32>) -> String {
    let record = |pmid: u32| {
        let article = "<Article><Journal><Title>A Journal</Title></Journal><ArticleTitle>A title.</ArticleTitle></Article>";
        format!(
            "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID>{article}</MedlineCitation></PubmedArticle>"
        )
    };
    let all: String = pmids.into_iter().map(record).collect();
    format!("<?xml version=\"1.0\" ?>\n<PubmedArticleSet>{all}</PubmedArticleSet>")
}

fn found(count: usize, ids: impl IntoIterator<Item = u32>, web_env: &str) -> String {
    let ids: String = ids.into_iter().map(|id| format!("<Id>{id}</Id>\n")).collect();
    format!(
        "<eSearchResult><Count>{count}</Count><RetMax>{count}</RetMax><QueryKey>1</QueryKey><WebEnv>{web_env}</WebEnv><IdList>{ids}</IdList></eSearchResult>"
    )
}

fn window(from: &str, to: &str) -> Window {
    Window::between(from.parse().unwrap(), to.parse().unwrap())
}

fn week() -> Window {
    window("2026-11-15", "2026-11-22")
}

/// A service that holds records 1 to 7 and pages through them.
fn small_service(request: &str) -> String {
    if request.contains("esearch.fcgi") {
        return found(7, 1..=7, "W1");
    }
    match parameter(request, "id").as_str() {
        "" => {
            let start: u32 = parameter(request, "retstart").parse().unwrap();
            let length: u32 = parameter(request, "retmax").parse().unwrap();
            records(start + 1..=(start + length).min(7))
        }
        ids => records(ids.split(',').map(|id| id.parse().unwrap()).filter(|id| *id <= 7)),
    }
}

async fn serve(script: impl Fn(&Wire) -> String + Send + Sync + 'static) -> HostileServer {
    let script = Arc::new(script);
    HostileServer::start(move |mut wire| {
        let bytes = answer("200 OK", &[], script(&wire));
        async move {
            wire.send(bytes).await;
        }
    })
    .await
}

async fn fetch_all(client: &Eutils, history: &History) -> (Vec<u32>, Vec<String>) {
    let (mut pmids, mut problems) = (Vec::new(), Vec::new());
    for start in (0..history.count).step_by(client.page_size()) {
        let page = client.fetch_page(history, start).await.unwrap();
        pmids.extend(page.entries.iter().map(|entry| entry.ids.pmid.unwrap().0));
        problems.extend(page.problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)));
    }
    (pmids, problems)
}

#[tokio::test]
async fn a_search_is_paged_through_and_every_call_says_who_asks() {
    let server = serve(|wire| small_service(&wire.request)).await;
    let client = client(&server, |_| {});
    assert_eq!(client.count("ecpr[tiab]", week()).await.unwrap(), 7);
    let history = client.search("ecpr[tiab]", week()).await.unwrap();
    assert_eq!(history.ids().len(), 7);
    let (pmids, problems) = fetch_all(&client, &history).await;
    assert_eq!(pmids, [1, 2, 3, 4, 5, 6, 7]);
    assert!(problems.is_empty(), "{problems:?}");

    let requests = server.requests();
    assert_eq!(requests.len(), 5);
    for request in &requests {
        assert!(request.starts_with("GET /entrez/eutils/e"), "{request}");
        for (name, value) in
            [("tool", "perfuse"), ("email", "desk@news.example"), ("api_key", KEY), ("db", "pubmed")]
        {
            assert_eq!(parameter(request, name), value, "{request}");
        }
    }
    for (name, value) in [
        ("term", "ecpr[tiab]"),
        ("datetype", "edat"),
        ("mindate", "2026/11/15"),
        ("maxdate", "2026/11/22"),
        ("usehistory", "y"),
    ] {
        assert_eq!(parameter(&requests[1], name), value);
    }
    assert_eq!(parameter(&requests[4], "WebEnv"), "W1");
}

#[tokio::test]
async fn refusals_with_status_200_are_errors_and_never_nothing_new() {
    let cases = [
        ("<eFetchResult><ERROR>Supplied id parameter is empty.</ERROR></eFetchResult>", "PubMed says"),
        (
            "<!DOCTYPE html><html><head><title>Down for maintenance</title></head></html>",
            "Down for maintenance",
        ),
        ("{\"error\":\"API rate limit exceeded\",\"count\":\"11\"}\n", "rate limit"),
        (
            "{\"error\":\"API key invalid\",\"api-key\":\"0123456789abcdef\",\"type\":\"ip\"}",
            "API key invalid",
        ),
        (
            "<eSearchResult><ERROR>bad api_key 0123456789abcdef</ERROR></eSearchResult>",
            "bad api_key (the API key)",
        ),
        ("", "empty"),
        ("<eSearchResult><Count>12</Count><IdList><Id>1</Id>", "ends in the middle"),
        ("<eSearchResult><Count>12</Count><IdList><Id>1</Id></IdList></eSearchResult>", "without WebEnv"),
        (
            "<eSearchResult><Count>12</Count><ErrorList><FieldNotFound>tiabb</FieldNotFound></ErrorList></eSearchResult>",
            "tiabb",
        ),
    ];
    for (body, words) in cases {
        let server = serve(move |_| body.to_owned()).await;
        let error = client(&server, |_| {}).search("ecpr[tiabb]", week()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
    }
}

#[tokio::test]
async fn the_key_is_in_no_error_of_the_transport_either() {
    let server = HostileServer::answering(answer("500 Oops", &[], "")).await;
    let error = client(&server, |_| {}).search("ecpr", week()).await.unwrap_err();
    assert!(error.to_string().contains("/entrez/eutils/esearch.fcgi: the server answered 500"), "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
    let echoing = HostileServer::start(|mut wire| async move {
        let to = format!("ftp://127.0.0.1{}", wire.path());
        wire.send(answer("302 Found", &[("Location", &to)], "")).await;
    })
    .await;
    let error = client(&echoing, |_| {}).search("ecpr", week()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "{error:?}");
}

#[tokio::test]
async fn the_rate_limit_is_waited_out_twice_then_given_to_the_worker() {
    let limit = "{\"error\":\"API rate limit exceeded\",\"count\":\"4\",\"limit\":\"3\"}";
    let server =
        serve(move |wire| if wire.nth < 3 { limit.to_owned() } else { small_service(&wire.request) }).await;
    assert_eq!(client(&server, |_| {}).count("ecpr", week()).await.unwrap(), 7);
    let server = serve(move |_| limit.to_owned()).await;
    let error = client(&server, |_| {}).count("ecpr", week()).await.unwrap_err();
    assert!(
        matches!(error, EutilsError::RateLimited { .. }) && error.retry() == Retry::AfterMs(60_000),
        "{error}"
    );
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn records_that_do_not_come_are_asked_for_once_more_and_then_named() {
    // 2 comes at the second asking, 5 never
    let server = serve(|wire| {
        let whole = small_service(&wire.request);
        let lost: &[u32] = if parameter(&wire.request, "id") == "2" { &[5] } else { &[2, 5] };
        if wire.request.contains("esearch") {
            return whole;
        }
        records((1..=7).filter(|pmid| whole.contains(&format!(">{pmid}<")) && !lost.contains(pmid)))
    })
    .await;
    let client = client(&server, |_| {});
    let history = client.search("ecpr", week()).await.unwrap();
    let (mut pmids, problems) = fetch_all(&client, &history).await;
    pmids.sort_unstable();
    assert_eq!(pmids, [1, 2, 3, 4, 6, 7]);
    assert!(problems.len() == 1 && problems[0].starts_with("PMID 5: "), "{problems:?}");

    let by_number = client.fetch_ids(&[Pmid(1), Pmid(999_999_999), Pmid(7), Pmid(4)]).await.unwrap();
    assert_eq!(by_number.entries.len(), 3);
    assert_eq!(by_number.problems[0].place, "PMID 999999999");
}

#[tokio::test]
async fn a_search_that_the_server_forgot_is_repeated() {
    let server = serve(|wire| {
        if wire.request.contains("esearch") {
            let web_env = if wire.nth == 1 { "W1" } else { "W2" };
            return found(7, 1..=7, web_env);
        }
        if parameter(&wire.request, "WebEnv") == "W1" {
            return "<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>".to_owned();
        }
        small_service(&wire.request)
    })
    .await;
    let client = client(&server, |_| {});
    let history = client.search("ecpr", week()).await.unwrap();
    assert_eq!(fetch_all(&client, &history).await, (vec![1, 2, 3, 4, 5, 6, 7], Vec::new()));
    let searches = server.requests().iter().filter(|request| request.contains("esearch")).count();
    assert_eq!(searches, 2);
}

#[tokio::test]
async fn a_window_with_too_many_records_is_halved_and_pages_run_across_the_parts() {
    // 2,500 records a day for eight days
    let server = serve(|wire| {
        let day =
            |name: &str| NaiveDate::parse_from_str(&parameter(&wire.request, name), "%Y/%m/%d").unwrap();
        if !wire.request.contains("esearch") {
            let base: u32 = parameter(&wire.request, "WebEnv").parse().unwrap();
            let start: u32 = base + parameter(&wire.request, "retstart").parse::<u32>().unwrap();
            return records(start..start + parameter(&wire.request, "retmax").parse::<u32>().unwrap());
        }
        let days = (day("maxdate") - day("mindate")).num_days() as u32 + 1;
        let base =
            1 + (day("mindate") - NaiveDate::from_ymd_opt(2026, 11, 15).unwrap()).num_days() as u32 * 2_500;
        let count = days * 2_500;
        let listed = if count > 9_999 { 0 } else { count };
        found(count as usize, base..base + listed, &base.to_string())
    })
    .await;
    let client = client(&server, |settings| settings.page_size = 200);
    let history = client.search("cancer", week()).await.unwrap();
    assert_eq!(history.count, 20_000);
    let mut ids = history.ids();
    assert_eq!(ids[0], Pmid(15_001), "the newest part first");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20_000);
    // parts hold 5,000; a page of 200 from 4,900 on takes from two of them
    let page = client.fetch_page(&history, 4_900).await.unwrap();
    assert_eq!(page.entries.len(), 200);
    assert!(page.problems.is_empty(), "{:?}", page.problems);
}

#[tokio::test]
async fn a_single_day_with_too_many_records_and_a_query_for_everything_say_so() {
    let server = serve(|_| found(12_345, [], "W")).await;
    let error = client(&server, |_| {}).search("all[sb]", week()).await.unwrap_err();
    assert!(matches!(error, EutilsError::TooManyInOneDay { count: 12_345, .. }), "{error}");
    assert!(error.to_string().contains("all[sb]") && error.to_string().contains("2026-11-22"), "{error}");
    let server = serve(|_| found(38_000_000, [], "W")).await;
    let error = client(&server, |_| {}).search("all[sb]", week()).await.unwrap_err();
    assert!(matches!(error, EutilsError::TooBroad { .. }) && server.connections() == 1, "{error}");
}

#[tokio::test]
async fn many_ids_and_long_queries_are_posted_and_the_key_goes_with_them() {
    let server = serve(|wire| {
        let ids = parameter(&wire.request, "id");
        if ids.is_empty() { found(0, [], "W") } else { records(ids.split(',').map(|id| id.parse().unwrap())) }
    })
    .await;
    let client = client(&server, |settings| settings.page_size = 500);
    let ids: Vec<Pmid> = (1..=300).map(Pmid).collect();
    assert_eq!(client.fetch_ids(&ids).await.unwrap().entries.len(), 300);
    client.search(&"ecmo OR ".repeat(600), week()).await.unwrap();
    for request in server.requests() {
        assert!(
            request.starts_with("POST /entrez/eutils/e") && !request.lines().next().unwrap().contains('?')
        );
        assert_eq!(parameter(&request, "api_key"), KEY);
    }
}

#[tokio::test]
async fn an_answer_too_long_for_the_cap_is_asked_for_in_smaller_portions() {
    let server = serve(|wire| {
        let body = small_service(&wire.request);
        let padding = body.matches("<PubmedArticle>").count() * 2_000;
        format!("{body}<!--{}-->", "x".repeat(padding))
    })
    .await;
    let fetcher =
        Fetcher::new(perfuse::intake::fetch::FetchSettings { max_body_bytes: 5_000, ..patient() }).unwrap();
    let settings = EutilsSettings {
        base_url: server.url("/"),
        requests_per_second: Some(1_000_000.0),
        ..EutilsSettings::default()
    };
    let client = Eutils::new(Arc::new(fetcher), settings);
    let history = client.search("ecpr", week()).await.unwrap();
    let (mut pmids, problems) = fetch_all(&client, &history).await;
    pmids.sort_unstable();
    assert_eq!((pmids, problems), (vec![1, 2, 3, 4, 5, 6, 7], Vec::new()));
}
