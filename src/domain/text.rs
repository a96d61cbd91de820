//! Titles and abstracts: text whose italics, subscripts and superscripts survive every output.
//!
//! A [`RichText`] is text plus the four marks that carry meaning in medicine (`i`, `b`, `sub`, `sup`): "10<sup>9</sup>"
//! must never be printed as "109". It is stored as a tiny, always well-formed subset of HTML, so the type
//! itself is the guarantee that nothing but those four tags ever reaches a page.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the four marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Species names, variables.
    Italic,
    /// Rare in titles, kept because it is sometimes meant.
    Bold,
    /// CO<sub>2</sub>.
    Sub,
    /// 10<sup>9</sup>.
    Sup,
}

impl Mark {
    /// The mark for a tag name as sources write it (`i`, `em`, `italic`, `strong`, `inf`, …); `None` for any other.
    pub fn from_tag(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "i" | "em" | "italic" => Some(Self::Italic),
            "b" | "strong" | "bold" => Some(Self::Bold),
            "sub" | "inf" => Some(Self::Sub),
            "sup" => Some(Self::Sup),
            _ => None,
        }
    }

    /// The HTML tag's name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Italic => "i",
            Self::Bold => "b",
            Self::Sub => "sub",
            Self::Sup => "sup",
        }
    }
}

/// Text with the four marks. Equality is that of the stored form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct RichText(String);

/// A piece of a [`RichText`], as [`RichText::pieces`] yields it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text with `&lt; &gt; &amp;` still escaped.
    Escaped(&'a str),
    /// A mark begins.
    Open(Mark),
    /// A mark ends.
    Close(Mark),
}

impl RichText {
    /// Text without marks; every character stands for itself. White space is folded.
    pub fn from_plain(text: &str) -> Self {
        let mut builder = RichTextBuilder::default();
        builder.text(text);
        builder.finish()
    }

    /// Reads the stored form, or what an editor typed: the four tags (without attributes) are marks, the
    /// entities `&lt; &gt; &amp; &quot;` and `&#39;` are characters, anything else stands for itself. Never fails; what
    /// comes out is well-formed whatever went in.
    pub fn parse(markup: &str) -> Self {
        let mut builder = RichTextBuilder::default();
        let mut rest = markup;
        while let Some(start) = rest.find(['<', '&']) {
            builder.text(&rest[..start]);
            rest = &rest[start..];
            rest = match read_tag(rest) {
                Some((Tag::Open(mark), tail)) => {
                    builder.open(mark);
                    tail
                }
                Some((Tag::Close(mark), tail)) => {
                    builder.close(mark);
                    tail
                }
                Some((Tag::Entity(character), tail)) => {
                    builder.text(character);
                    tail
                }
                None => {
                    builder.text(&rest[..1]);
                    &rest[1..]
                }
            };
        }
        builder.text(rest);
        builder.finish()
    }

    /// Well-formed HTML: escaped text and the four tags, nothing else.
    pub fn as_html(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pieces in order; `Open` and `Close` are balanced.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            let piece = if rest.is_empty() {
                return None;
            } else if let Some(tag) = rest.starts_with('<').then(|| read_tag(rest)).flatten() {
                rest = tag.1;
                match tag.0 {
                    Tag::Close(mark) => Piece::Close(mark),
                    Tag::Open(mark) => Piece::Open(mark),
                    Tag::Entity(_) => Piece::Escaped(""),
                }
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                let (text, tail) = rest.split_at(end);
                rest = tail;
                Piece::Escaped(text)
            };
            Some(piece)
        })
    }

    /// Plain text for outputs that know no marks. Raised and lowered digits become their Unicode forms
    /// (10⁹/L, CO₂); where a raised run has none, a caret keeps it from joining the number before it.
    pub fn to_plain(&self) -> String {
        let mut plain = String::with_capacity(self.0.len());
        let mut shifted: Option<(Mark, String)> = None;
        for piece in self.pieces() {
            match piece {
                Piece::Open(mark @ (Mark::Sub | Mark::Sup)) => {
                    shifted = shifted.or(Some((mark, String::new())))
                }
                Piece::Close(mark) if shifted.as_ref().is_some_and(|(open, _)| *open == mark) => {
                    if let Some((mark, text)) = shifted.take() {
                        push_shifted(&mut plain, mark, &text);
                    }
                }
                Piece::Open(_) | Piece::Close(_) => {}
                Piece::Escaped(text) => {
                    let text = html_escape::decode_html_entities(text);
                    match &mut shifted {
                        Some((_, run)) => run.push_str(&text),
                        None => plain.push_str(&text),
                    }
                }
            }
        }
        plain
    }
}

