//! Walking one record's XML: children, text, text with marks. No tree is built.
//!
//! Every function that is handed a start tag reads up to its end tag.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::domain::text::{Mark, Piece, RichText, RichTextBuilder};
use crate::intake::clean::{MathError, flatten_math, mend_controls, unescape};

/// A reader over one record.
pub(super) type Xml<'a> = Reader<&'a [u8]>;

/// How deep inline elements may nest; real records nest some ten deep (MathML).
const MAX_DEPTH: usize = 100;

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("its XML is broken: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error(transparent)]
    Math(#[from] MathError),
    #[error("it ends in the middle of an element")]
    Torn,
    #[error("its elements nest deeper than {MAX_DEPTH}")]
    TooDeep,
    #[error("it is no record: <{0}>")]
    NoRecord(String),
}

pub(super) type Result<T> = std::result::Result<T, RecordError>;

/// A reader over one record.
pub(super) fn reader(xml: &[u8]) -> Xml<'_> {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().allow_dangling_amp = true;
    reader
}

/// Calls `visit` for each child element; it must read up to the child's end tag. `<X/>` says nothing and is passed over.
pub(super) fn each_child<'a>(
    xml: &mut Xml<'a>,
    mut visit: impl FnMut(&mut Xml<'a>, &BytesStart<'a>) -> Result<()>,
) -> Result<()> {
    loop {
        match xml.read_event()? {
            Event::Start(tag) => visit(xml, &tag)?,
            Event::End(_) => return Ok(()),
            Event::Eof => return Err(RecordError::Torn),
            _ => {}
        }
    }
}

/// Reads past an element.
pub(super) fn skip<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>) -> Result<()> {
    xml.read_to_end(tag.name())?;
    Ok(())
}

/// Jumps over an element that never nests in itself: its end tag is searched as text, because affiliations are half of
/// many records.
pub(super) fn hop<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>) -> Result<()> {
    jump(xml, tag, memchr::memmem::find)
}

/// Jumps over a list that may nest in itself and is the last of its name, such as `ReferenceList`: three quarters of a
/// record can be references.
pub(super) fn leap<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>) -> Result<()> {
    jump(xml, tag, memchr::memmem::rfind)
}

fn jump<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>, find: fn(&[u8], &[u8]) -> Option<usize>) -> Result<()> {
    let end = ["</", tag.name().as_ref(), ">"].concat();
    let rest: &'a [u8] = xml.get_mut();
    if let Some(at) = find(rest, end.as_bytes()) {
        *xml.get_mut() = &rest[at..];
    }
    skip(xml, tag)
}

/// The text of an element and everything in it, entities resolved, untrimmed.
pub(super) fn text<'a>(xml: &mut Xml<'a>) -> Result<Cow<'a, str>> {
    let mut text: Cow<'a, str> = Cow::Borrowed("");
    let mut depth = 0_usize;
    loop {
        match xml.read_event()? {
            Event::Text(piece) => append(&mut text, piece.into_inner()),
            Event::CData(piece) => append(&mut text, piece.into_inner()),
            Event::GeneralRef(entity) => append(&mut text, Cow::Owned(resolve(&entity))),
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => return Ok(text),
            Event::End(_) => depth -= 1,
            Event::Eof => return Err(RecordError::Torn),
            _ => {}
        }
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if text.is_empty() {
        *text = piece;
    } else {
        text.to_mut().push_str(&piece);
    }
}

/// The text with white space folded.
pub(super) fn word(xml: &mut Xml<'_>) -> Result<String> {
    let text = text(xml)?;
    let trimmed = text.trim();
    let is_clean = trimmed.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !trimmed.contains("  ");
    Ok(if is_clean {
        trimmed.to_owned()
    } else {
        crate::domain::text::fold_plain(&mend_controls(trimmed), usize::MAX)
    })
}

/// The text of an element with its marks; formulas are flattened.
pub(super) fn rich(xml: &mut Xml<'_>) -> Result<RichText> {
    let mut builder = RichTextBuilder::default();
    rich_into(xml, &mut builder)?;
    Ok(builder.finish())
}

fn rich_into(xml: &mut Xml<'_>, builder: &mut RichTextBuilder) -> Result<()> {
    let mut open: Vec<Option<Mark>> = Vec::new();
    loop {
        match xml.read_event()? {
            Event::Text(piece) => builder.text(&mend_controls(&piece)),
            Event::CData(piece) => builder.text(&mend_controls(&piece)),
            Event::GeneralRef(entity) => builder.text(&resolve(&entity)),
            Event::Start(tag) if tag.local_name().as_ref() == "math" => {
                let inner = xml.read_text(tag.name())?;
                replay(&flatten_math(&inner)?, builder);
            }
            Event::Start(tag) => {
                let mark = Mark::from_tag(tag.local_name().as_ref());
                if let Some(mark) = mark {
                    builder.open(mark);
                } else if is_display(tag.local_name().as_ref()) {
                    builder.text(" ");
                }
                open.push(mark);
                if open.len() > MAX_DEPTH {
                    return Err(RecordError::TooDeep);
                }
            }
            Event::Empty(tag) if is_display(tag.local_name().as_ref()) => builder.text(" "),
            Event::End(_) => match open.pop() {
                Some(Some(mark)) => builder.close(mark),
                Some(None) => {}
                None => return Ok(()),
            },
            Event::Eof => return Err(RecordError::Torn),
            _ => {}
        }
    }
}

/// Writes text in [`RichText`]'s stored form where it stands.
fn replay(markup: &str, builder: &mut RichTextBuilder) {
    for piece in RichText::parse(markup).pieces() {
        match piece {
            Piece::Escaped(text) => builder.text(&unescape(text)),
            Piece::Open(mark) => builder.open(mark),
            Piece::Close(mark) => builder.close(mark),
        }
    }
}

/// Elements that stand in a line of their own.
fn is_display(name: &str) -> bool {
    matches!(name, "DispFormula" | "p" | "br" | "list-item")
}

/// What `&…;` stands for: XML's five, HTML's names, character numbers; anything else stands for itself.
pub(super) fn resolve(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return mend_controls(character.encode_utf8(&mut [0; 4])).into_owned();
    }
    unescape(&format!("&{};", &**entity)).into_owned()
}

/// An attribute's value, if it is there.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    Some(unescape(&attribute.value).trim().to_owned())
}

/// Whether an attribute has this value.
pub(super) fn has(tag: &BytesStart<'_>, name: &str, value: &str) -> bool {
    tag.try_get_attribute(name).ok().flatten().is_some_and(|attribute| *attribute.value == *value)
}
