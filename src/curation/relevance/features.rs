//! What of a work the ranking learns from: its words, pairs of words, and facts, hashed into buckets.
//!
//! The title counts five times. A work's [`Features`] do not depend on any other work or on the catalogue, so they are
//! computed once and kept ([`Features::to_bytes`]); [`FEATURES_VERSION`] says by which recipe. Beside the buckets
//! stand the words that a reason may cite, since a bucket cannot be turned back into a word.

use std::fmt::Write as _;

use crate::curation::document::Document;
use crate::curation::topics::study_type;
use crate::curation::words::each_word;
use crate::domain::entry::WorkKind;

/// The recipe; features of another version must be computed anew.
pub const FEATURES_VERSION: u8 = 2;

/// Words and pairs share this many buckets.
pub(super) const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 17;

const TITLE_COUNTS: usize = 5;

/// What is learnt from, about 1.2 KB for an abstract of 250 words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// Ascending, no bucket twice. Three bytes each, not four: a hundred thousand works are kept in memory.
    terms: Box<[Term]>,
    /// What reasons may cite: the title, then a line for each fact or frequent word of the abstract, with its
    /// [`Cited`] letter in front.
    cited: Box<str>,
}

/// A bucket (17 bits) and how often it stands there (7 bits, 127 for more), in three bytes, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term([u8; 3]);

const COUNT_BITS: u32 = 24 - BUCKET_BITS;
const MOST_COUNTED: u32 = (1 << COUNT_BITS) - 1;

impl Term {
    fn new(bucket: u32, count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(MOST_COUNTED).min(MOST_COUNTED);
        let [a, b, c, _] = (bucket << COUNT_BITS | count).to_le_bytes();
        Self([a, b, c])
    }

    fn read(self) -> (usize, u8) {
        let [a, b, c] = self.0;
        let packed = u32::from_le_bytes([a, b, c, 0]);
        ((packed >> COUNT_BITS) as usize, (packed & MOST_COUNTED) as u8)
    }
}

/// Stored features that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFeatures {
    /// Computed by another recipe.
    #[error("features are of version {0}, not {FEATURES_VERSION}")]
    Version(u8),
    /// Not bytes that [`Features::to_bytes`] gave.
    #[error("stored features are damaged")]
    Damaged,
}

/// What sort of thing a reason cites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cited {
    /// A word or pair of the title.
    Title,
    /// A word or pair that the abstract repeats.
    Abstract,
    /// The journal.
    Journal,
    /// The study type or another fact in words.
    Fact,
    /// A MeSH descriptor.
    Mesh,
    /// A topic of the source.
    Topic,
}

impl Cited {
    const ALL: [(Self, char); 6] = [
        (Self::Title, 't'),
        (Self::Abstract, 'a'),
        (Self::Journal, 'j'),
        (Self::Fact, 'f'),
        (Self::Mesh, 'm'),
        (Self::Topic, 's'),
    ];

    fn letter(self) -> char {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or('f', |(_, letter)| *letter)
    }
}

/// Computes what can be learnt from a work.
pub fn features(doc: &Document) -> Features {
    let mut gathered = Gathered::default();
    let title = doc.title.to_plain();
    gathered.text(&title, TITLE_COUNTS);
    gathered.cite(Cited::Title, &title);
    let from = gathered.buckets.len();
    gathered.text(&doc.abstract_text, 1);
    gathered.cite_repeated(from, &doc.abstract_text);
    gathered.fact(Cited::Fact, study_type(doc).label());
    if !doc.has_abstract() {
        gathered.fact(Cited::Fact, "no abstract");
    }
    if doc.kind == WorkKind::Book {
        gathered.fact(Cited::Fact, "book");
    }
    if !doc.journal.is_empty() {
        gathered.fact(Cited::Journal, doc.journal);
    }
    for name in doc.mesh {
        gathered.fact(Cited::Mesh, name);
    }
    for name in doc.topics {
        gathered.fact(Cited::Topic, name);
    }
    gathered.finish()
}

/// A bucket and its word or pair for each that `text` holds, in order: single words as written, and pairs.
fn each_term<'t>(text: &'t str, mut each: impl FnMut(u32, &'t str)) {
    let mut before: Option<(u64, usize)> = None;
    each_word(text, |word, written| {
        if word.len() < 2 {
            return;
        }
        let hash = hash_word(singular(word));
        // both are slices of one text
        let start = written.as_ptr() as usize - text.as_ptr() as usize;
        each(bucket(hash), written);
        if let Some((former, from)) = before {
            each(bucket(former.rotate_left(23) ^ hash), &text[from..start + written.len()]);
        }
        before = Some((hash, start));
    });
}

/// English plurals, roughly: "studies" and "study", "rates" and "rate" meet; "loss", "virus", "analysis" stay.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'i']) => {
            stem.strip_suffix("ie").unwrap_or(stem)
        }
        _ => word.strip_suffix('y').filter(|stem| stem.len() > 3).unwrap_or(word),
    }
}

/// FNV-1a, 64 bits.
fn hash_word(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Spreads a hash over the buckets (the finaliser of SplitMix64).
fn bucket(hash: u64) -> u32 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash >> (64 - BUCKET_BITS)) as u32
}

fn fact_bucket(kind: Cited, text: &str) -> u32 {
    let hash = text.bytes().fold(hash_word("fact") ^ kind.letter() as u64, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    });
    bucket(hash)
}

