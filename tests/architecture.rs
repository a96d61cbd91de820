//! Who may use whom: the table of ARCHITECTURE.md, held against every line of `src/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room, the rooms it may use, and the outside crates that are kept in it (and in nothing but the rooms that name
/// them too).
const ROOMS: &[(&str, &[&str], &[&str])] = &[
    ("domain", &[], &[]),
    ("config", &["domain"], &["toml"]),
    ("intake", &["domain"], &["reqwest", "feed_rs", "quick_xml"]),
    ("curation", &["domain"], &[]),
    ("texts", &[], &["fluent_bundle"]),
    ("publish", &["domain", "texts"], &["quick_xml"]),
    ("store", &["domain"], &["rusqlite", "tokio_rusqlite", "refinery"]),
    ("mail", &["domain", "config", "texts"], &["lettre"]),
    ("worker", &["domain", "intake", "curation", "store", "config", "mail", "texts"], &["cron"]),
    ("web", &["domain", "publish", "curation", "store", "config", "texts"], &["axum", "askama"]),
    ("app", EVERYTHING, &["anyhow"]),
    ("cli", EVERYTHING, &["clap", "anyhow", "indicatif"]),
    ("main", EVERYTHING, &["clap", "anyhow"]),
    ("lib", &[], &[]),
];
const EVERYTHING: &[&str] = &[
    "domain", "config", "intake", "curation", "texts", "mail", "publish", "store", "worker", "web", "app",
    "cli", "perfuse",
];
/// Crates that stand for a boundary within their room, and the files that may name them.
const CORNERS: &[(&str, &str)] =
    &[("reqwest", "src/intake/fetch/"), ("feed_rs", "src/intake/feed/"), ("rusqlite", "src/store/")];

#[test]
fn no_room_uses_what_the_table_does_not_grant_it() {
    let mut faults = Vec::new();
    let mut rooms_seen = BTreeSet::new();
    for path in source_files(Path::new("src")) {
        let room = room_of(&path);
        rooms_seen.insert(room.clone());
        let Some((_, rooms, crates)) = ROOMS.iter().find(|(name, ..)| *name == room) else {
            faults.push(format!("{}: the room {room} is not in the table", path.display()));
            continue;
        };
        let kept: BTreeSet<&str> = ROOMS.iter().flat_map(|(.., crates)| crates.iter().copied()).collect();
        for (number, line) in code_lines(&path) {
            for used in names_before_path(&line, "crate::") {
                if used != room && !rooms.contains(&used.as_str()) {
                    faults.push(format!("{}:{number}: {room} may not use {used}", path.display()));
                }
            }
            for outside in kept.iter().filter(|outside| mentions_crate(&line, outside)) {
                if !crates.contains(outside) {
                    faults.push(format!("{}:{number}: {outside} is not kept in {room}", path.display()));
                }
            }
            for (outside, corner) in CORNERS {
                if mentions_crate(&line, outside)
                    && !path.to_string_lossy().replace('\\', "/").starts_with(corner)
                {
                    faults.push(format!("{}:{number}: {outside} belongs in {corner}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    for (room, ..) in ROOMS {
        assert!(rooms_seen.contains(*room), "the table names {room}, which does not exist");
    }
}

#[test]
fn the_scan_sees_what_it_should() {
    assert_eq!(names_before_path("use crate::store::Store; crate::web::x()", "crate::"), ["store", "web"]);
    assert!(mentions_crate("    let x = rusqlite::Connection::open();", "rusqlite"));
    assert!(mentions_crate("use axum;", "axum"));
    assert!(!mentions_crate("let y = tokio_rusqlite::Connection::open();", "rusqlite"));
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// `src/web/desk/queue.rs` and `src/web.rs` are both in the room `web`.
fn room_of(path: &Path) -> String {
    let second = path.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
    second.trim_end_matches(".rs").to_owned()
}

/// Lines without comments; the tests inside a file may use what they like.
fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    code.enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect()
}

fn names_before_path(line: &str, prefix: &str) -> Vec<String> {
    line.match_indices(prefix)
        .map(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn mentions_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let stands_alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '.');
        let is_path =
            after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with(';'));
        stands_alone && is_path
    })
}
