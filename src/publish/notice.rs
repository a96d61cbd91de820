//! What the public is told when something happened to a work: words, never a colour.
//!
//! A notice says what happened, when and who said so. Where the work no longer stands (retraction, removal,
//! withdrawal), short forms carry the notice *instead* of the society's paragraph: figures that nobody should act on
//! are not repeated under a mark that a reader may overlook. Whole texts keep the paragraph below it, as the record of
//! what was reported. Under the other marks the paragraph stands, with the notice in front; where both would exceed
//! 100 words the short form carries the notice alone, because half a paragraph can say the opposite of the whole.
//!
//! A lifted notice marks nothing and is told only as history.

use super::notice_words as words;
use super::text::{escape_text, one_line, paragraphs, plain_title, web_address};
use crate::domain::news::NewsItem;
use crate::domain::notice::{FirstReport, PublicNotice};
use crate::domain::summary::{MAX_WORDS, count_words};
use crate::texts::Texts;

/// The longest piece of a record's own wording that is shown, characters.
const DETAIL_CHARS: usize = 300;

/// `[Retracted]` and a space, or nothing where no notice marks the item.
pub fn title_mark(texts: &Texts, item: &NewsItem) -> String {
    mark_word(texts, item).map(|word| format!("[{word}] ")).unwrap_or_default()
}

/// "Retracted", where a notice marks the item now.
pub fn mark_word(texts: &Texts, item: &NewsItem) -> Option<String> {
    words::mark(texts, item.mark()?.finding.kind)
}

/// The item's title on one plain line, its mark in front.
pub fn marked_title(texts: &Texts, item: &NewsItem) -> String {
    format!("{}{}", title_mark(texts, item), plain_title(item))
}

/// The same with the title's markup, for HTML.
pub fn marked_title_html(texts: &Texts, item: &NewsItem) -> String {
    format!("{}{}", escape_text(&title_mark(texts, item)), item.title.as_html())
}

/// "Retraction: Title of the work".
pub fn notice_title(texts: &Texts, notice: &PublicNotice, item: &NewsItem) -> String {
    format!("{}: {}", words::label(texts, notice.finding.kind), plain_title(item))
}

/// What happened, in one or two sentences: "This article has been retracted and should not be relied on (notice of
/// 3 Mar 2026; source: PubMed)."
pub fn statement(texts: &Texts, notice: &PublicNotice) -> String {
    let finding = &notice.finding;
    let (what, sources) = (words::event(texts, finding.kind), said_by(texts, notice));
    let told = match &finding.noticed_on {
        Some(date) => texts.t("notice-told-on").with("date", texts.day_as_known(date.as_str())),
        None => texts.t("notice-told"),
    };
    let told: String = told.with("what", what).with("sources", sources).into();
    let detail = cut(&one_line(&finding.detail));
    let lifted = notice.lifted_at.map(|at| {
        let on = texts.day_short(at.to_utc().date_naive());
        String::from(texts.t("notice-lifted").with("date", on))
    });
    let parts = [Some(told), Some(detail).filter(|detail| !detail.is_empty()), lifted];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// "source: PubMed", or "sources: PubMed; Retraction Watch, by Crossref".
fn said_by(texts: &Texts, notice: &PublicNotice) -> String {
    let finding = &notice.finding;
    let sources = std::iter::once(finding.source).chain(finding.also.iter().copied());
    let names: Vec<String> = sources.map(|source| words::source(texts, source)).collect();
    texts.t("notice-sources").with("count", names.len()).with("names", names.join("; ")).into()
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
pub fn short_paragraphs(texts: &Texts, item: &NewsItem) -> Vec<String> {
    let own = paragraphs(&item.summary);
    let Some(notice) = item.mark() else { return own };
    let told = statement(texts, notice);
    let words: usize = own.iter().map(|paragraph| count_words(paragraph)).sum();
    if notice.finding.kind.voids_the_work() || words + count_words(&told) > MAX_WORDS {
        return vec![told];
    }
    std::iter::once(told).chain(own).collect()
}

/// The same on one line.
pub fn short_summary(texts: &Texts, item: &NewsItem) -> String {
    short_paragraphs(texts, item).join(" ")
}

/// Whether the approved paragraph is shown only as the record of what was reported.
pub fn is_void(item: &NewsItem) -> bool {
    item.mark().is_some_and(|notice| notice.finding.kind.voids_the_work())
}

/// "What we reported on 3 March 2026, before this notice:"
pub fn before_notice(texts: &Texts, item: &NewsItem) -> String {
    let on = texts.day(item.published_at.to_utc().date_naive());
    texts.t("notice-before").with("date", on).into()
}

/// A notice's text for people with nothing else: what happened, then its citation.
pub fn notice_summary(texts: &Texts, notice: &PublicNotice) -> String {
    let citation = cut(&one_line(&notice.finding.citation));
    let told = statement(texts, notice);
    let whole = format!("{told} {citation}");
    if citation.is_empty() || count_words(&whole) > MAX_WORDS { told } else { whole }
}

/// "First reported as a preprint: medRxiv, 5 Jan 2026."
pub fn first_report_line(texts: &Texts, report: &FirstReport) -> String {
    let on = report.published_on.as_ref().map(|on| texts.day_as_known(on.as_str())).unwrap_or_default();
    let place = [one_line(&report.journal.title), on];
    let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).collect();
    if place.is_empty() {
        return texts.t("first-report").into();
    }
    texts.t("first-report-in").with("place", place.join(", ")).into()
}

/// Where the preprint is: its DOI, else its link.
pub fn first_report_link(report: &FirstReport) -> Option<String> {
    let doi = report.ids.doi.as_ref().map(|doi| doi.url());
    doi.or_else(|| report.link.as_deref().and_then(web_address))
}

/// What a citation's note says: each standing notice with its address, and the preprint. Empty where there is nothing.
///
/// In English whatever the site's language: a citation goes into papers and libraries anywhere.
pub fn citation_notes(item: &NewsItem) -> Vec<String> {
    let texts = Texts::of("en");
    let after = |link: Option<String>| link.map(|link| format!(" {link}")).unwrap_or_default();
    let mut notes: Vec<String> = item
        .standing_notices()
        .map(|notice| {
            let label = words::label(texts, notice.finding.kind);
            format!("{label}: {}{}", statement(texts, notice), after(notice_link(notice)))
        })
        .collect();
    if let Some(report) = &item.first_report {
        notes.push(format!("{}{}", first_report_line(texts, report), after(first_report_link(report))));
    }
    notes
}

/// The word that a citation bears, in English; see [`citation_notes`].
pub fn citation_mark(item: &NewsItem) -> Option<String> {
    mark_word(Texts::of("en"), item)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
