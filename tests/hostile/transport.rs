//! Cases T: what a server does with TCP and HTTP itself.

use std::time::{Duration, Instant};

use perfuse::intake::fetch::{FetchError, Fetcher, Phase, Request, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{fetched, get, hasty, measure_growth, patient};
use crate::support::hostile_server::{HostileServer, answer, reset};

const BODY: &str = "<rss version=\"2.0\"><channel/></rss>";

#[tokio::test]
async fn deadlines_end_a_silent_a_dripping_and_an_endless_server_and_free_the_connection() {
    // T01, T02, T03: each read succeeds, so only a deadline for the whole ends these
    let silent = HostileServer::start(|mut wire| async move { wire.wait_for_end().await }).await;
    let dripping_head = HostileServer::start(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\nX-Drip: ").await;
        wire.send_for_ever("a", Duration::from_millis(50)).await;
    })
    .await;
    let dripping_body = HostileServer::start(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\n\r\n").await;
        wire.send_for_ever("a", Duration::from_millis(50)).await;
    })
    .await;
    let cases =
        [(silent, Phase::FirstByte), (dripping_head, Phase::FirstByte), (dripping_body, Phase::Total)];
    for (server, expected) in cases {
        let error = get(hasty(), &server.url("/")).await.unwrap_err();
        let FetchError::TimedOut { phase, .. } = &error else { panic!("{error}") };
        assert_eq!(*phase, expected, "{error}");
        assert_eq!(error.retry(), Retry::Backoff);
        server.wait_until_closed().await;
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_cap_with_memory_flat() {
    let server = HostileServer::start(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"1\"\r\n\r\n").await;
        let chunk = format!("10000\r\n{}\r\n", "<item><title>a</title></item>   ".repeat(2048));
        wire.send_for_ever(chunk, Duration::ZERO).await;
    })
    .await;
    let (result, growth_mib) = measure_growth(get(patient(), &server.url("/"))).await;
    assert!(matches!(result, Err(FetchError::TooLarge { limit_bytes: 8_388_608, .. })), "{result:?}");
    assert!(growth_mib < 200, "{growth_mib} MiB");
    server.wait_until_closed().await;
}

/// T05, T07, T09, T11, T13, T14, T15, T19: bytes on the wire → the sort of error, told by its words.
#[tokio::test]
async fn answers_that_are_broken_on_the_wire_are_errors_that_say_so() {
    let big_header = format!("HTTP/1.1 200 OK\r\nX-Big: {}\r\n\r\n", "a".repeat(1 << 20));
    let many_headers =
        format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X-Many: 1\r\n".repeat(10_000));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let extension = format!("{chunked}5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(1 << 20));
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "T05",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"1\"\r\n\r\n{}", "a".repeat(500)),
            "truncated",
        ),
        ("T05 chunked", format!("{chunked}5\r\nhello\r\n"), "truncated"),
        (
            "T07",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 34\r\n\r\n{BODY}"),
            "not proper HTTP",
        ),
        ("T09 huge", format!("{chunked}FFFFFFFFFFFFFFFF\r\nhello"), "truncated"),
        ("T09 overflowing", format!("{chunked}FFFFFFFFFFFFFFFFF\r\nhello"), "not proper HTTP"),
        ("T09 negative", format!("{chunked}-5\r\nhello\r\n0\r\n\r\n"), "not proper HTTP"),
        ("T09 extension", extension, "not proper HTTP"),
        ("T11 big", big_header, "not proper HTTP"),
        ("T11 many", many_headers, "not proper HTTP"),
        ("T13", String::new(), "broke off"),
        ("T14", BODY.to_owned(), "not proper HTTP"),
        ("T15 unknown", "HTTP/1.1 999 \r\nContent-Length: 0\r\n\r\n".to_owned(), "answered 999"),
        ("T15 zero", "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n".to_owned(), "not proper HTTP"),
        (
            "T15 reason",
            "HTTP/1.1 200 \u{1b}[31m\0\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "not proper HTTP",
        ),
        ("T19", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0".to_owned(), "not proper HTTP"),
    ];
    for (case, bytes, words) in cases {
        let server = HostileServer::answering(bytes).await;
        let (result, growth_mib) = measure_growth(get(patient(), &server.url("/"))).await;
        let message = result.expect_err(case).to_string();
        assert!(message.contains(words), "{case}: {message}");
        assert!(message.starts_with(&server.url("/")), "{case}: {message}");
        assert!(!message.contains(|character: char| character.is_control()), "{case}: {message:?}");
        assert!(growth_mib < 150, "{case}: {growth_mib} MiB");
    }
}

#[tokio::test]
async fn bytes_beyond_the_promised_length_are_not_taken_and_poison_nothing() {
    // T06
    let server = HostileServer::start(|mut wire| async move {
        let smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood{smuggled}")).await;
        wire.wait_for_end().await;
    })
    .await;
    let fetcher = Fetcher::new(patient()).unwrap();
    for _ in 0..3 {
        let body = fetched(fetcher.get(&Request::new(server.url("/"))).await).body;
        assert_eq!(body.as_ref(), b"good");
    }
}

