//! One field of an item: everything between its tags as text, its own markup kept as markup.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};

use crate::intake::clean::unescape;

/// How deep a field may nest.
const MAX_DEPTH: usize = 200;
/// How much of a field is kept; HTML fields are cut much shorter later, this only bounds memory.
const MAX_BYTES: usize = 256 * 1024;

/// A field's text and the attributes that matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    /// The text; child elements stand in it as tags without attributes.
    pub(super) text: String,
    /// Atom: the `name` of a person, `href`, `rel`, `type`, `term` and such.
    pub(super) attributes: Vec<(String, String)>,
    /// The texts of child elements by local name, for Atom persons.
    pub(super) children: Vec<(String, String)>,
}

impl Field {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn child(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads an element whose start tag has been read, to its end tag.
pub(super) fn read<'t>(reader: &mut NsReader<&'t [u8]>, tag: &BytesStart<'t>) -> Result<Field, String> {
    let mut field = Field {
        attributes: tag
            .html_attributes()
            .with_checks(false)
            .flatten()
            .map(|attribute| (attribute.key.as_ref().to_owned(), unescape(&attribute.value).into_owned()))
            .collect(),
        ..Field::default()
    };
    let is_xhtml = field.attribute("type") == Some("xhtml");
    let mut open: Vec<(String, usize)> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| format!("broken XML: {error}"))? {
            // inside elements `&lt;` is a character; at the top of a field it is usually escaped markup
            Event::Text(text) if open.is_empty() && !is_xhtml => push(&mut field.text, &text),
            Event::Text(text) => push(&mut field.text, &escape(&text)),
            Event::CData(text) => push(&mut field.text, &text),
            Event::GeneralRef(entity) => {
                let resolved = unescape(&format!("&{};", &*entity)).into_owned();
                let literal = !open.is_empty() || is_xhtml;
                push(&mut field.text, &if literal { escape(&resolved) } else { resolved });
            }
            Event::Start(child) => {
                let name = child.local_name().as_ref().to_owned();
                push(&mut field.text, &format!("<{name}>"));
                open.push((name, field.text.len()));
                if open.len() > MAX_DEPTH {
                    return Err(format!("elements nest deeper than {MAX_DEPTH}"));
                }
            }
            Event::End(_) => match open.pop() {
                Some((name, from)) => {
                    if open.is_empty() && field.children.len() < 100 {
                        let inner = field.text.get(from..).unwrap_or_default().to_owned();
                        field.children.push((name.clone(), inner));
                    }
                    push(&mut field.text, &format!("</{name}>"));
                }
                None => return Ok(field),
            },
            Event::Eof => return Err("the document ends inside it".to_owned()),
            _ => {}
        }
    }
}

/// One attribute of a tag.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    Some(unescape(&attribute.value).into_owned())
}

fn push(text: &mut String, piece: &str) {
    if text.len() + piece.len() <= MAX_BYTES {
        text.push_str(piece);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
