//! Words as judgement sees them: folded so that what an author, an indexer and a rule mean alike compares equal.
//!
//! Folding is for comparing only and is never shown: "Haemolysis" and "hemolysis" meet as `hemolysis`, "veno-arterial"
//! and "venoarterial" as `venoarterial`, "PaCO₂" and "PaCO2" as `paco2`. It may join words that nobody compares
//! ("four" becomes `for`), because both sides of a comparison go through the same fold.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Word beginnings that authors join to the next word, hyphenate or set apart as they please.
const PREFIXES: [&str; 6] = ["veno", "arterio", "extra", "cardio", "intra", "peri"];

/// Calls `each` with every word of `text`: folded, and as written. A word is a run of letters and digits; anything
/// else separates. A word beginning such as "veno" is joined to the word after it.
pub(super) fn each_word<'t>(text: &'t str, mut each: impl FnMut(&str, &'t str)) {
    let mut folded = String::with_capacity(32);
    let mut begun_at = None;
    let mut rest = text;
    let mut offset = 0;
    while let Some((from, to)) = next_run(rest) {
        let (from, to) = (offset + from, offset + to);
        fold_into(&mut folded, &text[from..to]);
        let start = begun_at.take().unwrap_or(from);
        (offset, rest) = (to, &text[to..]);
        if is_prefix(&folded) && joins(rest) {
            begun_at = Some(start);
            continue;
        }
        spell(&mut folded);
        // a run of combining marks alone folds to nothing
        if !folded.is_empty() {
            each(&folded, &text[start..to]);
        }
        folded.clear();
    }
}

/// The text as its folded words with one space before, between and after: ` cardiac arrest `, so that a phrase with
/// its own spaces is found at word boundaries only. Empty text gives one space.
pub(super) fn fold_text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    each_word(text, |word, _| {
        folded.push_str(word);
        folded.push(' ');
    });
    folded
}

fn is_prefix(folded: &str) -> bool {
    // most words are told apart by their length alone
    matches!(folded.len(), 4..=7) && PREFIXES.contains(&folded)
}

/// First and last byte of the next run of letters and digits.
fn next_run(text: &str) -> Option<(usize, usize)> {
    let from = find_from(text, 0, is_wordy)?;
    Some((from, find_from(text, from, |character| !is_wordy(character)).unwrap_or(text.len())))
}

/// Where the first such character stands from `start` on; ASCII is looked at byte by byte.
fn find_from(text: &str, start: usize, is_it: impl Fn(char) -> bool) -> Option<usize> {
    let mut at = start;
    while let Some(&byte) = text.as_bytes().get(at) {
        if byte.is_ascii() {
            if is_it(char::from(byte)) {
                return Some(at);
            }
            at += 1;
        } else {
            let character = text[at..].chars().next()?;
            if is_it(character) {
                return Some(at);
            }
            at += character.len_utf8();
        }
    }
    None
}

fn is_wordy(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric()
    } else {
        character.is_alphanumeric() || is_combining_mark(character)
    }
}

/// Whether one hyphen or space and then a letter follows.
fn joins(rest: &str) -> bool {
    let mut characters = rest.chars();
    matches!(characters.next(), Some('-' | ' ' | '\u{2010}' | '\u{2011}'))
        && characters.next().is_some_and(char::is_alphabetic)
}

fn fold_into(folded: &mut String, word: &str) {
    if word.is_ascii() {
        let start = folded.len();
        folded.push_str(word);
        folded[start..].make_ascii_lowercase();
    } else {
        let plain = word.nfkd().filter(|character| !is_combining_mark(*character));
        folded.extend(plain.flat_map(char::to_lowercase).filter(|character| character.is_alphanumeric()));
    }
}

/// British spelling to American, by endings and digraphs. Short words and words with digits stay as they are.
fn spell(word: &mut String) {
    const DIGRAPHS: [(&str, &str); 3] = [("ae", "e"), ("oe", "e"), ("sulph", "sulf")];
    const ENDINGS: [(&str, &str); 12] = [
        ("isation", "ization"),
        ("isations", "izations"),
        ("ising", "izing"),
        ("ised", "ized"),
        ("ise", "ize"),
        ("yse", "yze"),
        ("ysed", "yzed"),
        ("our", "or"),
        ("ours", "ors"),
        ("tre", "ter"),
        ("tres", "ters"),
        ("programme", "program"),
    ];
    if word.len() < 4 || !word.is_ascii() {
        return;
    }
    // few words hold one; each search of its own costs more than this look
    let holds = |pair: &[u8; 2]| word.as_bytes().windows(2).any(|two| two == pair);
    if holds(b"ae") || holds(b"oe") || holds(b"ul") {
        for (british, american) in DIGRAPHS {
            while let Some(at) = word.find(british) {
                word.replace_range(at..at + british.len(), american);
            }
        }
    }
    let last = word.as_bytes().last();
    if !last.is_some_and(|last| matches!(last, b'n' | b's' | b'g' | b'd' | b'e' | b'r')) {
        return;
    }
    if let Some((british, american)) = ENDINGS.iter().find(|(british, _)| word.ends_with(british)) {
        word.truncate(word.len() - british.len());
        word.push_str(american);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_authors_spell_differently_compares_equal() {
        for (one, other) in [
            ("Haemolysis, paediatric; oesophageal", "hemolysis pediatric esophageal"),
            ("veno-arterial", "Venoarterial"),
            ("veno arterial extra-corporeal", "venoarterial extracorporeal"),
            ("randomised centre", "randomized center"),
            ("PaCO₂", "PaCO2"),
            ("Société", "societe"),
            ("tumour", "tumor"),
        ] {
            assert_eq!(fold_text(one), fold_text(other));
        }
        assert_eq!(fold_text(""), " ");
        assert_eq!(fold_text("ECPR: a trial"), " ecpr a trial ");
    }

    #[test]
    fn a_word_is_given_as_written_too() {
        let mut seen = Vec::new();
        each_word("Veno-arterial ECMO (VA-ECMO) – extra", |folded, written| {
            seen.push(format!("{folded}={written}"));
        });
        assert_eq!(seen, ["venoarterial=Veno-arterial", "ecmo=ECMO", "va=VA", "ecmo=ECMO", "extra=extra"]);
    }

    proptest! {
        #[test]
        fn any_text_folds_to_words_between_single_spaces(text in "\\PC{0,60}") {
            let folded = fold_text(&text);
            prop_assert!(folded.starts_with(' ') && folded.ends_with(' '));
            prop_assert!(!folded.contains("  "));
        }
    }
}
