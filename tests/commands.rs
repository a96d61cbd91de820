//! Every command as an operator meets it: what it prints, what it refuses, and its exit code.

mod backup;
mod watch;

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use rand::RngExt;

use crate::support::literature::{Literature, journal_rss, pubmed_rss, record, structured_abstract};
use crate::support::program::{Ended, Place, count, look};
use crate::support::service::source;
use crate::support::visitor::Visitor;

const ALL: &[&[&str]] = &[
    &["serve"],
    &["fetch"],
    &["import"],
    &["source"],
    &["source", "list"],
    &["source", "test"],
    &["user"],
    &["user", "add"],
    &["user", "reset"],
    &["user", "disable"],
    &["user", "enable"],
    &["user", "list"],
    &["backup"],
    &["restore"],
    &["migrate"],
    &["check"],
    &["parse"],
    &["watch"],
    &["watch", "run"],
    &["watch", "status"],
    &["watch", "tie"],
    &["watch", "explain"],
    &["version"],
];

/// PubMed XML with so many made-up records.
fn record_file(records: std::ops::Range<u32>) -> String {
    let all: String = records
        .map(|number| {
            let doi = format!("10.9999/file.{number}");
            record(
                41_000_000 + number,
                &doi,
                &format!("Record {number} of a file"),
                &structured_abstract(number),
            )
        })
        .collect();
    format!("<?xml version=\"1.0\"?><PubmedArticleSet>{all}</PubmedArticleSet>")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn articles(place: &Place) -> i64 {
    count(&place.database(), "SELECT count(*) FROM articles")
}

#[test]
fn every_command_explains_itself_and_touches_nothing() {
    let place = Place::new("", None);
    for command in ALL {
        let mut words = command.to_vec();
        words.push("--help");
        let help = place.run(&words).done().out;
        assert!(help.contains(&format!("Usage: perfuse {}", command.join(" "))), "{help}");
        let first = help.lines().next().unwrap();
        assert!(first.len() > 10 && first.starts_with(char::is_uppercase), "{command:?}: {first:?}");
        for line in help.lines().filter(|line| line.starts_with("  <") || line.starts_with("  [")) {
            assert!(line.split_whitespace().count() > 2, "{command:?} does not explain {line:?}");
        }
        assert!(!help.contains("TODO") && !help.contains("rusqlite"), "{help}");
    }
    let all = place.run(&["--help"]).done().out;
    for command in ALL.iter().filter(|command| command.len() == 1) {
        assert!(all.contains(&format!("\n  {} ", command[0])), "{command:?} is not in {all}");
    }
    let version = place.run(&["version"]).done().out;
    assert!(
        version.starts_with(concat!("perfuse ", env!("CARGO_PKG_VERSION"))) && version.contains("SQLite 3.")
    );
    assert!(!place.path("data").exists(), "help makes no database");
}

#[test]
fn a_misused_command_ends_with_2_and_says_how_it_is_used() {
    let place = Place::new("", None);
    let misuses: &[&[&str]] = &[
        &[],
        &["sreve"],
        &["serve", "--loud"],
        &["import"],
        &["parse"],
        &["backup"],
        &["restore"],
        &["user", "add"],
        &["source", "test"],
        &["version", "x"],
    ];
    for misuse in misuses {
        place.run(misuse).failed(2, &["Usage: perfuse"]);
    }
    place
        .run(&["user", "add", "x@example.org", "--role", "king"])
        .failed(2, &["king", "viewer, editor, admin"]);
    assert!(!place.path("data").exists());
}

#[test]
fn bad_configuration_ends_every_command_with_78_and_names_key_value_and_origin() {
    let commands: &[&[&str]] = &[
        &["serve"],
        &["fetch"],
        &["import", "x"],
        &["source", "list"],
        &["user", "list"],
        &["backup", "x"],
        &["restore", "x"],
        &["migrate"],
        &["check"],
    ];
    let mut place = Place::new("", None);
    place.set("PERFUSE__SERVER__LISTEN", "eighty");
    for command in commands {
        place.run(command).failed(78, &["PERFUSE__SERVER__LISTEN: server.listen: \"eighty\""]);
    }
    place.set("PERFUSE__SERVER__LISTEN", "127.0.0.1:0").set("PERFUSE__SERVER__LISTNE", "127.0.0.1:1");
    place.run(&["serve"]).failed(78, &["PERFUSE__SERVER__LISTNE", "server.listne"]);

    let place = Place::new("", None);
    place.write(
        "bad.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\nport = 80\n[worker]\nlease_seconds = \"long\"\n",
    );
    place
        .run(&["check", "--config", "bad.toml"])
        .failed(78, &["bad.toml:3: server.port", "bad.toml:5: worker.lease_seconds: \"long\""]);
    place.run(&["serve", "--config", "missing.toml"]).failed(78, &["missing.toml"]);
    place.write("broken.toml", "[server\n");
    place.run(&["serve", "--config", "broken.toml"]).failed(78, &["broken.toml:1"]);
    assert!(!place.path("data").exists(), "nothing is made before the configuration is good");
}

#[test]
fn check_prints_each_value_with_its_origin_and_no_secret() {
    let mut place =
        Place::new(&source("journal", "kind = \"feed\"\nurl = \"http://journal.invalid/\""), None);
    let secret = place.write("token", "a-very-secret-token-of-32-letters\n");
    place.set("PERFUSE__NCBI__API_KEY", "another-secret-key");
    place.set("PERFUSE__SERVER__METRICS_TOKEN_FILE", secret.to_str().unwrap());
    let report = place.run(&["check"]).done();
    for (key, origin) in [
        ("server.listen ", "perfuse.toml:2"),
        ("server.max_concurrent_requests ", "default"),
        ("ncbi.api_key ", "PERFUSE__NCBI__API_KEY"),
        ("server.metrics_token ", "token (by PERFUSE__SERVER__METRICS_TOKEN_FILE)"),
    ] {
        let line = report.out.lines().find(|line| line.starts_with(key));
        assert!(line.is_some_and(|line| line.ends_with(origin)), "{key}: {line:?}\n{}", report.out);
    }
    assert!(!report.out.contains("secret") && !report.err.contains("secret"), "{report:?}");
    assert!(
        report.out.contains("The configuration is good.") && report.out.contains("journal"),
        "{report:?}"
    );
    place.set("PERFUSE__SERVER__METRICS_TOKEN_FILE", "/no/such/token");
    place.run(&["check"]).failed(78, &["server.metrics_token_file", "/no/such/token"]);
    assert!(!place.path("data").exists(), "check starts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_asks_what_is_due_or_named_and_tells_in_a_table_what_came() {
    let literature = Literature::open().await;
    literature.set_feed(
        "/good.rss",
        "text/xml",
        journal_rss(&[("10.9999/one.1", "One"), ("10.9999/two.2", "Two")]),
    );
    let sources = [
        source("good", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/good.rss"))),
        source("gone", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/missing.rss"))),
    ];
    let place = Place::new(&sources.concat(), Some(&literature));
    place.run(&["fetch", "goood"]).failed(1, &["no source named \"goood\"", "source list"]);

    let all = place.run(&["fetch"]).failed(1, &["1 of 2 sources failed", "tried again"]);
    let row =
        |name: &str| all.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!(
        row("good").split_whitespace().take(4).collect::<Vec<_>>(),
        ["good", "2", "2", "0"],
        "{all:?}"
    );
    assert!(row("gone").contains("failed: ") && row("gone").contains("404"), "{all:?}");
    assert_eq!(articles(&place), 2);

    assert!(place.run(&["fetch"]).done().out.contains("No source is due"));
    let named = place.run(&["fetch", "good"]).done();
    assert!(
        named.out.lines().any(|line| line.starts_with("good") && line.contains("not modified")),
        "{named:?}"
    );
    assert_eq!(articles(&place), 2);

    let listed = place.run(&["source", "list"]).done().out;
    assert!(
        listed.lines().any(|line| line.starts_with("good") && line.contains(" 2 ") && line.ends_with("ok"))
    );
    assert!(listed.lines().any(|line| line.starts_with("gone") && line.contains("404")), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn source_test_shows_what_would_come_and_stores_nothing() {
    let literature = Literature::open().await;
    let title = "ECPR in a made-up trial";
    literature.add_record(40_000_001, record(40_000_001, "10.9999/a.1", title, &structured_abstract(1)));
    literature.set_feed("/pubmed.rss", "text/xml", pubmed_rss(&[40_000_001]));
    let sources = [
        source("search", "kind = \"pubmed\"\nquery = \"made-up[tiab]\""),
        source("rss", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/pubmed.rss"))),
        source("page", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/page.html"))),
    ];
    literature.set_feed(
        "/page.html",
        "text/html",
        "<!doctype html><html><title>Are you a robot?</title>".into(),
    );
    let place = Place::new(&sources.concat(), Some(&literature));
    let search = place.run(&["source", "test", "search"]).done().out;
    assert!(search.contains("1 entries") && search.contains(title), "{search}");
    let rss = place.run(&["source", "test", "rss"]).done().out;
    assert!(rss.contains("record 40000001") || rss.contains(title), "{rss}");
    place.run(&["source", "test", "page"]).failed(1, &["/page.html", "a web page instead of a feed"]);
    place.run(&["source", "test", "nobody"]).failed(1, &["no source named \"nobody\"", "source list"]);
    assert_eq!(articles(&place), 0);
}

#[test]
fn files_imported_twice_change_nothing_the_second_time_and_a_broken_one_spares_the_others() {
    let place = Place::new("", None);
    place.write("plain.xml", record_file(0..30));
    place.write("packed.xml.gz", gzip(&record_file(20..50)));
    place.write(
        "feed.rss",
        journal_rss(&[("10.9999/file.3", "Record 3 of a file"), ("10.9999/own.1", "Own")]),
    );
    place.write("broken.xml", "this is no XML");
    place.write("cut.xml.gz", &gzip(&record_file(50..60))[..200]);
    let files = ["import", "plain.xml", "broken.xml", "missing.xml", "packed.xml.gz", "feed.rss"];
    let first = place.run(&files).failed(1, &["broken.xml", "missing.xml", "2 of 5 files could not be read"]);
    assert!(first.out.contains("plain.xml: 30 new"), "{first:?}");
    assert!(first.out.contains("packed.xml.gz: 20 new, 0 updated, 10 already known"), "{first:?}");
    assert!(first.out.contains("feed.rss: 1 new"), "{first:?}");
    assert_eq!(articles(&place), 51);

    let state = "SELECT group_concat(id || ' ' || revision || ' ' || title || abstract, '|') FROM articles";
    let before: String = look(&place.database(), state);
    let again = place.run(&["import", "plain.xml", "packed.xml.gz", "feed.rss"]).done();
    for line in again.out.lines() {
        assert!(line.contains(" 0 new, 0 updated"), "{again:?}");
    }
    assert!(look::<String>(&place.database(), state) == before, "the second import changed something");
    assert_eq!(articles(&place), 51);

    // cut short: what can be read is taken, and the cut is told
    let cut = place.run(&["import", "cut.xml.gz"]);
    assert!(format!("{}{}", cut.out, cut.err).contains("cut.xml.gz"), "{cut:?}");
    assert!(!cut.err.contains("panicked"), "{cut:?}");

    let mut command = place.command(&["import", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(record_file(60..65).as_bytes()).unwrap();
    let piped = Ended::of(child.wait_with_output().unwrap(), &["import", "-"]).done();
    assert!(piped.out.contains("5 new"), "{piped:?}");
}

#[test]
fn an_import_that_is_killed_and_run_again_gives_exactly_the_records_of_its_file() {
    let place = Place::new("", None);
    place.run(&["migrate"]).done();
    place.write("many.xml", record_file(0..1_500));
    let mut interrupted = 0;
    for _ in 0..3 {
        let mut child = place
            .command(&["import", "many.xml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(50..700)));
        child.kill().unwrap();
        interrupted += usize::from(!child.wait().unwrap().success());
        assert_eq!(look::<String>(&place.database(), "PRAGMA integrity_check"), "ok");
        let counts = "SELECT (SELECT count(*) FROM articles) = (SELECT count(*) FROM sightings)";
        assert_eq!(count(&place.database(), counts), 1, "half a batch is there");
    }
    eprintln!("{interrupted} of 3 imports were killed in the middle");
    place.run(&["import", "many.xml"]).done();
    assert_eq!(articles(&place), 1_500);
}

#[test]
fn parse_shows_one_object_a_line_and_fails_only_if_nothing_could_be_read() {
    let place = Place::new("", None);
    place.write("plain.xml", record_file(0..3));
    place.write("packed.xml.gz", gzip(&record_file(3..5)));
    place.write("feed.rss", journal_rss(&[("10.9999/own.1", "Own")]));
    place.write("broken.xml", "this is no XML");
    let all = place.run(&["parse", "plain.xml", "broken.xml", "packed.xml.gz", "feed.rss"]).done();
    let lines: Vec<serde_json::Value> =
        all.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0]["title"], "Record 0 of a file");
    for key in ["kind", "identifiers", "authors", "journal", "published_on", "link", "abstract"] {
        assert!(lines[0].get(key).is_some(), "{key}: {}", lines[0]);
    }
    assert!(all.err.contains("broken.xml") && all.err.contains("plain.xml: 3 entries"), "{all:?}");
    let json = place.run(&["parse", "--json", "broken.xml", "feed.rss"]).done();
    for line in json.out.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(json.out.contains("\"error\"") && json.out.contains("broken.xml"), "{json:?}");
    place
        .run(&["parse", "broken.xml", "missing.xml"])
        .failed(1, &["broken.xml", "missing.xml", "nothing could be read"]);
    assert!(!place.path("data").exists(), "parse needs no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_reset_shut_out_and_let_in_again_beside_a_running_service() {
    let place = Place::new("", None);
    let service = place.serve(&[]);
    let link = place.invite("Chief@Example.org", "admin");
    let mut chief = Visitor::signed_in_at(service.url(), &link).await;
    assert_eq!(chief.get("/desk/people").await.status, 200);
    place.run(&["user", "add", "chief@example.ORG"]).failed(1, &["chief@example.org has an account already"]);
    place.run(&["user", "add", "nobody"]).failed(1, &["nobody", "no mail address"]);
    place.run(&["user", "reset", "stranger@example.org"]).failed(1, &["no account stranger@example.org"]);
    place.run(&["user", "disable", "stranger@example.org"]).failed(1, &["no account stranger@example.org"]);
    place.run(&["user", "disable", "chief@example.org"]).failed(1, &["last active admin"]);

    let link = place.invite("editor@example.org", "editor");
    let listed = place.run(&["user", "list"]).done().out;
    assert!(
        listed.lines().any(|line| line.starts_with("editor@example.org") && line.ends_with("invited")),
        "{listed}"
    );
    assert!(
        listed.lines().any(|line| line.starts_with("chief@example.org") && line.ends_with("active")),
        "{listed}"
    );
    // a link works once, and not after a newer one
    let newer = place.run(&["user", "reset", "editor@example.org"]).done().out;
    assert!(newer.contains("/desk/link/"), "{newer}");
    let stale = Visitor::at_url(service.url()).get(&link).await;
    assert!(stale.status != 200 || !stale.body.contains("type=\"password\""), "{}", stale.body);
    let link = newer.split_whitespace().find_map(|word| word.split_once("/desk/link/")).unwrap().1;
    let mut editor = Visitor::signed_in_at(service.url(), &format!("/desk/link/{link}")).await;
    assert_eq!(editor.get("/desk").await.status, 200);

    place.run(&["user", "disable", "Editor@example.org"]).done();
    assert_ne!(editor.get("/desk").await.status, 200, "the session ended at once");
    place.run(&["user", "reset", "editor@example.org"]).failed(1, &["disabled", "user enable"]);
    place.run(&["user", "enable", "editor@example.org"]).done();
    assert_ne!(editor.get("/desk").await.status, 200, "the old session stays ended");
    assert_eq!(
        Visitor::signed_in_at(service.url(), &place_link(&place)).await.get("/desk").await.status,
        200
    );
    service.stop();
}

fn place_link(place: &Place) -> String {
    let reset = place.run(&["user", "reset", "editor@example.org"]).done().out;
    let link = reset.split_whitespace().find_map(|word| word.split_once("/desk/link/")).unwrap().1;
    format!("/desk/link/{link}")
}

#[test]
fn migrate_makes_the_database_and_says_so_however_often() {
    let place = Place::new("", None);
    for _ in 0..2 {
        assert_eq!(place.run(&["migrate"]).done().out, "data/perfuse.db is up to date.\n");
    }
    assert_eq!(look::<String>(&place.database(), "PRAGMA integrity_check"), "ok");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_reason_to_panic() {
    let place = Place::new("", None);
    place.run(&["migrate"]).done();
    place.write("plain.xml", record_file(0..30));
    let commands: &[&[&str]] = &[
        &["check"],
        &["user", "list"],
        &["source", "list"],
        &["version"],
        &["watch", "status"],
        &["migrate"],
        &["parse", "plain.xml"],
        &["user", "add", "x@example.org"],
        &["import", "plain.xml"],
        &["fetch"],
        &["backup", "copy.db"],
    ];
    for command in commands {
        let mut child = place.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::of(child.wait_with_output().unwrap(), command);
        assert!(!ended.err.contains("panicked"), "{ended:#?}");
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:#?}");
    }
}
