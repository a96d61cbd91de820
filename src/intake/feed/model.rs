//! The first pass: feed-rs over repaired text, and its entries brought back to our items.

use feed_rs::model::Entry;
use feed_rs::parser::Builder;

use super::item::Item;
use crate::intake::apart::catch_panic;

/// feed-rs's entries in the order of the document; the error is its message, or that of its panic.
pub(super) fn read(text: &str, url: Option<&str>) -> Result<Vec<Entry>, String> {
    let parser = || {
        Builder::new()
            .sanitize_content(false)
            .base_uri(url.filter(|url| url::Url::parse(url).is_ok()))
            .timestamp_parser(|text| {
                let at = crate::intake::clean::read_date(text)?.at?;
                Some(at.to_utc())
            })
            // its own makes keys from what changes at every fetch
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(text.as_bytes())
    };
    match catch_panic(parser) {
        Ok(Ok(feed)) => Ok(feed.entries),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(format!("it panicked: {panic}")),
    }
}

/// An entry for each item: by position where both passes saw as many, else by what both know, in order, because
/// feed-rs drops RDF items without a link.
pub(super) fn align(items: &[Item], entries: Vec<Entry>) -> Vec<Option<Entry>> {
    if items.len() == entries.len() {
        return entries.into_iter().map(Some).collect();
    }
    let mut entries = entries.into_iter().peekable();
    items.iter().map(|item| entries.next_if(|entry| is_same(item, entry))).collect()
}

fn is_same(item: &Item, entry: &Entry) -> bool {
    let guid = item.guid.trim();
    if !guid.is_empty() && guid == entry.id.trim() {
        return true;
    }
    let link = item.link.trim();
    !link.is_empty()
        && entry.links.iter().any(|other| other.href.trim() == link || other.href.ends_with(link))
}