impl From<String> for RichText {
    fn from(stored: String) -> Self {
        Self::parse(&stored)
    }
}

impl From<RichText> for String {
    fn from(text: RichText) -> Self {
        text.0
    }
}

impl fmt::Display for RichText {
    /// The plain form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_plain())
    }
}

/// Builds a [`RichText`] from a parser's events; white space is folded and marks are balanced by the end.
#[derive(Debug, Default)]
pub struct RichTextBuilder {
    html: String,
    open: Vec<Mark>,
    space_due: bool,
}

impl RichTextBuilder {
    /// Adds text in which every character stands for itself. Control characters and what XML 1.0 forbids become spaces.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        loop {
            // most text is words that need no look at each character
            let plain = plain_prefix(rest);
            if plain > 0 {
                if std::mem::take(&mut self.space_due) {
                    self.html.push(' ');
                }
                self.html.push_str(&rest[..plain]);
                rest = &rest[plain..];
            }
            let Some(character) = rest.chars().next() else { return };
            rest = &rest[character.len_utf8()..];
            self.character(character);
        }
    }

    fn character(&mut self, character: char) {
        if character.is_whitespace() || !is_printable(character) {
            self.space_due = !self.html.is_empty();
            return;
        }
        if std::mem::take(&mut self.space_due) {
            self.html.push(' ');
        }
        match character {
            '<' => self.html.push_str("&lt;"),
            '>' => self.html.push_str("&gt;"),
            '&' => self.html.push_str("&amp;"),
            other => self.html.push(other),
        }
    }

    /// A mark begins. A mark inside itself is ignored when it ends.
    pub fn open(&mut self, mark: Mark) {
        if std::mem::take(&mut self.space_due) {
            self.html.push(' ');
        }
        self.html.push_str(&format!("<{}>", mark.tag()));
        self.open.push(mark);
    }

    /// The innermost such mark ends, and with it those opened inside it; without one, nothing happens.
    pub fn close(&mut self, mark: Mark) {
        if let Some(depth) = self.open.iter().rposition(|open| *open == mark) {
            while self.open.len() > depth {
                self.close_innermost();
            }
        }
    }

    /// The text so far, marks balanced, empty marks dropped.
    pub fn finish(mut self) -> RichText {
        while !self.open.is_empty() {
            self.close_innermost();
        }
        let trimmed = self.html.trim_end().len();
        self.html.truncate(trimmed);
        RichText(self.html)
    }

    fn close_innermost(&mut self) {
        let Some(mark) = self.open.pop() else { return };
        let opening = format!("<{}>", mark.tag());
        match self.html.strip_suffix(opening.as_str()).map(str::len) {
            Some(length) => {
                self.html.truncate(length);
                // the space in front of it belongs to whatever comes next, if anything does
                if self.html.ends_with(' ') {
                    self.html.pop();
                    self.space_due = true;
                }
                self.space_due &= !self.html.is_empty();
            }
            None => self.html.push_str(&format!("</{}>", mark.tag())),
        }
    }
}

/// How many bytes from the start stand for themselves: printable ASCII but `<`, `>` and `&`, words one space apart.
fn plain_prefix(text: &str) -> usize {
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'<' | b'>' | b'&');
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(&byte) = bytes.get(end) {
        let joins = byte == b' ' && end > 0 && bytes.get(end + 1).is_some_and(|next| is_plain(*next));
        if !is_plain(byte) && !joins {
            break;
        }
        end += 1;
    }
    end
}

