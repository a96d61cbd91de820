//! Bytes → text, before any parser sees them.
//!
//! The order is decided (design: trust): byte order mark, UTF-16/32 by its zero bytes, valid UTF-8, the HTTP charset,
//! the document's own declaration, Windows-1252. Parsers that decode for themselves panic on some of these inputs, so
//! everything behind this module works on `str`. It never fails: what cannot be decoded becomes U+FFFD and a problem.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::domain::entry::Problem;

/// How far into a document its declaration is looked for, in bytes.
const DECLARATION_WINDOW: usize = 1024;

/// Values that a JSON document may hold: read, each takes some 100 bytes, however short it is written.
const MAX_JSON_VALUES: usize = 500_000;

/// Why a JSON document is not even begun to be read, if so: 8 MiB of `[0,0,0…` would take 200 MiB. Signs within texts
/// count too; a page of 1,000 records has half as many.
pub fn too_many_values(json: &[u8]) -> Option<String> {
    let values = json.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    (values > MAX_JSON_VALUES).then(|| format!("it holds {values} values, more than {MAX_JSON_VALUES}"))
}

/// Text and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The encoding's name (WHATWG), or "UTF-32LE" / "UTF-32BE".
    pub encoding: &'static str,
    /// Characters that were lost, if any.
    pub problems: Vec<Problem>,
}

/// Decodes `bytes`; `http_content_type` is the header as received (`text/xml; charset=koi8-r`).
pub fn to_utf8(bytes: &[u8], http_content_type: Option<&str>) -> Decoded {
    if let Some(decoded) = by_byte_order_mark(bytes).or_else(|| by_zero_bytes(bytes)) {
        return decoded;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: text.to_owned(), encoding: UTF_8.name(), problems: Vec::new() };
    }
    let declared = [http_content_type.and_then(charset_of_header), declared_encoding(bytes)];
    for encoding in declared.into_iter().flatten() {
        if is_ascii_compatible_legacy(encoding) {
            let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
            if !had_errors {
                return Decoded { text: text.into_owned(), encoding: encoding.name(), problems: Vec::new() };
            }
        }
    }
    if is_mostly_utf8(bytes) {
        return mend_utf8(bytes);
    }
    let mut guessed = lossy(WINDOWS_1252, bytes, 0);
    let what = "it is not UTF-8 and no other encoding is declared; it was read as Windows-1252";
    guessed.problems.push(Problem::new("document", what));
    guessed
}

/// The encoding that a `Content-Type` header names, if it is one.
fn charset_of_header(header: &str) -> Option<&'static Encoding> {
    let label = header.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Encoding::for_label(label.as_bytes())
}

/// The encoding in `<?xml … encoding="…"?>` or `<meta charset=…>`.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WINDOW)]).to_ascii_lowercase();
    ["encoding", "charset"].into_iter().find_map(|word| {
        let value = head.split_once(word)?.1.trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)));
        Encoding::for_label(&value.as_bytes()[..end.unwrap_or(value.len())])
    })
}

/// A label may claim UTF-8 or UTF-16 for bytes that have just been seen to be neither.
fn is_ascii_compatible_legacy(encoding: &'static Encoding) -> bool {
    encoding != UTF_8 && encoding.is_ascii_compatible()
}

fn by_byte_order_mark(bytes: &[u8]) -> Option<Decoded> {
    match bytes {
        [0xFF, 0xFE, 0, 0, rest @ ..] => Some(utf32(rest, u32::from_le_bytes, "UTF-32LE")),
        [0, 0, 0xFE, 0xFF, rest @ ..] => Some(utf32(rest, u32::from_be_bytes, "UTF-32BE")),
        [0xEF, 0xBB, 0xBF, rest @ ..] => match std::str::from_utf8(rest) {
            Ok(text) => Some(Decoded { text: text.to_owned(), encoding: UTF_8.name(), problems: Vec::new() }),
            Err(_) => Some(mend_utf8(rest)),
        },
        [0xFF, 0xFE, rest @ ..] => Some(lossy(UTF_16LE, rest, 2)),
        [0xFE, 0xFF, rest @ ..] => Some(lossy(UTF_16BE, rest, 2)),
        _ => None,
    }
}

