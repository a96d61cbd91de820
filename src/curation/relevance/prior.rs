//! The prior: what can be said of a work before any decision was made, from the configured topics and its design.
//!
//! Weights are on the scale of log odds and were set by hand, not fitted: a topic in the title outweighs any design, and
//! no design lifts a work that is on none of the topics above one that is.

use super::reason::Reason;
use crate::curation::document::Document;
use crate::curation::topics::{StudyType, TopicRules, TopicSigns, study_design};
use crate::domain::article::Relevance;
use crate::domain::entry::WorkKind;

/// How relevant a work is likely to be, with the reasons for and against. Zero is "cannot tell"; in practice
/// between -3 and 5.
pub fn prior(rules: &TopicRules, doc: &Document) -> Relevance {
    let mut reasons = Vec::new();
    let signs = rules.find_signs(doc);
    judge_topics(&signs, &mut reasons);
    judge_sources(rules, &signs, doc, &mut reasons);
    judge_design(doc, &mut reasons);
    if !doc.has_abstract() {
        reasons.push(Reason::new(-0.5, "no abstract"));
    }
    let score = reasons.iter().map(|reason| reason.weight).sum();
    Reason::sum_up(score, reasons)
}

fn judge_topics(signs: &[TopicSigns], reasons: &mut Vec<Reason>) {
    // what several topics share counts once
    let mut titled: Vec<&str> = Vec::new();
    let mut mentioned: Vec<(&str, usize)> = Vec::new();
    let mut indexed: Vec<&str> = Vec::new();
    for sign in signs {
        add_new(&mut titled, sign.in_title.iter().copied());
        add_new(&mut indexed, sign.mesh.iter().chain(&sign.publication_types).copied());
        for (word, count) in sign.in_abstract.iter().copied() {
            if !mentioned.iter().any(|(known, _)| known.eq_ignore_ascii_case(word)) {
                mentioned.push((word, count));
            }
        }
        for word in &sign.in_keywords {
            if !mentioned.iter().any(|(known, _)| known.eq_ignore_ascii_case(word)) {
                mentioned.push((word, 1));
            }
        }
    }
    mentioned.retain(|(word, _)| !titled.iter().any(|known| known.eq_ignore_ascii_case(word)));
    mentioned.sort_by_key(|(_, count)| std::cmp::Reverse(*count));

    for (at, word) in titled.iter().take(3).enumerate() {
        reasons.push(Reason::new([1.6, 0.6, 0.3][at], format!("{word} in the title")));
    }
    for (at, (word, count)) in mentioned.iter().take(2).enumerate() {
        let weight = [0.5, 0.2][at] * if *count > 1 { 1.5 } else { 1.0 };
        reasons.push(Reason::new(weight, format!("{word} in the abstract")));
    }
    for (at, name) in indexed.iter().take(2).enumerate() {
        reasons.push(Reason::new([0.6, 0.2][at], format!("indexed as {name}")));
    }
    if titled.is_empty() && mentioned.is_empty() && indexed.is_empty() && !signs.is_empty() {
        reasons.push(Reason::new(-1.5, "none of the topics' words"));
    }
}

fn add_new<'w>(known: &mut Vec<&'w str>, words: impl Iterator<Item = &'w str>) {
    for word in words {
        if !known.iter().any(|other| other.eq_ignore_ascii_case(word)) {
            known.push(word);
        }
    }
}

/// A source that is about a topic says something, and more where the work's own words agree.
fn judge_sources(rules: &TopicRules, signs: &[TopicSigns], doc: &Document, reasons: &mut Vec<Reason>) {
    let agreed = |name: &&String| signs.iter().any(|sign| sign.topic.name == **name && sign.is_enough());
    if let Some(name) = doc.topics.iter().find(agreed) {
        reasons.push(Reason::new(0.6, format!("from a source on {}", rules.title_of(name))));
    } else if let Some(name) = doc.topics.first() {
        reasons.push(Reason::new(0.3, format!("from a source on {}", rules.title_of(name))));
    }
}

fn judge_design(doc: &Document, reasons: &mut Vec<Reason>) {
    let design = study_design(doc);
    let weight = match design {
        StudyType::Guideline | StudyType::Rct => 0.9,
        StudyType::SystematicReview => 0.7,
        StudyType::Observational => 0.3,
        StudyType::NarrativeReview => -0.1,
        StudyType::TrialRegistration => -0.2,
        StudyType::CaseReport => -0.6,
        StudyType::Editorial => -0.7,
        StudyType::AnimalOrBench => -0.8,
        StudyType::Preprint | StudyType::Other => 0.0,
    };
    if weight != 0.0 {
        reasons.push(Reason::new(weight, design.label()));
    }
    if doc.kind == WorkKind::Preprint || Document::is_marked(doc.publication_types, "Preprint") {
        reasons.push(Reason::new(-0.3, "preprint, not peer reviewed"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::Topic;
    use crate::domain::text::RichText;

    fn rules() -> TopicRules {
        TopicRules::compile(&[Topic {
            name: "ecpr".to_owned(),
            title: "ECPR and cardiac arrest".to_owned(),
            words: vec!["ECPR".to_owned(), "cardiac arrest".to_owned()],
            mesh: vec!["Heart Arrest".to_owned()],
            publication_types: Vec::new(),
        }])
        .unwrap()
    }

    fn judge(title: &str, abstract_text: &str) -> Relevance {
        prior(&rules(), &Document::from_text(&RichText::parse(title), abstract_text))
    }

    #[test]
    fn on_the_first_day_the_trial_on_topic_stands_above_the_letter_and_both_above_dentistry() {
        let trial =
            judge("ECPR for refractory cardiac arrest: a randomised trial", "Patients were enrolled.");
        assert_eq!(trial.reasons, ["ECPR in the title", "randomised trial", "cardiac arrest in the title"]);
        let letter = judge("Reply to: ECPR in the old", "");
        assert_eq!(
            letter.reasons,
            ["ECPR in the title", "against: editorial or comment", "against: no abstract"]
        );
        let dentistry = judge("Implants: a randomised trial", "Teeth were counted.");
        assert_eq!(dentistry.reasons, ["against: none of the topics' words", "randomised trial"]);
        assert!(trial.score > letter.score && letter.score > dentistry.score);
    }

    #[test]
    fn a_source_on_a_topic_speaks_for_its_articles() {
        let topics = ["ecpr".to_owned()];
        let title = RichText::parse("Outcomes at one year");
        let doc = Document { topics: &topics, ..Document::from_text(&title, "After ECPR and more ECPR.") };
        let relevance = prior(&rules(), &doc);
        assert_eq!(relevance.reasons, ["ECPR in the abstract", "from a source on ECPR and cardiac arrest"]);
    }

    #[test]
    fn without_a_catalogue_only_the_design_speaks() {
        let relevance =
            prior(&TopicRules::default(), &Document::from_text(&RichText::parse("A cohort study"), "Text."));
        assert_eq!(relevance.reasons, ["observational study"]);
    }
}