#[derive(Default)]
struct Gathered {
    /// A bucket as often as it counts.
    buckets: Vec<u32>,
    cited: String,
}

impl Gathered {
    fn text(&mut self, text: &str, counts: usize) {
        each_term(text, |bucket, _| self.buckets.extend(std::iter::repeat_n(bucket, counts)));
    }

    fn fact(&mut self, kind: Cited, text: &str) {
        self.buckets.push(fact_bucket(kind, text));
        self.cite(kind, text);
    }

    fn cite(&mut self, kind: Cited, text: &str) {
        let line = text.replace('\n', " ");
        // cannot fail: a String takes everything
        let _ = writeln!(self.cited, "{}{line}", kind.letter());
    }

    /// Cites what the abstract says at least three times (words that carry meaning are repeated), each once.
    fn cite_repeated(&mut self, from: usize, text: &str) {
        let mut counted = self.buckets[from..].to_vec();
        counted.sort_unstable();
        let mut often: Vec<u32> = counted
            .chunk_by(|one, other| one == other)
            .filter(|run| run.len() >= 3)
            .map(|run| run[0])
            .collect();
        each_term(text, |bucket, written| {
            if let Ok(at) = often.binary_search(&bucket) {
                often.remove(at);
                if !is_common(written) {
                    let line = written.replace('\n', " ");
                    let _ = writeln!(self.cited, "{}{line}", Cited::Abstract.letter());
                }
            }
        });
    }

    fn finish(mut self) -> Features {
        self.buckets.sort_unstable();
        let terms = self
            .buckets
            .chunk_by(|one, other| one == other)
            .map(|run| Term::new(run[0], run.len()))
            .collect();
        Features { terms, cited: self.cited.into() }
    }
}

/// Words that mean nothing to an editor as a reason, and pairs across a stop.
fn is_common(phrase: &str) -> bool {
    const COMMON: &str = " a an and are as at be been between both but by can compared could did do does during each \
        for from group groups had has have however in into is it its may more most no nor not of on one or our p \
        patient patients results study than that the their there these they this those to two used using versus vs \
        was we were when whether which while who with within without would ci conclusion conclusions methods \
        background objective aim after before all also among been 95 ";
    phrase.contains(['.', ',', ';', ':', '?', '!', '(', ')', '[', ']', '\n'])
        || phrase
            .split(|character: char| !character.is_alphanumeric())
            .any(|word| word.len() < 2 || COMMON.contains(&format!(" {} ", word.to_lowercase())))
}

impl Features {
    /// Bucket and count of each term, ascending by bucket.
    pub(super) fn terms(&self) -> impl Iterator<Item = (usize, u8)> + '_ {
        self.terms.iter().map(|term| term.read())
    }

    /// How many different terms there are.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is nothing to learn from.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Everything that a reason may cite with its bucket; the longer phrase after the words it is made of.
    pub(super) fn each_cited<'f>(&'f self, mut each: impl FnMut(Cited, usize, &'f str)) {
        for line in self.cited.lines() {
            let mut characters = line.chars();
            let letter = characters.next();
            let text = characters.as_str();
            let Some((kind, _)) = Cited::ALL.iter().find(|(_, known)| Some(*known) == letter) else {
                continue;
            };
            match kind {
                Cited::Title => each_term(text, |bucket, written| {
                    if !is_common(written) {
                        each(*kind, bucket as usize, written);
                    }
                }),
                // a line is one word or one pair: its last term
                Cited::Abstract => {
                    let mut last = None;
                    each_term(text, |bucket, _| last = Some(bucket));
                    if let Some(bucket) = last {
                        each(*kind, bucket as usize, text);
                    }
                }
                _ => each(*kind, fact_bucket(*kind, text) as usize, text),
            }
        }
    }

    /// For keeping: the version, the number of terms, the terms (all little-endian), then what reasons may cite.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(5 + 3 * self.terms.len() + self.cited.len());
        bytes.push(FEATURES_VERSION);
        bytes.extend((self.terms.len() as u32).to_le_bytes());
        bytes.extend(self.terms.iter().flat_map(|term| term.0));
        bytes.extend(self.cited.as_bytes());
        bytes
    }

    /// Reads what [`Features::to_bytes`] gave.
    ///
    /// # Errors
    /// [`BadFeatures`] for another version or damaged bytes; compute the features anew then.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFeatures> {
        let (&version, rest) = bytes.split_first().ok_or(BadFeatures::Damaged)?;
        if version != FEATURES_VERSION {
            return Err(BadFeatures::Version(version));
        }
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(BadFeatures::Damaged)?;
        let length = (u32::from_le_bytes(*count) as usize).checked_mul(3).ok_or(BadFeatures::Damaged)?;
        let (terms, cited) = rest.split_at_checked(length).ok_or(BadFeatures::Damaged)?;
        let terms: Box<[Term]> = terms.as_chunks::<3>().0.iter().map(|term| Term(*term)).collect();
        // every bucket of 17 bits is one
        let sound = terms.is_sorted_by(|one, other| one.read().0 < other.read().0);
        let cited = std::str::from_utf8(cited).map_err(|_| BadFeatures::Damaged)?;
        if sound { Ok(Self { terms, cited: cited.into() }) } else { Err(BadFeatures::Damaged) }
    }
}
