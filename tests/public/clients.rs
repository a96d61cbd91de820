//! What readers and reference managers of others make of our outputs: feedparser, rss-parser, feedsmith, newsboat;
//! rispy, bibtexparser, citation-js.
//!
//! They are looked for in the folder that `PERFUSE_CLIENTS` names (`python/` by `pip install --target`, `node_modules/`
//! by npm) and in the path. Where they are missing a test is skipped aloud; in CI, which installs them, it fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use perfuse::domain::article::Article;
use perfuse::domain::notice::NoticeKind;
use serde_json::Value;
use tokio::net::TcpListener;

use super::support::{Newsroom, paper};

/// The folder of clients, if this machine has one.
fn clients() -> Option<PathBuf> {
    let folder = std::env::var_os("PERFUSE_CLIENTS").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        miss("PERFUSE_CLIENTS names no folder");
    }
    folder
}

/// Aloud where a client may be missing, an error where it may not.
fn miss(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "in CI every client must be there: {what}");
    eprintln!("skipped: {what}");
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/public/clients").join(name)
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn python(folder: &Path, name: &str) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", folder.join("python")).arg(script(name));
    command
}

fn node(folder: &Path, name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script(name)).arg(folder);
    command
}

/// Three papers, the oldest of them retracted, on a real socket.
async fn open() -> (Newsroom, String, Vec<Article>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let room = Newsroom::open_at(&url, |_| ()).await;
    let mut articles = Vec::new();
    for number in 1..=3 {
        articles.push(room.publish(paper(number), &["ecpr"], None).await);
    }
    room.wait_ms(60_000);
    room.find(&articles[0], NoticeKind::Retraction).await;
    let router = room.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (room, url, articles)
}

/// The id, the title and the date of each item, newest first.
async fn expected(room: &Newsroom, url: &str, articles: &[Article]) -> Vec<(String, String, String)> {
    let api = room.get("/api/v1/notices").await.json();
    let notice = &api["notices"][0]["notice"];
    let second = |instant: &str| instant.trim_end_matches('Z')[..19].to_owned();
    let mut items = vec![(
        notice["url"].as_str().unwrap().to_owned(),
        "Retraction: Paper 1 on PaCO₂ & flow".to_owned(),
        second(notice["published_at"].as_str().unwrap()),
    )];
    for (number, article) in articles.iter().enumerate().rev() {
        let item = room.get(&format!("/api/v1/news/{}", article.public_id)).await.json();
        let mark = if number == 0 { "[Retracted] " } else { "" };
        items.push((
            format!("{url}/a/{}", article.public_id),
            format!("{mark}Paper {} on PaCO₂ & flow", number + 1),
            second(item["published_at"].as_str().unwrap()),
        ));
    }
    items
}