/// Whether a character may stand in text: XML 1.0 (2.2 Char), without controls, non-characters and bidi overrides,
/// which can make a page show another text than it holds.
pub fn is_printable(character: char) -> bool {
    !(character.is_control()
        || matches!(character, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

/// Plain text with white space folded and unprintable characters dropped, cut at `max_bytes` on a character boundary.
pub fn fold_plain(text: &str, max_bytes: usize) -> String {
    let mut folded = String::with_capacity(text.len().min(max_bytes));
    let mut space_due = false;
    for character in text.chars() {
        if character.is_whitespace() || !is_printable(character) {
            space_due = !folded.is_empty();
            continue;
        }
        if folded.len() + usize::from(space_due) + character.len_utf8() > max_bytes {
            break;
        }
        if std::mem::take(&mut space_due) {
            folded.push(' ');
        }
        folded.push(character);
    }
    folded
}

enum Tag {
    Open(Mark),
    Close(Mark),
    Entity(&'static str),
}

/// Reads one of the tags or entities at the start of `text`; with it, what follows.
fn read_tag(text: &str) -> Option<(Tag, &str)> {
    const ENTITIES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&quot;", "\""), ("&#39;", "'")];
    if let Some((entity, character)) = ENTITIES.iter().find(|(entity, _)| text.starts_with(entity)) {
        return Some((Tag::Entity(character), &text[entity.len()..]));
    }
    let inner = text.strip_prefix('<')?;
    let end = inner.bytes().take(8).position(|byte| byte == b'>')?;
    let (name, tail) = (&inner[..end], &inner[end + 1..]);
    match name.strip_prefix('/') {
        Some(name) => Some((Tag::Close(Mark::from_tag(name)?), tail)),
        None => Some((Tag::Open(Mark::from_tag(name)?), tail)),
    }
}

fn push_shifted(plain: &mut String, mark: Mark, text: &str) {
    let shifted: Option<String> = text.chars().map(|character| shift(mark, character)).collect();
    match shifted {
        Some(shifted) => plain.push_str(&shifted),
        // "SpO<sub>max</sub>" reads well joined; "10<sup>a</sup>" does not
        None if mark == Mark::Sub => plain.push_str(text),
        None => {
            plain.push('^');
            plain.push_str(text);
        }
    }
}

fn shift(mark: Mark, character: char) -> Option<char> {
    const SUPER: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    const SUB: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let raised = mark == Mark::Sup;
    Some(match character {
        digit @ '0'..='9' => (if raised { SUPER } else { SUB })[digit as usize - '0' as usize],
        '+' => {
            if raised {
                '⁺'
            } else {
                '₊'
            }
        }
        '-' | '−' | '–' => {
            if raised {
                '⁻'
            } else {
                '₋'
            }
        }
        '(' => {
            if raised {
                '⁽'
            } else {
                '₍'
            }
        }
        ')' => {
            if raised {
                '⁾'
            } else {
                '₎'
            }
        }
        'n' if raised => 'ⁿ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_never_cut_at_its_first_tag_and_a_power_never_becomes_a_number() {
        let title = RichText::parse("Effect of <i>H. pylori</i> on PaCO<sub>2</sub> at 10<sup>9</sup>/L");
        assert_eq!(title.to_plain(), "Effect of H. pylori on PaCO₂ at 10⁹/L");
        assert_eq!(RichText::parse("x<sup>a,b</sup>").to_plain(), "x^a,b");
    }

    #[test]
    fn anything_else_stands_for_itself() {
        let title = RichText::parse("HDL<LDL ratio & <script>alert(1)</script> <i onclick=x>");
        assert_eq!(title.to_plain(), "HDL<LDL ratio & <script>alert(1)</script> <i onclick=x>");
        assert!(!title.as_html().contains("<script"));
        assert_eq!(RichText::from_plain("a<b> &amp;").to_plain(), "a<b> &amp;");
    }

    #[test]
    fn broken_marks_are_balanced_and_empty_ones_dropped() {
        assert_eq!(RichText::parse("a <i>b <b>c</i> d").as_html(), "a <i>b <b>c</b></i> d");
        assert_eq!(RichText::parse("</b>a<i></i><sub>").as_html(), "a");
    }

    /// Found by mutating real files: the space before an empty mark stayed, so that a text was not equal to its stored
    /// form, and every sight of it counted as a change.
    #[test]
    fn the_space_before_an_empty_mark_does_not_outlive_it() {
        for (text, html) in [
            ("<sub> <b>", ""),
            ("<i> </i>x", "x"),
            ("<i>150 x <sup>", "<i>150 x</i>"),
            ("a <b></b> c", "a c"),
            ("<b>a <i></i></b>c", "<b>a</b> c"),
        ] {
            let once = RichText::parse(text);
            assert_eq!(once.as_html(), html, "{text}");
            assert_eq!(RichText::parse(once.as_html()), once);
        }
    }

    proptest! {
        #[test]
        fn whatever_goes_in_the_stored_form_is_stable_and_holds_only_the_four_tags(text in "(<|>|/|&|;|i|b|sub|sup|amp|lt|[ -~]|\\PC){0,40}") {
            let once = RichText::parse(&text);
            prop_assert_eq!(&RichText::parse(once.as_html()), &once);
            let mut open = Vec::new();
            for piece in once.pieces() {
                match piece {
                    Piece::Open(mark) => open.push(mark),
                    Piece::Close(mark) => prop_assert_eq!(open.pop(), Some(mark)),
                    Piece::Escaped(text) => prop_assert!(!text.contains(['<', '>'])),
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
