//! Adding by hand, from the box to the completed record, with the services on loopback.

use std::time::Duration;

use perfuse::domain::editor::Role;
use perfuse::domain::time::UnixMs;
use perfuse::domain::wanted::Wanted;
use perfuse::store::{Added, Addition, AdditionState};

use crate::support::literature::{Literature, record, structured_abstract};
use crate::support::service::{Service, source};

/// Adds what was typed and waits until the look-up has ended.
async fn add(service: &Service, editor: i64, typed: &str) -> (i64, Addition) {
    let wanted = Wanted::recognise(typed).unwrap();
    let added = service.store().add_wanted(wanted, "", None, editor, UnixMs::now()).await.unwrap();
    let Added::New(id) = added else { panic!("{typed} is known: {added:?}") };
    service.base.ring();
    for _ in 0..400 {
        let addition = service.store().addition(id).await.unwrap().unwrap();
        if addition.tries > 0 {
            return (id, addition);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{typed} was never looked up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_editor_names_is_completed_by_the_services_and_joins_what_is_known() {
    let literature = Literature::open().await;
    let xml =
        |pmid, title: &str| record(pmid, &format!("10.9999/perf.{pmid}"), title, &structured_abstract(42));
    literature.add_record(41, xml(41, "Found by its number in the record"));
    literature.add_record(42, xml(42, "Found by its DOI"));
    literature.add_record(43, xml(43, "A title that somebody typed from a printed page"));
    literature.set_feed("/none", "application/rss+xml", crate::support::literature::pubmed_rss(&[]));
    let url = literature.url("/none");
    let service =
        Service::start(&literature, &source("none", &format!("kind = \"feed\"\nurl = {url:?}"))).await;
    let editor = service.store().add_editor("maria@example.org", Role::Editor, None, UnixMs::now()).await;
    let editor = editor.unwrap().id;
    let titles = [
        ("PMID: 41", "Found by its number in the record"),
        ("https://doi.org/10.9999/PERF.42", "Found by its DOI"),
        (
            "A Title that Somebody Typed from a Printed Page.",
            "A title that somebody typed from a printed page",
        ),
    ];
    for (typed, title) in titles {
        let (id, addition) = add(&service, editor, typed).await;
        assert_eq!((addition.state, addition.message.as_deref()), (AdditionState::Done, None), "{typed}");
        let article = service.store().article(id).await.unwrap().unwrap();
        assert_eq!((article.id, article.title.to_plain().as_str()), (id, title), "{typed}");
        assert!(article.draft.is_some() && !article.abstract_sections.is_empty(), "{typed}");
    }
    // the same work by another name leads to the same article
    for typed in ["10.9999/perf.41", "41", "Found by its number in the record"] {
        let wanted = Wanted::recognise(typed).unwrap();
        let added = service.store().add_wanted(wanted, "", None, editor, UnixMs::now()).await.unwrap();
        assert!(
            matches!(&added, Added::Known(article) if article.title.to_plain() == "Found by its number in the record"),
            "{typed}: {added:?}"
        );
    }
    // what nobody knows says so
    let (_, addition) = add(&service, editor, "PMID 99").await;
    assert_eq!(addition.state, AdditionState::Unknown);
    // no answer: it waits, and says why; asked again it is completed
    literature.refuse(true);
    literature.add_record(44, xml(44, "Late but here"));
    let (id, addition) = add(&service, editor, "PMID 44").await;
    assert_eq!(addition.state, AdditionState::Waiting);
    assert!(addition.message.unwrap().contains("rate limit"), "{:?}", addition.next_at);
    assert!(addition.next_at > UnixMs::now());
    literature.refuse(false);
    assert!(service.store().retry_addition(id, UnixMs::now()).await.unwrap());
    service.base.ring();
    for _ in 0..400 {
        if service.store().article(id).await.unwrap().unwrap().title.to_plain() == "Late but here" {
            service.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it was not looked up again");
}
