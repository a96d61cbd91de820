//! The audit trail for administrators, on a page and as CSV or JSON.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;

use super::page::{Choice, Frame, Times, read_local_time, show};
use super::view::zone;
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{AuditPlace, AuditQuery, AuditRow};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

/// Acts on one page.
const PAGE: i64 = 100;
/// Acts in one export.
const EXPORT: i64 = 100_000;

struct ShownAct {
    who: String,
    what: String,
    object: String,
    when: String,
    at_machine: String,
}

#[derive(Template)]
#[template(path = "desk/audit.html", whitespace = "minimize")]
struct AuditPage {
    frame: Frame,
    acts: Vec<ShownAct>,
    people: Vec<Choice>,
    kinds: Vec<Choice>,
    from: String,
    to: String,
    query: String,
    older: Option<String>,
}

/// What the address narrows the trail to: days as typed, and the place to go on from.
#[derive(Default)]
struct Wanted {
    by: Option<String>,
    act: Option<String>,
    from: Option<String>,
    to: Option<String>,
    after: Option<AuditPlace>,
}

impl Wanted {
    fn parse(query: Option<String>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = Some(value.into_owned()).filter(|value| !value.is_empty() && value.len() <= 254);
            match name.as_ref() {
                "by" => wanted.by = value,
                "act" => wanted.act = value,
                "from" => wanted.from = value,
                "to" => wanted.to = value,
                "after" => wanted.after = value.as_deref().and_then(read_place),
                _ => {}
            }
        }
        wanted
    }

    fn to_query(&self, after: Option<AuditPlace>) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        let after = after.map(|AuditPlace { at, part, row }| format!("{}.{part}.{row}", at.0));
        for (name, value) in
            [("by", &self.by), ("act", &self.act), ("from", &self.from), ("to", &self.to), ("after", &after)]
        {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Days begin at midnight in the operator's time zone; the last one counts whole.
    fn to_store(&self, zone: Tz) -> AuditQuery {
        let midnight = |day: &Option<String>| read_local_time(&format!("{}T00:00", day.as_deref()?), zone);
        AuditQuery {
            after: self.after,
            by: self.by.clone(),
            act: self.act.clone(),
            since: midnight(&self.from),
            until: midnight(&self.to).map(|day| day.plus_ms(DAY_MS)),
        }
    }
}

/// Reads `at.part.row`.
fn read_place(text: &str) -> Option<AuditPlace> {
    let mut numbers = text.split('.').map(str::parse::<i64>);
    let mut next = || numbers.next()?.ok();
    Some(AuditPlace { at: UnixMs(next()?), part: next()?, row: next()? })
}

/// `GET /desk/audit`
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let wanted = Wanted::parse(query);
    let mut rows = state.store.audit_trail(wanted.to_store(zone(&state)), PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let older = rows.last().filter(|_| more).map(|(place, _)| wanted.to_query(Some(*place)));
    let times = Times::of(&state);
    let acts = rows
        .into_iter()
        .map(|(_, row)| ShownAct {
            who: row.by.unwrap_or_else(|| state.texts.t("audit-command-line").into()),
            what: row.act,
            object: row.title.unwrap_or(row.object),
            when: times.show_near(row.at),
            at_machine: row.at.to_rfc3339(),
        })
        .collect();
    let mut people = vec![Choice::new("", state.texts.t("audit-everybody"), wanted.by.is_none())];
    people.extend(state.store.editors().await?.into_iter().map(|editor| {
        let chosen = wanted.by.as_ref() == Some(&editor.email);
        Choice::new(&editor.email, editor.name, chosen)
    }));
    let mut kinds = vec![Choice::new("", state.texts.t("audit-everything"), wanted.act.is_none())];
    kinds.extend(state.store.audit_acts().await?.into_iter().map(|act| {
        let chosen = wanted.act.as_ref() == Some(&act);
        Choice::new(&act, act.replace('_', " "), chosen)
    }));
    let frame = Frame::for_visitor(&state, &visitor, "people").await?;
    let query = wanted.to_query(None);
    let (from, to) = (wanted.from.unwrap_or_default(), wanted.to.unwrap_or_default());
    show(StatusCode::OK, &AuditPage { frame, acts, people, kinds, from, to, query, older })
}

/// `GET /desk/audit.json`
pub(super) async fn json(
    State(state): State<AppState>,
    _: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let rows = export(&state, query).await?;
    let mut acts = serde_json::to_value(&rows).map_err(|error| PageError::Failed(error.to_string()))?;
    for (act, row) in acts.as_array_mut().into_iter().flatten().zip(&rows) {
        act["at"] = row.at.to_rfc3339().into();
    }
    let body = serde_json::to_string(&acts).map_err(|error| PageError::Failed(error.to_string()))?;
    Ok(download("application/json", "audit.json", body))
}

/// `GET /desk/audit.csv`
pub(super) async fn csv(
    State(state): State<AppState>,
    _: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let rows = export(&state, query).await?;
    Ok(download("text/csv; charset=utf-8", "audit.csv", to_csv(&rows)))
}

async fn export(state: &AppState, query: Option<String>) -> Result<Vec<AuditRow>, PageError> {
    let wanted = Wanted { after: None, ..Wanted::parse(query) };
    let rows = state.store.audit_trail(wanted.to_store(zone(state)), EXPORT).await?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn download(kind: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// RFC 4180.
fn to_csv(rows: &[AuditRow]) -> String {
    let mut csv = String::from("at,by,act,object,title,before,after\r\n");
    for row in rows {
        let text = |value: &Option<String>| cell(value.as_deref().unwrap_or_default());
        let _ = write!(
            csv,
            "{},{},{},{},{},{},{}\r\n",
            row.at.to_rfc3339(),
            text(&row.by),
            cell(&row.act),
            cell(&row.object),
            text(&row.title),
            text(&row.before),
            text(&row.after)
        );
    }
    csv
}

/// A quoted cell. One that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell(" @SUM"), "\"' @SUM\"");
        assert_eq!(cell("-1"), "\"'-1\"");
        assert_eq!(cell("a, b\nc"), "\"a, b\nc\"");
    }
}
