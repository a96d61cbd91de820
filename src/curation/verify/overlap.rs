//! How much of a summary stands word for word in the abstract: abstracts can be copyrighted, and an editor should know.

use std::collections::HashSet;

/// Words beyond this many are not compared: an abstract has a few hundred.
const MAX_WORDS: usize = 4_000;

/// What a summary shares with an abstract, case and punctuation apart.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Overlap {
    /// Words in the longest run that stands in both.
    pub longest_run_words: usize,
    /// Which share (0 to 1) of the summary's runs of five words stands in the abstract; 0 where it has fewer than five.
    pub shared_five_word_share: f64,
}

/// Compares a summary with the abstract that it is about.
pub fn overlap(abstract_text: &str, summary: &str) -> Overlap {
    let (source, words) = (words_of(abstract_text), words_of(summary));
    let runs: HashSet<&[String]> = source.windows(5).collect();
    let all = words.windows(5).count();
    let shared = words.windows(5).filter(|run| runs.contains(run)).count();
    Overlap {
        longest_run_words: longest_run(&source, &words),
        shared_five_word_share: if all == 0 { 0.0 } else { shared as f64 / all as f64 },
    }
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MAX_WORDS)
        .map(str::to_lowercase)
        .collect()
}

/// The longest common run, row by row: `ends[i]` is the length of the run that ends with `source[i]` and the word at hand.
fn longest_run(source: &[String], words: &[String]) -> usize {
    let mut ends = vec![0_usize; source.len() + 1];
    let mut longest = 0;
    for word in words {
        for at in (1..=source.len()).rev() {
            ends[at] = if source[at - 1] == *word { ends[at - 1] + 1 } else { 0 };
            longest = longest.max(ends[at]);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_sentence_is_seen_and_an_own_one_is_not() {
        let source = "Survival was higher with early ECPR than with standard care (29% vs 14%).";
        let copied = overlap(source, "We read: survival was higher with early ECPR than standard.");
        assert_eq!(copied.longest_run_words, 7);
        assert!(copied.shared_five_word_share > 0.3);
        assert_eq!(overlap(source, "More patients lived.").longest_run_words, 0);
        assert_eq!(overlap("", ""), Overlap::default());
    }
}
