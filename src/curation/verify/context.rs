//! How alike the surroundings of two places are: it tells which of several figures or words a summary speaks of.

use std::ops::Range;

use super::words::Token;

/// Tokens looked at on either side.
const REACH: usize = 9;

/// How much of what surrounds `a[at]` also surrounds `b[there]`, on the same side and about as far away; 1 for the same text,
/// 0 for nothing in common.
pub(super) fn compare_places(a: &[Token], at: usize, b: &[Token], there: usize) -> f64 {
    let (mut shared, mut all) = (0.0, 0.0);
    for side in [-1_isize, 1] {
        for (distance, token) in surrounding(a, at, side) {
            let weight = token.weight / (1.0 + distance as f64 / 3.0);
            all += weight;
            let nearest = surrounding(b, there, side)
                .filter(|(_, other)| same(token, other))
                .map(|(other, _)| distance.abs_diff(other))
                .min();
            if let Some(shift) = nearest {
                shared += weight / (1.0 + shift as f64 / 2.0);
            }
        }
    }
    if all == 0.0 { 0.0 } else { shared / all }
}

/// Whether two tokens say the same.
pub(super) fn same(a: &Token, b: &Token) -> bool {
    a.key == b.key
}

/// The tokens of the same sentence to one side, nearest first.
fn surrounding(tokens: &[Token], at: usize, side: isize) -> impl Iterator<Item = (usize, &Token)> {
    let sentence = tokens[at].sentence;
    (1..=REACH).map_while(move |distance| {
        let place = at.checked_add_signed(side * distance as isize)?;
        tokens.get(place).filter(|token| token.sentence == sentence).map(|token| (distance, token))
    })
}

/// A sentence of a summary and the sentence of the source that holds most of it, by their tokens.
pub(super) struct Pair {
    pub(super) summary: Range<usize>,
    pub(super) source: Range<usize>,
    /// How much of the one stands in the other: 1 for all.
    pub(super) likeness: f64,
}

/// Each sentence of a summary with its best match.
pub(super) fn pair_sentences(source: &[Token], summary: &[Token]) -> Vec<Pair> {
    let known = split(source);
    let best_of = |span: Range<usize>| {
        known
            .iter()
            .map(|other| (shared_weight(&summary[span.clone()], &source[other.clone()]), other))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(likeness, other)| Pair { summary: span, source: other.clone(), likeness })
    };
    split(summary).into_iter().filter_map(best_of).collect()
}

fn split(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match sentences.last_mut() {
            Some(span) if tokens[span.start].sentence == token.sentence => span.end = at + 1,
            _ => sentences.push(at..at + 1),
        }
    }
    sentences
}

/// How much of the sentence around `a[at]` stands in the sentence around `b[there]`.
pub(super) fn compare_sentences(a: &[Token], at: usize, b: &[Token], there: usize) -> f64 {
    shared_weight(sentence_of(a, at), sentence_of(b, there))
}

/// How much of what `a` says stands in `b`: 1 for all.
pub(super) fn shared_weight(a: &[Token], b: &[Token]) -> f64 {
    let all: f64 = a.iter().map(|token| token.weight).sum();
    let shared: f64 =
        a.iter().filter(|token| b.iter().any(|other| same(token, other))).map(|token| token.weight).sum();
    if all == 0.0 { 0.0 } else { shared / all }
}

fn sentence_of(tokens: &[Token], at: usize) -> &[Token] {
    let sentence = tokens[at].sentence;
    let start =
        tokens[..at].iter().rposition(|token| token.sentence != sentence).map_or(0, |before| before + 1);
    let length = tokens[at..].iter().take_while(|token| token.sentence == sentence).count();
    &tokens[start..at + length]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curation::verify::words::read_tokens;

    #[test]
    fn the_same_place_is_one_and_another_is_less() {
        let tokens = read_tokens("Mortality was 29% with early support and 14% with standard care.");
        let figures: Vec<usize> = (0..tokens.len()).filter(|at| tokens[*at].is_number()).collect();
        assert!((compare_places(&tokens, figures[0], &tokens, figures[0]) - 1.0).abs() < 1e-9);
        assert!(compare_places(&tokens, figures[0], &tokens, figures[1]) < 0.5);
    }
}
