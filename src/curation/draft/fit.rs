//! Fitting a draft into the words that a summary may have: a shorter sentence for the question, or another result.
//!
//! Whole sentences only; every part stays, and all of the authors' conclusion (a third of drafts are too long, most because
//! of it; leaving out its last sentences would make 0.05 of them unlike what the authors concluded, ROUGE-L). Where nothing
//! fits, the draft stays as it was, and the editor shortens it.

use super::Sentence;
use super::choose::rank_results_scored;
use super::roles::Part;
use crate::domain::summary::{MAX_WORDS, count_words};

/// Another result may be quoted if its score is at most this much lower than the key result's …
const CLOSE_RESULT: f64 = 0.4;
/// … and another question if it is at least this likely to be one.
const SURE_QUESTION: f64 = 0.8;
/// What it costs to quote another question, or only the background; scores of results are about 1.
const OTHER_QUESTION: f64 = 0.1;
const BACKGROUND_ONLY: f64 = 0.3;
/// Options looked at for a part.
const OPTIONS: usize = 4;
/// A way to say a part: a sentence, its words, and what is lost.
#[derive(Clone, Copy)]
struct Way {
    index: Option<usize>,
    words: usize,
    loss: f64,
}

/// The chosen sentences, or others for the same parts that fit, with the least lost.
pub(super) fn fit_words(
    title: &str,
    sentences: &[Sentence<'_>],
    chosen: Vec<(usize, Part)>,
) -> Vec<(usize, Part)> {
    let words = |index: usize| count_words(sentences[index].text);
    if chosen.iter().map(|(index, _)| words(*index)).sum::<usize>() <= MAX_WORDS {
        return chosen;
    }
    let first =
        |parts: &[Part]| chosen.iter().find(|(_, part)| parts.contains(part)).map(|(index, _)| *index);
    let conclusions: Vec<usize> =
        chosen.iter().filter(|(_, part)| *part == Part::Conclusion).map(|(index, _)| *index).collect();
    let is_free = |index: &usize| !conclusions.contains(index);
    let asks = |index: &usize| {
        let Sentence { part, likely, .. } = &sentences[*index];
        let sure = likely[Part::Objective as usize] + likely[Part::Background as usize] >= SURE_QUESTION;
        sure && matches!(part, Part::Objective | Part::Background)
    };
    let questions = (0..sentences.len()).filter(is_free).filter(asks).map(|index| {
        let loss = if sentences[index].part == Part::Objective { OTHER_QUESTION } else { BACKGROUND_ONLY };
        (index, loss)
    });
    let question_ways = ways_of_one(first(&[Part::Objective, Part::Background]), words, questions);
    let ranked = rank_results_scored(title, sentences);
    let best = ranked.first().map_or(0.0, |(_, score)| *score);
    let results = ranked.into_iter().map(|(index, score)| (index, best - score));
    let close = results.filter(|(index, loss)| is_free(index) && *loss <= CLOSE_RESULT);
    let result_ways = ways_of_one(first(&[Part::Result]), words, close);
    let concluding: usize = conclusions.iter().map(|index| words(*index)).sum();
    let mut least: Option<(f64, &Way, &Way)> = None;
    for question in &question_ways {
        for result in result_ways.iter().filter(|result| result.index != question.index) {
            let loss = question.loss + result.loss;
            let fits = question.words + result.words + concluding <= MAX_WORDS;
            if fits && least.is_none_or(|(known, ..)| loss < known) {
                least = Some((loss, question, result));
            }
        }
    }
    let Some((_, question, result)) = least else { return chosen };
    let asked = question.index.map(|index| match sentences[index].part {
        Part::Background => (index, Part::Background),
        _ => (index, Part::Objective),
    });
    let concluded = conclusions.iter().map(|index| (*index, Part::Conclusion));
    let mut fitted: Vec<(usize, Part)> =
        asked.into_iter().chain(result.index.map(|index| (index, Part::Result))).chain(concluded).collect();
    fitted.sort_unstable_by_key(|(index, _)| *index);
    fitted
}

/// The sentence taken, or one of the others in its place.
fn ways_of_one(
    taken: Option<usize>,
    words: impl Fn(usize) -> usize,
    others: impl Iterator<Item = (usize, f64)>,
) -> Vec<Way> {
    let now = Way { index: taken, words: taken.map_or(0, &words), loss: 0.0 };
    let mut ways = vec![now];
    let shorter = others.filter(|(index, _)| words(*index) < now.words).take(OPTIONS);
    ways.extend(shorter.map(|(index, loss)| Way { index: Some(index), words: words(index), loss }));
    ways
}
