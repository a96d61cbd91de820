//! For whoever runs the service: is it alive, is it ready, what does it do. Public, but says nothing about readers.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::{Access, AppState, Route};

/// The operator's lines of the list.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", Access::Public, health),
        Route::get("/readyz", Access::Public, readiness),
        Route::get("/metrics", Access::Public, metrics),
    ]
}

const HEADERS: [(header::HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "text/plain; charset=utf-8")];

/// The process answers.
async fn health() -> Response {
    (HEADERS, "ok\n").into_response()
}

/// The database answers too.
async fn readiness(State(app): State<AppState>) -> Response {
    match app.public.store.ping().await {
        Ok(()) => (HEADERS, "ready\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, HEADERS, "the database does not answer\n").into_response()
        }
    }
}

/// Counts in Prometheus' text form, for `Authorization: Bearer` with the configured token; 404 where none is set.
async fn metrics(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let Some(token) = &app.public.settings.metrics_token else {
        return (StatusCode::NOT_FOUND, HEADERS, "metrics are closed\n").into_response();
    };
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if !given.is_some_and(|given| bool::from(given.ct_eq(token.as_bytes()))) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge, HEADERS, "a token is needed\n").into_response();
    }
    let version = match app.public.store.news_version().await {
        Ok(version) => version,
        Err(error) => {
            tracing::warn!(%error, "no metrics");
            return (StatusCode::SERVICE_UNAVAILABLE, HEADERS, "the database does not answer\n")
                .into_response();
        }
    };
    let sources = match app.store.sources().await {
        Ok(sources) => sources,
        Err(error) => {
            tracing::warn!(%error, "no metrics");
            return (StatusCode::SERVICE_UNAVAILABLE, HEADERS, "the database does not answer\n")
                .into_response();
        }
    };
    let counts = app.public.shelf.counts();
    let started_s = app.public.started_at.0 / 1_000;
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: i64| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    };
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed) as i64;
    put("perfuse_start_time_seconds", "gauge", "When this process started, Unix time.", started_s);
    put("perfuse_news_version", "gauge", "Grows with every change of what is published.", version);
    put("perfuse_outputs_asked_total", "counter", "Requests for public outputs.", count(&counts.asked));
    put("perfuse_outputs_made_total", "counter", "Public outputs rendered.", count(&counts.made));
    put(
        "perfuse_editions_total",
        "counter",
        "Times the rendered outputs became stale.",
        count(&counts.editions),
    );
    let active: Vec<_> = sources.iter().filter(|source| source.paused_at.is_none()).collect();
    let of = |wanted: fn(&crate::store::SourceState) -> bool| {
        i64::try_from(active.iter().filter(|source| wanted(source)).count()).unwrap_or(i64::MAX)
    };
    put("perfuse_sources", "gauge", "Sources that are not paused.", of(|_| true));
    put(
        "perfuse_sources_failing",
        "gauge",
        "Sources whose last fetch failed, or that were stopped.",
        of(|source| source.failures > 0 || source.stopped.is_some()),
    );
    put(
        "perfuse_sources_silent",
        "gauge",
        "Sources that are silent against their own rhythm.",
        of(|source| source.quiet.is_some()),
    );
    put(
        "perfuse_sources_incomplete",
        "gauge",
        "Sources of which something is missing, or whose count failed.",
        of(|source| source.completeness().is_trouble()),
    );
    (HEADERS, text).into_response()
}
