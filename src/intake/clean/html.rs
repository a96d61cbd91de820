//! HTML fields → abstract sections: caps, then ammonia with our own short allow-list, then lines of text.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::domain::entry::AbstractSection;
use crate::domain::text::{Mark, RichText, RichTextBuilder};

use super::caps;
use super::markup::{Kind, Token, cap_plain, looks_like_html, mend_controls, name_signs, tokens, unescape};
use super::math::flatten_inside;

/// A line of a field: a paragraph, a heading, a list item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Whether it is an `h1`–`h6`, or wholly bold.
    pub heading: bool,
    /// Its text, never empty.
    pub text: RichText,
}

/// Everything that survives; attributes never do.
static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "b",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let mut builder = ammonia::Builder::empty();
    builder.tags(tags.into_iter().collect());
    builder.clean_content_tags(["script", "style"].into_iter().collect());
    builder
});

/// The lines of a field. Plain text never meets the HTML parser ("HDL<LDL ratio" would lose text) and is split at
/// blank lines. At most [`caps::HTML`] bytes are read.
pub fn blocks(field: &str) -> Vec<Block> {
    let field = flatten_inside(cap_field(field));
    let field = name_signs(&field);
    let field = field.as_ref();
    if !looks_like_html(field) {
        return field
            .split("\n\n")
            .map(|paragraph| Block { heading: false, text: RichText::from_plain(&mend_controls(paragraph)) })
            .filter(|block| !block.text.is_empty())
            .collect();
    }
    match rewrite(field) {
        Some(html) => read_lines(&CLEANER.clean(&html).to_string()),
        // nested beyond reason: its words without any structure
        None => {
            let words: String = tokens(field)
                .filter_map(|token| if let Token::Text(text) = token { Some(text) } else { None })
                .collect::<Vec<_>>()
                .join(" ");
            let text = RichText::from_plain(&mend_controls(&unescape(&words)));
            if text.is_empty() { Vec::new() } else { vec![Block { heading: false, text }] }
        }
    }
}

/// Cut before a tag rather than inside one.
fn cap_field(field: &str) -> &str {
    let cut = cap_plain(field, caps::HTML);
    match cut.rfind('<') {
        Some(at) if cut.len() < field.len() && !cut[at..].contains('>') => &cut[..at],
        _ => cut,
    }
}

/// The field with known tags only, without attributes, every other `<` escaped; `None` if it nests too deeply.
fn rewrite(field: &str) -> Option<String> {
    let mut html = String::with_capacity(field.len() + 64);
    let mut open: Vec<String> = Vec::new();
    let mut dropping: Option<&str> = None;
    for token in tokens(field) {
        match (token, dropping) {
            (Token::Tag { name, closing: true, .. }, Some(dropped)) if name.eq_ignore_ascii_case(dropped) => {
                dropping = None;
            }
            (_, Some(_)) => {}
            (Token::Text(text), None) => html.push_str(&text.replace('<', "&lt;")),
            (Token::Tag { kind: Kind::Dropped, name, closing: false, self_closing: false }, None)
                if !matches!(
                    name.to_ascii_lowercase().as_str(),
                    "meta" | "link" | "base" | "input" | "embed"
                ) =>
            {
                dropping = Some(name);
            }
            (Token::Tag { kind: Kind::Dropped, .. }, None) => {}
            (Token::Tag { name, closing, self_closing, .. }, None) => {
                let name = name.to_ascii_lowercase();
                if closing {
                    if let Some(at) = open.iter().rposition(|tag| *tag == name) {
                        open.truncate(at);
                    }
                } else if !(self_closing || closes_itself(&name) && open.last() == Some(&name)) {
                    open.push(name.clone());
                    if open.len() > caps::NESTING {
                        return None;
                    }
                }
                let _ = write!(html, "<{}{name}>", if closing { "/" } else { "" });
            }
        }
    }
    Some(html)
}

/// Elements whose start tag ends the one before (HTML, 13.1.2.4): old pages never close them.
fn closes_itself(name: &str) -> bool {
    matches!(name, "p" | "li" | "dd" | "dt" | "tr" | "td" | "th")
}

