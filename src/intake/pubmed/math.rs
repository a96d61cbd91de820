//! MathML → a line of text that cannot be misread: ½ is "1/2" and never "12", 10⁻⁶ keeps its raised sign.

use quick_xml::events::{BytesStart, Event};

use crate::domain::text::{Piece, RichText, RichTextBuilder};
use crate::intake::clean::unescape;

use super::walk::{RecordError, Result, Xml, check_depth, resolve, skip};

/// A flattened formula, as the stored form of a [`RichText`].
#[derive(Debug, Default)]
pub(super) struct Formula(String);

impl Formula {
    /// Writes the formula where it stood.
    pub(super) fn replay(self, builder: &mut RichTextBuilder) {
        for piece in RichText::parse(&self.0).pieces() {
            match piece {
                Piece::Escaped(text) => builder.text(&unescape(text)),
                Piece::Open(mark) => builder.open(mark),
                Piece::Close(mark) => builder.close(mark),
            }
        }
    }
}

/// Flattens a `math` element whose start tag has been read.
pub(super) fn flatten<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>) -> Result<Formula> {
    node(xml, tag, 0).map(Formula)
}

fn node<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>, depth: usize) -> Result<String> {
    check_depth(depth)?;
    let name = tag.local_name().as_ref().to_owned();
    if name.starts_with("annotation") {
        skip(xml, tag)?;
        return Ok(String::new());
    }
    if matches!(name.as_str(), "mi" | "mn" | "mo" | "mtext" | "ms") {
        return token(xml);
    }
    let children = children(xml, depth)?;
    let child = |at: usize| children.get(at).map_or("", String::as_str);
    Ok(match name.as_str() {
        "msup" => format!("{}<sup>{}</sup>", child(0), child(1)),
        "msub" => format!("{}<sub>{}</sub>", child(0), child(1)),
        "msubsup" => format!("{}<sub>{}</sub><sup>{}</sup>", child(0), child(1), child(2)),
        "munder" => format!("{}<sub>{}</sub>", child(0), child(1)),
        "munderover" => format!("{}<sub>{}</sub><sup>{}</sup>", child(0), child(1), child(2)),
        "mfrac" => format!("{}/{}", grouped(child(0)), grouped(child(1))),
        "msqrt" => format!("√({})", children.concat()),
        "mroot" => format!("<sup>{}</sup>√({})", child(1), child(0)),
        "mfenced" => format!("({})", children.join(", ")),
        "mtr" | "mlabeledtr" => children.join(" "),
        "mtable" => children.join("; "),
        "mspace" => " ".to_owned(),
        _ => children.concat(),
    })
}

/// The children's flattened texts; white space between elements means nothing in MathML.
fn children(xml: &mut Xml<'_>, depth: usize) -> Result<Vec<String>> {
    let mut children = Vec::new();
    loop {
        match xml.read_event()? {
            Event::Start(tag) => children.push(node(xml, &tag, depth + 1)?),
            Event::Text(text) if !text.trim().is_empty() => children.push(escape(&text)),
            Event::GeneralRef(entity) => children.push(escape(&resolve(&entity))),
            Event::End(_) => return Ok(children),
            Event::Eof => return Err(RecordError::Torn),
            _ => {}
        }
    }
}

fn token(xml: &mut Xml<'_>) -> Result<String> {
    super::walk::text(xml).map(|text| escape(&text))
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
