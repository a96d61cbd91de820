//! A body that could not be read is kept, and read after a fix.

use perfuse::domain::time::UnixMs;

use crate::support::literature::{Literature, journal_rss};
use crate::support::program::{Place, count, look};
use crate::support::service::source;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_failed_is_read_after_a_fix_and_then_forgotten() {
    let literature = Literature::open().await;
    literature.set_feed("/broken.rss", "text/xml", "<html>Please sign in to read this feed".to_owned());
    literature.set_feed("/other.rss", "text/xml", "{\"error\": \"down\"}".to_owned());
    let feed = |name: &str| {
        source(name, &format!("kind = \"feed\"\nurl = {:?}", literature.url(&format!("/{name}.rss"))))
    };
    let place = Place::new(&[feed("broken"), feed("other")].concat(), Some(&literature));
    let runs = tokio::task::spawn_blocking(move || {
        place.run(&["fetch"]).failed(1, &["2 of 2 sources failed"]);
        let kept = "SELECT count(*) FROM raw_bodies";
        assert_eq!(count(&place.database(), kept), 2);
        // nothing was mended: all is kept
        let again = place.run(&["fetch", "--replay"]).failed(1, &["2 of 2 bodies still cannot be read"]);
        assert!(again.out.contains("still fails"), "{again:?}");
        assert_eq!(count(&place.database(), kept), 2);

        // a parser that is mended reads what it could not read; here the body is one that it can
        let database = rusqlite::Connection::open(place.database()).unwrap();
        let good = journal_rss(&[("10.9999/late.1", "Read at last"), ("10.9999/late.2", "This one too")]);
        let of_broken = "source_id = (SELECT id FROM sources WHERE name = 'broken')";
        let mend = format!("UPDATE raw_bodies SET body = ?1 WHERE {of_broken}");
        database.execute(&mend, [good.as_bytes()]).unwrap();
        let named = place.run(&["fetch", "--replay", "broken"]).done();
        assert!(named.out.contains("broken") && !named.out.contains("other"), "{named:?}");
        assert!(named.out.contains("read") && !named.out.contains("still fails"), "{named:?}");
        assert_eq!(count(&place.database(), kept), 1, "what was read is forgotten");
        let titles: String = look(&place.database(), "SELECT group_concat(title, '|') FROM articles");
        assert_eq!(titles, "Read at last|This one too");
        place.run(&["fetch", "--replay", "broken"]).done();
        place.run(&["fetch", "--replay", "nobody"]).failed(1, &["no source named \"nobody\""]);
        place.run(&["fetch", "--replay", "--since", "2026-01-01"]).failed(2, &["--since"]);

        // the same entries fetched later are known; an old body does not bring back what they said before
        database
            .execute(
                "INSERT INTO raw_bodies (source_id, at, url, reason, body)
                 SELECT id, ?1, 'http://x.invalid/', 'made up', ?2 FROM sources WHERE name = 'broken'",
                (1, journal_rss(&[("10.9999/late.1", "As it was called long ago")]).as_bytes()),
            )
            .unwrap();
        let old = place.run(&["fetch", "--replay", "broken"]).done();
        assert!(old.out.contains("read"), "{old:?}");
        let titles: String = look(&place.database(), "SELECT group_concat(title, '|') FROM articles");
        assert_eq!(titles, "Read at last|This one too");
        place
    });
    let place = runs.await.unwrap();
    let now: i64 = look(&place.database(), "SELECT max(last_seen_at) FROM sightings");
    assert!(now <= UnixMs::now().0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_service_that_failed_is_read_after_a_fix_too() {
    let literature = Literature::open().await;
    literature
        .set_service("/europepmc/search", |_| axum::response::IntoResponse::into_response("no JSON at all"));
    let place = Place::new(&source("epmc", "kind = \"europepmc\"\nquery = \"ECMO\""), Some(&literature));
    let config = std::fs::read_to_string(place.path("perfuse.toml")).unwrap();
    let base = literature.url("/europepmc/");
    place.write("perfuse.toml", format!("{config}[europepmc]\nbase_url = {base:?}\n"));
    let runs = tokio::task::spawn_blocking(move || {
        place.run(&["fetch", "epmc"]).failed(1, &["1 of 1 sources failed"]);
        let database = rusqlite::Connection::open(place.database()).unwrap();
        let good = include_bytes!("../fixtures/intake/europepmc.json");
        assert_eq!(
            database.execute("UPDATE raw_bodies SET body = ?1", [&good[..]]).unwrap(),
            1,
            "it was kept"
        );
        let read = place.run(&["fetch", "--replay"]).done();
        assert!(read.out.contains("read"), "{read:?}");
        assert_eq!(count(&place.database(), "SELECT count(*) FROM articles"), 3);
        assert_eq!(count(&place.database(), "SELECT count(*) FROM raw_bodies"), 0);
    });
    runs.await.unwrap();
}
