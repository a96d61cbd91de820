//! Cases H: what a server means.

use std::time::Duration;

use perfuse::intake::fetch::{FetchError, Fetcher, Request, Response, Retry, Validators};

use super::{fetched, get, patient};
use crate::support::hostile_server::{HostileServer, answer};

const BODY: &str = "<rss version=\"2.0\"><channel/></rss>";

#[tokio::test]
async fn an_overloaded_host_is_left_alone_for_as_long_as_it_asks_and_no_other_host_is() {
    // H01
    let table = [
        ("429 Too Many Requests", Some("3600"), Some(3_600_000)),
        ("503 Service Unavailable", Some("Wed, 01 Jan 2200 00:00:00 GMT"), Some(86_400_000)),
        ("503 Service Unavailable", Some("-1"), None),
        ("429 Too Many Requests", Some("99999999999"), Some(86_400_000)),
        ("429 Too Many Requests", Some("soon"), None),
        ("503 Service Unavailable", None, None),
    ];
    let healthy = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    for (status, retry_after, expected) in table {
        let headers: Vec<(&str, &str)> = retry_after.iter().map(|value| ("Retry-After", *value)).collect();
        let server = HostileServer::answering(answer(status, &headers, "")).await;
        let fetcher = Fetcher::new(patient()).unwrap();
        let error = fetcher.get(&Request::new(server.url("/feed"))).await.unwrap_err();
        assert_eq!(error.retry(), Retry::SlowHost { after_ms: expected }, "{retry_after:?}");
        let error = fetcher.get(&Request::new(server.url("/another-feed"))).await.unwrap_err();
        let FetchError::HostAskedToWait { wait_ms, .. } = error else { panic!("{error}") };
        let asked = expected.unwrap_or(60_000);
        assert!((asked - 30_000..=asked).contains(&wait_ms), "{retry_after:?}: {wait_ms}");
        assert_eq!(server.connections(), 1);
        fetched(fetcher.get(&Request::new(healthy.url("/"))).await);
    }
}

#[tokio::test]
async fn statuses_that_are_no_answer_are_errors_for_an_operator() {
    // H07
    for (status, words, retry) in [
        ("403 Forbidden", "refuse programs", Retry::Backoff),
        ("404 Not Found", "not found", Retry::Backoff),
        ("410 Gone", "gone for good", Retry::Gone),
        ("500 Oops", "server's side", Retry::Backoff),
    ] {
        let server = HostileServer::answering(answer(status, &[], "<h1>secret stack trace</h1>")).await;
        let error = get(patient(), &server.url("/feed?token=1")).await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(words) && message.contains("/feed?token=1"), "{message}");
        assert!(!message.contains("stack"), "{message}");
        assert_eq!(error.retry(), retry);
    }
}

#[tokio::test]
async fn an_empty_body_is_handed_on_for_the_parser_to_judge() {
    // H03
    for body in ["", " \r\n "] {
        let server = HostileServer::answering(answer("200 OK", &[], body)).await;
        assert_eq!(fetched(get(patient(), &server.url("/")).await).body, body);
    }
}

#[tokio::test]
async fn not_modified_counts_only_as_the_answer_to_a_condition() {
    // H05
    let server = HostileServer::start(|mut wire| async move {
        // with a body that a 304 cannot have, on a connection that stays open
        let headers = "ETag: \"new\"\r\nCache-Control: max-age=7200\r\nContent-Length: 4";
        wire.send(format!("HTTP/1.1 304 Not Modified\r\n{headers}\r\n\r\nbody")).await;
        wire.wait_for_end().await;
    })
    .await;
    let fetcher = Fetcher::new(patient()).unwrap();
    let error = fetcher.get(&Request::new(server.url("/"))).await.unwrap_err();
    assert_eq!(error.status(), Some(304), "{error}");

    let stored = Validators { etag: Some("\"old\"".into()), last_modified: Some("once upon a time".into()) };
    for _ in 0..2 {
        let request = Request::new(server.url("/")).with_validators(stored.clone());
        let Ok(Response::NotModified { validators, freshness, .. }) = fetcher.get(&request).await else {
            panic!("expected a 304")
        };
        assert_eq!(validators.etag.as_deref(), Some("\"new\""));
        assert_eq!(validators.last_modified, stored.last_modified);
        assert_eq!(freshness.fresh_for_ms, Some(7_200_000));
    }
}

#[tokio::test]
async fn validators_come_back_byte_for_byte_whatever_they_say_unless_they_are_too_long() {
    // H05, H06
    let mib = "x".repeat(1024 * 1024);
    let two_kib = "x".repeat(2048);
    for (etag, last_modified, kept) in [
        ("W/\"a, \\\"b\\\" \u{e9}\"", "Fri, 31 Dec 9999 23:59:59 GMT", true),
        ("unquoted", "Sun, 01 Jan 1899 00:00:00 GMT", true),
        ("\"\"", "garbage; drop table", true),
        (two_kib.as_str(), two_kib.as_str(), false),
    ] {
        let headers = [("ETag", etag), ("Last-Modified", last_modified)];
        let server = HostileServer::answering(answer("200 OK", &headers, BODY)).await;
        let fetcher = Fetcher::new(patient()).unwrap();
        let validators = fetched(fetcher.get(&Request::new(server.url("/"))).await).validators;
        assert_eq!(validators.is_empty(), !kept);
        fetched(fetcher.get(&Request::new(server.url("/")).with_validators(validators)).await);
        let second = server.requests().pop().unwrap();
        assert_eq!(second.contains(&format!("if-none-match: {etag}\r\n")), kept, "{second}");
        assert_eq!(second.contains(&format!("if-modified-since: {last_modified}\r\n")), kept, "{second}");
    }
    let server = HostileServer::answering(answer("200 OK", &[("ETag", &mib)], BODY)).await;
    assert!(matches!(get(patient(), &server.url("/")).await, Err(FetchError::Malformed { .. })));

    // what a damaged database might hold cannot break out of its header
    let damaged = Validators { etag: Some("\"a\"\r\nX-Injected: 1".into()), last_modified: None };
    let server = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    fetched(
        Fetcher::new(patient()).unwrap().get(&Request::new(server.url("/")).with_validators(damaged)).await,
    );
    assert!(!server.requests()[0].contains("X-Injected"));
}

#[tokio::test]
async fn each_request_says_who_asks_and_nothing_else_about_us() {
    let server = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let settings = perfuse::intake::fetch::FetchSettings {
        public_url: Some("https://news.example".into()),
        contact: Some("desk@news.example".into()),
        total_timeout: Duration::from_secs(20),
        ..patient()
    };
    fetched(get(settings, &server.url("/feed?a=1#fragment")).await);
    let request = server.requests().remove(0);
    let mut names: Vec<String> =
        request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_lowercase())).collect();
    names.sort();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    assert!(request.starts_with("GET /feed?a=1 HTTP/1.1\r\n"));
    let agent = format!(
        "user-agent: perfuse/{} (+https://news.example; mailto:desk@news.example)\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert!(request.contains(&agent), "{request}");
}
