//! What each sentence of an abstract does, from its words and its place.

use super::Sentence;

/// What a sentence does in an abstract; `Other` is registration, funding and the like, never drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Background,
    Objective,
    Methods,
    Result,
    Conclusion,
    Other,
}

impl Part {
    /// All, in the order of a usual abstract.
    pub const ALL: [Self; 6] =
        [Self::Background, Self::Objective, Self::Methods, Self::Result, Self::Conclusion, Self::Other];
}

/// A set of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts(u8);

impl Parts {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(0b11_1111);

    pub(super) fn of(parts: &[Part]) -> Self {
        Self(parts.iter().fold(0, |set, part| set | 1 << *part as u8))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, part: Part) -> bool {
        self.0 & 1 << part as u8 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }
}

/// Says what each sentence is, within what its label allows.
pub(super) fn assign_parts(sentences: &mut [Sentence<'_>]) {
    let count = sentences.len();
    for (index, sentence) in sentences.iter_mut().enumerate() {
        let guess = match index {
            0 => Part::Objective,
            _ if index + 2 >= count => Part::Conclusion,
            _ => Part::Result,
        };
        sentence.part = if sentence.allowed.has(guess) {
            guess
        } else {
            Part::ALL.into_iter().find(|part| sentence.allowed.has(*part)).unwrap_or(Part::Other)
        };
    }
}
