//! Topics and study types by rules: words, MeSH and publication types suggest, the editor's word is last.
//!
//! The catalogue is compiled once into [`TopicRules`]. A title word, a keyword, a MeSH descriptor or a publication
//! type is enough to suggest a topic; words in the abstract alone are enough only when there are two of them, because
//! an abstract names in passing what it is not about. Nothing here is learnt.

mod cues;
mod phrases;
mod study;

use crate::curation::document::{Document, Folded};
use crate::curation::words::fold_text;
use crate::domain::source::{Topic, TopicScope};
use phrases::Phrases;

pub use study::{StudyType, study_design, study_type};
pub(super) use study::{read_design, type_by};

/// The catalogue of topics, compiled.
#[derive(Debug, Clone, Default)]
pub struct TopicRules {
    topics: Vec<Topic>,
    words: Phrases,
    /// For each compiled phrase: topic and word in `topics`.
    word_of: Vec<(usize, usize)>,
}

/// The catalogue holds more words than can be compiled.
#[derive(Debug, thiserror::Error)]
#[error("the {words} words of the {topics} topics cannot be compiled into one search")]
pub struct TooManyWords {
    topics: usize,
    words: usize,
    source: aho_corasick::BuildError,
}

/// A topic that the rules suggest, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicMatch {
    /// The topic's key.
    pub name: String,
    /// In plain words, strongest first: "ECPR in the title", "MeSH Heart Arrest".
    pub evidence: Vec<String>,
}

/// How often each word of one topic stands in a document, and its other marks.
#[derive(Debug, Clone)]
pub(super) struct TopicSigns<'r> {
    /// The topic.
    pub(super) topic: &'r Topic,
    /// Words in the title.
    pub(super) in_title: Vec<&'r str>,
    /// Words among the keywords.
    pub(super) in_keywords: Vec<&'r str>,
    /// Words in the abstract with their counts, most frequent first.
    pub(super) in_abstract: Vec<(&'r str, usize)>,
    /// Descriptors.
    pub(super) mesh: Vec<&'r str>,
    /// Publication types.
    pub(super) publication_types: Vec<&'r str>,
}

impl TopicRules {
    /// Compiles a catalogue.
    ///
    /// # Errors
    /// [`TooManyWords`], far beyond any catalogue a person wrote.
    pub fn compile(topics: &[Topic]) -> Result<Self, TooManyWords> {
        let word_of: Vec<(usize, usize)> = topics
            .iter()
            .enumerate()
            .flat_map(|(topic, rules)| (0..rules.words.len()).map(move |word| (topic, word)))
            .collect();
        let words =
            Phrases::compile(word_of.iter().map(|(topic, word)| topics[*topic].words[*word].as_str()))
                .map_err(|source| TooManyWords { topics: topics.len(), words: word_of.len(), source })?;
        Ok(Self { topics: topics.to_vec(), words, word_of })
    }

    /// The catalogue.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// For people: the title of a topic, or the key itself where the catalogue does not know it.
    pub fn title_of<'n>(&'n self, name: &'n str) -> &'n str {
        self.topics.iter().find(|topic| topic.name == name).map_or(name, |topic| topic.title.as_str())
    }

    /// Every sign of every topic, in the catalogue's order.
    pub(super) fn find_signs(&self, doc: &Document, folded: &Folded) -> Vec<TopicSigns<'_>> {
        let in_title = self.count_words(&folded.title);
        let in_keywords = self.count_words(&fold_text(&doc.keywords.join(" | ")));
        let in_abstract = self.count_words(&folded.abstract_text);
        let mut signs: Vec<TopicSigns<'_>> = self
            .topics
            .iter()
            .map(|topic| TopicSigns {
                topic,
                in_title: Vec::new(),
                in_keywords: Vec::new(),
                in_abstract: Vec::new(),
                mesh: marked(&topic.mesh, doc.mesh),
                publication_types: marked(&topic.publication_types, doc.publication_types),
            })
            .collect();
        for (index, (topic, word)) in self.word_of.iter().enumerate() {
            let text = self.topics[*topic].words[*word].as_str();
            let sign = &mut signs[*topic];
            if in_title[index] > 0 {
                sign.in_title.push(text);
            }
            if in_keywords[index] > 0 {
                sign.in_keywords.push(text);
            }
            if in_abstract[index] > 0 {
                sign.in_abstract.push((text, in_abstract[index]));
            }
        }
        for sign in &mut signs {
            sign.in_abstract.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        }
        signs
    }

    /// Calls `found` with the first and last byte of each topic's word in folded text; the first is the space before it.
    pub(super) fn each_word_in(&self, folded: &str, mut found: impl FnMut(usize, usize)) {
        self.words.each_place_in(folded, |_, from, to| found(from, to));
    }

    fn count_words(&self, folded: &str) -> Vec<usize> {
        let mut counts = vec![0; self.word_of.len()];
        self.words.each_in(folded, |index| counts[index] += 1);
        counts
    }
}

