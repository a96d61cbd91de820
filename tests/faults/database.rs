//! A database that is not what it should be: named, left alone, exit code 1.

use rusqlite::Connection;

use crate::support::program::{Place, can, look};

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
