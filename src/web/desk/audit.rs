//! The audit trail for administrators, on a page and as CSV or JSON.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::page::{Choice, Frame, Times, show};
use crate::domain::time::UnixMs;
use crate::store::AuditRow;
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
    query: String,
    older: Option<String>,
}

/// What the address narrows the trail to.
struct Wanted {
    by: Option<String>,
    before: Option<UnixMs>,
}

impl Wanted {
    fn parse(query: Option<String>) -> Self {
        let query = query.unwrap_or_default();
        let find = |wanted: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(name, value)| name == wanted && !value.is_empty())
                .map(|(_, value)| value.into_owned())
        };
        Self { by: find("by"), before: find("before").and_then(|at| at.parse().ok()).map(UnixMs) }
    }

    fn to_query(&self, before: Option<UnixMs>) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        for (name, value) in [("by", self.by.clone()), ("before", before.map(|at| at.0.to_string()))] {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }
}

/// `GET /desk/audit`
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let wanted = Wanted::parse(query);
    let rows = state.store.audit_trail(wanted.before, wanted.by.clone(), PAGE).await?;
    let full = rows.len() == PAGE as usize;
    let older = rows.last().filter(|_| full).map(|row| wanted.to_query(Some(row.at)));
    let times = Times::of(&state);
    let acts = rows
        .into_iter()
        .map(|row| ShownAct {
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
    let frame = Frame::for_visitor(&state, &visitor, "people").await?;
    show(StatusCode::OK, &AuditPage { frame, acts, people, query: wanted.to_query(None), older })
}

/// `GET /desk/audit.json`
pub(super) async fn json(
    State(state): State<AppState>,
    _: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let wanted = Wanted::parse(query);
    let rows = state.store.audit_trail(wanted.before, wanted.by, EXPORT).await?;
    let body = serde_json::to_string(&rows).map_err(|error| PageError::Failed(error.to_string()))?;
    Ok(download("application/json", "audit.json", body))
}

/// `GET /desk/audit.csv`
pub(super) async fn csv(
    State(state): State<AppState>,
    _: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let wanted = Wanted::parse(query);
    let rows = state.store.audit_trail(wanted.before, wanted.by, EXPORT).await?;
    Ok(download("text/csv; charset=utf-8", "audit.csv", to_csv(&rows)))
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
