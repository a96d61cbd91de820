//! `UpdateIn`: a preprint's paper, a new version of a review, or only a letter. PubMed uses one word for all three.

use super::{Reading, Subject, finding, name};
use crate::domain::entry::{Entry, WorkKind};
use crate::domain::notice::{NoticeKind, NoticeSource};
use crate::domain::relation::RelatedWork;

/// Titles with at least this share of words in common are of one work in two versions.
const SAME_TITLE: f64 = 0.6;

/// What an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// The paper of a preprint.
    Paper,
    /// A newer version of the same work.
    NewVersion,
    /// A letter, a comment, an editorial: nothing happened to the work.
    Letter,
    /// Another work that continues this one: its title says something else.
    OtherWork,
    /// The link alone does not say.
    Unclear,
}

/// What the link and its citation say without the other's record.
pub(super) fn judge_by_citation(subject: &Subject, related: &RelatedWork) -> Update {
    if subject.kind == WorkKind::Preprint {
        // a preprint is updated by its paper; by another posting only if the citation says so
        return if is_preprint_citation(related) { Update::NewVersion } else { Update::Paper };
    }
    match (&subject.review, review_number(&related.citation)) {
        (Some(ours), Some(theirs)) if *ours == theirs => Update::NewVersion,
        _ => Update::Unclear,
    }
}

/// What an update is by the other's record.
pub fn judge_update(subject: &Subject, other: &Entry) -> Update {
    const COMMENTS: [&str; 5] = ["Letter", "Comment", "Editorial", "News", "Published Erratum"];
    if other.publication_types.iter().any(|kind| COMMENTS.contains(&kind.as_str())) {
        return Update::Letter;
    }
    if subject.kind == WorkKind::Preprint && other.kind != WorkKind::Preprint {
        return Update::Paper;
    }
    let theirs = Subject::of(other);
    let same_review = subject.review.is_some() && subject.review == theirs.review;
    if same_review || shared_words(&subject.title, &theirs.title) >= SAME_TITLE {
        Update::NewVersion
    } else {
        Update::OtherWork
    }
}

/// Adds what follows from a judged update.
pub(super) fn conclude(
    update: Update,
    subject: &Subject,
    related: &RelatedWork,
    registry: NoticeSource,
    reading: &mut Reading,
) {
    let (kind, why) = match update {
        Update::Paper => (Some(NoticeKind::NowPublished), "the preprint's paper"),
        Update::NewVersion => (Some(NoticeKind::NewVersion), "a new version"),
        Update::Letter => (None, "a letter or comment, nothing happened to this work"),
        Update::OtherWork => (None, "another work with another title, nothing happened to this one"),
        Update::Unclear => (None, "it does not say"),
    };
    reading.reasons.push(format!("{:?} {}: {why}", related.relation, name(related)));
    if let Some(kind) = kind {
        reading.findings.push(finding(kind, related, registry, &subject.ids));
    }
}

impl Reading {
    /// Settles an open link by the other's record.
    pub fn settle(
        &mut self,
        update: Update,
        subject: &Subject,
        related: &RelatedWork,
        registry: NoticeSource,
    ) {
        self.open.retain(|open| open != related);
        conclude(update, subject, related, registry, self);
    }
}

/// `CD001689` in a citation, a page or a DOI of the Cochrane Database of Systematic Reviews.
pub(super) fn review_number(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let at = upper.match_indices("CD").find(|(at, _)| {
        let digits = upper[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
        let before = upper[..*at].bytes().next_back();
        digits == 6 && !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
    })?;
    upper.get(at.0..at.0 + 8).map(str::to_owned)
}

/// "medRxiv. 2020 Nov 03;:"
fn is_preprint_citation(related: &RelatedWork) -> bool {
    const SERVERS: [&str; 6] = ["medrxiv", "biorxiv", "res sq", "arxiv", "ssrn", "chemrxiv"];
    let citation = related.citation.to_lowercase();
    SERVERS.iter().any(|server| citation.starts_with(server))
}

/// The share of words that two titles have in common, of the shorter one's.
fn shared_words(a: &str, b: &str) -> f64 {
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.to_lowercase()
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| word.chars().count() > 3)
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    let shorter = a.len().min(b.len());
    if shorter == 0 { 0.0 } else { a.intersection(&b).count() as f64 / shorter as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::{Identifiers, Pmid};
    use crate::domain::relation::Relation;
    use crate::domain::text::RichText;

    fn link(citation: &str) -> RelatedWork {
        let ids = Identifiers { pmid: Some(Pmid(9)), ..Identifiers::default() };
        RelatedWork { citation: citation.into(), ..RelatedWork::new(Relation::UpdateIn, ids) }
    }

    fn subject(kind: WorkKind, title: &str, review: Option<&str>) -> Subject {
        Subject { kind, title: title.into(), review: review.map(str::to_owned), ..Subject::default() }
    }

    #[test]
    fn a_preprint_is_updated_by_its_paper_and_a_review_by_its_next_version() {
        let preprint = subject(WorkKind::Preprint, "Made-up flow", None);
        assert_eq!(judge_by_citation(&preprint, &link("Made Up J. 2026;1:1")), Update::Paper);
        assert_eq!(judge_by_citation(&preprint, &link("medRxiv. 2026 Nov 03;:")), Update::NewVersion);
        let review = subject(WorkKind::Article, "Made-up reviews", Some("CD999999"));
        let cochrane = "Cochrane Database Syst Rev. 2026 Mar 1;3:CD999999";
        assert_eq!(judge_by_citation(&review, &link(cochrane)), Update::NewVersion);
        assert_eq!(judge_by_citation(&review, &link("Cochrane ;3:CD999998")), Update::Unclear);
        assert_eq!(review_number("10.1002/14651858.cd999999.pub4").as_deref(), Some("CD999999"));
        assert_eq!(review_number("ABCD999999"), None);
        assert_eq!(review_number("CD1"), None);
    }

    #[test]
    fn a_letter_is_no_new_version_and_neither_is_another_title() {
        let ours = subject(WorkKind::Article, "Response to the comments of others", None);
        let other = |title: &str, kind: &str| Entry {
            title: RichText::from_plain(title),
            publication_types: vec![kind.into()],
            ..Entry::default()
        };
        assert_eq!(
            judge_update(&ours, &other("Response to the comments of others", "Letter")),
            Update::Letter
        );
        assert_eq!(
            judge_update(&ours, &other("Uncertainty should not be neglected", "Journal Article")),
            Update::OtherWork
        );
        assert_eq!(
            judge_update(&ours, &other("Response to the comments of others: 2026", "Journal Article")),
            Update::NewVersion
        );
    }
}
