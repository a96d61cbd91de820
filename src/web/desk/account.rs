//! One's own account: name, password, sessions; and the page that says how the desk works.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::mail::digest_time;
use super::page::{Frame, Times, show};
use super::sign_in::from;
use crate::domain::editor::Role;
use crate::domain::text::fold_plain;
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::password::check_strength;
use crate::web::server::Peer;
use crate::web::session::{Fields, Visitor};

struct ShownSession {
    id: i64,
    agent: String,
    when: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "desk/account.html", whitespace = "minimize")]
struct AccountPage {
    frame: Frame,
    email: String,
    name: String,
    role: String,
    error: Option<String>,
    min_length: usize,
    sessions: Vec<ShownSession>,
    /// `None` where no mail is set up.
    mail: Option<ShownWishes>,
}

struct ShownWishes {
    digest: bool,
    digest_time: String,
    alerts: bool,
    /// Whether alerts go to this role.
    may_decide: bool,
}

#[derive(Template)]
#[template(path = "desk/help.html", whitespace = "minimize")]
struct HelpPage {
    frame: Frame,
}

/// A role for people.
pub(super) fn role_label(texts: &Texts, role: Role) -> String {
    let key = match role {
        Role::Viewer => "role-viewer",
        Role::Editor => "role-editor",
        Role::Admin => "role-admin",
    };
    texts.t(key).into()
}

/// `GET /desk/account`
pub(super) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, PageError> {
    show_page(&state, &visitor, None).await
}

async fn show_page(
    state: &AppState,
    visitor: &Visitor,
    error: Option<String>,
) -> Result<Response, PageError> {
    let times = Times::of(state);
    let sessions = state.store.sessions(visitor.editor.id).await?;
    let sessions = sessions
        .into_iter()
        .map(|session| ShownSession {
            id: session.id,
            agent: name_agent(state.texts, &session.user_agent),
            when: state
                .texts
                .t("account-session")
                .with("since", times.show_near(session.created_at))
                .with("used", times.show_near(session.last_used_at))
                .into(),
            here: session.id == visitor.session_id,
        })
        .collect();
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mail = if state.settings.mail.is_on() {
        let wishes = state.store.mail_wishes(visitor.editor.id).await?;
        let digest_time = digest_time(state.texts, &state.settings.mail.digest_schedule);
        let may_decide = visitor.may(Role::Editor);
        Some(ShownWishes { digest: wishes.digest, digest_time, alerts: wishes.alerts, may_decide })
    } else {
        None
    };
    let page = AccountPage {
        mail,
        frame: Frame::for_visitor(state, visitor, "account").await?,
        email: visitor.editor.email.clone(),
        name: visitor.editor.name.clone(),
        role: role_label(state.texts, visitor.editor.role),
        error,
        min_length: state.settings.desk.password_min_length,
        sessions,
    };
    show(status, &page)
}

/// "Firefox on Android", as far as a browser's name for itself tells.
fn name_agent(texts: &Texts, agent: &str) -> String {
    let first = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser =
        first(&[("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => {
            texts.t("agent-on").with("browser", browser).with("system", system).into()
        }
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => texts.t("agent-other").into(),
    }
}

/// `POST /desk/account/name`
pub(super) async fn rename(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = fold_plain(fields.get("name"), 80);
    if name.is_empty() {
        return show_page(&state, &visitor, Some(state.texts.t("account-no-name").into())).await;
    }
    state.store.rename_editor(visitor.editor.id, &name, state.now()).await?;
    Ok(Redirect::to("/desk/account").into_response())
}

/// `POST /desk/account/password`
pub(super) async fn change_password(
    State(state): State<AppState>,
    visitor: Visitor,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let editor = &visitor.editor;
    // guessing the present password from a session that was left open is slow, too
    state.throttle.attempt(&editor.email, from(&state, peer, &headers)).map_err(PageError::TooMany)?;
    let failed = |error: crate::web::password::HashError| PageError::Failed(error.to_string());
    let hash = state.store.password_hash(&editor.email).await?.map(|(_, hash)| hash);
    if !state.passwords.verify(fields.get("old").to_owned(), hash).await.map_err(failed)? {
        return show_page(&state, &visitor, Some(state.texts.t("account-old-wrong").into())).await;
    }
    let own_words = [editor.email.as_str(), editor.name.as_str(), state.site.title.as_str()];
    let new = fields.get("new");
    if let Err(weak) = check_strength(new, state.settings.desk.password_min_length, &own_words) {
        return show_page(&state, &visitor, Some(weak.explain(state.texts))).await;
    }
    let hash = state.passwords.hash(new.to_owned()).await.map_err(failed)?;
    state.store.set_password(editor.id, hash, Some(visitor.session_id), state.now()).await?;
    Ok(Redirect::to("/desk/account").into_response())
}

/// `POST /desk/account/sessions/{id}/end`: one of one's own.
pub(super) async fn end_session(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Response, PageError> {
    state.store.end_session(visitor.editor.id, id).await?;
    Ok(Redirect::to("/desk/account").into_response())
}

/// `GET /desk/help`
pub(super) async fn help(State(state): State<AppState>, visitor: Visitor) -> Result<Response, PageError> {
    show(StatusCode::OK, &HelpPage { frame: Frame::for_visitor(&state, &visitor, "help").await? })
}
