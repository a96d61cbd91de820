//! The second pass: every item's own words, which feed-rs does not give.
//!
//! feed-rs cuts titles at their first tag and drops `dc:identifier`, `dc:source`, `prism:*` and odd dates. This walks
//! the same text with a namespace-aware reader, takes those fields as text, and notes where each item begins and ends. An
//! item whose XML is broken is passed over and reported; the scan goes on at the next one.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::domain::entry::Problem;

use super::item::{Channel, Family, Item};
use super::{MAX_ENTRIES, subtree};

/// How deep a document may nest. Beyond, feed-rs would recurse.
const MAX_DEPTH: usize = 200;
/// Broken items that are passed over before giving up.
const MAX_RECOVERIES: usize = 50;

/// What the second pass found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The root element's local name: `rss`, `RDF`, `feed`, `entry`, or that of no feed.
    pub(super) root: String,
    /// RSS's version attribute.
    pub(super) version: String,
    pub(super) channel: Channel,
    pub(super) items: Vec<Item>,
    /// Items beyond the limit.
    pub(super) surplus: usize,
    pub(super) problems: Vec<Problem>,
    /// The same document without broken and surplus items, for feed-rs; `None` if nothing was left out.
    pub(super) sound_text: Option<String>,
}

/// Scans repaired text.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, scan: Scan::default(), ancestors: Vec::new(), broken: false, seen: 0 };
    scanner.run();
    scanner.finish()
}

struct Scanner<'t> {
    text: &'t str,
    scan: Scan,
    /// The start tags of the open elements outside items.
    ancestors: Vec<String>,
    broken: bool,
    /// Items begun, good or not.
    seen: usize,
}

/// Why a run over the text stopped.
enum Stop {
    End,
    /// At this byte of the text, in the item that began there if any.
    Broken {
        at: usize,
        item: Option<usize>,
        why: String,
    },
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut from = 0;
        for _ in 0..MAX_RECOVERIES {
            match self.run_from(from) {
                Stop::End => return,
                Stop::Broken { at, item, why } => {
                    self.broken = true;
                    let place = match item {
                        Some(_) => format!("entry {}", self.seen),
                        None => format!("byte {at}"),
                    };
                    let excerpt_at = self.text.floor_char_boundary(item.unwrap_or(at.saturating_sub(60)));
                    let problem = Problem::new(place, why).with_excerpt(&self.text.as_bytes()[excerpt_at..]);
                    self.scan.problems.push(problem);
                    let after = item.map_or(at, |start| at.max(start + 1));
                    match self.next_item(after.min(self.text.len())) {
                        Some(next) => from = next,
                        None => return,
                    }
                }
            }
        }
        let what = format!("more than {MAX_RECOVERIES} places are broken; the rest was passed over");
        self.scan.problems.push(Problem::new("document", what));
    }

    /// The next item's start tag from `after` on.
    fn next_item(&self, after: usize) -> Option<usize> {
        let rest = self.text.get(self.text.ceil_char_boundary(after)..)?;
        let base = self.text.len() - rest.len();
        let mut from = 0;
        while let Some(at) = rest[from..].find('<').map(|at| from + at) {
            let name_end =
                rest[at + 1..].find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(0);
            let name = &rest[at + 1..at + 1 + name_end];
            if matches!(name.rsplit(':').next(), Some("item" | "entry")) {
                return Some(base + at);
            }
            from = at + 1;
        }
        None
    }

    fn run_from(&mut self, from: usize) -> Stop {
        // after a fault the reader starts again inside the same ancestors
        let prefix = if from == 0 { String::new() } else { self.ancestors.concat() };
        let text = if from == 0 {
            std::borrow::Cow::Borrowed(self.text)
        } else {
            format!("{prefix}{}", &self.text[from..]).into()
        };
        let mut skip_ancestors = if from == 0 { 0 } else { self.ancestors.len() };
        let place = |at: u64| (usize::try_from(at).unwrap_or(usize::MAX)).saturating_sub(prefix.len()) + from;
        let mut reader = NsReader::from_str(&text);
        reader.config_mut().expand_empty_elements = true;
        loop {
            let before = reader.buffer_position();
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = place(reader.error_position());
                    return Stop::Broken { at, item: None, why: format!("broken XML: {error}") };
                }
            };
            match event {
                Event::Start(_) if skip_ancestors > 0 => skip_ancestors -= 1,
                Event::Start(tag) => {
                    let family = family(&reader, &tag);
                    if is_item(&tag, self.ancestors.is_empty()) {
                        self.seen += 1;
                        let start = place(before);
                        if self.ancestors.is_empty() {
                            "entry".clone_into(&mut self.scan.root);
                        }
                        match read_item(&mut reader, &tag) {
                            Ok(mut item) => {
                                item.span = start..place(reader.buffer_position());
                                self.keep(item);
                            }
                            Err(why) => {
                                let at = place(reader.buffer_position().max(reader.error_position()));
                                return Stop::Broken { at, item: Some(start), why };
                            }
                        }
                        continue;
                    }
                    if let Err(why) = self.read_outside(&mut reader, &tag, family) {
                        let at = place(reader.error_position().max(reader.buffer_position()));
                        return Stop::Broken { at, item: None, why };
                    }
                }
                Event::End(_) => {
                    self.ancestors.pop();
                }
                Event::Eof => {
                    if !self.ancestors.is_empty() {
                        self.broken = true;
                        let what =
                            format!("the document ends before its end tag, after {} entries", self.seen);
                        self.scan.problems.push(Problem::new("document", what));
                    }
                    return Stop::End;
                }
                _ => {}
            }
        }
    }

    /// An element outside items: the root, the channel, or one of their fields.
    fn read_outside<'t>(
        &mut self,
        reader: &mut NsReader<&'t [u8]>,
        tag: &BytesStart<'t>,
        family: Family,
    ) -> Result<(), String> {
        let local = tag.local_name().as_ref().to_owned();
        if self.ancestors.is_empty() && self.scan.root.is_empty() {
            self.scan.root.clone_from(&local);
            self.scan.version = subtree::attribute(tag, "version").unwrap_or_default();
            self.scan.channel.base = subtree::attribute(tag, "xml:base");
        }
        let is_container = self.ancestors.is_empty() || (local == "channel" && self.ancestors.len() == 1);
        if !is_container {
            let field = subtree::read(reader, tag)?;
            self.scan.channel.take(family, &local, field);
            return Ok(());
        }
        self.ancestors.push(format!("<{}{}>", tag.name().as_ref(), tag.attributes_raw()));
        if self.ancestors.len() > MAX_DEPTH {
            return Err("elements nest too deep".to_owned());
        }
        Ok(())
    }

    fn keep(&mut self, item: Item) {
        if self.scan.items.len() < MAX_ENTRIES {
            self.scan.items.push(item);
        } else {
            self.scan.surplus += 1;
        }
    }

    fn finish(self) -> Scan {
        let (opening, closing) = self.frame();
        let mut scan = self.scan;
        if self.broken || scan.surplus > 0 {
            let items: String = scan.items.iter().map(|item| &self.text[item.span.clone()]).collect();
            scan.sound_text = Some(format!("{opening}{items}{closing}"));
        }
        if scan.surplus > 0 {
            let what = format!(
                "only the first {MAX_ENTRIES} entries were read; {} more were passed over",
                scan.surplus
            );
            scan.problems.push(Problem::new(format!("entry {}", MAX_ENTRIES + 1), what));
        }
        scan
    }

    /// The root's (and RSS's channel's) start tags, read again from the text because at the end of a sound document none
    /// is open, and their end tags.
    fn frame(&self) -> (String, String) {
        let (mut opening, mut closing) = (String::new(), String::new());
        let mut rest = self.text;
        while let Some((_, tail)) = rest.split_once('<') {
            let Some(end) = tail.find('>') else { break };
            let name = tail[..end].split([' ', '\t', '\n', '\r', '/']).next().unwrap_or_default();
            let is_channel = name.rsplit(':').next() == Some("channel") && self.scan.root == "rss";
            if !opening.is_empty() && !is_channel {
                break;
            }
            opening.push_str(&format!("<{}>", tail[..end].trim_end_matches('/')));
            closing = format!("</{name}>{closing}");
            rest = &tail[end + 1..];
        }
        (opening, closing)
    }
}

