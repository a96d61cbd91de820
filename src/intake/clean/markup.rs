//! Text that may hold markup → [`RichText`], without a browser's leniency: only known tags are tags.
//!
//! Titles arrive plain ("HDL<LDL ratio"), as HTML ("<em>in vivo</em>") and as HTML escaped twice. A real HTML parser
//! loses text of the first kind, so this reads a `<` as markup only where a tag's name that HTML knows follows.

use std::borrow::Cow;

use crate::domain::text::{Mark, RichText, RichTextBuilder};

use super::math::flatten_inside;

/// Elements that stand in a line of text.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bold", "cite", "code", "em", "font", "i", "inf", "italic", "img", "mark", "q", "s",
    "sc", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr", "xref",
];

/// Elements that begin and end a line.
const BLOCK: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "sec",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Elements that are dropped with what they hold.
const DROPPED: &[&str] = &[
    "applet", "audio", "embed", "form", "iframe", "noscript", "object", "script", "style", "svg", "template",
    "textarea", "video", "button", "select", "input", "link", "meta", "base",
];

/// What a known tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inline,
    Block,
    Dropped,
}

/// A piece of text with markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text as it stands, entities still escaped.
    Text(&'a str),
    /// A known tag.
    Tag { name: &'a str, kind: Kind, closing: bool, self_closing: bool },
}

/// Cuts text into known tags and everything else; comments vanish.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            if let Some(tail) = rest.strip_prefix("<!--") {
                rest = tail.find("-->").map_or("", |end| &tail[end + 3..]);
                continue;
            }
            if let Some((token, tail)) = read_tag(rest) {
                rest = tail;
                return Some(token);
            }
            // the first character is text, whatever it is
            let mut end = rest.chars().next().map_or(0, char::len_utf8);
            while let Some(next) = rest[end..].find('<') {
                end += next;
                if rest[end..].starts_with("<!--") || read_tag(&rest[end..]).is_some() {
                    let (text, tail) = rest.split_at(end);
                    rest = tail;
                    return Some(Token::Text(text));
                }
                end += 1;
            }
            return Some(Token::Text(std::mem::take(&mut rest)));
        }
    })
}

fn read_tag(text: &str) -> Option<(Token<'_>, &str)> {
    let inner = text.strip_prefix('<')?;
    let closing = inner.starts_with('/');
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let name_end = inner.bytes().take(16).position(|byte| !byte.is_ascii_alphanumeric())?;
    let name = &inner[..name_end];
    let kind = kind_of(name)?;
    let after = &inner[name_end..];
    if !after.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/') {
        return None;
    }
    let end = tag_end(after)?;
    // "a<b and c>d" is two inequalities
    let attributes = after[..end].trim_matches(|c: char| c.is_whitespace() || c == '/');
    if name.len() == 1 && !attributes.is_empty() && !attributes.contains('=') {
        return None;
    }
    let self_closing = after[..end].ends_with('/') || matches!(name, "br" | "hr" | "img" | "wbr");
    Some((Token::Tag { name, kind, closing, self_closing }, &after[end + 1..]))
}

/// Where the tag's `>` stands, quotes respected; a quote that never closes does not hide the rest.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            // another tag begins: this one never ends, and looking further would be quadratic
            (None, b'<') => return None,
            (None, b'"' | b'\'') if text[..at].trim_end().ends_with('=') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    if quote.is_some() { text.find('>') } else { None }
}

fn kind_of(name: &str) -> Option<Kind> {
    let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if known(INLINE) {
        Some(Kind::Inline)
    } else if known(BLOCK) {
        Some(Kind::Block)
    } else if known(DROPPED) {
        Some(Kind::Dropped)
    } else {
        None
    }
}

/// Whether the text holds markup or entities, so that it should be read as HTML.
pub fn looks_like_html(text: &str) -> bool {
    tokens(text).any(|token| matches!(token, Token::Tag { .. })) || matches!(unescape(text), Cow::Owned(_))
}

