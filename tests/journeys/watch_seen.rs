//! What readers and editors see of the watch: the real website, its feeds and the letters, from cycle to cycle.

use std::collections::BTreeMap;

use mail_parser::MessageParser;
use perfuse::config::Settings;
use perfuse::domain::news::NewsItem;
use perfuse::domain::time::UnixMs;
use perfuse::worker::Post;
use serde_json::json;

use crate::support::literature::{record, structured_abstract};
use crate::support::registries::{World, with_link};
use crate::support::smtp::{PostOffice, Taken};
use crate::support::visitor::Visitor;

const FEEDS: [&str; 3] = ["/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json"];
const NOTICE_FEEDS: [&str; 3] = ["/feeds/notices.rss", "/feeds/notices.atom", "/feeds/notices.json"];
const LISTS: [&str; 5] = ["/", "/api/v1/news", "/embed/v1/news.html", "/embed/v1/news.json", "/notices"];
const PREPRINT: &str = "10.1101/2026.01.01.26300001";

/// An article's row id, its mark, and the notice's name.
type Marked = (i64, &'static str, &'static str);

/// Three papers and a preprint; the last one stays as it is.
async fn publish(world: &World) -> ([Marked; 3], i64) {
    let retracted = world.publish_paper(1, "A made-up trial of flow").await;
    let doubted = world.publish_paper(2, "A made-up trial of oxygenators").await;
    let withdrawn = world.publish_preprint(PREPRINT, "A made-up preprint").await;
    let untouched = world.publish_paper(3, "A made-up trial of cannulas").await;
    let marked = [
        (retracted, "Retracted", "Retraction"),
        (doubted, "Expression of concern", "Expression of concern"),
        (withdrawn, "Withdrawn", "Withdrawal"),
    ];
    (marked, untouched)
}

/// On one day PubMed, Crossref and medRxiv each have something to say.
fn change_three(world: &World) {
    let links = with_link(&world.paper(1), "RetractionIn", 900, "Perfusion. 2026 Nov;41(8):201");
    world.literature.add_record(1, links);
    world.registries.change(|known| {
        known.works.get_mut("10.9999/2").unwrap()["updated-by"] = json!([{
            "DOI": "10.9999/concern", "type": "expression_of_concern", "source": "publisher", "label": "Concern",
            "updated": {"date-parts": [[2026, 11, 20]]},
        }]);
        let versions = known.preprints.get_mut(PREPRINT).unwrap();
        let mut second = versions[0].clone();
        second["version"] = json!("2");
        second["abstract"] = json!("The authors have withdrawn this manuscript because of an error.");
        versions.push(second);
    });
}

/// Waits until the page has all of these: what is published in one second is spread over the next ones.
async fn wait_for(reader: &mut Visitor, path: &str, wanted: &[String]) {
    for _ in 0..400 {
        let page = reader.get(path).await;
        if wanted.iter().all(|part| page.body.contains(part.as_str())) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} lacks one of {wanted:?}: {}", reader.get(path).await.body);
}

