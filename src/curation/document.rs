//! What is judged: a borrowed view over an article, an entry or a labelled record.

use std::borrow::Cow;

use super::words::fold_text;
use crate::domain::article::Article;
use crate::domain::entry::{Entry, WorkKind, abstract_plain};
use crate::domain::text::RichText;

/// A work as judgement sees it. Empty lists and texts mean "not said".
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// As the record has it, not as an editor changed it.
    pub title: &'a RichText,
    /// The abstract as plain text; empty where there is none.
    pub abstract_text: Cow<'a, str>,
    /// The journal's full name.
    pub journal: &'a str,
    /// PubMed publication types.
    pub publication_types: &'a [String],
    /// MeSH descriptors.
    pub mesh: &'a [String],
    /// Authors' keywords and a feed's categories.
    pub keywords: &'a [String],
    /// Names of the topics that the sources which showed it are about.
    pub topics: &'a [String],
    /// The sort of work.
    pub kind: WorkKind,
}

impl<'a> Document<'a> {
    /// A work of which only title and abstract are known.
    pub fn from_text(title: &'a RichText, abstract_text: &'a str) -> Self {
        Self {
            title,
            abstract_text: Cow::Borrowed(abstract_text),
            journal: "",
            publication_types: &[],
            mesh: &[],
            keywords: &[],
            topics: &[],
            kind: WorkKind::Article,
        }
    }

    /// A stored article; `topics` are the names of the topics that its sources are about.
    pub fn from_article(article: &'a Article, topics: &'a [String]) -> Self {
        Self {
            title: &article.title,
            abstract_text: Cow::Owned(abstract_plain(&article.abstract_sections)),
            journal: &article.journal.title,
            publication_types: &article.publication_types,
            mesh: &article.mesh,
            keywords: &[],
            topics,
            kind: article.kind,
        }
    }

    /// What a source showed; `topics` are the names of the topics that the source is about.
    pub fn from_entry(entry: &'a Entry, topics: &'a [String]) -> Self {
        Self {
            title: &entry.title,
            abstract_text: Cow::Owned(entry.abstract_plain()),
            journal: &entry.journal.title,
            publication_types: &entry.publication_types,
            mesh: &entry.mesh,
            keywords: &entry.keywords,
            topics,
            kind: entry.kind,
        }
    }

    /// Whether there is an abstract to judge by.
    pub fn has_abstract(&self) -> bool {
        self.abstract_text.contains(char::is_alphanumeric)
    }

    /// Whether the record carries this publication type or MeSH descriptor, without regard to case.
    pub(super) fn is_marked(list: &[String], name: &str) -> bool {
        list.iter().any(|entry| entry.eq_ignore_ascii_case(name))
    }
}

/// A work's title and abstract, folded once for all the rules that look for phrases in them.
pub(super) struct Folded {
    pub(super) title: String,
    pub(super) abstract_text: String,
}

impl Folded {
    pub(super) fn of(doc: &Document) -> Self {
        Self { title: fold_text(&doc.title.to_plain()), abstract_text: fold_text(&doc.abstract_text) }
    }
}
