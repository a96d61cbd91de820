//! Measures what readers notice while the desk is busy: the newest 20 items of 10,000, first alone, then while the worker
//! takes in feeds and five editors approve. `cargo build --release && cargo run --release --example measure_busy`

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract;
use axum::routing::get;
use perfuse::domain::editor::Role;
use perfuse::domain::time::{HOUR_MS, UnixMs};
use perfuse::domain::token::Token;
use perfuse::store::{LinkPurpose, Store};
use scraper::{Html, Selector};
use tokio::net::TcpListener;

#[path = "invented/mod.rs"]
mod invented;
#[path = "serving/mod.rs"]
mod serving;
use serving::{Load, Running, load, start_service, wait_for};

const ITEMS: u32 = 10_000;
const FEEDS: usize = 400;
const ENTRIES: usize = 50;
const EDITORS: usize = 5;
/// An editor who is quick.
const READS_FOR: Duration = Duration::from_millis(1_000);
const SECONDS: u64 = 10;
const CONNECTIONS: u64 = 32;
const OUTPUTS: [&str; 2] = ["/api/v1/news?limit=20", "/feeds/news.rss"];
const OURS: &str = "http://127.0.0.1:8401";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("perfuse.db");
    let store = Store::open(&database).await?;
    invented::fill(&database, ITEMS)?;
    let alone = {
        let _service = Running(start_service(folder.path(), &["serve", "--web-only"])?);
        wait_for(8401).await?;
        measure().await?
    };

    configure(folder.path(), feeds().await?)?;
    let config = folder.path().join("perfuse.toml");
    let config = config.to_str().context("a folder that is no text")?;
    let mut editors = Vec::new();
    for number in 0..EDITORS {
        editors.push(invite(&store, number).await?);
    }
    let _service = Running(start_service(folder.path(), &["--config", config, "serve"])?);
    wait_for(8401).await?;
    let (done, approved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut desk = tokio::task::JoinSet::new();
    for link in editors {
        desk.spawn(edit(link, done.clone(), approved.clone()));
    }
    while approved.load(Ordering::Relaxed) < EDITORS {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if let Some(ended) = desk.try_join_next() {
            ended??;
        }
    }
    let before = waiting(&database)?;
    let busy = measure().await?;
    let taken_in = waiting(&database)? - before;
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = desk.join_next().await {
        ended??;
    }
    for ((path, alone), busy) in OUTPUTS.iter().zip(&alone).zip(&busy) {
        println!("{path}\n  alone   {alone}\n  busy    {busy}");
        println!("          p99 {:.2} times (goal 3)", busy.p99_ms / alone.p99_ms);
    }
    let approved = approved.load(Ordering::Relaxed);
    println!("meanwhile {taken_in} articles came in; {EDITORS} editors approved {approved} in all; no error");
    Ok(())
}

async fn measure() -> anyhow::Result<Vec<Load>> {
    let mut loads = Vec::new();
    for path in OUTPUTS {
        loads.push(load(8401, path, CONNECTIONS, SECONDS).await?);
    }
    Ok(loads)
}

