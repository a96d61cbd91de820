//! BibTeX in UTF-8, with TeX's own characters escaped and capitals inside words protected.

use std::fmt::Write as _;

use super::{one_line, page_range};
use crate::domain::entry::{Author, WorkKind};
use crate::domain::news::NewsItem;
use crate::publish::notice::{citation_mark, citation_notes};
use crate::publish::text::{outward_link, plain_title};

/// The items, one entry after another. Keys hold the item's id, so no two are equal.
pub fn render(items: &[NewsItem]) -> Vec<u8> {
    let mut bib = String::with_capacity(items.len() * 512);
    for item in items {
        write_entry(&mut bib, item);
    }
    bib.into_bytes()
}

fn write_entry(bib: &mut String, item: &NewsItem) {
    let journal = &item.journal;
    let sort = match item.kind {
        WorkKind::Article => "article",
        WorkKind::Book => "book",
        WorkKind::Preprint | WorkKind::Trial => "misc",
    };
    let _ = writeln!(bib, "@{sort}{{{},", key(item));
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(bib, "  {name} = {{{value}}},");
        }
    };
    // raised digits as Unicode: tools that drop \textsuperscript would print 10⁹ as 109
    put("title", protect_capitals(&plain_title(item)));
    let authors: Vec<String> = item.authors.iter().map(author_tex).collect();
    put("author", authors.join(" and "));
    put("journal", escape_tex(&one_line(&journal.title)));
    if let Some(date) = &item.published_on {
        put("year", date.year().to_string());
        put("month", date.month().map(|month| month.to_string()).unwrap_or_default());
    }
    put("volume", escape_tex(&one_line(&journal.volume)));
    put("number", escape_tex(&one_line(&journal.issue)));
    let (first, last) = page_range(&journal.pages);
    put("pages", escape_tex(&last.map_or(first.clone(), |last| format!("{first}--{last}"))));
    put("issn", escape_tex(&one_line(&journal.issn)));
    // DOI and address are read literally by the packages that print them: only braces could end the field
    put("doi", item.ids.doi.as_ref().map(|doi| doi.as_str().replace(['{', '}'], "")).unwrap_or_default());
    put("pmid", item.ids.pmid.map(|pmid| pmid.to_string()).unwrap_or_default());
    put("url", outward_link(item).unwrap_or_default().replace('{', "%7B").replace('}', "%7D"));
    put("language", escape_tex(&one_line(item.language.as_deref().unwrap_or_default())));
    put("keywords", citation_mark(item).unwrap_or_default());
    // printed by the standard styles: who cites the work says so
    put("note", escape_tex(&citation_notes(item).join(" ")));
    bib.push_str("}\n\n");
}

/// `family2026-01jd…`: the first author's ASCII letters, the year, the item's id.
fn key(item: &NewsItem) -> String {
    let family = item.authors.first().map(|author| match author {
        Author::Person { family, .. } => family.as_str(),
        Author::Collective { collective } => collective.as_str(),
    });
    let letters = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(26)
            .map(|character| character.to_ascii_lowercase())
            .collect()
    };
    let year = item.published_on.as_ref().map(|date| date.year().to_string()).unwrap_or_default();
    format!("{}{year}-{}", letters(family.unwrap_or("anon")), letters(&item.public_id))
}

fn author_tex(author: &Author) -> String {
    match author {
        Author::Person { .. } => {
            let name = escape_tex(&one_line(&author.inverted()));
            // a bare "and" would part one author into two
            if name.split_whitespace().any(|word| word.eq_ignore_ascii_case("and")) {
                format!("{{{name}}}")
            } else {
                name
            }
        }
        Author::Collective { collective } => format!("{{{}}}", escape_tex(&one_line(collective))),
    }
}

/// Words with a capital after their first character stand in braces, or styles would write "ecmo".
fn protect_capitals(text: &str) -> String {
    let mut protected = String::with_capacity(text.len());
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        let spaces = &piece[word.len()..];
        if word.chars().skip(1).any(char::is_uppercase) {
            let _ = write!(protected, "{{{}}}{spaces}", escape_tex(word));
        } else {
            protected.push_str(&escape_tex(word));
            protected.push_str(spaces);
        }
    }
    protected
}

fn escape_tex(text: &str) -> String {
    let mut tex = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' => {
                tex.push('\\');
                tex.push(character);
            }
            // "\{" would still count as a brace for BibTeX, which knows no escapes
            '{' => tex.push('('),
            '}' => tex.push(')'),
            '\\' => tex.push_str("\\textbackslash "),
            '~' => tex.push_str("\\textasciitilde "),
            '^' => tex.push_str("\\textasciicircum "),
            other => tex.push(other),
        }
    }
    tex
}
