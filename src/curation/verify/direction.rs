//! Whether a summary's directions are its source's: more or less, better or worse, a difference or none.
//!
//! Here words of direction are read, and copied sentences compared; [`super::trace`] looks for what bears a direction out.

use std::ops::Range;

use super::context::{Pair, compare_places, compare_sentences};
use super::words::{Kind, Token};
use super::{Found, MarkKind};

/// What a word of direction speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// More or less of something.
    Size,
    /// Better or worse.
    Quality,
    /// Different or the same.
    Difference,
    /// Statistical significance.
    Significance,
    /// Positive or negative.
    Sign,
    /// Likely or not.
    Chance,
    /// Before or after.
    Order,
    /// High or low, long or short, as of a dose or a term.
    Level,
}

/// Beginnings of words, their axis, and which way they point. The first that fits counts.
const DIRECTIONS: [(&str, Axis, bool); 88] = [
    ("increas", Axis::Size, true),
    ("higher", Axis::Size, true),
    ("highest", Axis::Size, true),
    ("greater", Axis::Size, true),
    ("more", Axis::Size, true),
    ("most", Axis::Size, true),
    ("rose", Axis::Size, true),
    ("rise", Axis::Size, true),
    ("raise", Axis::Size, true),
    ("elevat", Axis::Size, true),
    ("longer", Axis::Size, true),
    ("larger", Axis::Size, true),
    ("bigger", Axis::Size, true),
    ("prolong", Axis::Size, true),
    ("faster", Axis::Size, true),
    ("stronger", Axis::Size, true),
    ("above", Axis::Size, true),
    ("accelerat", Axis::Size, true),
    ("decreas", Axis::Size, false),
    ("reduc", Axis::Size, false),
    ("lower", Axis::Size, false),
    ("lowest", Axis::Size, false),
    ("less", Axis::Size, false),
    ("least", Axis::Size, false),
    ("fewer", Axis::Size, false),
    ("fell", Axis::Size, false),
    ("fall", Axis::Size, false),
    ("declin", Axis::Size, false),
    ("drop", Axis::Size, false),
    ("short", Axis::Size, false),
    ("smaller", Axis::Size, false),
    ("diminish", Axis::Size, false),
    ("attenuat", Axis::Size, false),
    ("slower", Axis::Size, false),
    ("weaker", Axis::Size, false),
    ("below", Axis::Size, false),
    ("gain", Axis::Size, true),
    ("enhanc", Axis::Size, true),
    ("suppress", Axis::Size, false),
    ("better", Axis::Quality, true),
    ("best", Axis::Quality, true),
    ("improv", Axis::Quality, true),
    ("superior", Axis::Quality, true),
    ("benefi", Axis::Quality, true),
    ("effective", Axis::Quality, true),
    ("efficac", Axis::Quality, true),
    ("safe", Axis::Quality, true),
    ("favour", Axis::Quality, true),
    ("favor", Axis::Quality, true),
    ("feasible", Axis::Quality, true),
    ("worse", Axis::Quality, false),
    ("worst", Axis::Quality, false),
    ("inferior", Axis::Quality, false),
    ("noninferior", Axis::Quality, true),
    ("harm", Axis::Quality, false),
    ("ineffective", Axis::Quality, false),
    ("unsafe", Axis::Quality, false),
    ("unfavo", Axis::Quality, false),
    ("deteriorat", Axis::Quality, false),
    ("detriment", Axis::Quality, false),
    ("differ", Axis::Difference, true),
    ("similar", Axis::Difference, false),
    ("comparable", Axis::Difference, false),
    ("equivalen", Axis::Difference, false),
    ("equal", Axis::Difference, false),
    ("identical", Axis::Difference, false),
    ("same", Axis::Difference, false),
    ("unchanged", Axis::Difference, false),
    ("associat", Axis::Difference, true),
    ("affect", Axis::Difference, true),
    ("influenc", Axis::Difference, true),
    ("impact", Axis::Difference, true),
    ("prevent", Axis::Size, false),
    ("protect", Axis::Quality, true),
    ("significan", Axis::Significance, true),
    ("nonsignifican", Axis::Significance, false),
    ("insignifican", Axis::Significance, false),
    ("positive", Axis::Sign, true),
    ("negative", Axis::Sign, false),
    ("likely", Axis::Chance, true),
    ("unlikely", Axis::Chance, false),
    ("before", Axis::Order, false),
    ("after", Axis::Order, true),
    ("earlier", Axis::Order, false),
    ("later", Axis::Order, true),
    ("high", Axis::Level, true),
    ("low", Axis::Level, false),
    ("long", Axis::Level, true),
];

/// Words that turn what follows round.
const NEGATORS: [&str; 18] = [
    "no", "not", "never", "neither", "nor", "without", "cannot", "lack", "lacked", "fail", "failed", "fails",
    "absence", "non", "didnt", "doesnt", "wasnt", "werent",
];

/// A negator reaches this many tokens, unless a clause ends before.
const REACH: usize = 6;

/// By how much a contradicting place must be more alike than any that agrees.
const MARGIN: f64 = 0.07;

/// A sentence that is this much another's is a copy.
const COPIED: f64 = 0.85;

/// A word of direction in a text.
pub(super) struct Direction {
    pub(super) token: usize,
    pub(super) axis: Axis,
    /// Which way it points, negation counted.
    pub(super) up: bool,
    pub(super) negated: bool,
}

