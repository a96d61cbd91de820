//! MathML → a line of text that cannot be misread: ½ is "1/2" and never "12", 10⁻⁶ keeps its raised sign.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::markup::unescape;

/// How deep a formula may nest; real ones nest some ten deep.
const MAX_DEPTH: usize = 100;

/// Why a formula could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MathError {
    /// Its XML is broken.
    #[error("a formula's XML is broken: {0}")]
    Xml(#[from] quick_xml::Error),
    /// It ends inside an element.
    #[error("a formula is cut off")]
    Torn,
    /// It nests too deeply.
    #[error("a formula nests deeper than {MAX_DEPTH}")]
    TooDeep,
}

type Xml<'a> = Reader<&'a [u8]>;

/// Flattens what stands inside a `math` element; the result is text with `sub` and `sup`, in the form that
/// [`RichText::parse`](crate::domain::text::RichText::parse) reads.
///
/// # Errors
/// When it is no well-formed XML; see [`MathError`].
pub fn flatten_math(inner: &str) -> Result<String, MathError> {
    let closed = format!("{inner}</math>");
    let mut xml = Reader::from_str(&closed);
    xml.config_mut().expand_empty_elements = true;
    xml.config_mut().allow_dangling_amp = true;
    xml.config_mut().allow_unmatched_ends = true;
    Ok(children(&mut xml, 0)?.concat())
}

/// A field with each formula in it flattened; one that cannot be read becomes `[formula]`, because its bare digits would
/// say something else.
pub(super) fn flatten_inside(text: &str) -> Cow<'_, str> {
    if !text.contains("math") && !text.contains("MATH") {
        return Cow::Borrowed(text);
    }
    let mut flat = String::new();
    let mut rest = text;
    while let Some((before, prefix, tail)) = split_at_math(rest) {
        flat.push_str(before);
        let end = format!("</{prefix}math>");
        let (inner, after) = tail.split_once(end.as_str()).unwrap_or((tail, ""));
        flat.push_str(&flatten_math(inner).unwrap_or_else(|_| "[formula]".to_owned()));
        rest = after;
    }
    if flat.is_empty() && rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    flat.push_str(rest);
    Cow::Owned(flat)
}

/// The text before `<math …>` or `<mml:math …>`, the prefix with its colon, and what follows the start tag.
fn split_at_math(text: &str) -> Option<(&str, &str, &str)> {
    for (at, _) in text.match_indices('<') {
        let tag = &text[at + 1..];
        let Some(prefix) = ["", "mml:", "m:"].into_iter().find(|prefix| {
            tag.strip_prefix(prefix)
                .and_then(|tag| tag.strip_prefix("math"))
                .is_some_and(|tag| tag.starts_with([' ', '>', '\n', '\t']))
        }) else {
            continue;
        };
        let close = tag.find('>')?;
        return Some((&text[..at], prefix, &tag[close + 1..]));
    }
    None
}

fn node<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>, depth: usize) -> Result<String, MathError> {
    if depth > MAX_DEPTH {
        return Err(MathError::TooDeep);
    }
    let name = tag.local_name().as_ref().to_owned();
    if name.starts_with("annotation") {
        xml.read_to_end(tag.name())?;
        return Ok(String::new());
    }
    let children = children(xml, depth)?;
    let child = |at: usize| children.get(at).map_or("", String::as_str);
    Ok(match name.as_str() {
        "msup" => format!("{}<sup>{}</sup>", child(0), child(1)),
        "msub" | "munder" => format!("{}<sub>{}</sub>", child(0), child(1)),
        "msubsup" | "munderover" => format!("{}<sub>{}</sub><sup>{}</sup>", child(0), child(1), child(2)),
        "mfrac" => format!("{}/{}", grouped(child(0)), grouped(child(1))),
        "msqrt" => format!("√({})", children.concat()),
        "mroot" => format!("<sup>{}</sup>√({})", child(1), child(0)),
        // the commas are MathML's default; between operators nobody means them
        "mfenced" if children.iter().any(|child| is_operator(child)) => format!("({})", children.concat()),
        "mfenced" => format!("({})", children.join(", ")),
        "mtr" | "mlabeledtr" => children.join(" "),
        "mtable" => children.join("; "),
        "mspace" => " ".to_owned(),
        _ => children.concat(),
    })
}

/// The flattened texts of an element's children; white space between elements means nothing in MathML.
fn children(xml: &mut Xml<'_>, depth: usize) -> Result<Vec<String>, MathError> {
    let mut children = Vec::new();
    loop {
        match xml.read_event()? {
            Event::Start(tag) => children.push(node(xml, &tag, depth + 1)?),
            Event::Text(text) if !text.trim().is_empty() => children.push(escape(&text)),
            Event::CData(text) => children.push(escape(&text)),
            Event::GeneralRef(entity) => {
                // U+2061 and its like are operators without a shape
                let resolved =
                    unescape(&format!("&{};", &*entity)).replace(['\u{2061}', '\u{2062}', '\u{2063}'], "");
                children.push(escape(&resolved));
            }
            Event::End(_) => return Ok(children),
            Event::Eof => return Err(MathError::Torn),
            _ => {}
        }
    }
}

fn is_operator(term: &str) -> bool {
    matches!(term.trim(), "+" | "-" | "−" | "±" | "=" | "×" | "·" | "/" | "&lt;" | "&gt;" | "≤" | "≥")
}

/// Brackets round a numerator or denominator of more than one term, unless it has them.
fn grouped(term: &str) -> String {
    let operators = ['+', '-', '−', '±', '/', '=', '×', '·', ' '];
    let bracketed = term.starts_with('(') && term.ends_with(')') && term.matches('(').count() == 1;
    let plain = term.replace("</", "");
    if plain.contains(operators) && !bracketed { format!("({term})") } else { term.to_owned() }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_in_html_fields_are_flattened_where_they_stand() {
        let field = "a <mml:math xmlns:mml=\"m\"><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math> b <math><mi>x</mi></math>";
        assert_eq!(flatten_inside(field), "a 1/2 b x");
        assert_eq!(flatten_inside("a <math><mi>x</mn></math> b"), "a [formula] b");
        assert_eq!(flatten_inside("mathematics <matha> b"), "mathematics <matha> b");
        assert_eq!(flatten_inside("cut <math><mi>x</mi>"), "cut x");
    }
}
