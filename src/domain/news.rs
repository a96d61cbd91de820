//! A news item: what the public sees of an approved article, frozen when an editor approved it.
//!
//! What a publisher changes later never changes an item silently: it holds its own copy of everything shown.

use super::entry::{Author, Journal, WorkKind};
use super::identity::Identifiers;
use super::notice::{FirstReport, PublicNotice, standing_mark};
use super::text::RichText;
use super::time::{PartialDate, UnixMs};

/// One published item, whole: everything any output needs.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsItem {
    /// The article's row id; only for paging and order.
    pub article_id: i64,
    /// ULID of `/a/{id}`.
    pub public_id: String,
    /// The approved title.
    pub title: RichText,
    /// The approved paragraph, plain text.
    pub summary: String,
    /// When it became public. No two items share an instant: the store spaces a bulk approval by a second each.
    pub published_at: UnixMs,
    /// When its meaning last changed; equals `published_at` until then. No two items share it either.
    pub updated_at: UnixMs,
    /// Topic names.
    pub topics: Vec<String>,
    /// The sort of work.
    pub kind: WorkKind,
    /// What identifies the work.
    pub ids: Identifiers,
    /// The address readers are sent to: DOI, else the source's link, else PubMed.
    pub link: Option<String>,
    /// In printed order.
    pub authors: Vec<Author>,
    /// Where the work appeared.
    pub journal: Journal,
    /// When the work appeared.
    pub published_on: Option<PartialDate>,
    /// Language of the work.
    pub language: Option<String>,
    /// What happened to the work since, oldest first; lifted ones included.
    pub notices: Vec<PublicNotice>,
    /// Where the work is a preprint's paper: the preprint.
    pub first_report: Option<FirstReport>,
}

impl NewsItem {
    /// The gravest notice that marks the item now, if one does.
    pub fn mark(&self) -> Option<&PublicNotice> {
        standing_mark(&self.notices)
    }

    /// Its notices that hold, oldest first.
    pub fn standing_notices(&self) -> impl Iterator<Item = &PublicNotice> {
        self.notices.iter().filter(|notice| notice.lifted_at.is_none())
    }

    /// One of its notices.
    pub fn notice(&self, public_id: &str) -> Option<&PublicNotice> {
        self.notices.iter().find(|notice| notice.public_id == public_id)
    }
}

/// What a feed holds in one place: an item, or a notice about one, which is news of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedEntry {
    /// The item.
    pub item: NewsItem,
    /// The notice about it that this entry is; `None`: the entry is the item itself.
    pub notice: Option<PublicNotice>,
}

impl FeedEntry {
    /// An entry that is the item itself.
    pub fn of_item(item: NewsItem) -> Self {
        Self { item, notice: None }
    }

    /// When it became public, by which entries are ordered.
    pub fn published_at(&self) -> UnixMs {
        self.notice.as_ref().map_or(self.item.published_at, |notice| notice.public_at)
    }
}

/// The society's face, as every output names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// "International Perfusion Association: Latest News".
    pub title: String,
    /// One line about it.
    pub description: String,
    /// `https://news.example.org`, without a slash at the end.
    pub public_url: String,
    /// BCP 47: "en".
    pub language: String,
    /// Where readers can write; may be empty.
    pub contact: String,
    /// Accent colour `#rrggbb`.
    pub accent: String,
    /// The topics in the configured order, `(name, title)`.
    pub topics: Vec<(String, String)>,
}

impl Site {
    /// The absolute address of a path that starts with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// An item's own page.
    pub fn item_url(&self, item: &NewsItem) -> String {
        format!("{}/a/{}", self.public_url, item.public_id)
    }

    /// A notice's own page.
    pub fn notice_url(&self, notice: &PublicNotice) -> String {
        format!("{}/notices/{}", self.public_url, notice.public_id)
    }
}
