//! Signing in and out; a form that was sent without a live session comes back after it.
//!
//! An unknown account, a wrong password and a disabled account look and last the same.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::page::{Frame, Person, show};
use crate::texts::Text;
use crate::web::AppState;
use crate::web::error::{PageError, with_retry_after};
use crate::web::password::HashError;
use crate::web::server::Peer;
use crate::web::session::{Anybody, Fields, Visitor, forget_cookie};
use crate::web::throttle::client_address;

#[derive(Template)]
#[template(path = "desk/sign_in.html", whitespace = "minimize")]
struct SignInPage {
    frame: Frame,
    heading: String,
    note: Option<String>,
    error: Option<String>,
    next: String,
    email: String,
    kept: Vec<(String, String)>,
    kept_action: String,
}

impl SignInPage {
    fn new(state: &AppState, next: String) -> Self {
        let frame = Frame::for_stranger(state);
        let (kept, kept_action, email) = (Vec::new(), String::new(), String::new());
        let heading = state.texts.t("act-sign-in").into();
        Self { frame, heading, note: None, error: None, next, email, kept, kept_action }
    }
}

/// `GET /desk/sign-in?next=`
pub(super) async fn form(
    State(state): State<AppState>,
    Anybody(visitor): Anybody,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let find = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let next = own_path(find("next").as_deref().unwrap_or_default());
    if visitor.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    let mut page = SignInPage::new(&state, next);
    page.note = find("ended").map(|_| state.texts.t("sign-in-ended").into());
    page.note = page.note.or(find("out").map(|_| state.texts.t("sign-in-out").into()));
    show(StatusCode::OK, &page)
}

