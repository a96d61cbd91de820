//! RSS 2.0 as readers read it, which is narrower than the specification.
//!
//! Title and description are plain text; `description` stands before `content:encoded`, because some readers keep
//! the first they meet; one joined `dc:creator`, because readers show only the first or the last of several.

use super::entry::Entry;
use super::feed::{Feed, FeedFormat, TTL_MINUTES, topic_title};
use super::text::{one_line, soften};
use super::xml::Xml;

/// The namespaces in use. PRISM is unknown to the W3C validator, which says so and nothing more.
const NAMESPACES: [(&str, &str); 6] = [
    ("version", "2.0"),
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:fh", "http://purl.org/syndication/history/1.0"),
    ("xmlns:prism", "http://prismstandard.org/namespaces/basic/2.0/"),
];

/// The feed as an RSS 2.0 document.
pub fn render(feed: &Feed) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("rss", &NAMESPACES);
    xml.open("channel", &[]);
    xml.text("title", &[], &soften(&one_line(&feed.title())));
    xml.text("link", &[], &feed.home_url());
    xml.text("description", &[], &soften(&one_line(&feed.site.description)));
    xml.text("language", &[], &feed.site.language);
    xml.text("lastBuildDate", &[], &feed.updated_at().to_rfc822());
    xml.text("generator", &[], "perfuse");
    xml.text("ttl", &[], &TTL_MINUTES.to_string());
    write_links(&mut xml, feed);
    for entry in feed.entries() {
        write_item(&mut xml, feed, &entry);
    }
    xml.close("channel");
    xml.close("rss");
    xml.finish()
}

fn write_links(xml: &mut Xml, feed: &Feed) {
    let media_type = FeedFormat::Rss.media_type();
    let mut link = |rel: &str, href: &str| {
        xml.empty("atom:link", &[("rel", rel), ("href", href), ("type", media_type)]);
    };
    link("self", &feed.self_url(FeedFormat::Rss));
    if let Some(previous) = feed.previous_url(FeedFormat::Rss) {
        link("prev-archive", &previous);
    }
    if let Some(next) = feed.next_url(FeedFormat::Rss) {
        link("next-archive", &next);
    }
    if feed.archive.is_some() {
        link("current", &feed.subscription_url(FeedFormat::Rss));
        xml.empty("fh:archive", &[]);
    }
    if let Some(hub) = feed.hub {
        xml.empty("atom:link", &[("rel", "hub"), ("href", hub)]);
    }
}

fn write_item(xml: &mut Xml, feed: &Feed, entry: &Entry) {
    xml.open("item", &[]);
    xml.text("title", &[], &soften(&entry.title));
    xml.text("link", &[], entry.outward.as_ref().unwrap_or(&entry.page));
    xml.text("guid", &[("isPermaLink", "true")], &entry.page);
    xml.text("pubDate", &[], &entry.published_at.to_rfc822());
    xml.text("description", &[], &soften(&entry.summary));
    xml.text("content:encoded", &[], &entry.content);
    xml.text_if("dc:creator", &soften(&entry.authors_line));
    if let Some(doi) = entry.doi {
        xml.text("dc:identifier", &[], &format!("doi:{doi}"));
    } else if let Some(pmid) = entry.pmid {
        xml.text("dc:identifier", &[], &format!("pmid:{pmid}"));
    }
    xml.text_if("dc:source", &soften(&entry.source));
    for topic in entry.topics {
        xml.text("category", &[], &soften(&one_line(topic_title(feed.site, topic))));
    }
    if let Some(doi) = entry.doi {
        xml.text("prism:doi", &[], doi.as_str());
    }
    xml.text_if("prism:publicationName", &soften(&entry.journal));
    xml.close("item");
}
