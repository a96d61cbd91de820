//! A disk that is full, at the start and while serving.

use std::io::Write;
use std::path::PathBuf;

use crate::support::hostile_server::HostileServer;
use crate::support::literature::journal_rss;
use crate::support::program::{Place, can, count, look, wait_until};
use crate::support::service::source;
use crate::support::visitor::Visitor;

/// Items enough to fill some hundred kilobytes.
fn many_items(items: usize) -> String {
    let dois: Vec<String> = (0..items).map(|item| format!("10.9999/item.{item}")).collect();
    let title = "A made-up title of some length about membrane oxygenators ".repeat(8);
    let pairs: Vec<(&str, &str)> = dois.iter().map(|doi| (doi.as_str(), title.as_str())).collect();
    journal_rss(&pairs)
}

#[test]
fn a_size_limit_that_is_reached_is_an_error_with_a_name_and_nothing_is_lost() {
    let mut place = Place::new("", None);
    place.write("first.rss", many_items(20));
    place.run(&["import", "first.rss"]).done();
    place.write("many.rss", many_items(900));
    // in blocks of 512 or 1,024 bytes
    place.start_through(&["sh", "-c", "ulimit -f 700; exec \"$@\"", "sh"]);
    place.run(&["import", "many.rss"]).failed(1, &["data/perfuse.db", "disk"]);
    place.start_through(&[]);
    assert_eq!(look::<String>(&place.database(), "PRAGMA integrity_check"), "ok");
    assert!(count(&place.database(), "SELECT count(*) FROM articles") >= 20);
    place.run(&["import", "many.rss"]).done();
    assert_eq!(count(&place.database(), "SELECT count(*) FROM articles"), 900);

    // nor does half a backup stand in the way of the next one, or half a restore in place of the database
    place.start_through(&["sh", "-c", "ulimit -f 100; exec \"$@\"", "sh"]);
    place.run(&["backup", "copy.db"]).failed(1, &["disk"]);
    assert!(!place.path("copy.db").exists());
    place.start_through(&[]);
    place.run(&["backup", "copy.db"]).done();
    place.start_through(&["sh", "-c", "ulimit -f 100; exec \"$@\"", "sh"]);
    place.run(&["restore", "copy.db", "--force"]).failed(1, &["data/perfuse", "disk"]);
    place.start_through(&[]);
    assert_eq!(count(&place.database(), "SELECT count(*) FROM articles"), 900);
    let left: Vec<PathBuf> =
        std::fs::read_dir(place.path("data")).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains("restoring")), "{left:?}");
    place.set("PERFUSE__DATA_DIR", "fresh");
    place.start_through(&["sh", "-c", "ulimit -f 20; exec \"$@\"", "sh"]);
    place.run(&["serve"]).failed(1, &["fresh/perfuse.db", "disk"]);
    place.start_through(&[]);
    place.serve(&[]).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_fills_readers_are_served_the_desk_says_503_and_all_is_well_once_there_is_space() {
    let story = "a disk that fills while serving";
    if !can("unshare", &["-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"], story) {
        return;
    }
    let server = HostileServer::start(|mut wire| async move {
        let body = many_items(30);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        wire.send(head + &body).await;
    })
    .await;
    let feed = format!("kind = \"feed\"\nurl = {:?}", server.url("/feed"));
    let mut place = Place::new(&source("journal", &feed), None);
    let link = place.invite("editor@example.org", "editor");
    // the log too is on the small disk
    let mount = "mkdir small && mount -t tmpfs -o size=3m tmpfs small && cp -r data small/ && exec \"$@\" 2>small/log";
    place.start_through(&["unshare", "-rm", "sh", "-c", mount, "sh"]);
    place.set("PERFUSE__DATA_DIR", "small/data").set("PERFUSE__LOG__LEVEL", "debug");
    let service = place.serve(&[]);
    // the folder as the service sees it
    let inside = PathBuf::from(format!("/proc/{}/root{}", service.id(), place.path("small").display()));
    let log = || std::fs::read_to_string(inside.join("log")).unwrap();
    wait_until("there is something to approve", || log().contains("30 entries, 30 new").then_some(()));
    let mut editor = Visitor::signed_in_at(service.url(), &link).await;
    let mut reader = Visitor::at_url(service.url());
    let mut acknowledged = Vec::new();
    let first = approve(&mut editor, 1).await;
    assert_eq!(first, 303);
    acknowledged.push(1);

    // every block, then every byte that is left of the last one
    let filler = inside.join("filler");
    let mut fill = std::fs::File::create(&filler).unwrap();
    for block in [vec![0; 64 * 1024], vec![0; 4096], vec![0; 1]] {
        while fill.write_all(&block).is_ok() {}
    }
    drop(fill);
    let mut refused = None;
    for article in 2..=29 {
        match approve(&mut editor, article).await {
            303 => acknowledged.push(article),
            503 => {
                refused = Some(article);
                break;
            }
            other => panic!("article {article}: {other}"),
        }
    }
    let refused = refused.expect("the disk is full and every approval went through");
    for path in [
        "/",
        "/feeds/news.rss",
        "/feeds/news.atom",
        "/feeds/news.json",
        "/api/v1/news",
        "/healthz",
        "/search?q=x",
    ] {
        assert_eq!(reader.get(path).await.status, 200, "{path}");
    }
    assert!(reader.get("/api/v1/news?limit=100").await.body.contains(&summary(1)));

    std::fs::remove_file(&filler).unwrap();
    assert_eq!(approve(&mut editor, refused).await, 303);
    acknowledged.push(refused);
    // each has a second of its own
    let mut news = String::new();
    for _ in 0..60 {
        news = reader.get("/api/v1/news?limit=100").await.body;
        if acknowledged.iter().all(|article| news.contains(&summary(*article))) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    for article in &acknowledged {
        assert_eq!(news.matches(&summary(*article)).count(), 1, "{news}");
    }
    // what is on the small disk goes with the process: a look at it before
    for name in ["perfuse.db", "perfuse.db-wal"] {
        std::fs::copy(inside.join("data").join(name), place.path(name)).unwrap();
    }
    assert_eq!(look::<String>(&place.path("perfuse.db"), "PRAGMA integrity_check"), "ok");
    service.stop();
}

fn summary(article: i64) -> String {
    format!("Approved on a small disk: article {}.", super::in_letters(article))
}

async fn approve(editor: &mut Visitor, article: i64) -> u16 {
    let path = format!("/desk/a/{article}");
    let page = editor.get(&path).await;
    if page.status != 200 {
        return page.status.as_u16();
    }
    let approve = format!("{path}/approve");
    let mut form = page.hidden_fields(&approve);
    form.retain(|(name, _)| name != "summary");
    form.push(("summary".into(), summary(article)));
    let answer = editor.post(&approve, &form).await;
    if answer.status == 503 {
        assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
    }
    answer.status.as_u16()
}
