//! OPML → the feeds it lists (OPML 2.0, opml.org/spec2.opml), nested and broken files too.
//!
//! Readers write OPML in every state: bare ampersands, missing end tags and quotes, outlines after the body. What has an
//! `xmlUrl` is a feed wherever it stands; what has none is a folder of those within it. Invariant: every `<outline` of
//! the document is in the result, as a feed, as a folder, or in a problem with its line. Nothing is fetched.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::clean::{caps, unescape};
use super::decode;
use crate::domain::entry::Problem;
use crate::domain::text::fold_plain;

/// Outlines of one file.
const MAX_OUTLINES: usize = 10_000;
/// Folders that are remembered within one another.
const MAX_FOLDERS: usize = 64;

/// A list of feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opml {
    /// What the list calls itself.
    pub title: String,
    /// In the order of the file.
    pub feeds: Vec<Feed>,
    /// What could not be used, by line.
    pub problems: Vec<Problem>,
}

/// One outline with an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// What it calls itself; may be empty.
    pub title: String,
    /// `xmlUrl`, as it is written: nobody has checked it.
    pub url: String,
    /// The folders around it, outermost first, and its own `category`.
    pub folders: Vec<String>,
    /// Where it stands, from 1.
    pub line: usize,
}

/// Reads a list; never fails.
pub fn parse(bytes: &[u8]) -> Opml {
    let text = decode::to_utf8(bytes, None).text;
    let mut reading = Reading {
        opml: Opml::default(),
        folders: Vec::new(),
        in_title: false,
        outlines: 0,
        found_root: false,
    };
    let mut from = 0;
    let mut lines = LineCount::default();
    while let Some(broken_at) = reading.read(&text, from, &mut lines) {
        // the next outline after the place that could not be read begins again
        let Some(next) = text.get(broken_at + 1..).and_then(|rest| rest.find("<outline")) else { break };
        from = broken_at + 1 + next;
    }
    reading.opml.title = fold_plain(&reading.opml.title, caps::WORD);
    if !reading.found_root && reading.outlines == 0 {
        reading.opml.problems.push(Problem::new("document", "this is no OPML").with_excerpt(bytes));
    }
    reading.opml
}

struct Reading {
    opml: Opml,
    /// The open outlines; `None` for one that is a feed itself.
    folders: Vec<Option<String>>,
    in_title: bool,
    outlines: usize,
    found_root: bool,
}

