//! A running service under load, for measurements.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A child that ends with its owner.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program of the same build on port 8401, with a database in `folder`.
pub(crate) fn start_service(folder: &Path, arguments: &[&str]) -> anyhow::Result<Child> {
    let example = std::env::current_exe()?;
    let program: PathBuf = example.ancestors().nth(2).context("the folder of programs")?.join("perfuse");
    let mut command = Command::new(&program);
    command.args(arguments).stdout(Stdio::null());
    command.env("PERFUSE__DATA_DIR", folder).env("PERFUSE__SERVER__LISTEN", "127.0.0.1:8401");
    command.spawn().with_context(|| format!("{} cannot be started; build it first", program.display()))
}

pub(crate) async fn wait_for(port: u16) -> anyhow::Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nothing listens on port {port}")
}

pub(crate) struct Load {
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>8.0} requests/s, median {:.2} ms, p99 {:.2} ms", self.rate, self.p50_ms, self.p99_ms)
    }
}

/// Asks one after the other on each of `connections` connections that stay open.
pub(crate) async fn load(port: u16, path: &str, connections: u64, seconds: u64) -> anyhow::Result<Load> {
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

/// Reads one answer; its body is left at the end of `buffer`.
pub(crate) async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<usize> {
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
        let length: Option<usize> = length.map(|length| length.trim().parse()).transpose()?;
        // without a length it comes in chunks, the last of which is empty
        while length.map_or(!buffer.ends_with(b"\r\n0\r\n\r\n"), |length| buffer.len() < head + 4 + length) {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the connection ended");
            }
        }
        return Ok(head + 4);
    }
}