/// `POST /desk/sign-in`
pub(super) async fn sign_in(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let email: String = fields.get("email").trim().to_lowercase().chars().take(254).collect();
    let next = own_path(fields.get("next"));
    let again = |error: Text<'_>| {
        let mut page = SignInPage::new(&state, next.clone());
        page.email.clone_from(&email);
        page.error = Some(error.into());
        keep(&mut page, &fields);
        page
    };
    if let Err(seconds) = state.throttle.attempt(&email, from(&state, peer, &headers)) {
        let minutes = seconds.div_ceil(60);
        let page = again(state.texts.t("sign-in-too-many").with("minutes", minutes));
        return Ok(with_retry_after(show(StatusCode::TOO_MANY_REQUESTS, &page)?, seconds));
    }
    let (editor, hash) = state.store.password_hash(&email).await?.unzip();
    let right = match state.passwords.verify(fields.get("password").to_owned(), hash).await {
        Ok(right) => right,
        Err(HashError::Busy) => {
            let page = again(state.texts.t("sign-in-busy"));
            return Ok(with_retry_after(show(StatusCode::SERVICE_UNAVAILABLE, &page)?, 5));
        }
        Err(error) => return Err(PageError::Failed(error.to_string())),
    };
    let Some(editor) = editor.filter(|_| right) else {
        tracing::info!("a sign-in failed");
        let page = again(state.texts.t("sign-in-wrong"));
        return show(StatusCode::UNAUTHORIZED, &page);
    };
    let (visitor, cookie) = Visitor::begin(&state, editor, &headers).await?;
    let mut response = match kept_form(&fields) {
        Some((action, kept)) => resume(&state, &visitor, action, &kept)?,
        None => Redirect::to(&next).into_response(),
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /desk/sign-out`
pub(super) async fn sign_out(
    State(state): State<AppState>,
    Anybody(visitor): Anybody,
) -> Result<Response, PageError> {
    if let Some(visitor) = visitor {
        state.store.end_session(visitor.editor.id, visitor.session_id).await?;
    }
    let mut response = Redirect::to("/desk/sign-in?out=1").into_response();
    response.headers_mut().insert(header::SET_COOKIE, forget_cookie(&state)?);
    Ok(response)
}

/// Answers a change without a live session: the sign-in form with what was typed in it, 401.
pub(in crate::web) fn ask_again(
    state: &AppState,
    path: &str,
    fields: &Fields,
) -> Result<Response, PageError> {
    let article = kept_article(path);
    let mut page = SignInPage::new(state, article.map_or("/desk".into(), |id| format!("/desk/a/{id}")));
    page.heading = state.texts.t("sign-in-carry-on").into();
    if is_kept(path) {
        page.kept_action = path.to_owned();
        page.kept = kept_fields(fields).collect();
    }
    let typed = |name: &str| matches!(name, "summary" | "note" | "authors");
    let lost = page.kept.iter().any(|(name, value)| typed(name) && !value.is_empty());
    let note = if lost { "sign-in-ended-kept" } else { "sign-in-ended-unchanged" };
    page.note = Some(state.texts.t(note).into());
    show(StatusCode::UNAUTHORIZED, &page)
}

/// The fields of a decision's form that come back after signing in.
const KEPT: [&str; 13] = [
    "title",
    "summary",
    "topic",
    "revision",
    "view",
    "reason",
    "days",
    "until",
    "publish_at",
    "note",
    "link",
    "authors",
    "published_on",
];

fn kept_fields(fields: &Fields) -> impl Iterator<Item = (String, String)> {
    let kept = fields.iter().filter(|(name, _)| KEPT.contains(name));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// The article of `/desk/a/{id}/{act}`, if it is one of our forms' addresses.
fn kept_article(path: &str) -> Option<i64> {
    let (id, act) = path.strip_prefix("/desk/a/")?.split_once('/')?;
    ["save", "approve", "reject", "later", "requeue", "withdraw", "note"]
        .contains(&act)
        .then(|| id.parse().ok())
        .flatten()
}

/// Whether a form's address is one whose text comes back after signing in.
fn is_kept(path: &str) -> bool {
    path == "/desk/add/item" || kept_article(path).is_some()
}

/// Carries the kept fields of a sign-in form on into the next one.
fn keep(page: &mut SignInPage, fields: &Fields) {
    if let Some((action, kept)) = kept_form(fields) {
        page.kept_action = action.to_owned();
        page.kept = kept;
    }
}

fn kept_form(fields: &Fields) -> Option<(&str, Vec<(String, String)>)> {
    let action = fields.get("kept_action");
    if !is_kept(action) {
        return None;
    }
    let pairs = fields.all("kept").filter_map(|kept| kept.split_once('='));
    let kept = pairs
        .filter(|(name, _)| KEPT.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some((action, kept.collect()))
}

struct KeptField {
    name: String,
    label: String,
    value: String,
    long: bool,
    rows: usize,
}

#[derive(Template)]
#[template(path = "desk/resume.html", whitespace = "minimize")]
struct ResumePage {
    frame: Frame,
    action: String,
    fields: Vec<KeptField>,
    button: String,
}

/// The kept form, to be sent by hand: nothing happens by signing in.
fn resume(
    state: &AppState,
    visitor: &Visitor,
    action: &str,
    kept: &[(String, String)],
) -> Result<Response, PageError> {
    let frame =
        Frame { csrf: visitor.csrf()?, person: Some(Person::of(visitor)), ..Frame::for_stranger(state) };
    let fields = kept
        .iter()
        .map(|(name, value)| {
            let (label, long, rows) = match name.as_str() {
                "title" => (state.texts.t("field-title").into(), true, 2),
                "summary" => (state.texts.t("field-summary").into(), true, 9),
                "note" => (state.texts.t("notes-write").into(), true, 4),
                "authors" => (state.texts.t("item-authors").into(), true, 2),
                _ => (String::new(), false, 0),
            };
            KeptField { name: name.clone(), label, value: value.clone(), long, rows }
        })
        .collect();
    let button = match action.rsplit('/').next() {
        Some("approve") => "act-approve",
        Some("reject") => "act-reject",
        Some("later") => "act-later",
        Some("requeue") => "act-requeue",
        Some("withdraw") => "act-withdraw",
        Some("note") => "notes-leave",
        Some("item") => "add-item-button",
        _ => "act-save",
    };
    show(
        StatusCode::OK,
        &ResumePage { frame, action: action.to_owned(), fields, button: state.texts.t(button).into() },
    )
}

/// Whom attempts are counted for.
pub(super) fn from(state: &AppState, Peer(peer): Peer, headers: &HeaderMap) -> IpAddr {
    client_address(peer, headers, &state.settings.server.trusted_proxies)
}

/// A path of the desk to go on to; `/desk` for anything else, so that no link of ours leads away.
fn own_path(wanted: &str) -> String {
    let rest = wanted.strip_prefix("/desk").filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let clean = wanted.len() <= 2000
        && wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !wanted.contains("//");
    if rest.is_some() && clean && !wanted.starts_with("/desk/sign-") {
        wanted.to_owned()
    } else {
        "/desk".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_never_leads_away_from_the_desk() {
        for kept in ["/desk", "/desk/a/3?q=x%20y", "/desk?page=2"] {
            assert_eq!(own_path(kept), kept);
        }
        for refused in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/desk//evil.example",
            "/desk\\evil",
            "/deskevil",
            "/desk/\r\nSet-Cookie: x",
            "/desk/a b",
            "javascript:alert(1)",
            "/desk/sign-out",
            "/desk/sign-in?next=/desk",
        ] {
            assert_eq!(own_path(refused), "/desk", "{refused}");
        }
    }

    #[test]
    fn only_a_decision_is_kept_through_a_sign_in() {
        assert_eq!(kept_article("/desk/a/12/approve"), Some(12));
        for path in [
            "/desk/people",
            "/desk/a/12",
            "/desk/a/x/save",
            "/desk/a/12/approve/x",
            "https://evil/desk/a/1/save",
        ] {
            assert_eq!(kept_article(path), None, "{path}");
        }
    }
}
