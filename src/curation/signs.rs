//! A list of short texts, all looked for in one pass: which of them a text holds, letter by letter.

use aho_corasick::AhoCorasick;

/// At most 64 signs.
pub(super) struct Signs {
    signs: &'static [&'static str],
    automaton: Option<AhoCorasick>,
}

impl Signs {
    /// Prepares the search.
    pub(super) fn new(signs: &'static [&'static str]) -> Self {
        Self { signs, automaton: AhoCorasick::new(signs).ok() }
    }

    /// Whether the text holds any of them.
    pub(super) fn any_in(&self, text: &str) -> bool {
        match &self.automaton {
            Some(automaton) => automaton.is_match(text),
            None => self.signs.iter().any(|sign| text.contains(sign)),
        }
    }

    /// Which of them the text holds: a bit for each, the first one lowest.
    pub(super) fn all_in(&self, text: &str) -> u64 {
        let bit = |at: usize| 1_u64.checked_shl(at as u32).unwrap_or_default();
        match &self.automaton {
            Some(automaton) => automaton
                .find_overlapping_iter(text)
                .fold(0, |held, found| held | bit(found.pattern().as_usize())),
            None => self
                .signs
                .iter()
                .enumerate()
                .filter(|(_, sign)| text.contains(**sign))
                .fold(0, |held, (at, _)| held | bit(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_found_also_within_each_other() {
        let signs = Signs::new(&["p <", " than ", "versus", " vs", "ersus"]);
        assert_eq!(signs.all_in("more versus less, p < 0.05"), 0b10101);
        assert_eq!(signs.all_in("nothing"), 0);
        assert!(signs.any_in("less than more") && !signs.any_in("thank you"));
        let plain = Signs { automaton: None, ..signs };
        assert_eq!(plain.all_in("more versus less, p < 0.05"), 0b10101);
        assert!(plain.any_in("less than more") && !plain.any_in("thank you"));
    }
}