#[tokio::test]
async fn of_a_length_and_chunks_the_chunks_count_or_it_is_an_error() {
    // T08
    let bytes =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let server = HostileServer::answering(bytes).await;
    match get(patient(), &server.url("/")).await {
        Err(FetchError::Malformed { .. }) => {}
        other => assert_eq!(fetched(other).body.as_ref(), b"hello"),
    }
}

#[tokio::test]
async fn a_flood_of_informational_answers_ends_at_the_deadline_for_the_first_byte() {
    // T10
    let server = HostileServer::start(|mut wire| async move {
        wire.send_for_ever("HTTP/1.1 100 Continue\r\n\r\n".repeat(100), Duration::from_millis(1)).await;
    })
    .await;
    let (result, growth_mib) = measure_growth(get(hasty(), &server.url("/"))).await;
    assert!(matches!(result, Err(FetchError::TimedOut { phase: Phase::FirstByte, .. })), "{result:?}");
    assert!(growth_mib < 150, "{growth_mib} MiB");
    server.wait_until_closed().await;
}

#[tokio::test]
async fn a_connection_reset_in_the_middle_of_the_body_is_an_error_with_backoff() {
    // T12
    let server = HostileServer::start_raw(|mut stream| async move {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        reset(stream);
    })
    .await;
    let error = get(patient(), &server.url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Interrupted { .. }), "{error}");
    assert_eq!(error.retry(), Retry::Backoff);
}

#[tokio::test]
async fn no_content_is_an_empty_body_and_a_part_that_nobody_asked_for_is_an_error() {
    // T16
    for status in ["204 No Content", "205 Reset Content"] {
        let server =
            HostileServer::answering(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).await;
        assert!(fetched(get(patient(), &server.url("/")).await).body.is_empty(), "{status}");
    }
    for status in ["206 Partial Content", "201 Created", "202 Accepted", "300 Multiple Choices"] {
        let server = HostileServer::answering(answer(status, &[], BODY)).await;
        let error = get(patient(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.status(), status[..3].parse().ok(), "{error}");
    }
}

#[tokio::test]
async fn cookies_are_not_kept() {
    // T17
    let cookies = vec![("Set-Cookie", "track=1; Path=/"); 50];
    let server = HostileServer::answering(answer("200 OK", &cookies, BODY)).await;
    let fetcher = Fetcher::new(patient()).unwrap();
    for _ in 0..2 {
        fetched(fetcher.get(&Request::new(server.url("/"))).await);
    }
    assert!(server.requests().iter().all(|request| !request.to_lowercase().contains("cookie")));
    let flood = HostileServer::answering(answer("200 OK", &vec![("Set-Cookie", "a=1"); 1000], BODY)).await;
    assert!(get(patient(), &flood.url("/")).await.is_err());
}

#[tokio::test]
async fn a_server_that_wants_a_password_gets_one_request_without_any() {
    // T18
    let challenge = answer("401 Unauthorized", &[("WWW-Authenticate", "Basic realm=\"x\"")], "");
    let server = HostileServer::answering(challenge).await;
    let error = get(patient(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    let requests = server.requests();
    assert!(requests.len() == 1 && !requests[0].to_lowercase().contains("authorization"), "{requests:?}");
}

#[tokio::test]
async fn a_host_that_nobody_answers_for_is_unreachable_and_a_name_without_address_is_a_dns_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = get(patient(), &url).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Unreachable { .. }) && error.to_string().contains("refused"),
        "{error}"
    );

    let nobody = Fetcher::with_look_up(patient(), super::Names::new(|_| Vec::new())).unwrap();
    let error = nobody.get(&Request::new("http://journal.example/feed")).await.unwrap_err();
    assert!(matches!(error, FetchError::Dns { .. }), "{error}");
}

#[tokio::test]
async fn two_connections_a_host_at_most_and_requests_keep_their_distance() {
    // Q01, as far as the client is concerned
    let server = HostileServer::start(|mut wire| async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        wire.send(answer("200 OK", &[], BODY)).await;
    })
    .await;
    let fetcher = Fetcher::new(patient()).unwrap();
    let request = Request::new(server.url("/"));
    let results = futures_util::future::join_all((0..8).map(|_| fetcher.get(&request))).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(server.most_open() <= 2, "{}", server.most_open());

    let spacing = Duration::from_millis(40);
    let spaced =
        Fetcher::new(perfuse::intake::fetch::FetchSettings { host_spacing: spacing, ..patient() }).unwrap();
    let begun = Instant::now();
    futures_util::future::join_all((0..4).map(|_| spaced.get(&request))).await;
    assert!(begun.elapsed() >= spacing * 3);
}
