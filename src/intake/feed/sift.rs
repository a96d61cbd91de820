//! What a body shows that the last one did not: items whose bytes are as they were are not parsed.
//!
//! Items are told apart by their tags alone, without an XML parser, and only where that leaves no doubt: one inside
//! another, or an end tag without its item, and the whole body is parsed. A mark is only given to an item that the
//! real parser saw at the same place. The mark covers what the channel says of all items and the version of this
//! program, so a better parser reads everything anew.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;

use foldhash::quality::FixedState;
use memchr::memmem;

use crate::domain::entry::{Parsed, Problem};
use crate::domain::time::UnixMs;

use super::{FeedError, Read, decode_text, read_text, repair, root_name, scan};

/// A feed of which only the news was parsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sifted {
    /// The feed with the entries that are not known.
    pub parsed: Parsed,
    /// For each of these the mark of its item's bytes, where it has one.
    pub marks: Vec<Option<i64>>,
    /// Of the known items those that are still shown.
    pub known: Vec<(i64, String)>,
}

/// The mark of a whole body as it came.
pub fn mark_body(bytes: &[u8], content_type: Option<&str>, url: &str) -> i64 {
    mark(&(bytes, content_type, url))
}

/// Reads a feed as [`parse`](super::parse) does, but for the items whose marks are `known`.
///
/// # Errors
/// As [`parse`](super::parse); a feed that shows known items alone is none.
pub fn sift(
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&str>,
    now: UnixMs,
    known: &[(i64, String)],
) -> Result<Sifted, FeedError> {
    let decoded = decode_text(bytes, content_type)?;
    let text = decoded.trimmed();
    let Some(items) = split_items(text) else {
        let read = read_text(text, url, now, 0)?;
        let marks = vec![None; read.parsed.entries.len()];
        return Ok(Sifted { parsed: decoded.with_problems(read.parsed), marks, known: Vec::new() });
    };
    let context = read_context(text, &items);
    let by_mark: HashMap<i64, &String> = known.iter().map(|(mark, key)| (*mark, key)).collect();
    let (mut fresh, mut still) = (Vec::new(), Vec::new());
    for (at, span) in items.iter().enumerate() {
        let mark = mark(&(context, &text[span.clone()]));
        match by_mark.get(&mark) {
            Some(key) => still.push((mark, (*key).clone())),
            None => fresh.push((at, mark)),
        }
    }
    let read = if still.is_empty() {
        read_text(text, url, now, 0)?
    } else {
        let kept = fresh.iter().map(|(at, _)| *at);
        read_text(&without(text, &items, kept), url, now, still.len())?
    };
    let Read { mut parsed, of_item, sound_items } = read;
    // where the parser saw other items, nothing is known of their bytes
    let agree = sound_items == Some(fresh.len());
    let marks = of_item.iter().map(|item| agree.then(|| fresh.get(*item).map(|(_, mark)| *mark)).flatten());
    let marks = marks.collect();
    if !still.is_empty() {
        renumber(&mut parsed.problems, &fresh);
    }
    Ok(Sifted { parsed: decoded.with_problems(parsed), marks, known: still })
}

/// Where each item begins and ends; `None` where the tags alone leave a doubt, or there are none.
fn split_items(text: &str) -> Option<Vec<Range<usize>>> {
    if !text.starts_with('<') {
        return None;
    }
    let (begin, end) = match root_name(text)? {
        "feed" => ("<entry", "</entry>"),
        _ => ("<item", "</item>"),
    };
    let bytes = text.as_bytes();
    let mut begins = memmem::find_iter(bytes, begin).filter(|at| {
        // `<items>` of RSS 1.0 is another element
        bytes.get(at + begin.len()).is_some_and(|next| matches!(next, b'>' | b' ' | b'\t' | b'\r' | b'\n'))
    });
    let mut ends = memmem::find_iter(bytes, end);
    let mut items: Vec<Range<usize>> = Vec::new();
    loop {
        match (begins.next(), ends.next()) {
            (Some(from), Some(to)) if from < to && items.last().is_none_or(|last| last.end <= from) => {
                items.push(from..to + end.len());
            }
            (None, None) => break,
            _ => return None,
        }
    }
    (!items.is_empty()).then_some(items)
}

/// The text without its items but those `kept`.
fn without(text: &str, items: &[Range<usize>], kept: impl Iterator<Item = usize>) -> String {
    let mut kept = kept.peekable();
    let mut rest = String::with_capacity(text.len() / 8);
    let mut from = 0;
    for (at, item) in items.iter().enumerate() {
        if kept.next_if_eq(&at).is_none() {
            rest.push_str(&text[from..item.start]);
            from = item.end;
        }
    }
    rest.push_str(&text[from..]);
    rest
}

/// A number for what the feed says beside its items that has a part in how they are read.
fn read_context(text: &str, items: &[Range<usize>]) -> u64 {
    let frame = repair::repair(&without(text, items, std::iter::empty())).text;
    let tag = |from: usize| frame[from..].split('>').next().unwrap_or_default();
    let channel = frame.find("<channel").map(tag);
    let scan = scan::scan(&frame);
    hasher_of(&(env!("CARGO_PKG_VERSION"), tag(0), channel, &scan.channel)).finish()
}

