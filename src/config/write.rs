//! A source as it is written in `sources.toml`.

use toml::Value;

use super::rules::fetchable_url;

/// Whether an address can be that of a feed.
///
/// # Errors
/// What is wrong with it, to be read after the address.
pub fn check_feed_url(url: &str) -> Result<(), &'static str> {
    fetchable_url(url)
}

/// A `[[source]]` for a feed, with a comment above it unless that is empty.
pub fn write_feed_source(name: &str, title: &str, url: &str, topics: &[String], comment: &str) -> String {
    let text = |text: &str| Value::String(text.to_owned()).to_string();
    let mut source = String::new();
    if !comment.is_empty() {
        source.push_str(&format!("# {comment}\n"));
    }
    source.push_str(&format!("[[source]]\nname = {}\ntitle = {}\n", text(name), text(title)));
    source.push_str(&format!("kind = \"feed\"\nurl = {}\n", text(url)));
    if !topics.is_empty() {
        let topics: Vec<String> = topics.iter().map(|topic| text(topic)).collect();
        source.push_str(&format!("topics = [{}]\n", topics.join(", ")));
    }
    source
}
