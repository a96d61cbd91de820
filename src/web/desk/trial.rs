//! A trial as its registration has it, for the article's page.

use crate::domain::time::PartialDate;
use crate::domain::trial::TrialFacts;

/// The facts as text; empty where the registry says nothing.
pub(crate) struct TrialView {
    pub(crate) status: String,
    pub(crate) why_stopped: String,
    pub(crate) phase: String,
    pub(crate) enrolment: String,
    pub(crate) starts: String,
    pub(crate) completes: String,
    pub(crate) results: String,
    pub(crate) updated: String,
}

impl TrialView {
    pub(crate) fn new(facts: &TrialFacts) -> Self {
        let day = |on: &Option<PartialDate>| on.as_ref().map(PartialDate::to_display).unwrap_or_default();
        Self {
            status: facts.status.as_str().to_owned(),
            why_stopped: facts.why_stopped.clone().unwrap_or_default(),
            phase: facts.phase(),
            enrolment: facts.describe_enrolment().unwrap_or_default(),
            starts: day(&facts.starts_on),
            completes: day(&facts.completes_on),
            results: day(&facts.results_posted_on),
            updated: day(&facts.last_updated_on),
        }
    }
}
