//! The editors' desk: a queue, one article at a time, decisions that can be undone.
//!
//! Pages are rendered here and work without a script; the script only saves time. Who may do what stands in the list
//! below, nowhere else; the guard has checked it, the CSRF token and the origin before a handler runs.

use super::{Access, Route};
use crate::domain::editor::Role;

mod account;
mod add;
mod annotate;
mod article;
mod assets;
mod audit;
mod check;
mod company;
mod decide;
mod embed;
mod facts;
mod forgotten;
mod history;
mod lab;
mod link;
mod mail;
mod notices;
mod page;
mod people;
mod queue;
pub(super) mod sign_in;
mod source;
mod sources;
mod trial;
mod twins;
mod view;
mod wording;

/// The desk's lines of the list.
pub fn routes() -> Vec<Route> {
    let public = Access::Public;
    let anyone = Access::Anyone;
    let viewer = Access::AtLeast(Role::Viewer);
    let editor = Access::AtLeast(Role::Editor);
    let admin = Access::AtLeast(Role::Admin);
    vec![
        Route::get("/desk/static/{file}", public, assets::file),
        Route::get("/desk/accent.css", public, assets::accent),
        Route::get("/desk/sign-in", anyone, sign_in::form),
        Route::post("/desk/sign-in", anyone, sign_in::sign_in),
        Route::post("/desk/sign-out", anyone, sign_in::sign_out),
        Route::get("/desk/forgotten", anyone, forgotten::form),
        Route::post("/desk/forgotten", anyone, forgotten::ask),
        Route::get("/desk/link/{token}", anyone, link::form),
        Route::post("/desk/link/{token}", anyone, link::use_link),
        Route::get("/desk", viewer, queue::page),
        Route::get("/desk/a/{id}", viewer, queue::article),
        Route::post("/desk/a/{id}/check", viewer, check::check),
        Route::post("/desk/a/{id}/wording", editor, wording::ask),
        Route::post("/desk/a/{id}/approve", editor, decide::approve),
        Route::post("/desk/a/{id}/reject", editor, decide::reject),
        Route::post("/desk/a/{id}/later", editor, decide::later),
        Route::post("/desk/a/{id}/save", editor, decide::save),
        Route::post("/desk/a/{id}/requeue", editor, decide::requeue),
        Route::post("/desk/a/{id}/withdraw", editor, decide::withdraw),
        Route::post("/desk/a/{id}/note", editor, company::add_note),
        Route::post("/desk/a/{id}/trial", editor, trial::tie),
        Route::post("/desk/a/{id}/here", editor, company::here),
        Route::post("/desk/a/{id}/look-up", editor, company::look_up),
        Route::get("/desk/add", editor, add::page),
        Route::post("/desk/add", editor, add::add),
        Route::post("/desk/add/item", editor, add::add_item),
        Route::post("/desk/notices/{id}/answer", editor, notices::answer),
        Route::get("/desk/embed", viewer, embed::page),
        Route::post("/desk/a/{id}/merge", editor, twins::merge),
        Route::post("/desk/a/{id}/apart", editor, twins::apart),
        Route::post("/desk/a/{id}/version", editor, twins::link),
        Route::post("/desk/undo/{id}", editor, decide::undo),
        Route::post("/desk/bulk", editor, decide::bulk),
        Route::get("/desk/history", viewer, history::page),
        Route::get("/desk/help", viewer, account::help),
        Route::get("/desk/account", viewer, account::page),
        Route::post("/desk/account/name", viewer, account::rename),
        Route::post("/desk/account/mail", viewer, mail::choose),
        Route::post("/desk/account/password", viewer, account::change_password),
        Route::post("/desk/account/sessions/{id}/end", viewer, account::end_session),
        Route::get("/desk/sources", viewer, sources::page),
        Route::get("/desk/sources/lab", admin, lab::form),
        Route::post("/desk/sources/lab", admin, lab::ask),
        Route::get("/desk/sources/lab/{id}", admin, lab::answer),
        Route::get("/desk/sources/{name}", admin, source::page),
        Route::post("/desk/sources/{name}/count", admin, sources::count),
        Route::post("/desk/sources/{name}/pause", admin, sources::pause),
        Route::post("/desk/sources/{name}/resume", admin, sources::resume),
        Route::post("/desk/sources/{name}/fetch", admin, sources::fetch),
        Route::get("/desk/people", admin, people::page),
        Route::get("/desk/audit", admin, audit::page),
        Route::get("/desk/audit.csv", admin, audit::csv),
        Route::get("/desk/audit.json", admin, audit::json),
        Route::post("/desk/people", admin, people::invite),
        Route::post("/desk/people/{id}/link", admin, people::link),
        Route::post("/desk/people/{id}/role", admin, people::set_role),
        Route::post("/desk/people/{id}/disable", admin, people::disable),
        Route::post("/desk/people/{id}/enable", admin, people::enable),
        Route::get("/desk/mail", admin, mail::page),
        Route::post("/desk/mail/{id}/retry", admin, mail::retry),
    ]
}
