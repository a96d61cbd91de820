//! Whether the two sides of a comparison stand as in the source: "X than Y" for "Y than X".

use std::ops::Range;

use super::context::{Pair, compare_places};
use super::direction::is_direction;
use super::words::{Kind, Token};
use super::{Found, MarkKind};

/// How much of a summary's sentence a sentence of the source must hold to be compared word by word.
const SAME_SENTENCE: f64 = 0.6;
/// How much better two words must fit in each other's places, together.
const MARGIN: f64 = 0.35;

/// Marks for pairs of words that changed places.
pub(super) fn check_swaps(source: &[Token], summary: &[Token], pairs: &[Pair]) -> Vec<Found> {
    pairs
        .iter()
        .filter(|pair| pair.likeness >= SAME_SENTENCE)
        .filter_map(|pair| find_swap(source, &pair.source, summary, &pair.summary))
        .collect()
}

fn find_swap(
    source: &[Token],
    there: &Range<usize>,
    summary: &[Token],
    here: &Range<usize>,
) -> Option<Found> {
    let ours = words(summary, here);
    let theirs = words(source, there);
    let fit = |at: usize, word: u64| {
        let places = theirs.iter().filter(|place| source[**place].key == word);
        places.map(|place| compare_places(summary, at, source, *place)).fold(0.0, f64::max)
    };
    let known = |at: &usize| theirs.iter().any(|place| source[*place].key == summary[*at].key);
    let ours: Vec<usize> = ours.into_iter().filter(known).collect();
    let mut best: Option<(f64, usize, usize)> = None;
    for (number, a) in ours.iter().enumerate() {
        for b in &ours[number + 1..] {
            let (first, second) = (summary[*a].key, summary[*b].key);
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
fn words(tokens: &[Token], span: &Range<usize>) -> Vec<usize> {
    span.clone()
        .filter(|at| matches!(tokens[*at].kind, Kind::Word | Kind::Name) && tokens[*at].weight > 0.5)
        .filter(|at| !is_direction(&tokens[*at]))
        .collect()
}
