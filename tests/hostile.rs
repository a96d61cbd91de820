//! A hostile internet: what servers do on the wire, and what must come of it.

mod compression;
mod eutils;
mod redirect;
mod semantics;
mod tls;
mod transport;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use perfuse::intake::fetch::{FetchError, FetchSettings, Fetched, Fetcher, LookUp, Request, Response};

/// Every wire behaviour that the project must survive, and the test that shows it, or whose it is.
const CASES: [(&str, &str); 70] = [
    ("T01", "transport::deadlines"),
    ("T02", "transport::deadlines"),
    ("T03", "transport::deadlines"),
    ("T04", "transport::endless"),
    ("T05", "transport::broken"),
    ("T06", "transport::more_than_promised"),
    ("T07", "transport::broken"),
    ("T08", "transport::chunked_and_length"),
    ("T09", "transport::broken"),
    ("T10", "transport::informational_flood"),
    ("T11", "transport::broken"),
    ("T12", "transport::reset"),
    ("T13", "transport::broken"),
    ("T14", "transport::broken"),
    ("T15", "transport::broken"),
    ("T16", "transport::odd_success"),
    ("T17", "transport::cookies"),
    ("T18", "transport::no_password"),
    ("T19", "transport::broken, tls::http2_only"),
    ("Z01", "compression::bombs"),
    ("Z02", "compression::bombs"),
    ("Z03", "compression::bombs, compression::a_zstd_frame_that_wants"),
    ("Z04", "compression::not_what_it_says"),
    ("Z05", "compression::not_what_it_says"),
    ("Z06", "compression::unannounced_gzip; the parser says \"not a feed\""),
    ("Z07", "compression::not_what_it_says"),
    ("Z08", "compression::not_what_it_says"),
    ("R01", "redirect::loops"),
    ("R02", "redirect::loops"),
    ("R03", "redirect::forms"),
    ("R04", "redirect::permanent; worker::backoff::Move"),
    ("R05", "tls::downgrade"),
    ("R06", "redirect::odd_locations"),
    ("R07", "redirect::refresh"),
    ("R08", "redirect::rebinding"),
    ("R09", "redirect::forms"),
    ("R10", "redirect::credentials"),
    ("H01", "semantics::overload"),
    ("H02", "elsewhere: the parser says \"not a feed\", the worker stores no validators"),
    ("H03", "semantics::empty; the worker keeps the items"),
    ("H04", "elsewhere: worker::backoff::should_send_validators"),
    ("H05", "semantics::not_modified, semantics::validators"),
    ("H06", "semantics::validators"),
    ("H07", "semantics::statuses; worker::backoff::has_ended"),
    ("H08", "elsewhere: worker::backoff::next_at"),
    ("H09", "elsewhere: the store, identity of articles"),
    ("S01", "tls::untrusted, tls::outdated"),
    ("S02", "tls::broken_handshakes"),
    ("X01", "elsewhere: the parser"),
    ("X02", "elsewhere: the parser"),
    ("X03", "elsewhere: the parser"),
    ("X04", "elsewhere: the parser"),
    ("X05", "elsewhere: the parser"),
    ("X06", "elsewhere: the parser; the cap is transport::endless"),
    ("X07", "elsewhere: the parser and the outputs"),
    ("X08", "elsewhere: intake::decode"),
    ("X09", "elsewhere: the parser"),
    ("X10", "elsewhere: intake::clean"),
    ("X11", "elsewhere: the store, identity of articles"),
    ("X12", "elsewhere: the store, tombstones"),
    ("X13", "elsewhere: the store, what is published"),
    ("X14", "elsewhere: intake::clean"),
    ("X15", "elsewhere: the web's templates; FetchError makes its texts printable"),
    ("J01", "elsewhere: the parser"),
    ("J02", "elsewhere: the parser"),
    ("A01", "elsewhere: intake::clean"),
    ("A02", "elsewhere: the outputs"),
    ("Q01", "transport::two_connections_a_host; the worker's schedule"),
    ("Q02", "elsewhere: the worker"),
    ("Q03", "elsewhere: the worker's leases"),
];

#[test]
fn every_wire_behaviour_has_its_test_or_its_owner() {
    let Some(folder) = security_folder() else { return };
    let text = std::fs::read_to_string(folder.join("hostile_feed_cases.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let ids: Vec<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    let ours: Vec<&str> = CASES.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, ours);
}

/// The folder of hostile inputs beside the corpus; says aloud when it is missing.
fn security_folder() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("PERFUSE_CORPUS")
        .map(|corpus| std::path::PathBuf::from(corpus).join("../security"))
        .filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: PERFUSE_CORPUS names no folder with security/ beside it");
    }
    folder
}

/// Loopback allowed, production deadlines, no distance between requests.
fn patient() -> FetchSettings {
    FetchSettings {
        allow_networks: vec!["127.0.0.1/32".parse().unwrap()],
        host_spacing: Duration::ZERO,
        host_jitter: Duration::ZERO,
        ..FetchSettings::default()
    }
}

/// The same with deadlines short enough to wait for.
fn hasty() -> FetchSettings {
    FetchSettings {
        connect_timeout: Duration::from_millis(300),
        first_byte_timeout: Duration::from_millis(500),
        total_timeout: Duration::from_millis(1_000),
        ..patient()
    }
}

async fn get(settings: FetchSettings, url: &str) -> Result<Response, FetchError> {
    Fetcher::new(settings).unwrap().get(&Request::new(url)).await
}

fn fetched(result: Result<Response, FetchError>) -> Fetched {
    match result {
        Ok(Response::Fetched(fetched)) => fetched,
        other => panic!("expected a body, got {other:?}"),
    }
}

/// A name service that knows what a test tells it, and answers in turn.
struct Names(Box<Answers>);

type Answers = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

impl Names {
    fn new(answer: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Box::new(answer)))
    }
}

impl LookUp for Names {
    fn look_up<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        let addresses = (self.0)(host);
        Box::pin(async move { Ok(addresses) })
    }
}

/// What the process holds in memory now, in MiB; 0 where that cannot be told.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) / 1024
}

/// Runs something and says by how many MiB memory grew meanwhile, at most.
async fn measure_growth<T>(work: impl Future<Output = T>) -> (T, usize) {
    let before = resident_mib();
    let mut work = std::pin::pin!(work);
    let mut most = before;
    loop {
        tokio::select! {
            result = &mut work => return (result, most.max(resident_mib()) - before),
            () = tokio::time::sleep(Duration::from_millis(10)) => most = most.max(resident_mib()),
        }
    }
}
