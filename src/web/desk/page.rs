//! What every page of the desk shares: its frame, its toasts, texts that may stand in HTML as they are.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::TimeZone;
use chrono_tz::Tz;

use crate::domain::editor::Role;
use crate::domain::text::RichText;
use crate::domain::time::UnixMs;
use crate::texts::{Text, Texts};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::markup::Markup;
use crate::web::session::Visitor;

/// The chrome of a page.
pub(crate) struct Frame {
    pub(crate) site: String,
    /// Address of the society's logo.
    pub(crate) logo: Option<String>,
    pub(crate) person: Option<Person>,
    pub(crate) here: &'static str,
    pub(crate) csrf: String,
    pub(crate) waiting: i64,
    pub(crate) toast: Option<Toast>,
    /// Of the texts, for `lang`.
    pub(crate) lang: String,
    pub(crate) texts: &'static Texts,
}

/// Who is signed in, as the chrome shows them.
pub(crate) struct Person {
    pub(crate) name: String,
    role: Role,
}

impl Person {
    pub(crate) fn of(visitor: &Visitor) -> Self {
        Self { name: visitor.editor.name.clone(), role: visitor.editor.role }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A note about what was just done, with the decisions that can be undone together.
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) undo: Vec<i64>,
}

impl Toast {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: Vec::new() }
    }
}

impl Frame {
    /// The chrome for somebody signed in; `here` names the page in the navigation.
    pub(crate) async fn for_visitor(
        state: &AppState,
        visitor: &Visitor,
        here: &'static str,
    ) -> Result<Self, PageError> {
        let counts = state.store.queue_counts(state.now()).await?;
        Ok(Self {
            person: Some(Person::of(visitor)),
            csrf: visitor.csrf()?,
            waiting: counts.queued,
            here,
            ..Self::for_stranger(state)
        })
    }

    /// The chrome for somebody who has not signed in.
    pub(crate) fn for_stranger(state: &AppState) -> Self {
        let site = state.site.title.clone();
        Self {
            site,
            logo: state.public.light_logo_path(),
            person: None,
            here: "",
            csrf: String::new(),
            waiting: 0,
            toast: None,
            lang: Texts::lang_for(&state.site.language).to_owned(),
            texts: state.texts,
        }
    }

    /// A text, for templates.
    pub(crate) fn t(&self, key: &'static str) -> Text<'_> {
        self.texts.t(key)
    }

    /// A text with markup, for templates.
    pub(crate) fn html(&self, key: &'static str) -> Markup<'_> {
        Markup::of(self.texts, key)
    }

    pub(crate) fn with_toast(mut self, toast: Option<Toast>) -> Self {
        self.toast = toast;
        self
    }
}

/// An option of a list or a check box.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) chosen: bool,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self { value: value.into(), label: label.into(), chosen }
    }
}

/// HTML that is safe by its making.
pub(crate) struct Rich(String);

impl Rich {
    /// From what escapes all text itself.
    pub(super) fn from_built(html: String) -> Self {
        Self(html)
    }
}

impl From<&RichText> for Rich {
    /// The type guarantees escaped text and four tags, nothing else.
    fn from(text: &RichText) -> Self {
        Self(text.as_html().to_owned())
    }
}

impl fmt::Display for Rich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Rich {}

/// Renders a page.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Result<Response, PageError> {
    Ok((status, Html(page.render()?)).into_response())
}

/// Writes instants in the operator's time zone and the desk's language.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) zone: Tz,
    pub(crate) now: UnixMs,
    pub(crate) texts: &'static Texts,
}

impl Times {
    pub(crate) fn of(state: &AppState) -> Self {
        Self { zone: state.settings.worker.time_zone, now: state.now(), texts: state.texts }
    }

    /// "22 Nov 2026, 17:11"
    pub(crate) fn show(&self, at: UnixMs) -> String {
        let at = at.to_utc().with_timezone(&self.zone);
        self.on(self.texts.day_short(at.date_naive()), at.format("%H:%M").to_string())
    }

    /// "today 17:11", "yesterday 09:00", "Tue 3 Nov, 09:00", or with the year.
    pub(crate) fn show_near(&self, at: UnixMs) -> String {
        let (at, now) = (at.to_utc().with_timezone(&self.zone), self.now.to_utc().with_timezone(&self.zone));
        let day = at.date_naive();
        let clock = at.format("%H:%M").to_string();
        match (now.date_naive() - day).num_days() {
            0 => self.texts.t("time-today").with("clock", clock).into(),
            1 => self.texts.t("time-yesterday").with("clock", clock).into(),
            -1 => self.texts.t("time-tomorrow").with("clock", clock).into(),
            -300..=300 => self.on(self.texts.day_near(day), clock),
            _ => self.on(self.texts.day_short(day), clock),
        }
    }

    fn on(&self, day: String, clock: String) -> String {
        self.texts.t("time-on").with("day", day).with("clock", clock).into()
    }
}

/// A `datetime-local` or `date` field in the operator's time zone; a time that the clock skips in spring is taken an
/// hour later, one that it repeats is taken the first time. `None` where it is no date.
pub(crate) fn read_local_time(text: &str, zone: Tz) -> Option<UnixMs> {
    let day =
        chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(6, 0, 0));
    let naive = day.or_else(|| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok())?;
    let local = zone.from_local_datetime(&naive).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(naive + chrono::TimeDelta::hours(1))).earliest());
    local.map(|local| UnixMs(local.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_typed_at_the_desk_is_the_operators_also_when_the_clock_jumps() {
        let zone = chrono_tz::Europe::Madrid;
        let read = |text: &str| read_local_time(text, zone).map(|at| at.to_rfc3339());
        assert_eq!(read("2026-11-22T17:11").as_deref(), Some("2026-11-22T16:11:00Z"));
        assert_eq!(read("2026-07-01").as_deref(), Some("2026-07-01T04:00:00Z"));
        assert_eq!(read("2026-03-29T02:30").as_deref(), Some("2026-03-29T01:30:00Z"), "skipped");
        assert_eq!(read("2026-10-25T02:30").as_deref(), Some("2026-10-25T00:30:00Z"), "repeated");
        assert_eq!(read("tomorrow"), None);
    }
}
