//! What the three subscription formats share: which feed, which of its documents, and the addresses of both.
//!
//! A feed's history (RFC 5005, section 4) is numbered from its oldest item: archive 1 holds the first 50 (the setting
//! `publish.feed_items`), archive 2 the next, and so on, full ones only. So an archive keeps its address and its
//! content, and the subscription document with as many of the newest always reaches down to the last archive.

use crate::domain::news::{NewsItem, Site};
use crate::domain::time::UnixMs;

/// How often readers should ask, in minutes.
pub const TTL_MINUTES: u32 = 60;

/// One of the three formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The ending of the feed's address.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }

    /// The format for an ending.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == extension)
    }

    /// The media type, for links and headers.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }
}

/// One document of a feed.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// The society's face.
    pub site: &'a Site,
    /// A topic's name, or everything.
    pub topic: Option<&'a str>,
    /// Newest first, at most as many as an archive holds.
    pub items: &'a [NewsItem],
    /// Said to be the document's time where it holds no item.
    pub empty_at: UnixMs,
    /// The WebSub hub, if one is configured.
    pub hub: Option<&'a str>,
    /// `None` for the subscription document, else the archive's number from 1.
    pub archive: Option<u64>,
    /// How many archives the feed has.
    pub archives: u64,
}

impl Feed<'_> {
    /// The feed's title; archives carry that of their feed.
    pub fn title(&self) -> String {
        match self.topic {
            Some(topic) => format!("{}: {}", self.site.title, topic_title(self.site, topic)),
            None => self.site.title.clone(),
        }
    }

    /// The page for people that shows the same.
    pub fn home_url(&self) -> String {
        match self.topic {
            Some(topic) => self.site.url(&topic_path(topic)),
            None => self.site.url("/"),
        }
    }

    /// The address to subscribe to, without the archive's number.
    pub fn subscription_url(&self, format: FeedFormat) -> String {
        self.site.url(&feed_path(self.topic, format))
    }

    /// This document's own address: the one that was asked for.
    pub fn self_url(&self, format: FeedFormat) -> String {
        self.document_url(format, self.archive)
    }

    /// The archive before this document in time.
    pub fn previous_url(&self, format: FeedFormat) -> Option<String> {
        let previous = self.archive.map_or(self.archives, |number| number.saturating_sub(1));
        (previous > 0).then(|| self.document_url(format, Some(previous)))
    }

    /// The archive after this one in time; the subscription document has none.
    pub fn next_url(&self, format: FeedFormat) -> Option<String> {
        let next = self.archive?.saturating_add(1);
        (next <= self.archives).then(|| self.document_url(format, Some(next)))
    }

    /// The newest change among the items.
    pub fn updated_at(&self) -> UnixMs {
        self.items.iter().map(|item| item.updated_at).max().unwrap_or(self.empty_at)
    }

    fn document_url(&self, format: FeedFormat, archive: Option<u64>) -> String {
        let url = self.subscription_url(format);
        match archive {
            Some(number) => format!("{url}?archive={number}"),
            None => url,
        }
    }
}

/// `/feeds/news.rss` or `/feeds/t/{topic}.rss`.
pub fn feed_path(topic: Option<&str>, format: FeedFormat) -> String {
    let extension = format.extension();
    match topic {
        Some(topic) => format!("/feeds/t/{}.{extension}", path_segment(topic)),
        None => format!("/feeds/news.{extension}"),
    }
}

/// `/t/{topic}`.
pub fn topic_path(topic: &str) -> String {
    format!("/t/{}", path_segment(topic))
}

/// A topic's title as configured; a name that is configured no longer stands for itself.
pub fn topic_title<'a>(site: &'a Site, name: &'a str) -> &'a str {
    site.topics.iter().find(|(known, _)| known == name).map_or(name, |(_, title)| title.as_str())
}

/// Text as one segment of a path.
pub fn path_segment(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT).to_string()
}
