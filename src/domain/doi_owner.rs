//! Whose DOI a record bears: a work's own, or that of the work which a notice is about.
//!
//! Retraction notices and errata mostly have a DOI of their own; some bear that of their work, some bear its very title,
//! and feeds show them without their type. Without this, a notice swallows its paper or the other way round.

use super::entry::Entry;
use super::identity::Identifiers;
use super::relation::RelatedWork;
use super::text::RichText;

/// Whether a record is a notice about another work, by its types or the way its title begins. "RETRACTED: …" before a
/// title marks the work itself, "Retraction: …" a notice.
pub fn is_notice(publication_types: &[String], title: &RichText) -> bool {
    const TYPES: [&str; 5] = [
        "Retraction of Publication",
        "Retraction Notice",
        "Published Erratum",
        "Expression of Concern",
        "Corrigendum",
    ];
    publication_types.iter().any(|word| TYPES.contains(&word.as_str())) || begins_like_notice(title)
}

fn begins_like_notice(title: &RichText) -> bool {
    const BEGINNINGS: [&str; 14] = [
        "retraction",
        "retraction notice",
        "notice of retraction",
        "erratum",
        "errata",
        "correction",
        "corrections",
        "corrigendum",
        "corrigenda",
        "publisher correction",
        "author correction",
        "expression of concern",
        "editorial expression of concern",
        "withdrawal notice",
    ];
    let plain = title.to_plain().to_lowercase();
    BEGINNINGS.iter().any(|beginning| {
        let Some(rest) = plain.trim_start().strip_prefix(beginning) else { return false };
        // "Correction of acidosis during ECMO" is a work, "Correction to: …" and "Retraction of …: …" are notices
        let rest = rest.trim_start();
        rest.is_empty()
            || rest.starts_with([':', '.', '-', '–', '—', '[', '('])
            || rest.starts_with("to ")
            || rest.starts_with("to:")
            || rest.starts_with("for ") && beginning.starts_with("errat")
            || rest.starts_with("notice")
    })
}

/// Whose DOI a record bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoiOwner {
    /// A work's own.
    Work,
    /// A notice's own: the work that it is about has another.
    Notice,
    /// That of the work that the notice is about.
    Other,
    /// A notice's, that says nothing more.
    Unsure,
}

impl DoiOwner {
    /// Whose DOI a record bears, by its types, its title and what it says of other works.
    pub fn of(
        publication_types: &[String],
        title: &RichText,
        ids: &Identifiers,
        related: &[RelatedWork],
    ) -> Self {
        let mut about = related.iter().filter(|other| other.relation.is_of_notice()).peekable();
        if about.peek().is_none() && !is_notice(publication_types, title) {
            return Self::Work;
        }
        let dois: Vec<_> = about.filter_map(|other| other.ids.doi.as_ref()).collect();
        match () {
            () if dois.iter().any(|doi| ids.doi.as_ref() == Some(*doi)) => Self::Other,
            () if !dois.is_empty() => Self::Notice,
            () => Self::Unsure,
        }
    }
}

/// Whether the DOI of an entry may find it again. A notice that bears its work's very title may bear its DOI as well:
/// it leaves the DOI to the work.
pub fn claims_doi(entry: &Entry) -> bool {
    match DoiOwner::of(&entry.publication_types, &entry.title, &entry.ids, &entry.related) {
        DoiOwner::Work | DoiOwner::Notice => true,
        DoiOwner::Other => false,
        DoiOwner::Unsure => begins_like_notice(&entry.title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Doi;
    use crate::domain::relation::Relation;

    #[test]
    fn notices_are_known_by_how_their_titles_begin_and_works_about_corrections_are_not_notices() {
        let begins = |title: &str| is_notice(&[], &RichText::from_plain(title));
        for title in [
            "Retraction: a trial",
            "Erratum to: a trial",
            "Correction to “A trial”",
            "Expression of Concern.",
        ] {
            assert!(begins(title), "{title}");
        }
        for title in [
            "RETRACTED: a trial",
            "Correction of acidosis on bypass",
            "Retraction of the leads",
            "Errors in oxygenators",
        ] {
            assert!(!begins(title), "{title}");
        }
    }

    #[test]
    fn a_notice_leaves_the_doi_that_it_shares_to_its_work() {
        let doi = |text: &str| Identifiers { doi: Doi::parse(text), ..Identifiers::default() };
        let points = |relation, text: &str| RelatedWork::new(relation, doi(text));
        let about = |text: &str| points(Relation::RetractionOf, text);
        let notice = |related: Vec<RelatedWork>| Entry {
            title: RichText::from_plain("The title of the paper itself"),
            ids: doi("10.9999/x"),
            publication_types: vec!["Retraction Notice".into()],
            related,
            ..Entry::default()
        };
        assert!(!claims_doi(&notice(vec![about("10.9999/x")])));
        assert!(claims_doi(&notice(vec![about("10.9999/paper")])));
        assert!(!claims_doi(&notice(vec![])), "it does not say whose it is");
        assert!(claims_doi(&Entry { publication_types: vec![], ..notice(vec![]) }));
        for relation in [Relation::PartialRetractionOf, Relation::WithdrawalOf, Relation::RemovalOf] {
            let untyped = Entry { publication_types: vec![], ..notice(vec![points(relation, "10.9999/x")]) };
            assert!(!claims_doi(&untyped), "{relation:?}");
        }
        let newer = points(Relation::NewVersionOf, "10.9999/x");
        assert!(
            claims_doi(&Entry { publication_types: vec![], ..notice(vec![newer]) }),
            "a version is a work"
        );
    }
}
