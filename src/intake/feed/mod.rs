//! Feeds → entries: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed, and PubMed's RSS among them.
//!
//! Not the network: bytes come in, entries and problems go out. The way: decode → repair → scan each item's own fields
//! (our pass) → feed-rs over the same text → one entry an item, each field from whichever of the two knows it.
//! Whatever the bytes, this ends with entries, problems or a [`FeedError`], never with a panic. All entries of a feed are
//! sightings (`complete = false`): full records come from elsewhere.

mod assemble;
mod dialect;
mod item;
mod json;
mod model;
mod repair;
mod scan;
mod sift;
mod subtree;

use crate::domain::entry::{Parsed, Problem};
use crate::domain::text::{fold_plain, is_printable};
use crate::domain::time::UnixMs;

use super::clean::{caps, rich_text};
use super::decode;

pub use sift::{Sifted, mark_body, sift};

/// Entries read of one feed (design: trust).
pub const MAX_ENTRIES: usize = 1_000;

/// Why a body is no feed with entries. A 200 that is no feed is a failure, never "nothing new".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// No bytes, or only white space.
    #[error("the body is empty")]
    Empty,
    /// A web page: an error, a log-in, a captcha.
    #[error("a web page instead of a feed: {title}")]
    Html {
        /// The page's title.
        title: String,
    },
    /// JSON that is no JSON Feed, such as an error message.
    #[error("JSON, but no JSON Feed: {what}")]
    Json {
        /// What it says, or why it is none.
        what: String,
    },
    /// PubMed's record XML: it belongs to [`pubmed`](super::pubmed).
    #[error("PubMed records instead of a feed")]
    PubmedRecords,
    /// Another XML document.
    #[error("no feed: the document is <{root}>")]
    OtherXml {
        /// The root element.
        root: String,
    },
    /// Neither XML nor JSON.
    #[error("no feed, it begins with: {head}")]
    NotXml {
        /// How it begins.
        head: String,
    },
    /// A feed whose XML is broken before its first entry.
    #[error("the feed is broken: {why}")]
    Broken {
        /// What and where.
        why: String,
    },
    /// A feed without a single entry.
    #[error("the feed {title:?} ({format}) holds no entries")]
    NoEntries {
        /// What the feed calls itself.
        title: String,
        /// "RSS 2.0" and such.
        format: String,
    },
}

/// Reads a feed.
///
/// `content_type` is the HTTP header as received, `url` the feed's address (relative links are resolved against it),
/// `now` the instant no entry may lie behind.
///
/// # Errors
/// When the body is no feed or holds no entries; see [`FeedError`].
pub fn parse(
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&str>,
    now: UnixMs,
) -> Result<Parsed, FeedError> {
    let decoded = decode_text(bytes, content_type)?;
    let read = read_text(decoded.trimmed(), url, now, 0)?;
    Ok(decoded.with_problems(read.parsed))
}

/// What was parsed, and of which items.
#[derive(Default)]
struct Read {
    parsed: Parsed,
    /// For each entry, of which of the items that the scan saw.
    of_item: Vec<usize>,
    /// How many items the scan saw, if nothing was wrong with any of them.
    sound_items: Option<usize>,
}

fn decode_text(bytes: &[u8], content_type: Option<&str>) -> Result<decode::Decoded, FeedError> {
    let decoded = decode::to_utf8(bytes, content_type);
    if decoded.trimmed().chars().all(|c| c.is_whitespace() || !is_printable(c)) {
        return Err(FeedError::Empty);
    }
    Ok(decoded)
}

impl decode::Decoded {
    /// The text from its first sign on.
    fn trimmed(&self) -> &str {
        self.text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\0')
    }

    fn with_problems(self, mut parsed: Parsed) -> Parsed {
        parsed.problems.splice(0..0, self.problems);
        parsed
    }
}

/// Reads a feed's text, of which `left_out` items were cut.
fn read_text(text: &str, url: Option<&str>, now: UnixMs, left_out: usize) -> Result<Read, FeedError> {
    // our own code is held to the same rule as feed-rs: a slip costs one fetch, never the worker
    let outcome = crate::intake::apart::catch_panic(|| {
        if text.starts_with(['{', '[']) {
            json::parse(text, url, now).map(|parsed| Read { parsed, ..Read::default() })
        } else {
            parse_xml(text, url, now, left_out)
        }
    });
    outcome.map_err(|panic| FeedError::Broken { why: format!("reading it failed: {panic}") })?
}