impl Reading {
    /// Reads from a byte on; where it could not go on, if anywhere.
    fn read(&mut self, text: &str, from: usize, lines: &mut LineCount) -> Option<usize> {
        let mut reader = Reader::from_str(&text[from..]);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            let start = from + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX - from);
            let event = reader.read_event();
            match event {
                Ok(Event::Eof) => return None,
                Ok(Event::Start(tag)) if is(&tag, "opml") => self.found_root = true,
                Ok(Event::Start(tag)) if is(&tag, "title") => self.in_title = self.opml.title.is_empty(),
                Ok(Event::Text(part)) if self.in_title => self.opml.title.push_str(&part),
                Ok(Event::GeneralRef(name)) if self.in_title => {
                    self.opml.title.push_str(&unescape(&format!("&{};", &*name)));
                }
                Ok(Event::Start(tag)) if is(&tag, "outline") => {
                    if let Err(inner) = self.outline(&tag, lines.at(text, start), true) {
                        return Some(start + inner);
                    }
                }
                Ok(Event::Empty(tag)) if is(&tag, "outline") => {
                    if let Err(inner) = self.outline(&tag, lines.at(text, start), false) {
                        return Some(start + inner);
                    }
                }
                Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                    self.folders.pop();
                }
                Ok(Event::End(_)) => self.in_title = false,
                Ok(_) => {}
                Err(error) => {
                    let place = format!("line {}", lines.at(text, start));
                    let problem = Problem::new(place, format!("broken here: {error}"));
                    let bytes = text.as_bytes().get(start..).unwrap_or_default();
                    self.opml.problems.push(problem.with_excerpt(bytes));
                    return Some(start);
                }
            }
        }
    }

    /// Takes an outline; where another begins within its tag, because a quotation mark is missing.
    fn outline(&mut self, tag: &BytesStart<'_>, line: usize, opens: bool) -> Result<(), usize> {
        let problem = |what: &str| Problem::new(format!("line {line}"), what).with_excerpt(tag.as_bytes());
        self.outlines += 1;
        if self.outlines > MAX_OUTLINES {
            if self.outlines == MAX_OUTLINES + 1 {
                let what = format!("only the first {MAX_OUTLINES} outlines are read");
                self.opml.problems.push(problem(&what));
            }
            return Ok(());
        }
        let inner = tag.find("<outline");
        let attribute = |name: &str| {
            let mut all = tag.html_attributes();
            let mut all = all
                .with_checks(false)
                .flatten()
                .filter(|attribute| attribute.key.local_name().as_ref().eq_ignore_ascii_case(name));
            all.next().map(|attribute| unescape(&attribute.value).trim().to_owned())
        };
        let word = |name: &str| {
            attribute(name).map(|text| fold_plain(&text, caps::WORD)).filter(|text| !text.is_empty())
        };
        let title = word("title").or_else(|| word("text")).unwrap_or_default();
        match attribute("xmlUrl").filter(|_| inner.is_none()) {
            Some(url) => {
                let mut folders: Vec<String> = self.folders.iter().flatten().cloned().collect();
                // "/Science/Cardiology,ecmo"
                let categories = word("category").unwrap_or_default();
                let categories = categories.split([',', '/']).map(str::trim).filter(|name| !name.is_empty());
                folders.extend(categories.map(str::to_owned));
                self.opml.feeds.push(Feed { title, url, folders, line });
                if opens {
                    self.push_folder(None);
                }
            }
            None if inner.is_some() => {
                self.opml.problems.push(problem("an outline with a missing quotation mark"))
            }
            None => {
                if attribute("url").is_some() {
                    self.opml.problems.push(problem("a link or another list, which is not followed"));
                } else if !opens {
                    self.opml.problems.push(problem("an outline without xmlUrl"));
                }
                if opens {
                    self.push_folder(Some(title));
                }
            }
        }
        match inner {
            // one before it, so that the search after it finds it
            Some(at) => Err(at.saturating_sub(1)),
            None => Ok(()),
        }
    }

    fn push_folder(&mut self, folder: Option<String>) {
        // an end tag takes one off, however deep it is
        let known = self.folders.iter().flatten().count() < MAX_FOLDERS;
        self.folders.push(folder.filter(|name| known && !name.is_empty()));
    }
}

fn is(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref().eq_ignore_ascii_case(name)
}

/// Counts lines forward, each byte once.
#[derive(Default)]
struct LineCount {
    at: usize,
    newlines: usize,
}

