//! Small repairs that make almost-XML into XML, so that one bare `&` does not cost a whole feed.
//!
//! Removed: what stands before the first tag, XML declarations (also late ones: the text is UTF-8 by now), DOCTYPEs
//! with all their entities, comments, characters that XML forbids. Escaped: a `&` or `<` that starts nothing.
//! Resolved: HTML's named entities. Nothing is expanded, so there is nothing to bomb with.

use std::borrow::Cow;

use crate::domain::entry::Problem;
use crate::intake::clean::mend_controls;

/// Repaired text and what had to be said about it.
#[derive(Debug)]
pub(super) struct Repaired {
    pub(super) text: String,
    pub(super) problems: Vec<Problem>,
}

/// Repairs a document that should be XML.
pub(super) fn repair(text: &str) -> Repaired {
    let mut problems = Vec::new();
    let start = text.find('<').unwrap_or(text.len());
    let before = text[..start].trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\0');
    if !before.is_empty() {
        let problem = Problem::new("document", "text before the first tag was passed over");
        problems.push(problem.with_excerpt(before.as_bytes()));
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut rest = &text[start..];
    let mut ends = Ends::default();
    while let Some(at) = rest.find(['<', '&']) {
        push_text(&mut out, &rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('&') {
            read_entity(&mut out, rest)
        } else {
            read_markup(&mut out, rest, &mut ends)
        };
    }
    push_text(&mut out, rest);
    Repaired { text: name_version(out.trim_start().to_owned()), problems }
}

/// End marks that do not occur any more: searching for them again from each beginning would be quadratic.
#[derive(Debug, Default)]
struct Ends {
    missing: Vec<&'static str>,
}

impl Ends {
    /// What follows the next `mark`.
    fn after<'a>(&mut self, text: &'a str, mark: &'static str) -> Option<&'a str> {
        if self.missing.contains(&mark) {
            return None;
        }
        let tail = text.split_once(mark).map(|(_, tail)| tail);
        if tail.is_none() {
            self.missing.push(mark);
        }
        tail
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&without_forbidden(text));
}

/// XML 1.0 (2.2) forbids most controls; C1 ones are Windows-1252 in disguise.
fn without_forbidden(text: &str) -> Cow<'_, str> {
    let forbidden = |c: char| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}' | '\u{FFFE}' | '\u{FFFF}');
    let text = mend_controls(text);
    if text.contains(forbidden) { Cow::Owned(text.replace(forbidden, "")) } else { text }
}

/// A reference that XML knows is kept, one that only HTML knows is resolved, anything else was meant as `&`.
fn read_entity<'a>(out: &mut String, text: &'a str) -> &'a str {
    let end = text.bytes().take(34).position(|byte| byte == b';');
    let name = end.map_or("", |end| &text[1..end]);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#');
    if let Some(end) = end.filter(|_| is_name) {
        let tail = &text[end + 1..];
        if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
            out.push_str(&text[..=end]);
            return tail;
        }
        if let Some(number) = name.strip_prefix('#') {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            };
            if let Some(character) = code.and_then(char::from_u32) {
                push_escaped(out, &without_forbidden(character.encode_utf8(&mut [0; 4])));
            }
            return tail;
        }
        let resolved = html_escape::decode_html_entities(&text[..=end]);
        if resolved != text[..=end] {
            push_escaped(out, &resolved);
            return tail;
        }
    }
    out.push_str("&amp;");
    &text[1..]
}

fn push_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

fn read_markup<'a>(out: &mut String, text: &'a str, ends: &mut Ends) -> &'a str {
    if let Some(body) = text.strip_prefix("<![CDATA[") {
        let (inner, tail) = body.split_once("]]>").unwrap_or((body, ""));
        out.push_str("<![CDATA[");
        push_text(out, inner);
        out.push_str("]]>");
        return tail;
    }
    if let Some(body) = text.strip_prefix("<!--") {
        return ends.after(body, "-->").unwrap_or(body);
    }
    if text.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!DOCTYPE")) {
        return after_doctype(text, ends);
    }
    if let Some(body) = text.strip_prefix("<?") {
        return ends.after(body, "?>").unwrap_or(body);
    }
    match tag_end(text) {
        Some(end) => {
            push_tag(out, &text[..=end]);
            &text[end + 1..]
        }
        None => {
            out.push_str("&lt;");
            &text[1..]
        }
    }
}

