//! The website, the feeds and the editors' desk over HTTP: every route in one list.
//!
//! A route names its method, its path, who may ask for it, and its handler. The router is built from that list and
//! from nothing else, so access is denied unless the list says otherwise; `tests/access.rs` walks the same list
//! against every kind of visitor. Web knows nothing of the worker: they meet in the database, and [`Shared::bell`]
//! wakes whoever listens.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::handler::Handler;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use tokio::sync::Notify;

use crate::config::Settings;
use crate::curation::topics::TopicRules;
use crate::domain::editor::Role;
use crate::domain::news::Site;
use crate::domain::time::UnixMs;
use crate::store::Store;
use crate::texts::Texts;

pub mod csrf;
pub mod desk;
pub mod error;
mod found;
pub mod guard;
mod markup;
pub mod operator;
pub mod password;
pub mod public;
pub mod server;
pub mod session;
pub mod throttle;
pub use crate::domain::token;

use password::{HashError, Passwords};
use throttle::Throttle;

/// What every handler can reach: one pointer, since axum clones it several times for each request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// See [`AppState`].
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub store: Store,
    /// Every setting.
    pub settings: Arc<Settings>,
    /// The society's face.
    pub site: Arc<Site>,
    /// What its pages say, in its language.
    pub texts: &'static Texts,
    /// What time it is; tests set it.
    pub clock: Clock,
    /// Rung after "fetch now" and after decisions: the worker, which `app` gave the same bell, looks for due sources
    /// and learns.
    pub bell: Arc<Notify>,
    /// Hashes and compares passwords.
    pub passwords: Passwords,
    /// Counts attempts to sign in.
    pub throttle: Arc<Throttle>,
    /// What readers see, with its rendered copies.
    pub public: Arc<public::Public>,
    /// The words of the topics, which the desk marks in titles and abstracts.
    pub rules: Arc<TopicRules>,
}

impl AppState {
    /// Everything handlers need; `bell` is the one that the worker listens to.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn new(
        store: Store,
        settings: Arc<Settings>,
        site: Arc<Site>,
        clock: Clock,
        bell: Arc<Notify>,
    ) -> Result<Self, HashError> {
        let throttle = Arc::new(Throttle::new(clock.clone()));
        let public = public::Public::new(store.clone(), site.clone(), clock.clone(), (&*settings).into());
        let public = Arc::new(public);
        let texts = Texts::of(&site.language);
        let (passwords, rules) = (Passwords::new()?, Arc::default());
        let shared = Shared { store, settings, site, texts, clock, bell, passwords, throttle, public, rules };
        Ok(Self(Arc::new(shared)))
    }

    /// The same with the words of the topics.
    pub fn with_rules(self, rules: Arc<TopicRules>) -> Self {
        Self(Arc::new(Shared { rules, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Reads the clock.
    pub fn now(&self) -> UnixMs {
        self.clock.read()
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Tells the time; handlers ask this one rather than the machine, so that tests can wait for weeks.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMs + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(UnixMs::now))
    }

    /// What it says now.
    pub fn read(&self) -> UnixMs {
        (self.0)()
    }

    /// A clock of one's own.
    pub fn new(read: impl Fn() -> UnixMs + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

/// Who may ask for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Readers and machines. No session is looked at and no cookie is ever set; the handler sets its own headers.
    Public,
    /// Pages of the desk for those who have not signed in: the sign-in form, one-time links, the stylesheet.
    Anyone,
    /// Those signed in with at least this role.
    AtLeast(Role),
}

/// The method of a route. HEAD is answered wherever GET is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads; changes nothing.
    Get,
    /// Changes something: checked for its origin and, with a session, for its CSRF token.
    Post,
}

impl Verb {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One line of the list.
#[derive(Clone)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path in axum's syntax: `/a/{id}`.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    handler: MethodRouter<AppState>,
}

impl Route {
    /// A route that reads.
    pub fn get<H, T>(path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Self { verb: Verb::Get, path, access, handler: get(handler) }
    }

    /// A route that changes something.
    pub fn post<H, T>(path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        Self { verb: Verb::Post, path, access, handler: post(handler) }
    }
}

/// Every route there is.
pub fn routes() -> Vec<Route> {
    [public::routes(), operator::routes(), desk::routes()].concat()
}

/// Where there is nothing, the desk's addresses answer as the desk does and all others as the website.
async fn nothing_there(State(state): State<AppState>, uri: Uri) -> Response {
    if is_at_the_desk(uri.path()) { error::not_found().await } else { public::not_found(&state, uri.path()) }
}

/// The same for a method that an address does not take.
async fn wrong_method(State(state): State<AppState>, method: Method, uri: Uri) -> Response {
    if is_at_the_desk(uri.path()) {
        error::wrong_method().await
    } else {
        public::wrong_method(&state, &method, uri.path())
    }
}

fn is_at_the_desk(path: &str) -> bool {
    path == "/desk" || path.starts_with("/desk/")
}

/// The whole service, built from [`routes`].
pub fn router(state: AppState) -> Router {
    let mut router = Router::new();
    for Route { path, access, handler, .. } in routes() {
        let guard = middleware::from_fn_with_state((state.clone(), access), guard::check);
        let handler = if access == Access::Public { handler } else { handler.route_layer(guard) };
        router = router.route(path, handler);
    }
    let router = router.fallback(nothing_there).method_not_allowed_fallback(wrong_method);
    let router = server::with_limits(router, state.settings.server.max_concurrent_requests);
    // outermost: a limit's answer is a page, too
    router.layer(middleware::map_response_with_state(state.clone(), error::translate)).with_state(state)
}
