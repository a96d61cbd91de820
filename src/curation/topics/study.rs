//! What kind of study a work is, from its kind, publication types, MeSH and words.
//!
//! Indexers' publication types (NLM, "Publication Characteristics") come first; fresh records carry only "Journal
//! Article", so words of the title, then of the abstract decide. Where nothing speaks, the answer is
//! [`StudyType::Other`]: a wrong label is worse than none.

use serde::{Deserialize, Serialize};

use super::cues::{Cue, Cues};
use crate::curation::document::{Document, Folded};
use crate::domain::entry::WorkKind;

/// A kind of study; in the order of the society's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyType {
    /// A guideline, consensus or position statement.
    Guideline,
    /// A systematic review, with or without meta-analysis.
    SystematicReview,
    /// A randomised trial's own report.
    Rct,
    /// Cohorts, registries, surveys, case-control and secondary analyses.
    Observational,
    /// One case or a series.
    CaseReport,
    /// Animals, bench, simulation.
    AnimalOrBench,
    /// A review that does not say how it searched.
    NarrativeReview,
    /// A registration or a published protocol: no results yet.
    TrialRegistration,
    /// Editorials, comments, letters, corrections.
    Editorial,
    /// Not peer reviewed yet.
    Preprint,
    /// None of these, or nothing says which.
    Other,
}

impl StudyType {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Guideline,
        Self::SystematicReview,
        Self::Rct,
        Self::Observational,
        Self::CaseReport,
        Self::AnimalOrBench,
        Self::NarrativeReview,
        Self::TrialRegistration,
        Self::Editorial,
        Self::Preprint,
        Self::Other,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
            Self::SystematicReview => "systematic_review",
            Self::Rct => "rct",
            Self::Observational => "observational",
            Self::CaseReport => "case_report",
            Self::AnimalOrBench => "animal_or_bench",
            Self::NarrativeReview => "narrative_review",
            Self::TrialRegistration => "trial_registration",
            Self::Editorial => "editorial",
            Self::Preprint => "preprint",
            Self::Other => "other",
        }
    }

    /// For people, in the middle of a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
            Self::SystematicReview => "systematic review",
            Self::Rct => "randomised trial",
            Self::Observational => "observational study",
            Self::CaseReport => "case report",
            Self::AnimalOrBench => "animal or bench study",
            Self::NarrativeReview => "narrative review",
            Self::TrialRegistration => "trial registration or protocol",
            Self::Editorial => "editorial or comment",
            Self::Preprint => "preprint",
            Self::Other => "other",
        }
    }
}

/// The study type as the desk names it: a preprint is a preprint whatever its design, and a registration has no
/// design to trust yet.
pub fn study_type(doc: &Document) -> StudyType {
    type_by(doc, || study_design(doc))
}

/// The same, where the design may be known.
pub(in crate::curation) fn type_by(doc: &Document, design: impl FnOnce() -> StudyType) -> StudyType {
    match doc.kind {
        WorkKind::Preprint => StudyType::Preprint,
        WorkKind::Trial => StudyType::TrialRegistration,
        _ if Document::is_marked(doc.publication_types, "Preprint") => StudyType::Preprint,
        _ => design(),
    }
}

/// The design alone, without regard to preprint or paper.
pub fn study_design(doc: &Document) -> StudyType {
    read_design(doc, &Folded::of(doc))
}

/// The same from words that are folded already.
pub(in crate::curation) fn read_design(doc: &Document, folded: &Folded) -> StudyType {
    if doc.kind == WorkKind::Trial {
        return StudyType::TrialRegistration;
    }
    let title = Cues::find(&folded.title);
    let body = Cues::find(&folded.abstract_text);
    by_indexing(doc, &title).or_else(|| by_title(&title, &body)).unwrap_or_else(|| by_abstract(&title, &body))
}

/// What the indexers say.
fn by_indexing(doc: &Document, title: &Cues) -> Option<StudyType> {
    let typed = |names: &[&str]| names.iter().any(|name| Document::is_marked(doc.publication_types, name));
    if typed(&["Editorial", "Comment", "News", "Published Erratum", "Retraction of Publication"]) {
        return Some(StudyType::Editorial);
    }
    if typed(&["Practice Guideline", "Guideline", "Consensus Development Conference"]) {
        return Some(StudyType::Guideline);
    }
    if typed(&["Systematic Review", "Meta-Analysis", "Network Meta-Analysis", "Scoping Review"]) {
        return Some(StudyType::SystematicReview);
    }
    if typed(&["Clinical Trial Protocol"]) {
        return Some(StudyType::TrialRegistration);
    }
    let (animals, humans) =
        (Document::is_marked(doc.mesh, "Animals"), Document::is_marked(doc.mesh, "Humans"));
    if animals && !humans {
        return Some(StudyType::AnimalOrBench);
    }
    if typed(&["Case Reports"]) {
        return Some(StudyType::CaseReport);
    }
    if typed(&["Randomized Controlled Trial", "Pragmatic Clinical Trial", "Equivalence Trial"]) {
        let own = !title.has(Cue::Secondary);
        return Some(if own { StudyType::Rct } else { StudyType::Observational });
    }
    if typed(&["Observational Study"]) {
        return Some(StudyType::Observational);
    }
    if typed(&["Review"]) && !title.has(Cue::Systematic) {
        return Some(StudyType::NarrativeReview);
    }
    None
}