/// Problems of single entries, numbered as the whole body shows them.
fn renumber(problems: &mut [Problem], fresh: &[(usize, i64)]) {
    for problem in problems {
        let number = problem.place.strip_prefix("entry ").and_then(|number| number.parse::<usize>().ok());
        if let Some((at, _)) = number.and_then(|number| fresh.get(number.checked_sub(1)?)) {
            problem.place = format!("entry {}", at + 1);
        }
    }
}

fn mark(value: &impl Hash) -> i64 {
    hasher_of(value).finish().cast_signed()
}

fn hasher_of(value: &impl Hash) -> impl Hasher {
    let mut hasher = FixedState::default().build_hasher();
    value.hash(&mut hasher);
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_000_000_000);

    fn item(number: usize, text: &str) -> String {
        format!(
            "<item><title>Work number {number}</title><guid>g{number}</guid><description>{text}</description></item>\n"
        )
    }

    fn feed(title: &str, items: &[String]) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>{title}</title>\n{}</channel></rss>",
            items.concat()
        )
    }

    fn read(text: &str, known: &[(i64, String)]) -> Sifted {
        sift(text.as_bytes(), None, None, NOW, known).unwrap()
    }

    /// What would be put down of it.
    fn keep(sifted: &Sifted) -> Vec<(i64, String)> {
        let read = sifted.marks.iter().zip(&sifted.parsed.entries);
        let read = read.filter_map(|(mark, entry)| Some(((*mark)?, entry.source_key.clone())));
        read.chain(sifted.known.clone()).collect()
    }

    #[test]
    fn of_a_body_that_was_read_only_what_is_new_or_changed_is_parsed_again() {
        let before: Vec<String> = (1..=3).map(|number| item(number, "Text.")).collect();
        let first = read(&feed("A journal", &before), &[]);
        assert_eq!((first.parsed.entries.len(), first.known.len()), (3, 0));
        let now = [item(4, "Text."), item(3, "Text."), item(2, "Corrected."), item(1, "Text.")];
        let second = read(&feed("A journal", &now), &keep(&first));
        let keys: Vec<&str> = second.parsed.entries.iter().map(|entry| &*entry.source_key).collect();
        assert_eq!(keys, ["g4", "g2"]);
        assert_eq!(second.parsed, {
            let mut whole = read(&feed("A journal", &now), &[]).parsed;
            whole.entries.retain(|entry| keys.contains(&&*entry.source_key));
            whole
        });
        let known: Vec<&str> = second.known.iter().map(|(_, key)| &**key).collect();
        assert_eq!(known, ["g3", "g1"]);
        let third = read(&feed("A journal", &now), &keep(&second));
        assert_eq!((third.parsed.entries.len(), third.known.len()), (0, 4), "known items alone are a feed");
    }

    #[test]
    fn what_the_channel_says_of_all_items_is_a_part_of_each() {
        let items = [item(1, "Text.")];
        let first = read(&feed("Perfusion Current Issue", &items), &[]);
        let renamed = read(&feed("ASAIO Journal Current Issue", &items), &keep(&first));
        assert_eq!(renamed.parsed.entries.len(), 1, "its journal is another one now");
        let dated = feed("Perfusion Current Issue", &items)
            .replace("</title>\n", "</title><lastBuildDate>Sun, 22 Nov 2026 06:00:00 GMT</lastBuildDate>\n");
        assert_eq!(read(&dated, &keep(&first)).known.len(), 1, "when the feed was built says nothing of it");
    }

    #[test]
    fn where_tags_leave_a_doubt_the_whole_body_is_parsed() {
        for odd in [
            item(2, "<![CDATA[ends early </item> or not]]>"),
            item(2, "<![CDATA[<item>one inside</item>]]>"),
            item(2, "<![CDATA[two </item> and <item> halves]]>"),
            "<!-- ".to_owned() + &item(2, "No more.") + " -->",
        ] {
            let text = feed("A journal", &[item(1, "Text."), odd.clone(), item(3, "Text.")]);
            let first = read(&text, &[]);
            assert_eq!(keep(&first), [], "{odd}");
            let whole = super::super::parse(text.as_bytes(), None, None, NOW).unwrap();
            assert_eq!(first.parsed, whole, "{odd}");
        }
    }

    #[test]
    fn a_bad_item_among_known_ones_is_named_by_its_place_in_the_whole() {
        let good: Vec<String> = (1..=3).map(|number| item(number, "Text.")).collect();
        let first = read(&feed("A journal", &good), &[]);
        let bad = "<item><guid>g9</guid></item>\n".to_owned();
        let now = [good[0].clone(), good[1].clone(), bad, good[2].clone()];
        let second = read(&feed("A journal", &now), &keep(&first));
        assert_eq!(second.known.len(), 3);
        assert_eq!(second.parsed.problems[0].place, "entry 3");
    }

    #[test]
    fn other_bytes_are_another_body() {
        let mark = |bytes: &[u8], url| mark_body(bytes, Some("text/xml"), url);
        assert_eq!(mark(b"x", "http://a.example/"), mark(b"x", "http://a.example/"));
        assert_ne!(mark(b"x", "http://a.example/"), mark(b"y", "http://a.example/"));
        assert_ne!(mark(b"x", "http://a.example/"), mark(b"x", "http://b.example/"));
    }
}
