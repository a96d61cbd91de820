//! Versions: a preprint and the paper it became are two works under one permalink; the newer is shown, the older kept.
//!
//! This only says which of two works is the preprint. That they are versions of each other their records say
//! (`Relation::UpdateIn`/`UpdateOf` between a preprint and a paper, from whichever service), or an editor does.

use super::article::Article;
use super::entry::WorkKind;
use super::identity::Identifiers;

/// Whether a work is a preprint, by what its source says or by the server in its DOI.
pub fn is_preprint(kind: WorkKind, ids: &Identifiers) -> bool {
    kind == WorkKind::Preprint || ids.doi.as_ref().is_some_and(|doi| doi.is_preprint())
}

/// The two as (preprint, paper), if one is a preprint and the other a paper. PubMed's `UpdateOf` also joins Cochrane
/// reviews with their updates and papers with letters: those are no versions in this sense.
pub fn as_versions<'a>(a: &'a Article, b: &'a Article) -> Option<(&'a Article, &'a Article)> {
    let preprint = |article: &Article| is_preprint(article.kind, &article.ids);
    let paper = |article: &Article| article.kind == WorkKind::Article && !preprint(article);
    match () {
        () if preprint(a) && paper(b) => Some((a, b)),
        () if preprint(b) && paper(a) => Some((b, a)),
        () => None,
    }
}
