//! The rules of each format, as checks that return what they find; each is shown able to fail.

use chrono::DateTime;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::Value;

/// An element with its place, attributes and text.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) path: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document strictly: matching ends, known entities, characters that XML 1.0 allows.
pub(crate) fn read_xml(bytes: &[u8]) -> Result<Vec<Element>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if let Some(bad) = text.chars().find(|character| !allowed(*character)) {
        return Err(format!("{bad:?} is not an XML character"));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.name().as_ref().to_owned();
                let parent = open.last().map(|at| elements[*at].path.clone()).unwrap_or_default();
                let mut attributes = Vec::new();
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                    let value = value.map_err(|error| error.to_string())?.into_owned();
                    attributes.push((text_of(attribute.key.as_ref()), value));
                }
                let path = format!("{parent}/{}", text_of(&name));
                if !is_empty {
                    open.push(elements.len());
                }
                elements.push(Element { path, attributes, text: String::new() });
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(piece) => push_text(&mut elements, &open, &text_of(&piece)),
            Event::GeneralRef(reference) => {
                let entity = format!("&{};", text_of(&reference));
                let character = quick_xml::escape::unescape(&entity).map_err(|error| error.to_string())?;
                push_text(&mut elements, &open, &character);
            }
            Event::Eof if open.is_empty() => return Ok(elements),
            Event::Eof => return Err("the document ends inside an element".into()),
            Event::Decl(_) => {}
            other => return Err(format!("unexpected {other:?}")),
        }
    }
}

fn text_of(bytes: &(impl AsRef<str> + ?Sized)) -> String {
    bytes.as_ref().to_owned()
}

fn push_text(elements: &mut [Element], open: &[usize], text: &str) {
    if let Some(at) = open.last() {
        elements[*at].text.push_str(text);
    }
}

/// The texts of all elements at a path.
pub(super) fn texts<'a>(elements: &'a [Element], path: &str) -> Vec<&'a str> {
    elements.iter().filter(|element| element.path == path).map(|element| element.text.as_str()).collect()
}

/// A reader that decodes entities, even twice, and strips tags must lose nothing.
pub(super) fn loses_text_when_stripped(text: &str) -> bool {
    let once = html_escape::decode_html_entities(text).into_owned();
    let twice = html_escape::decode_html_entities(&once).into_owned();
    [text, &once, &twice].into_iter().any(|text| text.split('<').skip(1).any(|after| !after.starts_with(' ')))
}

/// What is wrong with an RSS document that was asked for at `address`.
pub(super) fn check_rss(bytes: &[u8], address: &str) -> Vec<String> {
    let elements = match read_xml(bytes) {
        Ok(elements) => elements,
        Err(error) => return vec![error],
    };
    let mut findings = Vec::new();
    for path in ["/rss/channel/title", "/rss/channel/link", "/rss/channel/description"] {
        if texts(&elements, path).len() != 1 {
            findings.push(format!("{path} is not there once"));
        }
    }
    check_links(&elements, "/rss/channel/atom:link", address, &mut findings);
    let plain = ["title", "description", "dc:creator", "category", "dc:source"];
    for element in elements.iter().filter(|element| element.path.starts_with("/rss/channel/")) {
        let name = element.path.rsplit('/').next().unwrap();
        if plain.contains(&name) && loses_text_when_stripped(&element.text) {
            findings.push(format!("{name} holds markup: {}", element.text));
        }
        if matches!(name, "pubDate" | "lastBuildDate") && !is_rfc822_gmt(&element.text) {
            findings.push(format!("{name} is no date: {}", element.text));
        }
        if name == "link" && !element.text.starts_with("http") {
            findings.push(format!("link is not http: {}", element.text));
        }
        if name == "guid" && element.attribute("isPermaLink") != Some("true") {
            findings.push("guid is no permalink".into());
        }
    }
    check_distinct(&texts(&elements, "/rss/channel/item/guid"), "guid", &mut findings);
    let order: Vec<&str> = elements.iter().map(|element| element.path.as_str()).collect();
    for (at, path) in order.iter().enumerate().filter(|(_, path)| path.ends_with("item/content:encoded")) {
        if order[at - 1] != "/rss/channel/item/description" {
            findings.push(format!("{path} does not follow description"));
        }
    }
    let items = texts(&elements, "/rss/channel/item").len();
    for name in ["title", "link", "guid", "pubDate", "description"] {
        if texts(&elements, &format!("/rss/channel/item/{name}")).len() != items {
            findings.push(format!("not every item has one {name}"));
        }
    }
    findings
}

