//! Phrases that tell a study's design, and how often a text holds them.

use std::sync::LazyLock;

use super::phrases::Phrases;

/// What a phrase in the text says about the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cue {
    /// Calls itself a guideline or consensus.
    Guideline,
    /// Studies how guidelines are used.
    AboutGuidelines,
    /// A systematic review or meta-analysis.
    Systematic,
    /// Tells where it searched.
    Search,
    /// Randomised, in a title.
    Randomised,
    /// Tells that participants were randomised.
    Allocated,
    /// Uses the word without randomising.
    NotRandomised,
    /// Analyses another study's data.
    Secondary,
    /// Announces a study.
    Protocol,
    /// Observes.
    Observed,
    /// Reports cases.
    Case,
    /// Names an animal.
    Animal,
    /// Works at the bench or by simulation.
    Bench,
    /// Names people.
    Human,
    /// A review, in a title.
    Review,
    /// Says of itself that it reviews.
    OwnReview,
    /// Comments on other work.
    Editorial,
}

/// Each cue with its phrases, separated by commas.
const CUES: &[(Cue, &str)] = &[
    (
        Cue::Guideline,
        "practice guideline, guideline for, guidelines for, guideline on, guidelines on, guidelines \
         from, guidelines of, interim guideline, guideline update, consensus statement, consensus \
         document, consensus report, expert consensus, delphi consensus, consensus conference, consensus \
         guideline, consensus recommendation, position statement, position paper, scientific statement, \
         policy statement, recommendations from, recommendations of the, consensus on science",
    ),
    (
        Cue::AboutGuidelines,
        "adherence, compliance, implementation, awareness, appraisal, guideline directed, impact of, \
         effect of, effects of, evaluation of, guideline based, concordance",
    ),
    (
        Cue::Systematic,
        "systematic review, meta analysis, meta analyses, meta analytic, metaanalysis, umbrella review, \
         scoping review, systematic literature review, systematic search, systematically review, meta \
         regression, overview of reviews",
    ),
    (
        Cue::Search,
        "we searched, were searched, was searched, prisma, prospero, databases were, pubmed, embase, \
         medline",
    ),
    (Cue::Randomised, "randomized, randomly assigned, rct"),
    (
        Cue::Allocated,
        "were randomized, was randomized, were randomly, randomly assigned, randomly allocated, we \
         randomized, randomly assigned to, randomized to, patients randomized, in this randomized, \
         conducted a randomized, performed a randomized, double blind, single blind, in a randomized, \
         in a cluster randomized, was a randomized, this randomized, this prospective randomized, \
         randomly divided, randomly distributed, randomly allotted, random allotment, randomly split, \
         randomized placebo controlled, placebo controlled randomized, randomized crossover, \
         randomized cross over, a prospective randomized, clusters randomized",
    ),
    (
        Cue::NotRandomised,
        "nonrandomized, non randomized, not randomized, mendelian randomization, target trial emulation, \
         emulated, emulation, randomized trials, randomized controlled trials, randomized clinical \
         trials, rcts",
    ),
    (
        Cue::Secondary,
        "secondary analysis, post hoc, posthoc, subgroup analysis, ancillary, substudy, sub study, \
         secondary analyses, exploratory analysis, enrolled in a randomized, participating in a randomized, \
         participated in a randomized, entered a randomized, part of a randomized, context of a \
         randomized, data from a randomized, nested within, nested in",
    ),
    (
        Cue::Protocol,
        "study protocol, trial protocol, protocol for a, protocol of a, protocol for the, protocol of \
         the, rationale and design, design and rationale, statistical analysis plan",
    ),
    (
        Cue::Observed,
        "cohort, retrospective, retrospectively, registry, cross sectional, case control, observational, \
         propensity, nationwide, survey, database, chart review, single center experience, prospectively \
         collected, longitudinal study, prospective study, risk factor, consecutive patients, medical \
         records, questionnaire, interviews",
    ),
    (
        Cue::Case,
        "case report, a case of, case series, report of a case, cases of, we report a case, case study",
    ),
    (
        Cue::Animal,
        "porcine, swine, pig, piglet, rat, mice, mouse, murine, ovine, sheep, lamb, canine, dog, rabbit, \
         rodent, sprague dawley, animal model, zebrafish, yorkshire, in a large animal",
    ),
    (
        Cue::Bench,
        "in vitro, mock loop, mock circulation, mock circulatory, bench study, bench test, benchtop, \
         computational fluid dynamics, in silico, numerical simulation, finite element, test circuit, \
         mathematical model",
    ),
    (
        Cue::Human,
        "patient, participants, volunteers, men, women, children, infants, neonates, adults, clinicians, \
         survivors",
    ),
    (
        Cue::Review,
        "review, narrative review, state of the art, an overview, a primer, overview of, current \
         perspectives, current concepts, past present and future, an update on, what we know, literature \
         review",
    ),
    (
        Cue::OwnReview,
        "this review, we review, this article reviews, this narrative review, this paper reviews, this \
         chapter, this article discusses, review article, this article provides",
    ),
    (
        Cue::Editorial,
        "editorial, commentary, reply to, letter to the editor, authors reply, author s reply, in reply, \
         response to the letter, comment on, correction to, correction, erratum, corrigendum, reply, \
         letter regarding, regarding, invited commentary, viewpoint",
    ),
];

static FINDER: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::compile(CUES.iter().flat_map(|(_, list)| list.split(", "))).unwrap_or_default()
});

/// Which cue each phrase of [`FINDER`] belongs to.
static CUE_OF: LazyLock<Vec<Cue>> =
    LazyLock::new(|| CUES.iter().flat_map(|(cue, list)| list.split(", ").map(|_| *cue)).collect());

/// How often each cue stands in a text.
#[derive(Debug, Default)]
pub(super) struct Cues([u16; Cue::Editorial as usize + 1]);

impl Cues {
    /// Counts the cues of a folded text.
    pub(super) fn find(folded: &str) -> Self {
        let mut cues = Self::default();
        FINDER.each_in(folded, |index| {
            let count = &mut cues.0[CUE_OF[index] as usize];
            *count = count.saturating_add(1);
        });
        cues
    }

    /// Whether the text holds it.
    pub(super) fn has(&self, cue: Cue) -> bool {
        self.count(cue) > 0
    }

    /// How often the text holds it.
    pub(super) fn count(&self, cue: Cue) -> u16 {
        self.0[cue as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curation::words::fold_text;

    #[test]
    fn every_cue_has_phrases_and_finds_each_of_them() {
        for (cue, list) in CUES {
            assert!(list.split(", ").all(|phrase| Cues::find(&fold_text(phrase)).has(*cue)), "{cue:?}");
        }
        assert_eq!(CUES.len(), Cue::Editorial as usize + 1);
    }
}
