//! Pages, paging, filters, embedding: as a visitor, a program and a webmaster use them.

use axum::http::{Method, StatusCode, header};
use scraper::{Html, Selector};

use super::support::{NOW, Newsroom, paper};

fn select(html: &str, what: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    page.select(&Selector::parse(what).unwrap()).map(|element| element.text().collect()).collect()
}

fn attributes(html: &str, what: &str, name: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let what = Selector::parse(what).unwrap();
    let found = page.select(&what);
    found.filter_map(|element| element.value().attr(name).map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_reader_pages_from_the_newest_to_the_oldest_without_loss_or_repetition() {
    let room = Newsroom::open_with(|settings| settings.publish.page_items = 4).await;
    for number in 0..11 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    for start in ["/", "/t/ecpr"] {
        let (mut path, mut titles) = (start.to_owned(), Vec::new());
        loop {
            let page = room.get(&path).await.text();
            titles.extend(select(&page, "article h2"));
            match attributes(&page, "a.older", "href").pop() {
                Some(older) => path = older,
                None => break,
            }
        }
        let expected: Vec<String> =
            (0..11).rev().map(|number| format!("Paper {} on PaCO2 & flow", 100 + number)).collect();
        assert_eq!(titles, expected, "{start}");
    }
}

#[tokio::test]
async fn a_program_pages_through_the_api_and_filters() {
    let room = Newsroom::open().await;
    for number in 0..7 {
        room.publish(paper(100 + number), if number % 2 == 0 { &["ecpr"] } else { &["cpb"] }, None).await;
    }
    let (mut path, mut titles) = ("/api/v1/news?limit=3&utm_source=x".to_owned(), Vec::new());
    loop {
        let page = room.get(&path).await.json();
        titles.extend(page["items"].as_array().unwrap().iter().map(|item| item["title"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = next.replace("https://news.example.org", "");
    }
    assert_eq!(titles.len(), 7);
    titles.dedup();
    assert_eq!(titles.len(), 7);
    let count = async |path: &str| room.get(path).await.json()["items"].as_array().unwrap().len();
    assert_eq!(count("/api/v1/news?topic=ecpr").await, 4);
    assert_eq!(count("/api/v1/news?type=preprint").await, 0);
    assert_eq!(count("/api/v1/news?since=2026-11-23").await, 0);
    assert_eq!(count("/api/v1/news?until=2026-11-22").await, 0);
    assert_eq!(count("/api/v1/news?q=paper&topic=cpb&limit=2").await, 2);
    let found = room.get("/api/v1/news?q=paper&limit=5").await.json();
    let rest = found["next"].as_str().unwrap().replace("https://news.example.org", "");
    assert_eq!(count(&rest).await, 2);
}

#[tokio::test]
async fn a_bad_value_of_a_known_parameter_is_a_problem_that_names_it_and_never_repeats_it() {
    let room = Newsroom::open().await;
    for (path, name) in [
        ("/api/v1/news?limit=0", "limit"),
        ("/api/v1/news?limit=many", "limit"),
        ("/api/v1/news?cursor=<x>", "cursor"),
        ("/api/v1/news?since=yesterday", "since"),
        ("/api/v1/news?topic=unheard-of", "topic"),
        ("/api/v1/news?type=poem", "type"),
        ("/embed/v1/news.json?count=21", "count"),
        ("/embed/v1/news.html?heading-level=1", "heading-level"),
        ("/export?format=doc", "format"),
        ("/feeds/news.rss?archive=0", "archive"),
        ("/oembed?format=json", "url"),
    ] {
        let path = path.replace('<', "%3C").replace('>', "%3E");
        let answer = room.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        let problem = answer.json();
        assert_eq!((problem["status"].as_u64(), problem["parameter"].as_str()), (Some(400), Some(name)));
        assert!(!answer.text().contains("unheard-of") && !answer.text().contains("u003cx"), "{path}");
    }
    assert_eq!(room.get("/?before=abc").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn archives_of_a_feed_hold_its_whole_history_once() {
    let room = Newsroom::open_with(|settings| settings.publish.feed_items = 3).await;
    for number in 0..8 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    for start in ["/feeds/news.atom", "/feeds/t/ecpr.atom"] {
        let (mut path, mut titles) = (Some(start.to_owned()), Vec::new());
        while let Some(asked) = path {
            let feed = feed_rs::parser::parse(room.get(&asked).await.bytes.as_slice()).unwrap();
            let own = feed.links.iter().find(|link| link.rel.as_deref() == Some("self")).unwrap();
            assert_eq!(own.href, format!("https://news.example.org{asked}"));
            titles.extend(feed.entries.iter().map(|entry| entry.title.clone().unwrap().content));
            let previous = feed.links.iter().find(|link| link.rel.as_deref() == Some("prev-archive"));
            path = previous.map(|link| link.href.replace("https://news.example.org", ""));
        }
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), 8, "{start}: {titles:?}");
    }
    assert_eq!(room.get("/feeds/news.atom?archive=3").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_carry_what_machines_look_for_and_no_inline_script_or_style() {
    let room = Newsroom::open().await;
    let article = room.publish(paper(1), &["ecpr"], None).await;
    let own = format!("/a/{}", article.public_id);
    for path in [
        "/",
        "/t/ecpr",
        &own,
        "/feeds",
        "/topics",
        "/archive",
        "/archive/2026/11",
        "/search?q=paper",
        "/embed",
    ] {
        let page = room.get(path).await.text();
        assert_eq!(select(&page, "h1").len(), 1, "{path}");
        let feeds = attributes(&page, "link[rel=alternate][type='application/rss+xml']", "href");
        assert!(!feeds.is_empty(), "{path}");
        assert!(page.contains("<link rel=\"canonical\" href=\"https://news.example.org/"), "{path}");
        assert!(
            attributes(&page, "[style], style", "style").is_empty() && !page.contains("<style"),
            "{path}"
        );
        let scripts = Html::parse_document(&page);
        for script in scripts.select(&Selector::parse("script").unwrap()) {
            let kind = script.value().attr("type");
            assert!(script.value().attr("src").is_some() || kind == Some("application/ld+json"), "{path}");
        }
        for script in attributes(&page, "script[src]", "src") {
            assert_eq!(room.get(&script).await.status, StatusCode::OK, "{script}");
        }
        for style in attributes(&page, "link[rel=stylesheet], link[rel=icon]", "href") {
            let answer = room.get(&style).await;
            assert_eq!(answer.status, StatusCode::OK, "{style}");
            assert!(answer.header("cache-control").contains("immutable"), "{style}");
        }
    }
    let page = room.get(&own).await.text();
    let head = page.find("application/json+oembed").unwrap();
    assert!(head < 150_000);
    let address = attributes(&page, "link[type='application/json+oembed']", "href").remove(0);
    let oembed = room.get(&address.replace("https://news.example.org", "")).await.json();
    assert_eq!(oembed["type"], "rich");
    assert!(
        oembed["html"]
            .as_str()
            .unwrap()
            .contains("<iframe src=\"https://news.example.org/embed/v1/frame?id=")
    );
    let why = select(&page, "section.why p").remove(0);
    assert!(why.contains("An editor of Example Perfusion Society chose"), "{why}");
    assert!(why.ends_with(" We saw it in Imported files."), "{why}");
    let coins = attributes(&page, "span.Z3988", "title").remove(0);
    assert!(coins.contains("rft_id=info%3Apmid%2F99000001"), "{coins}");
    let json_ld = select(&page, "script[type='application/ld+json']").remove(0);
    let json_ld: serde_json::Value = serde_json::from_str(&json_ld).unwrap();
    assert_eq!(json_ld["about"]["sameAs"][0], "https://doi.org/10.5555/paper.1");
    assert!(!page.contains("citation_"), "we do not host the article");
}

#[tokio::test]
async fn every_link_on_our_pages_leads_somewhere() {
    let room = Newsroom::open_with(|settings| settings.publish.page_items = 2).await;
    for number in 0..5 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    let (mut seen, mut todo) = (vec!["/".to_owned()], vec!["/".to_owned()]);
    while let Some(path) = todo.pop() {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        for link in attributes(&answer.text(), "a[href], link[href], form[action]", "href") {
            let link = link.replace("https://news.example.org", "");
            let link = link.split('#').next().unwrap().to_owned();
            if link.starts_with('/') && !seen.contains(&link) {
                seen.push(link.clone());
                todo.push(link);
            }
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
}

#[tokio::test]
async fn what_is_not_there_is_404_as_a_page_or_a_problem() {
    let room = Newsroom::open().await;
    let unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for path in [
        &format!("/a/{unknown}"),
        "/a/x",
        "/a/%00",
        "/t/unheard-of",
        "/archive/2026/13",
        "/archive/2026/9",
        "/archive/1999/01",
        "/archive/x/y",
        "/feeds/other.rss",
        "/feeds/news.xml",
        "/embed/v2.js",
        "/assets/public.0000000000000000.css",
        "/embed/v1.0000000000000000.js",
    ] {
        assert_eq!(room.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = room.get(&format!("/a/{unknown}")).await;
    assert!(page.text().contains("Nothing here") && page.header("content-type").starts_with("text/html"));
    let problem = room.get(&format!("/api/v1/news/{unknown}")).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(room.get("/oembed?url=https://elsewhere.example/").await.status, StatusCode::NOT_FOUND);
    assert_eq!(room.get("/oembed?format=xml&url=x").await.status, StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test]
async fn the_embed_script_is_small_and_knows_where_it_comes_from() {
    let room = Newsroom::open().await;
    let script = room.ask(Method::GET, "/embed/v1.js", &[(header::ACCEPT_ENCODING, "gzip")]).await;
    assert!(script.bytes.len() < 2048, "{} bytes gzipped", script.bytes.len());
    let script = room.get("/embed/v1.js").await.text();
    assert!(script.contains("base = \"https://news.example.org\""));
    for forbidden in ["innerHTML", "insertAdjacent", "document.write", "eval(", "currentScript"] {
        assert!(!script.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn the_frame_may_be_shown_anywhere_unless_the_operator_lists_who_may() {
    let open = Newsroom::open().await;
    assert!(!open.get("/embed/v1/frame").await.header("content-security-policy").contains("frame-ancestors"));
    assert_eq!(open.get("/embed/v1/frame").await.header("x-robots-tag"), "noindex");
    let closed = Newsroom::open_with(|settings| {
        settings.publish.frame_ancestors = vec!["https://www.example.org".into()]
    })
    .await;
    let policy = closed.get("/embed/v1/frame").await.header("content-security-policy").to_owned();
    assert!(policy.contains("frame-ancestors 'self' https://www.example.org"), "{policy}");
    assert!(open.get("/").await.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn metrics_need_the_token_and_health_does_not() {
    let room = Newsroom::open().await;
    assert_eq!(room.get("/healthz").await.text(), "ok\n");
    assert_eq!(room.get("/readyz").await.text(), "ready\n");
    assert_eq!(room.get("/metrics").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_security_contact_expires_in_the_future() {
    let room = Newsroom::open().await;
    let text = room.get("/.well-known/security.txt").await.text();
    assert!(text.contains("Contact: mailto:news@example.org\n"));
    let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    assert!(expires > NOW.to_rfc3339().as_str());
    assert!(room.get("/robots.txt").await.text().contains("Sitemap: https://news.example.org/sitemap.xml"));
}

#[tokio::test]
async fn the_description_of_the_api_and_its_routes_agree() {
    let room = Newsroom::open().await;
    let document = room.get("/api/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described: Vec<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let routes = perfuse::web::routes();
    let mut served: Vec<&str> =
        routes.iter().map(|route| route.path).filter(|path| path.starts_with("/api/v")).collect();
    described.sort_unstable();
    served.sort_unstable();
    assert_eq!(described, served);

    room.publish(paper(1), &["ecpr"], None).await;
    let item = room.get("/api/v1/news").await.json()["items"][0].clone();
    let fields = document["components"]["schemas"]["NewsJson"]["properties"].as_object().unwrap().clone();
    for field in item.as_object().unwrap().keys() {
        assert!(fields.contains_key(field), "{field} is not described");
    }
    assert!(room.get("/api").await.text().contains("/api/v1/news/{id}"));
}