/// What is wrong with an Atom document that was asked for at `address`.
pub(super) fn check_atom(bytes: &[u8], address: &str) -> Vec<String> {
    let elements = match read_xml(bytes) {
        Ok(elements) => elements,
        Err(error) => return vec![error],
    };
    let mut findings = Vec::new();
    for path in ["/feed/id", "/feed/title", "/feed/updated"] {
        if texts(&elements, path).len() != 1 {
            findings.push(format!("{path} is not there once"));
        }
    }
    check_links(&elements, "/feed/link", address, &mut findings);
    for element in &elements {
        let name = element.path.rsplit('/').next().unwrap();
        if matches!(name, "title" | "summary" | "name" | "subtitle")
            && loses_text_when_stripped(&element.text)
        {
            findings.push(format!("{name} holds markup: {}", element.text));
        }
        if matches!(name, "updated" | "published") && DateTime::parse_from_rfc3339(&element.text).is_err() {
            findings.push(format!("{name} is no date: {}", element.text));
        }
    }
    check_distinct(&texts(&elements, "/feed/entry/id"), "id", &mut findings);
    check_distinct(&texts(&elements, "/feed/entry/updated"), "updated", &mut findings);
    findings
}

/// What is wrong with a JSON Feed that was asked for at `address`.
pub(super) fn check_json_feed(bytes: &[u8], address: &str) -> Vec<String> {
    let document: Value = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    let mut findings = Vec::new();
    if document["version"] != "https://jsonfeed.org/version/1.1" {
        findings.push("version".to_owned());
    }
    if document["feed_url"] != address {
        findings.push(format!("self link is {}", document["feed_url"]));
    }
    let items = document["items"].as_array().cloned().unwrap_or_default();
    let ids: Vec<&str> = items.iter().filter_map(|item| item["id"].as_str()).collect();
    if ids.len() != items.len() || !document["items"].is_array() {
        findings.push("an id is missing".into());
    }
    check_distinct(&ids, "id", &mut findings);
    for item in &items {
        for key in ["title", "summary"] {
            if item[key].as_str().is_none_or(loses_text_when_stripped) {
                findings.push(format!("{key} holds markup: {}", item[key]));
            }
        }
        for key in ["date_published", "date_modified"] {
            if item[key].as_str().is_none_or(|date| DateTime::parse_from_rfc3339(date).is_err()) {
                findings.push(format!("{key} is no date: {}", item[key]));
            }
        }
        for key in ["url", "external_url"] {
            if item.get(key).is_some_and(|url| !url.as_str().is_some_and(|url| url.starts_with("http"))) {
                findings.push(format!("{key} is not http: {}", item[key]));
            }
        }
        if item["content_html"].as_str().is_none_or(str::is_empty) {
            findings.push("content_html is missing".into());
        }
    }
    findings
}

fn check_links(elements: &[Element], path: &str, address: &str, findings: &mut Vec<String>) {
    let own: Vec<Option<&str>> = elements
        .iter()
        .filter(|element| element.path == path && element.attribute("rel") == Some("self"))
        .map(|element| element.attribute("href"))
        .collect();
    if own != [Some(address)] {
        findings.push(format!("self link is {own:?}"));
    }
}

fn check_distinct(values: &[&str], name: &str, findings: &mut Vec<String>) {
    let distinct: std::collections::HashSet<&&str> = values.iter().collect();
    if distinct.len() != values.len() {
        findings.push(format!("{name} is not distinct"));
    }
}

/// chrono refuses a weekday that does not fit the date.
fn is_rfc822_gmt(text: &str) -> bool {
    text.ends_with(" GMT") && text.len() == 29 && DateTime::parse_from_rfc2822(text).is_ok()
}