/// UTF-16 and UTF-32 without a mark: markup starts with ASCII, whose other bytes are zero (XML 1.0, appendix F).
fn by_zero_bytes(bytes: &[u8]) -> Option<Decoded> {
    let zero: [bool; 4] =
        [*bytes.first()? == 0, *bytes.get(1)? == 0, *bytes.get(2)? == 0, *bytes.get(3)? == 0];
    match zero {
        [false, true, true, true] => Some(utf32(bytes, u32::from_le_bytes, "UTF-32LE")),
        [true, true, true, false] => Some(utf32(bytes, u32::from_be_bytes, "UTF-32BE")),
        [false, true, false, true] => Some(lossy(UTF_16LE, bytes, 0)),
        [true, false, true, false] => Some(lossy(UTF_16BE, bytes, 0)),
        _ => None,
    }
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32, encoding: &'static str) -> Decoded {
    let chunks = bytes.chunks_exact(4);
    let torn = usize::from(!chunks.remainder().is_empty());
    let mut lost = torn;
    let text = chunks
        .filter_map(|chunk| <[u8; 4]>::try_from(chunk).ok())
        .map(|unit| {
            char::from_u32(read(unit)).unwrap_or_else(|| {
                lost += 1;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    Decoded { text, encoding, problems: lost_characters(lost, encoding) }
}

fn lossy(encoding: &'static Encoding, bytes: &[u8], skipped: usize) -> Decoded {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let problems = if had_errors {
        let lost = text.matches(char::REPLACEMENT_CHARACTER).count().max(1);
        let place = text.find(char::REPLACEMENT_CHARACTER).unwrap_or_default() + skipped;
        vec![Problem::new(
            format!("character {place}"),
            format!("{lost} characters could not be read as {}", encoding.name()),
        )]
    } else {
        Vec::new()
    };
    Decoded { text: text.into_owned(), encoding: encoding.name(), problems }
}

fn lost_characters(lost: usize, encoding: &'static str) -> Vec<Problem> {
    if lost == 0 {
        return Vec::new();
    }
    vec![Problem::new("document", format!("{lost} characters could not be read as {encoding}"))]
}

/// Whether the bytes hold more good multi-byte sequences than bad ones: one torn character at the end of a
/// truncated UTF-8 body must not turn every accent of it into two letters.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && good >= bad
}

/// UTF-8 with foreign bytes in it: each of those is read as Windows-1252, which is what pasted text usually is.
fn mend_utf8(bytes: &[u8]) -> Decoded {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut first_bad = None;
    let mut bad = 0_usize;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            first_bad.get_or_insert(text.len());
            bad += 1;
            text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
    }
    let problems = first_bad.map(|at| {
        Problem::new(
            format!("byte {at}"),
            format!("{bad} places are not UTF-8 as the rest is; they were read as Windows-1252"),
        )
    });
    Decoded { text, encoding: UTF_8.name(), problems: problems.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "<?xml version=\"1.0\"?><rss><title>Zürich – H₂O</title></rss>";

    #[test]
    fn a_document_of_millions_of_values_is_refused_before_it_is_read() {
        assert_eq!(too_many_values(b"{\"a\": [1, 2]}"), None);
        let hostile = format!("[0{}]", ",0".repeat(4_000_000));
        assert!(too_many_values(hostile.as_bytes()).unwrap().contains("4000001 values"));
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    fn utf32(text: &str, bytes_of: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|character| bytes_of(u32::from(character))).collect()
    }

    #[test]
    fn every_unicode_form_is_read_with_and_without_its_mark() {
        let forms = [
            ("UTF-8", TEXT.as_bytes().to_vec()),
            ("UTF-16LE", utf16(TEXT, u16::to_le_bytes)),
            ("UTF-16BE", utf16(TEXT, u16::to_be_bytes)),
            ("UTF-32LE", utf32(TEXT, u32::to_le_bytes)),
            ("UTF-32BE", utf32(TEXT, u32::to_be_bytes)),
        ];
        let marks: [&[u8]; 5] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF", b"\xFF\xFE\0\0", b"\0\0\xFE\xFF"];
        for ((name, plain), mark) in forms.into_iter().zip(marks) {
            let marked = [mark, &plain].concat();
            for bytes in [plain, marked] {
                let decoded = to_utf8(&bytes, Some("text/xml; charset=iso-8859-1"));
                assert_eq!((decoded.text.as_str(), decoded.encoding), (TEXT, name));
                assert!(decoded.problems.is_empty());
            }
        }
    }

    #[test]
    fn valid_utf8_wins_over_what_the_header_says_and_the_header_over_the_declaration() {
        assert_eq!(to_utf8("é".as_bytes(), Some("text/xml; charset=windows-1252")).text, "é");
        let koi8 = b"<?xml version='1.0' encoding='windows-1252'?>\xF0\xD2\xC9\xCD\xC5\xD2";
        assert!(to_utf8(koi8, Some("text/xml; Charset=\"KOI8-R\"")).text.ends_with("Пример"));
        let declared = b"<?xml version='1.0' encoding='KOI8-R'?>\xF0\xD2\xC9\xCD\xC5\xD2";
        assert!(to_utf8(declared, None).text.ends_with("Пример"));
        assert!(to_utf8(declared, Some("text/xml; charset=bogus")).text.ends_with("Пример"));
    }

    #[test]
    fn without_any_hint_old_bytes_are_windows_1252() {
        let decoded = to_utf8(b"caf\xE9 \x93quoted\x94", None);
        assert_eq!((decoded.text.as_str(), decoded.encoding), ("café “quoted”", "windows-1252"));
    }

    #[test]
    fn a_torn_last_character_does_not_spoil_the_others() {
        let torn = &"Müller – Größe – ü".as_bytes()[..22];
        let decoded = to_utf8(torn, None);
        assert!(decoded.text.starts_with("Müller – Größe"), "{}", decoded.text);
        assert_eq!(decoded.encoding, "UTF-8");
        assert_eq!(decoded.problems.len(), usize::from(std::str::from_utf8(torn).is_err()));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_there_is_text(bytes in proptest::collection::vec(any::<u8>(), 0..200), header in proptest::option::of(".{0,40}")) {
            let decoded = to_utf8(&bytes, header.as_deref());
            prop_assert!(bytes.is_empty() || !decoded.text.is_empty() || bytes.len() <= 4);
        }
    }
}
