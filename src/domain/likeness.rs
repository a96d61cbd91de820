//! Whether two works look like one: a suggestion with its evidence for an editor, never a verdict.
//!
//! Identifiers decide what is one work (see `store::matching`). Where they do not, title, first author and year may
//! suggest it. A suggestion that is wrong costs an editor's attention, and one that is followed blindly a false merge:
//! so identifiers that differ, notices, parts, numbers and other volumes speak against it, however alike the titles.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::article::Article;
use super::doi_owner::is_notice;
use super::entry::{Author, Entry, Journal, WorkKind};
use super::identity::Identifiers;
use super::text::RichText;
use super::time::PartialDate;
use super::version::is_preprint;

/// A title of fewer words ("Editorial", "Reply to the authors") says nothing by itself.
const TELLING_WORDS: usize = 4;
/// Words at a title's beginning or end by which near titles find each other.
const EDGE_WORDS: usize = 5;

/// How two works may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairSort {
    /// The same work twice.
    Same,
    /// A preprint and the paper it became.
    Version,
}

impl PairSort {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Version => "version",
        }
    }

    /// The sort for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Same, Self::Version].into_iter().find(|sort| sort.as_str() == word)
    }
}

/// One thing that speaks for (or, said honestly, against) two works being one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Evidence {
    /// A source gave identifiers of both for one work.
    SharedIdentifier {
        /// "DOI", "PMID" …
        kind: String,
        /// Its value.
        value: String,
    },
    /// Word for word, but for case, markup and punctuation.
    SameTitle,
    /// But for spelling or a subtitle.
    NearTitle,
    /// The family name.
    SameFirstAuthor {
        /// As one of them prints it.
        name: String,
    },
    /// One of them names no author.
    AuthorUnknown,
    /// Both say it.
    SameYear {
        /// It.
        year: i32,
    },
    /// Online in one year, in print in the next.
    NextYear,
    /// One of them has no date.
    YearUnknown,
    /// By name, abbreviation or ISSN.
    SameJournal,
    /// Both name one, and they do not match.
    OtherJournal,
}

impl Evidence {
    /// Whether it rests on identifiers rather than on looks.
    pub fn is_strong(&self) -> bool {
        matches!(self, Self::SharedIdentifier { .. })
    }
}

/// What of a work is compared.
#[derive(Debug, Clone, Copy)]
pub struct Looks<'a> {
    kind: WorkKind,
    ids: &'a Identifiers,
    title: &'a RichText,
    authors: &'a [Author],
    journal: &'a Journal,
    published_on: Option<&'a PartialDate>,
    publication_types: &'a [String],
}

impl<'a> From<&'a Article> for Looks<'a> {
    fn from(article: &'a Article) -> Self {
        Self {
            kind: article.kind,
            ids: &article.ids,
            title: &article.title,
            authors: &article.authors,
            journal: &article.journal,
            published_on: article.published_on.as_ref(),
            publication_types: &article.publication_types,
        }
    }
}

impl<'a> From<&'a Entry> for Looks<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            kind: entry.kind,
            ids: &entry.ids,
            title: &entry.title,
            authors: &entry.authors,
            journal: &entry.journal,
            published_on: entry.published_on.as_ref(),
            publication_types: &entry.publication_types,
        }
    }
}

/// The pair's sort and evidence, if the two look like one work.
pub fn compare(a: Looks<'_>, b: Looks<'_>) -> Option<(PairSort, Vec<Evidence>)> {
    let sort = match (is_preprint(a.kind, a.ids), is_preprint(b.kind, b.ids)) {
        (one, other) if one != other => PairSort::Version,
        _ => PairSort::Same,
    };
    let is_version = sort == PairSort::Version;
    let is_paper = |kind| matches!(kind, WorkKind::Article | WorkKind::Preprint);
    let of_one_kind = a.kind == b.kind || is_paper(a.kind) && is_paper(b.kind);
    if !of_one_kind
        || !is_version && a.ids.conflicts_with(b.ids)
        || is_notice(a.publication_types, a.title) != is_notice(b.publication_types, b.title)
        || !is_version && printed_elsewhere(a.journal, b.journal)
    {
        return None;
    }
    let title = compare_titles(a.title, b.title)?;
    let author = compare_authors(a.authors, b.authors, title == Evidence::SameTitle)?;
    let year = compare_years(a.published_on, b.published_on, is_version)?;
    let journal = (!is_version).then(|| compare_journals(a.journal, b.journal)).flatten();
    let unknown = [&author, &year]
        .iter()
        .filter(|evidence| matches!(evidence, Evidence::AuthorUnknown | Evidence::YearUnknown))
        .count();
    let telling = title_words(a.title).len() >= TELLING_WORDS;
    let same_journal = journal == Some(Evidence::SameJournal);
    let enough = match title {
        // "Editorial", twice in an issue by one author, is two works unless they stand on one page
        Evidence::SameTitle if !telling => unknown == 0 && same_journal && same_page(a.journal, b.journal),
        Evidence::SameTitle => unknown == 0 || unknown == 1 && journal != Some(Evidence::OtherJournal),
        _ => unknown == 0 && (same_journal || is_version || author_count_agrees(a.authors, b.authors)),
    };
    enough.then(|| (sort, [Some(title), Some(author), Some(year), journal].into_iter().flatten().collect()))
}