/// Lines of well-formed HTML.
fn read_lines(html: &str) -> Vec<Block> {
    let mut lines = Vec::new();
    let mut line = RichTextBuilder::default();
    let mut heading = false;
    for token in tokens(html) {
        match token {
            Token::Text(text) => line.text(&mend_controls(&unescape(text))),
            Token::Tag { name, kind: Kind::Block | Kind::Dropped, closing, .. } => {
                push_line(&mut lines, std::mem::take(&mut line), heading);
                heading = !closing && is_heading(name);
            }
            Token::Tag { name, closing, .. } => match (Mark::from_tag(name), closing) {
                (Some(mark), false) => line.open(mark),
                (Some(mark), true) => line.close(mark),
                (None, _) => {}
            },
        }
    }
    push_line(&mut lines, line, heading);
    lines
}

fn is_heading(name: &str) -> bool {
    name.len() == 2 && name.starts_with(['h', 'H']) && name.ends_with(|c: char| ('1'..='6').contains(&c))
}

fn push_line(lines: &mut Vec<Block>, line: RichTextBuilder, heading: bool) {
    let text = line.finish();
    if text.is_empty() {
        return;
    }
    let bold = text.as_html().strip_prefix("<b>").and_then(|html| html.strip_suffix("</b>"));
    match bold.filter(|inner| !inner.contains("</b>")) {
        Some(inner) => lines.push(Block { heading: true, text: RichText::parse(inner) }),
        None => lines.push(Block { heading, text }),
    }
}

/// Abstract sections from lines: headings become labels, "METHODS: …" and bold leads too, and everything up to a line
/// that only says "Abstract" is left out.
pub fn sections(lines: &[Block]) -> Vec<AbstractSection> {
    let start = lines.iter().position(|line| is_abstract_heading(&line.text)).map_or(0, |at| at + 1);
    let mut sections: Vec<AbstractSection> = Vec::new();
    let mut label: Option<String> = None;
    for line in &lines[start..] {
        if line.heading && line.text.as_html().len() <= 120 {
            label = Some(trim_label(&line.text.to_plain()).to_owned());
            continue;
        }
        let (own, text) = split_label(&line.text);
        let label = own.or_else(|| label.take());
        let category = label.as_deref().and_then(category_of).map(str::to_owned);
        sections.push(AbstractSection { label, category, text });
    }
    sections.retain(|section| !section.text.is_empty());
    sections
}

fn is_abstract_heading(text: &RichText) -> bool {
    let plain = text.to_plain().to_lowercase();
    matches!(
        plain.trim_matches(|c: char| !c.is_alphabetic()),
        "abstract" | "summary" | "résumé" | "graphical abstract"
    )
}

fn trim_label(label: &str) -> &str {
    label.trim().trim_end_matches([':', '.', '—', '–', '-']).trim()
}

/// Takes "METHODS: " or a bold lead off the front of a paragraph. Mixed case counts only for words that head sections.
pub fn split_label(text: &RichText) -> (Option<String>, RichText) {
    let html = text.as_html();
    if let Some((inner, rest)) = html.strip_prefix("<b>").and_then(|html| html.split_once("</b>")) {
        let plain = RichText::parse(inner).to_plain();
        let marked =
            plain.ends_with([':', '.']) || rest.starts_with(':') || category_of(trim_label(&plain)).is_some();
        if marked && plain.len() <= 60 {
            let rest = rest.trim_start_matches([':', '.', ' ']);
            return (Some(trim_label(&plain).to_owned()), RichText::parse(rest));
        }
    }
    let Some((head, rest)) = html.split_once(':') else { return (None, text.clone()) };
    let head = unescape(head).into_owned();
    let shouted = head.chars().filter(|c| c.is_alphabetic()).count() >= 5
        && head
            .chars()
            .all(|c| c.is_uppercase() || matches!(c, ' ' | '&' | ',' | '/' | '-' | '(' | ')' | '\''));
    if head.len() <= 60 && !head.contains('<') && (shouted || category_of(&head).is_some()) {
        return (Some(trim_label(&head).to_owned()), RichText::parse(rest.trim_start()));
    }
    (None, text.clone())
}

