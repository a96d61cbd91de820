//! A real TCP server that does on the wire whatever a test tells it to, and remembers who came.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A stream of either kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One connection whose request has been read.
pub(crate) struct Wire {
    /// The request's head and, for a POST, its body.
    pub(crate) request: String,
    /// Requests this server has read so far, this one included.
    pub(crate) nth: usize,
    stream: Box<dyn Stream>,
}

impl Wire {
    /// The request's path with its query.
    pub(crate) fn path(&self) -> &str {
        self.request.split(' ').nth(1).unwrap_or_default()
    }

    /// Sends bytes; `false` once the client has gone.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Sends the same bytes until the client goes, with a pause between.
    pub(crate) async fn send_for_ever(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        while self.send(bytes.as_ref()).await {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Says nothing until the client goes.
    pub(crate) async fn wait_for_end(&mut self) {
        let mut rest = [0; 1024];
        while matches!(self.stream.read(&mut rest).await, Ok(read) if read > 0) {}
    }
}

/// Listens on a loopback address until dropped.
pub(crate) struct HostileServer {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HostileServer {
    /// Reads each request and hands the connection to `script`; when that ends, the connection is closed.
    pub(crate) async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, None, script)
    }

    /// The same behind TLS.
    pub(crate) async fn start_tls<F, Fut>(config: rustls::ServerConfig, script: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, Some(TlsAcceptor::from(Arc::new(config))), script)
    }

    /// Answers every request with the same bytes.
    pub(crate) async fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = Arc::new(bytes.into());
        Self::start(move |mut wire| {
            let bytes = Arc::clone(&bytes);
            async move {
                wire.send(&*bytes).await;
            }
        })
        .await
    }

    /// Serves on a listener of the test's own.
    pub(crate) fn start_on<F, Fut>(listener: TcpListener, tls: Option<TlsAcceptor>, script: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let (script, seen_by_task) = (Arc::new(script), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen, tls) = (Arc::clone(&script), Arc::clone(&seen_by_task), tls.clone());
                tokio::spawn(async move {
                    seen.connections.fetch_add(1, Ordering::SeqCst);
                    let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
                    seen.most_open.fetch_max(open, Ordering::SeqCst);
                    if let Some(mut wire) = read_request(stream, tls).await {
                        wire.nth = seen.remember(&wire.request);
                        script(wire).await;
                    }
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, seen, task }
    }

    /// Hands over each connection before anything is read.
    pub(crate) async fn start_raw<F, Fut>(script: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let seen_by_task = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen_by_task.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(script(stream));
            }
        });
        Self { address, seen, task }
    }

    /// `http://127.0.0.1:PORT` and a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `https://…`.
    pub(crate) fn https_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The most connections that were open at a time.
    pub(crate) fn most_open(&self) -> usize {
        self.seen.most_open.load(Ordering::SeqCst)
    }

    /// Every request read so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Waits until the server has let go of every connection.
    pub(crate) async fn wait_until_closed(&self) {
        while self.seen.open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Seen {
    fn remember(&self, request: &str) -> usize {
        let mut requests = self.requests.lock().unwrap();
        requests.push(request.to_owned());
        requests.len()
    }
}

async fn read_request(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Wire> {
    let mut stream: Box<dyn Stream> = match tls {
        Some(acceptor) => Box::new(acceptor.accept(stream).await.ok()?),
        None => Box::new(stream),
    };
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length =
        head.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
    while bytes.len() < head_end + length.unwrap_or(0) {
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    }
    Some(Wire { request: String::from_utf8_lossy(&bytes).into_owned(), nth: 0, stream })
}

/// A whole answer: status line, header lines, `Content-Length`, body.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes
        .extend_from_slice(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Closes with RST instead of FIN.
pub(crate) fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}