impl LineCount {
    /// The line of a byte, from 1.
    fn at(&mut self, text: &str, at: usize) -> usize {
        if let Some(passed) = text.as_bytes().get(self.at..at) {
            self.newlines += passed.iter().filter(|byte| **byte == b'\n').count();
            self.at = at;
        }
        self.newlines + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = r#"<?xml version="1.0"?>
<opml version="2.0"><head><title>Our &amp; your feeds</title></head><body>
<outline text="Science"><outline text="Heart">
  <outline type="rss" text="Perfusion &amp; more" xmlUrl="https://a.example/feed?x=1&amp;y=2" htmlUrl="https://a.example"/>
  <outline TEXT="Old" XMLURL='http://b.example/?a=1&b=2'/></outline>
  <outline text="Parent" xmlUrl="https://p.example/"><outline text="Child" xmlUrl="https://c.example/"/></outline>
</outline>
<!-- <outline xmlUrl="https://commented.example/"/> -->
<outline text="Nothing"/>
<outline type="include" text="More" url="https://other.example/list.opml"/>
<outline text=Bare xmlUrl=https://bare.example/feed category="/ecmo,news/daily"/>
<outline text="Quote missing xmlUrl="https://q.example/"/>
<outline text="After it" xmlUrl="https://after.example/"/>
</body></opml><outline text="Outside" xmlUrl="ftp://o.example/"/>"#;

    #[test]
    fn every_outline_of_a_nested_and_broken_list_is_there_or_named() {
        let opml = parse(LIST.as_bytes());
        assert_eq!(opml.title, "Our & your feeds");
        let feeds: Vec<_> = opml
            .feeds
            .iter()
            .map(|feed| (feed.title.as_str(), feed.url.as_str(), feed.folders.join("/"), feed.line))
            .collect();
        let feed = |title, url, folders: &str, line| (title, url, folders.to_owned(), line);
        assert_eq!(
            feeds,
            [
                feed("Perfusion & more", "https://a.example/feed?x=1&y=2", "Science/Heart", 4),
                feed("Old", "http://b.example/?a=1&b=2", "Science/Heart", 5),
                feed("Parent", "https://p.example/", "Science", 6),
                feed("Child", "https://c.example/", "Science", 6),
                feed("Bare", "https://bare.example/feed", "ecmo/news/daily", 11),
                feed("After it", "https://after.example/", "", 13),
                feed("Outside", "ftp://o.example/", "", 14),
            ]
        );
        let problems: Vec<_> =
            opml.problems.iter().map(|problem| (&*problem.place, &*problem.what)).collect();
        assert_eq!(
            problems[..2],
            [
                ("line 9", "an outline without xmlUrl"),
                ("line 10", "a link or another list, which is not followed"),
            ]
        );
        assert!(
            matches!(problems[2..], [("line 12", what)] if what.starts_with("broken here: ")),
            "{problems:?}"
        );
    }

    #[test]
    fn what_ends_in_the_middle_keeps_what_came_before_and_says_so() {
        let cut = &LIST[..LIST.find("<outline text=\"Nothing").unwrap() + 12];
        let opml = parse(cut.as_bytes());
        assert_eq!(opml.feeds.len(), 4);
        assert_eq!(opml.problems[0].place, "line 9");
        assert_eq!(parse(b"<html><body>No list</body></html>").problems[0].what, "this is no OPML");
        assert!(parse(b"<opml version=\"2.0\"><body/></opml>").problems.is_empty());
    }

    #[test]
    fn endless_nesting_and_endless_lists_end() {
        let deep = "<outline text='x'>".repeat(9_000) + "<outline xmlUrl='https://a.example/'/>";
        assert_eq!(parse(deep.as_bytes()).feeds[0].folders.len(), MAX_FOLDERS);
        let long = "<outline xmlUrl='https://a.example/'/>".repeat(30_000);
        let opml = parse(long.as_bytes());
        assert_eq!((opml.feeds.len(), opml.problems.len()), (MAX_OUTLINES, 1));
    }

    proptest! {
        #[test]
        fn no_file_panics(text in "(<outline|</outline>|<opml>|<title>| xmlUrl=| text=|\"|'|/>|>|<!--|-->|<!\\[CDATA\\[|&|\\n|é|[ -~]|\\PC){0,60}") {
            parse(text.as_bytes());
        }

        #[test]
        fn whatever_stands_around_them_whole_outlines_are_found(before in "[ -~]{0,30}", n in 1_usize..5) {
            prop_assume!(!before.contains(['<', '!', '?']));
            let list = format!("<opml><body>{before}{}</body></opml>", "<outline text=\"A\" xmlUrl=\"https://a.example/\"/>".repeat(n));
            prop_assert_eq!(parse(list.as_bytes()).feeds.len(), n);
        }
    }
}
