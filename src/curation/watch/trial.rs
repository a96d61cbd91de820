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

fn list_changes(before: &TrialFacts, after: &TrialFacts) -> Vec<Change> {
    let on = |date: &Option<PartialDate>| date.as_ref().map(PartialDate::to_display).unwrap_or_default();
    let enrolment = |facts: &TrialFacts| match facts.enrolment {
        None => String::new(),
        Some(count) if facts.is_enrolment_actual => format!("{count} enrolled"),
        Some(count) => format!("{count} planned"),
    };
    let fields = [
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
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(field, before, after)| Change { field: field.to_owned(), before, after }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
