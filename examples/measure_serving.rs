//! Measures serving: the newest 20 items of 10,000 as JSON and as RSS, against a bare handler that returns the same
//! bytes from memory (the limit), and against nginx and datasette where they are installed.
//!
//! `cargo build --release && cargo run --release --example measure_serving -- [seconds] [connections]`, on a quiet
//! machine: load, peers and service share its cores, so only the ratios of one run mean something.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use perfuse::store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[path = "invented/mod.rs"]
mod invented;

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
    let _service = Running(start_service(&folder)?);
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

/// A child that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn serve_limit(file: &Path, port: u16) -> anyhow::Result<()> {
    let bytes = bytes::Bytes::from(std::fs::read(file)?);
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], bytes) };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, Router::new().route("/", get(answer))).await?)
}

fn start_service(folder: &Path) -> anyhow::Result<Child> {
    let example = std::env::current_exe()?;
    let program: PathBuf = example.ancestors().nth(2).context("the folder of programs")?.join("perfuse");
    let mut command = Command::new(&program);
    command.args(["serve", "--web-only"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("PERFUSE__DATA_DIR", folder).env("PERFUSE__SERVER__LISTEN", "127.0.0.1:8401");
    command.spawn().with_context(|| format!("{} cannot be started; build it first", program.display()))
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

async fn wait_for(port: u16) -> anyhow::Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nothing listens on port {port}")
}

struct Load {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.0} requests/s, median {:.2} ms, p99 {:.2} ms", self.rate, self.p50_ms, self.p99_ms)
    }
}

/// Asks one after the other on each of `connections` connections that stay open.
async fn load(port: u16, path: &str, connections: u64, seconds: u64) -> anyhow::Result<Load> {
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: identity\r\n\r\n");
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let request = request.clone();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let (mut times, mut buffer) = (Vec::new(), Vec::new());
            while Instant::now() < until {
                let asked = Instant::now();
                stream.write_all(request.as_bytes()).await?;
                read_answer(&mut stream, &mut buffer).await?;
                times.push(asked.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client??);
    }
    let took = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    Ok(Load { rate: times.len() as f64 / took, p50_ms: at(0.5), p99_ms: at(0.99) })
}

/// Reads one answer that says its length; its body is left at the end of `buffer`.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<usize> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the connection ended");
        }
        let Some(head) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            bail!("answered {}", text.lines().next().unwrap_or_default());
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("no Content-Length")?.trim().parse()?;
        while buffer.len() < head + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the connection ended");
            }
        }
        return Ok(head + 4);
    }
}

async fn fetch(port: u16, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
    let mut buffer = Vec::new();
    let start = read_answer(&mut stream, &mut buffer).await?;
    Ok(buffer.split_off(start))
}
