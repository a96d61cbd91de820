//! Where the words that speak for a work stand in its text, so that an editor's eye finds them: the topics' words, the
//! terms of learnt reasons, the words of a search.

use super::topics::TopicRules;
use super::words::{each_word, fold_text};

/// Words to find beside those of the topics.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Folded, with one space between words.
    phrases: Vec<String>,
    /// Folded beginnings of words.
    beginnings: Vec<String>,
}

impl Terms {
    /// The terms that learnt reasons quote (“cannulation”: you published …), and the words of a search.
    pub fn new(reasons: &[String], search: &str) -> Self {
        let quoted = reasons.iter().filter_map(|reason| Some(reason.split_once('“')?.1.split_once('”')?.0));
        let mut beginnings = Vec::new();
        each_word(search, |word, _| {
            if word.chars().count() > 2 {
                beginnings.push(word.to_owned());
            }
        });
        Self { phrases: quoted.map(fold_text).filter(|phrase| phrase.len() > 2).collect(), beginnings }
    }
}

/// The places of all terms in a text, as start and end in code points; in order, apart from each other.
pub fn find_places(rules: &TopicRules, terms: &Terms, text: &str) -> Vec<(usize, usize)> {
    // the folded text, and for each word in it where it stands there and in the text
    let mut folded = String::from(" ");
    let mut words: Vec<(usize, usize, usize)> = Vec::new();
    let mut beginning: Vec<usize> = Vec::new();
    each_word(text, |word, written| {
        let start = written.as_ptr() as usize - text.as_ptr() as usize;
        if terms.beginnings.iter().any(|found| word.starts_with(found.as_str())) {
            beginning.push(words.len());
        }
        words.push((folded.len(), start, start + written.len()));
        folded.push_str(word);
        folded.push(' ');
    });
    let mut marked = vec![false; words.len()];
    for word in beginning {
        marked[word] = true;
    }
    let mut mark = |from: usize, to: usize| {
        let first = words.partition_point(|(at, ..)| *at < from);
        let last = words.partition_point(|(at, ..)| *at < to);
        marked[first.min(last)..last].fill(true);
    };
    rules.each_word_in(&folded, |from, to| mark(from + 1, to));
    for phrase in &terms.phrases {
        for (from, found) in folded.match_indices(phrase.as_str()) {
            mark(from + 1, from + found.len() - 1);
        }
    }
    join(text, &words, &marked)
}

/// Whether nothing but spaces and hyphens stands between two words.
fn is_gap(between: &str) -> bool {
    between.chars().all(|character| character.is_whitespace() || matches!(character, '-' | '‐' | '‑'))
}

/// Neighbouring words become one place; bytes become code points.
fn join(text: &str, words: &[(usize, usize, usize)], marked: &[bool]) -> Vec<(usize, usize)> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut last = None;
    for (index, (_, start, end)) in words.iter().enumerate().filter(|(index, _)| marked[*index]) {
        match places.last_mut() {
            Some(place) if last.is_some_and(|last| last + 1 == index) && is_gap(&text[place.1..*start]) => {
                place.1 = *end;
            }
            _ => places.push((*start, *end)),
        }
        last = Some(index);
    }
    let (mut byte, mut point) = (0, 0);
    let mut to_point = |to: usize| {
        point += text[byte..to].chars().count();
        byte = to;
        point
    };
    places.into_iter().map(|(start, end)| (to_point(start), to_point(end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::{Topic, TopicScope};
    use proptest::prelude::*;

    fn rules() -> TopicRules {
        let topic = Topic {
            name: "ecpr".into(),
            title: "ECPR".into(),
            scope: TopicScope::Own,
            words: vec!["ECPR".into(), "cardiac arrest".into(), "haemolysis".into()],
            mesh: Vec::new(),
            publication_types: Vec::new(),
        };
        TopicRules::compile(&[topic]).unwrap()
    }

    fn found(reasons: &[&str], search: &str, text: &str) -> Vec<String> {
        let reasons: Vec<String> = reasons.iter().map(|&reason| reason.to_owned()).collect();
        let places = find_places(&rules(), &Terms::new(&reasons, search), text);
        let cut = |(start, end): (usize, usize)| text.chars().skip(start).take(end - start).collect();
        places.into_iter().map(cut).collect()
    }

    #[test]
    fn words_are_found_as_they_are_written_whatever_their_spelling() {
        let text = "É ECPR for refractory cardiac  arrests: hemolysis, cannulation and cannulae.";
        assert_eq!(found(&[], "", text), ["ECPR", "cardiac  arrests", "hemolysis"]);
        assert_eq!(
            found(&["“refractory”: you published 2 of 3"], "", text)[1],
            "refractory cardiac  arrests"
        );
        assert_eq!(found(&[], "cannul x", text)[3..], ["cannulation", "cannulae"]);
        assert_eq!(found(&["“”: odd", "plain"], "", "nothing of it"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_places_are_in_order(text in "(ECPR|cardiac arrest|é|\u{301}|veno-| |\\PC){0,30}", search in "\\PC{0,12}") {
            let length = text.chars().count();
            let mut last = 0;
            for (start, end) in find_places(&rules(), &Terms::new(&[], &search), &text) {
                prop_assert!(last <= start && start < end && end <= length);
                last = end;
            }
        }
    }
}