fn assert_read(client: &str, read: &Value, expected: &[(String, String, String)]) {
    assert_eq!(read["again"], 304, "{client}: what it has is not sent again");
    let items = read["items"].as_array().unwrap();
    let seen: Vec<_> = items
        .iter()
        .map(|item| {
            let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
            (text("id"), text("title"), text("date"))
        })
        .collect();
    assert_eq!(seen, expected, "{client}");
    for item in &items[1..3] {
        let content = item["content"].as_str().unwrap();
        assert!(content.contains("SpO2 &lt;90% was rarer."), "{client}: {content}");
    }
    let retracted = items[3]["content"].as_str().unwrap();
    assert!(retracted.contains("has been retracted"), "{client}: {retracted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_others_get_titles_dates_ids_and_content_and_no_second_copy() {
    let Some(folder) = clients() else { return };
    let (room, url, articles) = open().await;
    let expected = expected(&room, &url, &articles).await;
    for format in ["rss", "atom"] {
        let feed = format!("{url}/feeds/news.{format}");
        let mut command = python(&folder, "feedparser_reads.py");
        command.arg(&feed);
        let read = json(&run(command).await);
        assert_eq!(read["bozo"], false, "feedparser finds {format} well-formed");
        assert_read(&format!("feedparser {format}"), &read, &expected);
    }
    for (client, formats) in [("rss-parser", &["rss", "atom"][..]), ("feedsmith", &["rss", "atom", "json"])] {
        for format in formats {
            let mut command = node(&folder, "node_reads.mjs");
            command.args([client, &format!("{url}/feeds/news.{format}")]);
            assert_read(&format!("{client} {format}"), &json(&run(command).await), &expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn newsboat_keeps_each_item_once_and_asks_with_the_validators() {
    if Command::new("newsboat").arg("-v").output().is_err() {
        return miss("there is no newsboat");
    }
    let (room, url, articles) = open().await;
    let expected = expected(&room, &url, &articles).await;
    // newsboat knows an item by its guid across feeds: each format gets a cache of its own
    for format in ["atom", "rss"] {
        let feed = format!("{url}/feeds/news.{format}");
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| home.path().join(name);
        std::fs::write(file("urls"), format!("{feed}\n")).unwrap();
        std::fs::write(file("config"), "").unwrap();
        for _ in 0..2 {
            let mut command = Command::new("newsboat");
            command.env("HOME", home.path()).arg("-u").arg(file("urls")).arg("-C").arg(file("config"));
            command.arg("-c").arg(file("cache.db")).args(["-x", "reload"]);
            let output = run(command).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let cache = rusqlite::Connection::open(file("cache.db")).unwrap();
        let mut rows = cache
            .prepare(
                "SELECT guid, title, strftime('%Y-%m-%dT%H:%M:%S', pubDate, 'unixepoch'), content FROM rss_item",
            )
            .unwrap();
        let mut seen: Vec<(String, String, String, String)> = rows
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        seen.sort_by_key(|(guid, ..)| expected.iter().position(|(id, ..)| id == guid));
        assert_eq!(seen.len(), expected.len(), "{format}: each item once");
        for ((guid, title, date, content), (id, wanted, on)) in seen.iter().zip(&expected) {
            assert_eq!((guid, title), (id, wanted), "{format}");
            assert!(content.contains("<p>"), "{format}: {content}");
            // of Atom it takes the date of the last change, which differs for the retracted item alone
            assert!(date == on || title.starts_with("[Retracted]"), "{format}: {title}: {date}, not {on}");
        }
        let etag: String = cache.query_row("SELECT etag FROM rss_feed", [], |row| row.get(0)).unwrap();
        let asked = [
            (axum::http::header::ACCEPT_ENCODING, "gzip"),
            (axum::http::header::IF_NONE_MATCH, etag.as_str()),
        ];
        let known = room.ask(axum::http::Method::GET, &feed.replace(&url, ""), &asked).await;
        assert_eq!(known.status, 304, "{format}: newsboat asks with {etag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_others_parse_citations_back_with_their_notes() {
    let Some(folder) = clients() else { return };
    let (room, _, articles) = open().await;
    let home = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for extension in ["ris", "bib", "csl.json"] {
        let answer = room.get(&format!("/a/{}.{extension}", articles[0].public_id)).await;
        let file = home.path().join(format!("one.{extension}"));
        std::fs::write(&file, &answer.bytes).unwrap();
        files.push(file);
        let all = room.get(&format!("/export?format={extension}")).await;
        let file = home.path().join(format!("all.{extension}"));
        std::fs::write(&file, &all.bytes).unwrap();
        files.push(file);
    }
    let title = "Paper 1 on PaCO₂ & flow";
    let mut command = python(&folder, "python_cites.py");
    command.args([&files[1], &files[3]]);
    let read = json(&run(command).await);
    let (ris, bib) = (read["ris"].as_array().unwrap(), read["bib"].as_array().unwrap());
    assert_eq!((ris.len(), bib.len()), (3, 3));
    let oldest = &ris[2];
    assert_eq!(oldest["title"], title);
    assert_eq!(oldest["doi"], "10.5555/paper.1");
    assert_eq!(oldest["authors"][0], "Fixture, A B");
    assert_eq!(oldest["keywords"][0], "Retracted");
    assert!(oldest["notes"][0].as_str().unwrap().starts_with("Retraction: This article has been retracted"));
    assert!(ris[0].get("keywords").is_none(), "{}", ris[0]);
    let entry = &bib[2];
    assert_eq!((&entry["ENTRYTYPE"], &entry["doi"]), (&"article".into(), &"10.5555/paper.1".into()));
    assert!(entry["note"].as_str().unwrap().contains("has been retracted"), "{entry}");

    let mut command = node(&folder, "node_cites.mjs");
    command.args([&files[2], &files[4], &files[5]]);
    let read = json(&run(command).await);
    for (at, count) in [(0, 1), (1, 1), (2, 3)] {
        assert_eq!(read[at]["data"].as_array().unwrap().len(), count);
    }
    for at in [0, 1] {
        let cited = &read[at]["data"][0];
        assert_eq!(cited["DOI"], "10.5555/paper.1");
        assert_eq!(
            cited["title"].as_str().unwrap().replace("<span class=\"nocase\">", "").replace("</span>", ""),
            title
        );
        assert_eq!(cited["author"][0]["family"], "Fixture");
        assert_eq!(cited["issued"]["date-parts"][0][0], 2026);
        assert!(cited["note"].as_str().unwrap().contains("has been retracted"), "{cited}");
    }
    assert_eq!(read[1]["data"][0]["status"], "retracted");
}
