//! What pages and scripts of other sites meet: frames that have nothing to show, preflights, addresses that are broken.

use axum::http::{Method, StatusCode, header};
use perfuse::store::Wish;
use perfuse::web::{Access, routes};
use scraper::{Html, Selector};

use super::support::{Newsroom, paper};

#[tokio::test]
async fn a_frame_that_has_nothing_to_show_says_so_under_its_own_policy_and_leads_home() {
    let room = Newsroom::open().await;
    let article = room.publish(paper(1), &["ecpr"], None).await;
    let good = room.get("/embed/v1/frame").await.header("content-security-policy").to_owned();
    room.decide(&article, Wish::Withdraw).await;
    let withdrawn = format!("id={}", article.public_id);
    for (query, status, words) in [
        (withdrawn.as_str(), StatusCode::GONE, "withdrawn"),
        ("id=0193aaaa-0000-7000-8000-000000000000", StatusCode::NOT_FOUND, "nothing at this address"),
        ("topic=unheard-of", StatusCode::BAD_REQUEST, "topic"),
        ("count=many", StatusCode::BAD_REQUEST, "count"),
    ] {
        let answer = room.get(&format!("/embed/v1/frame?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{query}");
        assert_eq!(answer.header("content-security-policy"), good, "{query}");
        assert_eq!(answer.header("x-robots-tag"), "noindex", "{query}");
        let text = answer.text();
        assert!(text.contains(words) && !text.contains("Paper 1"), "{query}: {text}");
        let page = Html::parse_document(&text);
        let links: Vec<_> = page.select(&Selector::parse("a").unwrap()).collect();
        assert_eq!(links.len(), 1, "{query}");
        assert_eq!(links[0].attr("href"), Some("https://news.example.org/"), "{query}");
        let data = room.get(&format!("/embed/v1/news.json?{query}")).await;
        assert_eq!(
            (data.status, data.header("content-type")),
            (status, "application/problem+json"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_script_elsewhere_may_ask_conditionally_and_read_what_it_needs_to_page() {
    let room = Newsroom::open().await;
    let mut asked = 0;
    for route in routes().into_iter().filter(|route| route.access == Access::Public) {
        let starts = ["/api/", "/feeds", "/embed/", "/export", "/oembed"];
        if !starts.iter().any(|start| route.path.starts_with(start)) || route.path == "/feeds" {
            continue;
        }
        asked += 1;
        let path = route.path.replace("{id}", "x").replace("{file}", "news.rss");
        let preflight = [
            (header::ORIGIN, "https://society.example"),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "GET"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "if-none-match"),
        ];
        let answer = room.ask(Method::OPTIONS, &path, &preflight).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-headers").contains("if-none-match"), "{path}");
        assert!(answer.header("access-control-allow-methods").contains("GET"), "{path}");
        assert_eq!(answer.header("access-control-max-age"), "86400", "{path}");
        assert!(answer.bytes.is_empty(), "{path}");
        for verb in [Method::POST, Method::DELETE] {
            let refused = room.ask(verb.clone(), &path, &[]).await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{verb} {path}");
            assert_eq!(refused.header("content-type"), "application/problem+json", "{verb} {path}");
            assert!(refused.header("allow").contains("GET"), "{verb} {path}");
        }
    }
    assert!(asked >= 12, "{asked} routes");
    let list = room.get("/api/v1/news").await;
    assert_eq!(list.header("access-control-expose-headers"), "etag, link, last-modified");
    let page = room.ask(Method::POST, "/", &[]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(page.text().contains("Example Perfusion Society"), "a page of the website, not of the desk");
    let desk = room.ask(Method::OPTIONS, "/desk", &[]).await;
    assert!(!desk.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "never at the desk");
}

#[tokio::test]
async fn a_path_that_is_no_text_leads_nowhere_as_any_other() {
    let room = Newsroom::open().await;
    for path in ["/a/%ff", "/t/%ff", "/notices/%ff", "/archive/2026/%ff"] {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains("Nothing here"), "{path}");
    }
    for path in
        ["/feeds/%ff", "/feeds/t/%ff", "/embed/%ff", "/embed/v1/%ff", "/api/v1/news/%ff", "/assets/%ff"]
    {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn a_work_without_a_doi_is_known_by_its_pmid_in_every_feed_that_can_say_so() {
    let room = Newsroom::open().await;
    let mut entry = paper(1);
    entry.ids.doi = None;
    room.publish(entry, &["ecpr"], None).await;
    for path in ["/feeds/news.rss", "/feeds/news.atom"] {
        let text = room.get(path).await.text();
        assert!(text.contains("<dc:identifier>pmid:99000001</dc:identifier>"), "{path}: {text}");
        assert!(text.contains("<dc:source>Journal of Invented Perfusion"), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_topic_can_be_taken_into_a_reference_manager_and_a_link_shown_with_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("logo.png");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n").unwrap();
    let room = Newsroom::open_with(|settings| settings.society.logo = Some(picture)).await;
    room.publish(paper(1), &["ecpr"], None).await;
    let text = room.get("/t/ecpr").await.text();
    for format in ["ris", "bib", "csl.json"] {
        let address = format!("/export?format={format}&topic=ecpr");
        let page = Html::parse_document(&text);
        let is_linked = page.select(&Selector::parse("a").unwrap()).any(|a| a.attr("href") == Some(&address));
        assert!(is_linked, "{address}: {text}");
        assert!(room.get(&address).await.text().contains("Paper 1"), "{address}");
    }
    assert!(!room.get("/").await.text().contains("/export?"));
    assert!(text.contains("<meta property=\"og:locale\" content=\"en\">"));
    assert!(
        text.contains("<meta property=\"og:image\" content=\"https://news.example.org/assets/logo."),
        "{text}"
    );
    let plain = Newsroom::open().await;
    assert!(!plain.get("/").await.text().contains("og:image"), "a drawing is no picture for others");
}