/// What alike works have in common as numbers to look up: the whole title; its beginning and its end, each with the
/// first author.
pub fn look_up_hashes(looks: Looks<'_>) -> Vec<i64> {
    let words = title_words(looks.title);
    let author = looks.authors.first().map(family_key).unwrap_or_default();
    let whole = words.join(" ");
    let mut hashes = Vec::with_capacity(3);
    if words.len() >= TELLING_WORDS {
        hashes.push(hash(&["title", &whole]));
    } else if !words.is_empty() && !author.is_empty() {
        hashes.push(hash(&["title", &whole, &author]));
    }
    if words.len() > EDGE_WORDS && !author.is_empty() {
        hashes.push(hash(&["head", &words[..EDGE_WORDS].join(" "), &author]));
        hashes.push(hash(&["tail", &words[words.len() - EDGE_WORDS..].join(" "), &author]));
    }
    hashes
}

/// The title's words, folded for comparing: case, accents, markup, punctuation and the spellings of two continents.
pub fn title_words(title: &RichText) -> Vec<String> {
    let plain = title.to_plain();
    let lower = if plain.is_ascii() {
        plain.to_ascii_lowercase()
    } else {
        plain.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
    };
    let marks = ["retracted article", "retracted", "withdrawn"];
    let lower = lower.trim_start_matches(['[', '(', ' ']);
    let unmarked = marks.iter().find_map(|mark| {
        let rest = lower.strip_prefix(mark)?;
        let parted = rest.trim_start().starts_with([']', ')', ':', '.', '-', '–', '—']);
        parted.then_some(rest)
    });
    let mut words: Vec<String> = Vec::new();
    for word in
        unmarked.unwrap_or(lower).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    {
        words.push(spell(word));
    }
    words
}

/// In one spelling; most words have only one.
fn spell(word: &str) -> String {
    let bytes = word.as_bytes();
    if bytes.contains(&b'z') || bytes.windows(2).any(|two| matches!(two, b"ae" | b"oe")) {
        word.replace("ae", "e").replace("oe", "e").replace('z', "s")
    } else {
        word.to_owned()
    }
}

fn compare_titles(a: &RichText, b: &RichText) -> Option<Evidence> {
    let (a, b) = (title_words(a), title_words(b));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    if a == b || a.concat() == b.concat() {
        return Some(Evidence::SameTitle);
    }
    if a.len().min(b.len()) < TELLING_WORDS {
        return None;
    }
    let (long, short) = if a.len() >= b.len() { (&a, &b) } else { (&b, &a) };
    // a subtitle that one source leaves out
    if short.len() > EDGE_WORDS
        && long.starts_with(short)
        && long[short.len()..].iter().all(|word| tells_nothing_else(word))
    {
        return Some(Evidence::NearTitle);
    }
    let unmatched = |from: &[String], in_other: &[String]| {
        let mut rest = in_other.to_vec();
        let mut left = Vec::new();
        for word in from {
            match rest.iter().position(|other| other == word) {
                Some(at) => drop(rest.swap_remove(at)),
                None => left.push(word.clone()),
            }
        }
        left
    };
    let (only_a, only_b) = (unmatched(&a, &b), unmatched(&b, &a));
    let misspelt = only_a.len() == only_b.len()
        && only_a.len() <= 1 + a.len() / 8
        && only_a.iter().zip(&only_b).all(|(a, b)| is_spelling(a, b));
    // an article or a hyphen more
    let filler = only_a.len() + only_b.len() <= 2
        && only_a
            .iter()
            .chain(&only_b)
            .all(|word| ["the", "a", "an", "of", "and", "in"].contains(&word.as_str()));
    let joined = a.concat() == b.concat();
    (misspelt || filler || joined).then_some(Evidence::NearTitle)
}

/// Two spellings of one word: long enough, without digits, and no more than a letter or two apart. "Hypo-" and "hyper-"
/// are a letter or two apart as well, and opposites.
fn is_spelling(a: &str, b: &str) -> bool {
    let long = a.chars().count().min(b.chars().count()) >= 5;
    let plain = |word: &str| word.chars().all(char::is_alphabetic);
    let opposite = ["hypo", "hyper", "inter", "intra", "pre", "post", "in", "un", "non"]
        .iter()
        .any(|beginning| a.starts_with(beginning) != b.starts_with(beginning));
    let apart = rapidfuzz::distance::damerau_levenshtein::distance(a.chars(), b.chars());
    long && plain(a) && plain(b) && !opposite && apart <= if a.len() >= 9 { 2 } else { 1 }
}

/// Whether a subtitle's word leaves the work the same one: a number, a part or an answer makes another of it.
fn tells_nothing_else(word: &str) -> bool {
    const OTHERS: [&str; 22] = [
        "part",
        "ii",
        "iii",
        "iv",
        "i",
        "v",
        "vi",
        "reply",
        "response",
        "comment",
        "commentary",
        "letter",
        "erratum",
        "correction",
        "retraction",
        "update",
        "protocol",
        "rationale",
        "supplement",
        "abstract",
        "followup",
        "editorial",
    ];
    !word.chars().any(|c| c.is_ascii_digit()) && !OTHERS.contains(&word)
}