/// What the title says.
fn by_title(title: &Cues, body: &Cues) -> Option<StudyType> {
    let animal = title.has(Cue::Animal) && !title.has(Cue::Human) && !body.has(Cue::Human);
    Some(if title.has(Cue::Protocol) {
        if title.has(Cue::Systematic) { StudyType::Other } else { StudyType::TrialRegistration }
    } else if title.has(Cue::Guideline) && !title.has(Cue::AboutGuidelines) {
        StudyType::Guideline
    } else if title.has(Cue::Systematic) {
        StudyType::SystematicReview
    } else if animal || (title.has(Cue::Bench) && !title.has(Cue::Human)) {
        StudyType::AnimalOrBench
    } else if title.has(Cue::Randomised) && title.has(Cue::Secondary) {
        StudyType::Observational
    } else if title.has(Cue::Randomised) && !title.has(Cue::NotRandomised) {
        StudyType::Rct
    } else if title.has(Cue::Case) && !title.has(Cue::Observed) {
        StudyType::CaseReport
    } else if title.has(Cue::Editorial) {
        StudyType::Editorial
    } else if title.has(Cue::Observed) {
        StudyType::Observational
    } else if title.has(Cue::Review) {
        StudyType::NarrativeReview
    } else {
        return None;
    })
}

/// What the abstract says, where the title is silent.
fn by_abstract(title: &Cues, body: &Cues) -> StudyType {
    let animals = body.count(Cue::Animal) + title.count(Cue::Animal);
    if body.has(Cue::Systematic) && body.has(Cue::Search) {
        StudyType::SystematicReview
    } else if animals >= 2 && animals > body.count(Cue::Human) {
        StudyType::AnimalOrBench
    } else if body.has(Cue::Allocated) && !body.has(Cue::NotRandomised) && !body.has(Cue::Secondary) {
        StudyType::Rct
    } else if body.has(Cue::Case) && !body.has(Cue::Observed) {
        StudyType::CaseReport
    } else if body.has(Cue::OwnReview) {
        StudyType::NarrativeReview
    } else if body.has(Cue::Observed) {
        StudyType::Observational
    } else if body.has(Cue::Bench) && !body.has(Cue::Human) {
        StudyType::AnimalOrBench
    } else {
        StudyType::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::RichText;

    fn judge(title: &str, abstract_text: &str, types: &[&str], mesh: &[&str]) -> StudyType {
        let own = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let (title, types, mesh) = (RichText::parse(title), own(types), own(mesh));
        study_type(&Document {
            publication_types: &types,
            mesh: &mesh,
            ..Document::from_text(&title, abstract_text)
        })
    }

    #[test]
    fn titles_name_their_design() {
        for (title, expected) in [
            ("Early ECPR for refractory cardiac arrest: a randomised controlled trial", StudyType::Rct),
            ("Effect of ECPR: study protocol for a randomized trial", StudyType::TrialRegistration),
            ("Bleeding on ECMO: a secondary analysis of a randomised trial", StudyType::Observational),
            (
                "Heparin or bivalirudin: a systematic review and meta-analysis of randomized trials",
                StudyType::SystematicReview,
            ),
            ("ELSO guidelines for adult cardiac failure", StudyType::Guideline),
            ("Adherence to guidelines for anticoagulation", StudyType::Other),
            ("A non-randomised comparison of two oxygenators", StudyType::Other),
            ("Mendelian randomization of thrombosis", StudyType::Other),
            ("Haemolysis in a porcine model of VA-ECMO", StudyType::AnimalOrBench),
            ("Harlequin syndrome: a case report", StudyType::CaseReport),
            ("A nationwide cohort of ECPR", StudyType::Observational),
            ("Left ventricular unloading: a review", StudyType::NarrativeReview),
            ("Invited commentary: too early to tell", StudyType::Editorial),
            ("Membrane lungs", StudyType::Other),
        ] {
            assert_eq!(judge(title, "", &[], &[]), expected, "{title}");
        }
    }

    #[test]
    fn indexers_come_before_words_and_animals_before_both() {
        let title = "ECPR: a randomized trial";
        assert_eq!(judge(title, "", &["Comment", "Journal Article"], &[]), StudyType::Editorial);
        assert_eq!(
            judge(title, "", &["randomized controlled trial"], &["Animals"]),
            StudyType::AnimalOrBench
        );
        assert_eq!(
            judge(title, "", &["Randomized Controlled Trial"], &["Animals", "Humans"]),
            StudyType::Rct
        );
    }

    #[test]
    fn a_silent_title_leaves_it_to_the_abstract() {
        let judge = |text| judge("Oxygenators compared", text, &[], &[]);
        assert_eq!(judge("Patients were randomly assigned to A or B."), StudyType::Rct);
        assert_eq!(
            judge("In a single-blind, cluster-randomised design, villages got A or B."),
            StudyType::Rct
        );
        assert_eq!(judge("Women who took part were enrolled in a randomized trial of A."), StudyType::Other);
        assert_eq!(judge("Twelve piglets on bypass; six piglets were cooled."), StudyType::AnimalOrBench);
        assert_eq!(judge("We retrospectively studied patients."), StudyType::Observational);
        assert_eq!(judge("We searched PubMed for a meta-analysis."), StudyType::SystematicReview);
        assert_eq!(judge("No randomized trials exist. We discuss."), StudyType::Other);
    }

    #[test]
    fn a_preprint_stays_one_whatever_its_design() {
        let title = RichText::parse("A randomised trial of ECPR");
        let doc = Document { kind: WorkKind::Preprint, ..Document::from_text(&title, "") };
        assert_eq!((study_type(&doc), study_design(&doc)), (StudyType::Preprint, StudyType::Rct));
    }
}