/// NLM's category for a heading (NLM, "Structured Abstracts": label to category mappings), for the common ones.
fn category_of(label: &str) -> Option<&'static str> {
    let label = label.trim().to_lowercase();
    Some(match label.as_str() {
        "background"
        | "introduction"
        | "context"
        | "importance"
        | "rationale"
        | "background and aims"
        | "background and objectives"
        | "background and purpose"
        | "background/aims"
        | "background & aims" => "BACKGROUND",
        "objective" | "objectives" | "aim" | "aims" | "purpose" | "goal" | "hypothesis" | "question"
        | "aim of the study" | "purpose of review" | "study objective" | "study objectives" => "OBJECTIVE",
        "methods"
        | "method"
        | "design"
        | "setting"
        | "settings"
        | "participants"
        | "patients"
        | "interventions"
        | "intervention"
        | "materials and methods"
        | "material and methods"
        | "methods and materials"
        | "patients and methods"
        | "main outcome measures"
        | "main outcomes and measures"
        | "measurements"
        | "data sources"
        | "study selection"
        | "data extraction"
        | "study design"
        | "subjects"
        | "design, setting, and participants"
        | "measurements and main results setting"
        | "exposure"
        | "exposures" => "METHODS",
        "results"
        | "result"
        | "findings"
        | "methods and results"
        | "measurements and main results"
        | "main results"
        | "recent findings"
        | "results and discussion" => "RESULTS",
        "conclusion"
        | "conclusions"
        | "interpretation"
        | "discussion"
        | "implications"
        | "conclusions and relevance"
        | "conclusion and relevance"
        | "summary and conclusions"
        | "clinical relevance"
        | "significance"
        | "summary" => "CONCLUSIONS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(field: &str) -> Vec<(Option<String>, String)> {
        sections(&blocks(field)).into_iter().map(|s| (s.label, s.text.as_html().to_owned())).collect()
    }

    fn labelled(label: &str, text: &str) -> (Option<String>, String) {
        (Some(label.to_owned()), text.to_owned())
    }

    #[test]
    fn plain_text_is_not_parsed_as_html() {
        assert_eq!(
            read("HDL<LDL ratio at p<0.05 & more"),
            [(None, "HDL&lt;LDL ratio at p&lt;0.05 &amp; more".to_owned())]
        );
        assert_eq!(read("<p>HDL<LDL ratio</p>"), [(None, "HDL&lt;LDL ratio".to_owned())]);
    }

    #[test]
    fn headings_bold_leads_and_shouted_words_are_labels() {
        let expected = [labelled("Background", "One."), labelled("Methods and results", "10<sup>9</sup>/L.")];
        assert_eq!(
            read(
                "<h2>Abstract</h2><h3>Background</h3><p>One.</p><h3>Methods and results:</h3><p>10<sup>9</sup>/L.</p>"
            ),
            expected
        );
        assert_eq!(
            read(
                "<p><b>Background:</b> One.</p><p><strong>Methods and results</strong>: 10<sup>9</sup>/L.</p>"
            ),
            expected
        );
        assert_eq!(
            read("<p>CONCLUSIONS: Four.</p><p>RNA: five</p>"),
            [labelled("CONCLUSIONS", "Four."), (None, "RNA: five".to_owned())]
        );
        assert_eq!(sections(&blocks("<p>CONCLUSIONS: x</p>"))[0].category.as_deref(), Some("CONCLUSIONS"));
    }

    #[test]
    fn words_of_neighbouring_blocks_stay_apart_and_scripts_vanish() {
        let lines = blocks(
            "<div>one</div><div>two<br>three</div><script>alert('<p>x</p>')</script><ul><li>four</li></ul>",
        );
        let texts: Vec<String> = lines.iter().map(|line| line.text.to_plain()).collect();
        assert_eq!(texts, ["one", "two", "three", "four"]);
    }

    #[test]
    fn deep_nesting_and_long_fields_keep_their_words_and_end_soon() {
        let deep = format!("{}text{}", "<dl><dd>".repeat(5_000), "</dd></dl>".repeat(5_000));
        assert!(blocks(&deep).len() <= 1);
        let deep = format!("{}text", "<dl><dd>".repeat(100));
        assert_eq!(blocks(&deep)[0].text.to_plain(), "text");
        let long = "<p>wörd</p>".repeat(100_000);
        assert!(blocks(&long).len() < 2_000);
    }

    proptest! {
        #[test]
        fn no_field_panics(field in "(<|>|/|&|;|\"|=|<p>|</p>|<b>|</b>|<h2>|<br|<!--|-->|script|METHODS: |\\n\\n|[ -~]|\\PC){0,60}") {
            for section in sections(&blocks(&field)) {
                prop_assert!(!section.text.is_empty());
            }
        }
    }
}
