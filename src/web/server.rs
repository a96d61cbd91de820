//! The listener and its limits: what no client can do to us, whatever the routes are.
//!
//! `axum::serve` keeps half-sent headers for ever, so connections are served through hyper's own builder, which has a
//! timer. Limits that need the request are layers of the router ([`with_limits`]); limits of the connection are in
//! [`serve`]. The numbers are decided (ARCHITECTURE.md, "Limits"), not settings.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::{ServiceBuilder, ServiceExt};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use super::error;

/// A client has this long for its whole header, and a silent connection lives no longer.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that takes no byte of its answer for this long is dropped.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// A request, with its body, is answered within this time or refused.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Request line and headers together, bytes.
pub const MAX_HEADER: usize = 16 * 1024;
/// Path and query, bytes.
pub const MAX_URL: usize = 8 * 1024;
/// A request's body, bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Open connections.
pub const MAX_CONNECTIONS: usize = 1024;
/// Work in flight has this long after the signal to stop; below the 10 s that the whole program has.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// What hyper may buffer of a header before it gives up by itself with 431; above [`MAX_HEADER`] so that a long URL
/// still gets its own answer, 414.
const HEADER_BUFFER: usize = 40 * 1024;

/// Where the connection comes from; behind a proxy, the proxy.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves `router` on `listener` until `stop` becomes true or its sender is gone, then lets requests in flight finish.
///
/// # Errors
/// None while serving: a failing accept is logged and tried again.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // out of file handles, or the client left already; neither ends the service
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = wait_for_stop(&mut stop) => break,
        };
        match room.clone().try_acquire_owned() {
            Ok(permit) => {
                let connection = serve_connection(stream, peer, router.clone(), &graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(_) => drop(tokio::spawn(turn_away(stream))),
        }
    }
    drop(listener);
    if timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time and were dropped");
    }
    Ok(())
}

/// Drops the guard that `wait_for` returns: it may not be held across an await.
async fn wait_for_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let watcher = graceful.watcher();
    // answers are small and complete: waiting to fill a packet only delays them
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request.map(axum::body::Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BUFFER)
        .serve_connection(TokioIo::new(WriteProgress::new(stream)), service);
    async move {
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

async fn answer(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Tells a client that found no room so, within a second.
async fn turn_away(mut stream: TcpStream) {
    const BUSY: &[u8] =
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = timeout(Duration::from_secs(1), stream.write_all(BUSY)).await;
}

/// Puts the limits that need the request around all routes. Of more than `max_requests` in work at once the next one is
/// told to come back.
pub fn with_limits<S: Clone + Send + Sync + 'static>(router: Router<S>, max_requests: usize) -> Router<S> {
    let room = Arc::new(Semaphore::new(max_requests));
    // one layer: axum boxes and clones each layer of a router once more for each request
    router.layer(
        ServiceBuilder::new()
            .layer(CatchPanicLayer::custom(answer_panic))
            .layer(middleware::from_fn(move |request: Request, next: Next| {
                let room = room.clone();
                async move {
                    match room.try_acquire() {
                        Ok(_permit) => next.run(request).await,
                        Err(_) => busy(),
                    }
                }
            }))
            .layer(middleware::from_fn(refuse_long_head))
            .layer(CompressionLayer::new())
            .layer(RequestBodyLimitLayer::new(MAX_BODY))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT)),
    )
}

fn answer_panic(panic: Box<dyn std::any::Any + Send>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = what, "a handler panicked");
    error::broken()
}

fn busy() -> Response {
    let response = (StatusCode::SERVICE_UNAVAILABLE, "Busy. Try again in a few seconds.\n").into_response();
    error::with_retry_after(response, 5)
}

async fn refuse_long_head(request: Request, next: Next) -> Response {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > MAX_URL {
        return error::page(StatusCode::URI_TOO_LONG, "long-address-title", "long-address-text");
    }
    // ": " and the line end, as on the wire
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if url + headers > MAX_HEADER {
        return error::page(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "long-header-title",
            "long-header-text",
        );
    }
    next.run(request).await
}

/// A stream that gives up when the other side takes no byte for [`WRITE_TIMEOUT`].
struct WriteProgress {
    stream: TcpStream,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl WriteProgress {
    fn new(stream: TcpStream) -> Self {
        Self { stream, deadline: None }
    }

    /// Starts or polls the deadline while a write waits, forgets it on progress.
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.deadline = None;
            return written;
        }
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + WRITE_TIMEOUT)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for WriteProgress {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for WriteProgress {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