/// One line of text that may hold markup: known marks become marks, other known tags vanish, everything else stands
/// for itself. Cut at `max_bytes` of text.
pub fn rich_text(text: &str, max_bytes: usize) -> RichText {
    let text = flatten_inside(cap_plain(text, max_bytes.saturating_mul(4)));
    let text = name_signs(&text);
    let text = text.as_ref();
    let has_tags = tokens(text).any(|token| matches!(token, Token::Tag { .. }));
    let rich = if has_tags {
        build(text, max_bytes, true)
    } else {
        let once = unescape(text);
        if has_paired_mark(&once) { build(&once, max_bytes, true) } else { build(&once, max_bytes, false) }
    };
    without_outer_mark(rich)
}

fn build(text: &str, max_bytes: usize, with_tags: bool) -> RichText {
    let mut builder = RichTextBuilder::default();
    let mut left = max_bytes;
    let mut take = |builder: &mut RichTextBuilder, text: &str| {
        let text = cap_plain(text, left);
        left -= text.len();
        builder.text(&mend_controls(text));
    };
    if !with_tags {
        take(&mut builder, text);
        return builder.finish();
    }
    let mut dropping: Option<&str> = None;
    for token in tokens(text) {
        match (token, dropping) {
            (Token::Tag { name, closing: true, .. }, Some(open)) if name.eq_ignore_ascii_case(open) => {
                dropping = None;
            }
            (_, Some(_)) => {}
            (Token::Text(text), None) => take(&mut builder, &unescape(text)),
            (Token::Tag { name, kind: Kind::Dropped, closing: false, self_closing: false }, None) => {
                dropping = Some(name);
            }
            (Token::Tag { kind: Kind::Block | Kind::Dropped, .. }, None) => builder.text(" "),
            (Token::Tag { name, closing, .. }, None) => match (Mark::from_tag(name), closing) {
                (Some(mark), false) => builder.open(mark),
                (Some(mark), true) => builder.close(mark),
                (None, _) => {}
            },
        }
    }
    builder.finish()
}

/// Whether text whose entities were just resolved holds a complete `<sub>…</sub>` or the like: then it was escaped
/// twice. A lone `<i` is an inequality.
fn has_paired_mark(text: &str) -> bool {
    let mut open = Vec::new();
    for token in tokens(text).take(200) {
        if let Token::Tag { name, closing, .. } = token
            && let Some(mark) = Mark::from_tag(name)
        {
            match closing {
                false => open.push(mark),
                true if open.contains(&mark) => return true,
                true => {}
            }
        }
    }
    false
}

/// A title set wholly in bold or italics (as some journals write it) says nothing by it.
fn without_outer_mark(rich: RichText) -> RichText {
    for mark in [Mark::Bold, Mark::Italic] {
        let (open, close) = (format!("<{}>", mark.tag()), format!("</{}>", mark.tag()));
        let inner = rich.as_html().strip_prefix(&open).and_then(|html| html.strip_suffix(&close));
        if let Some(inner) = inner
            && !inner.contains(&close)
        {
            return without_outer_mark(RichText::parse(inner));
        }
    }
    rich
}

/// Resolves HTML's entities, once.
pub fn unescape(text: &str) -> Cow<'_, str> {
    html_escape::decode_html_entities(text)
}

