//! Atom 1.0 (RFC 4287) with archives (RFC 5005).
//!
//! `alternate` is our page, `related` the article itself; `updated` moves only when the meaning changes, which the
//! store decides. Instants keep their milliseconds where they have any, so that no two items show the same.

use super::entry::Entry;
use super::feed::{Feed, FeedFormat, topic_title};
use super::text::{one_line, soften};
use super::xml::Xml;
use crate::domain::time::{SECOND_MS, UnixMs};

/// The feed as an Atom document.
pub fn render(feed: &Feed) -> Vec<u8> {
    let mut xml = Xml::new();
    let attributes = [
        ("xmlns", "http://www.w3.org/2005/Atom"),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
        ("xmlns:prism", "http://prismstandard.org/namespaces/basic/2.0/"),
        ("xml:lang", feed.site.language.as_str()),
    ];
    xml.open("feed", &attributes);
    xml.text("id", &[], &feed.subscription_url(FeedFormat::Atom));
    xml.text("title", &[], &soften(&one_line(&feed.title())));
    xml.text_if("subtitle", &soften(&one_line(&feed.site.description)));
    xml.text("updated", &[], &instant(feed.updated_at()));
    xml.open("author", &[]);
    xml.text("name", &[], &soften(&one_line(&feed.site.title)));
    xml.text("uri", &[], &feed.site.url("/"));
    xml.close("author");
    xml.text("generator", &[], "perfuse");
    write_links(&mut xml, feed);
    for entry in feed.entries() {
        write_entry(&mut xml, feed, &entry);
    }
    xml.close("feed");
    xml.finish()
}

fn write_links(xml: &mut Xml, feed: &Feed) {
    let media_type = FeedFormat::Atom.media_type();
    let mut link = |rel: &str, href: &str, media_type: &str| {
        xml.empty("link", &[("rel", rel), ("href", href), ("type", media_type)]);
    };
    link("self", &feed.self_url(FeedFormat::Atom), media_type);
    link("alternate", &feed.home_url(), "text/html");
    if let Some(previous) = feed.previous_url(FeedFormat::Atom) {
        link("prev-archive", &previous, media_type);
    }
    if let Some(next) = feed.next_url(FeedFormat::Atom) {
        link("next-archive", &next, media_type);
    }
    if feed.archive.is_some() {
        link("current", &feed.subscription_url(FeedFormat::Atom), media_type);
        xml.empty("fh:archive", &[]);
    }
    if let Some(hub) = feed.hub {
        xml.empty("link", &[("rel", "hub"), ("href", hub)]);
    }
}

fn write_entry(xml: &mut Xml, feed: &Feed, entry: &Entry) {
    xml.open("entry", &[]);
    xml.text("id", &[], &entry.page);
    xml.text("title", &[("type", "text")], &soften(&entry.title));
    xml.empty("link", &[("rel", "alternate"), ("href", &entry.page), ("type", "text/html")]);
    if let Some(article) = &entry.outward {
        xml.empty("link", &[("rel", "related"), ("href", article)]);
    }
    xml.text("published", &[], &instant(entry.published_at));
    xml.text("updated", &[], &instant(entry.updated_at));
    if !entry.authors_line.is_empty() {
        xml.open("author", &[]);
        xml.text("name", &[], &soften(&entry.authors_line));
        xml.close("author");
    }
    for topic in entry.topics {
        let label = one_line(topic_title(feed.site, topic));
        xml.empty("category", &[("term", topic), ("label", &label)]);
    }
    // absent rather than blank (RFC 4287, 4.2.13)
    let summary = soften(&entry.summary);
    if !summary.is_empty() {
        xml.text("summary", &[("type", "text")], &summary);
    }
    xml.text("content", &[("type", "html")], &entry.content);
    if let Some(doi) = entry.doi {
        xml.text("dc:identifier", &[], &format!("doi:{doi}"));
        xml.text("prism:doi", &[], doi.as_str());
    } else if let Some(pmid) = entry.pmid {
        xml.text("dc:identifier", &[], &format!("pmid:{pmid}"));
    }
    xml.text_if("dc:source", &soften(&entry.source));
    xml.text_if("prism:publicationName", &soften(&entry.journal));
    xml.close("entry");
}

fn instant(at: UnixMs) -> String {
    if at.0.rem_euclid(SECOND_MS) == 0 {
        at.to_rfc3339()
    } else {
        at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}
