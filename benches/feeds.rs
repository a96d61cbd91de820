//! 500 feeds of 50 entries on loopback: first pass, all unchanged, one new entry each; with a slow network; with dead
//! and dripping hosts among them. `cargo bench --bench feeds`
//!
//! With `PERFUSE_PEER_INGEST="command {db} {urls}"` the same server is read by that command in the same run, and ratios of
//! CPU time are printed. Goals: at most 2, 2 and 1.5 times the CPU of the practical limit of this stack; at most 64 MB;
//! all unchanged within 7 s at 100 ms a request; 50 bad hosts delay the others by less than 20 %.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Name, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use support::{Dice, Used, perfuse, place, run, verdict};
use tokio::io::AsyncWriteExt;

const FEEDS: usize = 500;
const ENTRIES: usize = 50;
/// Of them, with dead and dripping hosts.
const BAD: usize = 50;

/// The feeds in both states, and how the server behaves.
struct Shelf {
    /// State 0, and state 1 with one new entry on top.
    bodies: [Vec<Bytes>; 2],
    state: AtomicUsize,
    latency_ms: AtomicU64,
    unchanged: AtomicUsize,
    sent: AtomicUsize,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shelf = Arc::new(Shelf {
        bodies: [0, 1].map(|state| (0..FEEDS).map(|number| Bytes::from(feed(number, state))).collect()),
        state: AtomicUsize::new(0),
        latency_ms: AtomicU64::new(0),
        unchanged: AtomicUsize::new(0),
        sent: AtomicUsize::new(0),
    });
    let address = runtime.block_on(serve(shelf.clone()));
    let dripping = runtime.block_on(drip());
    let good: Vec<String> = (0..FEEDS).map(|number| format!("http://{address}/{number}.xml")).collect();

    let folder = place(&sources(&good), SETTINGS);
    run(&mut perfuse(folder.path(), &["migrate"]), false);
    let passes = [("first pass", 0, 2.0), ("all unchanged", 0, 2.0), ("one new each", 1, 1.5)];
    let mine = passes
        .map(|(_, state, _)| pass(&shelf, state, &mut perfuse(folder.path(), &["fetch"]), folder.path()));
    let peer = std::env::var("PERFUSE_PEER_INGEST").ok().map(|command| {
        let scratch = tempfile::tempdir().unwrap();
        let urls = scratch.path().join("urls.txt");
        std::fs::write(&urls, good.join("\n") + "\n").unwrap();
        passes.map(|(_, state, _)| {
            pass(&shelf, state, &mut peer(&command, scratch.path(), &urls), scratch.path())
        })
    });
    for (index, (name, _, goal)) in passes.into_iter().enumerate() {
        let Used { wall_s, cpu_s, peak_mb } = mine[index];
        print!(
            "{name:<15} {wall_s:>6.2} s {cpu_s:>6.2} s CPU {peak_mb:>4.0} MB (goal 64: {})",
            verdict(peak_mb, 64.0)
        );
        if let Some(peer) = &peer {
            let ratio = cpu_s / peer[index].cpu_s.max(0.01);
            print!(
                "; peer {:.2} s CPU, {:.0} MB: {ratio:.2} of it (goal {goal}: {})",
                peer[index].cpu_s,
                peer[index].peak_mb,
                verdict(ratio, goal)
            );
        }
        println!();
    }

    shelf.latency_ms.store(100, Ordering::Relaxed);
    let slow = pass(&shelf, 1, &mut perfuse(folder.path(), &["fetch"]), folder.path());
    println!("100 ms, 8 ways  {:>6.2} s (goal 7: {})", slow.wall_s, verdict(slow.wall_s, 7.0));

    // the healthy ones first alone, then among hosts that accept nothing or send a byte a second
    shelf.latency_ms.store(20, Ordering::Relaxed);
    let healthy = &good[..FEEDS - BAD];
    let bad = (0..BAD).map(|number| match number % 2 {
        0 => format!("http://127.0.{}.1:9/dead.xml", number + 1),
        _ => format!("http://{dripping}/{number}.xml"),
    });
    let mut all = healthy.to_vec();
    for (number, url) in bad.enumerate() {
        all.insert(number * 9, url);
    }
    let alone = last_healthy_s(&shelf, healthy);
    let among = last_healthy_s(&shelf, &all);
    let delay = (among / alone - 1.0) * 100.0;
    println!(
        "{BAD} bad hosts    healthy feeds done in {among:.2} s, alone {alone:.2} s: {delay:+.0} % (goal 20: {})",
        verdict(delay, 20.0)
    );
}

const SETTINGS: &str = "[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_spacing_ms = 0\nparallel = 8\n\
    connections_per_host = 8\n";

