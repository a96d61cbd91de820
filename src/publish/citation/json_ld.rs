//! JSON-LD for our pages: a `NewsArticle` of the society's about somebody else's `MedicalScholarlyArticle`.
//!
//! The text returned cannot close a `<script>` element, whatever a title holds.

use serde_json::{Map, Value, json};

use super::{authors_line, one_line};
use crate::domain::entry::Author;
use crate::domain::news::{NewsItem, Site};
use crate::publish::json::escape_json;
use crate::publish::text::{outward_link, paragraphs, plain_title};

/// For an item's own page.
pub fn item_page(site: &Site, item: &NewsItem) -> String {
    let mut article = news_article(site, item);
    article["@context"] = "https://schema.org".into();
    escape_json(&article.to_string())
}

/// For a page that lists items.
pub fn list_page(site: &Site, title: &str, address: &str, items: &[NewsItem]) -> String {
    let elements: Vec<Value> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            json!({ "@type": "ListItem", "position": at + 1, "url": site.item_url(item), "name": plain_title(item) })
        })
        .collect();
    let page = json!({
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "name": one_line(title),
        "url": address,
        "inLanguage": site.language,
        "publisher": publisher(site),
        "mainEntity": { "@type": "ItemList", "itemListElement": elements },
    });
    escape_json(&page.to_string())
}

fn news_article(site: &Site, item: &NewsItem) -> Value {
    let work = scholarly_article(item);
    json!({
        "@type": "NewsArticle",
        "@id": site.item_url(item),
        "url": site.item_url(item),
        "headline": plain_title(item),
        "description": paragraphs(&item.summary).join(" "),
        "datePublished": item.published_at.to_rfc3339(),
        "dateModified": item.updated_at.to_rfc3339(),
        "inLanguage": site.language,
        "isAccessibleForFree": true,
        "author": publisher(site),
        "publisher": publisher(site),
        "about": work.clone(),
        "citation": work,
    })
}

fn publisher(site: &Site) -> Value {
    json!({ "@type": "Organization", "name": one_line(&site.title), "url": site.url("/") })
}

fn scholarly_article(item: &NewsItem) -> Value {
    let mut work = Map::new();
    let mut put = |key: &str, value: Value| work.insert(key.to_owned(), value);
    put("@type", "MedicalScholarlyArticle".into());
    put("headline", plain_title(item).into());
    let same_as: Vec<String> = [
        item.ids.doi.as_ref().map(|doi| doi.url()),
        item.ids.pmid.map(|pmid| pmid.url()),
        item.ids.pmcid.as_ref().map(|pmcid| pmcid.url()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(link) = outward_link(item) {
        put("url", link.into());
    }
    if !same_as.is_empty() {
        put("sameAs", same_as.into());
    }
    if !authors_line(item).is_empty() {
        put("author", item.authors.iter().map(creator).collect());
    }
    if let Some(date) = &item.published_on {
        put("datePublished", date.as_str().into());
    }
    if !item.journal.title.is_empty() {
        let mut periodical = json!({ "@type": "Periodical", "name": one_line(&item.journal.title) });
        if !item.journal.issn.is_empty() {
            periodical["issn"] = one_line(&item.journal.issn).into();
        }
        put("isPartOf", periodical);
    }
    Value::Object(work)
}

fn creator(author: &Author) -> Value {
    match author {
        Author::Person { .. } => json!({ "@type": "Person", "name": one_line(&author.display()) }),
        Author::Collective { collective } => json!({ "@type": "Organization", "name": one_line(collective) }),
    }
}
