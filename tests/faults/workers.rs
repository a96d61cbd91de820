//! Several processes at work on one file.

use std::time::Duration;

use crate::support::hostile_server::HostileServer;
use crate::support::literature::journal_rss;
use crate::support::program::{Ended, Place, count, look, wait_until};
use crate::support::service::source;

/// A publisher with `feeds` journals that takes its time; items stand in two journals at once.
async fn publisher(feeds: usize) -> (HostileServer, String) {
    let server = HostileServer::start(|mut wire| async move {
        let number: usize = wire.path().trim_start_matches("/feed").parse().unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (own, shared) = (format!("10.9999/own.{number}"), format!("10.9999/shared.{}", number / 2));
        let body = journal_rss(&[(&own, "An own item"), (&shared, "A shared item")]);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        wire.send(head + &body).await;
    })
    .await;
    let sources = (0..feeds).map(|number| {
        let url = server.url(&format!("/feed{number}"));
        source(&format!("feed{number}"), &format!("kind = \"feed\"\nurl = {url:?}"))
    });
    let sources = sources.collect();
    (server, sources)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_on_one_file_ask_each_source_once_and_double_nothing() {
    let (server, sources) = publisher(8).await;
    let mut place = Place::new(&sources, None);
    place.set("PERFUSE__FETCH__PARALLEL", "2").set("PERFUSE__FETCH__CONNECTIONS_PER_HOST", "8");
    place.run(&["migrate"]).done();
    let fetch = || place.command(&["fetch"]);
    let others: Vec<_> = (0..2)
        .map(|_| {
            let mut command = fetch();
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let service = place.serve(&["--worker-only"]);
    let mut tables = String::new();
    for other in others {
        let ended = Ended::of(other.wait_with_output().unwrap(), &["fetch"]).done();
        tables.push_str(&ended.out);
    }
    let database = place.database();
    wait_until("all were fetched", || {
        (count(&database, "SELECT count(*) FROM sources WHERE last_success_at IS NOT NULL") == 8)
            .then_some(())
    });
    service.stop();
    let mut asked: Vec<String> =
        server.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    asked.sort();
    assert_eq!(asked, (0..8).map(|number| format!("/feed{number}")).collect::<Vec<_>>(), "{tables}");
    assert_eq!(count(&database, "SELECT count(*) FROM fetches"), 8);
    assert_eq!(count(&database, "SELECT count(*) FROM articles"), 8 + 4);
    assert_eq!(count(&database, "SELECT count(*) FROM sightings"), 16);
    assert_eq!(look::<String>(&database, "PRAGMA integrity_check"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_on_a_fresh_folder_agree_on_one_database() {
    let place = Place::new(&source("journal", "kind = \"feed\"\nurl = \"http://journal.invalid/\""), None);
    let starts: Vec<_> = [["user", "list"], ["source", "list"], ["user", "list"], ["source", "list"]]
        .iter()
        .map(|words| {
            let mut command = place.command(words);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            (words, command.spawn().unwrap())
        })
        .collect();
    for (words, child) in starts {
        Ended::of(child.wait_with_output().unwrap(), words).done();
    }
    let database = place.database();
    assert_eq!(count(&database, "SELECT count(*) FROM sources"), 1);
    assert_eq!(look::<String>(&database, "PRAGMA integrity_check"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_a_killed_worker_runs_out_and_its_source_is_asked_again() {
    let server = HostileServer::start(|mut wire| async move {
        if wire.nth == 1 {
            return wire.wait_for_end().await;
        }
        let body = journal_rss(&[("10.9999/late.1", "Late but whole")]);
        wire.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    })
    .await;
    let feed = format!("kind = \"feed\"\nurl = {:?}", server.url("/feed"));
    let mut place = Place::new(&source("journal", &feed), None);
    for (name, value) in [
        ("WORKER__LEASE_SECONDS", "10"),
        ("FETCH__TOTAL_TIMEOUT_SECONDS", "5"),
        ("FETCH__CONNECT_TIMEOUT_SECONDS", "5"),
        ("FETCH__FIRST_BYTE_TIMEOUT_SECONDS", "5"),
    ] {
        place.set(&format!("PERFUSE__{name}"), value);
    }
    let service = place.serve(&[]);
    wait_until("the fetch hangs", || (server.requests().len() == 1).then_some(()));
    service.kill();
    let database = place.database();
    let leased = "SELECT count(*) FROM sources WHERE leased_by IS NOT NULL";
    assert_eq!(count(&database, leased), 1, "the dead worker holds it");
    let service = place.serve(&[]);
    wait_until("it was fetched", || {
        (count(&database, "SELECT count(*) FROM sources WHERE last_success_at IS NOT NULL") == 1)
            .then_some(())
    });
    service.stop();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(count(&database, "SELECT count(*) FROM articles"), 1);
    assert_eq!(count(&database, leased), 0);
}
