//! The small rules of wording that several outputs share.

use html_escape::{encode_quoted_attribute, encode_text};
use url::Url;

use crate::domain::news::NewsItem;
use crate::domain::text::{fold_plain, is_printable};

/// Plain text that survives readers which decode entities and then strip tags: every `<` is followed by a space,
/// and so is every `&` that would begin a reference to one.
///
/// The WordPress RSS block does both, so "SpO2 <90% and PaO2 > 60" would lose its middle.
pub fn soften(text: &str) -> String {
    let mut soft = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (head, tail) = rest.split_at(at + 1);
        soft.push_str(head);
        let needs_space = match head.as_bytes().last() {
            Some(b'<') => !tail.starts_with(' '),
            _ => begins_reference(tail),
        };
        if needs_space {
            soft.push(' ');
        }
        rest = tail;
    }
    soft.push_str(rest);
    soft
}

fn begins_reference(after_ampersand: &str) -> bool {
    let named = after_ampersand.get(..2).is_some_and(|name| name.eq_ignore_ascii_case("lt"));
    named || after_ampersand.starts_with('#') || after_ampersand.get(..4) == Some("amp;")
}

/// An item's title on one plain line.
pub fn plain_title(item: &NewsItem) -> String {
    one_line(&item.title.to_plain())
}

/// Text on one line, without characters that do not print.
pub fn one_line(text: &str) -> String {
    fold_plain(text, usize::MAX)
}

/// A summary's paragraphs: what stands between blank lines, each on one line.
pub fn paragraphs(summary: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in summary.lines() {
        let line = one_line(line);
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(&line);
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// Text for an HTML element or a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let printable: String = text.chars().filter(|character| is_printable(*character)).collect();
    encode_quoted_attribute(&printable).into_owned()
}

/// Text for an HTML element, quotes left readable.
pub fn escape_text(text: &str) -> String {
    let printable: String = text.chars().filter(|character| is_printable(*character)).collect();
    encode_text(&printable).into_owned()
}

/// The address readers are sent to, in its normal ASCII form; `None` unless it is http or https with a host.
pub fn outward_link(item: &NewsItem) -> Option<String> {
    if let Some(doi) = &item.ids.doi {
        return Some(doi.url());
    }
    web_address(item.link.as_deref()?)
}

/// An address in its normal ASCII form; `None` unless it is http or https with a host and without a password.
pub fn web_address(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    // a name and password in an address exist to mislead
    (web && url.username().is_empty() && url.password().is_none()).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_less_than_is_followed_by_a_space_and_the_middle_stays() {
        assert_eq!(soften("SpO2 <90% and PaO2 > 60, p<0.05 < 1"), "SpO2 < 90% and PaO2 > 60, p< 0.05 < 1");
        assert_eq!(soften("a<<b"), "a< < b");
        assert_eq!(soften("R&D, AT&T, &lt;b&gt; &#60;b"), "R&D, AT&T, & lt;b&gt; & #60;b");
        assert_eq!(soften("ends with <"), "ends with < ");
    }

    #[test]
    fn blank_lines_part_paragraphs_and_single_ones_do_not() {
        assert_eq!(paragraphs("One\ntwo.\r\n\r\n \nThree\u{0}."), ["One two.", "Three ."]);
        assert!(paragraphs(" \n\n").is_empty());
    }
}
