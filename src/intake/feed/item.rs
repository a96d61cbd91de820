//! An item's fields as text, before any of them is understood.

use std::ops::Range;

use super::subtree::Field;

/// What a namespace stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// RSS and Atom themselves, or no namespace.
    Core,
    /// Dublin Core, elements and terms.
    Dc,
    /// PRISM, any version.
    Prism,
    /// `content:encoded`.
    Content,
    /// `sy:updatePeriod`.
    Syndication,
    /// Anything else.
    Other,
}

/// A link of Atom.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) rel: String,
    pub(super) media_type: String,
}

/// One item. Empty texts mean "not said".
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    /// Where it stands in the text.
    pub(super) span: Range<usize>,
    pub(super) about: Option<String>,
    pub(super) base: Option<String>,
    pub(super) title: String,
    pub(super) dc_title: String,
    pub(super) link: String,
    pub(super) links: Vec<Link>,
    pub(super) guid: String,
    pub(super) guid_is_permalink: bool,
    pub(super) description: String,
    pub(super) content: String,
    /// `pubDate`, Atom's `published`.
    pub(super) published: String,
    pub(super) updated: String,
    pub(super) dc_date: String,
    pub(super) prism_date: String,
    pub(super) cover_date: String,
    /// `dc:identifier`, `prism:doi` and their like.
    pub(super) identifiers: Vec<String>,
    /// `dc:creator`.
    pub(super) creators: Vec<String>,
    /// RSS `author`, Atom's persons.
    pub(super) authors: Vec<String>,
    pub(super) dc_source: String,
    pub(super) publication_name: String,
    pub(super) volume: String,
    pub(super) number: String,
    pub(super) first_page: String,
    pub(super) last_page: String,
    pub(super) pages: String,
    pub(super) issns: Vec<String>,
    pub(super) language: String,
    pub(super) section: String,
    pub(super) categories: Vec<String>,
}

/// What the feed says of itself.
#[derive(Debug, Clone, Default, Hash)]
pub(super) struct Channel {
    pub(super) base: Option<String>,
    pub(super) title: String,
    pub(super) link: String,
    pub(super) language: String,
    pub(super) generator: String,
    pub(super) publication_name: String,
    pub(super) issns: Vec<String>,
    pub(super) ttl: String,
    pub(super) update_period: String,
    pub(super) update_frequency: String,
}

impl Item {
    /// Files a child element. The first of its kind counts, except for lists.
    pub(super) fn take(&mut self, family: Family, local: &str, field: Field) {
        let first = |slot: &mut String, text: String| {
            if slot.trim().is_empty() {
                *slot = text;
            }
        };
        match (family, local) {
            (Family::Core, "title") => first(&mut self.title, field.text),
            (Family::Dc, "title") => first(&mut self.dc_title, field.text),
            (Family::Core, "link") => self.take_link(field),
            (Family::Core, "guid") => {
                // RSS 2.0: a guid is an address unless it says otherwise
                self.guid_is_permalink = field.attribute("isPermaLink") != Some("false");
                first(&mut self.guid, field.text);
            }
            (Family::Core, "id") => first(&mut self.guid, field.text),
            (Family::Core, "description" | "summary") | (Family::Dc, "description" | "abstract") => {
                first(&mut self.description, field.text);
            }
            (Family::Core, "content") | (Family::Content, "encoded") => first(&mut self.content, field.text),
            (Family::Core, "pubDate" | "published" | "issued" | "created") => {
                first(&mut self.published, field.text)
            }
            (Family::Core, "updated" | "modified") => first(&mut self.updated, field.text),
            (Family::Dc, "date" | "issued" | "created") => first(&mut self.dc_date, field.text),
            (Family::Prism, "publicationDate" | "publishDate" | "onlineDate") => {
                first(&mut self.prism_date, field.text)
            }
            (Family::Prism, "coverDate" | "coverDisplayDate") => first(&mut self.cover_date, field.text),
            (Family::Dc, "identifier") | (Family::Prism, "doi" | "url") => {
                push(&mut self.identifiers, field.text)
            }
            (Family::Dc, "creator" | "author") => push(&mut self.creators, field.text),
            (Family::Core, "author" | "creator") => {
                let name = field.child("name").map(str::to_owned).unwrap_or(field.text);
                push(&mut self.authors, name);
            }
            (Family::Dc, "source") => first(&mut self.dc_source, field.text),
            (Family::Prism, "publicationName") => first(&mut self.publication_name, field.text),
            (Family::Prism, "volume") => first(&mut self.volume, field.text),
            (Family::Prism, "number" | "issueIdentifier") => first(&mut self.number, field.text),
            (Family::Prism, "startingPage") => first(&mut self.first_page, field.text),
            (Family::Prism, "endingPage") => first(&mut self.last_page, field.text),
            (Family::Prism, "pageRange") => first(&mut self.pages, field.text),
            (Family::Prism, "issn" | "eIssn" | "eissn") => push(&mut self.issns, field.text),
            (Family::Prism, "section") => first(&mut self.section, field.text),
            (Family::Dc, "language") => first(&mut self.language, field.text),
            (Family::Core, "category") | (Family::Dc, "subject") | (Family::Prism, "keyword") => {
                let term = field.attribute("term").or(field.attribute("label")).map(str::to_owned);
                push(&mut self.categories, term.unwrap_or(field.text));
            }
            _ => {}
        }
    }

