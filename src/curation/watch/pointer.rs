//! What a record says of other works: a notice names the paper, a paper its preprint.

use super::{Reading, Subject, Update, finding, name, notice_role, update};
use crate::domain::entry::Entry;
use crate::domain::notice::{NoticeKind, NoticeSource};
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::watch::share_record;

/// The works that a record says something of that concerns them.
pub fn pointed_works(record: &Entry) -> Vec<&RelatedWork> {
    let concerns = |relation| {
        counterpart(relation).is_some() || matches!(relation, Relation::UpdateOf | Relation::RepublishedFrom)
    };
    let others = record.related.iter().filter(|related| !related.ids.is_empty());
    others.filter(|related| concerns(related.relation)).collect()
}

/// What a record says of `subject`, which it points at. Nothing, if it points at another work.
pub fn read_pointer(subject: &Subject, record: &Entry, registry: NoticeSource) -> Reading {
    let mut reading = Reading::default();
    // a record that shares the subject's number is the subject
    if share_record(&subject.ids, &record.ids) && record.ids.pmid == subject.ids.pmid {
        return reading;
    }
    for related in pointed_works(record) {
        if !share_record(&related.ids, &subject.ids) || related.ids.conflicts_with(&subject.ids) {
            continue;
        }
        let back = RelatedWork {
            ids: record.ids.clone(),
            citation: cite(record),
            noticed_on: record.published_on.clone().or_else(|| related.noticed_on.clone()),
            ..related.clone()
        };
        match counterpart(related.relation) {
            Some(kind) => {
                let is_erratum_only = kind == NoticeKind::Retraction
                    && notice_role(record) == Some(super::NoticeRole::Correction);
                if is_erratum_only {
                    reading.reasons.push(format!(
                        "{:?} by {}: the record is typed as an erratum only",
                        related.relation,
                        name(&back)
                    ));
                }
                reading.reasons.push(format!("{:?} by {}", related.relation, name(&back)));
                reading.findings.push(finding(kind, &back, registry, &subject.ids));
            }
            None => {
                let back = RelatedWork { relation: Relation::UpdateIn, ..back };
                let judged = super::judge_update(subject, record);
                update::conclude(judged, subject, &back, registry, &mut reading);
            }
        }
    }
    reading
}

/// What happens to the work that a link of this sort points at.
fn counterpart(relation: Relation) -> Option<NoticeKind> {
    Some(match relation {
        Relation::RetractionOf => NoticeKind::Retraction,
        Relation::PartialRetractionOf => NoticeKind::PartialRetraction,
        Relation::WithdrawalOf => NoticeKind::Withdrawal,
        Relation::RemovalOf => NoticeKind::Removal,
        Relation::ExpressionOfConcernFor => NoticeKind::ExpressionOfConcern,
        Relation::ErratumFor => NoticeKind::Correction,
        Relation::CorrectedAndRepublishedFrom => NoticeKind::CorrectedAndRepublished,
        Relation::NewVersionOf => NoticeKind::NewVersion,
        _ => return None,
    })
}

/// "Oncol Lett. 2021-07;22(1):545", as PubMed's links word it.
fn cite(record: &Entry) -> String {
    let journal = &record.journal;
    let title = if journal.abbreviation.is_empty() { &journal.title } else { &journal.abbreviation };
    let mut text = title.clone();
    if let Some(on) = &record.published_on {
        text.push_str(&format!(". {}", on.to_display()));
    }
    if !journal.volume.is_empty() {
        text.push_str(&format!(";{}", journal.volume));
        if !journal.issue.is_empty() {
            text.push_str(&format!("({})", journal.issue));
        }
        if !journal.pages.is_empty() {
            text.push_str(&format!(":{}", journal.pages));
        }
    }
    text
}

/// What the update is, seen from the record that says so.
impl Update {
    /// Whether something happened to the work that was updated.
    pub fn concerns_it(self) -> bool {
        matches!(self, Self::Paper | Self::NewVersion)
    }
}
