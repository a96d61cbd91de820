//! A thin front for quick-xml's writer: elements, attributes and text of a document that is always well-formed.
//!
//! quick-xml escapes, but lets characters pass that XML 1.0 forbids (2.2 Char) and that make a strict reader refuse
//! the whole document; here they are dropped.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::domain::text::is_printable;

/// An XML document being written, two spaces of indentation a level.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

/// Attributes in the order written.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    /// A document with its declaration.
    pub(super) fn new() -> Self {
        let mut xml = Self { writer: Writer::new_with_indent(Vec::with_capacity(16 * 1024), b' ', 2) };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    /// Opens an element; [`Xml::close`] must follow.
    pub(super) fn open(&mut self, name: &str, attributes: Attributes) {
        self.write(Event::Start(start(name, attributes)));
    }

    /// Closes the element opened last.
    pub(super) fn close(&mut self, name: &str) {
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &str, attributes: Attributes, text: &str) {
        self.open(name, attributes);
        self.write(Event::Text(BytesText::new(&printable(text))));
        self.close(name);
    }

    /// An element with text, or nothing where there is none.
    pub(super) fn text_if(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, &[], text);
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes) {
        self.write(Event::Empty(start(name, attributes)));
    }

    /// The document.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.writer.into_inner();
        bytes.push(b'\n');
        bytes
    }

    fn write(&mut self, event: Event) {
        // a Vec takes every write: there is no error to report
        let _ = self.writer.write_event(event);
    }
}

fn start<'a>(name: &'a str, attributes: Attributes) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, printable(value).as_ref()));
    }
    start
}

/// The text without characters that XML 1.0 forbids or that make text look like another; line ends become `\n`.
fn printable(text: &str) -> Cow<'_, str> {
    let keep = |character: char| is_printable(character) || matches!(character, '\n' | '\t');
    if text.chars().all(keep) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|character| keep(*character)).collect())
    }
}
