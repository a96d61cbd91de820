//! Whether the two sides of a comparison stand as in the source: "X than Y" for "Y than X".

use super::context::{compare_places, shared_weight, weigh};
use super::direction::is_direction;
use super::words::{Kind, Token, stem};
use super::{Found, MarkKind};

/// How much of a summary's sentence a sentence of the source must hold to be compared word by word.
const SAME_SENTENCE: f64 = 0.6;
/// How much better two words must fit in each other's places, together.
const MARGIN: f64 = 0.35;

/// Marks for pairs of words that changed places.
pub(super) fn check_swaps(source: &[Token], summary: &[Token]) -> Vec<Found> {
    let sentences = split(summary);
    let known = split(source);
    sentences
        .into_iter()
        .filter_map(|(start, end)| {
            let (likeness, best) = known
                .iter()
                .map(|(from, to)| (shared_weight(&summary[start..end], &source[*from..*to]), (*from, *to)))
                .max_by(|a, b| a.0.total_cmp(&b.0))?;
            (likeness >= SAME_SENTENCE).then(|| find_swap(source, best, summary, (start, end))).flatten()
        })
        .collect()
}

fn split(tokens: &[Token]) -> Vec<(usize, usize)> {
    let mut sentences: Vec<(usize, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match sentences.last_mut() {
            Some((start, end)) if tokens[*start].sentence == token.sentence => *end = at + 1,
            _ => sentences.push((at, at + 1)),
        }
    }
    sentences
}

fn find_swap(
    source: &[Token],
    there: (usize, usize),
    summary: &[Token],
    here: (usize, usize),
) -> Option<Found> {
    let ours = words(summary, here);
    let theirs = words(source, there);
    let fit = |at: usize, word: &str| {
        let places = theirs.iter().filter(|place| stem(&source[**place].text) == word);
        places.map(|place| compare_places(summary, at, source, *place)).fold(0.0, f64::max)
    };
    let known =
        |at: &usize| theirs.iter().any(|place| stem(&source[*place].text) == stem(&summary[*at].text));
    let ours: Vec<usize> = ours.into_iter().filter(known).collect();
    let mut best: Option<(f64, usize, usize)> = None;
    for (number, a) in ours.iter().enumerate() {
        for b in &ours[number + 1..] {
            let (first, second) = (stem(&summary[*a].text), stem(&summary[*b].text));
            if first == second {
                continue;
            }
            let gain = (fit(*a, second) - fit(*a, first)).min(fit(*b, first) - fit(*b, second));
            if gain * 2.0 >= MARGIN && best.is_none_or(|(most, ..)| gain > most) {
                best = Some((gain, *a, *b));
            }
        }
    }
    let (_, a, b) = best?;
    let reason =
        format!("“{}” and “{}” stand the other way round in the abstract", summary[a].text, summary[b].text);
    Some(Found { kind: MarkKind::Swap, tokens: (a, b), reason })
}

/// The words that say something, directions apart.
fn words(tokens: &[Token], (start, end): (usize, usize)) -> Vec<usize> {
    (start..end)
        .filter(|at| matches!(tokens[*at].kind, Kind::Word | Kind::Name) && weigh(&tokens[*at]) > 0.5)
        .filter(|at| !is_direction(&tokens[*at]))
        .collect()
}
