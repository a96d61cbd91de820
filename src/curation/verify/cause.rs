//! Claims of cause from a study that cannot show it: "causes", "proves", "leads to" of an observational study.

use super::words::Token;
use super::{Found, MarkKind};
use crate::curation::topics::StudyType;

/// What a study's design can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Allocation by chance, or a synthesis of such trials: effects can be claimed.
    Randomised,
    /// Observational, a case, bench work, opinion: association only.
    NotRandomised,
}

impl Evidence {
    /// What a study type can show; `None` where the type does not say, and the text must.
    pub fn of(study: StudyType) -> Option<Self> {
        match study {
            StudyType::Rct => Some(Self::Randomised),
            StudyType::Observational
            | StudyType::CaseReport
            | StudyType::NarrativeReview
            | StudyType::Editorial
            | StudyType::TrialRegistration => Some(Self::NotRandomised),
            _ => None,
        }
    }
}

/// Phrases that claim cause.
const CLAIMS: [&[&str]; 27] = [
    &["causes"],
    &["caused"],
    &["causing"],
    &["causal", "effect"],
    &["causal", "role"],
    &["causal", "relationship"],
    &["causally"],
    &["proves"],
    &["proved"],
    &["proven"],
    &["prove"],
    &["proof"],
    &["leads", "to"],
    &["lead", "to"],
    &["led", "to"],
    &["leading", "to"],
    &["results", "in"],
    &["resulted", "in"],
    &["resulting", "in"],
    &["prevents"],
    &["prevented"],
    &["responsible", "for"],
    &["because", "of"],
    &["owing", "to"],
    &["thanks", "to"],
    &["brings", "about"],
    &["triggers"],
];

/// Words that say a study is not randomised, and that it is.
const OBSERVATIONAL: [&str; 16] = [
    "cohort",
    "retrospective",
    "retrospectively",
    "observational",
    "registry",
    "database",
    "survey",
    "questionnaire",
    "case",
    "crosssectional",
    "nonrandomised",
    "nonrandomized",
    "rats",
    "mice",
    "pigs",
    "porcine",
];
const RANDOMISED: [&str; 9] = [
    "randomised",
    "randomized",
    "randomly",
    "randomisation",
    "randomization",
    "rct",
    "rcts",
    "randomise",
    "randomize",
];

/// Marks for claims of cause, where the study is known (or says itself) not to be randomised.
pub(super) fn check_cause(source: &[Token], summary: &[Token], study: Option<Evidence>) -> Vec<Found> {
    if study.or_else(|| read_evidence(source)) != Some(Evidence::NotRandomised) {
        return Vec::new();
    }
    (0..summary.len())
        .filter_map(|at| {
            let claim = CLAIMS.iter().find(|claim| starts_with(&summary[at..], claim))?;
            (!is_no_claim(summary, at)).then(|| Found {
                kind: MarkKind::Cause,
                tokens: (at, at + claim.len() - 1),
                reason: format!("“{}” claims a cause, and the study was not randomised", claim.join(" ")),
            })
        })
        .collect()
}

/// What the title and the abstract say of their design; `None` where they say nothing, or both.
fn read_evidence(source: &[Token]) -> Option<Evidence> {
    let says = |words: &[&str]| source.iter().any(|token| words.contains(&token.text.as_str()));
    let case =
        source.windows(2).any(|pair| pair[0].is("case") && (pair[1].is("report") || pair[1].is("series")));
    if says(&RANDOMISED) {
        None
    } else {
        (case || says(&OBSERVATIONAL.map(|word| if word == "case" { "casecontrol" } else { word })))
            .then_some(Evidence::NotRandomised)
    }
}

fn starts_with(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len() && words.iter().zip(tokens).all(|(word, token)| token.is(word))
}

/// "all-cause", "causes of death", "cannot prove", "shock caused by": no claim of this study, or one denied.
fn is_no_claim(tokens: &[Token], at: usize) -> bool {
    let next = tokens.get(at + 1).map(|token| token.text.as_str()).unwrap_or_default();
    let denied = tokens[at.saturating_sub(5)..at].iter().any(|token| {
        matches!(
            token.text.as_str(),
            "not" | "cannot" | "no" | "never" | "nor" | "without" | "whether" | "may" | "might" | "could"
        ) && token.sentence == tokens[at].sentence
    });
    denied || next == "of" && tokens[at].is("causes") || next == "by" && tokens[at].is("caused")
}
