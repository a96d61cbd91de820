//! What readers and machines see: pages, feeds, the embed, the API, citations.
//!
//! Every output is made from approved, due items that the store hands over, rendered by [`crate::publish`] or by a
//! template, and answered from memory (`shelf`). Nothing here knows a session, sets a cookie or logs a
//! reader's address.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Access, AppState, Clock, Route};
use crate::config::Settings;
use crate::domain::news::Site;
use crate::domain::time::UnixMs;
use crate::store::Store;
use crate::texts::Texts;

mod api;
mod assets;
mod citations;
mod colour;
mod docs;
mod document;
mod embed;
mod error;
mod export;
mod feeds;
mod history;
mod item;
mod lists;
mod machines;
mod notices;
mod page;
mod parameters;
mod search;
mod shelf;
pub(super) mod snippets;

use assets::Assets;
use document::Page;
use error::PublicError;
use shelf::Shelf;

/// How the public side is set up.
#[derive(Clone)]
pub struct PublicSettings {
    /// Items in a feed and in each of its archives.
    pub feed_items: usize,
    /// Items on a page.
    pub page_items: usize,
    /// WebSub hub, if one is configured.
    pub hub: Option<String>,
    /// The society's own website.
    pub homepage: Option<String>,
    /// The society's logo, a file.
    pub logo: Option<PathBuf>,
    /// Origins that may show the frame; empty: any may.
    pub frame_ancestors: Vec<String>,
    /// Whether an item's history names editors.
    pub show_editor_names: bool,
    /// What `/metrics` asks for; `None` closes it.
    pub metrics_token: Option<String>,
    /// How long an output may be served without asking whether anything changed.
    pub check_every: Duration,
    /// Most memory for rendered outputs, bytes, about.
    pub cache_bytes: usize,
}

impl Default for PublicSettings {
    fn default() -> Self {
        Self {
            feed_items: 50,
            page_items: 20,
            hub: None,
            homepage: None,
            logo: None,
            frame_ancestors: Vec::new(),
            show_editor_names: false,
            metrics_token: None,
            check_every: Duration::from_millis(500),
            cache_bytes: 32 * 1024 * 1024,
        }
    }
}

impl From<&Settings> for PublicSettings {
    fn from(settings: &Settings) -> Self {
        let publish = &settings.publish;
        Self {
            feed_items: publish.feed_items,
            page_items: publish.page_items,
            hub: publish.websub_hub.clone(),
            homepage: settings.society.homepage.clone(),
            logo: settings.society.logo.clone(),
            frame_ancestors: publish.frame_ancestors.clone(),
            show_editor_names: publish.show_editor_names,
            metrics_token: settings.server.metrics_token.expose().map(str::to_owned),
            ..Self::default()
        }
    }
}

/// The public side: what its handlers need, and the shelf of rendered outputs.
pub struct Public {
    pub(super) store: Store,
    pub(super) settings: PublicSettings,
    pub(super) shelf: Shelf,
    pub(super) started_at: UnixMs,
    site: Arc<Site>,
    texts: &'static Texts,
    clock: Clock,
    assets: Assets,
}

impl Public {
    /// Address of the society's logo for the desk, where it has one that leaves its pages light.
    pub fn light_logo_path(&self) -> Option<String> {
        const MOST_BYTES: usize = 24 * 1024;
        self.assets.logo.as_ref().filter(|logo| logo.size <= MOST_BYTES).map(assets::Asset::path)
    }

    /// Makes the assets and an empty shelf.
    pub fn new(store: Store, site: Arc<Site>, clock: Clock, settings: PublicSettings) -> Self {
        let shelf = Shelf::new(store.clone(), clock.clone(), settings.check_every, settings.cache_bytes);
        let assets = Assets::new(&site, settings.logo.as_deref());
        let texts = Texts::of(&site.language);
        Self { started_at: clock.read(), store, site, texts, clock, settings, shelf, assets }
    }

    /// The script that makes copy buttons, for pages elsewhere in this program.
    pub fn copy_script_path(&self) -> String {
        self.assets.script.path()
    }

    fn now(&self) -> UnixMs {
        self.clock.read()
    }

    /// Answers from the shelf; `key` names the output with everything that shapes it. `make` asks for the time
    /// itself, because it runs after the shelf has looked what is due.
    async fn answer<F, Fut>(&self, request: &HeaderMap, key: &str, make: F) -> Result<Response, PublicError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Page, PublicError>>,
    {
        Ok(self.shelf.document(key, make).await?.answer(request))
    }
}

/// 404 for an address that no route has: a page for people, a problem document for programs.
pub(super) fn not_found(app: &AppState, path: &str) -> Response {
    refuse(app, path, PublicError::NotFound)
}

/// 405, or what a browser is told that asks whether a script elsewhere may read (a preflight, fetch.spec.whatwg.org):
/// it may, and send what makes the request conditional.
pub(super) fn wrong_method(app: &AppState, method: &Method, path: &str) -> Response {
    if method != Method::OPTIONS || !is_for_programs(path) {
        return refuse(app, path, PublicError::WrongMethod);
    }
    const ANSWER: [(header::HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match, if-modified-since, cache-control, accept"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    let mut headers = document::common_headers("text/plain");
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.extend(ANSWER.map(|(name, value)| (name, HeaderValue::from_static(value))));
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn refuse(app: &AppState, path: &str, error: PublicError) -> Response {
    if is_for_programs(path) { error.into_problem() } else { page::error_page(&app.public, error) }
}

/// Whether programs ask there, and scripts of other sites may.
fn is_for_programs(path: &str) -> bool {
    const STARTS: [&str; 7] = ["/api/", "/feeds/", "/feeds.", "/embed/", "/export", "/oembed", "/assets/"];
    let is_citation = path.starts_with("/a/") && path.contains('.');
    is_citation || STARTS.iter().any(|start| path.starts_with(start))
}

/// The public lines of the list.
pub fn routes() -> Vec<Route> {
    use Access::Public;
    vec![
        Route::get("/", Public, lists::home),
        Route::get("/a/{id}", Public, item::show),
        Route::get("/topics", Public, lists::topics),
        Route::get("/t/{topic}", Public, lists::topic),
        Route::get("/archive", Public, lists::archive),
        Route::get("/archive/{year}/{month}", Public, lists::month),
        Route::get("/search", Public, search::show),
        Route::get("/notices", Public, notices::list),
        Route::get("/notices/{id}", Public, notices::show),
        Route::get("/feeds", Public, feeds::page),
        Route::get("/feeds/{file}", Public, feeds::news),
        Route::get("/feeds/t/{file}", Public, feeds::topic),
        Route::get("/feeds.opml", Public, feeds::opml),
        Route::get("/export", Public, export::export),
        Route::get("/api", Public, docs::page),
        Route::get("/api/openapi.json", Public, docs::document),
        Route::get("/api/v1/news", Public, api::list),
        Route::get("/api/v1/news/{id}", Public, api::one),
        Route::get("/api/v1/notices", Public, api::notices),
        Route::get("/api/v1/topics", Public, api::topics),
        Route::get("/embed", Public, embed::page),
        Route::get("/embed/{file}", Public, embed::script),
        Route::get("/embed/v1/{file}", Public, embed::file),
        Route::get("/oembed", Public, embed::oembed),
        Route::get("/assets/{file}", Public, assets::file),
        Route::get("/favicon.ico", Public, assets::icon),
        Route::get("/robots.txt", Public, machines::robots),
        Route::get("/sitemap.xml", Public, machines::sitemap),
        Route::get("/.well-known/security.txt", Public, machines::security),
    ]
}
