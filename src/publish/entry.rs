//! What an entry of a feed says, whichever of the three formats says it: an item, or a notice as news of its own.
//!
//! An item keeps its identity whatever happens to the work: a mark changes its title, its summary and the instant of
//! its last change, never its id.

use std::fmt::Write as _;

use super::citation::{authors_line, source_line};
use super::html::{citation_html, content_html};
use super::notice::{marked_title, notice_link, notice_summary, notice_title, short_summary, statement};
use super::text::{escape_html, escape_text, one_line, outward_link};
use crate::domain::entry::Author;
use crate::domain::identity::{Doi, Pmcid, Pmid};
use crate::domain::news::{FeedEntry, NewsItem, Site};
use crate::domain::notice::PublicNotice;
use crate::domain::time::UnixMs;
use crate::texts::Texts;

/// One entry, in words that no format has escaped yet.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// Our page about it, which is its identity too.
    pub(super) page: String,
    /// One plain line.
    pub(super) title: String,
    /// The work or the notice itself, where it has an address.
    pub(super) outward: Option<String>,
    pub(super) published_at: UnixMs,
    pub(super) updated_at: UnixMs,
    /// Plain text, at most 100 words where editors kept to that.
    pub(super) summary: String,
    /// HTML of the allow-list.
    pub(super) content: String,
    pub(super) authors: &'a [Author],
    pub(super) authors_line: String,
    /// Topic names.
    pub(super) topics: &'a [String],
    pub(super) doi: Option<&'a Doi>,
    pub(super) pmid: Option<Pmid>,
    pub(super) pmcid: Option<&'a Pmcid>,
    /// The sort of work, or "notice".
    pub(super) kind: &'static str,
    /// "Perfusion. 2026 Mar;41(3):210-8", or the notice's citation.
    pub(super) source: String,
    pub(super) journal: String,
    /// The kind of notice that marks the item, or that the entry is.
    pub(super) notice: Option<&'static str>,
}

impl<'a> Entry<'a> {
    /// What the feed says of `entry`.
    pub(super) fn new(site: &Site, entry: &'a FeedEntry) -> Self {
        match &entry.notice {
            None => Self::of_item(site, &entry.item),
            Some(notice) => Self::of_notice(site, notice, &entry.item),
        }
    }

    fn of_item(site: &Site, item: &'a NewsItem) -> Self {
        let texts = Texts::of(&site.language);
        Self {
            page: site.item_url(item),
            title: marked_title(texts, item),
            outward: outward_link(item),
            published_at: item.published_at,
            updated_at: item.updated_at,
            summary: short_summary(texts, item),
            content: content_html(site, item),
            authors: &item.authors,
            authors_line: authors_line(item),
            topics: &item.topics,
            doi: item.ids.doi.as_ref(),
            pmid: item.ids.pmid,
            pmcid: item.ids.pmcid.as_ref(),
            kind: item.kind.as_str(),
            source: source_line(item),
            journal: one_line(&item.journal.title),
            notice: item.mark().map(|notice| notice.finding.kind.as_str()),
        }
    }

    fn of_notice(site: &Site, notice: &'a PublicNotice, item: &'a NewsItem) -> Self {
        let (finding, texts) = (&notice.finding, Texts::of(&site.language));
        // an item and its notice become new in one transaction: a millisecond keeps their dates apart (see `atom`)
        let changed_at = notice.lifted_at.unwrap_or(notice.public_at);
        Self {
            page: site.notice_url(notice),
            title: notice_title(texts, notice, item),
            outward: notice_link(notice),
            published_at: notice.public_at,
            updated_at: changed_at.plus_ms(1),
            summary: notice_summary(texts, notice),
            content: notice_html(site, notice, item),
            authors: &[],
            authors_line: String::new(),
            topics: &item.topics,
            doi: finding.ids.doi.as_ref(),
            pmid: finding.ids.pmid,
            pmcid: finding.ids.pmcid.as_ref(),
            kind: "notice",
            source: one_line(&finding.citation),
            journal: one_line(&item.journal.title),
            notice: Some(finding.kind.as_str()),
        }
    }
}

/// A notice's whole text: what happened, its citation, the work it is about, the links.
fn notice_html(site: &Site, notice: &PublicNotice, item: &NewsItem) -> String {
    let texts = Texts::of(&site.language);
    let mut html = format!("<p><strong>{}</strong></p>", escape_text(&statement(texts, notice)));
    let citation = one_line(&notice.finding.citation);
    if !citation.is_empty() {
        let _ = write!(html, "<p>{}</p>", escape_text(&citation));
    }
    let work = citation_html(item);
    let _ = write!(
        html,
        "<p><a href=\"{}\">{}</a>{}{work}</p>",
        escape_html(&site.item_url(item)),
        item.title.as_html(),
        if work.is_empty() { "" } else { ". " }
    );
    let mut links = Vec::with_capacity(2);
    if let Some(address) = notice_link(notice) {
        links.push((texts.t("notice-read").into(), address));
    }
    links.push((site.title.clone(), site.notice_url(notice)));
    let links: Vec<String> = links
        .into_iter()
        .map(|(label, address)| format!("<a href=\"{}\">{}</a>", escape_html(&address), escape_text(&label)))
        .collect();
    let _ = write!(html, "<p>{}</p>", links.join(" · "));
    html
}
