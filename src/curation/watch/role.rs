//! Whether a record is a notice about another work, and whether a title says that its own work is gone.

use crate::domain::entry::Entry;
use crate::domain::notice::NoticeKind;
use crate::domain::relation::Relation;

/// What sort of notice a record is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeRole {
    /// It retracts another work. A retraction that is typed "Published Erratum" as well is one.
    Retraction,
    /// It expresses concern about another work.
    ExpressionOfConcern,
    /// It corrects another work.
    Correction,
}

impl NoticeRole {
    /// "a retraction notice", for the queue and for `watch explain`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Retraction => "a retraction notice",
            Self::ExpressionOfConcern => "an expression of concern",
            Self::Correction => "an erratum",
        }
    }

    /// The role that publication types give (MeSH D016440, called "Retraction of Publication" until 2024, D000075742,
    /// D016425).
    pub fn of_types(types: &[String]) -> Option<Self> {
        let is = |names: &[&str]| types.iter().any(|kind| names.contains(&kind.as_str()));
        if is(&["Retraction of Publication", "Retraction Notice"]) {
            Some(Self::Retraction)
        } else if is(&["Expression of Concern"]) {
            Some(Self::ExpressionOfConcern)
        } else if is(&["Published Erratum"]) {
            Some(Self::Correction)
        } else {
            None
        }
    }
}

/// Whether the record is a notice: by its types, else by what it says of others, the gravest first.
pub fn notice_role(record: &Entry) -> Option<NoticeRole> {
    let about = record.related.iter().filter(|other| {
        other.relation.is_of_notice() && !crate::domain::watch::share_record(&other.ids, &record.ids)
    });
    let by_links = || {
        let roles = about.map(|other| match other.relation {
            Relation::ExpressionOfConcernFor => NoticeRole::ExpressionOfConcern,
            Relation::ErratumFor => NoticeRole::Correction,
            _ => NoticeRole::Retraction,
        });
        roles.min()
    };
    NoticeRole::of_types(&record.publication_types).or_else(by_links)
}

/// What a publisher's mark before a title says: "RETRACTED: …", "WITHDRAWN: …". Only in capitals or brackets, because
/// "Withdrawn: what patients tell us" is a title.
pub(super) fn marked_title(title: &str) -> Option<NoticeKind> {
    let title = title.trim_start();
    let marks = [
        ("RETRACTED", NoticeKind::Retraction),
        ("WITHDRAWN", NoticeKind::Withdrawal),
        ("REMOVED", NoticeKind::Removal),
        ("TEMPORARY REMOVAL", NoticeKind::Removal),
    ];
    for (word, kind) in marks {
        if let Some(rest) = title.strip_prefix(word) {
            let rest = rest.strip_prefix(" ARTICLE").or_else(|| rest.strip_prefix(" PAPER")).unwrap_or(rest);
            if rest.trim_start().starts_with(':') {
                return Some(kind);
            }
        }
        let bracketed = title.strip_prefix('[').or_else(|| title.strip_prefix('('));
        if let Some((inside, _)) = bracketed.and_then(|rest| rest.split_once([']', ')']))
            && inside.trim().trim_end_matches(['.', ':']).eq_ignore_ascii_case(word)
        {
            return Some(kind);
        }
    }
    let article = "retracted article:";
    let head = title.get(..article.len())?;
    head.eq_ignore_ascii_case(article).then_some(NoticeKind::Retraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_publishers_mark_before_a_title_counts() {
        for (title, kind) in [
            ("RETRACTED: A made-up trial", Some(NoticeKind::Retraction)),
            ("RETRACTED ARTICLE: A made-up trial", Some(NoticeKind::Retraction)),
            ("Retracted Article: A made-up trial", Some(NoticeKind::Retraction)),
            ("[Retracted] A made-up trial", Some(NoticeKind::Retraction)),
            ("WITHDRAWN: A made-up trial", Some(NoticeKind::Withdrawal)),
            ("TEMPORARY REMOVAL: A made-up trial", Some(NoticeKind::Removal)),
            ("Withdrawn: what patients tell us", None),
            ("Retraction: A made-up trial", None),
            ("RETRACTED papers in cardiology: a survey", None),
            ("[Retractions in cardiology]", None),
            ("", None),
        ] {
            assert_eq!(marked_title(title), kind, "{title}");
        }
    }
}
