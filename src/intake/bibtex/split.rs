//! A BibTeX file → its entries one by one, so that a bad one loses no other, however long the file is.

use std::io::BufRead;

use crate::domain::entry::Problem;
use crate::intake::clean::caps;
use crate::intake::lines::Lines;

/// The longest entry.
const MAX_ENTRY: usize = 1024 * 1024;
/// The longest line that is read as one.
const MAX_LINE: usize = 64 * 1024;

/// `@kind{…}` as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) text: String,
    /// The line that it begins on, from 1.
    pub(super) line: usize,
}

/// The entries of a file.
pub(super) struct Split<R> {
    lines: Lines<R>,
    /// What is read of the entry so far; empty between entries.
    text: String,
    line: usize,
    scan: Scan,
    /// What is left of the last line.
    left: Option<(String, usize)>,
    ended: bool,
}

/// Where in an entry the reading stands.
#[derive(Default)]
struct Scan {
    depth: usize,
    deepest: usize,
    escaped: bool,
}

impl<R: BufRead> Split<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            lines: Lines::new(reader, MAX_LINE),
            text: String::new(),
            line: 0,
            scan: Scan::default(),
            left: None,
            ended: false,
        }
    }

    fn take(&mut self) -> Result<Slice, Problem> {
        let slice = Slice { text: std::mem::take(&mut self.text), line: self.line };
        let scan = std::mem::take(&mut self.scan);
        let problem = |what: String| {
            Problem::new(format!("line {}", slice.line), what).with_excerpt(slice.text.as_bytes())
        };
        if slice.text.len() > MAX_ENTRY {
            return Err(problem(format!("an entry of more than {MAX_ENTRY} bytes")));
        }
        if scan.deepest > caps::NESTING {
            return Err(problem(format!("braces nest more than {} deep", caps::NESTING)));
        }
        if scan.depth > 0 {
            return Err(problem("the entry does not end: a closing brace is missing".to_owned()));
        }
        Ok(slice)
    }

    /// Takes a piece of text into the entry; the rest after its end.
    fn feed(&mut self, piece: &str) -> Option<usize> {
        for (at, sign) in piece.bytes().enumerate() {
            match sign {
                _ if self.scan.escaped => self.scan.escaped = false,
                b'\\' => self.scan.escaped = true,
                b'{' => {
                    self.scan.depth += 1;
                    self.scan.deepest = self.scan.deepest.max(self.scan.depth);
                }
                b'}' if self.scan.depth <= 1 => {
                    self.scan.depth = 0;
                    self.push(&piece[..=at]);
                    return Some(at + 1);
                }
                b'}' => self.scan.depth -= 1,
                _ => {}
            }
        }
        self.push(piece);
        None
    }

    fn push(&mut self, text: &str) {
        if self.text.len() <= MAX_ENTRY {
            self.text.push_str(text);
        }
    }
}

/// Where an entry begins in a line: `@word{`; between entries anything may stand.
fn find_start(line: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line[from..].find('@').map(|at| from + at) {
        if begins_entry(&line[at..]) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Whether a text begins with `@word{`.
pub(super) fn begins_entry(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('@') else { return false };
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    (2..=24).contains(&letters) && rest[letters..].trim_start().starts_with('{')
}

impl<R: BufRead> Iterator for Split<R> {
    type Item = Result<Slice, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (text, number) = match self.left.take() {
                Some(left) => left,
                None if self.ended => {
                    return (!self.text.is_empty()).then(|| self.take());
                }
                None => match self.lines.next_piece() {
                    Ok(Some(piece)) => {
                        let end = if piece.goes_on { "" } else { "\n" };
                        (piece.text + end, piece.number)
                    }
                    Ok(None) => {
                        self.ended = true;
                        continue;
                    }
                    Err(error) => {
                        self.ended = true;
                        self.text.clear();
                        let place = format!("line {}", self.lines.number());
                        return Some(Err(Problem::new(place, format!("reading failed: {error}"))));
                    }
                },
            };
            if self.text.is_empty() {
                if let Some(at) = find_start(&text) {
                    self.line = number;
                    if let Some(end) = self.feed(&text[at..]) {
                        self.left = Some((text[at + end..].to_owned(), number));
                        return Some(self.take());
                    }
                }
                continue;
            }
            // an entry that was never closed ends where the next begins
            if begins_entry(text.trim_start()) {
                let unclosed = self.take();
                self.left = Some((text, number));
                return Some(unclosed);
            }
            if let Some(end) = self.feed(&text) {
                self.left = Some((text[end..].to_owned(), number));
                return Some(self.take());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Result<(String, usize), String>> {
        Split::new(text.as_bytes())
            .map(|slice| {
                slice
                    .map(|slice| (slice.text, slice.line))
                    .map_err(|problem| problem.place + ": " + &problem.what)
            })
            .collect()
    }

    #[test]
    fn entries_are_cut_out_of_whatever_stands_between_them() {
        let text = "% Encoding: UTF-8\nwrite to a@b.example\n@article{one, title = {A \\} {b}}}  rest @book{two,\n title=\"x\"}\n\n\
                    @article{open, title = {never closed,\n@misc{three, note = {}}";
        assert_eq!(
            split(text),
            [
                Ok(("@article{one, title = {A \\} {b}}}".to_owned(), 3)),
                Ok(("@book{two,\n title=\"x\"}".to_owned(), 3)),
                Err("line 6: the entry does not end: a closing brace is missing".to_owned()),
                Ok(("@misc{three, note = {}}".to_owned(), 7)),
            ]
        );
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_named_and_spares_the_next() {
        let deep = format!("@article{{{}{}}}\n@misc{{x,}}", "{".repeat(1_000_000), "}".repeat(1_000_000));
        assert!(matches!(&split(&deep)[..], [Err(what), Ok(_)] if what.contains("of more than")));
        let deep = format!("@article{{{}{}}}\n@misc{{x,}}", "{".repeat(100), "}".repeat(100));
        assert!(matches!(&split(&deep)[..], [Err(what), Ok(_)] if what.contains("more than 64 deep")));
    }
}
