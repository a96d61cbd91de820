//! What the rules say of a work at first sight: topics, rank and design, from one reading of its words.

use super::document::{Document, Folded};
use super::relevance::weigh_signs;
use super::topics::{StudyType, TopicMatch, TopicRules, name_topics, read_design, type_by};
use crate::domain::article::Relevance;

/// Everything that the rules say.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstLook {
    /// As [`suggest_topics`](super::topics::suggest_topics).
    pub topics: Vec<TopicMatch>,
    /// As [`prior`](super::relevance::prior).
    pub relevance: Relevance,
    /// As [`study_type`](super::topics::study_type).
    pub study: StudyType,
}

/// Looks at a work that just arrived.
pub fn first_look(rules: &TopicRules, doc: &Document) -> FirstLook {
    let folded = Folded::of(doc);
    let signs = rules.find_signs(doc, &folded);
    let design = read_design(doc, &folded);
    let relevance = weigh_signs(rules, doc, &signs, design);
    FirstLook { topics: name_topics(signs), relevance, study: type_by(doc, || design) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curation::relevance::prior;
    use crate::curation::topics::{study_type, suggest_topics};
    use crate::domain::source::{Topic, TopicScope};
    use crate::domain::text::RichText;

    #[test]
    fn one_reading_says_what_the_single_ones_say() {
        let ecpr = Topic {
            name: "ecpr".to_owned(),
            title: "ECPR".to_owned(),
            scope: TopicScope::Own,
            words: vec!["ECPR".to_owned()],
            mesh: Vec::new(),
            publication_types: Vec::new(),
        };
        let rules = TopicRules::compile(&[ecpr]).unwrap();
        let title = RichText::parse("Early ECPR: a randomised trial");
        let doc = Document::from_text(&title, "Twelve piglets were randomised to ECPR or none.");
        let look = first_look(&rules, &doc);
        assert_eq!(look.topics, suggest_topics(&rules, &doc));
        assert_eq!(look.relevance, prior(&rules, &doc));
        assert_eq!(look.study, study_type(&doc));
        assert_eq!((look.topics.len(), look.study), (1, StudyType::Rct));
    }
}
