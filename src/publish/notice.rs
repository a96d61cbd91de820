//! What the public is told when something happened to a work: words, never a colour.
//!
//! A notice says what happened, when and who said so. Where the work no longer stands (retraction, removal,
//! withdrawal), short forms carry the notice *instead* of the society's paragraph: figures that nobody should act on
//! are not repeated under a mark that a reader may overlook. Whole texts keep the paragraph below it, as the record of
//! what was reported. Under the other marks the paragraph stands, with the notice in front; where both would exceed
//! 100 words the short form carries the notice alone, because half a paragraph can say the opposite of the whole.
//!
//! A lifted notice marks nothing and is told only as history.

use super::text::{one_line, paragraphs, plain_title, web_address};
use crate::domain::news::NewsItem;
use crate::domain::notice::{FirstReport, NoticeKind, NoticeSource, PublicNotice};
use crate::domain::summary::{MAX_WORDS, count_words};

/// The longest piece of a record's own wording that is shown, characters.
const DETAIL_CHARS: usize = 300;

/// "[Retracted] ", or nothing where no notice marks the item.
pub fn title_mark(item: &NewsItem) -> String {
    mark_word(item).map(|word| format!("[{word}] ")).unwrap_or_default()
}

/// "Retracted", where a notice marks the item now.
pub fn mark_word(item: &NewsItem) -> Option<&'static str> {
    item.mark()?.finding.kind.mark()
}

/// The item's title on one plain line, its mark in front.
pub fn marked_title(item: &NewsItem) -> String {
    format!("{}{}", title_mark(item), plain_title(item))
}

/// The same with the title's markup, for HTML.
pub fn marked_title_html(item: &NewsItem) -> String {
    // the marks are our own words, without a character to escape
    format!("{}{}", title_mark(item), item.title.as_html())
}

/// "Retraction: Title of the work".
pub fn notice_title(notice: &PublicNotice, item: &NewsItem) -> String {
    format!("{}: {}", notice.finding.kind.label(), plain_title(item))
}

/// What happened, in one or two sentences: "This article has been retracted and should not be relied on (notice of
/// 3 Mar 2026; source: PubMed)."
pub fn statement(notice: &PublicNotice) -> String {
    let finding = &notice.finding;
    let what = match finding.kind {
        NoticeKind::Retraction => "This article has been retracted and should not be relied on",
        NoticeKind::Removal => "The publisher has removed this article; it should not be relied on",
        NoticeKind::Withdrawal => "This work has been withdrawn and should not be relied on",
        NoticeKind::PartialRetraction => "A part of this article has been retracted",
        NoticeKind::ExpressionOfConcern => {
            "The journal has published an expression of concern about this article"
        }
        NoticeKind::CorrectedAndRepublished => "This article has been corrected and published again",
        NoticeKind::Correction => "A correction to this article has been published",
        NoticeKind::NowPublished => "This work, first reported as a preprint, is now published in a journal",
        NoticeKind::NewVersion => "There is a newer version of this work",
        NoticeKind::TrialStopped => "This trial has ended early",
        NoticeKind::ResultsPosted => "The registry has posted results of this trial",
        NoticeKind::TrialChanged => "The registration of this trial has changed",
        NoticeKind::Reinstatement => {
            "A notice against this article has been taken back: the article stands again"
        }
    };
    let sources = said_by(notice);
    let said = match &finding.noticed_on {
        Some(date) => format!("notice of {}; {sources}", date.to_display()),
        None => sources,
    };
    let detail = cut(&one_line(&finding.detail));
    let lifted = match notice.lifted_at {
        Some(at) => format!(" Lifted on {}: it no longer holds.", at.to_utc().format("%-d %b %Y")),
        None => String::new(),
    };
    let detail = if detail.is_empty() { detail } else { format!(" {detail}") };
    format!("{what} ({said}).{detail}{lifted}")
}

/// "source: PubMed", or "sources: PubMed; Retraction Watch, by Crossref".
fn said_by(notice: &PublicNotice) -> String {
    let finding = &notice.finding;
    let names: Vec<&str> = std::iter::once(finding.source)
        .chain(finding.also.iter().copied())
        .map(NoticeSource::label)
        .collect();
    let word = if names.len() == 1 { "source" } else { "sources" };
    format!("{word}: {}", names.join("; "))
}

/// Where to read the notice itself: its DOI, else its link, else PubMed; `None` where the record named none.
pub fn notice_link(notice: &PublicNotice) -> Option<String> {
    let finding = &notice.finding;
    let doi = finding.ids.doi.as_ref().map(|doi| doi.url());
    let link = || finding.link.as_deref().and_then(web_address);
    doi.or_else(link).or_else(|| finding.ids.pmid.map(|pmid| pmid.url()))
}

/// The item's paragraphs for lists, feeds and the embed, at most 100 words where the approved text is; see the
/// module for what a mark does to them.
pub fn short_paragraphs(item: &NewsItem) -> Vec<String> {
    let own = paragraphs(&item.summary);
    let Some(notice) = item.mark() else { return own };
    let told = statement(notice);
    let words: usize = own.iter().map(|paragraph| count_words(paragraph)).sum();
    if notice.finding.kind.voids_the_work() || words + count_words(&told) > MAX_WORDS {
        return vec![told];
    }
    std::iter::once(told).chain(own).collect()
}

/// The same on one line.
pub fn short_summary(item: &NewsItem) -> String {
    short_paragraphs(item).join(" ")
}

/// Whether the approved paragraph is shown only as the record of what was reported.
pub fn is_void(item: &NewsItem) -> bool {
    item.mark().is_some_and(|notice| notice.finding.kind.voids_the_work())
}

/// "What we reported on 3 March 2026, before this notice:"
pub fn before_notice(item: &NewsItem) -> String {
    format!("What we reported on {}, before this notice:", item.published_at.to_utc().format("%-d %B %Y"))
}

/// A notice's text for people with nothing else: what happened, then its citation.
pub fn notice_summary(notice: &PublicNotice) -> String {
    let citation = cut(&one_line(&notice.finding.citation));
    let told = statement(notice);
    let whole = format!("{told} {citation}");
    if citation.is_empty() || count_words(&whole) > MAX_WORDS { told } else { whole }
}

/// "First reported as a preprint: medRxiv, 5 Jan 2026."
pub fn first_report_line(report: &FirstReport) -> String {
    let place = [
        one_line(&report.journal.title),
        report.published_on.as_ref().map(|on| on.to_display()).unwrap_or_default(),
    ];
    let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let named = if place.is_empty() { String::new() } else { format!(": {}", place.join(", ")) };
    format!("First reported as a preprint{named}.")
}

/// Where the preprint is: its DOI, else its link.
pub fn first_report_link(report: &FirstReport) -> Option<String> {
    let doi = report.ids.doi.as_ref().map(|doi| doi.url());
    doi.or_else(|| report.link.as_deref().and_then(web_address))
}

/// What a citation's note says: each standing notice with its address, and the preprint. Empty where there is nothing.
pub fn citation_notes(item: &NewsItem) -> Vec<String> {
    let standing = item.notices.iter().filter(|notice| notice.lifted_at.is_none());
    let mut notes: Vec<String> = standing
        .map(|notice| {
            let link = notice_link(notice).map(|link| format!(" {link}")).unwrap_or_default();
            format!("{}: {}{link}", notice.finding.kind.label(), statement(notice))
        })
        .collect();
    if let Some(report) = &item.first_report {
        let link = first_report_link(report).map(|link| format!(" {link}")).unwrap_or_default();
        notes.push(format!("{}{link}", first_report_line(report)));
    }
    notes
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
