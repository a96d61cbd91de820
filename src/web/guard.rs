//! What stands before every route that is not public: who may, and whether a change was asked for by our own page.
//!
//! No handler checks any of this itself. A POST comes through only with proof of its origin and, where a session is
//! alive, with that session's CSRF token; the guard reads the form once and hands it on as [`Fields`].

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::error::PageError;
use super::server::MAX_BODY;
use super::session::{self, Fields};
use super::{Access, AppState, csrf, desk};

/// Lets a request through to a route of this access level, or answers in its place.
pub async fn check(
    State((state, access)): State<(AppState, Access)>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match admit(&state, access, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    };
    set_page_headers(response.headers_mut());
    if state.site.public_url.starts_with("https://") {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    response
}

async fn admit(state: &AppState, access: Access, mut request: Request) -> Result<Request, Response> {
    let changes = request.method() == Method::POST;
    if changes {
        csrf::check_origin(request.headers(), &state.site.public_url)
            .map_err(|why| PageError::Forged(why).into_response())?;
        request = read_form(request).await?;
    } else if is_foreign_read(request.headers()) {
        return Err(PageError::Forged("another site loads a page of the desk").into_response());
    }
    let visitor = session::recognise(state, request.headers())
        .await
        .map_err(|error| PageError::from(error).into_response())?
        .map(Arc::new);
    if let Access::AtLeast(role) = access {
        match &visitor {
            None => return Err(ask_to_sign_in(state, &request, changes)),
            Some(visitor) if !visitor.may(role) => return Err(PageError::Forbidden.into_response()),
            Some(_) => {}
        }
    }
    if let (true, Some(visitor)) = (changes, &visitor) {
        let proof = request.extensions().get::<Fields>().map(|fields| fields.get(csrf::FIELD).to_owned());
        if !proof.is_some_and(|proof| visitor.owns_csrf(&proof)) {
            return Err(PageError::Forged("the CSRF token is missing or another session's").into_response());
        }
    }
    request.extensions_mut().insert(visitor);
    Ok(request)
}

/// Whether another site asks for a page other than by a link that somebody followed.
fn is_foreign_read(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-site", "cross-site")
        && !(is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document"))
}

async fn read_form(request: Request) -> Result<Request, Response> {
    let (mut parts, body) = request.into_parts();
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| PageError::TooLarge.into_response())?;
    if !is_form && !body.is_empty() {
        return Err(super::error::page(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-a-form-title",
            "not-a-form-text",
        ));
    }
    parts.extensions.insert(Fields::parse(&body));
    Ok(Request::from_parts(parts, Body::empty()))
}

/// A page: off to the sign-in and back. A change: the sign-in form, with what was typed kept in it.
fn ask_to_sign_in(state: &AppState, request: &Request, changes: bool) -> Response {
    if changes {
        let fields = request.extensions().get::<Fields>().cloned().unwrap_or_default();
        return desk::sign_in::ask_again(state, request.uri().path(), &fields).into_response();
    }
    let wanted = request.uri().path_and_query().map_or("/desk", |url| url.as_str());
    let ended = if session::has_cookie(state, request.headers()) { "&ended=1" } else { "" };
    let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    Redirect::to(&format!("/desk/sign-in?next={next}{ended}")).into_response()
}

/// Only our own files, no inline script or style, nothing that turns text into script, no framing.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";

/// The headers of every page of the desk. A header that the handler set stays.
pub fn set_page_headers(headers: &mut HeaderMap) {
    const HEADERS: [(HeaderName, &str); 7] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // not no-referrer: that makes browsers send `Origin: null` with our own forms
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The headers of the desk's stylesheet and script, which anyone may read.
pub fn set_asset_headers(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
}
