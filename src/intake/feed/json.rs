//! JSON Feed 1 and 1.1 (jsonfeed.org).
//!
//! feed-rs refuses a whole feed for one field of the wrong type, so fields are checked one by one first and those that
//! are not what the specification says are left out.

use serde_json::{Map, Value};

use crate::domain::entry::{Parsed, Problem};
use crate::domain::text::fold_plain;
use crate::domain::time::UnixMs;
use crate::intake::clean::caps;
use crate::intake::decode;

use super::item::{Channel, Item};
use super::{FeedError, MAX_ENTRIES, assemble, model};

/// Reads a JSON Feed.
pub(super) fn parse(text: &str, url: Option<&str>, now: UnixMs) -> Result<Parsed, FeedError> {
    if let Some(what) = decode::too_many_values(text.as_bytes()) {
        return Err(FeedError::Json { what });
    }
    let feed: Value = match serde_json::from_str(text) {
        Ok(feed) => feed,
        Err(error) => {
            // lines of JSON: the first one may be the message of a rate limiter
            let first = serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
            let said = match first {
                Some(Ok(value)) => format!("; the first value is {}", what_it_is(&value, "")),
                _ => String::new(),
            };
            return Err(FeedError::Json { what: format!("it is not one valid document ({error}){said}") });
        }
    };
    let version = feed.get("version").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("https://jsonfeed.org/version/1") {
        return Err(FeedError::Json { what: what_it_is(&feed, version) });
    }
    let title = feed.get("title").and_then(Value::as_str).map(|title| fold_plain(title, caps::TITLE));
    let format = format!("JSON Feed {}", version.rsplit('/').next().unwrap_or_default());
    let items = feed.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return Err(FeedError::NoEntries { title: title.unwrap_or_default(), format });
    }
    let mut parsed = Parsed { format, title, ..Parsed::default() };
    let channel = Channel {
        link: text_of(feed.get("home_page_url")),
        language: text_of(feed.get("language")),
        ..Channel::default()
    };
    let context = assemble::Context::new(&channel, url, now);
    for (at, value) in items.iter().take(MAX_ENTRIES).enumerate() {
        let place = format!("entry {}", at + 1);
        let partner = read_item(value, &feed, url);
        let outcome = partner.and_then(|(item, partner)| assemble::entry(&item, partner.as_ref(), &context));
        match outcome {
            Ok((entry, oddities)) => {
                parsed.entries.push(entry);
                parsed.problems.extend(oddities.into_iter().map(|what| Problem::new(place.clone(), what)));
            }
            Err(why) => {
                parsed.problems.push(Problem::new(place, why).with_excerpt(value.to_string().as_bytes()));
            }
        }
    }
    if items.len() > MAX_ENTRIES {
        let surplus = items.len() - MAX_ENTRIES;
        let what = format!("only the first {MAX_ENTRIES} entries were read; {surplus} more were passed over");
        parsed.problems.push(Problem::new(format!("entry {}", MAX_ENTRIES + 1), what));
    }
    Ok(parsed)
}

/// One item: its fields as text, and feed-rs's view of a feed that holds only it.
fn read_item(
    value: &Value,
    feed: &Value,
    url: Option<&str>,
) -> Result<(Item, Option<feed_rs::model::Entry>), String> {
    let Some(fields) = value.as_object() else { return Err("it is not an object".to_owned()) };
    let sound = sound_item(fields, feed);
    let text = |name: &str| text_of(sound.get(name));
    let item = Item {
        title: escape(&text("title")),
        guid: text("id"),
        guid_is_permalink: true,
        link: text("url"),
        published: text("date_published"),
        updated: text("date_modified"),
        identifiers: [text_of(fields.get("doi")), text_of(fields.get("_doi"))]
            .into_iter()
            .filter(|doi| !doi.is_empty())
            .collect(),
        language: text_of(fields.get("language")),
        ..Item::default()
    };
    let single = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": "",
        "items": [Value::Object(sound)],
    });
    let partner = model::read(&single.to_string(), url).ok().and_then(|entries| entries.into_iter().next());
    Ok((item, partner))
}

/// The fields that are of the type the specification gives them; an item without authors has the feed's.
fn sound_item(fields: &Map<String, Value>, feed: &Value) -> Map<String, Value> {
    let mut sound = Map::new();
    let texts = [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "date_modified",
    ];
    for name in texts {
        let text = text_of(fields.get(name));
        if !text.is_empty() {
            sound.insert(name.to_owned(), Value::String(text));
        }
    }
    let tags = fields.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<Value> = tags.filter(|tag| tag.is_string()).take(caps::WORDS).cloned().collect();
    sound.insert("tags".to_owned(), Value::Array(tags));
    let own = authors_of(fields.get("authors"), fields.get("author"));
    let authors = if own.is_empty() { authors_of(feed.get("authors"), feed.get("author")) } else { own };
    sound.insert("authors".to_owned(), Value::Array(authors));
    sound
}

/// 1.1's `authors`, else 1.0's `author`.
fn authors_of(many: Option<&Value>, one: Option<&Value>) -> Vec<Value> {
    let many = many.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names = |values: &mut dyn Iterator<Item = &Value>| -> Vec<Value> {
        values
            .filter_map(|author| Some(author.get("name")?.as_str()?.to_owned()))
            .take(caps::AUTHORS)
            .map(|name| serde_json::json!({ "name": name }))
            .collect()
    };
    let authors = names(&mut many.iter());
    if authors.is_empty() { names(&mut one.into_iter()) } else { authors }
}

/// A string, or a number as text (identifiers are often numbers).
fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Titles of JSON Feed are plain text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// What a JSON body says, where it is an error message; else what it looks like.
fn what_it_is(value: &Value, version: &str) -> String {
    if !version.is_empty() && value.get("items").is_some() {
        return format!("version {:?} is not known", fold_plain(version, 80));
    }
    for name in ["error", "message", "errors", "detail"] {
        match value.get(name) {
            Some(Value::String(text)) => return format!("it says {:?}", fold_plain(text, 200)),
            Some(Value::Object(object)) => {
                if let Some(text) = object.get("message").and_then(Value::as_str) {
                    return format!("it says {:?}", fold_plain(text, 200));
                }
            }
            _ => {}
        }
    }
    match value {
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).take(6).collect();
            format!("an object with {}", fold_plain(&names.join(", "), 200))
        }
        Value::Array(values) => format!("a list of {} values", values.len()),
        other => fold_plain(&other.to_string(), 100),
    }
}
