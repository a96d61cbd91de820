//! What attackers write, approved by a careless editor, through the database into every page and document.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use perfuse::domain::entry::Author;
use perfuse::domain::text::RichText;
use perfuse::store::Wish;
use scraper::{Html, Node};

use super::support::{Newsroom, paper};
use crate::outputs::rules::read_xml;
use crate::outputs::vectors::vectors;

/// Tags and attributes that our own templates write.
fn written_by_us(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in Html::parse_document(page).tree.values() {
        match node {
            Node::Element(element) => {
                found.insert(element.name().to_owned());
                for (name, value) in element.attrs() {
                    found.insert(format!("{} {name}", element.name()));
                    let is_address = matches!(name, "href" | "src" | "action");
                    let is_ours = ["https://", "http://", "/", "mailto:", "#"];
                    assert!(
                        !is_address || is_ours.iter().any(|start| value.starts_with(start)),
                        "{name}={value}"
                    );
                }
            }
            Node::Comment(comment) => panic!("a comment: {comment:?}"),
            _ => {}
        }
    }
    found
}

/// Marks of titles, and what an item may have or lack.
const OPTIONAL: [&str; 16] = [
    "i",
    "b",
    "sub",
    "sup",
    "mark",
    "article",
    "h2",
    "li",
    "ul",
    "a rel",
    "a class",
    "nav",
    "nav class",
    "nav aria-label",
    "p class",
    "meta property",
];

#[tokio::test]
async fn hostile_texts_stay_texts_on_every_page() {
    let room = Newsroom::open_with(|settings| settings.publish.page_items = 500).await;
    let innocent = room.publish(paper(1), &["ecpr"], None).await;
    let innocent = format!("/a/{}", innocent.public_id);
    let pages = [
        "/",
        "/t/ecpr",
        "/archive/2026/11",
        "/search?q=alert",
        "/embed/v1/frame?count=20",
        "/embed/v1/news.html?count=20",
    ];
    let mut before = Vec::new();
    for page in pages.iter().copied().chain([innocent.as_str(), "/search?q=paper"]) {
        before.push(written_by_us(&room.get(page).await.text()));
    }
    let known: BTreeSet<String> = before.into_iter().flatten().chain(OPTIONAL.map(str::to_owned)).collect();

    let vectors = vectors();
    // four of them in the four fields of each item; every one meets one field, our own list meets all
    let own = vectors[..14].iter().flat_map(|vector| vec![vector; 4]).collect::<Vec<_>>();
    let texts: Vec<&String> = own.into_iter().chain(&vectors[14..]).collect();
    let mut ids = Vec::new();
    for (at, four) in texts.chunks(4).enumerate() {
        let text = |index: usize| four.get(index).copied().cloned().unwrap_or_default();
        let mut entry = paper(1_000 + at as u32);
        entry.title = RichText::parse(&format!("Paper {} {}", 1_000 + at, text(0)));
        entry.authors = vec![Author::Person { family: text(2), given: text(2) }];
        entry.journal.title = text(3);
        entry.journal.pages = text(3);
        entry.link = Some(text(2));
        let article = room.queue(entry).await;
        let wish = Wish::Approve {
            title: article.title.clone(),
            summary: format!("alert {}", text(1)),
            topics: vec!["ecpr".into()],
            publish_at: None,
        };
        ids.push(room.decide(&article, wish).await.public_id);
        room.wait_ms(1_000);
    }
    let own_pages: Vec<String> = ids.iter().map(|id| format!("/a/{id}")).collect();
    for path in pages.iter().copied().chain(own_pages.iter().map(String::as_str)) {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let foreign: Vec<String> = written_by_us(&answer.text()).difference(&known).cloned().collect();
        assert!(foreign.is_empty(), "{path}: {foreign:?}");
    }
    for path in [
        "/feeds/news.rss",
        "/feeds/news.atom",
        "/feeds/t/ecpr.rss",
        "/sitemap.xml?part=2026-11",
        "/feeds.opml",
    ] {
        read_xml(&room.get(path).await.bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    for path in
        ["/feeds/news.json", "/api/v1/news?limit=200", "/embed/v1/news.json", "/export?format=csl.json"]
    {
        let answer = room.get(path).await;
        assert!(!answer.text().contains('<'), "{path}");
        answer.json();
    }
}

#[tokio::test]
async fn hostile_questions_and_addresses_stay_texts() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    let known: BTreeSet<String> = [
        room.get("/search?q=paper").await,
        room.get("/search?q=zzz").await,
        room.get("/a/x").await,
        room.get("/nowhere").await,
        room.get(&format!("/search?q={}", "x".repeat(9_000))).await,
        room.get("/?before=1").await,
        room.get("/?before=1999999999999").await,
    ]
    .iter()
    .flat_map(|answer| written_by_us(&answer.text()))
    .collect();
    for vector in vectors() {
        let coded: String = url::form_urlencoded::byte_serialize(vector.as_bytes()).collect();
        let segment = percent_encoding::utf8_percent_encode(&vector, percent_encoding::NON_ALPHANUMERIC);
        for path in [
            format!("/search?q={coded}"),
            format!("/?before={coded}"),
            format!("/a/{segment}"),
            format!("/t/{segment}"),
        ] {
            let answer = room.get(&path).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
            if answer.header("content-type").starts_with("text/html") {
                let foreign: Vec<String> =
                    written_by_us(&answer.text()).difference(&known).cloned().collect();
                assert!(foreign.is_empty(), "{path}: {foreign:?}");
            }
        }
        for path in [
            format!("/api/v1/news?q={coded}&topic={coded}"),
            format!("/api/v1/news/{segment}"),
            format!("/feeds/{segment}"),
            format!("/oembed?url={coded}"),
        ] {
            let answer = room.get(&path).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
            assert!(
                answer.header("content-type").starts_with("text/html") || !answer.text().contains('<'),
                "{path}"
            );
        }
    }
}
