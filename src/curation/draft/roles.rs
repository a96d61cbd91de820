//! What each sentence of an abstract does, from its words and its place: a linear-chain model (a conditional random
//! field) over six parts. The weights are data, `sentence_roles.tsv`; its head says how they were made and what they
//! measured. Where a label allows one part only, the words are not asked.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Sentence;
use super::chain::Chain;
use super::features::{Place, find_places, read_features};

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

/// The number of parts.
pub const PARTS: usize = 6;

/// A weight for each part.
pub type Scores = [f64; PARTS];

impl Part {
    /// All, in the order of a usual abstract.
    pub const ALL: [Self; PARTS] =
        [Self::Background, Self::Objective, Self::Methods, Self::Result, Self::Conclusion, Self::Other];
}

/// A set of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts(u8);

impl Parts {
    /// No part.
    pub const NONE: Self = Self(0);
    /// Every part.
    pub const ALL: Self = Self(0b11_1111);

    /// The set of these.
    pub fn of(parts: &[Part]) -> Self {
        Self(parts.iter().fold(0, |set, part| set | 1 << *part as u8))
    }

    /// Both sets together.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set holds the part.
    pub fn has(self, part: Part) -> bool {
        self.0 & 1 << part as u8 != 0
    }

    /// Whether it holds none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many it holds.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }
}

/// The weights: of features, and of the chain.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    features: HashMap<u64, Scores>,
    /// What follows what.
    pub chain: Chain,
}

/// The shipped weights. Lines that cannot be read are passed over; a test holds that there are none.
static SHIPPED: LazyLock<Model> = LazyLock::new(|| Model::read(include_str!("sentence_roles.tsv")));

impl Model {
    /// The weights that come with the program.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a data file: comments (`#!`), then a feature's name and six weights in hundredths a line, by tabs. The
    /// names `>begins`, `>ends` and `>after 0` … `>after 5` are the chain's.
    pub fn read(tsv: &str) -> Self {
        let mut model = Self::default();
        for line in tsv.lines().filter(|line| !line.starts_with("#!")) {
            if let Some((name, scores)) = read_line(line) {
                model.insert(name, scores);
            }
        }
        model
    }

    /// Sets the weights of a feature by its name.
    pub fn insert(&mut self, name: &str, scores: Scores) {
        match name {
            ">begins" => self.chain.begins = scores,
            ">ends" => self.chain.ends = scores,
            _ => match name.strip_prefix(">after ").and_then(|part| part.parse::<usize>().ok()) {
                Some(part) if part < PARTS => self.chain.follows[part] = scores,
                _ => {
                    let (first, second) = name.split_once(' ').unwrap_or((name, ""));
                    self.features.insert(key_of(first, second), scores);
                }
            },
        }
    }

    /// How many features it knows.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// What the words and the place of a sentence say, before its neighbours are asked.
    fn score(&self, sentence: &str, place: Place) -> Scores {
        let mut scores = Scores::default();
        read_features(sentence, place, |first, second| {
            if let Some(weights) = self.features.get(&key_of(first, second)) {
                for (score, weight) in scores.iter_mut().zip(weights) {
                    *score += weight;
                }
            }
        });
        scores
    }
}

/// Says what each sentence is, and how surely it is each part, within what its label allows.
pub(super) fn assign_parts(model: &Model, sentences: &mut [Sentence<'_>]) {
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text).collect();
    let allowed: Vec<Parts> = sentences.iter().map(|sentence| sentence.allowed).collect();
    let scores: Vec<Scores> = sentences
        .iter()
        .zip(find_places(&texts))
        .map(|(sentence, place)| match sentence.allowed.len() {
            1 => Scores::default(),
            _ => model.score(sentence.text, place),
        })
        .collect();
    for (sentence, likely) in sentences.iter_mut().zip(model.chain.expect(&scores, &allowed).parts) {
        sentence.part = Part::ALL[argmax(&likely)];
        sentence.likely = likely;
    }
}

/// A stable key for a feature's two tokens (FNV-1a, 64 bits; the tab cannot stand in a token).
fn key_of(first: &str, second: &str) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = first.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step);
    second.as_bytes().iter().fold(step(hash, &b'\t'), step)
}

fn argmax(scores: &Scores) -> usize {
    (1..PARTS).fold(0, |best, part| if scores[part] > scores[best] { part } else { best })
}

fn read_line(line: &str) -> Option<(&str, Scores)> {
    let mut fields = line.split('\t');
    let name = fields.next()?;
    let mut scores = Scores::default();
    for score in &mut scores {
        *score = fields.next()?.parse::<f64>().ok()? / 100.0;
    }
    (!name.is_empty() && fields.next().is_none()).then_some((name, scores))
}
