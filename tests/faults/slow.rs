//! Hosts that accept and never finish, among healthy ones.

use std::time::Duration;

use crate::support::hostile_server::HostileServer;
use crate::support::literature::journal_rss;
use crate::support::program::{Place, count, wait_until};
use crate::support::service::source;

/// More than are fetched at a time.
const BAD: usize = 6;
const HEALTHY: usize = 5;

/// Each bad host is asked before any healthy one, and more of them than there are places: the healthy ones are stored
/// all the same, before any bad one is given up.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_drip_hold_up_no_healthy_source() {
    let mut servers = Vec::new();
    let mut sources = String::new();
    for number in 0..BAD {
        let server = HostileServer::start(|mut wire| async move {
            wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?><rss>").await;
            wire.send_for_ever(" ", Duration::from_millis(100)).await;
        })
        .await;
        let url = server.url("/feed.rss");
        sources += &source(&format!("a-dripping-{number}"), &format!("kind = \"feed\"\nurl = {url:?}"));
        servers.push(server);
    }
    for number in 0..HEALTHY {
        let server = HostileServer::start(move |mut wire| async move {
            let doi = format!("10.9999/healthy.{number}");
            let body = journal_rss(&[(&doi, &format!("A healthy work numbered {number}"))]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ";
            wire.send(format!("{head}{}\r\n\r\n{body}", body.len())).await;
        })
        .await;
        let url = server.url("/feed.rss");
        sources += &source(&format!("b-healthy-{number}"), &format!("kind = \"feed\"\nurl = {url:?}"));
        servers.push(server);
    }
    let mut place = Place::new(&sources, None);
    place.set("PERFUSE__FETCH__PARALLEL", "2");
    let _service = place.serve(&[]);
    let database = place.database();
    let fetched = "SELECT count(*) FROM fetches WHERE outcome = 'fetched'";
    wait_until("the healthy sources are stored", || {
        (count(&database, fetched) == HEALTHY as i64).then_some(())
    });
    assert!(servers[..BAD].iter().all(|server| server.connections() > 0), "every bad host was asked first");
    let given_up = count(&database, "SELECT count(*) FROM fetches WHERE outcome = 'failed'");
    assert_eq!(given_up, 0, "no bad one had to be given up for it");
    assert_eq!(count(&database, "SELECT count(*) FROM articles"), HEALTHY as i64);
}
