//! State × output: what is not published is nowhere, what is published is everywhere it belongs.

use axum::http::StatusCode;
use perfuse::domain::article::Article;
use perfuse::store::Wish;

use super::support::{NOW, Newsroom, approval, paper};

/// Where a published paper 1 of the topic "ecpr" must be seen. The item's own addresses come on top.
const OUTPUTS: [&str; 18] = [
    "/",
    "/t/ecpr",
    "/archive/2026/11",
    "/search?q=paper",
    "/feeds/news.rss",
    "/feeds/news.atom",
    "/feeds/news.json",
    "/feeds/t/ecpr.rss",
    "/feeds/t/ecpr.atom",
    "/feeds/t/ecpr.json",
    "/api/v1/news",
    "/api/v1/news?q=paper",
    "/embed/v1/news.html",
    "/embed/v1/news.json",
    "/embed/v1/frame",
    "/export?format=ris",
    "/export?format=bib&topic=ecpr",
    "/export?format=csl.json",
];

/// Says only that there is something, not what.
const COUNTS: [&str; 4] = ["/topics", "/archive", "/sitemap.xml", "/sitemap.xml?part=2026-11"];

fn own_addresses(article: &Article) -> Vec<String> {
    let id = &article.public_id;
    ["/a/ID", "/a/ID.ris", "/a/ID.bib", "/a/ID.csl.json", "/api/v1/news/ID", "/embed/v1/frame?id=ID"]
        .map(|path| path.replace("ID", id))
        .to_vec()
}

async fn assert_hidden(room: &Newsroom, article: &Article, state: &str, own: StatusCode) {
    for path in OUTPUTS.into_iter().chain(COUNTS) {
        let answer = room.get(path).await;
        let text = answer.text();
        assert!(!text.contains("Paper 1"), "{state}: {path}");
        assert!(!text.contains(&article.public_id), "{state}: {path}");
        assert!(!text.contains("10.5555/paper.1"), "{state}: {path}");
    }
    for path in ["/topics", "/archive"] {
        assert!(!room.get(path).await.text().contains(">1<"), "{state}: {path} counts it");
    }
    for path in own_addresses(article) {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, own, "{state}: {path}");
        assert!(!answer.text().contains("Paper 1"), "{state}: {path}");
    }
}

async fn assert_shown(room: &Newsroom, article: &Article, state: &str) {
    for path in OUTPUTS {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{state}: {path}");
        assert!(answer.text().contains("Paper 1"), "{state}: {path}: {}", answer.text());
    }
    for path in own_addresses(article) {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{state}: {path}");
        assert!(answer.text().contains("Paper 1"), "{state}: {path}");
    }
    assert!(room.get("/sitemap.xml?part=2026-11").await.text().contains(&article.public_id), "{state}");
}

#[tokio::test]
async fn only_what_is_approved_and_due_is_public_and_it_is_so_everywhere() {
    let room = Newsroom::open().await;
    let queued = room.queue(paper(1)).await;
    assert_hidden(&room, &queued, "queued", StatusCode::NOT_FOUND).await;

    let later = room.decide(&queued, Wish::Later { until: NOW.plus_ms(3_600_000) }).await;
    assert_hidden(&room, &later, "later", StatusCode::NOT_FOUND).await;

    let rejected = room.decide(&later, Wish::Reject { reason: None }).await;
    assert_hidden(&room, &rejected, "rejected", StatusCode::NOT_FOUND).await;

    let queued = room.decide(&rejected, Wish::Requeue).await;
    let scheduled = room.decide(&queued, approval(&queued, &["ecpr"], Some(NOW.plus_ms(60_000)))).await;
    assert_hidden(&room, &scheduled, "scheduled", StatusCode::NOT_FOUND).await;

    room.wait_ms(60_000);
    assert_shown(&room, &scheduled, "published").await;

    let withdrawn = room.decide(&scheduled, Wish::Withdraw).await;
    assert_hidden(&room, &withdrawn, "withdrawn", StatusCode::GONE).await;
}

#[tokio::test]
async fn an_item_of_another_topic_is_in_no_output_of_this_one() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    for path in [
        "/t/cpb",
        "/feeds/t/cpb.rss",
        "/api/v1/news?topic=cpb",
        "/embed/v1/news.json?topic=cpb",
        "/export?topic=cpb",
    ] {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.text().contains("Paper 1"), "{path}");
    }
}