async fn bodies(reader: &mut Visitor, paths: &[&'static str]) -> BTreeMap<&'static str, String> {
    let mut bodies = BTreeMap::new();
    for path in paths {
        let page = reader.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        bodies.insert(*path, page.body);
    }
    bodies
}

/// A feed's entries by their id, as another program reads them: title and the last change.
fn entries(body: &str) -> BTreeMap<String, (String, Option<i64>)> {
    let feed = feed_rs::parser::parse(body.as_bytes()).unwrap();
    let entries = feed.entries.into_iter().map(|entry| {
        (entry.id, (entry.title.unwrap().content, entry.updated.map(|updated| updated.timestamp_millis())))
    });
    entries.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_notices_on_one_day_are_on_the_website_and_in_every_feed_after_one_cycle() {
    let world = World::open().await;
    let (marked, untouched) = publish(&world).await;
    world.watch().await;
    let mut reader = world.reader();
    let items = world.items().await;
    let ids: Vec<String> = items.values().map(|item| item.public_id.clone()).collect();
    for path in FEEDS {
        wait_for(&mut reader, path, &ids).await;
    }
    let before = bodies(&mut reader, &FEEDS).await;
    for path in FEEDS.iter().chain(&LISTS) {
        let body = reader.get(path).await.body;
        for (_, mark, _) in marked {
            assert!(!body.contains(&format!("[{mark}]")), "{path} marks before anything happened");
        }
    }

    change_three(&world);
    world.watch().await;
    let after = world.items().await;
    let titles = marked.map(|(id, mark, _)| format!("[{mark}] {}", after[&id].title.to_plain()));
    for path in FEEDS {
        wait_for(&mut reader, path, &titles).await;
    }
    let notices = marked.map(|(id, ..)| after[&id].notices[0].public_id.clone());
    for path in FEEDS.into_iter().chain(NOTICE_FEEDS).chain(["/notices"]) {
        wait_for(&mut reader, path, &notices).await;
    }
    for (id, mark, name) in marked {
        assert_shown(&mut reader, &after[&id], mark, name).await;
    }
    assert_unmarked(&mut reader, &after[&untouched]).await;
    let now = bodies(&mut reader, &FEEDS).await;
    for path in FEEDS {
        let (old, new) = (entries(&before[path]), entries(&now[path]));
        assert_eq!(
            (old.len(), new.len()),
            (4, 7),
            "{path}: the items, and the notices as items of their own"
        );
        for (guid, (_, updated)) in &old {
            let item = after.values().find(|item| guid.contains(&item.public_id)).unwrap();
            let (title, moved) = new.get(guid).unwrap_or_else(|| panic!("{path}: the guid {guid} is gone"));
            let mark = marked.iter().find(|(id, ..)| *id == item.article_id).map(|(_, mark, _)| mark);
            assert_eq!(title.starts_with('['), mark.is_some(), "{path}: {title}");
            // RSS 2.0 itself has no word for it
            if path != "/feeds/news.rss" {
                assert_eq!(moved != updated, mark.is_some(), "{path}: {title}");
                assert_eq!(*moved, Some(item.updated_at.0 / 1_000 * 1_000), "{path}: {title}");
            }
        }
    }

    let everywhere = [&FEEDS[..], &NOTICE_FEEDS, &LISTS].concat();
    let seen = bodies(&mut reader, &everywhere).await;
    world.watch().await;
    world.watch().await;
    for (path, body) in bodies(&mut reader, &everywhere).await {
        assert_eq!(body, seen[path], "{path} changes although nothing happened");
    }
    world.close().await;
}

/// The right word in every output that shows the item, and no wrong one.
async fn assert_shown(reader: &mut Visitor, item: &NewsItem, mark: &str, name: &str) {
    let marked = format!("[{mark}] {}", item.title.to_plain());
    // the mark is in an element of its own on pages
    let plain = |body: &str| body.replace("<span class=\"marked\">", "").replace("]</span>", "]");
    let id = &item.public_id;
    let own = [format!("/a/{id}"), format!("/api/v1/news/{id}"), format!("/embed/v1/frame?id={id}")];
    let lists = ["/", "/api/v1/news", "/embed/v1/news.html", "/embed/v1/news.json"];
    for path in lists.into_iter().chain(FEEDS).map(str::to_owned).chain(own) {
        let page = reader.get(&path).await;
        assert!(plain(&page.body).contains(&marked), "{path} lacks {marked}: {}", page.body);
    }
    for kind in ["ris", "bib", "csl.json"] {
        let cited = reader.get(&format!("/a/{id}.{kind}")).await.body;
        assert!(cited.contains(mark), "{kind} lacks {mark}: {cited}");
    }
    let page = scraper::Html::parse_document(&reader.get(&format!("/a/{id}")).await.body);
    let banner = scraper::Selector::parse(".banner, .notice-banner").unwrap();
    let said: String = page.select(&banner).flat_map(|element| element.text()).collect();
    let finding = &item.mark().unwrap().finding;
    assert!(said.contains(finding.source.label()), "the banner names the source: {said:?}");
    if let Some(on) = &finding.noticed_on {
        assert!(said.contains(&on.to_display()), "the banner says when: {said:?}");
    }
    if let Some(link) = &finding.link {
        let links = scraper::Selector::parse("a").unwrap();
        let mut links = page.select(&banner).flat_map(|element| element.select(&links).collect::<Vec<_>>());
        assert!(links.any(|found| found.value().attr("href") == Some(link)), "the banner leads to {link}");
    }
    for path in ["/notices"].into_iter().chain(NOTICE_FEEDS) {
        let body = reader.get(path).await.body;
        assert!(body.contains(name) && body.contains(&item.title.to_plain()), "{path} lacks {name}: {body}");
    }
}

async fn assert_unmarked(reader: &mut Visitor, item: &NewsItem) {
    let title = item.title.to_plain();
    for path in LISTS.into_iter().chain(FEEDS).chain(NOTICE_FEEDS) {
        let body = reader.get(path).await.body;
        assert!(!body.replace("]</span>", "]").contains(&format!("] {title}")), "{path} marks {title}");
    }
    let cited = reader.get(&format!("/a/{}.ris", item.public_id)).await.body;
    assert!(cited.contains(&title) && !cited.contains("Retract"), "{cited}");
}

/// Mail settings as an operator writes them.
fn by_mail(port: u16) -> impl FnOnce(&mut Settings) {
    let mail = [
        ("PERFUSE__MAIL__HOST", "127.0.0.1".to_owned()),
        ("PERFUSE__MAIL__PORT", port.to_string()),
        ("PERFUSE__MAIL__TLS", "none".to_owned()),
        ("PERFUSE__MAIL__FROM", "desk@news.example.org".to_owned()),
    ];
    let env = mail.map(|(name, value)| (name.to_owned(), value));
    let mail = Settings::load(None, env.into_iter()).unwrap().settings.mail;
    move |settings| settings.mail = mail
}

/// Subject and plain text of a letter.
fn read(taken: &Taken) -> (String, String) {
    let message = MessageParser::default().parse(&taken.bytes).unwrap();
    (message.subject().unwrap().to_owned(), message.body_text(0).unwrap().replace("\r\n", "\n"))
}

/// A world whose editor gets letters.
async fn world_with_post(office: &PostOffice) -> (World, Post) {
    let world = World::open_with(by_mail(office.port)).await;
    world.store().set_password(world.editor, "not a hash".into(), None, UnixMs::now()).await.unwrap();
    let post = Post::configured(world.store().clone(), world.settings()).unwrap().unwrap();
    (world, post)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editors_get_one_letter_about_a_cycle_and_none_about_the_next() {
    let office = PostOffice::open().await;
    let (world, mut post) = world_with_post(&office).await;
    let (marked, _) = publish(&world).await;
    world.watch().await;
    post.deliver_due(UnixMs::now()).await.unwrap();
    assert_eq!(office.taken().len(), 0, "nothing has happened");
    change_three(&world);
    let corrected = with_link(&world.paper(3), "ErratumIn", 901, "Perfusion. 2026 Nov;41(8):300");
    world.literature.add_record(3, corrected);
    for _ in 0..3 {
        world.watch().await;
        post.deliver_due(UnixMs::now()).await.unwrap();
    }
    let taken = office.taken();
    assert_eq!(taken.len(), 1, "one letter for four notices, once");
    assert_eq!(taken[0].to, "maria@example.org");
    let (subject, text) = read(&taken[0]);
    assert_eq!(subject, "Retraction: A made-up trial of flow and 3 more notices");
    let lines = [
        "Retraction: A made-up trial of flow (PubMed). The public item is marked already.",
        "Withdrawal: A made-up preprint (medRxiv). The public item is marked already.",
        "Expression of concern: A made-up trial of oxygenators (the publisher, by Crossref). The public item is \
         marked already.",
        "Correction: A made-up trial of cannulas (PubMed). Nothing public has changed.",
    ];
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let places: Vec<_> = lines.iter().map(|line| text.find(line)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "the gravest first: {text}");
    for (id, ..) in marked {
        assert!(text.contains(&format!("/desk/a/{id} ")), "{text}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_look_at_an_archive_is_one_letter_that_names_twenty_and_counts_the_rest() {
    let office = PostOffice::open().await;
    let (world, mut post) = world_with_post(&office).await;
    world.publish_many(30).await;
    for pmid in 1..=30 {
        let xml = record(
            pmid,
            &format!("10.9999/{pmid}"),
            &format!("A made-up trial, number {pmid}"),
            &structured_abstract(42),
        );
        let kind = if pmid == 30 { "RetractionIn" } else { "ErratumIn" };
        world.literature.add_record(pmid, with_link(&xml, kind, 900 + pmid, "Perfusion. 2026 Nov;41(8):201"));
    }
    world.watch().await;
    post.deliver_due(UnixMs::now()).await.unwrap();
    let taken = office.taken();
    assert_eq!(taken.len(), 1);
    let (subject, text) = read(&taken[0]);
    assert_eq!(subject, "Retraction: A made-up trial, number 30 and 29 more notices");
    assert_eq!(text.matches("A made-up trial, number").count(), 20, "{text}");
    assert!(text.contains("And 10 more; the desk shows them."), "{text}");
    assert!(world.store().untold_notices(100).await.unwrap().is_empty());
    world.close().await;
}
