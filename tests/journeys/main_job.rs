//! The main job: the literature is read, an editor decides, readers get the news.

use perfuse::domain::editor::Role;
use perfuse::domain::time::UnixMs;

use crate::support::literature::{Literature, journal_rss, pubmed_rss, record, structured_abstract};
use crate::support::service::{Service, source};
use crate::support::visitor::Visitor;

/// A search, PubMed's RSS of the same records, and a journal that shows one of them and one of its own.
async fn literature() -> (Literature, String) {
    let literature = Literature::open().await;
    let title = "ECPR with <i>E. coli</i> sepsis at PaCO<sub>2</sub> &lt;40 mmHg: a randomised trial";
    literature.add_record(40_000_001, record(40_000_001, "10.9999/perf.1", title, &structured_abstract(42)));
    let other = "Membrane oxygenators compared";
    literature.add_record(40_000_002, record(40_000_002, "10.9999/perf.2", other, &structured_abstract(17)));
    literature.set_feed("/pubmed.rss", "application/rss+xml", pubmed_rss(&[40_000_001, 40_000_002]));
    let journal = journal_rss(&[
        ("10.9999/PERF.1", "ECPR with E. coli sepsis"),
        ("10.9999/own.3", "Only in the journal"),
    ]);
    literature.set_feed("/journal.rss", "text/xml", journal);
    let sources = [
        source("search", "kind = \"pubmed\"\nquery = \"made-up[tiab]\""),
        source("pubmed-rss", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/pubmed.rss"))),
        source("journal", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/journal.rss"))),
    ];
    (literature, sources.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_editor_approves_is_in_the_page_and_in_all_three_feeds_and_nothing_else_is() {
    let (literature, sources) = literature().await;
    let service = Service::start(&literature, &sources).await;
    let fetched = service.wait_until_fetched(UnixMs(0)).await;
    for state in &fetched {
        assert_eq!(state.last_error, None, "{}", state.source.name);
    }

    // three works, however many sources showed them
    let link = service.invite("editor@example.org", Role::Editor).await;
    let mut editor = Visitor::signed_in(&service, &link).await;
    let queue = editor.get("/desk").await;
    assert!(queue.body.contains("Only in the journal") && queue.body.contains("Membrane oxygenators"));
    let waiting = service.store().queue(Default::default(), 0, 10).await.unwrap().0;
    assert_eq!(waiting.len(), 3);
    let article =
        waiting.iter().find(|article| article.ids.pmid.is_some_and(|pmid| pmid.0 == 40_000_001)).unwrap();
    assert_eq!(service.store().sightings(article.id).await.unwrap().len(), 3);
    assert_eq!(article.authors.len(), 2, "the record came from E-utilities, not from the feed's hint");

    // nothing is public yet
    let mut reader = Visitor::at(&service);
    let api = reader.get("/api/v1/news").await;
    assert!(api.status == 200 && !api.body.contains("ECPR"), "{}", api.body);

    let path = format!("/desk/a/{}", article.id);
    let page = editor.get(&path).await;
    assert!(page.body.contains("PaCO<sub>2</sub>") && page.body.contains("10<sup>9</sup>"), "{}", page.body);
    let approve = format!("{path}/approve");
    let summary = "In a made-up randomised trial of 120 patients, ECPR increased survival (35%).";
    let mut form: Vec<(String, String)> = page.hidden_fields(&approve);
    form.retain(|(name, _)| name != "summary");
    form.push(("summary".into(), summary.into()));
    let approved = editor.post(&approve, &form).await;
    assert_eq!(approved.status, 303, "{}", approved.body);

    for path in ["/", "/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json", "/api/v1/news"] {
        let page = wait_for(&mut reader, path, "ECPR increased survival").await;
        assert!(!page.body.contains("Only in the journal"), "{path} shows what nobody approved");
        let etag = page.header("etag").to_owned();
        assert!(etag.starts_with('"'), "{path}: strong ETag, not {etag}");
        let again = reader.get_with(path, &[("if-none-match", &etag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path}");
        let head = reader.head(path).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
        assert_eq!(page.header("access-control-allow-origin"), "*", "{path}");
        assert!(page.headers.get("set-cookie").is_none(), "{path}");
    }
    for path in ["/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json"] {
        let page = reader.get(path).await;
        let feed = feed_rs::parser::parse(page.body.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 1, "{path}");
        let title = feed.entries[0].title.as_ref().unwrap().content.clone();
        assert!(title.contains("PaCO₂") || title.contains("PaCO<sub>2</sub>"), "{path}: {title}");
        assert!(feed.entries[0].id.contains(&article.public_id), "{path}");
    }
    let page = reader.get(&format!("/a/{}", article.public_id)).await;
    assert!(page.status == 200 && page.body.contains("10.9999/perf.1"));

    // what no source gave an abstract for, nobody but the editor can have checked: its figures must be acknowledged
    let bare = waiting.iter().find(|article| article.abstract_sections.is_empty()).unwrap();
    let bare_path = format!("/desk/a/{}", bare.id);
    let bare_approve = format!("{bare_path}/approve");
    let mut form = editor.get(&bare_path).await.hidden_fields(&bare_approve);
    form.retain(|(name, _)| name != "summary");
    form.push(("summary".into(), "Of all patients 42% survived.".into()));
    let refused = editor.post(&bare_approve, &form).await;
    assert!(refused.status == 422 && refused.body.contains("acknowledged"), "{}", refused.body);
    assert!(!reader.get("/api/v1/news").await.body.contains("42%"));

    // the hub is told, so that its subscribers need not ask
    let told =
        |literature: &Literature| literature.pings().iter().filter(|ping| ping.contains("news.rss")).count();
    let before_withdrawal = told(&literature);
    assert!(before_withdrawal >= 1, "{:?}", literature.pings());
    let feed = reader.get("/feeds/news.rss").await;
    assert!(
        feed.body.contains("rel=\"hub\"") && feed.header("link").contains("rel=\"hub\""),
        "{}",
        feed.body
    );

    // and a withdrawal takes it back everywhere
    let withdraw = format!("{path}/withdraw");
    let page = editor.get(&path).await;
    let form = page.hidden_fields(&withdraw);
    assert_eq!(editor.post(&withdraw, &form).await.status, 303);
    assert_eq!(wait_for_status(&mut reader, &format!("/a/{}", article.public_id), 410).await, 410);
    for path in ["/", "/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json", "/api/v1/news"] {
        assert!(!reader.get(path).await.body.contains("ECPR increased survival"), "{path}");
    }
    for _ in 0..100 {
        if told(&literature) > before_withdrawal {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(told(&literature) > before_withdrawal, "the hub was told of the withdrawal");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_look_asks_with_validators_and_changes_nothing() {
    let (literature, sources) = literature().await;
    let mut service = Service::start(&literature, &sources).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let fetches = |literature: &Literature| {
        literature.requests().iter().filter(|request| request.contains("efetch")).count()
    };
    let before = fetches(&literature);
    service.fetch_all_again().await;
    assert_eq!(literature.not_modified(), 2, "both feeds were asked under conditions");
    assert_eq!(fetches(&literature), before + 1, "the search alone fetched its overlap again");
    let (waiting, count) = service.store().queue(Default::default(), 0, 10).await.unwrap();
    assert_eq!(count, 3);
    assert!(waiting.iter().all(|article| article.revision == 1));

    service.restart(&literature, &sources).await;
    let states = service.fetch_all_again().await;
    assert!(states.iter().all(|state| state.last_error.is_none()));
    assert_eq!(service.store().queue(Default::default(), 0, 10).await.unwrap().1, 3);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_pubmed_refuses_the_feed_is_kept_and_completed_at_the_next_look() {
    let (literature, sources) = literature().await;
    literature.refuse(true);
    let rss_only: String =
        sources.split_inclusive("\n[[source]]").filter(|part| part.contains("/pubmed.rss")).collect();
    let rss_only =
        format!("[[source]]{}", rss_only.trim_end_matches("[[source]]").trim_start_matches("[[source]]"));
    let service = Service::start(&literature, &rss_only).await;
    let state = &service.wait_until_fetched(UnixMs(0)).await[0];
    let problems = service.store().problems(state.id, 10).await.unwrap();
    assert!(problems.iter().any(|(_, problem)| problem.what.contains("rate limit")), "{problems:?}");
    assert_eq!(service.store().queue(Default::default(), 0, 10).await.unwrap().1, 2);

    literature.refuse(false);
    service.fetch_all_again().await;
    let (waiting, count) = service.store().queue(Default::default(), 0, 10).await.unwrap();
    assert_eq!(count, 2);
    assert!(waiting.iter().all(|article| article.authors.len() == 2), "completed from E-utilities");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_moved_is_asked_at_its_new_address_after_three_equal_answers_and_a_note_says_so() {
    let (literature, _) = literature().await;
    literature.move_feed("/old.rss", "/journal.rss");
    let feed = source("journal", &format!("kind = \"feed\"\nurl = {:?}", literature.url("/old.rss")));
    let service = Service::start(&literature, &feed).await;
    service.wait_until_fetched(UnixMs(0)).await;
    let asked_old = || literature.requests().iter().filter(|path| path.starts_with("/old.rss")).count();
    for round in 1..=3 {
        assert_eq!(asked_old(), round);
        let state = &service.fetch_all_again().await[0];
        let noted = service.store().problems(state.id, 10).await.unwrap();
        let is_noted = noted.iter().any(|(_, note)| note.what.contains("moved permanently"));
        assert_eq!(is_noted, round >= 2, "after fetch {}: {noted:?}", round + 1);
    }
    assert_eq!(asked_old(), 3, "the fourth fetch went straight to the new address");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_never_answers_delays_neither_the_sources_nor_the_stop() {
    let (literature, sources) = literature().await;
    literature.hang_hub();
    let service = Service::start(&literature, &sources).await;
    service.wait_until_fetched(UnixMs(0)).await;
    for _ in 0..100 {
        if !literature.pings().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!literature.pings().is_empty(), "the hub was told and hangs");
    service.fetch_all_again().await;
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(10), service.stop());
    assert!(stopped.await.is_ok(), "it stops in order while the hub hangs");
}

async fn wait_for(reader: &mut Visitor, path: &str, text: &str) -> crate::support::visitor::Page {
    for _ in 0..60 {
        let page = reader.get(path).await;
        if page.body.contains(text) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} does not show {text:?} within 3 s: {}", reader.get(path).await.body);
}

async fn wait_for_status(reader: &mut Visitor, path: &str, status: u16) -> u16 {
    for _ in 0..60 {
        if reader.get(path).await.status == status {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    reader.get(path).await.status.as_u16()
}
