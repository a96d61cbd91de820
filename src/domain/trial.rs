//! What a registration says of a trial's course: how far it is, how large, and whether results are there.

use serde::{Deserialize, Serialize};

use super::time::PartialDate;

/// Where a trial stands (ClinicalTrials.gov API v2, enum `Status`). An enum and no text, because "recruiting" is also a
/// part of "not recruiting".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the registry's own words")]
pub enum TrialStatus {
    ActiveNotRecruiting,
    Completed,
    EnrollingByInvitation,
    NotYetRecruiting,
    Recruiting,
    Suspended,
    Terminated,
    Withdrawn,
    Available,
    NoLongerAvailable,
    TemporarilyNotAvailable,
    ApprovedForMarketing,
    Withheld,
    #[default]
    Unknown,
}

impl TrialStatus {
    const ALL: [Self; 14] = [
        Self::ActiveNotRecruiting,
        Self::Completed,
        Self::EnrollingByInvitation,
        Self::NotYetRecruiting,
        Self::Recruiting,
        Self::Suspended,
        Self::Terminated,
        Self::Withdrawn,
        Self::Available,
        Self::NoLongerAvailable,
        Self::TemporarilyNotAvailable,
        Self::ApprovedForMarketing,
        Self::Withheld,
        Self::Unknown,
    ];

    /// The status for the registry's word, `ACTIVE_NOT_RECRUITING`; `None` for a word that is not known here.
    pub fn parse(word: &str) -> Option<Self> {
        let spoken = word.replace('_', " ").to_lowercase();
        Self::ALL.into_iter().find(|status| status.as_str().replace(',', "") == spoken)
    }

    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActiveNotRecruiting => "active, not recruiting",
            Self::Completed => "completed",
            Self::EnrollingByInvitation => "enrolling by invitation",
            Self::NotYetRecruiting => "not yet recruiting",
            Self::Recruiting => "recruiting",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
            Self::Withdrawn => "withdrawn",
            Self::Available => "available",
            Self::NoLongerAvailable => "no longer available",
            Self::TemporarilyNotAvailable => "temporarily not available",
            Self::ApprovedForMarketing => "approved for marketing",
            Self::Withheld => "withheld",
            Self::Unknown => "unknown",
        }
    }
}

/// The facts of a registration that change while the trial goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialFacts {
    /// Where it stands.
    pub status: TrialStatus,
    /// Why it ended early, in the sponsor's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_stopped: Option<String>,
    /// "1", "2", "early 1"; empty where phases do not apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// Participants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<usize>,
    /// Whether `enrolment` is counted; else it is planned.
    pub is_enrolment_actual: bool,
    /// When it started or is to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<PartialDate>,
    /// When it was or is to be completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completes_on: Option<PartialDate>,
    /// When results were first posted in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results_posted_on: Option<PartialDate>,
    /// How it is designed; `None` in facts that were kept before this was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub design: Option<TrialDesign>,
    /// When the registry last posted a change: of two sights, the newer one counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_on: Option<PartialDate>,
}

/// What a registration says is done to whom and what is measured, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialDesign {
    /// The brief title.
    pub title: String,
    /// "Cardiac Arrest, Out-Of-Hospital".
    pub conditions: Vec<String>,
    /// "Device: ECMO".
    pub interventions: Vec<String>,
    /// "Experimental: Early ECMO".
    pub arms: Vec<String>,
    /// "Survival (30 days)".
    pub primary_outcomes: Vec<String>,
    /// The same.
    pub secondary_outcomes: Vec<String>,
    /// When the last data for the primary outcome came or are to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_completes_on: Option<PartialDate>,
}

impl TrialFacts {
    /// Whether these are facts of an earlier day than `other`, as in a file saved long ago.
    pub fn is_older_than(&self, other: &Self) -> bool {
        matches!((&self.last_updated_on, &other.last_updated_on), (Some(own), Some(other)) if own < other)
    }

    /// "1/2", "early 1"; empty where phases do not apply.
    pub fn phase(&self) -> String {
        self.phases.join("/")
    }

    /// "40 participants enrolled", or "planned".
    pub fn describe_enrolment(&self) -> Option<String> {
        let manner = if self.is_enrolment_actual { "enrolled" } else { "planned" };
        self.enrolment.map(|count| format!("{count} participants {manner}"))
    }

    /// One sentence a fact, for people: "Terminated (slow accrual). Phase 1/2. 40 participants planned. …"
    pub fn describe(&self) -> String {
        let mut status = self.status.as_str().to_owned();
        status[..1].make_ascii_uppercase();
        if self.status == TrialStatus::Unknown {
            status = "Status unknown".to_owned();
        }
        let mut sentences = vec![match &self.why_stopped {
            Some(why) => format!("{status} ({})", why.trim_end_matches('.')),
            None => status,
        }];
        if !self.phases.is_empty() {
            sentences.push(format!("Phase {}", self.phase()));
        }
        sentences.extend(self.describe_enrolment());
        let dates = [
            ("Start", &self.starts_on),
            ("Completion", &self.completes_on),
            ("Results first posted", &self.results_posted_on),
        ];
        for (what, on) in dates {
            if let Some(on) = on {
                sentences.push(format!("{what} {}", on.to_display()));
            }
        }
        sentences.join(". ") + "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_from_the_registrys_word_and_from_no_part_of_it() {
        for status in TrialStatus::ALL {
            let word = serde_json::to_value(status).unwrap();
            assert_eq!(TrialStatus::parse(word.as_str().unwrap()), Some(status));
        }
        assert_eq!(TrialStatus::parse("ACTIVE_NOT_RECRUITING"), Some(TrialStatus::ActiveNotRecruiting));
        for word in ["", "RECRUIT", "NOT_RECRUITING", "RECRUITING_SOON"] {
            assert_eq!(TrialStatus::parse(word), None, "{word}");
        }
    }

    #[test]
    fn facts_survive_storing_and_know_which_are_newer() {
        let on = |day| TrialFacts {
            last_updated_on: PartialDate::new(2026, Some(11), day),
            ..TrialFacts::default()
        };
        assert!(on(Some(3)).is_older_than(&on(Some(4))) && !on(Some(4)).is_older_than(&on(Some(4))));
        assert!(!TrialFacts::default().is_older_than(&on(Some(4))), "without a day nothing is said");
        let stored = serde_json::to_string(&on(Some(3))).unwrap();
        assert_eq!(serde_json::from_str::<TrialFacts>(&stored).unwrap(), on(Some(3)));
    }

    #[test]
    fn facts_are_told_in_sentences() {
        let facts = TrialFacts {
            status: TrialStatus::Terminated,
            why_stopped: Some("Slow accrual.".into()),
            phases: vec!["1".into(), "2".into()],
            enrolment: Some(40),
            is_enrolment_actual: true,
            starts_on: PartialDate::new(2022, Some(8), None),
            completes_on: None,
            results_posted_on: PartialDate::new(2026, Some(11), Some(3)),
            design: None,
            last_updated_on: None,
        };
        assert_eq!(
            facts.describe(),
            "Terminated (Slow accrual). Phase 1/2. 40 participants enrolled. Start Aug 2022. \
             Results first posted 3 Nov 2026."
        );
        assert_eq!(TrialFacts::default().describe(), "Status unknown.");
    }
}
