//! Walking through history with the real program: in slices, killed in the middle, gone on with, and nothing doubled.

use std::process::Stdio;

use perfuse::domain::time::{DAY_MS, UnixMs};

use crate::support::literature::{Literature, record, structured_abstract};
use crate::support::program::{Ended, Place, count, look, wait_until};
use crate::support::service::source;

fn search() -> String {
    source("search", "kind = \"pubmed\"\nquery = \"made-up[tiab]\"")
}

/// A record as short as they come: thousands of them shall not take minutes.
fn short_record(pmid: u32) -> String {
    format!(
        "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><Article><Journal><Title>Perfusion</Title>\
         </Journal><ArticleTitle>Made-up record {pmid} of many</ArticleTitle></Article></MedlineCitation>\
         <PubmedData><ArticleIdList/></PubmedData></PubmedArticle>"
    )
}

fn articles(place: &Place) -> i64 {
    count(&place.database(), "SELECT count(*) FROM articles")
}

#[tokio::test(flavor = "multi_thread")]
async fn more_records_than_pubmed_gives_of_one_search_arrive_once_each_though_the_walk_is_killed_in_the_middle()
 {
    const RECORDS: u32 = 10_300;
    let literature = Literature::open().await;
    // 20 days of January 2024 with more than 9,999 records, so that no search gives them all; and a few later
    for number in 0..RECORDS {
        let date = match number % 1_030 {
            0 => format!("2024/{:02}/15", 3 + number % 7),
            number => format!("2024/01/{:02}", 1 + number % 20),
        };
        literature.add_dated_record(30_000_000 + number, &date, short_record(30_000_000 + number));
    }
    // what lies before and after is not asked for
    literature.add_dated_record(29_000_000, "2023/12/31", short_record(29_000_000));
    literature.add_dated_record(31_000_000, "2024/12/01", short_record(31_000_000));
    let place = Place::new(&search(), Some(&literature));
    let walk = ["fetch", "search", "--since", "2024-01-01", "--until", "2024-10-31", "--now"];
    let mut child = place.command(&walk).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("some thousand were stored", || {
        let is_there = place.database().exists()
            && count(&place.database(), "SELECT count(*) FROM sqlite_schema WHERE name = 'backfills'") > 0;
        (is_there && articles(&place) > 3_000).then_some(())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let half = articles(&place);
    assert!(half < i64::from(RECORDS), "it was in the middle");
    let ended = place.run(&walk).done();
    assert!(ended.out.contains("goes on after 2024-01-"), "{ended:?}");
    assert!(ended.out.contains("search: 2024-01-01 to 2024-10-31: "), "{ended:?}");
    assert_eq!(articles(&place), i64::from(RECORDS));
    assert_eq!(count(&place.database(), "SELECT count(*) FROM sightings"), i64::from(RECORDS));
    let state: String =
        look(&place.database(), "SELECT reached_on FROM backfills WHERE finished_at IS NOT NULL");
    assert_eq!(state, "2024-10-31");
    let begin = "mindate=2024%2F01%2F01&maxdate=2024%2F01%2F03";
    let searches = literature.requests();
    let first = searches.iter().filter(|path| path.contains(begin) && path.contains("usehistory=y")).count();
    assert_eq!(first, 1, "what was done is not done again: {searches:#?}");

    // whoever looks again at some of these days finds nothing new
    let some = ["fetch", "search", "--since", "2024-01-03", "--until", "2024-01-04", "--now"];
    let again = place.run(&some).done();
    assert!(again.out.contains(" 0 new"), "{again:?}");
    assert_eq!(articles(&place), i64::from(RECORDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_no_arrival_and_a_walk_leaves_schedule_and_validators_alone() {
    let literature = Literature::open().await;
    for number in 0..40 {
        let xml = record(30_000_000 + number, &format!("10.9999/bf.{number}"), "T", &structured_abstract(1));
        let xml = xml.replace(
            "<Year>2026</Year><Month>11</Month><Day>20</Day>",
            "<Year>2024</Year><Month>2</Month><Day>3</Day>",
        );
        literature.add_dated_record(30_000_000 + number, "2024/02/03", xml);
    }
    let place = Place::new(&search(), Some(&literature));
    place.run(&["fetch"]).done();
    let next = "SELECT next_at || ' ' || complete_to_at || ' ' || last_success_at FROM sources";
    let before: String = look(&place.database(), next);
    let ended = place.run(&["fetch", "search", "--since", "2024-01-01", "--until", "2024-03-01"]).done();
    assert!(ended.out.contains("40 records, 40 new, 0 problems"), "{ended:?}");
    assert_eq!(look::<String>(&place.database(), next), before);
    let store = perfuse::store::Store::open(&place.database()).await.unwrap();
    let arrivals = store.arrivals(UnixMs::now().plus_ms(-DAY_MS)).await.unwrap();
    assert!(arrivals.is_empty(), "{arrivals:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_walked_through_says_why_and_what_works_instead() {
    let sources = [
        source("journal", "kind = \"feed\"\nurl = \"http://journal.invalid/rss\""),
        source("listed", "kind = \"trials\"\nnct = [\"NCT99999901\"]"),
        search(),
    ];
    let place = Place::new(&sources.concat(), None);
    let walk = |words: &[&str]| place.run(&[&["fetch"], words].concat());
    walk(&["journal", "--since", "2024-01-01"]).failed(1, &["journal", "no history", "[ta]", "ISSN"]);
    walk(&["listed", "--since", "2024-01-01"]).failed(1, &["a list of trials"]);
    walk(&["--since", "2024-01-01"]).failed(1, &["needs the name of a source"]);
    walk(&["nobody", "--since", "2024-01-01"]).failed(1, &["no source named \"nobody\""]);
    walk(&["search", "--since", "2924-01-01"]).failed(1, &["--since 2924-01-01", "future"]);
    walk(&["search", "--since", "2024-02-01", "--until", "2024-01-01"]).failed(1, &["before --since"]);
    walk(&["search", "--since", "January"]).failed(2, &["January"]);
    walk(&["search", "--now"]).failed(2, &["--since"]);
    // PubMed cannot be reached: where the walk stopped is said, and the walk is there to go on
    let ended = walk(&["search", "--since", "2024-01-01", "--until", "2024-01-31"]);
    ended.failed(1, &["2024-01-01 to 2024-01-31", "run it again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_job_waits_for_the_night_unless_it_is_told_not_to() {
    let literature = Literature::open().await;
    for number in 0..250 {
        literature.add_dated_record(30_000_000 + number, "2024/01/02", short_record(30_000_000 + number));
    }
    let mut place = Place::new(&search(), Some(&literature));
    // 250 records are large where two come in a request
    place.set("PERFUSE__NCBI__PAGE_SIZE", "2");
    let walk = ["fetch", "search", "--since", "2024-01-01", "--until", "2024-01-31"];
    let now = UnixMs::now();
    if perfuse::worker::backfill::quiet_hours(now) <= now {
        eprintln!("skipped: half of a_large_job_waits_for_the_night (it is night or weekend in New York)");
    } else {
        let mut child = place.command(&walk).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_secs(3));
        child.kill().unwrap();
        let ended = Ended::of(child.wait_with_output().unwrap(), &walk);
        assert!(ended.err.contains("at night") && ended.err.contains("--now"), "{ended:?}");
        assert_eq!(articles(&place), 0);
    }
    place.run(&[&walk[..], &["--now"]].concat()).done();
    assert_eq!(articles(&place), 250);
}
