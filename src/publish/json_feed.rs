//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use serde_json::{Map, Value, json};

use super::citation::source_line;
use super::feed::{Feed, FeedFormat, topic_title};
use super::html::content_html;
use super::json::to_bytes;
use super::text::{one_line, outward_link, paragraphs, plain_title, soften};
use crate::domain::news::NewsItem;

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
    document["items"] = feed.items.iter().map(|item| item_object(feed, item)).collect();
    to_bytes(&document)
}

fn item_object(feed: &Feed, item: &NewsItem) -> Value {
    let page = feed.site.item_url(item);
    let topics: Vec<String> =
        item.topics.iter().map(|topic| soften(&one_line(topic_title(feed.site, topic)))).collect();
    let authors: Vec<Value> =
        item.authors.iter().map(|author| json!({ "name": soften(&one_line(&author.display())) })).collect();
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    put("id", page.clone().into());
    put("url", page.into());
    if let Some(article) = outward_link(item) {
        put("external_url", article.into());
    }
    put("title", soften(&plain_title(item)).into());
    put("summary", soften(&paragraphs(&item.summary).join(" ")).into());
    put("content_html", content_html(feed.site, item).into());
    put("date_published", item.published_at.to_rfc3339().into());
    put("date_modified", item.updated_at.to_rfc3339().into());
    if !authors.is_empty() {
        put("authors", authors.into());
    }
    if !topics.is_empty() {
        put("tags", topics.into());
    }
    put("language", feed.site.language.clone().into());
    put("_perfuse", work_object(item));
    Value::Object(object)
}

/// What the format has no field for, under a name of our own.
fn work_object(item: &NewsItem) -> Value {
    let source = source_line(item);
    json!({
        "about": "https://jsonfeed.org/mappings/extensions",
        "doi": item.ids.doi,
        "pmid": item.ids.pmid,
        "pmcid": item.ids.pmcid,
        "type": item.kind,
        "source": if source.is_empty() { Value::Null } else { soften(&source).into() },
    })
}
