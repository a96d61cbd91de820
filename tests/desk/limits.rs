//! What no client can do to the server, over raw sockets. The time-outs are real, so these tests wait for them once.

use std::time::{Duration, Instant};

use perfuse::domain::editor::Role;
use perfuse::web::server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::world::World;

/// Sends bytes and reads until the server closes; the first line of the answer.
async fn answer(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    // the server may close while we still write
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("kept open");
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn half_sent_headers_and_silent_connections_are_closed_in_time() {
    let world = World::start().await;
    let begun = Instant::now();
    let half = answer(&world, b"GET /desk/sign-in HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    let silent = answer(&world, b"");
    let (half, silent) = tokio::join!(half, silent);
    assert!(!half.contains("200") && silent.is_empty(), "{half} {silent}");
    let took = begun.elapsed();
    assert!(took > server::HEADER_TIMEOUT / 2 && took < server::HEADER_TIMEOUT * 3, "{took:?}");
    assert!(answer(&world, &get("/desk/sign-in", "")).await.contains("200"), "others are served");
}

#[tokio::test]
async fn what_is_too_large_is_named_so() {
    let world = World::start().await;
    let long = "a".repeat(9 * 1024);
    assert!(answer(&world, &get(&format!("/{long}"), "")).await.contains("414"));
    let fat: String = (0..40).map(|n| format!("X-{n}: {}\r\n", "b".repeat(500))).collect();
    assert!(answer(&world, &get("/desk/sign-in", &fat)).await.contains("431"));
    let fatter: String = (0..90).map(|n| format!("X-{n}: {}\r\n", "b".repeat(2000))).collect();
    assert!(answer(&world, &get("/desk/sign-in", &fatter)).await.contains("431"));
    let many: String = (0..500).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert!(answer(&world, &get("/desk/sign-in", &many)).await.contains("431"));

    let article = world.article("T").await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let big = "w ".repeat(40 * 1024);
    let refused = maria.decide(&article, "save", &[("title", "T"), ("summary", &big)]).await;
    assert_eq!(refused.status, 413);
    let chunks = (0..80).map(|_| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b'a'; 1024])));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let request = maria.client.post(format!("{}/desk/sign-in", world.url)).header("origin", &world.url);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(stream);
    assert_eq!(maria.send(request).await.status, 413, "also without a length");
}

#[tokio::test]
async fn more_requests_than_there_is_room_for_are_told_to_come_back() {
    let world = World::with_settings(&[("PERFUSE__SERVER__MAX_CONCURRENT_REQUESTS", "2")]).await;
    // two requests whose bodies never come hold the room
    let head = b"POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: 10\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(head).await.unwrap();
        held.push(stream);
    }
    let mut refused = world.browser().get("/desk/sign-in").await;
    for _ in 0..50 {
        if refused.status == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        refused = world.browser().get("/desk/sign-in").await;
    }
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    drop(held);
    for _ in 0..100 {
        if world.browser().get("/desk/sign-in").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("room was never given back");
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_takes_nothing_new() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let body = "email=a%40example.org&password=x";
    let head = format!(
        "POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.stop();
    for _ in 0..100 {
        if TcpStream::connect(world.address).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(TcpStream::connect(world.address).await.is_err(), "the port is closed");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 401"), "the request in flight was answered");
}

#[tokio::test]
async fn methods_that_no_route_has_and_broken_requests_are_refused_politely() {
    let world = World::start().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"] {
        let request = format!("{method} /desk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let line = answer(&world, request.as_bytes()).await;
        assert!(line.contains(" 40"), "{method}: {line}");
    }
    assert!(answer(&world, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.len() < 40);
    assert!(answer(&world, b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n").await.contains("400"));
    for path in
        ["/desk/a/99999999999999999999", "/desk/a/-1", "/desk/%00", "/desk/%ff%fe", "/desk/a/1%2f..%2f"]
    {
        let mut maria = world.person(&format!("m{}@example.org", path.len()), Role::Editor).await;
        let status = maria.get(path).await.status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
}
