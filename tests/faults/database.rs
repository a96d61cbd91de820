//! A database that is not what it should be: named, left alone, exit code 1.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::literature::journal_rss;
use crate::support::program::{PATIENCE, Place, can, look};
use crate::support::visitor::Visitor;

/// Every command that opens the database.
const COMMANDS: &[&[&str]] =
    &[&["serve"], &["migrate"], &["fetch"], &["source", "list"], &["user", "list"], &["backup", "copy.db"]];

/// Every command says `words` and the file's name, and no byte of the file changes.
fn is_refused_untouched(place: &Place, words: &[&str]) {
    let before = std::fs::read(place.database()).unwrap();
    for command in COMMANDS {
        let mut told = vec!["data/perfuse.db"];
        told.extend(words);
        place.run(command).failed(1, &told);
        assert!(std::fs::read(place.database()).unwrap() == before, "{command:?} changed the file");
    }
    assert!(!place.path("copy.db").exists());
}

#[test]
fn a_newer_database_is_refused_by_name_and_left_untouched() {
    let place = Place::new("", None);
    place.run(&["migrate"]).done();
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
                 VALUES (999, 'of_the_future', '2030-01-01T00:00:00Z', '1')";
    Connection::open(place.database()).unwrap().execute_batch(newer).unwrap();
    is_refused_untouched(&place, &["newer perfuse", "999", "untouched"]);
}

#[test]
fn another_programs_database_and_a_text_file_are_left_untouched() {
    let place = Place::new("", None);
    std::fs::create_dir(place.path("data")).unwrap();
    Connection::open(place.database()).unwrap().execute_batch("CREATE TABLE diary (day TEXT)").unwrap();
    is_refused_untouched(&place, &["not a perfuse database", "untouched"]);
    for text in ["To whom it may concern:\n", &"the quick brown fox\n".repeat(5_000)] {
        place.write("data/perfuse.db", text);
        is_refused_untouched(&place, &["not a perfuse database", "no SQLite file"]);
    }
    std::fs::remove_file(place.database()).unwrap();
    std::fs::create_dir(place.database()).unwrap();
    place.run(&["serve"]).failed(1, &["data/perfuse.db"]);
}

#[test]
fn a_damaged_database_is_named() {
    let place = Place::new("", None);
    place.run(&["user", "add", "somebody@example.org"]).done();
    let mut bytes = std::fs::read(place.database()).unwrap();
    let page = 4096.min(bytes.len() / 2);
    bytes[page..].fill(0xAA);
    place.write("data/perfuse.db", &bytes);
    place.run(&["serve"]).failed(1, &["data/perfuse.db", "malformed"]);
    place.run(&["user", "list"]).failed(1, &["data/perfuse.db", "malformed"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let mut place = Place::new("", None);
    place.write("file", "");
    place.set("PERFUSE__DATA_DIR", "file/data");
    for command in [&["serve"][..], &["migrate"], &["user", "list"]] {
        place.run(command).failed(1, &["file/data"]);
    }
}

#[test]
fn a_read_only_disk_is_named_and_the_database_keeps_everything() {
    let story = "a read-only disk is named";
    if !can(
        "unshare",
        &["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt && mount -o remount,ro,bind /mnt"],
        story,
    ) {
        return;
    }
    let mut place = Place::new("", None);
    place.run(&["user", "add", "somebody@example.org"]).done();
    let before = std::fs::read(place.database()).unwrap();
    let mount = "mount --bind data data && mount -o remount,ro,bind data && exec \"$@\"";
    place.start_through(&["unshare", "-rm", "sh", "-c", mount, "sh"]);
    for command in [&["serve"][..], &["migrate"], &["user", "add", "other@example.org"], &["fetch"]] {
        place.run(command).failed(1, &["data/", "ead-only"]);
    }
    // only the file
    let mount = "mount --bind data/perfuse.db data/perfuse.db && mount -o remount,ro,bind data/perfuse.db && exec \"$@\"";
    place.start_through(&["unshare", "-rm", "sh", "-c", mount, "sh"]);
    for command in [&["serve"][..], &["source", "list"], &["user", "add", "other@example.org"]] {
        place.run(command).failed(1, &["data/perfuse.db", "read-only"]);
    }
    place.start_through(&[]);
    assert!(std::fs::read(place.database()).unwrap() == before);
    assert_eq!(look::<i64>(&place.database(), "SELECT count(*) FROM editors"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_program_holds_the_database_readers_are_served_the_desk_says_503_and_it_still_stops_in_time()
 {
    let place = Place::new("", None);
    place.write("feed.rss", journal_rss(&[("10.9999/held.1", "Held up")]));
    place.run(&["import", "feed.rss"]).done();
    let link = place.invite("editor@example.org", "editor");
    let service = place.serve(&[]);
    let mut editor = Visitor::signed_in_at(service.url(), &link).await;
    let page = editor.get("/desk/a/1").await;
    let mut form = page.hidden_fields("/desk/a/1/approve");
    form.retain(|(name, _)| name != "summary");
    form.push(("summary".into(), "Approved after a wait.".into()));

    let other = Connection::open(place.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let approving =
        tokio::spawn(async move { (editor.post("/desk/a/1/approve", &form).await, editor, form) });
    let mut reader = Visitor::at_url(service.url());
    for path in ["/", "/feeds/news.rss", "/api/v1/news", "/healthz", "/readyz"] {
        assert_eq!(reader.get(path).await.status, 200, "{path}");
    }
    let (refused, mut editor, form) = approving.await.unwrap();
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.headers.contains_key("retry-after"), "{}", refused.body);
    let log = service.err.text();
    assert!(log.contains("data/perfuse.db is locked by another program"), "{log}");

    let asked = Instant::now();
    service.signal("TERM");
    let ended = service.wait(PATIENCE).done();
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}: {ended:?}", asked.elapsed());
    drop(other);
    let service = place.serve(&[]);
    editor.move_to(service.url());
    assert_eq!(editor.post("/desk/a/1/approve", &form).await.status, 303);
    service.stop();
}