fn is_item(tag: &BytesStart<'_>, is_root: bool) -> bool {
    match tag.local_name().as_ref() {
        "item" => !is_root,
        "entry" => true,
        _ => false,
    }
}

fn read_item<'t>(reader: &mut NsReader<&'t [u8]>, tag: &BytesStart<'t>) -> Result<Item, String> {
    let mut item = Item {
        about: subtree::attribute(tag, "rdf:about"),
        base: subtree::attribute(tag, "xml:base"),
        ..Item::default()
    };
    loop {
        match reader.read_event().map_err(|error| format!("broken XML: {error}"))? {
            Event::Start(child) => {
                let family = family(reader, &child);
                let local = child.local_name().as_ref().to_owned();
                let field = subtree::read(reader, &child)?;
                item.take(family, &local, field);
            }
            Event::End(_) => return Ok(item),
            Event::Eof => return Err("the document ends inside it".to_owned()),
            _ => {}
        }
    }
}

/// The family of an element's namespace. PRISM lives under many addresses (and one publisher's is the word `prism`), so
/// families are matched, not addresses; where a prefix is not declared, the prefix itself tells.
fn family<R>(reader: &NsReader<R>, tag: &BytesStart<'_>) -> Family {
    let name = tag.name();
    let prefix = name.prefix().map(|prefix| prefix.as_ref().to_ascii_lowercase()).unwrap_or_default();
    let (resolved, _) = reader.resolver().resolve_element(name);
    let address = match &resolved {
        ResolveResult::Bound(namespace) => namespace.as_ref().to_ascii_lowercase(),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
    };
    if address.contains("prism") || (prefix == "prism" && address.is_empty()) {
        Family::Prism
    } else if address.contains("purl.org/dc/") || (matches!(&*prefix, "dc" | "dcterms") && address.is_empty())
    {
        Family::Dc
    } else if address.contains("rss/1.0/modules/content") || (prefix == "content" && address.is_empty()) {
        Family::Content
    } else if address.contains("syndication") || (matches!(&*prefix, "sy" | "syn") && address.is_empty()) {
        Family::Syndication
    } else if prefix.is_empty() || is_core(&address) {
        Family::Core
    } else {
        Family::Other
    }
}

/// RSS 0.9 to 2.0 and Atom.
fn is_core(address: &str) -> bool {
    address.is_empty()
        || address.contains("purl.org/rss/1.0/") && !address.contains("modules")
        || address.contains("w3.org/2005/atom")
        || address.contains("purl.org/atom/")
        || address.contains("netscape.com/rdf/simple")
        || address.contains("backend.userland.com/rss")
        || address.contains("blogs.law.harvard.edu")
}
