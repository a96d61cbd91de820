//! Backup and restore, also beside a running service.

use super::{articles, record_file};
use crate::support::hostile_server::HostileServer;
use crate::support::literature::journal_rss;
use crate::support::program::{Place, count, look, wait_until};
use crate::support::service::source;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_opens_clean_and_holds_all_that_was_acknowledged_before() {
    let server = HostileServer::start(|mut wire| async move {
        let number: usize = wire.nth;
        let dois: Vec<String> = (0..200).map(|item| format!("10.9999/load.{number}.{item}")).collect();
        let pairs: Vec<(&str, &str)> = dois.iter().map(|doi| (doi.as_str(), "Loaded")).collect();
        let body = journal_rss(&pairs);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        wire.send(head + &body).await;
    })
    .await;
    let sources: String = (0..6)
        .map(|number| {
            let url = server.url(&format!("/feed{number}"));
            source(&format!("feed{number}"), &format!("kind = \"feed\"\nurl = {url:?}"))
        })
        .collect();
    let mut place = Place::new(&sources, None);
    place.set("PERFUSE__FETCH__PARALLEL", "2");
    place.write("first.xml", record_file(0..40));
    place.run(&["import", "first.xml"]).done();
    place.invite("editor@example.org", "editor");
    let service = place.serve(&[]);
    wait_until("the load begins", || (server.connections() > 0).then_some(()));

    let before = articles(&place);
    let to_file = place.run(&["backup", "copy.db"]).done();
    let middle = articles(&place);
    let piped = place.command(&["backup", "-"]).output().unwrap();
    assert!(piped.status.success(), "{piped:?}");
    place.write("piped.db", &piped.stdout);
    let after = articles(&place);
    assert!(to_file.out.contains("verified"), "{to_file:?}");
    for (copy, (least, most)) in [("copy.db", (before, middle)), ("piped.db", (middle, after))] {
        let copy = place.path(copy);
        assert_eq!(look::<String>(&copy, "PRAGMA integrity_check"), "ok");
        let held = count(&copy, "SELECT count(*) FROM articles");
        assert!((least..=most).contains(&held), "{held} of {least}..={most}");
        assert_eq!(count(&copy, "SELECT count(*) FROM editors"), 1);
    }
    place.run(&["backup", "copy.db"]).failed(1, &["copy.db exists"]);
    place.run(&["backup", "no/such/folder/copy.db"]).failed(1, &["no/such/folder/copy.db"]);
    let left = std::fs::read_dir(place.path("data")).unwrap().flatten();
    let left: Vec<_> =
        left.map(|file| file.file_name()).filter(|name| name.to_string_lossy().contains("backup")).collect();
    assert!(left.is_empty(), "{left:?}");

    // not over a running service, not over a database, and only a sound copy
    place.run(&["restore", "copy.db", "--force"]).failed(1, &["already runs", &service.id().to_string()]);
    service.stop();
    place.run(&["restore", "copy.db"]).failed(1, &["data/perfuse.db", "--force"]);
    let mut damaged = std::fs::read(place.path("copy.db")).unwrap();
    let middle_byte = damaged.len() / 2;
    damaged[middle_byte..middle_byte + 8192].fill(0x55);
    place.write("damaged.db", damaged);
    place.write("text.db", "not a database");
    for (file, word) in
        [("damaged.db", "damaged"), ("text.db", "not a perfuse database"), ("missing.db", "missing.db")]
    {
        place.run(&["restore", file, "--force"]).failed(1, &[file, word]);
    }
    let held = count(&place.path("copy.db"), "SELECT count(*) FROM articles");
    assert!(articles(&place) >= held, "a refused restore changed nothing");
    let restored = place.run(&["restore", "copy.db", "--force"]).done();
    assert!(restored.out.contains(&format!("{held} articles")), "{restored:?}");
    assert_eq!(articles(&place), held);

    // into a new folder, and it runs there
    place.set("PERFUSE__DATA_DIR", "new/place");
    place.run(&["restore", "piped.db"]).done();
    let moved = place.path("new/place/perfuse.db");
    assert_eq!(
        count(&moved, "SELECT count(*) FROM articles"),
        count(&place.path("piped.db"), "SELECT count(*) FROM articles")
    );
    assert!(place.run(&["user", "list"]).done().out.contains("editor@example.org"));
    let service = place.serve(&[]);
    assert_eq!(Visitor::at_url(service.url()).get("/readyz").await.status, 200);
    service.stop();
}

#[test]
fn a_backup_of_nothing_is_refused_and_makes_nothing() {
    let place = Place::new("", None);
    place.run(&["backup", "copy.db"]).failed(1, &["no database at data/perfuse.db"]);
    assert!(!place.path("data").exists() && !place.path("copy.db").exists());
}
