//! An item's article as others cite it: a line for people, and the formats of reference managers.
//!
//! These describe somebody else's article, never our page; our paragraph is in none of them.

pub mod bibtex;
pub mod coins;
pub mod csl_json;
pub mod json_ld;
pub mod ris;

use super::text::{escape_text, one_line};
use crate::domain::news::NewsItem;

/// A format that a citation can be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CitationFormat {
    /// RIS: EndNote, Zotero, Rayyan.
    Ris,
    /// BibTeX: LaTeX, JabRef.
    BibTex,
    /// CSL-JSON: Zotero, pandoc.
    CslJson,
}

impl CitationFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ris, Self::BibTex, Self::CslJson];

    /// The ending of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ris => "ris",
            Self::BibTex => "bib",
            Self::CslJson => "csl.json",
        }
    }

    /// The format for an ending.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == extension)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ris => "application/x-research-info-systems",
            Self::BibTex => "application/x-bibtex",
            Self::CslJson => "application/vnd.citationstyles.csl+json",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ris => "RIS",
            Self::BibTex => "BibTeX",
            Self::CslJson => "CSL-JSON",
        }
    }

    /// The items in this format.
    pub fn render(self, items: &[NewsItem]) -> Vec<u8> {
        match self {
            Self::Ris => ris::render(items),
            Self::BibTex => bibtex::render(items),
            Self::CslJson => csl_json::render(items),
        }
    }
}

/// All authors, "Given Family, Given Family"; empty where none is known.
pub fn authors_line(item: &NewsItem) -> String {
    let names: Vec<String> = item.authors.iter().map(|author| one_line(&author.display())).collect();
    names.join(", ")
}

/// The first three authors and "et al.".
pub fn authors_short(item: &NewsItem) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> =
        item.authors.iter().take(SHOWN).map(|author| one_line(&author.display())).collect();
    let rest = if item.authors.len() > SHOWN { ", et al." } else { "" };
    format!("{}{rest}", names.join(", "))
}

/// "Perfusion. 2026 Mar;41(3):210-8", as NLM prints it; empty where nothing is known.
pub fn source_line(item: &NewsItem) -> String {
    let (name, place) = (one_line(&item.journal.title), place_line(item));
    match (name.is_empty(), place.is_empty()) {
        (true, _) => place,
        (false, true) => name,
        (false, false) => format!("{name}. {place}"),
    }
}

/// The same with the journal's name in italics and a full stop.
pub fn source_html(item: &NewsItem) -> String {
    let (name, place) = (escape_text(&one_line(&item.journal.title)), escape_text(&place_line(item)));
    match (name.is_empty(), place.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("{place}."),
        (false, true) => format!("<i>{name}</i>."),
        (false, false) => format!("<i>{name}</i>. {place}."),
    }
}

fn place_line(item: &NewsItem) -> String {
    let journal = &item.journal;
    let mut line = item.published_on.as_ref().map(|date| date.to_display()).unwrap_or_default();
    if !journal.volume.is_empty() || !journal.issue.is_empty() {
        if !line.is_empty() {
            line.push(';');
        }
        line.push_str(&journal.volume);
        if !journal.issue.is_empty() {
            line.push_str(&format!("({})", journal.issue));
        }
    }
    if !journal.pages.is_empty() {
        if !line.is_empty() {
            line.push(':');
        }
        line.push_str(&journal.pages);
    }
    one_line(&line)
}

/// First and last page. NLM shortens the last ("123-30" is 123 to 130); a list or an article number has no last.
pub fn page_range(pages: &str) -> (String, Option<String>) {
    let pages = one_line(pages);
    let Some((first, last)) = pages.split_once(['-', '–']).filter(|_| !pages.contains([',', ';'])) else {
        return (pages, None);
    };
    let (first, last) = (first.trim(), last.trim());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let last = if digits(first) && digits(last) && last.len() < first.len() {
        format!("{}{last}", &first[..first.len() - last.len()])
    } else {
        last.to_owned()
    };
    if first.is_empty() || last.is_empty() || last.contains(['-', '–']) {
        return (pages, None);
    }
    (first.to_owned(), Some(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_last_page_is_written_out() {
        let range = |pages| {
            let (first, last) = page_range(pages);
            format!("{first}|{}", last.unwrap_or_default())
        };
        assert_eq!(range("123-30"), "123|130");
        assert_eq!(range("S12–S15"), "S12|S15");
        assert_eq!(range("123-130"), "123|130");
        assert_eq!(range("e123456"), "e123456|");
        assert_eq!(range("12-5, 20"), "12-5, 20|");
        assert_eq!(range("02676591-x-1"), "02676591-x-1|");
        assert_eq!(range("-5"), "-5|");
    }
}
