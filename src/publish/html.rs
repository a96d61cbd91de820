//! HTML that leaves the house: the content of feed items, and the fragment that a webmaster includes.
//!
//! Elements are only `p a i b sub sup em strong ul li` in feeds, plus `article h2…h6 time` in the fragment; the only
//! attributes are those written here. No class, style or script of ours runs in another's page.

use std::fmt::Write as _;

use super::citation::{authors_short, source_html};
use super::notice::{
    before_notice, first_report_line, first_report_link, is_void, marked_title_html, notice_link,
    short_paragraphs, statement,
};
use super::text::{escape_html, escape_text, outward_link, paragraphs};
use crate::domain::entry::WorkKind;
use crate::domain::news::{NewsItem, Site};
use crate::domain::notice::FirstReport;
use crate::texts::Texts;

/// An item's whole text: the paragraph, the citation, the links.
pub fn content_html(site: &Site, item: &NewsItem) -> String {
    let texts = Texts::of(&site.language);
    let mut html = String::with_capacity(1024);
    for notice in item.standing_notices() {
        let _ = write!(html, "<p><strong>{}</strong>", escape_text(&statement(texts, notice)));
        if let Some(address) = notice_link(notice) {
            let read = String::from(texts.t("notice-read"));
            let _ = write!(html, " <a href=\"{}\">{}</a>", escape_html(&address), escape_text(&read));
        }
        html.push_str("</p>");
    }
    if is_void(item) {
        let _ = write!(html, "<p>{}</p>", escape_text(&before_notice(texts, item)));
    }
    for paragraph in paragraphs(&item.summary) {
        let _ = write!(html, "<p>{}</p>", escape_text(&paragraph));
    }
    let caution = caution(texts, item.kind);
    if !caution.is_empty() {
        let _ = write!(html, "<p><strong>{}</strong></p>", escape_text(&caution));
    }
    let citation = citation_html(item);
    if !citation.is_empty() {
        let _ = write!(html, "<p>{citation}</p>");
    }
    if let Some(report) = &item.first_report {
        let _ = write!(html, "<p>{}</p>", first_report_html(texts, report));
    }
    let links: Vec<String> = item_links(site, item)
        .into_iter()
        .map(|(label, address)| format!("<a href=\"{}\">{}</a>", escape_html(&address), escape_text(&label)))
        .collect();
    let _ = write!(html, "<p>{}</p>", links.join(" · "));
    html
}

/// "First reported as a preprint: medRxiv, 5 Jan 2026." with its address.
pub fn first_report_html(texts: &Texts, report: &FirstReport) -> String {
    let line = escape_text(&first_report_line(texts, report));
    match first_report_link(report) {
        Some(address) => {
            let label = match &report.ids.doi {
                Some(doi) => format!("doi:{doi}"),
                None => texts.t("first-report-link").into(),
            };
            format!("{line} <a href=\"{}\">{}</a>", escape_html(&address), escape_text(&label))
        }
        None => line,
    }
}

/// What must be said of a work that is not a reviewed paper; empty for one that is.
pub fn caution(texts: &Texts, kind: WorkKind) -> String {
    match kind {
        WorkKind::Preprint => texts.t("caution-preprint").into(),
        WorkKind::Trial => texts.t("caution-trial").into(),
        WorkKind::Article | WorkKind::Book => String::new(),
    }
}

/// "A Given, B Given, et al. <i>Journal</i>. 5 Mar 2026;41(3):210-8."; empty where nothing is known.
pub fn citation_html(item: &NewsItem) -> String {
    let authors = authors_short(item);
    let source = source_html(item);
    match (authors.is_empty(), source.is_empty()) {
        (true, _) => source,
        (false, true) => format!("{}.", escape_text(authors.trim_end_matches('.'))),
        (false, false) => format!("{}. {source}", escape_text(authors.trim_end_matches('.'))),
    }
}

/// The links a reader may want, `(label, address)`: the article, PubMed, free full text, our page.
pub fn item_links(site: &Site, item: &NewsItem) -> Vec<(String, String)> {
    let texts = Texts::of(&site.language);
    let mut links = Vec::with_capacity(4);
    if let Some(doi) = &item.ids.doi {
        links.push((format!("doi:{doi}"), doi.url()));
    } else if let Some(link) = outward_link(item).filter(|_| item.ids.nct.is_none()) {
        links.push((texts.t("link-article").into(), link));
    }
    if let Some(pmid) = item.ids.pmid {
        links.push((format!("PubMed {pmid}"), pmid.url()));
    }
    if let Some(pmcid) = &item.ids.pmcid {
        links.push((texts.t("link-free").into(), pmcid.url()));
    }
    if let Some(nct) = &item.ids.nct {
        links.push((nct.as_str().to_owned(), nct.url()));
    }
    links.push((site.title.clone(), site.item_url(item)));
    links
}

/// Where the fragment's titles lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkTo {
    /// To the article itself, where it has an address.
    Article,
    /// To our page.
    Page,
}

/// The items as plain HTML for PHP, SSI, Drupal or Hugo: `ul role=list > li > article > h{n} > a`, then `time` and
/// the paragraph. No script, no style. `heading_level` is held between 2 and 6.
pub fn fragment(site: &Site, items: &[NewsItem], heading_level: u8, links: LinkTo) -> Vec<u8> {
    let (level, texts) = (heading_level.clamp(2, 6), Texts::of(&site.language));
    let lang = Texts::lang_for(&site.language);
    let lang = if lang == site.language { String::new() } else { format!(" lang=\"{}\"", escape_html(lang)) };
    let mut html = String::with_capacity(items.len() * 800 + 64);
    let _ = writeln!(html, "<ul role=\"list\" lang=\"{}\">", escape_html(&site.language));
    for item in items {
        let page = site.item_url(item);
        let address = match links {
            LinkTo::Article => outward_link(item).unwrap_or(page),
            LinkTo::Page => page,
        };
        let _ = writeln!(
            html,
            "<li><article><h{level}><a href=\"{}\">{}</a></h{level}>",
            escape_html(&address),
            marked_title_html(texts, item)
        );
        let day = item.published_at.to_utc();
        let _ = writeln!(
            html,
            "<p{lang}><time datetime=\"{}\">{}</time></p>",
            day.format("%Y-%m-%d"),
            escape_text(&texts.day(day.date_naive()))
        );
        for paragraph in short_paragraphs(texts, item) {
            let _ = writeln!(html, "<p>{}</p>", escape_text(&paragraph));
        }
        let caution = caution(texts, item.kind);
        if !caution.is_empty() {
            let _ = writeln!(html, "<p{lang}><strong>{}</strong></p>", escape_text(&caution));
        }
        html.push_str("</article></li>\n");
    }
    html.push_str("</ul>\n");
    html.into_bytes()
}
