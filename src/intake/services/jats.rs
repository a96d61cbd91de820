//! JATS markup (NISO Z39.96), as publishers put it into abstracts, → the HTML that cleaning understands.

use crate::domain::entry::AbstractSection;
use crate::intake::clean::{blocks, cap_plain, caps, rich_text, sections};

/// The sections of an abstract. At most [`caps::HTML`] bytes are read.
pub(super) fn read_abstract(jats: &str) -> Vec<AbstractSection> {
    sections(&blocks(&to_html(cap_plain(jats, caps::HTML))))
}

/// A title, which may hold the same marks.
pub(super) fn read_title(jats: &str) -> crate::domain::text::RichText {
    rich_text(&to_html(cap_plain(jats, caps::HTML)), caps::TITLE)
}

/// Renames the elements; what is no tag stays as it is ("p < 0.05").
fn to_html(jats: &str) -> String {
    let mut html = String::with_capacity(jats.len());
    let mut rest = jats;
    while let Some(at) = rest.find('<') {
        html.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let closing = rest.strip_prefix('/');
        let tail = closing.unwrap_or(rest);
        let tail = tail.strip_prefix("jats:").unwrap_or(tail);
        let end = tail.find(|character: char| !character.is_ascii_alphabetic() && character != '-');
        let (name, tail) = tail.split_at(end.unwrap_or(tail.len()));
        match html_name(name).zip(tail.find('>')) {
            Some((known, end)) if !tail[..end].contains('<') => {
                html.push('<');
                if closing.is_some() {
                    html.push('/');
                }
                html.push_str(known);
                html.push('>');
                rest = &tail[end + 1..];
            }
            _ => html.push('<'),
        }
    }
    html + rest
}

fn html_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "p" => "p",
        "sec" | "abstract" => "div",
        "title" => "h3",
        "italic" | "i" => "i",
        "bold" | "b" => "b",
        "sub" => "sub",
        "sup" => "sup",
        "list" => "ul",
        "list-item" => "li",
        "break" => "br",
        "ext-link" | "sc" | "underline" | "monospace" | "styled-content" | "related-article" | "uri" => {
            "span"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_labels_and_marks_come_through() {
        let read: Vec<_> = read_abstract(
            "<jats:title>Abstract</jats:title><jats:sec><jats:title>Background</jats:title><jats:p>One &lt;2 \
             mmol/L.</jats:p></jats:sec><jats:sec><jats:title>Results</jats:title><jats:p><jats:italic>E. \
             coli</jats:italic> 10<jats:sup>9</jats:sup>/L, p < 0.05, <jats:ext-link \
             xlink:href=\"http://x.example\">here</jats:ext-link>.</jats:p></jats:sec>",
        )
        .into_iter()
        .map(|section| (section.label.unwrap_or_default(), section.text.as_html().to_owned()))
        .collect();
        assert_eq!(
            read,
            [
                ("Background".to_owned(), "One &lt;2 mmol/L.".to_owned()),
                ("Results".to_owned(), "<i>E. coli</i> 10<sup>9</sup>/L, p &lt; 0.05, here.".to_owned()),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_abstract_panics(text in "(<jats:|</jats:|p>|title>|sec>|<|>|/|é|[ -~]|\\PC){0,60}") {
            for section in read_abstract(&text) {
                prop_assert!(!section.text.is_empty());
            }
        }
    }
}
