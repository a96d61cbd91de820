//! What the three subscription formats share: which feed, which of its documents, and the addresses of both.
//!
//! A feed's history (RFC 5005, section 4) is numbered from its oldest item: archive 1 holds the first 50 (the setting
//! `publish.feed_items`), archive 2 the next, and so on, full ones only. So an archive keeps its address and its
//! content, and the subscription document with as many of the newest always reaches down to the last archive.
//!
//! A notice is an entry of its own, counted at the instant at which it became public, so archives stay as they are.
//! The item that it is about keeps its place in its archive, with its mark; the subscription document shows it again
//! below its newest entries, however old it is, for as long as the mark stands.

use super::entry::Entry;
use crate::domain::news::{FeedEntry, Site};
use crate::domain::time::UnixMs;
use crate::texts::Texts;

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

/// What a feed is a feed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel<'a> {
    /// Everything.
    All,
    /// A topic, by its name.
    Topic(&'a str),
    /// What happened to works that were reported.
    Notices,
}

impl<'a> Channel<'a> {
    /// A topic's channel, or everything.
    pub fn of_topic(topic: Option<&'a str>) -> Self {
        topic.map_or(Self::All, Self::Topic)
    }

    /// Its name for people, below the site's; `None` for everything.
    pub fn title(self, site: &Site) -> Option<String> {
        match self {
            Self::All => None,
            Self::Topic(name) => Some(topic_title(site, name).to_owned()),
            Self::Notices => Some(Texts::of(&site.language).t("feed-notices").into()),
        }
    }

    /// The page for people that shows the same.
    pub fn home_path(self) -> String {
        match self {
            Self::All => "/".to_owned(),
            Self::Topic(name) => topic_path(name),
            Self::Notices => "/notices".to_owned(),
        }
    }
}

/// One document of a feed.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// The society's face.
    pub site: &'a Site,
    /// What of.
    pub channel: Channel<'a>,
    /// Newest first: at most as many as an archive holds, and in the subscription document older items that bear the
    /// mark of a grave notice.
    pub entries: &'a [FeedEntry],
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
        match self.channel.title(self.site) {
            Some(name) => format!("{}: {name}", self.site.title),
            None => self.site.title.clone(),
        }
    }

    /// The page for people that shows the same.
    pub fn home_url(&self) -> String {
        self.site.url(&self.channel.home_path())
    }

    /// The address to subscribe to, without the archive's number.
    pub fn subscription_url(&self, format: FeedFormat) -> String {
        self.site.url(&feed_path(self.channel, format))
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

    /// The newest change among the entries.
    pub fn updated_at(&self) -> UnixMs {
        let changed = self.entries().map(|entry| entry.updated_at).max();
        changed.unwrap_or(self.empty_at)
    }

    /// What the entries say.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.entries.iter().map(|entry| Entry::new(self.site, entry))
    }

    fn document_url(&self, format: FeedFormat, archive: Option<u64>) -> String {
        let url = self.subscription_url(format);
        match archive {
            Some(number) => format!("{url}?archive={number}"),
            None => url,
        }
    }
}

/// `/feeds/news.rss`, `/feeds/t/{topic}.rss` or `/feeds/notices.rss`.
pub fn feed_path(channel: Channel, format: FeedFormat) -> String {
    let extension = format.extension();
    match channel {
        Channel::All => format!("/feeds/news.{extension}"),
        Channel::Topic(name) => format!("/feeds/t/{}.{extension}", path_segment(name)),
        Channel::Notices => format!("/feeds/notices.{extension}"),
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
