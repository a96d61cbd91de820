//! A source: where we look for news of the literature, and how often.

use serde::{Deserialize, Serialize};

use super::identity::Nct;

/// A source as `sources.toml` defines it. What happens to it at run time (next time, validators, pause) is the store's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The key in commands and logs: lower case letters, digits and hyphens, 1–64.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where and what to ask.
    pub kind: SourceKind,
    /// A five-field crontab line; `None` is `worker.schedule`.
    pub schedule: Option<String>,
    /// Topics that its articles are likely about.
    pub topics: Vec<String>,
    /// Whether the configuration wants it fetched. (Pausing from the desk is the store's.)
    pub enabled: bool,
}

/// Where and what to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceKind {
    /// A search in PubMed through E-utilities.
    Pubmed {
        /// In PubMed's own syntax.
        query: String,
    },
    /// A feed in any of the usual formats, PubMed's RSS among them.
    Feed {
        /// http or https.
        url: String,
    },
    /// A search in Europe PMC: PubMed, preprints and more.
    Europepmc {
        /// In Europe PMC's own syntax.
        query: String,
    },
    /// Trials registered in ClinicalTrials.gov: those that fit both terms, or the listed ones.
    Trials {
        /// In the registry's syntax; empty for any.
        condition: String,
        /// The same.
        intervention: String,
        /// These and no others; then the terms are empty.
        nct: Vec<Nct>,
    },
    /// Postings of a preprint server, filtered here, because its API cannot search.
    Preprints {
        /// Which server.
        server: PreprintServer,
        /// See [`super::words::WordQuery`].
        query: String,
    },
    /// What publishers register at Crossref for journals.
    Crossref {
        /// `1234-567X`, any of a journal's.
        issn: Vec<String>,
    },
}

impl SourceKind {
    /// The stored word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pubmed { .. } => "pubmed",
            Self::Feed { .. } => "feed",
            Self::Europepmc { .. } => "europepmc",
            Self::Trials { .. } => "trials",
            Self::Preprints { .. } => "preprints",
            Self::Crossref { .. } => "crossref",
        }
    }
}

/// A preprint server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreprintServer {
    /// Medicine.
    Medrxiv,
    /// Biology.
    Biorxiv,
}

impl PreprintServer {
    /// The word in configuration and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Medrxiv => "medrxiv",
            Self::Biorxiv => "biorxiv",
        }
    }

    /// The server for its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Medrxiv, Self::Biorxiv].into_iter().find(|server| server.as_str() == word)
    }

    /// Its name as it writes it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Medrxiv => "medRxiv",
            Self::Biorxiv => "bioRxiv",
        }
    }
}

/// A topic of the society's scheme, as `topics.toml` defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// The key in addresses and feeds: `ecpr`.
    pub name: String,
    /// For people: "ECPR and cardiac arrest".
    pub title: String,
    /// What its words say of a work's relevance.
    #[serde(default)]
    pub scope: TopicScope,
    /// Words and phrases that suggest it, in title or abstract, matched at word boundaries without regard to case.
    #[serde(default)]
    pub words: Vec<String>,
    /// MeSH descriptors that suggest it.
    #[serde(default)]
    pub mesh: Vec<String>,
    /// PubMed publication types that suggest it.
    #[serde(default)]
    pub publication_types: Vec<String>,
}

/// What a topic's words say of a work's relevance to the society.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TopicScope {
    /// One of the society's own: its words lift a work.
    #[default]
    Own,
    /// An aspect of works on other topics (an age group, an outcome, a complication): it sorts news, and says little of
    /// relevance by itself.
    Aspect,
    /// The field as a whole: its words lift a work, but it is no topic to sort by and appears nowhere.
    Field,
}

/// HTTP validators of a source's last answer, byte for byte as received, to be sent with the next request
/// (RFC 9110 8.8). At most 1 KiB each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// For `If-None-Match`.
    pub etag: Option<String>,
    /// For `If-Modified-Since`, opaque.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
