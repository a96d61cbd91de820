//! A page of an answer, read.

use serde_json::Value;

use super::json::{as_text, text};
use crate::domain::entry::{Entry, Problem};
use crate::domain::text::fold_plain;
use crate::intake::decode;

/// Longest message of a service that is repeated, in bytes.
const MAX_SAID: usize = 300;

/// What one page held.
#[derive(Debug, Default)]
pub struct Page {
    /// For each record of the page, whether or not it could be used, the service's own name for it.
    pub keys: Vec<String>,
    /// The records that could be used.
    pub entries: Vec<Entry>,
    /// Those that could not, and other oddities.
    pub problems: Vec<Problem>,
    /// Records in the whole answer, where the page says so.
    pub total: Option<usize>,
    /// The cursor or token of the next page; services that count on their own give none.
    pub next: Option<String>,
}

/// Why a body is no page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The service says so.
    Said(String),
    /// It is something else.
    Unreadable(String),
}

impl Page {
    /// Reads each record of a list; `read` gives its name and the entry, or why there is none.
    pub(super) fn collect(
        rows: &[Value],
        read: impl Fn(&Value) -> (Option<String>, Result<Entry, String>),
    ) -> Self {
        let mut page = Self::default();
        for (index, row) in rows.iter().enumerate() {
            let (key, outcome) = read(row);
            let number = index + 1;
            let place = match &key {
                Some(key) => format!("record {number} ({})", fold_plain(key, 80)),
                None => format!("record {number}"),
            };
            // a record without a name still counts as one that came
            page.keys.push(key.unwrap_or_else(|| row.to_string()));
            match outcome {
                Ok(entry) => page.entries.push(entry),
                Err(what) => {
                    page.problems.push(Problem::new(place, what).with_excerpt(row.to_string().as_bytes()))
                }
            }
        }
        page
    }
}

/// Bytes → JSON, or what came in its place.
pub(super) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if let Some(what) = decode::too_many_values(body) {
        return Err(Refusal::Unreadable(what));
    }
    serde_json::from_slice(body).map_err(|error| {
        let head = String::from_utf8_lossy(&body[..body.len().min(200)]);
        let what = match head.trim_start().chars().next() {
            None => "an empty answer".to_owned(),
            Some('<') => "a web page or XML in place of JSON".to_owned(),
            Some(_) => format!("no JSON ({error}): {}", fold_plain(&head, 120)),
        };
        Refusal::Unreadable(what)
    })
}

/// The refusal in an answer that has no list of records: services put errors into bodies with status 200.
pub(super) fn refuse(answer: &Value) -> Refusal {
    const PLACES: [&str; 7] =
        ["/errMsg", "/error/message", "/error", "/message/0/message", "/message", "/errors/0", "/detail"];
    let said = PLACES.iter().find_map(|place| text(answer, place).or_else(|| as_text(answer)));
    match said {
        Some(said) => Refusal::Said(fold_plain(&said, MAX_SAID)),
        None => Refusal::Unreadable("JSON without a list of records".to_owned()),
    }
}
