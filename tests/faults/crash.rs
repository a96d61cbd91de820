//! Kill -9 at any moment: what was acknowledged is there, once; what was not is done again or never was.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt;

use crate::support::hostile_server::HostileServer;
use crate::support::literature::journal_rss;
use crate::support::program::{Place, can, count, look, wait_until};
use crate::support::service::source;
use crate::support::visitor::Visitor;

const ROUNDS: usize = 7;
/// Approvals in a round: each is public a second after the one before, and the test waits for the last.
const APPROVALS: usize = 5;
const FEEDS: usize = 3;
/// Items that each feed gains in each round.
const GAIN: usize = 12;

/// The test's own memory, outside the process that is killed: article → summary of every acknowledged approval.
type Ledger = Arc<Mutex<BTreeMap<i64, String>>>;

/// Feeds that grow by the round, each item in all of them.
async fn growing_feeds(round: Arc<Mutex<usize>>) -> (HostileServer, String) {
    let server = HostileServer::start(move |mut wire| {
        let items = GAIN * *round.lock().unwrap();
        async move {
            let dois: Vec<String> = (0..items).map(|item| format!("10.9999/item.{item}")).collect();
            let titles: Vec<String> = (0..items).map(|item| format!("Made-up item number {item}")).collect();
            let pairs: Vec<(&str, &str)> =
                dois.iter().zip(&titles).map(|(doi, title)| (doi.as_str(), title.as_str())).collect();
            let body = journal_rss(&pairs);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            wire.send(head + &body).await;
        }
    })
    .await;
    let sources = (0..FEEDS).map(|number| {
        let url = server.url(&format!("/feed{number}"));
        source(&format!("feed{number}"), &format!("kind = \"feed\"\nurl = {url:?}"))
    });
    let sources = sources.collect();
    (server, sources)
}

/// Approves what waits, one after the other, and stays until nobody answers any more.
async fn approve_all(mut editor: Visitor, place: Arc<Place>, ledger: Ledger) -> Visitor {
    let mut approved = 0;
    loop {
        let queued = "SELECT coalesce(max(id), 0) FROM articles WHERE status = 'queued'";
        let database = place.database();
        let article = tokio::task::spawn_blocking(move || count(&database, queued)).await.unwrap();
        if article == 0 || approved == APPROVALS {
            // is anybody there?
            if editor.try_get("/healthz").await.is_none() {
                return editor;
            }
            continue;
        }
        let path = format!("/desk/a/{article}");
        let Some(page) = editor.try_get(&path).await else { return editor };
        assert_eq!(page.status, 200, "{}", page.body);
        let approve = format!("{path}/approve");
        let mut form = page.hidden_fields(&approve);
        form.retain(|(name, _)| name != "summary");
        let summary = format!("Ledger entry of article {}, approved.", super::in_letters(article));
        form.push(("summary".into(), summary.clone()));
        let Some(answer) = editor.try_post(&approve, &form).await else { return editor };
        assert_eq!(answer.status, 303, "{}", answer.body);
        ledger.lock().unwrap().insert(article, summary);
        approved += 1;
    }
}

