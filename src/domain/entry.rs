//! An entry: one work as one source showed it, cleaned but not yet compared with anything we know.

use serde::{Deserialize, Serialize};

use super::identity::{Identifiers, Nct};
use super::relation::RelatedWork;
use super::text::RichText;
use super::time::{PartialDate, UnixMs};
use super::trial::TrialFacts;

/// What sort of work this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// A journal's paper, letter or editorial.
    #[default]
    Article,
    /// Not peer reviewed yet.
    Preprint,
    /// A registration of a trial.
    Trial,
    /// A book or a chapter (`PubmedBookArticle`).
    Book,
}

impl WorkKind {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Preprint => "preprint",
            Self::Trial => "trial",
            Self::Book => "book",
        }
    }

    /// The kind for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Article, Self::Preprint, Self::Trial, Self::Book]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A person or a group that signs a work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Author {
    /// A person. Where a source gives one undivided name that cannot be split, it stands in `family`.
    Person {
        /// "van der Berg", with particles.
        family: String,
        /// Given names or initials, as printed; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        given: String,
    },
    /// "ELSO Registry Investigators".
    Collective {
        /// The group's name.
        collective: String,
    },
}

impl Author {
    /// "Given Family", or the group's name.
    pub fn display(&self) -> String {
        match self {
            Self::Person { family, given } if given.is_empty() => family.clone(),
            Self::Person { family, given } => format!("{given} {family}"),
            Self::Collective { collective } => collective.clone(),
        }
    }

    /// "Family, Given" for citation formats, or the group's name.
    pub fn inverted(&self) -> String {
        match self {
            Self::Person { family, given } if given.is_empty() => family.clone(),
            Self::Person { family, given } => format!("{family}, {given}"),
            Self::Collective { collective } => collective.clone(),
        }
    }
}

/// Where a work appeared. Empty texts mean "not said".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journal {
    /// Full name: "Perfusion".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// ISO abbreviation: "Ann Thorac Surg".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub abbreviation: String,
    /// Any ISSN, `1234-567X`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issn: String,
    /// Volume.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub volume: String,
    /// Issue.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issue: String,
    /// "123-130", "123-30" or an article number, as printed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pages: String,
}

/// A section of an abstract. An unstructured abstract is one section without a label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AbstractSection {
    /// As printed: "METHODS AND RESULTS".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// NLM's category: BACKGROUND, OBJECTIVE, METHODS, RESULTS, CONCLUSIONS (UNASSIGNED is `None`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The section's text.
    pub text: RichText,
}

/// One work as one source showed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// The sort of work.
    pub kind: WorkKind,
    /// What identifies it.
    pub ids: Identifiers,
    /// The source's own key for it (a feed's guid), at most 512 bytes; empty where it has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_key: String,
    /// The title; where a record has only a vernacular one, that.
    pub title: RichText,
    /// The canonical http(s) address, tracking parameters removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The abstract in sections; empty where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abstract_sections: Vec<AbstractSection>,
    /// In printed order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Author>,
    /// Where it appeared.
    pub journal: Journal,
    /// When the work appeared, as precisely as the source knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_on: Option<PartialDate>,
    /// When the source says it first showed the work (RSS `pubDate`, PubMed's entrez date); never in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_at: Option<UnixMs>,
    /// ISO 639-2 as PubMed writes it ("eng"), or ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// PubMed publication types, or the nearest a source says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publication_types: Vec<String>,
    /// MeSH descriptors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mesh: Vec<String>,
    /// Authors' keywords and a feed's categories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Trials that the work reports (DataBankList, or the words of the abstract).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Nct>,
    /// What the record says of other works: retractions, errata, preprint ↔ paper.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedWork>,
    /// Of a registration, how the trial goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<TrialFacts>,
    /// Where the whole text can be read for nothing (http or https), if the source says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_full_text: Option<String>,
    /// Whether this is a complete record (E-utilities, a record file) or only a sighting that should be completed.
    pub complete: bool,
}

impl Entry {
    /// The abstract as plain text, one section a paragraph, labels in front.
    pub fn abstract_plain(&self) -> String {
        abstract_plain(&self.abstract_sections)
    }
}

/// See [`Entry::abstract_plain`].
pub fn abstract_plain(sections: &[AbstractSection]) -> String {
    let paragraphs: Vec<String> = sections
        .iter()
        .map(|section| match &section.label {
            Some(label) => format!("{label}: {}", section.text),
            None => section.text.to_plain(),
        })
        .collect();
    paragraphs.join("\n\n")
}

/// Something in the input that could not be used, and where; the rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// "entry 3", "record 17 (PMID 123)", "line 20", "byte 5120", "document".
    pub place: String,
    /// What is wrong, in a sentence for the operator.
    pub what: String,
    /// The offending bytes as text, at most 200 characters, for the source's page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub excerpt: String,
}

impl Problem {
    /// A problem without an excerpt.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), excerpt: String::new() }
    }

    /// The same with the bytes at fault, cut to 200 characters and made printable.
    pub fn with_excerpt(mut self, bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(1024)];
        self.excerpt = String::from_utf8_lossy(head)
            .chars()
            .take(200)
            .map(|character| if super::text::is_printable(character) { character } else { '·' })
            .collect();
        self
    }
}

/// What a body held: one bad entry never loses the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parsed {
    /// "RSS 2.0", "Atom 1.0", "PubMed XML", … for people.
    pub format: String,
    /// The feed's own title, if any.
    pub title: Option<String>,
    /// In the order of the document.
    pub entries: Vec<Entry>,
    /// Records the file says are deleted (`DeleteCitation`).
    pub deleted: Vec<super::identity::Pmid>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// The feed's wish for the next fetch in minutes (RSS `ttl`, `sy:updatePeriod`), unclamped.
    pub ttl_minutes: Option<u64>,
}
