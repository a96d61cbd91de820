//! Sentences of medical prose: Unicode's boundaries (UAX #29), mended where abstracts are known to break them.
//!
//! Unicode alone cuts after "vs." and "Fig." before a capital, inside brackets, and never before a digit or a lower-case
//! drug name ("died. 12 patients", "found. miRNA"). It is not a parser: a sentence is a stretch of the text and nothing else.
//! Invariant: the spans are in order, do not overlap, hold every character that is not white space, and neither begin
//! nor end with white space.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// What stands before a full stop that ends no sentence, in lower case. `p`, `n`, `no` and the like need a figure next.
const ABBREVIATIONS: [&str; 46] = [
    "vs", "v", "e.g", "eg", "i.e", "ie", "cf", "ca", "approx", "fig", "figs", "tab", "suppl", "ref", "refs",
    "dr", "prof", "mr", "mrs", "ms", "st", "al", "spp", "sp", "subsp", "var", "incl", "resp", "viz", "dept",
    "univ", "u.s", "u.k", "u.s.a", "ph.d", "m.d", "b.i.d", "t.i.d", "q.i.d", "i.v", "s.c", "i.m", "p.o",
    "i.p", "a.m", "p.m",
];

/// Abbreviations only when a figure follows: "No. 3", "p. 12".
const BEFORE_FIGURE: [&str; 9] = ["no", "nos", "p", "pp", "n", "vol", "ch", "eq", "art"];

/// Abbreviations that may also end a sentence: they do when one of these words follows.
const MAY_END: [&str; 17] = [
    "al", "u.s", "u.k", "u.s.a", "i.v", "s.c", "i.m", "p.o", "i.p", "a.m", "p.m", "b.i.d", "t.i.d", "q.i.d",
    "ph.d", "m.d", "sp",
];
const STARTERS: [&str; 40] = [
    "the",
    "we",
    "in",
    "this",
    "these",
    "a",
    "an",
    "it",
    "however",
    "to",
    "of",
    "all",
    "both",
    "there",
    "after",
    "at",
    "our",
    "no",
    "results",
    "patients",
    "methods",
    "conclusion",
    "conclusions",
    "for",
    "mean",
    "median",
    "on",
    "their",
    "primary",
    "secondary",
    "participants",
    "thirty",
    "twenty",
    "although",
    "when",
    "during",
    "one",
    "two",
    "three",
    "background",
];

/// An open bracket holds a sentence together for this many bytes to either side: one that is never closed must not
/// swallow the rest.
const LONGEST_BRACKET: usize = 250;

/// The sentences of `text` as byte ranges.
pub fn split_sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, piece) in text.split_sentence_bound_indices() {
        let end = at + piece.len();
        for cut in missed_ends(piece) {
            if ends_sentence(&text[start..at + cut], &text[at + cut..]) {
                push_trimmed(text, start..at + cut, &mut sentences);
                start = at + cut;
            }
        }
        if piece.ends_with(['\n', '\r', '\u{2029}']) || ends_sentence(&text[start..end], &text[end..]) {
            push_trimmed(text, start..end, &mut sentences);
            start = end;
        }
    }
    push_trimmed(text, start..text.len(), &mut sentences);
    sentences
}

fn push_trimmed(text: &str, span: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let piece = &text[span.clone()];
    let lead = piece.len() - piece.trim_start().len();
    let length = piece.trim().len();
    if length > 0 {
        sentences.push(span.start + lead..span.start + lead + length);
    }
}

/// Ends inside what Unicode calls one sentence: a full stop before white space and a figure or a lower-case letter
/// ("died. 12 of"), and one glued to the next sentence ("groups.Conclusion", "(P<.05).The").
fn missed_ends(piece: &str) -> Vec<usize> {
    let bytes = piece.as_bytes();
    let mut ends = Vec::new();
    for (at, _) in piece.match_indices(['.', '?', '!']) {
        let mut next = at + 1;
        while bytes.get(next).is_some_and(|byte| matches!(byte, b')' | b']' | b'"')) {
            next += 1;
        }
        let gap = piece[next..].len() - piece[next..].trim_start().len();
        let Some(first) = piece[next + gap..].chars().next() else { continue };
        if gap > 0 && (first.is_numeric() || first.is_lowercase()) || gap == 0 && is_glued(piece, at, next) {
            ends.push(next);
        }
    }
    ends
}

/// "…groups.Conclusion of": a word of three small letters or more, the stop, a capital and a small letter, then a space
/// before any other stop (so not "www.ClinicalTrials.gov").
fn is_glued(piece: &str, stop: usize, next: usize) -> bool {
    let before = &piece.as_bytes()[..stop];
    let small = before.iter().rev().take_while(|byte| byte.is_ascii_lowercase()).count();
    let closed = next > stop + 1 || before.last().is_some_and(|byte| matches!(byte, b')' | b']' | b'%'));
    let word = piece[next..].split(char::is_whitespace).next().unwrap_or_default().as_bytes();
    (small >= 3 && !before.ends_with(b"www") || closed)
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && word[1..].iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b',' | b':' | b'-'))
        && (word.len() > 2 || word == b"A" || word.len() == 2)
}