/// bioRxiv and medRxiv write signs by name: "{beta}-blockers", "{+/-}".
pub(super) fn name_signs(text: &str) -> Cow<'_, str> {
    const SIGNS: [(&str, &str); 26] = [
        ("{alpha}", "α"),
        ("{beta}", "β"),
        ("{gamma}", "γ"),
        ("{delta}", "δ"),
        ("{Delta}", "Δ"),
        ("{epsilon}", "ε"),
        ("{zeta}", "ζ"),
        ("{eta}", "η"),
        ("{theta}", "θ"),
        ("{kappa}", "κ"),
        ("{lambda}", "λ"),
        ("{mu}", "μ"),
        ("{micro}", "µ"),
        ("{pi}", "π"),
        ("{rho}", "ρ"),
        ("{sigma}", "σ"),
        ("{Sigma}", "Σ"),
        ("{tau}", "τ"),
        ("{phi}", "φ"),
        ("{chi}", "χ"),
        ("{psi}", "ψ"),
        ("{omega}", "ω"),
        ("{Omega}", "Ω"),
        ("{+/-}", "±"),
        ("{degrees}", "°"),
        ("{middle dot}", "·"),
    ];
    if !text.contains('{') {
        return Cow::Borrowed(text);
    }
    let named = SIGNS.iter().fold(text.to_owned(), |text, (name, sign)| text.replace(name, sign));
    Cow::Owned(named)
}

/// C1 control characters are Windows-1252 that was taken for Latin-1: `\u{92}` is an apostrophe (HTML, 13.2.5.80).
pub fn mend_controls(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9F}').contains(&c);
    // in UTF-8 all of them begin with this byte
    if memchr::memchr(0xC2, text.as_bytes()).is_none() || !text.contains(is_c1) {
        return Cow::Borrowed(text);
    }
    let mended = text.chars().map(|character| {
        let byte = u8::try_from(u32::from(character)).ok().filter(|_| is_c1(character));
        let decoded =
            byte.map(|byte| encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned());
        decoded.and_then(|text| text.chars().next()).unwrap_or(character)
    });
    Cow::Owned(mended.collect())
}

/// The text's beginning, at most `max_bytes`, cut on a character boundary.
pub fn cap_plain(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn html(text: &str) -> String {
        rich_text(text, 1024).as_html().to_owned()
    }

    #[test]
    fn a_less_than_sign_in_plain_text_is_no_tag() {
        assert_eq!(
            rich_text("HDL<LDL ratio, p<0.05, a<b and c>d", 1024).to_plain(),
            "HDL<LDL ratio, p<0.05, a<b and c>d"
        );
        assert_eq!(rich_text("n <i 5", 1024).to_plain(), "n <i 5");
    }

    #[test]
    fn markup_keeps_the_four_marks_and_no_text_is_lost() {
        assert_eq!(
            html("Effect of <em>H. pylori</em> on CO<sub>2</sub>"),
            "Effect of <i>H. pylori</i> on CO<sub>2</sub>"
        );
        assert_eq!(html("<p><strong>All bold</strong></p>"), "All bold");
        assert_eq!(html("one<br/>two<p>three</p>four"), "one two three four");
        assert_eq!(html("a <span style=\"x > y\">b</span> <a href=x>c</a>"), "a b c");
        assert_eq!(html("x<script>alert(1)</script>y <!-- no --> z"), "xy z");
    }

    #[test]
    fn entities_are_resolved_once_and_double_escaped_marks_are_seen() {
        assert_eq!(html("1927&#8211;2021 &amp; &eacute;"), "1927–2021 &amp; é");
        assert_eq!(html("CO&lt;sub&gt;2&lt;/sub&gt; removal"), "CO<sub>2</sub> removal");
        assert_eq!(html("p &lt; 0.05"), "p &lt; 0.05");
        assert_eq!(html("don\u{92}t"), "don’t");
    }

    #[test]
    fn a_long_title_is_cut_on_a_character() {
        let cut = rich_text(&"é".repeat(2000), 1023);
        assert_eq!(cut.to_plain().len(), 1022);
    }

    proptest! {
        #[test]
        fn no_text_panics_or_leaves_other_tags(text in "(<|>|/|&|;|\"|'|=|!|-|i|b|sub|p|br|script|&lt;|&#|x|[ -~]|\\PC){0,60}") {
            let rich = rich_text(&text, 64);
            prop_assert_eq!(RichText::parse(rich.as_html()), rich);
            looks_like_html(&text);
        }
    }
}