/// Feeds of invented entries, a new lot at each request; their port.
async fn feeds() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let app = Router::new().route(
        "/{number}",
        get(|extract::Path(number): extract::Path<usize>| async move {
            let mut feed = String::from("<rss version=\"2.0\"><channel><title>Invented</title>");
            for entry in 0..ENTRIES {
                let id = number * ENTRIES + entry;
                let abstract_text = format!(
                    "Whether ECPR helps was unclear. We enrolled {id} patients with refractory cardiac arrest. {}Mortality \
                     fell from 40% to 31%. ECPR was associated with lower mortality in this invented cohort.",
                    "Secondary outcomes were lactate, haemolysis, bleeding and the length of stay. ".repeat(12)
                );
                let _ = write!(
                    feed,
                    "<item><title>ECMO in invented cohort {id}</title><link>https://example.org/{id}</link>\
                     <guid>{id}</guid><description>{abstract_text}</description></item>"
                );
            }
            feed + "</channel></rss>"
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(port)
}

fn configure(folder: &Path, port: u16) -> anyhow::Result<()> {
    let mut sources = String::new();
    for number in 0..FEEDS {
        write!(
            sources,
            "[[source]]\nname = \"feed-{number}\"\ntitle = \"Feed {number}\"\nkind = \"feed\"\nurl = \
             \"http://127.0.0.1:{port}/{number}\"\n"
        )?;
    }
    std::fs::write(folder.join("sources.toml"), sources)?;
    let settings = format!(
        "[sources]\nfile = {:?}\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_spacing_ms = 0\n",
        folder.join("sources.toml")
    );
    Ok(std::fs::write(folder.join("perfuse.toml"), settings)?)
}

/// An account; the path of its one-time link.
async fn invite(store: &Store, number: usize) -> anyhow::Result<String> {
    let now = UnixMs::now();
    let editor = store.add_editor(&format!("editor{number}@example.org"), Role::Editor, None, now).await?;
    let token = Token::generate()?;
    store.add_link(editor.id, token.hash(), LinkPurpose::Invite, now.plus_ms(HOUR_MS), now).await?;
    Ok(format!("{OURS}/desk/link/{}", token.to_text()))
}

/// Signs in and approves what the queue shows, again and again.
async fn edit(link: String, done: Arc<AtomicBool>, approved: Arc<AtomicUsize>) -> anyhow::Result<()> {
    // another client's may stand already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let form = [("password", "seven quiet otters swim")];
    let answer = client.post(link).header("origin", OURS).form(&form).send().await?;
    let cookie = answer.headers().get("set-cookie").context("not signed in")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    while !done.load(Ordering::Relaxed) {
        let page = client.get(format!("{OURS}/desk")).header("cookie", &cookie).send().await?.text().await?;
        tokio::time::sleep(READS_FOR).await;
        let Some((address, fields)) = approval(&page) else { continue };
        let request =
            client.post(format!("{OURS}{address}")).header("cookie", &cookie).header("origin", OURS);
        let answer = request.form(&fields).send().await?;
        // another editor may have been quicker
        let status = answer.status().as_u16();
        ensure!(matches!(status, 303 | 409), "{status}: {}", refusal(&answer.text().await?));
        approved.fetch_add(usize::from(status == 303), Ordering::Relaxed);
    }
    Ok(())
}

/// The form of the article that the page shows: where "Approve" sends it, and its fields, figures acknowledged.
fn approval(page: &str) -> Option<(String, Vec<(String, String)>)> {
    let page = Html::parse_document(page);
    let approve = Selector::parse("button.approve").ok()?;
    let address = page.select(&approve).next()?.value().attr("formaction")?.to_owned();
    let inputs = Selector::parse("form.decide input[name], form.decide textarea[name]").ok()?;
    let mut fields = Vec::new();
    for field in page.select(&inputs) {
        let (name, value) = (field.value().attr("name")?, field.value().attr("value").unwrap_or_default());
        let is_box = matches!(field.value().attr("type"), Some("checkbox" | "radio"));
        if field.value().name() == "textarea" {
            let text: String = field.text().collect();
            let text = if text.is_empty() { "An invented report.".into() } else { text };
            fields.push((name.to_owned(), text));
        } else if !is_box || field.value().attr("checked").is_some() {
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    Some((address, fields))
}

fn refusal(page: &str) -> String {
    let errors = Selector::parse(".errors").ok();
    errors
        .map(|errors| Html::parse_document(page).select(&errors).flat_map(|error| error.text()).collect())
        .unwrap_or_default()
}

fn waiting(database: &Path) -> anyhow::Result<i64> {
    let db = rusqlite::Connection::open(database)?;
    Ok(db.query_row("SELECT count(*) FROM articles WHERE status = 'queued'", [], |row| row.get(0))?)
}
