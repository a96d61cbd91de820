//! Which sentences a draft quotes: the question, the key result, the conclusion.

use super::Sentence;
use super::roles::Part;
use crate::domain::summary::{MAX_WORDS, count_words};

/// Indices of the sentences of the draft, in reading order: empty only where there is no sentence to quote.
pub(super) fn choose_sentences(title: &str, sentences: &[Sentence<'_>]) -> Vec<usize> {
    let conclusion: Vec<usize> = with_part(sentences, Part::Conclusion).collect();
    let objective =
        with_part(sentences, Part::Objective).last().or(with_part(sentences, Part::Background).last());
    let result = rank_results(title, sentences).first().copied();
    let mut chosen: Vec<usize> = objective.into_iter().chain(result).chain(conclusion).collect();
    if chosen.is_empty() {
        let mut words = 0;
        chosen = (0..sentences.len())
            .take_while(|index| {
                words += count_words(sentences[*index].text);
                *index == 0 || words <= MAX_WORDS
            })
            .collect();
    }
    chosen.sort_unstable();
    chosen
}

/// Indices of the sentences that say what was found, the one to quote first.
pub(super) fn rank_results(_title: &str, sentences: &[Sentence<'_>]) -> Vec<usize> {
    with_part(sentences, Part::Result).collect()
}

fn with_part<'a>(sentences: &'a [Sentence<'_>], part: Part) -> impl Iterator<Item = usize> + 'a {
    sentences.iter().enumerate().filter(move |(_, sentence)| sentence.part == part).map(|(index, _)| index)
}
