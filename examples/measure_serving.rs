//! Measures serving: the newest 20 items of 10,000 as JSON and as RSS, against a bare handler that returns the same
//! bytes from memory (the limit), and against nginx and datasette where they are installed.
//!
//! `cargo build --release && cargo run --release --example measure_serving -- [seconds] [connections]`, on a quiet
//! machine: load, peers and service share its cores, so only the ratios of one run mean something.

use std::path::Path;
use std::process::{Command, Stdio};

use axum::Router;
use axum::http::header;
use axum::routing::get;
use perfuse::store::Store;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

#[path = "invented/mod.rs"]
mod invented;
#[path = "serving/mod.rs"]
mod serving;
use serving::{Running, load, read_answer, start_service, wait_for};

const ITEMS: u32 = 10_000;
const PATHS: [(&str, &str, &str); 2] =
    [("JSON", "/api/v1/news?limit=20", "news.json"), ("RSS", "/feeds/news.rss", "news.rss")];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, file, port] = arguments.as_slice()
        && mode == "limit"
    {
        return serve_limit(Path::new(file), port.parse()?).await;
    }
    let number =
        |at: usize, otherwise: u64| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (seconds, connections) = (number(0, 10), number(1, 32));
    let folder = std::env::temp_dir().join("perfuse-measure-serving");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("perfuse.db");
    drop(Store::open(&path).await?);
    if std::fs::metadata(&path)?.len() < 1_000_000 {
        invented::fill(&path, ITEMS)?;
    }
    let _service = Running(start_service(&folder, &["serve", "--web-only"])?);
    wait_for(8401).await?;
    for (name, at, file) in PATHS {
        let body = fetch(8401, at).await?;
        let copy = folder.join(file);
        std::fs::write(&copy, &body)?;
        println!("\n{name}: {} bytes, {connections} connections, {seconds} s each", body.len());
        let limit =
            Running(Command::new(std::env::current_exe()?).arg("limit").arg(&copy).arg("8402").spawn()?);
        wait_for(8402).await?;
        let most = load(8402, "/", connections, seconds).await?;
        drop(limit);
        let ours = load(8401, at, connections, seconds).await?;
        println!("  a bare handler   {most}");
        println!("  perfuse          {ours}   {:.2} of the limit (goal 0.8)", ours.rate / most.rate);
        if let Some(nginx) = start_nginx(&folder)? {
            wait_for(8403).await?;
            let peer = load(8403, &format!("/{file}"), connections, seconds).await?;
            println!(
                "  nginx, a file    {peer}   p99 {:.2} of nginx's (goal 1.5)",
                ours.p99_ms / peer.p99_ms
            );
            drop(nginx);
        } else {
            println!("  nginx is not installed");
        }
        if let Some(datasette) = start_datasette(&path)? {
            wait_for(8404).await?;
            let query = "/perfuse/news.json?_size=20&_sort_desc=published_at&_shape=array";
            let peer = load(8404, query, connections, seconds).await?;
            println!("  datasette        {peer}   {:.0} times (goal 60)", ours.rate / peer.rate);
            drop(datasette);
        } else {
            println!("  datasette is not installed");
        }
    }
    Ok(())
}

async fn serve_limit(file: &Path, port: u16) -> anyhow::Result<()> {
    let bytes = bytes::Bytes::from(std::fs::read(file)?);
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], bytes) };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, Router::new().route("/", get(answer))).await?)
}

fn start_nginx(folder: &Path) -> anyhow::Result<Option<Running>> {
    let configuration = folder.join("nginx.conf");
    let folder = folder.display();
    std::fs::write(
        &configuration,
        format!(
            "daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log /dev/null; events {{}} http {{ access_log \
             off; keepalive_requests 1000000; open_file_cache max=10; server {{ listen 127.0.0.1:8403; root {folder}; }} }}"
        ),
    )?;
    let started = Command::new("nginx").arg("-c").arg(&configuration).stderr(Stdio::null()).spawn();
    Ok(started.ok().map(Running))
}

fn start_datasette(database: &Path) -> anyhow::Result<Option<Running>> {
    let mut command = Command::new("datasette");
    command.arg(database).args(["--port", "8404", "--setting", "num_sql_threads", "3"]);
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok().map(Running))
}

async fn fetch(port: u16, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
    let mut buffer = Vec::new();
    let start = read_answer(&mut stream, &mut buffer).await?;
    Ok(buffer.split_off(start))
}
