use perfuse::domain::editor::Role;
use perfuse::domain::entry::{Author, Entry, Journal};
use perfuse::domain::identity::{Doi, Pmid};
use perfuse::domain::status::Status;
use perfuse::domain::text::RichText;
use perfuse::domain::time::PartialDate;
use perfuse::store::{Judged, Judgement, Mark, QueueFilter};

use crate::desk::world::World;
use crate::support::chrome::{Chrome, take_turn};

const TITLE: &str = "Early extracorporeal support after refractory cardiac arrest in adults";

async fn show(world: &World, key: &str, change: impl FnOnce(&mut Entry)) -> i64 {
    let mut entry = Entry {
        title: RichText::from_plain(TITLE),
        source_key: key.into(),
        authors: vec![Author::Person { family: "Fixture".into(), given: "First".into() }],
        journal: Journal { title: "Journal of Invented Perfusion".into(), ..Journal::default() },
        published_on: PartialDate::new(2026, Some(11), None),
        ..Entry::default()
    };
    change(&mut entry);
    let judged = Judged { mark: Mark::of(&entry), entry, judgement: Judgement::default() };
    let source = world.store.import_source(world.now()).await.unwrap();
    world.store.record_entries(source, vec![judged], world.now()).await.unwrap();
    let waiting = world.store.queue(QueueFilter::default(), 0, 100).await.unwrap().0;
    waiting.into_iter().map(|article| article.id).max().unwrap()
}

#[tokio::test]
async fn an_editor_merges_a_possible_duplicate_without_a_script_and_takes_it_back() {
    let world = World::start().await;
    let one = show(&world, "a", |entry| entry.ids.doi = Doi::parse("10.9999/x")).await;
    let other = show(&world, "b", |entry| {
        entry.ids.pmid = Some(Pmid(7));
        entry.title = RichText::from_plain(&format!("{TITLE}: a made-up trial"));
    })
    .await;
    assert_ne!(one, other);
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let page = maria.get(&format!("/desk/a/{one}")).await;
    assert!(page.text(".row .badges").contains("Possible duplicate"));
    for evidence in
        ["Nearly the same title", "Same first author: First Fixture", "Same year: 2026", "Same journal"]
    {
        assert!(page.text(".evidence").contains(evidence), "{}", page.text(".evidence"));
    }
    assert!(page.text(".side-title mark").contains("made-up"), "what differs is marked");
    let fields: Vec<(&str, String)> = ["revision", "other", "other_revision"]
        .map(|name| (name, page.values(&format!(".twin-acts input[name={name}]"), "value").remove(0)))
        .to_vec();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let merged = maria.post_and_follow(&format!("/desk/a/{one}/merge"), &fields).await;
    assert!(merged.text(".toast").starts_with("Merged with a duplicate"), "{}", merged.text(".toast"));
    assert_eq!(world.store.article(other).await.unwrap().unwrap().id, one);
    assert_eq!(maria.post(&format!("/desk/a/{one}/merge"), &fields).await.status, 303, "a double click");

    let undo = merged.values(".toast form", "action").remove(0);
    maria.post_and_follow(&undo, &[]).await;
    assert_eq!(world.store.article(other).await.unwrap().unwrap().id, other);
    let stale = maria.post(&format!("/desk/a/{one}/merge"), &fields).await;
    assert_eq!(stale.status, 409, "the page that was merged from is old by now");

    let apart =
        maria.post_and_follow(&format!("/desk/a/{one}/apart"), &[("other", &other.to_string())]).await;
    assert_eq!(apart.text(".evidence"), "");
    assert!(apart.text(".work-foot").contains("Said to be other works"));
    let again = [("other", other.to_string()), ("again", "1".to_owned())];
    let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = maria.post_and_follow(&format!("/desk/a/{one}/apart"), &again).await;
    assert!(!page.text(".evidence").is_empty());
}

#[tokio::test]
async fn a_paper_in_the_queue_says_what_became_of_its_preprint() {
    let world = World::start().await;
    let preprint = show(&world, "p", |entry| {
        entry.ids.doi = Doi::parse("10.1101/2026.01.02.26300001");
        entry.journal.title = "medRxiv".into();
        entry.kind = perfuse::domain::entry::WorkKind::Preprint;
    })
    .await;
    let mut maria = world.person("maria@example.org", Role::Editor).await;
    let article = world.store.article(preprint).await.unwrap().unwrap();
    maria.decide(&article, "reject", &[("reason", "low_evidence")]).await;
    let paper = show(&world, "q", |entry| entry.ids.doi = Doi::parse("10.9999/paper")).await;
    let page = maria.get(&format!("/desk/a/{paper}")).await;
    assert_eq!(page.text(".twin summary"), "Perhaps a preprint and its paper");
    let fields = [("other", preprint.to_string())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let linked = maria.post_and_follow(&format!("/desk/a/{paper}/version"), &fields).await;
    assert!(linked.text(".row .badges").contains("Published since; the preprint was rejected"));
    assert!(
        linked.text(".version").contains("Rejected (Low evidence) by maria"),
        "{}",
        linked.text(".version")
    );
    let unlinked = maria
        .post_and_follow(&format!("/desk/a/{paper}/version"), &[("unlink", &preprint.to_string())])
        .await;
    assert_eq!(unlinked.text(".version"), "");
    assert_eq!(world.store.article(preprint).await.unwrap().unwrap().status, Status::Rejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_or_one_tap_merges_what_is_one_work_and_undo_parts_it() {
    let Some(_turn) = take_turn("merging a possible duplicate").await else { return };
    let world = World::start().await;
    let one = show(&world, "a", |entry| entry.ids.doi = Doi::parse("10.9999/x")).await;
    let other = show(&world, "b", |entry| entry.ids.pmid = Some(Pmid(7))).await;
    let stands_for = async |id: i64| world.store.article(id).await.unwrap().unwrap().id;
    let chrome = Chrome::open().await;
    world.arrive(&chrome, "maria@example.org", Role::Editor).await;
    let address = format!("{}/desk/a/{one}", world.url);
    let merged = "document.querySelector('.toast')?.textContent.startsWith('Merged with a duplicate')";

    chrome.goto(&address).await;
    assert!(chrome.text(".evidence").await.contains("Same first author: First Fixture"));
    chrome.press("m").await;
    chrome.wait_for(merged).await;
    assert_eq!(chrome.text(".evidence").await, "", "nothing is left to ask");
    assert_eq!((stands_for(one).await, stands_for(other).await), (one, one));
    chrome.press("u").await;
    chrome.wait_for("document.querySelector('.evidence') !== null").await;
    assert_eq!(stands_for(other).await, other);

    chrome.set_screen(390, 780, true).await;
    chrome.goto(&address).await;
    chrome.tap(".twin-acts [data-key=m]").await;
    chrome.wait_for(merged).await;
    assert_eq!(stands_for(other).await, one);
}
