//! Two looks at a registration, field by field.

use crate::domain::identity::{Identifiers, Nct};
use crate::domain::notice::{Change, Finding, NoticeKind, NoticeSource};
use crate::domain::time::PartialDate;
use crate::domain::trial::{TrialFacts, TrialStatus};

/// What happened between two looks, at most one finding of each kind. A change that stops the trial is told as that and
/// not again as a change; so are posted results.
pub fn compare_trials(
    nct: &Nct,
    before: &TrialFacts,
    after: &TrialFacts,
    today: Option<PartialDate>,
) -> Vec<Finding> {
    let changes = list_changes(before, after);
    let stopped = is_stopped(after.status) && !is_stopped(before.status);
    let posted = before.results_posted_on.is_none() && after.results_posted_on.is_some();
    let finding = |kind| Finding {
        ids: Identifiers { nct: Some(nct.clone()), ..Identifiers::default() },
        citation: format!("ClinicalTrials.gov {nct}"),
        link: Some(nct.url()),
        noticed_on: today.clone(),
        changes: changes.clone(),
        ..Finding::new(kind, NoticeSource::ClinicalTrials)
    };
    let mut findings = Vec::new();
    if stopped {
        let detail = after.why_stopped.clone().unwrap_or_default();
        findings.push(Finding { detail, ..finding(NoticeKind::TrialStopped) });
    }
    if posted {
        let noticed_on = after.results_posted_on.clone();
        findings.push(Finding { noticed_on, ..finding(NoticeKind::ResultsPosted) });
    }
    if findings.is_empty() && !changes.is_empty() {
        findings.push(finding(NoticeKind::TrialChanged));
    }
    findings
}

/// Statuses of a trial that did not go on as planned (ClinicalTrials.gov: "study halted", "never started", "halted but
/// may resume").
fn is_stopped(status: TrialStatus) -> bool {
    matches!(status, TrialStatus::Terminated | TrialStatus::Withdrawn | TrialStatus::Suspended)
}

