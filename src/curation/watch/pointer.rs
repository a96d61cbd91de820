//! What a record says of other works: a notice names the paper, a paper its preprint.

use super::{NoticeRole, Reading, Subject, finding, name, notice_role, update};
use crate::domain::entry::Entry;
use crate::domain::notice::{Finding, NoticeKind, NoticeSource};
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
            Some(kind) if kind.is_serious() && notice_role(record) == Some(NoticeRole::Correction) => {
                let said = format!("{:?} by {}", related.relation, name(&back));
                let detail =
                    format!("Its link says {:?}, its type only that it is an erratum.", related.relation);
                reading
                    .reasons
                    .push(format!("{said}: typed as an erratum only, and an erratum retracts nothing"));
                let erratum = finding(NoticeKind::Correction, &back, registry, &subject.ids);
                reading.findings.push(Finding { detail, ..erratum });
            }
            Some(kind) => {
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
        Relation::OtherUpdateOf => NoticeKind::OtherUpdate,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::{Identifiers, Pmid};

    fn ids(pmid: u32) -> Identifiers {
        Identifiers { pmid: Some(Pmid(pmid)), ..Identifiers::default() }
    }

    #[test]
    fn what_is_typed_as_an_erratum_only_retracts_nothing_whatever_its_link_says() {
        let subject = Subject { ids: ids(1), ..Subject::default() };
        let read = |types: &[&str], relation| {
            let record = Entry {
                ids: ids(900),
                publication_types: types.iter().map(|kind| (*kind).to_owned()).collect(),
                related: vec![RelatedWork::new(relation, ids(1))],
                ..Entry::default()
            };
            let found = read_pointer(&subject, &record, NoticeSource::Pubmed).findings;
            found.into_iter().map(|finding| finding.kind).collect::<Vec<_>>()
        };
        let links = [
            Relation::RetractionOf,
            Relation::PartialRetractionOf,
            Relation::WithdrawalOf,
            Relation::RemovalOf,
            Relation::ExpressionOfConcernFor,
        ];
        for link in links {
            assert_eq!(read(&["Published Erratum"], link), [NoticeKind::Correction], "{link:?}");
        }
        let both = ["Published Erratum", "Retraction Notice"];
        assert_eq!(read(&both, Relation::RetractionOf), [NoticeKind::Retraction], "typed as both");
        assert_eq!(read(&[], Relation::RetractionOf), [NoticeKind::Retraction], "the link alone");
        assert_eq!(read(&["Published Erratum"], Relation::ErratumFor), [NoticeKind::Correction]);
    }
}