/// After `<!DOCTYPE … [ … ]>`.
fn after_doctype<'a>(text: &'a str, ends: &mut Ends) -> &'a str {
    let Some((declaration, tail)) = text.split_once('>') else { return "" };
    if !declaration.contains('[') {
        return tail;
    }
    let subset = &text[declaration.find('[').unwrap_or_default()..];
    ends.after(subset, "]").and_then(|rest| ends.after(rest, ">")).unwrap_or(tail)
}

/// Where a tag that begins here ends, quotes respected; `None` if this `<` begins no tag.
fn tag_end(text: &str) -> Option<usize> {
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            // XML forbids it in attributes too, and stopping here keeps the search linear
            (_, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn push_tag(out: &mut String, tag: &str) {
    let mut rest = tag;
    while let Some(at) = rest.find('&') {
        push_text(out, &rest[..at]);
        rest = read_entity(out, &rest[at..]);
    }
    push_text(out, rest);
}

/// feed-rs knows RSS by its version only: a missing or unknown one becomes 2.0. Atom 0.3 is read as Atom 1.0.
fn name_version(text: String) -> String {
    let Some(end) = text.find('>') else { return text };
    let root = &text[..end];
    if root.starts_with("<rss") {
        let version = root.split_once("version").and_then(|(_, rest)| {
            rest.trim_start()
                .strip_prefix('=')?
                .trim_start()
                .trim_start_matches(['"', '\''])
                .split(['"', '\''])
                .next()
        });
        if matches!(version, Some("2.0" | "0.91" | "0.92")) {
            return text;
        }
        let named = match version {
            Some(version) => root.replacen(&format!("\"{version}\""), "\"2.0\"", 1).replacen(
                &format!("'{version}'"),
                "\"2.0\"",
                1,
            ),
            None => root.replacen("<rss", "<rss version=\"2.0\"", 1),
        };
        return format!("{named}{}", &text[end..]);
    }
    if root.contains("http://purl.org/atom/ns#") {
        return text.replacen("http://purl.org/atom/ns#", "http://www.w3.org/2005/Atom", 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_breaks_parsers_is_mended_and_nothing_else_changes() {
        let table = [
            ("\u{FEFF}\n <?xml version='1.0'?><rss version=\"2.0\"/>", "<rss version=\"2.0\"/>"),
            (
                "<a href=\"x?a=1&b=2\">R&D &amp; &nbsp;&eacute; &#169;</a>",
                "<a href=\"x?a=1&amp;b=2\">R&amp;D &amp; \u{A0}é ©</a>",
            ),
            ("<a>p < 0.05 &lt; 1\u{0}\u{1B}</a>", "<a>p &lt; 0.05 &lt; 1</a>"),
            ("<a><![CDATA[R&D <b> \u{2}]]></a>", "<a><![CDATA[R&D <b> ]]></a>"),
            ("<!DOCTYPE x [<!ENTITY a \"b\">]><a>&a;<!-- c --></a>", "<a>&amp;a;</a>"),
            ("<rss><channel/></rss>", "<rss version=\"2.0\"><channel/></rss>"),
            ("<rss version='2.01'/>", "<rss version=\"2.0\"/>"),
            ("<a>&#x1F;&#0;&#X41;&#60;</a>", "<a>A&lt;</a>"),
        ];
        for (text, expected) in table {
            assert_eq!(repair(text).text, expected, "{text}");
        }
    }

    #[test]
    fn text_before_the_document_is_reported() {
        let repaired = repair("Warning: mysql\n<rss version=\"2.0\"/>");
        assert_eq!(repaired.text, "<rss version=\"2.0\"/>");
        assert_eq!(repaired.problems.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_repair_is_final(text in "(<|>|&|;|\"|'|/|!|\\?|<!--|-->|<!DOCTYPE|\\[|\\]|<!\\[CDATA\\[|\\]\\]>|<rss|a|=|#x|\\PC){0,40}") {
            let once = repair(&text).text;
            let twice = repair(&once).text;
            prop_assert_eq!(&repair(&twice).text, &twice);
        }
    }
}
