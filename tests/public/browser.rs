//! The embed and our pages in a real browser: Chromium through chromedriver, skipped aloud where there is none.

use std::net::TcpListener as StdListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use perfuse::domain::text::RichText;
use perfuse::store::Wish;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::{Newsroom, paper};
use crate::outputs::vectors::OWN;

struct Browser {
    driver: Child,
    client: Client,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    async fn open() -> Option<Self> {
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(driver) = driver else {
            eprintln!("skipped: there is no chromedriver");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1000,800",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({ "goog:chromeOptions": { "args": args } });
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(options.as_object().unwrap().clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => return Some(Self { driver, client, _profile: profile }),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("chromedriver does not answer");
    }

    /// Runs a script again and again until it gives something other than null.
    async fn wait_for(&self, script: &str) -> Value {
        for _ in 0..200 {
            let value = self.client.execute(script, vec![]).await.unwrap();
            if !value.is_null() {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never true: {script}");
    }
}

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
    let page = format!("<!doctype html><title>Host</title><h1>Host</h1><h2>News</h2>{body}<p>After it</p>");
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page))
}

#[tokio::test]
async fn the_embed_works_on_a_strict_host_page_and_leaves_its_link_where_it_cannot() {
    let Some(browser) = Browser::open().await else { return };
    let (listener, news) = bind().await;
    let room = Newsroom::open_at(&news, |_| ()).await;
    for number in 0..7 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    serve(listener, room.router.clone()).await;
    let element = |server: &str, more: &str| {
        format!(
            "<perfuse-news count=\"5\" {more} style=\"display:block;min-height:22rem\"><a href=\"{news}/\">Latest \
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
            "const all = [...document.querySelectorAll('perfuse-news')].map(e => e.shadowRoot); \
             return all.length == 2 && all.every(Boolean) ? all.map(r => [r.querySelectorAll('li').length, \
             r.querySelector('h3,h4').localName, r.querySelector('a').href, r.querySelector('a').textContent]) : null",
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

    client.goto(&format!("{host}/frame")).await.unwrap();
    let resized =
        "const h = document.querySelector('iframe').offsetHeight; return h != 420 && h > 150 ? h : null";
    browser.wait_for(resized).await;
    client.clone().close().await.unwrap();
}

#[tokio::test]
async fn nothing_that_an_attacker_wrote_runs() {
    let Some(browser) = Browser::open().await else { return };
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
    browser.wait_for("const e = document.querySelector('perfuse-news'); return e.shadowRoot && e.shadowRoot.querySelectorAll('li').length").await;
    client.clone().close().await.unwrap();
}
