//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::feed::{Feed, FeedFormat, topic_title};
use super::json::to_bytes;
use super::text::{one_line, soften};

/// The feed as a JSON Feed document. `next_url` leads through the archives.
pub fn render(feed: &Feed) -> Vec<u8> {
    let mut document = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": soften(&one_line(&feed.title())),
        "home_page_url": feed.home_url(),
        "feed_url": feed.self_url(FeedFormat::Json),
        "description": soften(&one_line(&feed.site.description)),
        "language": feed.site.language,
        "authors": [{ "name": soften(&one_line(&feed.site.title)), "url": feed.site.url("/") }],
    });
    if let Some(next) = feed.previous_url(FeedFormat::Json) {
        document["next_url"] = next.into();
    }
    if let Some(hub) = feed.hub {
        document["hubs"] = json!([{ "type": "WebSub", "url": hub }]);
    }
    document["items"] = feed.entries().map(|entry| item_object(feed, &entry)).collect();
    to_bytes(&document)
}

fn item_object(feed: &Feed, entry: &Entry) -> Value {
    let topics: Vec<String> =
        entry.topics.iter().map(|topic| soften(&one_line(topic_title(feed.site, topic)))).collect();
    let authors: Vec<Value> =
        entry.authors.iter().map(|author| json!({ "name": soften(&one_line(&author.display())) })).collect();
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("id", entry.page.clone().into());
    put("url", entry.page.clone().into());
    if let Some(article) = &entry.outward {
        put("external_url", article.clone().into());
    }
    put("title", soften(&entry.title).into());
    put("summary", soften(&entry.summary).into());
    put("content_html", entry.content.clone().into());
    put("date_published", entry.published_at.to_rfc3339().into());
    put("date_modified", entry.updated_at.to_rfc3339().into());
    if !authors.is_empty() {
        put("authors", authors.into());
    }
    if !topics.is_empty() {
        put("tags", topics.into());
    }
    put("language", feed.site.language.clone().into());
    put("_perfuse", work_object(entry));
    Value::Object(object)
}

/// What the format has no field for, under a name of our own.
fn work_object(entry: &Entry) -> Value {
    let mut object = json!({
        "about": "https://jsonfeed.org/mappings/extensions",
        "doi": entry.doi,
        "pmid": entry.pmid,
        "pmcid": entry.pmcid,
        "type": entry.kind,
        "source": if entry.source.is_empty() { Value::Null } else { soften(&entry.source).into() },
    });
    if let Some(kind) = entry.notice {
        object["notice"] = kind.into();
    }
    object
}