/// One pass of a command; all feeds are due.
fn pass(shelf: &Shelf, state: usize, command: &mut Command, folder: &Path) -> Used {
    shelf.state.store(state, Ordering::Relaxed);
    make_due(folder);
    let (unchanged, sent) = (shelf.unchanged.load(Ordering::Relaxed), shelf.sent.load(Ordering::Relaxed));
    let (used, said) = run(command, true);
    let asked =
        shelf.unchanged.load(Ordering::Relaxed) - unchanged + shelf.sent.load(Ordering::Relaxed) - sent;
    assert!(asked >= FEEDS, "only {asked} feeds were asked: {said}");
    used
}

/// When the last healthy feed had been stored, from the beginning of a first pass.
fn last_healthy_s(shelf: &Shelf, urls: &[String]) -> f64 {
    let folder = place(&sources(urls), SETTINGS);
    run(&mut perfuse(folder.path(), &["migrate"]), false);
    shelf.state.store(0, Ordering::Relaxed);
    run(&mut perfuse(folder.path(), &["fetch"]), true);
    let database = rusqlite::Connection::open(folder.path().join("data/perfuse.db")).unwrap();
    let sql =
        "SELECT (max(ended_at) FILTER (WHERE outcome = 'fetched') - min(started_at)) / 1000.0 FROM fetches";
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn make_due(folder: &Path) {
    let path = folder.join("data/perfuse.db");
    if path.exists() {
        let database = rusqlite::Connection::open(path).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database.execute("UPDATE sources SET next_at = 0", []).unwrap();
    }
}

fn peer(command: &str, folder: &Path, urls: &Path) -> Command {
    let database = folder.join("peer.db");
    let words = command.split_whitespace().map(|word| match word {
        "{db}" => database.to_string_lossy().into_owned(),
        "{urls}" => urls.to_string_lossy().into_owned(),
        word => word.to_owned(),
    });
    let words: Vec<String> = words.collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn sources(urls: &[String]) -> String {
    let mut toml = String::new();
    for (number, url) in urls.iter().enumerate() {
        let _ = write!(
            toml,
            "[[source]]\nname = \"feed-{number}\"\ntitle = \"Feed {number}\"\nkind = \"feed\"\nurl = {url:?}\n"
        );
    }
    toml
}

/// A journal's feed: DOIs and whole abstracts, so that nothing needs to be looked up.
fn feed(number: usize, state: usize) -> String {
    let mut dice = Dice::new(number as u64 + 7);
    let mut items: Vec<String> = Vec::new();
    for item in 0..=ENTRIES {
        let (title, doi) = (dice.prose(90), format!("10.9999/made-up.{number}.{item}"));
        let sections: String =
            [("BACKGROUND", 300), ("METHODS", 450), ("RESULTS", 525), ("CONCLUSIONS", 225)]
                .map(|(label, length)| {
                    format!("&lt;p&gt;&lt;b&gt;{label}&lt;/b&gt;: {}&lt;/p&gt;", dice.prose(length))
                })
                .concat();
        let creators: String =
            (0..2 + dice.below(7)).map(|_| format!("<dc:creator>A {}</dc:creator>", dice.prose(8))).collect();
        items.push(format!(
            "<item><title>{title}</title><link>https://journal.example.org/{number}/{item}?utm_source=rss</link>\n\
             <description>{sections}</description><guid isPermaLink=\"false\">doi:{doi}</guid>\n\
             <pubDate>{day:02} Nov 2026 {hour:02}:00:00 GMT</pubDate>{creators}<dc:source>Perfusion</dc:source>\n\
             <dc:identifier>doi:{doi}</dc:identifier></item>\n",
            day = 1 + item / 24,
            hour = item % 24,
        ));
    }
    let shown: String = items[state..state + ENTRIES].iter().rev().cloned().collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\n\
         <title>Made-up journal {number}</title><link>https://journal.example.org/{number}</link><description>x</description>\n{shown}</channel></rss>\n"
    )
}

async fn serve(shelf: Arc<Shelf>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/{name}", axum::routing::get(answer)).with_state(shelf);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn answer(State(shelf): State<Arc<Shelf>>, Name(name): Name<String>, headers: HeaderMap) -> Response {
    let latency = shelf.latency_ms.load(Ordering::Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let state = shelf.state.load(Ordering::Relaxed);
    let number: usize = name.trim_end_matches(".xml").parse().unwrap_or(usize::MAX);
    let Some(body) = shelf.bodies[state].get(number) else { return StatusCode::NOT_FOUND.into_response() };
    let etag = format!("\"{number}-{state}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == etag.as_bytes()) {
        shelf.unchanged.fetch_add(1, Ordering::Relaxed);
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    shelf.sent.fetch_add(1, Ordering::Relaxed);
    ([(header::ETAG, etag), (header::CONTENT_TYPE, "application/rss+xml".to_owned())], body.clone())
        .into_response()
}

/// A server that sends a byte a second and never ends.
async fn drip() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\n\r\n";
                let mut alive = stream.write_all(head).await.is_ok();
                while alive {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    alive = stream.write_all(b" ").await.is_ok();
                }
            });
        }
    });
    address
}
