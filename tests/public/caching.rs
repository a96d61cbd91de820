//! Copies in memory: strong tags, no work for what is known, and never stale.

use axum::http::{Method, StatusCode, header};
use perfuse::store::Wish;

use super::support::{NOW, Newsroom, approval, paper};

const OUTPUTS: [&str; 25] = [
    "/",
    "/api",
    "/api/openapi.json",
    "/embed",
    "/topics",
    "/t/ecpr",
    "/archive",
    "/archive/2026/11",
    "/feeds",
    "/feeds/news.rss",
    "/feeds/news.atom",
    "/feeds/news.json",
    "/feeds/t/ecpr.rss",
    "/feeds.opml",
    "/feeds/notices.rss",
    "/notices",
    "/api/v1/notices",
    "/sitemap.xml?part=notices",
    "/api/v1/news",
    "/api/v1/topics",
    "/embed/v1.js",
    "/embed/v1/news.html",
    "/embed/v1/news.json",
    "/embed/v1/frame",
    "/sitemap.xml",
];

#[tokio::test]
async fn every_output_has_the_headers_that_were_promised_and_no_cookie() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    for path in OUTPUTS {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.header("etag").starts_with('"'), "{path}: {:?}", answer.headers);
        assert!(answer.header("last-modified").ends_with(" GMT"), "{path}");
        assert!(answer.header("cache-control").starts_with("public, max-age=300, stale-while"), "{path}");
        assert_eq!(answer.headers.get_all(header::VARY).iter().count(), 1, "{path}");
        assert_eq!(answer.header("vary"), "accept-encoding", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{path}");
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again_in_any_coding_and_head_has_no_body() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    for path in OUTPUTS {
        let mut tags = Vec::new();
        for coding in ["identity", "gzip", "br"] {
            let accept = (header::ACCEPT_ENCODING, coding);
            let first = room.ask(Method::GET, path, std::slice::from_ref(&accept)).await;
            let sent = if coding == "identity" { "" } else { coding };
            assert_eq!(first.header("content-encoding"), sent, "{path}");
            assert_eq!(first.header("content-length"), first.bytes.len().to_string(), "{path} {coding}");
            let tag = first.header("etag").to_owned();
            let known = [accept.clone(), (header::IF_NONE_MATCH, tag.as_str())];
            let second = room.ask(Method::GET, path, &known).await;
            assert_eq!((second.status, second.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{path} {coding}");
            assert_eq!(second.header("etag"), tag);
            let head = room.ask(Method::HEAD, path, &[accept]).await;
            assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0), "{path} {coding}");
            assert_eq!(head.header("content-length"), first.header("content-length"), "{path} {coding}");
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "{path}: a tag for each coding");
        let date = room.get(path).await.header("last-modified").to_owned();
        let since = room.ask(Method::GET, path, &[(header::IF_MODIFIED_SINCE, &date)]).await;
        assert_eq!(since.status, StatusCode::NOT_MODIFIED, "{path}");
    }
}

#[tokio::test]
async fn an_approval_and_a_withdrawal_are_seen_by_the_next_request() {
    let room = Newsroom::open().await;
    assert!(!room.get("/feeds/news.rss").await.text().contains("<item>"));
    let article = room.publish(paper(1), &["ecpr"], None).await;
    let with = room.get("/feeds/news.rss").await;
    assert!(with.text().contains("Paper 1"));
    room.wait_ms(1_000);
    room.decide(&article, Wish::Withdraw).await;
    let date = with.header("last-modified").to_owned();
    let without = room.ask(Method::GET, "/feeds/news.rss", &[(header::IF_MODIFIED_SINCE, &date)]).await;
    assert_eq!(without.status, StatusCode::OK, "a withdrawal is a change, though no item is newer");
    assert!(!without.text().contains("Paper 1"));
}

#[tokio::test]
async fn what_another_process_publishes_is_seen_within_a_second() {
    let room = Newsroom::open().await;
    let article = room.queue(paper(1)).await;
    assert!(!room.get("/feeds/news.rss").await.text().contains("Paper 1"));
    let other = room.another_process().await;
    room.decide_in(&other, &article, approval(&article, &["ecpr"], None)).await;
    let asked = std::time::Instant::now();
    while !room.get("/feeds/news.rss").await.text().contains("Paper 1") {
        assert!(asked.elapsed().as_millis() < 1_000, "stale for more than a second");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_scheduled_item_appears_at_its_time_without_any_write() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], Some(NOW.plus_ms(60_000))).await;
    for path in ["/", "/feeds/news.rss", "/api/v1/news", "/t/ecpr"] {
        assert!(!room.get(path).await.text().contains("Paper 1"), "{path}");
    }
    room.wait_ms(59_000);
    for path in ["/", "/feeds/news.rss", "/api/v1/news", "/t/ecpr"] {
        assert!(room.get(path).await.text().contains("Paper 1"), "{path}");
    }
}

#[tokio::test]
async fn the_same_news_keeps_its_tag_when_something_else_is_written() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    let before = room.get("/feeds/news.rss").await;
    room.wait_ms(5_000);
    room.queue(paper(2)).await;
    let after = room.get("/feeds/news.rss").await;
    assert_eq!(before.header("etag"), after.header("etag"));
    assert_eq!(before.header("last-modified"), after.header("last-modified"));
}

/// The export is streamed and compressed on the way: the compressor asks the stream once more after its end, which
/// killed the connection.
#[tokio::test]
async fn an_export_arrives_whole_in_every_coding() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    for format in ["ris", "bib", "csl.json"] {
        for coding in ["identity", "gzip", "br"] {
            let path = format!("/export?format={format}");
            let answer = room.ask(Method::GET, &path, &[(header::ACCEPT_ENCODING, coding)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {coding}");
            assert!(answer.bytes.len() > 100, "{path} {coding}");
        }
    }
}

#[tokio::test]
async fn what_was_made_is_served_while_the_database_does_not_answer() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    let before = room.get("/feeds/news.rss").await;
    room.break_database();
    room.queue(paper(2)).await;
    let during = room.get("/feeds/news.rss").await;
    assert_eq!((during.status, during.header("etag")), (StatusCode::OK, before.header("etag")));
}

#[tokio::test]
async fn an_export_is_not_sent_again_until_something_published_changes() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    let path = "/export?format=bib";
    let tag = room.get(path).await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let known = [(header::IF_NONE_MATCH, tag.as_str())];
    let again = room.ask(Method::GET, path, &known).await;
    assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
    let dated = room.get(path).await.header("last-modified").to_owned();
    let since = [(header::IF_MODIFIED_SINCE, dated.as_str())];
    assert_eq!(room.ask(Method::GET, path, &since).await.status, StatusCode::NOT_MODIFIED);
    assert_ne!(room.get("/export?format=ris").await.header("etag"), tag);
    let scheduled = room.queue(paper(2)).await;
    let wish = approval(&scheduled, &["ecpr"], Some(room.now().plus_ms(60_000)));
    room.decide(&scheduled, wish).await;
    room.wait_ms(61_000);
    let changed = room.ask(Method::GET, path, &known).await;
    assert_eq!(changed.status, StatusCode::OK, "the scheduled item became due");
    assert!(changed.text().contains("10.5555/paper.2"));
    assert_eq!(room.ask(Method::GET, path, &since).await.status, StatusCode::OK);
}