/// The place of the source that contradicts, if it is at least this much `alike` and more like the summary's than all that agree.
pub(super) fn find_rival(
    direction: &Direction,
    summary: &[Token],
    known: &[Direction],
    source: &[Token],
    alike: f64,
) -> Option<usize> {
    let (mut agrees, mut contradicts) = (0.0_f64, (0.0_f64, None));
    for other in known.iter().filter(|other| other.axis == direction.axis) {
        let near = compare_places(summary, direction.token, source, other.token);
        let about = compare_sentences(summary, direction.token, source, other.token);
        let likeness = 0.6 * near + 0.4 * about;
        if other.up == direction.up {
            agrees = agrees.max(likeness);
        } else if likeness > contradicts.0 {
            contradicts = (likeness, Some(other.token));
        }
    }
    (contradicts.0 >= alike && contradicts.0 >= agrees + MARGIN).then_some(contradicts.1).flatten()
}

pub(super) fn read_directions(tokens: &[Token]) -> Vec<Direction> {
    let mut directions = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
        let Some((axis, up)) = direction_of(&token.text) else { continue };
        if is_bound(tokens, at) {
            continue;
        }
        let negated = is_negated(tokens, at);
        directions.push(Direction { token: at, axis, up: up != negated, negated });
    }
    directions
}

/// Whether a token is a word of direction or of negation.
pub(super) fn is_direction(token: &Token) -> bool {
    token.kind == Kind::Word
        && (direction_of(&token.text).is_some() || NEGATORS.contains(&token.text.as_str()))
}

fn direction_of(word: &str) -> Option<(Axis, bool)> {
    match word {
        // "lowered" is less, "highly" is neither high nor low, "falls" happen to people
        "highly" | "falls" | "lesson" | "lessons" | "almost" | "mostly" | "moreover" | "reducible"
        | "shortly" | "safety" => None,
        "high" | "low" | "long" => {
            DIRECTIONS.iter().find(|(start, ..)| *start == word).map(|(_, axis, up)| (*axis, *up))
        }
        "short" => Some((Axis::Level, false)),
        "effect" | "alter" | "alters" | "altered" | "predict" | "predicts" | "predicted" => {
            Some((Axis::Difference, true))
        }
        _ => DIRECTIONS
            .iter()
            .find(|(start, axis, _)| *axis != Axis::Level && word.starts_with(start))
            .map(|(_, axis, up)| (*axis, *up)),
    }
}

/// "more than 100", "less than 5%", "at least": bounds of a figure, no direction.
fn is_bound(tokens: &[Token], at: usize) -> bool {
    let after = |steps: usize| tokens.get(at + steps);
    let figure = |token: Option<&Token>| token.is_some_and(|token| token.is_number() || token.is("one"));
    after(1).is_some_and(|token| token.is("than")) && figure(after(2))
        || at > 0 && tokens[at - 1].is("at") && matches!(tokens[at].text.as_str(), "least" | "most")
}

fn is_negated(tokens: &[Token], at: usize) -> bool {
    let sentence = tokens[at].sentence;
    let clause =
        tokens[..at].iter().rev().take(REACH).take_while(|token| token.sentence == sentence).take_while(
            |token| {
                !matches!(
                    token.text.as_str(),
                    "," | ";" | ":" | "but" | "whereas" | "while" | "although" | "however"
                )
            },
        );
    clause.filter(|token| NEGATORS.contains(&token.text.as_str())).count() % 2 == 1
}

/// Marks for sentences copied but for a "not" more or less, whatever the word it turns round.
pub(super) fn check_negations(source: &[Token], summary: &[Token], pairs: &[Pair]) -> Vec<Found> {
    let negators = |tokens: &[Token], span: &Range<usize>| -> Vec<usize> {
        span.clone().filter(|at| NEGATORS.contains(&tokens[*at].text.as_str())).collect()
    };
    pairs
        .iter()
        .filter(|pair| pair.likeness >= COPIED)
        .filter_map(|pair| {
            let (ours, theirs) = (negators(summary, &pair.summary), negators(source, &pair.source));
            if ours.len() % 2 == theirs.len() % 2 {
                return None;
            }
            let at = match (ours.first(), theirs.first()) {
                (Some(at), None) => *at,
                (_, Some(there)) => find_same_place(summary, pair, source, *there),
                (None, None) => return None,
            };
            let reason = "the abstract's sentence is negated otherwise".to_owned();
            Some(Found { kind: MarkKind::Direction, tokens: (at, at), reason })
        })
        .collect()
}

/// The token of the summary's sentence that stands where `there` stands in the source's.
fn find_same_place(summary: &[Token], pair: &Pair, source: &[Token], there: usize) -> usize {
    let likeness = |at: &usize| compare_places(source, there, summary, *at);
    let best = pair.summary.clone().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.unwrap_or(pair.summary.start)
}

pub(super) fn phrase(tokens: &[Token], at: usize) -> String {
    let sentence = tokens[at].sentence;
    let words: Vec<&str> = tokens[at.saturating_sub(3)..(at + 4).min(tokens.len())]
        .iter()
        .filter(|token| token.sentence == sentence)
        .map(|token| token.text.as_str())
        .collect();
    words.join(" ")
}
