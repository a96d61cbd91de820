//! The words, numbers and signs of a text with their places: what every check reads.
//!
//! Numbers are normalised here: "1,014", "1 014" and "1014" are "1014"; ".05", "0.050" and "0·05" are "0.05"; "10⁹" and "10^9"
//! are "10^9"; "twenty-five" is "25". A name with digits in it (IL-6, FEV1, COVID-19) is a word, not a figure.

use std::ops::Range;

use crate::curation::sentences::split_sentences;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// In lower case.
    Word,
    /// A name with digits: "il6".
    Name,
    /// Normalised; `spelt` when it was words.
    Number { spelt: bool },
    /// One character.
    Sign,
}

/// A token of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Bytes in the text.
    pub(super) span: Range<usize>,
    /// Number of its sentence.
    pub(super) sentence: usize,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    /// A number for what it says, endings apart: equal for "reduced" and "reduction".
    pub(super) key: u64,
    /// How much it says, 0 to 1.
    pub(super) weight: f64,
}

impl Token {
    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number { .. })
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// All tokens of a text, in order.
pub(super) fn read_tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (sentence, span) in split_sentences(text).into_iter().enumerate() {
        read_sentence(text, span, sentence, &mut tokens);
    }
    join_spelt_numbers(&mut tokens);
    for token in &mut tokens {
        token.key = key_of(if token.kind == Kind::Word { stem(&token.text) } else { &token.text });
        token.weight = weigh(token);
    }
    tokens
}

fn read_sentence(text: &str, span: Range<usize>, sentence: usize, tokens: &mut Vec<Token>) {
    let mut at = span.start;
    let mut spaced = true;
    while let Some(first) = text[at..span.end].chars().next() {
        let rest = &text[at..span.end];
        if first.is_whitespace() {
            at += first.len_utf8();
            spaced = true;
            continue;
        }
        let (kind, normal, length) = read_number(rest, &text[..at]).unwrap_or_else(|| read_word(rest, first));
        tokens.push(Token {
            kind,
            text: normal,
            span: at..at + length,
            sentence,
            spaced,
            key: 0,
            weight: 0.0,
        });
        at += length;
        spaced = false;
    }
}

/// A run of letters and digits that begins with a letter ("IL-6" with its hyphen), or one sign.
fn read_word(rest: &str, first: char) -> (Kind, String, usize) {
    if !first.is_alphabetic() {
        return (Kind::Sign, fold_sign(first).to_string(), first.len_utf8());
    }
    let letters = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')).unwrap_or(rest.len());
    let mut end = letters;
    let hyphenated = rest[end..]
        .strip_prefix(['-', '‐', '‑'])
        .filter(|tail| tail.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(tail) = hyphenated {
        let digits = tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len());
        let spans_range = tail[..digits].chars().any(char::is_alphabetic) || digits <= 2;
        // "IL-6", "COVID-19"; but "mean-120" is odd enough to be a figure
        if spans_range && letters <= 6 {
            end = rest.len() - tail.len() + digits;
        }
    }
    let word: String =
        rest[..end].chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let kind = if word.chars().any(|c| c.is_numeric()) { Kind::Name } else { Kind::Word };
    (kind, word, end)
}

fn fold_sign(sign: char) -> char {
    match sign {
        '−' | '–' | '—' | '‐' | '‑' => '-',
        '≦' | '⩽' => '≤',
        '≧' | '⩾' => '≥',
        '＜' => '<',
        '＞' => '>',
        '＝' => '=',
        '％' => '%',
        other => other,
    }
}

/// A number at the start of `rest`. `before` tells a sign from a dash.
fn read_number(rest: &str, before: &str) -> Option<(Kind, String, usize)> {
    let first = rest.chars().next()?;
    let starts_with_point =
        matches!(first, '.' | '·') && rest[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if !first.is_ascii_digit() && (!starts_with_point || before.ends_with(char::is_alphanumeric)) {
        return None;
    }
    let (mut whole, mut at) = (String::new(), 0);
    at += take_digits(rest, &mut whole);
    let groups = (1..=3).contains(&at) && whole != "0";
    while let Some(length) = thousands_at(&rest[at..]).filter(|_| groups) {
        at += length - 3;
        at += take_digits(&rest[at..at + 3], &mut whole);
    }
    let mut fraction = String::new();
    let point = rest[at..].chars().next().filter(|c| matches!(c, '.' | '·' | '٫' | ','));
    if let Some(point) = point {
        let tail = &rest[at + point.len_utf8()..];
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        // a decimal comma only where it cannot be a list: "0,05"
        if digits > 0 && (point != ',' || whole == "0" && digits > 1) {
            at += point.len_utf8() + take_digits(tail, &mut fraction);
        }
    }
    let mut number = normalise(&whole, &fraction);
    let power: String = rest[at..].chars().map_while(raised_digit).collect();
    if !power.is_empty() {
        at += rest[at..].chars().take(power.chars().count()).map(char::len_utf8).sum::<usize>();
        number = format!("{number}^{power}");
    } else if let Some(tail) = rest[at..].strip_prefix('^') {
        let mut power = String::new();
        let minus = tail.strip_prefix(['-', '−']).unwrap_or(tail);
        if take_digits(minus, &mut power) > 0 {
            at = rest.len() - minus.len() + power.len();
            number = format!("{number}^{}{power}", if minus.len() < tail.len() { "-" } else { "" });
        }
    }
    Some((Kind::Number { spelt: false }, number, at))
}

fn take_digits(text: &str, digits: &mut String) -> usize {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    digits.push_str(&text[..length]);
    length
}

/// The length of a separator and its three digits, where a number goes on: ",014" or " 014".
fn thousands_at(rest: &str) -> Option<usize> {
    let separator = rest
        .chars()
        .next()
        .filter(|c| matches!(c, ',' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '’'))?;
    let tail = &rest[separator.len_utf8()..];
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let ends = !tail[digits..].starts_with(['.', '·', '/']) || separator == ',';
    (digits == 3 && ends).then_some(separator.len_utf8() + 3)
}

fn raised_digit(character: char) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    if character == '⁻' {
        return Some('-');
    }
    RAISED.iter().position(|raised| *raised == character).and_then(|digit| char::from_digit(digit as u32, 10))
}

