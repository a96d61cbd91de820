//! What the sentence classifier sees of a sentence: its words, pairs of neighbouring words, and its place.
//!
//! A feature's name is one or two tokens ("aim", "aim of", "^ we", "@last 0"); training and drafting read the same names, so
//! the data file can be read by people.

use std::sync::LazyLock;

use crate::curation::signs::Signs;

/// A sentence's place in its abstract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From the front.
    index: usize,
    /// How many sentences tell the story; a registration at the end is not counted.
    count: usize,
    /// How many sentences before it carry statistics.
    figures_before: usize,
    /// How many after it do.
    figures_after: usize,
}

/// The places of all sentences of an abstract.
pub fn find_places(sentences: &[&str]) -> Vec<Place> {
    let apart =
        sentences.iter().rev().take_while(|sentence| stands_apart(sentence) || sentence.len() < 6).count();
    let carries: Vec<bool> = sentences.iter().map(|sentence| carries_statistics(sentence)).collect();
    let count = if apart < sentences.len() { sentences.len() - apart } else { sentences.len() };
    let total = carries.iter().take(count).filter(|carries| **carries).count();
    let mut figures_before = 0;
    let mut places = Vec::with_capacity(sentences.len());
    for (index, carries) in carries.into_iter().enumerate() {
        let here = usize::from(carries);
        places.push(Place {
            index,
            count,
            figures_before,
            figures_after: total.saturating_sub(figures_before + here),
        });
        figures_before += here;
    }
    places
}

/// Registrations, funding and supplements, that journals print after the conclusion.
fn stands_apart(sentence: &str) -> bool {
    is_registration(sentence) || is_funding(sentence)
}

/// The registries' names and the shapes of their numbers.
fn is_registration(sentence: &str) -> bool {
    static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
        Signs::new(&[
            "NCT0",
            "NCT 0",
            "NCT1",
            "ISRCTN",
            "ACTRN",
            "ANZCTR",
            "UMIN",
            "ChiCTR",
            "DRKS",
            "NTR",
            "EudraCT",
            "EUDRACT",
            "CTRI/",
            "IRCT",
            "PACTR",
            "RBR-",
            "TCTR",
            "KCT0",
            "apicCTI",
            "JapicCTI",
            "linicalTrials",
            "linicaltrials",
            "linical trials.gov",
            "ontrolled-trials",
            "ontrolled Trials",
            "egistration",
            "rial registry",
            "rial Registry",
            "rial Register",
            "nique identifier",
        ])
    });
    SIGNS.any_in(sentence)
}

/// Who paid, who was paid, and what journals append.
fn is_funding(sentence: &str) -> bool {
    static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
        Signs::new(&[
            "supplementary material",
            "unded by",
            "unding",
            "upported by",
            "inancial support",
            "grant from",
            "Foundation",
            "GmbH",
            "Pharmaceuticals",
            "Research Council",
            "National Institute",
            "isclosure",
            "employee",
            "onflict of interest",
            "ponsor",
            "egistered with",
            "egistered at",
            "egistered in",
            "Level of evidence",
            "Class I",
        ])
    });
    SIGNS.any_in(sentence)
}

/// "p < 0.05", "12 %", "95% CI", "n = 12".
fn carries_statistics(sentence: &str) -> bool {
    let bytes = sentence.as_bytes();
    bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(|byte| matches!(byte, b'%' | b'=' | b'<' | b'>'))
}

/// Calls `see` with the two tokens of each feature of a sentence (the second empty for single words).
pub fn read_features(sentence: &str, place: Place, mut see: impl FnMut(&str, &str)) {
    let step = |count: usize, most: usize| STEPS[count.min(most).min(STEPS.len() - 1)];
    see("@bias", "");
    see("@first", step(place.index, 9));
    see("@last", if place.index < place.count { step(place.count - place.index - 1, 9) } else { "apart" });
    see("@tenth", step(place.index * 10 / place.count.max(1), 9));
    if is_registration(sentence) {
        see("@registration", "");
    }
    if is_funding(sentence) {
        see("@funding", "");
    }
    see("@figures-before", step(place.figures_before, 3));
    see("@figures-after", step(place.figures_after, 3));
    let lower = sentence.to_lowercase();
    let mut seen: Vec<&str> = Vec::new();
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let (mut before, mut figures) = ("^", 0_usize);
    for token in tokens(&lower) {
        if token == "#" {
            figures += 1;
        }
        let key = (before, token);
        if !seen.contains(&token) {
            see(token, "");
            seen.push(token);
        }
        if !pairs.contains(&key) {
            see(before, token);
            pairs.push(key);
        }
        before = token;
    }
    see(before, "$");
    see("@figures", step(figures, 6));
}

const STEPS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// Words in lower case, "#" for any number, and the signs that statistics are written with.
fn tokens(lower: &str) -> impl Iterator<Item = &str> {
    let mut rest = lower;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            if first.is_alphanumeric() {
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                let (word, tail) = rest.split_at(end);
                rest = tail;
                if first.is_numeric() {
                    // "0.05", "1,014" and "8·1" are one number
                    while let Some(tail) = rest.strip_prefix(['.', ',', '·']) {
                        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
                        if digits == 0 {
                            break;
                        }
                        rest = &tail[digits..];
                    }
                    return Some("#");
                }
                return Some(word);
            }
            let (sign, tail) = rest.split_at(first.len_utf8());
            rest = tail;
            if matches!(first, '%' | '=' | '<' | '>' | '±' | '?' | ':' | '≤' | '≥') {
                return Some(sign);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_token_however_it_is_written() {
        let read: Vec<&str> = tokens("p < 0.001; 1,014 of 8·1% died.").collect();
        assert_eq!(read, ["p", "<", "#", "#", "of", "#", "%", "died"]);
    }
}
