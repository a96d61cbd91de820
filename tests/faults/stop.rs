//! Stopping in order, whatever is open.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::hostile_server::HostileServer;
use crate::support::program::{Ended, Place, Program, count, wait_until};
use crate::support::service::source;

/// What an operator, systemd and docker wait for.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A source that answers one byte in a while, for ever.
async fn dripping() -> HostileServer {
    HostileServer::start(|mut wire| async move {
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?><rss>").await;
        wire.send_for_ever(" ", Duration::from_millis(100)).await;
    })
    .await
}

/// A service in the middle of a fetch, with a kept-alive connection, half a header and half a form open.
async fn busy_service() -> (HostileServer, Place, Program, Vec<TcpStream>) {
    let server = dripping().await;
    let feed = format!("kind = \"feed\"\nurl = {:?}", server.url("/feed.rss"));
    let place = Place::new(&source("dripping", &feed), None);
    let service = place.serve(&[]);
    wait_until("the fetch hangs", || (server.connections() > 0).then_some(()));
    let send = |text: &str| {
        let mut stream = TcpStream::connect(service.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let mut kept = send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = [0; 512];
    assert!(kept.read(&mut answer).unwrap() > 0);
    let half_header = send("GET / HTTP/1.1\r\nHost: x\r\nX-Half: ");
    let half_form = send(
        "POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 100\r\n\r\nemail=",
    );
    (server, place, service, vec![kept, half_header, half_form])
}

async fn stops_in_order(signal: &str) {
    let (_server, place, service, open) = busy_service().await;
    let asked = Instant::now();
    service.signal(signal);
    let ended = service.wait(Duration::from_secs(30)).done();
    let took = asked.elapsed();
    assert!(took < STOP_WITHIN, "{signal}: {took:?}: {ended:#?}");
    assert!(ended.out.ends_with("Stopped.\n"), "{ended:#?}");
    drop(open);
    // given back: nobody's, due, and it is no failure of the source
    let given_back =
        "SELECT count(*) FROM sources WHERE leased_by IS NULL AND failures = 0 AND last_attempt_at IS NULL";
    assert_eq!(count(&place.database(), given_back), 1, "{ended:#?}");
    assert!(!place.path("data/perfuse.db-wal").exists(), "the log was folded in");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_in_time_and_the_hanging_fetch_is_given_back() {
    stops_in_order("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_in_time_and_the_hanging_fetch_is_given_back() {
    stops_in_order("INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_ends_it_at_once() {
    let (_server, place, service, _open) = busy_service().await;
    service.signal("INT");
    wait_until("it is stopping", || service.err.text().contains("stopping").then_some(()));
    let asked = Instant::now();
    service.signal("INT");
    service.wait(Duration::from_secs(30)).failed(1, &["stopped at once"]);
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert_eq!(crate::support::program::look::<String>(&place.database(), "PRAGMA integrity_check"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_is_interrupted_gives_its_sources_back() {
    let server = dripping().await;
    let feed = format!("kind = \"feed\"\nurl = {:?}", server.url("/feed.rss"));
    let place = Place::new(&source("dripping", &feed), None);
    for (nth, signal) in ["INT", "TERM"].into_iter().enumerate() {
        let mut command = place.command(&["fetch"]);
        let piped = || std::process::Stdio::piped();
        let child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
        wait_until("the fetch hangs", || (server.connections() > nth).then_some(()));
        let id = child.id().to_string();
        assert!(
            std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success()
        );
        let ended = Ended::of(child.wait_with_output().unwrap(), &["fetch"]);
        ended.failed(1, &["interrupted; 1 sources were given back"]);
        let given_back = "SELECT count(*) FROM sources WHERE leased_by IS NULL AND failures = 0";
        assert_eq!(count(&place.database(), given_back), 1, "{signal}");
    }
}

#[test]
fn a_service_whose_reader_has_gone_goes_on_and_stops_well() {
    let place = Place::new("", None);
    let mut command = place.command(&["serve"]);
    command.env("PERFUSE__LOG__LEVEL", "trace").env("PERFUSE__SERVER__LISTEN", "127.0.0.1:0");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // what reads both has gone before the first line
    drop((child.stdout.take(), child.stderr.take()));
    wait_until("it runs", || place.path("data/web.lock").exists().then_some(()));
    wait_until("it has its database", || place.database().exists().then_some(()));
    let id = child.id().to_string();
    // until the handlers are there, TERM ends it by itself, which is no clean end
    wait_until("it listens", || listens(child.id()).then_some(()));
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = wait_until("it ends", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0), "{status:?}");
}

/// Whether the process has a listening socket.
fn listens(id: u32) -> bool {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{id}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter_map(|to| {
            to.to_string_lossy().strip_prefix("socket:[").map(|s| s.trim_end_matches(']').to_owned())
        })
        .collect();
    let tcp = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    tcp.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(3) == Some(&"0A") && words.get(9).is_some_and(|inode| sockets.iter().any(|s| s == inode))
    })
}