    fn take_link(&mut self, field: Field) {
        match field.attribute("href") {
            Some(href) => self.links.push(Link {
                href: href.to_owned(),
                rel: field.attribute("rel").unwrap_or("alternate").to_owned(),
                media_type: field.attribute("type").unwrap_or_default().to_owned(),
            }),
            None if self.link.trim().is_empty() => self.link = field.text,
            None => {}
        }
    }
}

impl Channel {
    /// Files a child element of the channel.
    pub(super) fn take(&mut self, family: Family, local: &str, field: Field) {
        let slot = match (family, local) {
            (Family::Core, "title") => &mut self.title,
            (Family::Core, "link") => {
                if let Some(href) = field.attribute("href") {
                    if field.attribute("rel").is_none_or(|rel| rel == "alternate") && self.link.is_empty() {
                        self.link = href.to_owned();
                    }
                    return;
                }
                &mut self.link
            }
            (Family::Core | Family::Dc, "language") => &mut self.language,
            (Family::Core, "generator") => &mut self.generator,
            (Family::Prism, "publicationName") => &mut self.publication_name,
            (Family::Prism, "issn" | "eIssn" | "eissn") => return push(&mut self.issns, field.text),
            (Family::Core, "ttl") => &mut self.ttl,
            (Family::Syndication, "updatePeriod") => &mut self.update_period,
            (Family::Syndication, "updateFrequency") => &mut self.update_frequency,
            _ => return,
        };
        if slot.trim().is_empty() {
            *slot = field.text;
        }
    }

    /// The wish for the next fetch: RSS `ttl`, or the syndication module's period over frequency (daily by default).
    pub(super) fn ttl_minutes(&self) -> Option<u64> {
        if let Ok(ttl) = self.ttl.trim().parse::<u64>() {
            return Some(ttl);
        }
        let minutes = match self.update_period.trim().to_lowercase().as_str() {
            "hourly" => 60,
            "daily" => 24 * 60,
            "weekly" => 7 * 24 * 60,
            "monthly" => 30 * 24 * 60,
            "yearly" => 365 * 24 * 60,
            _ => return None,
        };
        let frequency = self.update_frequency.trim().parse::<u64>().unwrap_or(1).max(1);
        Some(minutes / frequency)
    }
}

fn push(list: &mut Vec<String>, text: String) {
    if !text.trim().is_empty() && list.len() < 10_000 {
        list.push(text);
    }
}
