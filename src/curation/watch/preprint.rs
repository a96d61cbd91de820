//! What a preprint server says of one preprint: its versions, its paper, and whether it was withdrawn.

use super::Reading;
use crate::domain::identity::{Doi, Identifiers};
use crate::domain::notice::{Change, Finding, NoticeKind, NoticeSource};
use crate::domain::watch::Posting;

/// What the postings of `doi` say happened; `known_version` is the newest of the last look.
pub fn read_postings(
    doi: &Doi,
    postings: &[Posting],
    known_version: Option<u32>,
    server: NoticeSource,
) -> Reading {
    let mut reading = Reading::default();
    let mut own: Vec<&Posting> = postings.iter().filter(|posting| posting.doi == *doi).collect();
    own.sort_by_key(|posting| posting.version);
    let Some(newest) = own.last() else { return reading };
    reading.reasons.push(format!("{} versions, the newest is {}", own.len(), newest.version));
    let finding = |kind| Finding {
        link: Some(format!("{}v{}", doi.url(), newest.version)),
        noticed_on: newest.posted_on.clone(),
        ..Finding::new(kind, server)
    };
    if is_withdrawn(newest) {
        reading.reasons.push("the newest version says that it is withdrawn".to_owned());
        reading.findings.push(finding(NoticeKind::Withdrawal));
    } else if known_version.is_some_and(|known| newest.version > known) {
        reading
            .reasons
            .push(format!("version {} was the newest at the last look", known_version.unwrap_or(0)));
        let before = own.iter().rev().find(|posting| Some(posting.version) <= known_version);
        let changes = before.map(|before| list_changes(before, newest)).unwrap_or_default();
        let citation = format!("{} version {}", server.label(), newest.version);
        reading.findings.push(Finding { changes, citation, ..finding(NoticeKind::NewVersion) });
    }
    if let Some(paper) = own.iter().rev().find_map(|posting| posting.paper.as_ref())
        && paper != doi
    {
        reading.reasons.push(format!("published as {paper}"));
        reading.findings.push(Finding {
            ids: Identifiers { doi: Some(paper.clone()), ..Identifiers::default() },
            link: Some(paper.url()),
            noticed_on: None,
            ..finding(NoticeKind::NowPublished)
        });
    }
    reading
}

fn is_withdrawn(posting: &Posting) -> bool {
    // medRxiv and bioRxiv put a withdrawal statement in the place of the abstract
    const STATEMENTS: [&str; 6] = [
        "withdrawal statement",
        "the authors have withdrawn",
        "this manuscript has been withdrawn",
        "this article has been withdrawn",
        "this preprint has been withdrawn",
        "medrxiv has withdrawn",
    ];
    let text = posting.abstract_text.trim_start().to_lowercase();
    posting.kind.to_lowercase().contains("withdraw")
        || super::role::marked_title(&posting.title) == Some(NoticeKind::Withdrawal)
        || STATEMENTS.iter().any(|statement| text.starts_with(statement))
}

fn list_changes(before: &Posting, after: &Posting) -> Vec<Change> {
    let fields =
        [("Title", &before.title, &after.title), ("Abstract", &before.abstract_text, &after.abstract_text)];
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed
        .map(|(field, before, after)| Change {
            field: field.to_owned(),
            before: before.clone(),
            after: after.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::PartialDate;

    fn posting(version: u32) -> Posting {
        Posting {
            doi: Doi::parse("10.1101/made.up").unwrap(),
            version,
            posted_on: PartialDate::new(2026, Some(11), Some(version)),
            title: "A made-up preprint".into(),
            abstract_text: format!("Survival was {version}0%."),
            kind: "PUBLISHAHEADOFPRINT".into(),
            paper: None,
        }
    }

    fn kinds(postings: &[Posting], known: Option<u32>) -> Vec<NoticeKind> {
        let doi = Doi::parse("10.1101/made.up").unwrap();
        let reading = read_postings(&doi, postings, known, NoticeSource::Medrxiv);
        reading.findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn versions_papers_and_withdrawals_are_told_apart() {
        assert!(kinds(&[posting(1), posting(2)], None).is_empty(), "the first look is the measure");
        assert!(kinds(&[posting(2), posting(1)], Some(2)).is_empty());
        assert_eq!(kinds(&[posting(1), posting(2)], Some(1)), [NoticeKind::NewVersion]);
        let paper = Posting { paper: Doi::parse("10.9999/paper"), ..posting(2) };
        assert_eq!(kinds(&[posting(1), paper], Some(2)), [NoticeKind::NowPublished]);
        let gone =
            Posting { abstract_text: "The authors have withdrawn this manuscript.".into(), ..posting(2) };
        assert_eq!(kinds(&[posting(1), gone], Some(1)), [NoticeKind::Withdrawal]);
        let word = Posting { kind: "withdrawn".into(), ..posting(2) };
        assert_eq!(kinds(&[word], None), [NoticeKind::Withdrawal]);
        let another =
            Posting { doi: Doi::parse("10.1101/another").unwrap(), kind: "withdrawn".into(), ..posting(3) };
        assert!(kinds(&[posting(1), another], Some(1)).is_empty(), "another preprint's posting says nothing");
    }
}
