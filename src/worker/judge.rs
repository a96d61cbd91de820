//! One entry's judgement: topics and rank by rules, and a draft.

use crate::curation::document::Document;
use crate::curation::draft::draft;
use crate::curation::first_look::first_look;
use crate::curation::topics::TopicRules;
use crate::domain::entry::Entry;
use crate::store::Judgement;

/// Judges an entry that a source showed whose articles are likely about `source_topics`. Where the rules see no topic,
/// the source's stand.
pub fn judge(rules: &TopicRules, entry: &Entry, source_topics: &[String]) -> Judgement {
    let document = Document::from_entry(entry, source_topics);
    let look = first_look(rules, &document);
    let mut topics: Vec<String> = look.topics.into_iter().map(|suggested| suggested.name).collect();
    if topics.is_empty() {
        topics = source_topics.to_vec();
    }
    Judgement {
        relevance: look.relevance,
        topics,
        draft: draft(&entry.title, &entry.abstract_sections),
        study: look.study.as_str().to_owned(),
    }
}
