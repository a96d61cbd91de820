//! Lines of a text file of any length: none is held beyond a limit, none is lost, and each is decoded by itself.

use std::io::{self, BufRead, Read};

use encoding_rs::WINDOWS_1252;

/// A line, or a part of one that is longer than the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Without its end. UTF-8, or what Windows-1252 makes of bytes that are not.
    pub(super) text: String,
    /// The line's number, from 1.
    pub(super) number: usize,
    /// Whether the line goes on in the next piece.
    pub(super) goes_on: bool,
}

/// Reads pieces of at most `limit` bytes.
pub(super) struct Lines<R> {
    reader: R,
    limit: usize,
    number: usize,
    is_inside: bool,
    carried: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, number: 0, is_inside: false, carried: Vec::new() }
    }

    /// The number of the last line that was begun.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The next piece; `None` at the end of the file.
    pub(super) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        let mut bytes = std::mem::take(&mut self.carried);
        let room = self.limit.saturating_sub(bytes.len()).max(1) as u64;
        self.reader.by_ref().take(room).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += usize::from(!self.is_inside);
        let has_ended = bytes.ends_with(b"\n");
        self.is_inside = !has_ended && bytes.len() >= self.limit;
        if self.is_inside {
            // a character may be cut in two: its beginning waits for the rest
            let whole = match std::str::from_utf8(&bytes) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                _ => bytes.len(),
            };
            self.carried = bytes.split_off(whole);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned(),
        };
        let text = text.trim_start_matches('\u{FEFF}').trim_end_matches(['\n', '\r']).to_owned();
        Ok(Some(Piece { text, number: self.number, goes_on: self.is_inside }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> Vec<(String, usize, bool)> {
        let mut lines = Lines::new(bytes, limit);
        std::iter::from_fn(|| lines.next_piece().unwrap())
            .map(|piece| (piece.text, piece.number, piece.goes_on))
            .collect()
    }

    #[test]
    fn lines_are_numbered_and_long_ones_come_in_pieces_that_cut_no_character() {
        let all = read("\u{FEFF}one\r\n\nhämö\nend".as_bytes(), 4);
        let texts: Vec<(&str, usize, bool)> =
            all.iter().map(|(text, number, goes_on)| (text.as_str(), *number, *goes_on)).collect();
        assert_eq!(texts.iter().map(|(text, ..)| *text).collect::<String>(), "onehämöend");
        assert_eq!(texts.last(), Some(&("end", 4, false)));
        assert!(texts.contains(&("häm", 3, true)), "{texts:?}");
    }

    #[test]
    fn a_line_of_an_old_encoding_keeps_its_letters() {
        assert_eq!(read(b"AU  - M\xFCller\n", 64), [("AU  - Müller".to_owned(), 1, false)]);
    }
}