/// Whether a sentence ends between `before` (all of it so far) and `after`.
fn ends_sentence(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    if after.is_empty() || before.is_empty() {
        return !before.is_empty();
    }
    if is_bracket_open(before) && closes_soon(after) {
        return false;
    }
    let Some(stem) = before.strip_suffix('.') else { return true };
    let word =
        stem.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '/')).next().unwrap_or_default();
    let small = word.to_lowercase();
    let next: String =
        after.chars().take_while(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let first = after.chars().next().unwrap_or(' ');
    if MAY_END.contains(&small.as_str()) {
        return !first.is_lowercase() && STARTERS.contains(&next.as_str());
    }
    if ABBREVIATIONS.contains(&small.as_str()) {
        return false;
    }
    if first.is_ascii_digit() && BEFORE_FIGURE.contains(&small.as_str()) {
        return false;
    }
    if first.is_lowercase() {
        // "E. coli", "approx. five"; but "was found. miRNA-21 rose", "in adults. clinicaltrials.gov NCT0"
        let following = after.split_whitespace().next().unwrap_or_default();
        let odd = following.chars().skip(1).any(|c| !c.is_lowercase() && c != ',');
        return word.chars().count() > 3
            && word.chars().all(|c| c.is_lowercase() || matches!(c, '-' | ')' | '%' | '.'))
            || odd && word.chars().count() > 1;
    }
    true
}

/// Whether the last bracket opened in `before` is still open.
fn is_bracket_open(before: &str) -> bool {
    let bytes = before.as_bytes();
    let mut depth = 0_i32;
    for at in bytes.len().saturating_sub(LONGEST_BRACKET)..bytes.len() {
        match bytes[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' if !is_list_mark(bytes, at) => depth = (depth - 1).max(0),
            _ => {}
        }
    }
    depth > 0
}

/// Whether the open bracket closes in what follows.
fn closes_soon(after: &str) -> bool {
    let bytes = &after.as_bytes()[..after.len().min(LONGEST_BRACKET)];
    let mut depth = 0_i32;
    for at in 0..bytes.len() {
        match bytes[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' if is_list_mark(bytes, at) => {}
            b')' | b']' if depth == 0 => return true,
            b')' | b']' => depth -= 1,
            _ => {}
        }
    }
    false
}

/// The bracket of "1) to assess", which none opened.
fn is_list_mark(bytes: &[u8], at: usize) -> bool {
    at >= 1 && bytes[at - 1].is_ascii_alphanumeric() && (at == 1 || bytes[at - 2] == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        split_sentences(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn abbreviations_names_and_figures_end_no_sentence() {
        for whole in [
            "Mortality fell (p = .001) vs. Placebo in both arms.",
            "Growth of E. coli and S. aureus is shown in Fig. 2 A.",
            "Patients in U.S. Centres (i.e. Level I. See text) took 0.5 mg b.i.d. Monday to Friday.",
            "Smith et al. Reported approx. 5.4 events, cf. No. 3.",
        ] {
            assert_eq!(split(whole), [whole]);
        }
    }

    #[test]
    fn figures_drug_names_and_glued_words_begin_one() {
        assert_eq!(split("Ten died. 12 lived."), ["Ten died.", "12 lived."]);
        assert_eq!(split("It was found. miRNA-21 rose."), ["It was found.", "miRNA-21 rose."]);
        assert_eq!(
            split("We compared two groups.Conclusion follows."),
            ["We compared two groups.", "Conclusion follows."]
        );
        assert_eq!(
            split("It fell (P<.05). See www.ClinicalTrials.gov now."),
            ["It fell (P<.05).", "See www.ClinicalTrials.gov now."]
        );
        assert_eq!(
            split("It was in the U.S. The rest was not."),
            ["It was in the U.S.", "The rest was not."]
        );
        assert_eq!(
            split("The aims were: 1) to ask. We did 2) all."),
            ["The aims were: 1) to ask.", "We did 2) all."]
        );
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "([a-zA-Z]{1,8}|[0-9]{1,3}|[.?!()\\[\\]] ?| |\n|é|…|vs\\. ){0,60}") {
            let mut at = 0;
            for span in split_sentences(&text) {
                prop_assert!(span.start >= at && span.end > span.start);
                prop_assert!(text[at..span.start].trim().is_empty());
                prop_assert_eq!(text[span.clone()].trim(), &text[span.clone()]);
                at = span.end;
            }
            prop_assert!(text[at..].trim().is_empty());
        }
    }
}