/// Summaries that the API shows, all pages.
async fn published(reader: &mut Visitor) -> Vec<String> {
    let mut summaries = Vec::new();
    let mut path = "/api/v1/news?limit=50".to_owned();
    loop {
        let page = reader.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        for item in page["items"].as_array().unwrap() {
            summaries.push(item["summary"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/news?limit=50&cursor={cursor}"),
            None => return summaries,
        }
    }
}

/// What must hold after every crash: the acknowledged is stored whole and once.
fn holds(place: &Place, ledger: &Ledger) {
    let database = place.database();
    assert_eq!(look::<String>(&database, "PRAGMA integrity_check"), "ok");
    for (article, summary) in ledger.lock().unwrap().iter() {
        let stored =
            format!("SELECT count(*) FROM news WHERE article_id = {article} AND summary = '{summary}'");
        assert_eq!(count(&database, &stored), 1, "article {article} was acknowledged");
    }
    let twice = "SELECT count(*) FROM (SELECT 1 FROM decisions WHERE act = 'approve' GROUP BY article_id HAVING count(*) > 1)";
    assert_eq!(count(&database, twice), 0, "an approval was doubled");
    let approved = "SELECT count(*) FROM articles WHERE status = 'approved'";
    let decided = "SELECT count(*) FROM decisions WHERE act = 'approve'";
    let news = count(&database, "SELECT count(*) FROM news");
    assert_eq!(
        (count(&database, approved), count(&database, decided)),
        (news, news),
        "an approval is half done"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_moment_it_is_killed_at_every_acknowledged_approval_is_public_once_and_nothing_is_doubled() {
    let round = Arc::new(Mutex::new(1));
    let (_server, sources) = growing_feeds(round.clone()).await;
    let mut place = Place::new(&sources, None);
    for (name, value) in [
        ("WORKER__LEASE_SECONDS", "5"),
        ("FETCH__TOTAL_TIMEOUT_SECONDS", "2"),
        ("FETCH__CONNECT_TIMEOUT_SECONDS", "2"),
        ("FETCH__FIRST_BYTE_TIMEOUT_SECONDS", "2"),
    ] {
        place.set(&format!("PERFUSE__{name}"), value);
    }
    let link = place.invite("editor@example.org", "editor");
    let place = Arc::new(place);
    let ledger = Ledger::default();
    let mut editor = None;
    let make_due = || {
        let connection = rusqlite::Connection::open(place.database()).unwrap();
        connection.execute("UPDATE sources SET next_at = 0", []).unwrap();
    };
    for number in 1..=ROUNDS {
        *round.lock().unwrap() = number;
        make_due();
        let service = place.serve(&[]);
        holds(&place, &ledger);
        let mut visitor = match editor.take() {
            Some(visitor) => visitor,
            None => Visitor::signed_in_at(service.url(), &link).await,
        };
        visitor.move_to(service.url());
        let approving = tokio::spawn(approve_all(visitor, place.clone(), ledger.clone()));
        let moment = Duration::from_millis(rand::rng().random_range(50..1_200));
        tokio::time::sleep(moment).await;
        service.kill();
        editor = Some(approving.await.unwrap());
    }
    // dead workers' leases run out, their sources are asked again, and every item is there once
    make_due();
    let service = place.serve(&[]);
    holds(&place, &ledger);
    assert!(!ledger.lock().unwrap().is_empty(), "nothing was approved, nothing was tried");
    let database = place.database();
    let all = (GAIN * ROUNDS) as i64;
    wait_until("all sources are complete again", || {
        let free = "SELECT count(*) FROM sources WHERE leased_by IS NULL AND next_at > 0";
        (count(&database, free) == FEEDS as i64).then_some(())
    });
    assert_eq!(count(&database, "SELECT count(*) FROM articles"), all);
    assert_eq!(count(&database, "SELECT count(*) FROM sightings"), all * FEEDS as i64);
    holds(&place, &ledger);

    // and the public sees each once, as soon as its second has come
    wait_until("the last approval's second has come", || {
        let ahead = "SELECT count(*) FROM news WHERE published_at > unixepoch() * 1000";
        (count(&database, ahead) == 0).then_some(())
    });
    let shown = published(&mut Visitor::at_url(service.url())).await;
    for (article, summary) in ledger.lock().unwrap().iter() {
        let times = shown.iter().filter(|shown| *shown == summary).count();
        assert_eq!(times, 1, "article {article} was acknowledged and is public {times} times: {shown:?}");
    }
    assert_eq!(shown.len() as i64, count(&database, "SELECT count(*) FROM news"));
    service.stop();
    eprintln!("{} approvals were acknowledged over {ROUNDS} kills", ledger.lock().unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_on_disk_before_it_is_acknowledged() {
    if !can("strace", &["-f", "-o", "/dev/null", "true"], "an approval is on disk before it is acknowledged")
    {
        return;
    }
    let (_server, sources) = growing_feeds(Arc::new(Mutex::new(1))).await;
    let mut place = Place::new(&sources, None);
    let link = place.invite("editor@example.org", "editor");
    let calls = "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto,sendmsg";
    let trace = place.path("trace");
    let trace_name = trace.to_str().unwrap().to_owned();
    place.start_through(&["strace", "-f", "-y", "-s", "64", "-e", calls, "-o", &trace_name]);
    let service = place.serve(&[]);
    wait_until("there is something to approve", || {
        (count(&place.database(), "SELECT count(*) FROM articles") >= GAIN as i64).then_some(())
    });
    let mut editor = Visitor::signed_in_at(service.url(), &link).await;
    let page = editor.get("/desk/a/1").await;
    let mut form = page.hidden_fields("/desk/a/1/approve");
    form.retain(|(name, _)| name != "summary");
    form.push(("summary".into(), "Approved under observation.".into()));
    assert_eq!(editor.post("/desk/a/1/approve", &form).await.status, 303);
    let whole = wait_until("the trace is written", || {
        let trace = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
        let asked = trace.find("\"POST /desk/a/1/approve")?;
        trace[asked..].contains("\"HTTP/1.1 303").then_some(trace)
    });
    let asked = whole.find("\"POST /desk/a/1/approve").unwrap();
    let answered = asked + whole[asked..].find("\"HTTP/1.1 303").unwrap();
    let between = &whole[asked..answered];
    let synced = between.lines().any(|line| {
        (line.contains("fdatasync(") || line.contains("fsync(")) && line.contains("perfuse.db-wal")
    });
    assert!(synced, "303 before the log was on disk:\n{between}");
    drop(service);
}
