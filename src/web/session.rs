//! Who is asking: the session cookie, the visitor it belongs to, and what they sent.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::error::PageError;
use super::token::Token;
use super::{AppState, csrf};
use crate::domain::editor::{Editor, Role};
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::StoreError;

/// The cookie's name over https: the prefix makes browsers refuse it from a sub-domain or without `Secure`.
const COOKIE: &str = "__Host-perfuse";
/// Its name where the service runs on http, which is only sensible on the machine itself.
const COOKIE_HTTP: &str = "perfuse-session";

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Row id of their session.
    pub session_id: i64,
    /// Who.
    pub editor: Editor,
    token: Token,
}

impl Visitor {
    /// A CSRF token for a form in a page for them.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn csrf(&self) -> Result<String, PageError> {
        csrf::issue(&self.token).map_err(|error| PageError::Failed(error.to_string()))
    }

    /// Whether a form's CSRF token is theirs.
    pub fn owns_csrf(&self, token: &str) -> bool {
        csrf::verify(&self.token, token)
    }

    /// Whether their role allows what asks for `role`.
    pub fn may(&self, role: Role) -> bool {
        self.editor.role >= role
    }

    /// Begins a session for somebody who proved who they are; with the visitor, the cookie to set.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(
        state: &AppState,
        editor: Editor,
        agent: &HeaderMap,
    ) -> Result<(Self, HeaderValue), PageError> {
        let token = Token::generate().map_err(|error| PageError::Failed(error.to_string()))?;
        let agent = agent.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let now = state.now();
        state.store.begin_session(editor.id, token.hash(), agent, now).await?;
        let cookie =
            cookie(state, &token.to_text(), i64::from(state.settings.desk.session_days) * DAY_MS / 1000)?;
        let session_id = find(state, &token).await?.map_or(0, |visitor| visitor.session_id);
        Ok((Self { session_id, editor, token }, cookie))
    }
}

/// The visitor that a request's cookie belongs to, if their session is alive.
///
/// # Errors
/// The database's.
pub async fn recognise(state: &AppState, headers: &HeaderMap) -> Result<Option<Visitor>, StoreError> {
    match token(state, headers) {
        Some(token) => find(state, &token).await,
        None => Ok(None),
    }
}

/// Whether the request carries a session cookie at all, alive or not.
pub fn has_cookie(state: &AppState, headers: &HeaderMap) -> bool {
    token(state, headers).is_some()
}

async fn find(state: &AppState, token: &Token) -> Result<Option<Visitor>, StoreError> {
    let now = state.now();
    let desk = &state.settings.desk;
    let idle_since = now.plus_ms(-i64::from(desk.session_idle_hours) * HOUR_MS);
    let began_since = now.plus_ms(-i64::from(desk.session_days) * DAY_MS);
    let found = state.store.session(token.hash(), idle_since, began_since, now).await?;
    Ok(found.map(|found| Visitor {
        session_id: found.session_id,
        editor: found.editor,
        token: token.clone(),
    }))
}

fn token(state: &AppState, headers: &HeaderMap) -> Option<Token> {
    let name = cookie_name(state);
    let mut pairs = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    pairs.find_map(|cookies| {
        let mut cookies = cookies.split(';').filter_map(|cookie| cookie.trim().split_once('='));
        cookies.find_map(|(found, value)| (found == name).then(|| Token::parse(value)).flatten())
    })
}

fn cookie_name(state: &AppState) -> &'static str {
    if is_https(state) { COOKIE } else { COOKIE_HTTP }
}

fn is_https(state: &AppState) -> bool {
    state.site.public_url.starts_with("https://")
}

/// A `Set-Cookie` for the session; `max_age` in seconds, 0 deletes it.
fn cookie(state: &AppState, value: &str, max_age: i64) -> Result<HeaderValue, PageError> {
    let secure = if is_https(state) { "; Secure" } else { "" };
    let name = cookie_name(state);
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}"
    ))
    .map_err(|error| PageError::Failed(error.to_string()))
}

/// The `Set-Cookie` that forgets the session.
///
/// # Errors
/// None in practice: the header is made of our own words.
pub fn forget_cookie(state: &AppState) -> Result<HeaderValue, PageError> {
    cookie(state, "", 0)
}

/// Handlers of routes that ask for a role take a `Visitor`; the guard has put it there.
impl FromRequestParts<AppState> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, PageError> {
        // only reachable if the list gives a handler that needs a visitor to everyone
        let visitor = parts.extensions.get::<Option<Arc<Visitor>>>().cloned().flatten();
        visitor.map(Arc::unwrap_or_clone).ok_or(PageError::Forbidden)
    }
}

/// A visitor, signed in or not, for routes open to anyone.
#[derive(Debug, Clone)]
pub struct Anybody(pub Option<Arc<Visitor>>);

impl FromRequestParts<AppState> for Anybody {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, PageError> {
        Ok(Self(parts.extensions.get::<Option<Arc<Visitor>>>().cloned().flatten()))
    }
}

/// The fields of a posted form, in order, as the guard has read them.
#[derive(Debug, Clone, Default)]
pub struct Fields(Arc<Vec<(String, String)>>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(body: &[u8]) -> Self {
        Self(Arc::new(url::form_urlencoded::parse(body).into_owned().collect()))
    }

    /// The first value of a field, or the empty text.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A number that our forms always carry.
    ///
    /// # Errors
    /// It is missing or no number.
    pub fn number(&self, name: &str) -> Result<i64, PageError> {
        self.get(name).parse().map_err(|_| PageError::BadForm(format!("{name} is not a number")))
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromRequestParts<AppState> for Fields {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, PageError> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
