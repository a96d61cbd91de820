//! What single publishers do with feeds, each rule beside the name it was seen at.

use crate::domain::entry::{Entry, Journal};
use crate::domain::text::{RichText, fold_plain};
use crate::intake::clean::{Block, caps, find_doi, find_pmid, read_date, read_names, sections};

use super::assemble::Lines;
use super::item::{Channel, Item};

/// Whose feed this is, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PubMed's saved searches and journals.
    Pubmed,
    /// Elsevier's ScienceDirect.
    ScienceDirect,
    /// Anybody else.
    Plain,
}

impl Dialect {
    pub(super) fn of(item: &Item, channel: &Channel) -> Self {
        let generator = channel.generator.to_ascii_lowercase();
        if item.guid.trim().starts_with("pubmed:") || generator.starts_with("pubmed rss") {
            Self::Pubmed
        } else if item.link.contains("sciencedirect.com/") || item.guid.contains("sciencedirect.com/") {
            Self::ScienceDirect
        } else {
            Self::Plain
        }
    }
}

/// Puts what the publisher hides in texts where it belongs.
pub(super) fn apply(dialect: Dialect, item: &Item, lines: &Lines, entry: &mut Entry) {
    match dialect {
        Dialect::Pubmed => apply_pubmed(item, lines, entry),
        Dialect::ScienceDirect => apply_sciencedirect(lines, entry),
        Dialect::Plain => apply_plain(lines, entry),
    }
}

/// PubMed: `content:encoded` holds a citation line, "ABSTRACT", a paragraph a section, a line of identifiers. The
/// description is only a part of it and never used where the content is there.
fn apply_pubmed(item: &Item, lines: &Lines, entry: &mut Entry) {
    let is_heading = |line: &Block| line.text.to_plain().trim() == "ABSTRACT";
    let is_tail = |line: &Block| line.text.to_plain().starts_with("PMID:");
    let heading = lines.content.iter().position(is_heading);
    let tail = lines.content.iter().rposition(is_tail).unwrap_or(lines.content.len());
    let citation = lines.content.first().filter(|line| !is_heading(line) && !is_tail(line));
    if let Some(line) = citation {
        read_citation(&line.text.to_plain(), entry);
    }
    if !lines.content.is_empty() {
        let body = heading.map_or(tail..tail, |at| at + 1..tail.max(at + 1));
        entry.abstract_sections = sections(&lines.content[body]);
    }
    entry.abstract_sections.retain(|section| !is_no_abstract(&section.text.to_plain()));
    if let Some(line) = lines.content.get(tail) {
        let plain = line.text.to_plain();
        entry.ids.pmid = entry.ids.pmid.or_else(|| find_pmid(&plain));
        entry.ids.doi = entry.ids.doi.take().or_else(|| find_doi(&plain));
    }
    if let Some(pmid) = entry.ids.pmid {
        entry.link = Some(pmid.url());
    }
    entry.journal.title = fold_plain(item.dc_source.trim(), caps::WORD);
    entry.language = None;
}

fn is_no_abstract(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    text == "no abstract" || text == "no abstract available"
}

/// "J Virol Methods. 2021 Dec 10;71(11):53-59. doi: …": abbreviation, date, volume(issue):pages.
fn read_citation(citation: &str, entry: &mut Entry) {
    let Some((abbreviation, rest)) = citation.split_once(". ") else { return };
    entry.journal.abbreviation = fold_plain(abbreviation, caps::WORD);
    let (head, tail) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
    let date_end = head.find([';', ':']).unwrap_or(head.len());
    entry.published_on = read_date(&head[..date_end]).map(|stamp| stamp.on);
    // "Epub 2021 Feb 2": online before the issue
    let epub = tail.split_once("Epub ").and_then(|(_, rest)| read_date(rest.split('.').next()?));
    if let Some(epub) = epub {
        entry.published_on = Some(epub.on);
    }
    read_volume(head[date_end..].trim_start_matches(';'), &mut entry.journal);
    entry.ids.doi = entry.ids.doi.take().or_else(|| find_doi(citation));
}

/// "71(11):53-59", "28:75", ":1-335"
fn read_volume(text: &str, journal: &mut Journal) {
    let (numbers, pages) = text.split_once(':').unwrap_or((text, ""));
    let (volume, issue) = match numbers.split_once('(') {
        Some((volume, issue)) => (volume, issue.trim_end_matches(')')),
        None => (numbers, ""),
    };
    let fill = |slot: &mut String, text: &str| {
        if slot.is_empty() {
            *slot = fold_plain(text.trim(), 60);
        }
    };
    fill(&mut journal.volume, volume);
    fill(&mut journal.issue, issue);
    fill(&mut journal.pages, pages.trim_end_matches('.'));
}

