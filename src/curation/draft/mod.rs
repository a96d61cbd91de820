//! Drafts: the abstract's own sentences (what it asked, what it found, what it means), each tied to its place.
//!
//! A draft is raw material for an editor, not a summary: it invents nothing, rewrites nothing and joins nothing.
//! Invariant: every sentence is a stretch of the abstract's plain text, and its offsets say which.

use std::ops::Range;

use crate::curation::sentences::split_sentences;
use crate::domain::entry::{AbstractSection, abstract_plain};
use crate::domain::summary::{Draft, DraftSentence, SentenceRole};
use crate::domain::text::RichText;

pub mod chain;
mod choose;
pub mod features;
mod fit;
mod labels;
pub mod roles;

use roles::{Model, Part, Parts, Scores};

/// A sentence of an abstract: where it is (bytes), what it may be, what it is, and how surely.
#[derive(Debug, Clone)]
struct Sentence<'a> {
    text: &'a str,
    span: Range<usize>,
    allowed: Parts,
    part: Part,
    likely: Scores,
}

/// A draft from a title and an abstract in sections; `None` without an abstract. Offsets count code points of
/// [`abstract_plain`]`(sections)`.
pub fn draft(title: &RichText, sections: &[AbstractSection]) -> Option<Draft> {
    let plain = abstract_plain(sections);
    let sentences = read_sections(&plain, sections);
    build_draft(&title.to_plain(), &plain, &sentences)
}

/// The same from an abstract in one piece; labels in its text ("METHODS: …") are read. Offsets count code points of
/// `abstract_text`.
pub fn draft_plain(title: &str, abstract_text: &str) -> Option<Draft> {
    draft_plain_by(Model::shipped(), title, abstract_text)
}

/// [`draft_plain`] by other weights than the shipped ones, to measure them.
pub fn draft_plain_by(model: &Model, title: &str, abstract_text: &str) -> Option<Draft> {
    let sentences = read_text(model, abstract_text);
    build_draft(title, abstract_text, &sentences)
}

/// The other sentences that say what was found, those about the primary outcome first: which result to quote is
/// the editor's choice, one tap away.
pub fn alternatives(title: &RichText, sections: &[AbstractSection]) -> Vec<DraftSentence> {
    let plain = abstract_plain(sections);
    let sentences = read_sections(&plain, sections);
    list_alternatives(&title.to_plain(), &plain, &sentences)
}

/// [`alternatives`] for an abstract in one piece.
pub fn alternatives_plain(title: &str, abstract_text: &str) -> Vec<DraftSentence> {
    let sentences = read_text(Model::shipped(), abstract_text);
    list_alternatives(title, abstract_text, &sentences)
}

fn build_draft(title: &str, plain: &str, sentences: &[Sentence<'_>]) -> Option<Draft> {
    let chosen = choose::choose_sentences(title, sentences);
    (!chosen.is_empty()).then(|| Draft { sentences: locate(plain, sentences, &chosen) })
}

fn list_alternatives(title: &str, plain: &str, sentences: &[Sentence<'_>]) -> Vec<DraftSentence> {
    let chosen = choose::choose_sentences(title, sentences);
    let others: Vec<(usize, Part)> = choose::rank_results(title, sentences)
        .into_iter()
        .filter(|index| chosen.iter().all(|(taken, _)| taken != index))
        .map(|index| (index, Part::Result))
        .collect();
    locate(plain, sentences, &others)
}

/// The sentences of an abstract in sections, with their parts. `plain` is `abstract_plain(sections)`.
fn read_sections<'a>(plain: &'a str, sections: &[AbstractSection]) -> Vec<Sentence<'a>> {
    if let [AbstractSection { label: None, .. }] = sections {
        return read_text(Model::shipped(), plain);
    }
    let mut sentences = Vec::new();
    let mut end = 0;
    for (number, section) in sections.iter().enumerate() {
        let printed = abstract_plain(std::slice::from_ref(section));
        let label = section.label.as_ref().map_or(0, |label| label.len() + ": ".len());
        let start = end + if number > 0 { "\n\n".len() } else { 0 };
        end = start + printed.len();
        let allowed = labels::parts_of(section.category.as_deref(), section.label.as_deref());
        push_sentences(plain, start + label.min(printed.len())..end, allowed, &mut sentences);
    }
    roles::assign_parts(Model::shipped(), &mut sentences);
    sentences
}

/// The sentences of an abstract in one piece, with their parts.
fn read_text<'a>(model: &Model, text: &'a str) -> Vec<Sentence<'a>> {
    let mut sentences = Vec::new();
    for (span, allowed) in labels::split_at_labels(text) {
        push_sentences(text, span, allowed, &mut sentences);
    }
    roles::assign_parts(model, &mut sentences);
    sentences
}

fn push_sentences<'a>(text: &'a str, span: Range<usize>, allowed: Parts, sentences: &mut Vec<Sentence<'a>>) {
    for inner in split_sentences(&text[span.clone()]) {
        let span = span.start + inner.start..span.start + inner.end;
        sentences.push(Sentence {
            text: &text[span.clone()],
            span,
            allowed,
            part: Part::Other,
            likely: Scores::default(),
        });
    }
}

/// The sentences of an abstract in one piece (byte ranges) and what the classifier calls them, to measure it.
pub fn read_parts(model: &Model, abstract_text: &str) -> Vec<(Range<usize>, Part)> {
    read_text(model, abstract_text).into_iter().map(|sentence| (sentence.span, sentence.part)).collect()
}

/// What the sentences under a printed label may be, to train the classifier.
pub fn label_parts(label: &str) -> Parts {
    labels::parts_of_label(label)
}

/// The chosen sentences with their offsets in code points, in the order of `chosen`.
fn locate(plain: &str, sentences: &[Sentence<'_>], chosen: &[(usize, Part)]) -> Vec<DraftSentence> {
    chosen
        .iter()
        .filter_map(|(index, part)| Some((sentences.get(*index)?, part.role()?)))
        .map(|(sentence, role)| {
            let start = plain[..sentence.span.start].chars().count();
            let source = (start, start + sentence.text.chars().count());
            DraftSentence { text: sentence.text.to_owned(), role, source }
        })
        .collect()
}

impl Part {
    /// The role that a draft states; `None` for what is not the study's story (registration, funding).
    fn role(self) -> Option<SentenceRole> {
        Some(match self {
            Self::Background => SentenceRole::Background,
            Self::Objective => SentenceRole::Objective,
            Self::Methods => SentenceRole::Methods,
            Self::Result => SentenceRole::Result,
            Self::Conclusion => SentenceRole::Conclusion,
            Self::Other => return None,
        })
    }
}
