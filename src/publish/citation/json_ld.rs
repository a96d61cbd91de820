//! JSON-LD for our pages: a `NewsArticle` of the society's about somebody else's `MedicalScholarlyArticle`.
//!
//! The text returned cannot close a `<script>` element, whatever a title holds.

use serde_json::{Map, Value, json};

use super::{authors_line, one_line};
use crate::domain::entry::Author;
use crate::domain::news::{NewsItem, Site};
use crate::domain::notice::PublicNotice;
use crate::publish::json::escape_json;
use crate::publish::notice::{
    first_report_link, mark_word, marked_title, notice_link, notice_title, short_summary, statement,
};
use crate::publish::notice_words as words;
use crate::publish::text::{outward_link, plain_title};
use crate::texts::Texts;

/// For an item's own page.
pub fn item_page(site: &Site, item: &NewsItem) -> String {
    let mut article = news_article(site, item);
    article["@context"] = "https://schema.org".into();
    escape_json(&article.to_string())
}

/// For a notice's own page.
pub fn notice_page(site: &Site, notice: &PublicNotice, item: &NewsItem) -> String {
    let texts = Texts::of(&site.language);
    let changed_at = notice.lifted_at.unwrap_or(notice.public_at);
    let mut article = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": site.notice_url(notice),
        "url": site.notice_url(notice),
        "headline": notice_title(texts, notice, item),
        "description": statement(texts, notice),
        "datePublished": notice.public_at.to_rfc3339(),
        "dateModified": changed_at.to_rfc3339(),
        "inLanguage": site.language,
        "isAccessibleForFree": true,
        "author": publisher(site),
        "publisher": publisher(site),
        "about": scholarly_article(texts, item),
        "isPartOf": { "@type": "NewsArticle", "@id": site.item_url(item) },
    });
    if let Some(link) = notice_link(notice) {
        article["citation"] = link.into();
    }
    escape_json(&article.to_string())
}

/// For a page that lists items.
pub fn list_page(site: &Site, title: &str, address: &str, items: &[NewsItem]) -> String {
    let texts = Texts::of(&site.language);
    let elements: Vec<Value> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            json!({ "@type": "ListItem", "position": at + 1, "url": site.item_url(item), "name": marked_title(texts, item) })
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
    let texts = Texts::of(&site.language);
    let work = scholarly_article(texts, item);
    json!({
        "@type": "NewsArticle",
        "@id": site.item_url(item),
        "url": site.item_url(item),
        "headline": marked_title(texts, item),
        "description": short_summary(texts, item),
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

fn scholarly_article(texts: &Texts, item: &NewsItem) -> Value {
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
    if let Some(word) = mark_word(texts, item) {
        put("creativeWorkStatus", word.into());
    }
    let corrections: Vec<Value> = item
        .notices
        .iter()
        .filter(|notice| is_correction(notice))
        .map(|notice| correction(texts, notice))
        .collect();
    if !corrections.is_empty() {
        put("correction", corrections.into());
    }
    if let Some(report) = &item.first_report {
        let mut preprint = json!({ "@type": "ScholarlyArticle", "creativeWorkStatus": "Preprint" });
        if let Some(link) = first_report_link(report) {
            preprint["url"] = link.into();
        }
        if let Some(date) = &report.published_on {
            preprint["datePublished"] = date.as_str().into();
        }
        put("isBasedOn", preprint);
    }
    Value::Object(work)
}

fn is_correction(notice: &PublicNotice) -> bool {
    notice.lifted_at.is_none() && notice.finding.kind.mark().is_some()
}

/// schema.org has one type for all that is said against a published text.
fn correction(texts: &Texts, notice: &PublicNotice) -> Value {
    let mut comment = json!({
        "@type": "CorrectionComment",
        "name": words::label(texts, notice.finding.kind),
        "text": statement(texts, notice),
    });
    if let Some(link) = notice_link(notice) {
        comment["url"] = link.into();
    }
    if let Some(date) = &notice.finding.noticed_on {
        comment["datePublished"] = date.as_str().into();
    }
    comment
}

fn creator(author: &Author) -> Value {
    match author {
        Author::Person { .. } => json!({ "@type": "Person", "name": one_line(&author.display()) }),
        Author::Collective { collective } => json!({ "@type": "Organization", "name": one_line(collective) }),
    }
}
