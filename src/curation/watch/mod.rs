//! What a record says happened to a work: links, publication types and titles → findings, each with its reason.
//!
//! Pure. Not here: fetching, and what is done with a finding (`store::notices`). Invariant: an erratum is never a
//! retraction, a notice is not the paper whose title it bears, and a letter is no new version; where a record leaves it
//! open, there is no finding but a reason, or a link that the caller resolves by the other record.

mod pointer;
mod preprint;
mod role;
mod snapshot;
mod trial;
mod update;

use crate::domain::entry::{Entry, WorkKind};
use crate::domain::identity::Identifiers;
use crate::domain::notice::{Finding, NoticeKind, NoticeSource};
use crate::domain::relation::{RelatedWork, Relation};

pub use pointer::{pointed_works, read_pointer};
pub use preprint::read_postings;
pub use role::{NoticeRole, notice_role};
pub use snapshot::{Snapshot, note_look};
pub use trial::compare_trials;
pub use update::{Update, judge_update};

/// What we know of the article that is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The sort of work.
    pub kind: WorkKind,
    /// Its identifiers.
    pub ids: Identifiers,
    /// Its title, plain.
    pub title: String,
    /// Where it is a part of a database of reviews, its number there (`CD001689`).
    pub review: Option<String>,
}

/// What a record was found to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// What happened to the work.
    pub findings: Vec<Finding>,
    /// Links that say too little; the other's record decides.
    pub open: Vec<RelatedWork>,
    /// Why, link by link, for `perfuse watch explain`.
    pub reasons: Vec<String>,
}

impl Subject {
    /// The work so described; `pages` as its record has them.
    pub fn new(kind: WorkKind, ids: Identifiers, title: String, pages: &str) -> Self {
        let by_doi = || update::review_number(ids.doi.as_ref()?.as_str());
        Self { kind, review: update::review_number(pages).or_else(by_doi), title, ids }
    }

    /// The work that a record describes.
    pub fn of(entry: &Entry) -> Self {
        Self::new(entry.kind, entry.ids.clone(), entry.title.to_plain(), &entry.journal.pages)
    }
}

/// What a registry's record of a work says happened to it. `registry` is whose record it is; a link that names who said
/// so keeps that.
pub fn read_record(subject: &Subject, record: &Entry, registry: NoticeSource) -> Reading {
    let mut reading = Reading::default();
    let role = notice_role(record);
    if let Some(role) = role {
        reading.reasons.push(format!("the record is itself {}", role.label()));
    }
    for related in &record.related {
        read_link(subject, related, registry, &mut reading);
    }
    let is_retracted = reading.findings.iter().any(|finding| {
        matches!(finding.kind, NoticeKind::Retraction | NoticeKind::Removal | NoticeKind::Withdrawal)
    });
    // "Retracted Publication" (MeSH D016441) stands on the paper, "Retraction Notice" (D016440) on the notice
    let typed = record.publication_types.iter().any(|kind| kind == "Retracted Publication");
    if typed && role.is_none() && !is_retracted {
        reading.reasons.push("typed \"Retracted Publication\", without a link to a notice".to_owned());
        reading.findings.push(Finding::new(NoticeKind::Retraction, registry));
    } else if let Some(kind) = role::marked_title(&record.title.to_plain())
        && role.is_none()
        && !is_retracted
    {
        reading.reasons.push(format!("its title begins with the mark of a {}", kind.label().to_lowercase()));
        reading.findings.push(Finding::new(kind, registry));
    }
    reading
}

fn read_link(subject: &Subject, related: &RelatedWork, registry: NoticeSource, reading: &mut Reading) {
    let named = name(related);
    if let Some(kind) = kind_of(related.relation) {
        reading.reasons.push(format!("{:?} {named}: {}", related.relation, kind.label().to_lowercase()));
        reading.findings.push(finding(kind, related, registry, &subject.ids));
        return;
    }
    match related.relation {
        Relation::UpdateIn | Relation::RepublishedIn => match update::judge_by_citation(subject, related) {
            // without a number there is no other record to ask for: it stays unclear, and said
            Update::Unclear if related.ids.pmid.is_some() => {
                reading.reasons.push(format!("{:?} {named}: the other's record decides", related.relation));
                reading.open.push(related.clone());
            }
            judged => update::conclude(judged, subject, related, registry, reading),
        },
        relation => reading.reasons.push(format!("{relation:?} {named}: nothing happened to this work")),
    }
}

/// The kinds that a link alone decides.
fn kind_of(relation: Relation) -> Option<NoticeKind> {
    Some(match relation {
        Relation::RetractionIn => NoticeKind::Retraction,
        Relation::PartialRetractionIn => NoticeKind::PartialRetraction,
        Relation::WithdrawalIn => NoticeKind::Withdrawal,
        Relation::RemovalIn => NoticeKind::Removal,
        Relation::ExpressionOfConcernIn => NoticeKind::ExpressionOfConcern,
        Relation::CorrectedAndRepublishedIn => NoticeKind::CorrectedAndRepublished,
        Relation::ErratumIn => NoticeKind::Correction,
        Relation::OtherUpdateIn => NoticeKind::OtherUpdate,
        Relation::NewVersionIn => NoticeKind::NewVersion,
        _ => return None,
    })
}

/// The finding that a link makes. A notice that names the work itself, as registries do where the publisher put it in
/// the paper's place, has no record of its own.
fn finding(kind: NoticeKind, related: &RelatedWork, registry: NoticeSource, own: &Identifiers) -> Finding {
    let is_own = crate::domain::watch::share_record(&related.ids, own);
    let ids = if is_own { Identifiers::default() } else { related.ids.clone() };
    Finding {
        link: ids.doi.as_ref().map(|doi| doi.url()).or_else(|| ids.pmid.map(|pmid| pmid.url())),
        ids,
        citation: related.citation.clone(),
        noticed_on: related.noticed_on.clone(),
        ..Finding::new(kind, related.said_by.unwrap_or(registry))
    }
}

/// A linked work in a few words.
fn name(related: &RelatedWork) -> String {
    let ids = &related.ids;
    let number = ids
        .pmid
        .map(|pmid| format!("PMID {pmid}"))
        .or_else(|| ids.doi.as_ref().map(|doi| doi.to_string()))
        .unwrap_or_else(|| "without a number".to_owned());
    if related.citation.is_empty() { number } else { format!("{number} ({})", related.citation) }
}