/// Every field that differs. Facts that were kept before the design was read say nothing of it.
fn list_changes(before: &TrialFacts, after: &TrialFacts) -> Vec<Change> {
    let on = |date: &Option<PartialDate>| date.as_ref().map(PartialDate::to_display).unwrap_or_default();
    let enrolment = |facts: &TrialFacts| match facts.enrolment {
        None => String::new(),
        Some(count) if facts.is_enrolment_actual => format!("{count} enrolled"),
        Some(count) => format!("{count} planned"),
    };
    let mut fields = vec![
        ("Status", before.status.as_str().to_owned(), after.status.as_str().to_owned()),
        (
            "Why stopped",
            before.why_stopped.clone().unwrap_or_default(),
            after.why_stopped.clone().unwrap_or_default(),
        ),
        ("Enrolment", enrolment(before), enrolment(after)),
        ("Phase", before.phases.join("/"), after.phases.join("/")),
        ("Start", on(&before.starts_on), on(&after.starts_on)),
        ("Completion", on(&before.completes_on), on(&after.completes_on)),
        ("Results first posted", on(&before.results_posted_on), on(&after.results_posted_on)),
    ];
    if let (Some(old), Some(new)) = (&before.design, &after.design) {
        let listed = |words: &[String]| words.join("; ");
        fields.extend([
            ("Primary completion", on(&old.primary_completes_on), on(&new.primary_completes_on)),
            ("Title", old.title.clone(), new.title.clone()),
            ("Conditions", listed(&old.conditions), listed(&new.conditions)),
            ("Interventions", listed(&old.interventions), listed(&new.interventions)),
            ("Arms", listed(&old.arms), listed(&new.arms)),
            ("Primary outcomes", listed(&old.primary_outcomes), listed(&new.primary_outcomes)),
            ("Secondary outcomes", listed(&old.secondary_outcomes), listed(&new.secondary_outcomes)),
        ]);
    }
    // a new day of posting alone is no change
    if fields.iter().any(|(_, before, after)| before != after) {
        fields.push(("Last update posted", on(&before.last_updated_on), on(&after.last_updated_on)));
    }
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| Change { field: field.to_owned(), before, after }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::TrialDesign;

    fn nct() -> Nct {
        Nct::parse("NCT99999901").unwrap()
    }

    fn facts(status: TrialStatus) -> TrialFacts {
        TrialFacts { status, enrolment: Some(120), ..TrialFacts::default() }
    }

    #[test]
    fn a_stopped_trial_says_why_and_what_changed() {
        let before = facts(TrialStatus::Recruiting);
        let after = TrialFacts {
            why_stopped: Some("slow accrual".into()),
            enrolment: Some(40),
            is_enrolment_actual: true,
            ..facts(TrialStatus::Terminated)
        };
        let found = compare_trials(&nct(), &before, &after, None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].detail.as_str()), (NoticeKind::TrialStopped, "slow accrual"));
        let changes: Vec<_> =
            found[0].changes.iter().map(|change| (&*change.field, &*change.before, &*change.after)).collect();
        assert_eq!(
            changes,
            [
                ("Status", "recruiting", "terminated"),
                ("Why stopped", "", "slow accrual"),
                ("Enrolment", "120 planned", "40 enrolled"),
            ]
        );
    }

    #[test]
    fn every_field_that_is_kept_is_compared_and_what_was_not_kept_before_is_no_change() {
        let words = |word: &str| vec![format!("{word} one"), format!("{word} two")];
        let filled = |word: &str, day| TrialFacts {
            status: TrialStatus::Recruiting,
            why_stopped: Some(word.into()),
            phases: vec![word.into()],
            enrolment: Some(day as usize),
            is_enrolment_actual: false,
            starts_on: PartialDate::new(2026, Some(1), Some(day)),
            completes_on: PartialDate::new(2026, Some(2), Some(day)),
            results_posted_on: PartialDate::new(2026, Some(3), Some(day)),
            design: Some(TrialDesign {
                title: word.into(),
                conditions: words(word),
                interventions: words(word),
                arms: words(word),
                primary_outcomes: words(word),
                secondary_outcomes: words(word),
                primary_completes_on: PartialDate::new(2026, Some(4), Some(day)),
            }),
            last_updated_on: PartialDate::new(2026, Some(5), Some(day)),
        };
        let (old, new) =
            (filled("old", 1), TrialFacts { status: TrialStatus::Completed, ..filled("new", 2) });
        let changed = |before: &TrialFacts, after: &TrialFacts| {
            let found = compare_trials(&nct(), before, after, None);
            let changes = found.into_iter().flat_map(|finding| finding.changes);
            changes.map(|change| change.field).collect::<Vec<_>>()
        };
        // each field of the facts, by its name in the snapshot, is one line
        let kept = serde_json::to_value(&old).unwrap();
        let design = kept["design"].as_object().unwrap().len();
        // enrolment and whether it is counted are one line; the design is its own fields
        assert_eq!(changed(&old, &new).len(), kept.as_object().unwrap().len() - 2 + design);
        let only = TrialFacts {
            design: old.design.clone().map(|design| TrialDesign { arms: words("other"), ..design }),
            ..old.clone()
        };
        assert_eq!(changed(&old, &only), ["Arms"]);
        let before = TrialFacts { design: None, ..old.clone() };
        assert!(changed(&before, &old).is_empty(), "it was not read before");
        let touched = TrialFacts { last_updated_on: PartialDate::new(2026, Some(6), None), ..old.clone() };
        assert!(changed(&old, &touched).is_empty(), "a new day of posting alone");
    }

    #[test]
    fn results_and_other_changes_are_told_apart_and_no_change_is_none() {
        let before = facts(TrialStatus::Completed);
        let after =
            TrialFacts { results_posted_on: PartialDate::new(2026, Some(11), Some(3)), ..before.clone() };
        assert_eq!(compare_trials(&nct(), &before, &after, None)[0].kind, NoticeKind::ResultsPosted);
        let active = compare_trials(&nct(), &facts(TrialStatus::Recruiting), &before, None);
        assert_eq!((active.len(), active[0].kind), (1, NoticeKind::TrialChanged));
        assert!(compare_trials(&nct(), &before, &before, None).is_empty());
        let suspended = facts(TrialStatus::Suspended);
        let terminated = compare_trials(&nct(), &suspended, &facts(TrialStatus::Terminated), None);
        assert_eq!(terminated[0].kind, NoticeKind::TrialChanged, "it was stopped already");
    }
}
