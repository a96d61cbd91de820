//! Looking into JSON that may hold anything: what is missing or of another type is simply not there.

use serde_json::Value;

use crate::domain::text::fold_plain;
use crate::domain::time::{PartialDate, UnixMs};
use crate::intake::clean::{Stamp, caps, read_date};

/// The text or number at a JSON pointer (RFC 6901), unless it is empty.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    as_text(value.pointer(pointer)?)
}

/// A text or number.
pub(super) fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The same as a short plain text; empty where there is none.
pub(super) fn word(value: &Value, pointer: &str) -> String {
    text(value, pointer).map(|text| fold_plain(&text, caps::WORD)).unwrap_or_default()
}

/// The elements at a pointer; a single one may stand there without its list.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    match value.pointer(pointer) {
        Some(Value::Array(elements)) => elements,
        Some(single @ (Value::Object(_) | Value::String(_))) => std::slice::from_ref(single),
        _ => &[],
    }
}

/// The short texts of a list, each once, at most [`caps::WORDS`]; `inner` points into each element ("" for itself).
pub(super) fn words(value: &Value, pointer: &str, inner: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for element in list(value, pointer) {
        let word = word(element, inner);
        if !word.is_empty() && !words.contains(&word) && words.len() < caps::WORDS {
            words.push(word);
        }
    }
    words
}

/// A whole number that is not negative.
pub(super) fn number(value: &Value, pointer: &str) -> Option<usize> {
    let number = value.pointer(pointer)?;
    let number = number.as_u64().or_else(|| number.as_str()?.trim().parse().ok())?;
    usize::try_from(number).ok()
}

/// The date at a pointer.
pub(super) fn date(value: &Value, pointer: &str) -> Option<PartialDate> {
    stamp(value, pointer).map(|stamp| stamp.on)
}

/// The instant of a day at a pointer, not after `now`.
pub(super) fn instant(value: &Value, pointer: &str, now: UnixMs) -> Option<UnixMs> {
    stamp(value, pointer)?.at.map(|at| at.min(now))
}

fn stamp(value: &Value, pointer: &str) -> Option<Stamp> {
    read_date(&text(value, pointer)?)
}