fn parse_xml(text: &str, url: Option<&str>, now: UnixMs, left_out: usize) -> Result<Read, FeedError> {
    if let Some(title) = page_title(text) {
        return Err(FeedError::Html { title });
    }
    let repaired = repair::repair(text);
    let scan = scan::scan(&repaired.text);
    let format = format_of(&scan).ok_or_else(|| no_feed(text, &scan))?;
    let title = rich_text(&scan.channel.title, caps::TITLE).to_plain();
    if scan.items.is_empty() && left_out == 0 {
        return Err(match scan.problems.into_iter().next() {
            Some(problem) => FeedError::Broken { why: format!("{} ({})", problem.what, problem.place) },
            None => FeedError::NoEntries { title, format },
        });
    }
    let mut parsed = Parsed {
        format,
        title: (!title.is_empty()).then_some(title),
        ttl_minutes: scan.channel.ttl_minutes(),
        ..Parsed::default()
    };
    parsed.problems.extend(repaired.problems);
    let sound_items = scan.sound_text.is_none().then_some(scan.items.len());
    let first = match scan.items.is_empty() {
        true => Ok(Vec::new()),
        false => model::read(scan.sound_text.as_deref().unwrap_or(&repaired.text), url),
    };
    let first = first.unwrap_or_else(|why| {
        let what = format!("feed-rs could not read it ({why}); links and texts may be missing");
        parsed.problems.push(Problem::new("document", what));
        Vec::new()
    });
    let context = assemble::Context::new(&scan.channel, url, now);
    let partners = model::align(&scan.items, first);
    let mut of_item = Vec::with_capacity(scan.items.len());
    for (at, (item, partner)) in scan.items.iter().zip(partners).enumerate() {
        let place = format!("entry {}", at + 1);
        match assemble::entry(item, partner.as_ref(), &context) {
            Ok((entry, oddities)) => {
                parsed.entries.push(entry);
                of_item.push(at);
                parsed.problems.extend(oddities.into_iter().map(|what| Problem::new(place.clone(), what)));
            }
            Err(why) => {
                let excerpt = repaired.text.get(item.span.clone()).unwrap_or_default();
                parsed.problems.push(Problem::new(place, why).with_excerpt(excerpt.as_bytes()));
            }
        }
    }
    parsed.problems.extend(scan.problems);
    Ok(Read { parsed, of_item, sound_items })
}

/// The format in words; `None` if the root is no feed's.
fn format_of(scan: &scan::Scan) -> Option<String> {
    Some(match (scan.root.as_str(), scan.version.trim()) {
        ("rss", "") => "RSS 2.0".to_owned(),
        ("rss", version) => format!("RSS {}", fold_plain(version, 8)),
        ("RDF", _) => "RSS 1.0".to_owned(),
        ("feed" | "entry", _) => "Atom 1.0".to_owned(),
        _ => return None,
    })
}

fn no_feed(text: &str, scan: &scan::Scan) -> FeedError {
    if scan.root.starts_with("PubmedArticle") || scan.root.starts_with("PubmedBookArticle") {
        return FeedError::PubmedRecords;
    }
    if scan.root.is_empty() || !text.starts_with('<') && !text.contains("<?xml") {
        return FeedError::NotXml { head: fold_plain(text, 100) };
    }
    FeedError::OtherXml { root: fold_plain(&scan.root, 60) }
}

/// The title of a document whose first element is a web page's.
fn page_title(text: &str) -> Option<String> {
    let root = root_name(text)?;
    if !["html", "head", "body"].iter().any(|name| root.eq_ignore_ascii_case(name)) {
        return None;
    }
    let lower = text[..text.floor_char_boundary(64 * 1024)].to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| text[at..].split_once('>')?.1.split('<').next());
    let title = fold_plain(&super::clean::unescape(title.unwrap_or_default()), 200);
    let captcha = ["captcha", "are you a robot", "not a robot", "unusual traffic", "challenge-platform"]
        .iter()
        .any(|word| lower.contains(word));
    Some(match (title.is_empty(), captcha) {
        (true, false) => "without a title".to_owned(),
        (true, true) => "a captcha".to_owned(),
        (false, false) => title,
        (false, true) => format!("{title} (a captcha)"),
    })
}

/// The first element's name with its prefix, past declarations, comments and text.
pub(super) fn root_name(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->")?.1;
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest = rest.split_once('>')?.1;
        } else {
            let name = &rest[1..];
            let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
            if end > 0 && name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                return Some(&name[..end]);
            }
            rest = &rest[1..];
        }
    }
    None
}

#[cfg(test)]
mod tests;
