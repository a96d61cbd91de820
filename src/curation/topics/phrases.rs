//! Finding many phrases in folded text in one pass.

use aho_corasick::{AhoCorasick, BuildError, MatchKind};

use crate::curation::words::fold_text;

/// A list of phrases, ready to be found at word boundaries without regard to case and British or American spelling.
/// A plural "s" after a phrase is allowed: "oxygenator" finds "oxygenators". The default finds nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Phrases {
    automaton: Option<AhoCorasick>,
}

impl Phrases {
    /// Compiles phrases; each keeps its index. Phrases without letters and digits match nothing.
    ///
    /// # Errors
    /// When the list is larger than the automaton can be (2³¹ states).
    pub(super) fn compile<'p>(phrases: impl IntoIterator<Item = &'p str>) -> Result<Self, BuildError> {
        let patterns = phrases.into_iter().map(|phrase| {
            let folded = fold_text(phrase);
            // a pattern that cannot stand in folded text keeps the indexes in step
            if folded == " " { "  ".to_owned() } else { folded.trim_end().to_owned() }
        });
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns)?;
        Ok(Self { automaton: Some(automaton) })
    }

    /// Calls `found` with the index of each phrase in `folded` (see [`fold_text`]), as often as it occurs.
    pub(super) fn each_in(&self, folded: &str, mut found: impl FnMut(usize)) {
        self.each_place_in(folded, |index, _, _| found(index));
    }

    /// The same with the first and last byte of each; the first is the space before it.
    pub(super) fn each_place_in(&self, folded: &str, mut found: impl FnMut(usize, usize, usize)) {
        let Some(automaton) = &self.automaton else { return };
        for hit in automaton.find_overlapping_iter(folded) {
            let after = &folded[hit.end()..];
            if after.starts_with(' ') || after.starts_with("s ") {
                found(hit.pattern().as_usize(), hit.start(), hit.end());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_at_word_boundaries_in_any_spelling() {
        let phrases = Phrases::compile(["ECMO", "haemolysis", "cardiac arrest", "", "arrest"]).unwrap();
        let find = |text: &str| {
            let mut hits = Vec::new();
            phrases.each_in(&fold_text(text), |index| hits.push(index));
            hits
        };
        assert_eq!(find("VA-ECMO: Hemolysis after Cardiac  Arrests"), [0, 1, 2, 4]);
        assert_eq!(find("ecmology, cardiac arrested, prearrest"), Vec::<usize>::new());
        assert_eq!(find(""), Vec::<usize>::new());
    }
}
