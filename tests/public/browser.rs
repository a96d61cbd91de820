//! The embed and our pages in a real browser.

use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use perfuse::domain::notice::NoticeKind;
use perfuse::domain::text::RichText;
use perfuse::store::Wish;
use serde_json::json;
use tokio::net::TcpListener;

use super::support::{Newsroom, paper};
use crate::outputs::vectors::OWN;
use crate::support::axe::{AXE, axe};
use crate::support::chrome::{Chrome, take_turn};

/// Serves a router on loopback; its address.
async fn serve(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// A page of somebody else's, under the strictest policy that still lets one source in.
fn host_page(news: &str, body: &str) -> impl IntoResponse + use<> {
    let policy = format!(
        "default-src 'none'; script-src {news}; connect-src {news}; frame-src {news}; style-src 'unsafe-inline'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let page = format!(
        "<!doctype html><meta name=viewport content=\"width=device-width\"><title>Host</title><h1>Host</h1><h2>News</h2>{body}<p>After it</p>"
    );
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
}

#[tokio::test]
async fn the_embed_works_on_a_strict_host_page_and_leaves_its_link_where_it_cannot() {
    let Some(_turn) = take_turn("the embed on a host page").await else { return };
    let browser = Chrome::open().await;
    let (listener, news) = bind().await;
    let room = Newsroom::open_at(&news, |_| ()).await;
    for number in 0..7 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    serve(listener, room.router.clone()).await;
    let element = |server: &str, more: &str| {
        format!(
            "<perfuse-news count=\"5\" {more} style=\"display:block;min-height:28rem\"><a href=\"{news}/\">Latest \
             research news</a></perfuse-news><script src=\"{server}/embed/v1.js\" async></script>"
        )
    };
    let frame = format!(
        "<iframe src=\"{news}/embed/v1/frame?count=5\" height=\"420\" data-perfuse-news></iframe>\
         <script src=\"{news}/embed/v1/resize.js\" async></script>"
    );
    let pages = [
        ("/twice", element(&news, "") + &element(&news, "links=\"page\" heading-level=\"4\"")),
        ("/down", element("http://127.0.0.1:9", "")),
        ("/bad", element(&news, "topic=\"unheard-of\"")),
        ("/empty", element(&news, "topic=\"cpb\"")),
        (
            "/seal",
            element(&news, "").replace(" async", " async crossorigin integrity=\"sha384-AAAA\"").replace("AAAA", &"A".repeat(64)),
        ),
        ("/one", element(&news, "")),
        (
            "/hostile",
            "<style>*{color:red!important;font-size:30px!important;display:inline}ul,li,article,h3,a,p{margin:50px\
             !important}</style>"
                .to_owned()
                + &element(&news, ""),
        ),
        ("/frame", frame),
    ];
    let (host_listener, host) = bind().await;
    let mut router = Router::new();
    for (path, body) in pages {
        let news = news.clone();
        router = router.route(path, get(move || async move { host_page(&news, &body) }));
    }
    serve(host_listener, router).await;

    let client = &browser.client;
    client.goto(&format!("{host}/twice")).await.unwrap();
    let shown = browser
        .wait_for(
            "(all => all.length == 2 && all.every(Boolean) && all.map(r => [r.querySelectorAll('li').length, \
             r.querySelector('h3,h4').localName, r.querySelector('a').href, r.querySelector('a').textContent]))\
             ([...document.querySelectorAll('perfuse-news')].map(e => e.shadowRoot))",
        )
        .await;
    let title = "Paper 106 on PaCO₂ & flow";
    assert_eq!(shown[0], json!([5, "h3", "https://doi.org/10.5555/paper.106", title]));
    assert_eq!((&shown[1][0], &shown[1][1]), (&json!(5), &json!("h4")));
    assert!(shown[1][2].as_str().unwrap().starts_with(&format!("{news}/a/")));
    let shift = client
        .execute_async(
            "const done = arguments[0]; let sum = 0; new PerformanceObserver(list => { for (const e of \
             list.getEntries()) sum += e.value }).observe({ type: 'layout-shift', buffered: true }); \
             setTimeout(() => done(sum), 300)",
            vec![],
        )
        .await
        .unwrap();
    assert!(shift.as_f64().unwrap() <= 0.05, "layout shift {shift}");
    assert_eq!(client.execute("return document.cookie + localStorage.length", vec![]).await.unwrap(), "0");

    for path in ["/down", "/bad"] {
        client.goto(&format!("{host}{path}")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
        let left = "return document.querySelector('perfuse-news').shadowRoot ? 'replaced' : \
                    document.querySelector('perfuse-news a').offsetHeight > 0 ? 'link' : 'hidden'";
        assert_eq!(client.execute(left, vec![]).await.unwrap(), "link", "{path}");
    }

    for path in ["/empty", "/seal"] {
        client.goto(&format!("{host}{path}")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
        let left = "return document.querySelector('perfuse-news').shadowRoot ? 'replaced' : \
                    document.querySelector('perfuse-news a').offsetHeight > 0 ? 'link' : 'hidden'";
        assert_eq!(client.execute(left, vec![]).await.unwrap(), "link", "{path}");
    }

    for (width, least) in [(390, 2), (1280, 3)] {
        browser.set_screen(width, 800, width < 1000).await;
        for path in ["/one", "/hostile"] {
            client.goto(&format!("{host}{path}")).await.unwrap();
            let shown = browser
                .wait_for(
                    "(r => r && [r.querySelectorAll('li').length, r.querySelector('div').offsetHeight, \
                     r.host.offsetHeight, [...r.querySelectorAll('*')].filter(e => e.scrollHeight > \
                     e.clientHeight + 4 && getComputedStyle(e).overflowY != 'visible').length, \
                     r.querySelector('div > p:last-child > a')?.textContent, \
                     r.querySelector('time').textContent, getComputedStyle(r.querySelector('li')).display])\
                     (document.querySelector('perfuse-news').shadowRoot)",
                )
                .await;
            assert_eq!(shown[3], 0, "{path} at {width} px: nothing scrolls inside or is cut");
            assert_eq!(shown[5], "22 November 2026", "{path}: the day as our own pages say it");
            if path == "/one" {
                assert!(shown[0].as_i64().unwrap() >= least, "{width} px: {shown}");
                assert!(shown[1].as_i64() <= shown[2].as_i64(), "{width} px: {shown}");
                assert_eq!(shown[4], "All news", "{width} px: {shown}");
            }
            if let Some(folder) = std::env::var_os("PERFUSE_SHOTS") {
                let name = format!("embed{}-{width}.png", path.replace('/', "-"));
                let file = std::path::Path::new(&folder).join(name);
                std::fs::write(file, client.screenshot().await.unwrap()).unwrap();
            }
        }
    }

    client.goto(&format!("{host}/frame")).await.unwrap();
    browser.wait_for("(h => h != 420 && h > 150)(document.querySelector('iframe').offsetHeight)").await;
}

#[tokio::test]
async fn nothing_that_an_attacker_wrote_runs() {
    let Some(_turn) = take_turn("what an attacker wrote").await else { return };
    let browser = Chrome::open().await;
    let (listener, news) = bind().await;
    let room = Newsroom::open_at(&news, |settings| settings.publish.page_items = 50).await;
    let mut ids = Vec::new();
    for (at, vector) in OWN.iter().enumerate() {
        let mut entry = paper(100 + at as u32);
        entry.title = RichText::parse(&format!("Paper {at} {vector}"));
        entry.journal.title = (*vector).to_owned();
        entry.link = Some((*vector).to_owned());
        let article = room.queue(entry).await;
        let (title, summary) = (article.title.clone(), (*vector).to_owned());
        let wish = Wish::Approve { title, summary, topics: vec!["ecpr".into()], publish_at: None };
        ids.push(room.decide(&article, wish).await.public_id);
        room.wait_ms(1_000);
    }
    serve(listener, room.router.clone()).await;
    let (host_listener, host) = bind().await;
    let body =
        format!("<perfuse-news count=\"20\"></perfuse-news><script src=\"{news}/embed/v1.js\"></script>");
    // no policy here: only our own care protects this page
    let page = format!("<!doctype html><title>Host</title><h1>Host</h1><h2>News</h2>{body}");
    serve(host_listener, Router::new().route("/", get(move || async move { Html(page) }))).await;

    let client = &browser.client;
    let mut pages: Vec<String> = ids.iter().map(|id| format!("{news}/a/{id}")).collect();
    pages.extend(
        ["/", "/t/ecpr", "/embed/v1/frame?count=20", "/embed/v1/news.html?count=20"]
            .map(|path| news.clone() + path),
    );
    pages.push(format!("{news}/search?q=%3Cscript%3Ealert(1)%3C/script%3E"));
    pages.push(format!("{host}/"));
    for page in pages {
        client.goto(&page).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(client.get_alert_text().await.is_err(), "{page}: an alert");
        let links = client
            .execute("return [...document.querySelectorAll('a')].filter(a => !/^(https?|mailto):/.test(a.href)).length", vec![])
            .await
            .unwrap();
        assert_eq!(links, 0, "{page}");
    }
    browser.wait_for("document.querySelector('perfuse-news').shadowRoot?.querySelector('li') != null").await;
}

#[tokio::test]
async fn no_page_scrolls_sideways_on_a_phone_or_a_desktop() {
    let Some(_turn) = take_turn("the website at three widths").await else { return };
    let browser = Chrome::open().await;
    let (listener, news) = bind().await;
    let room = Newsroom::open_at(&news, |_| ()).await;
    let item = room.publish(paper(1), &["ecpr"], None).await;
    serve(listener, room.router.clone()).await;
    let own = format!("/a/{}", item.public_id);
    let pages = [
        "/",
        &own,
        "/topics",
        "/t/ecpr",
        "/archive",
        "/notices",
        "/feeds",
        "/search?q=flow",
        "/api",
        "/nothing",
    ];
    for width in [320, 390, 1280] {
        browser.set_screen(width, 800, width < 1000).await;
        for path in pages {
            browser.goto(&format!("{news}{path}")).await;
            let over = browser
                .ask("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .await;
            assert_eq!(over, 0, "{path} at {width} px");
        }
    }
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_in_either_light_on_phone_or_desktop() {
    let Some(axe) = axe() else { return };
    let Some(_turn) = take_turn("axe on the website").await else { return };
    let browser = Chrome::open().await;
    let (listener, news) = bind().await;
    let room = Newsroom::open_at(&news, |_| ()).await;
    let item = room.publish(paper(1), &["ecpr"], None).await;
    let marked = room.publish(paper(2), &["ecpr"], None).await;
    room.find(&marked, NoticeKind::Retraction).await;
    room.wait_ms(5_000);
    let withdrawn = room.publish(paper(3), &["ecpr"], None).await;
    room.decide(&withdrawn, Wish::Withdraw).await;
    serve(listener, room.router.clone()).await;
    let own = [&item, &marked].map(|article| format!("/a/{}", article.public_id));
    let gone = format!("/embed/v1/frame?id={}", withdrawn.public_id);
    let pages = [
        "/",
        &own[0],
        &own[1],
        "/topics",
        "/t/ecpr",
        "/archive",
        "/archive/2026/11",
        "/notices",
        "/feeds",
        "/search?q=paper",
        "/search?q=zzz",
        "/api",
        "/embed",
        "/embed/v1/frame?count=5",
        &gone,
        "/nothing",
    ];
    let mut faults = Vec::new();
    for (width, scheme) in [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")] {
        browser.set_screen(width, 800, width < 1000).await;
        browser.set_scheme(scheme).await;
        for path in pages {
            browser.goto(&format!("{news}{path}")).await;
            browser.client.execute(&axe, vec![]).await.unwrap();
            let found = browser.client.execute_async(AXE, vec![]).await.unwrap();
            // a frame is a part of somebody's page, which has the heading of that level
            let is_ours =
                |fault: &str| !path.contains("/frame") || !fault.starts_with("page-has-heading-one");
            let found = found.as_array().unwrap().iter().filter(|fault| is_ours(fault.as_str().unwrap()));
            faults.extend(found.map(|fault| format!("{path} at {width} px, {scheme}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