/// ScienceDirect: "Publication date: …", "Source: …, Volume …", "Author(s): …" in the description, nothing elsewhere.
fn apply_sciencedirect(lines: &Lines, entry: &mut Entry) {
    for line in lines.description.iter().chain(&lines.content) {
        let plain = line.text.to_plain();
        if let Some(date) = plain.strip_prefix("Publication date:") {
            entry.published_on =
                read_date(date.trim_start_matches(" Available online")).map(|stamp| stamp.on);
        } else if let Some(source) = plain.strip_prefix("Source:") {
            let (journal, rest) = source.split_once(", Volume").unwrap_or((source, ""));
            entry.journal.title = fold_plain(journal.trim(), caps::WORD);
            let mut parts = rest.split(',');
            entry.journal.volume = fold_plain(parts.next().unwrap_or_default(), 60);
            let issue = parts.find_map(|part| part.trim().strip_prefix("Issue"));
            entry.journal.issue = fold_plain(issue.unwrap_or_default(), 60);
        } else if let Some(names) = plain.strip_prefix("Author(s):")
            && entry.authors.is_empty()
        {
            entry.authors = read_names(names);
        }
    }
}

/// Platforms that write "Volume 55, Issue 31-32, August 2021, Page 1917-1940" as the description.
fn apply_plain(lines: &Lines, entry: &mut Entry) {
    for line in lines.description.iter().take(3) {
        let plain = line.text.to_plain();
        let Some(at) = plain.find("Volume ").filter(|_| is_issue_line(&plain)) else { continue };
        let fill = |slot: &mut String, name: &str| {
            if slot.is_empty()
                && let Some((_, rest)) = plain[at..].split_once(name)
            {
                let number: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '–'))
                    .take(30)
                    .collect();
                *slot = number;
            }
        };
        fill(&mut entry.journal.volume, "Volume ");
        fill(&mut entry.journal.issue, "Issue ");
        fill(&mut entry.journal.pages, "Page ");
        fill(&mut entry.journal.pages, "Pages ");
    }
}

/// A line that only says where the paper stands.
fn is_issue_line(plain: &str) -> bool {
    plain.len() < 250
        && (plain.contains(", Issue ") || plain.contains(", Page"))
        && !plain.trim_end_matches(['.', ' ']).contains(". ")
}

/// What publishers write around an abstract.
pub(super) fn is_boilerplate(text: &RichText, title: &RichText) -> bool {
    if text == title {
        return true;
    }
    let plain = text.to_plain();
    let plain = plain.trim();
    if plain.len() > 400 {
        return false;
    }
    let lower = plain.to_lowercase();
    const STARTS: [&str; 14] = [
        "publication date:",
        "source:",
        "author(s):",
        "pmid:",
        "doi:",
        "https://",
        "http://",
        "www.",
        "volume ",
        "by ",
        "read more",
        "continue reading",
        "©",
        "copyright",
    ];
    const ENDS: [&str; 7] = [
        "earlyview",
        "early view",
        "ahead of print",
        "online ahead of print",
        "just accepted",
        "accepted article",
        "[...]",
    ];
    let bare = lower.trim_end_matches(['.', ' ', '…']);
    plain.chars().filter(|c| c.is_alphanumeric()).count() < 3
        || is_no_abstract(plain)
        || is_issue_line(plain)
        || STARTS.iter().any(|start| lower.starts_with(start) && (*start != "by " || plain.len() < 80))
        || ENDS.iter().any(|end| bare.ends_with(end) && plain.len() < 200 && *end != "[...]")
        || lower.contains("published online: ") && lower.contains("doi:")
        || is_host(bare)
}

/// "www.example.org", as search alerts close their teaser.
fn is_host(text: &str) -> bool {
    !text.contains(' ') && text.contains('.') && text.len() < 80
}

/// The journal in a feed's title, where the title has a form that only journals' feeds have: "Journal Current Issue",
/// "publisher: Journal: Table of Contents". Empty otherwise: a search's title is no journal.
pub(super) fn journal_in(title: &str) -> String {
    const AFTER: [&str; 12] = [
        " Current Issue",
        " Advance Access",
        " Advance Articles",
        " Open Access",
        " recent issues",
        ": Table of Contents",
        " - Latest articles",
        " - Latest Articles",
        " - Most Recent Articles",
        " - Latest Issue",
        " - Current Issue",
        " Online First",
    ];
    const BEFORE: [&str; 2] = ["ScienceDirect Publication: ", "Latest Issue of "];
    if let Some(journal) = BEFORE.iter().find_map(|before| title.strip_prefix(before)) {
        return journal.to_owned();
    }
    match AFTER.iter().find_map(|after| title.strip_suffix(after)) {
        // "tandf: Journal of …: Table of Contents"
        Some(named) => named.split_once(": ").map_or(named, |(_, journal)| journal).to_owned(),
        None => String::new(),
    }
}

/// MDPI writes "Journal, Vol. 9, Pages 120: Title": `dc:title` is the title alone.
pub(super) fn without_journal_prefix(title: RichText, dc_title: &str) -> RichText {
    let own = crate::intake::clean::rich_text(dc_title, caps::TITLE);
    let (plain, own_plain) = (title.to_plain(), own.to_plain());
    let prefix = plain.strip_suffix(own_plain.as_str()).unwrap_or_default();
    if !own.is_empty() && prefix.contains("Vol. ") && prefix.ends_with(": ") { own } else { title }
}