fn compare_authors(a: &[Author], b: &[Author], same_title: bool) -> Option<Evidence> {
    let (Some(first_a), Some(first_b)) = (a.first(), b.first()) else { return Some(Evidence::AuthorUnknown) };
    let same = || Some(Evidence::SameFirstAuthor { name: first_a.display() });
    if family_key(first_a) == family_key(first_b) {
        return if initials_differ(first_a, first_b) { None } else { same() };
    }
    // given and family name swapped, or a group that one source leaves out
    let words = |author: &Author| title_words(&RichText::from_plain(&author.display()));
    let swapped = {
        let (mut one, mut other) = (words(first_a), words(first_b));
        one.sort_unstable();
        other.sort_unstable();
        one.len() > 1 && one == other
    };
    let group_left_out = a.iter().take(3).any(|author| family_key(author) == family_key(first_b))
        || b.iter().take(3).any(|author| family_key(author) == family_key(first_a));
    if swapped || same_title && group_left_out { same() } else { None }
}

/// The family name's last word, folded; "van der Berg" and "Berg" meet. Of a group, its whole name.
fn family_key(author: &Author) -> String {
    match author {
        Author::Person { family, given } => {
            let words = title_words(&RichText::from_plain(family));
            // an undivided "Fixture AB" stands in the family name
            let tail = words.iter().rev().find(|word| !given.is_empty() || word.chars().count() > 2);
            tail.or(words.last()).cloned().unwrap_or_default()
        }
        Author::Collective { collective } => title_words(&RichText::from_plain(collective)).concat(),
    }
}

fn initials_differ(a: &Author, b: &Author) -> bool {
    let initial = |author: &Author| match author {
        Author::Person { given, .. } => title_words(&RichText::from_plain(given)).first()?.chars().next(),
        Author::Collective { .. } => None,
    };
    matches!((initial(a), initial(b)), (Some(a), Some(b)) if a != b)
}

fn author_count_agrees(a: &[Author], b: &[Author]) -> bool {
    a.len() == b.len() && a.last().map(family_key) == b.last().map(family_key)
}

fn compare_years(a: Option<&PartialDate>, b: Option<&PartialDate>, is_version: bool) -> Option<Evidence> {
    let (Some(a), Some(b)) = (a, b) else { return Some(Evidence::YearUnknown) };
    let month = |on: &PartialDate| Some(on.year() * 12 + i32::try_from(on.month()?).ok()?);
    let months = month(a).zip(month(b)).map(|(a, b)| a.abs_diff(b));
    match a.year().abs_diff(b.year()) {
        0 => Some(Evidence::SameYear { year: a.year() }),
        // online in December, in print in March; a year apart to the month is the next yearly report
        1 if is_version || months.is_none_or(|months| months <= 8) => Some(Evidence::NextYear),
        // peer review takes its time
        2 | 3 if is_version => Some(Evidence::NextYear),
        _ => None,
    }
}

fn same_page(a: &Journal, b: &Journal) -> bool {
    !a.pages.is_empty() && first_page(a) == first_page(b)
}

fn first_page(journal: &Journal) -> String {
    journal.pages.split(['-', '–']).next().unwrap_or_default().trim().to_lowercase()
}

/// Both are in print, in different places: a yearly report, a series, a reply of the same authors.
fn printed_elsewhere(a: &Journal, b: &Journal) -> bool {
    let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    let (page_a, page_b) = (first_page(a), first_page(b));
    differ(&a.volume, &b.volume) || differ(&page_a, &page_b)
}

fn compare_journals(a: &Journal, b: &Journal) -> Option<Evidence> {
    let named = |journal: &Journal| !journal.title.is_empty() || !journal.abbreviation.is_empty();
    if !a.issn.is_empty() && a.issn == b.issn {
        return Some(Evidence::SameJournal);
    }
    if !named(a) || !named(b) {
        return None;
    }
    let names = |journal: &Journal| {
        [&journal.title, &journal.abbreviation].map(|name| {
            let mut words = title_words(&RichText::from_plain(name));
            words.retain(|word| !["the", "of", "and", "for", "in", "a"].contains(&word.as_str()));
            words
        })
    };
    let same = names(a).iter().any(|one| names(b).iter().any(|other| is_same_name(one, other)));
    Some(if same { Evidence::SameJournal } else { Evidence::OtherJournal })
}

/// "Ann Thorac Surg" and "The Annals of Thoracic Surgery".
fn is_same_name(a: &[String], b: &[String]) -> bool {
    !a.is_empty()
        && a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.starts_with(b.as_str()) || b.starts_with(a.as_str()))
}

/// FNV-1a: equal on every machine and in every version, since the hashes are stored.
fn hash(parts: &[&str]) -> i64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    i64::from_be_bytes(state.to_be_bytes())
}