/// The rules' entries that the record carries.
fn marked<'r>(rules: &'r [String], carried: &[String]) -> Vec<&'r str> {
    rules.iter().filter(|name| Document::is_marked(carried, name)).map(String::as_str).collect()
}

impl TopicSigns<'_> {
    /// Whether the signs are enough to suggest the topic.
    pub(super) fn is_enough(&self) -> bool {
        let mentions: usize = self.in_abstract.iter().map(|(_, count)| count).sum();
        !self.in_title.is_empty()
            || !self.in_keywords.is_empty()
            || !self.mesh.is_empty()
            || !self.publication_types.is_empty()
            || mentions >= 2
    }

    fn strength(&self) -> usize {
        let mentions: usize = self.in_abstract.iter().map(|(_, count)| count).sum();
        4 * self.in_title.len() + 3 * self.mesh.len() + 2 * self.in_keywords.len() + mentions.min(4)
    }

    fn evidence(&self) -> Vec<String> {
        let mut evidence = Vec::new();
        evidence.extend(self.in_title.iter().map(|word| format!("{word} in the title")));
        evidence.extend(self.mesh.iter().map(|name| format!("MeSH {name}")));
        evidence.extend(self.publication_types.iter().map(|name| format!("publication type {name}")));
        evidence.extend(self.in_keywords.iter().map(|word| format!("{word} among the keywords")));
        evidence.extend(self.in_abstract.iter().filter(|(word, _)| !self.in_title.contains(word)).map(
            |(word, count)| match count {
                1 => format!("{word} in the abstract"),
                count => format!("{word} in the abstract ({count} times)"),
            },
        ));
        evidence
    }
}

/// The topics that the rules suggest, the best supported first (the catalogue's order among equals).
pub fn suggest_topics(catalog: &TopicRules, doc: &Document) -> Vec<TopicMatch> {
    name_topics(catalog.find_signs(doc, &Folded::of(doc)))
}

/// The topics that have signs enough.
pub(super) fn name_topics(mut signs: Vec<TopicSigns<'_>>) -> Vec<TopicMatch> {
    signs.retain(|sign| sign.topic.scope != TopicScope::Field && sign.is_enough());
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.strength()));
    signs
        .into_iter()
        .map(|sign| TopicMatch { name: sign.topic.name.clone(), evidence: sign.evidence() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::RichText;

    fn topic(name: &str, words: &[&str], mesh: &[&str]) -> Topic {
        let own = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect();
        Topic {
            scope: TopicScope::Own,
            name: name.to_owned(),
            title: name.to_uppercase(),
            words: own(words),
            mesh: own(mesh),
            publication_types: Vec::new(),
        }
    }

    #[test]
    fn one_mention_in_passing_suggests_nothing_but_two_do() {
        let rules =
            TopicRules::compile(&[topic("ecpr", &["ECPR", "cardiac arrest"], &["Heart Arrest"])]).unwrap();
        let title = RichText::from_plain("Cannulation in adults");
        let passing = Document::from_text(&title, "Patients after cardiac arrest were left out.");
        assert_eq!(suggest_topics(&rules, &passing), []);
        let about = Document::from_text(&title, "Cardiac arrest treated with ECPR; ECPR was early.");
        assert_eq!(
            suggest_topics(&rules, &about)[0].evidence,
            ["ECPR in the abstract (2 times)", "cardiac arrest in the abstract"]
        );
        let mesh = ["heart arrest".to_owned()];
        let indexed = Document { mesh: &mesh, ..passing };
        assert_eq!(suggest_topics(&rules, &indexed)[0].evidence[0], "MeSH Heart Arrest");
    }

    #[test]
    fn the_better_supported_topic_comes_first() {
        let rules = TopicRules::compile(&[
            topic("va", &["cardiogenic shock"], &[]),
            topic("children", &["paediatric", "neonate"], &[]),
        ])
        .unwrap();
        let title = RichText::from_plain("Pediatric support in neonates with cardiogenic shock");
        let names: Vec<String> = suggest_topics(&rules, &Document::from_text(&title, ""))
            .into_iter()
            .map(|suggested| suggested.name)
            .collect();
        assert_eq!(names, ["children", "va"]);
    }

    #[test]
    fn an_empty_catalogue_and_an_empty_work_suggest_nothing() {
        let title = RichText::from_plain("");
        let nothing = Document::from_text(&title, "");
        assert_eq!(suggest_topics(&TopicRules::default(), &nothing), []);
        assert_eq!(
            suggest_topics(&TopicRules::compile(&[topic("a", &["", "-"], &[])]).unwrap(), &nothing),
            []
        );
    }
}
