//! The first start, also without a network.

use crate::support::program::{Place, count, wait_until};
use crate::support::service::source;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_without_any_network_gives_a_website_a_desk_and_sources_that_say_what_failed() {
    let sources = [
        source("search", "kind = \"pubmed\"\nquery = \"made-up[tiab]\""),
        source("journal", "kind = \"feed\"\nurl = \"https://journal.invalid/feed.rss\""),
    ];
    let place = Place::new(&sources.concat(), None);
    let service = place.serve(&[]);
    let said = service.out.text();
    assert!(place.database().exists(), "{said}");
    for line in ["database  data/perfuse.db", "website   http://127.0.0.1:", "desk      http://127.0.0.1:"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("There is no editor yet") && said.contains(" user add "), "{said}");
    assert!(said.contains("--config perfuse.toml user add YOU@EXAMPLE.ORG --role admin"), "{said}");

    let mut visitor = Visitor::at_url(service.url());
    for path in ["/healthz", "/readyz", "/", "/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json"] {
        assert_eq!(visitor.get(path).await.status, 200, "{path}");
    }
    let database = place.database();
    wait_until("both sources failed", || {
        (count(&database, "SELECT count(*) FROM sources WHERE failures = 1 AND leased_by IS NULL") == 2)
            .then_some(())
    });
    let listed = place.run(&["source", "list"]).done().out;
    let journal = listed.lines().find(|line| line.starts_with("journal")).unwrap();
    assert!(journal.contains("failed: ") && journal.contains("journal.invalid"), "{listed}");
    assert!(journal.contains("in 4 min") || journal.contains("in 5 min"), "{listed}");
    assert!(
        listed.lines().any(|line| line.starts_with("search") && line.contains("eutils.invalid")),
        "{listed}"
    );
    wait_until("the log says it too", || {
        let log = service.err.text();
        (log.contains("journal.invalid") && log.contains("tried again at")).then_some(())
    });

    // the command that was printed makes the first editor, who can work at once
    let link = place.invite("first@example.org", "admin");
    let mut admin = Visitor::signed_in_at(service.url(), &link).await;
    let desk = admin.get("/desk/sources").await;
    assert!(desk.status == 200 && desk.body.contains("journal.invalid"), "{} {}", desk.status, desk.body);
    let ended = service.stop();
    assert!(ended.out.ends_with("Stopped.\n"), "{ended:?}");

    let again = place.serve(&[]);
    assert!(!again.out.text().contains("There is no editor yet"), "{}", again.out.text());
    again.stop();
}

#[test]
fn a_port_in_use_is_named_and_the_folder_is_left_as_it_was() {
    let mut place = Place::new("", None);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.set("PERFUSE__SERVER__LISTEN", &address);
    let ended = place.run(&["serve"]).failed(1, &[&address, "server.listen", "in use"]);
    assert!(!ended.out.contains("website"), "{ended:?}");
    drop(taken);
    place.serve(&[]).stop();
}

#[test]
fn a_second_serve_on_one_folder_is_refused_by_process_and_changes_nothing_for_the_first() {
    let mut place =
        Place::new(&source("journal", "kind = \"feed\"\nurl = \"http://journal.invalid/\""), None);
    let first = place.serve(&[]);
    // even with other sources, which a start would take over
    place.write("other.toml", source("other", "kind = \"feed\"\nurl = \"http://other.invalid/\""));
    place.set("PERFUSE__SOURCES__FILE", "other.toml");
    for role in [&["serve"][..], &["serve", "--web-only"], &["serve", "--worker-only"]] {
        place.run(role).failed(1, &["already runs", "data", &first.id().to_string()]);
    }
    let configured = "SELECT group_concat(name) FROM sources WHERE configured = 1";
    assert_eq!(crate::support::program::look::<String>(&place.database(), configured), "journal");
    first.stop();
}

#[test]
fn website_and_worker_run_as_two_processes_on_one_folder() {
    let place = Place::new(&source("journal", "kind = \"feed\"\nurl = \"http://journal.invalid/\""), None);
    let worker = place.serve(&["--worker-only"]);
    assert!(!worker.out.text().contains("website"), "{}", worker.out.text());
    let web = place.serve(&["--web-only"]);
    place.run(&["serve", "--worker-only"]).failed(1, &["already runs the worker", &worker.id().to_string()]);
    place.run(&["serve", "--web-only"]).failed(1, &["already runs the web", &web.id().to_string()]);
    worker.stop();
    web.stop();
    place.run(&["serve", "--worker-only", "--web-only"]).failed(2, &["cannot be used with"]);
}
