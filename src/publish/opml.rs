//! OPML 2.0: every feed in one file that readers import.

use super::feed::{Channel, FeedFormat, feed_path};
use super::text::one_line;
use super::xml::Xml;
use crate::domain::news::Site;
use crate::domain::source::{Source, SourceKind};

/// The list of all feeds, in RSS, which every reader takes.
pub fn render(site: &Site) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.text("title", &[], &one_line(&site.title));
    xml.close("head");
    xml.open("body", &[]);
    let topics = site.topics.iter().map(|(name, _)| Channel::Topic(name));
    for channel in [Channel::All].into_iter().chain(topics).chain([Channel::Notices]) {
        write_outline(&mut xml, site, channel);
    }
    xml.close("body");
    xml.close("opml");
    xml.finish()
}

/// A list of feeds that are read, for other readers and for `perfuse source import-opml`: each with its topics as
/// categories. Sources that are no feeds have no place in OPML.
pub fn render_sources(title: &str, sources: &[Source]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("opml", &[("version", "2.0")]);
    xml.open("head", &[]);
    xml.text("title", &[], &one_line(title));
    xml.close("head");
    xml.open("body", &[]);
    for source in sources {
        let SourceKind::Feed { url } = &source.kind else { continue };
        let (title, topics) = (one_line(&source.title), source.topics.join(","));
        let mut attributes = vec![("type", "rss"), ("text", &title), ("title", &title), ("xmlUrl", url)];
        if !topics.is_empty() {
            attributes.push(("category", &topics));
        }
        xml.empty("outline", &attributes);
    }
    xml.close("body");
    xml.close("opml");
    xml.finish()
}

fn write_outline(xml: &mut Xml, site: &Site, channel: Channel) {
    let title = match channel.title(site) {
        Some(name) => format!("{}: {name}", site.title),
        None => site.title.clone(),
    };
    let title = one_line(&title);
    let feed = site.url(&feed_path(channel, FeedFormat::Rss));
    let home = site.url(&channel.home_path());
    xml.empty(
        "outline",
        &[("type", "rss"), ("text", &title), ("title", &title), ("xmlUrl", &feed), ("htmlUrl", &home)],
    );
}
