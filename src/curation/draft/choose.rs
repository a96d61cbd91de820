//! Which sentences a draft quotes: the question, the key result, the conclusion.

use super::Sentence;
use super::roles::{Part, Scores};
use crate::domain::summary::{MAX_WORDS, count_words};

/// Where the model calls no sentence a part, its best guess counts from this probability on.
const GUESS: f64 = 0.02;

/// The sentences of the draft by index, each as what it is quoted for, in reading order: empty only where there is no
/// sentence to quote.
pub(super) fn choose_sentences(title: &str, sentences: &[Sentence<'_>]) -> Vec<(usize, Part)> {
    let mut chosen: Vec<(usize, Part)> =
        with_part(sentences, Part::Conclusion).map(|index| (index, Part::Conclusion)).collect();
    if chosen.is_empty() {
        let guess = likeliest(sentences, |likely| likely[Part::Conclusion as usize]);
        chosen.extend(guess.map(|index| (index, Part::Conclusion)));
    }
    let result = rank_results(title, sentences).into_iter().find(|index| is_free(*index, &chosen));
    chosen.extend(result.map(|index| (index, Part::Result)));
    let asks = |likely: &Scores| likely[Part::Objective as usize] + 0.5 * likely[Part::Background as usize];
    let objective = likeliest(sentences, asks).filter(|index| is_free(*index, &chosen));
    chosen.extend(objective.map(|index| match sentences[index].part {
        Part::Background => (index, Part::Background),
        _ => (index, Part::Objective),
    }));
    if chosen.is_empty() {
        chosen = take_first_words(sentences);
    }
    chosen.sort_unstable_by_key(|(index, _)| *index);
    chosen
}

fn is_free(index: usize, chosen: &[(usize, Part)]) -> bool {
    chosen.iter().all(|(taken, _)| *taken != index)
}

/// Where no sentence is anything: as many from the front as a summary holds.
fn take_first_words(sentences: &[Sentence<'_>]) -> Vec<(usize, Part)> {
    let mut words = 0;
    let fits = |(_, sentence): &(usize, &Sentence<'_>)| {
        words += count_words(sentence.text);
        words <= MAX_WORDS
    };
    let mut first: Vec<(usize, Part)> =
        sentences.iter().enumerate().take_while(fits).map(|(index, _)| (index, Part::Background)).collect();
    if first.is_empty() && !sentences.is_empty() {
        first.push((0, Part::Background));
    }
    first
}

/// Indices of the sentences that say what was found, the one to quote first.
pub(super) fn rank_results(_title: &str, sentences: &[Sentence<'_>]) -> Vec<usize> {
    let mut ranked: Vec<usize> = with_part(sentences, Part::Result).collect();
    if ranked.is_empty() {
        ranked.extend(likeliest(sentences, |likely| likely[Part::Result as usize]));
    }
    ranked.sort_by(|a, b| {
        let sure = |index: &usize| sentences[*index].likely[Part::Result as usize];
        sure(b).total_cmp(&sure(a)).then(a.cmp(b))
    });
    ranked
}

fn likeliest(sentences: &[Sentence<'_>], how: impl Fn(&Scores) -> f64) -> Option<usize> {
    let best = (0..sentences.len())
        .max_by(|a, b| how(&sentences[*a].likely).total_cmp(&how(&sentences[*b].likely)))?;
    (how(&sentences[best].likely) >= GUESS).then_some(best)
}

fn with_part<'a>(sentences: &'a [Sentence<'_>], part: Part) -> impl Iterator<Item = usize> + 'a {
    sentences.iter().enumerate().filter(move |(_, sentence)| sentence.part == part).map(|(index, _)| index)
}
