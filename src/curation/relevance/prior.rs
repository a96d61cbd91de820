//! The prior: what can be said of a work before any decision was made, from the configured topics and its design.
//!
//! Weights are on the scale of log odds and were set by hand, not fitted: a topic in the title outweighs any design, and
//! no design lifts a work that is on none of the topics above one that is.

use super::reason::Reason;
use crate::curation::document::{Document, Folded};
use crate::curation::topics::{StudyType, TopicRules, TopicSigns, read_design};
use crate::curation::words::fold_text;
use crate::domain::article::Relevance;
use crate::domain::entry::WorkKind;
use crate::domain::source::TopicScope;

/// How relevant a work is likely to be, with the reasons for and against. Zero is "cannot tell"; in practice
/// between -3 and 5.
pub fn prior(rules: &TopicRules, doc: &Document) -> Relevance {
    let folded = Folded::of(doc);
    weigh_signs(rules, doc, &rules.find_signs(doc, &folded), read_design(doc, &folded))
}

/// The same from signs and a design that are known.
pub(in crate::curation) fn weigh_signs(
    rules: &TopicRules,
    doc: &Document,
    signs: &[TopicSigns<'_>],
    design: StudyType,
) -> Relevance {
    let mut reasons = Vec::new();
    judge_topics(signs, &mut reasons);
    judge_sources(rules, signs, doc, &mut reasons);
    judge_design(doc, design, &mut reasons);
    if !doc.has_abstract() {
        reasons.push(Reason::new(-0.5, "no abstract"));
    }
    let score = reasons.iter().map(|reason| reason.weight).sum();
    Reason::sum_up(score, reasons)
}

/// The field's own topics speak loudly; aspects of them speak softly, and alone they speak against.
fn judge_topics(signs: &[TopicSigns], reasons: &mut Vec<Reason>) {
    let (aspects, own): (Vec<&TopicSigns>, Vec<&TopicSigns>) =
        signs.iter().partition(|sign| sign.topic.scope == TopicScope::Aspect);
    let before = reasons.len();
    judge_words(&own, 1.0, reasons);
    if reasons.len() == before && !own.is_empty() {
        reasons.push(Reason::new(-1.5, "none of the field's own words"));
    }
    judge_words(&aspects, 0.25, reasons);
}

fn judge_words(signs: &[&TopicSigns], loudness: f64, reasons: &mut Vec<Reason>) {
    // what several topics share counts once
    let mut titled: Vec<&str> = Vec::new();
    let mut mentioned: Vec<(&str, usize)> = Vec::new();
    let mut indexed: Vec<&str> = Vec::new();
    for sign in signs {
        add_new(&mut titled, sign.in_title.iter().copied());
        add_new(&mut indexed, sign.mesh.iter().chain(&sign.publication_types).copied());
        for (word, count) in sign.in_abstract.iter().copied() {
            if !mentioned.iter().any(|(known, _)| is_same(known, word)) {
                mentioned.push((word, count));
            }
        }
        for word in &sign.in_keywords {
            if !mentioned.iter().any(|(known, _)| is_same(known, word)) {
                mentioned.push((word, 1));
            }
        }
    }
    mentioned.retain(|(word, _)| !titled.iter().any(|known| is_same(known, word)));
    mentioned.sort_by_key(|(_, count)| std::cmp::Reverse(*count));

    for (at, word) in titled.iter().take(3).enumerate() {
        reasons.push(Reason::new(loudness * [1.6, 0.6, 0.3][at], format!("{word} in the title")));
    }
    for (at, (word, count)) in mentioned.iter().take(2).enumerate() {
        let weight = [0.5, 0.2][at] * if *count > 1 { 1.5 } else { 1.0 };
        reasons.push(Reason::new(loudness * weight, format!("{word} in the abstract")));
    }
    for (at, name) in indexed.iter().take(2).enumerate() {
        reasons.push(Reason::new(loudness * [0.6, 0.2][at], format!("indexed as {name}")));
    }
}

fn add_new<'w>(known: &mut Vec<&'w str>, words: impl Iterator<Item = &'w str>) {
    for word in words {
        if !known.iter().any(|other| is_same(other, word)) {
            known.push(word);
        }
    }
}

/// British and American spellings of one word are one reason.
fn is_same(one: &str, other: &str) -> bool {
    fold_text(one) == fold_text(other)
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

fn judge_design(doc: &Document, design: StudyType, reasons: &mut Vec<Reason>) {
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
        let ecpr = Topic {
            name: "ecpr".to_owned(),
            title: "ECPR and cardiac arrest".to_owned(),
            scope: TopicScope::Own,
            words: vec!["ECPR".to_owned(), "cardiac arrest".to_owned()],
            mesh: vec!["Heart Arrest".to_owned()],
            publication_types: Vec::new(),
        };
        let children = Topic {
            name: "children".to_owned(),
            title: "Children".to_owned(),
            scope: TopicScope::Aspect,
            words: ["neonates", "paediatric", "pediatric"].map(str::to_owned).into(),
            mesh: Vec::new(),
            publication_types: Vec::new(),
        };
        TopicRules::compile(&[ecpr, children]).unwrap()
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
        assert_eq!(dentistry.reasons, ["against: none of the field's own words", "randomised trial"]);
        assert!(trial.score > letter.score && letter.score > dentistry.score);
    }

    #[test]
    fn an_aspect_alone_does_not_lift_a_work_of_another_field() {
        let neighbours =
            judge("Surfactant for paediatric patients and neonates: a randomised trial", "Lungs.");
        let ours = judge("ECPR in paediatric patients: a case report", "One case.");
        assert!(ours.score > neighbours.score, "{ours:?} {neighbours:?}");
        assert!(neighbours.reasons.contains(&"against: none of the field's own words".to_owned()));
        let spelt = neighbours.reasons.iter().filter(|reason| reason.contains("ediatric")).count();
        assert_eq!(spelt, 1, "one reason for both spellings");
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