/// No zeros that say nothing: "007" is "7", ".50" is "0.5".
fn normalise(whole: &str, fraction: &str) -> String {
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// "twenty-five" becomes one number; "one" stays a word unless it belongs to a larger number ("one of the").
fn join_spelt_numbers(tokens: &mut Vec<Token>) {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = std::mem::take(tokens).into_iter().peekable();
    while let Some(mut token) = rest.next() {
        if token.kind == Kind::Word {
            if let Some(ten) = TENS.iter().position(|ten| token.is(ten)) {
                let mut value = 20 + 10 * ten;
                if let Some(hyphen) = rest.next_if(|next| next.is("-") && !next.spaced) {
                    match rest.next_if(|next| digit_word(next).is_some_and(|digit| (1..10).contains(&digit)))
                    {
                        Some(digit) => {
                            value += digit_word(&digit).unwrap_or(0);
                            token.span.end = digit.span.end;
                            set_spelt(&mut token, value);
                            joined.push(token);
                        }
                        None => {
                            set_spelt(&mut token, value);
                            joined.extend([token, hyphen]);
                        }
                    }
                    continue;
                }
                if let Some(digit) =
                    rest.next_if(|next| digit_word(next).is_some_and(|digit| (1..10).contains(&digit)))
                {
                    value += digit_word(&digit).unwrap_or(0);
                    token.span.end = digit.span.end;
                }
                set_spelt(&mut token, value);
            } else if let Some(value) = digit_word(&token).filter(|value| *value != 1) {
                set_spelt(&mut token, value);
            }
        }
        joined.push(token);
    }
    *tokens = joined;
}

fn digit_word(token: &Token) -> Option<usize> {
    UNITS.iter().position(|word| token.kind == Kind::Word && token.is(word))
}

fn set_spelt(token: &mut Token, value: usize) {
    token.kind = Kind::Number { spelt: true };
    token.text = value.to_string();
}

/// The words that say nothing of what a sentence is about.
const EMPTY: [&str; 42] = [
    "the", "a", "an", "of", "in", "and", "to", "with", "for", "was", "were", "is", "are", "be", "been",
    "that", "this", "these", "by", "on", "at", "as", "from", "or", "than", "we", "our", "it", "its", "their",
    "had", "has", "have", "not", "no", "which", "who", "there", "but", "also", "group", "groups",
];

/// How much a token says, 0 to 1.
fn weigh(token: &Token) -> f64 {
    match token.kind {
        Kind::Sign => 0.1,
        Kind::Number { .. } => 0.6,
        Kind::Name => 1.0,
        Kind::Word if EMPTY.contains(&token.text.as_str()) => 0.15,
        Kind::Word => 1.0,
    }
}

/// FNV-1a, 64 bits.
pub(super) fn key_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A word without the ending that grammar gave it, well enough to compare: "reductions" and "reduced" share "reduc".
pub(super) fn stem(word: &str) -> &str {
    const ENDINGS: [&str; 17] = [
        "ations", "ation", "ments", "ment", "tions", "tion", "ings", "ing", "ies", "ed", "es", "ly", "s",
        "e", "al", "y", "ity",
    ];
    if !word.is_ascii() {
        return word;
    }
    ENDINGS.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() >= 4)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<String> {
        read_tokens(text).into_iter().filter(Token::is_number).map(|token| token.text).collect()
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        assert_eq!(numbers("1,014 patients; 33 285 records; 1\u{2009}014"), ["1014", "33285", "1014"]);
        assert_eq!(numbers("p = .05, 0·050, 0,05 and 0.05"), ["0.05", "0.05", "0.05", "0.05"]);
        assert_eq!(numbers("10⁹/L, 10^9, 2.5 × 10⁻³"), ["10^9", "10^9", "2.5", "10^-3"]);
        assert_eq!(numbers("Twenty-five of thirty one had two, one had none"), ["25", "31", "2"]);
        assert_eq!(numbers("12–15 days, 5.0 mg, n=12"), ["12", "15", "5", "12"]);
    }

    #[test]
    fn a_name_with_digits_is_no_figure() {
        assert_eq!(numbers("IL-6, FEV1, COVID-19 and SpO2 rose"), Vec::<String>::new());
        assert_eq!(numbers("28-day mortality at day 28"), ["28", "28"]);
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let text = "Größe: 1,014 µg";
        let spans: Vec<&str> = read_tokens(text).into_iter().map(|token| &text[token.span]).collect();
        assert_eq!(spans, ["Größe", ":", "1,014", "µg"]);
    }
}
