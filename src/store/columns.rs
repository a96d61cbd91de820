//! An article's record as columns.

use rusqlite::{ToSql, named_params};

use super::record::Judgement;
use super::rows;
use crate::domain::entry::Entry;

/// The columns that a record and its judgement fill, as named parameters.
pub(super) fn with_columns<T>(
    entry: &Entry,
    judgement: &Judgement,
    store: impl FnOnce(&[(&str, &dyn ToSql)]) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    store(named_params! {
        ":kind": entry.kind.as_str(),
        ":pmid": entry.ids.pmid.map(|pmid| pmid.0),
        ":doi": entry.ids.doi.as_ref().map(|doi| doi.as_str()),
        ":pmcid": entry.ids.pmcid.as_ref().map(|pmcid| pmcid.as_str()),
        ":nct": entry.ids.nct.as_ref().map(|nct| nct.as_str()),
        ":pii": entry.ids.pii.as_ref().map(|pii| pii.as_str()),
        ":title": entry.title.as_html(),
        ":authors": rows::to_json(&entry.authors)?,
        ":journal": rows::to_json(&entry.journal)?,
        ":published_on": entry.published_on.as_ref().map(|date| date.as_str()),
        ":link": entry.link,
        ":language": entry.language,
        ":abstract": rows::to_json(&entry.abstract_sections)?,
        ":types": rows::to_json(&entry.publication_types)?,
        ":mesh": rows::to_json(&entry.mesh)?,
        ":keywords": rows::to_json(&entry.keywords)?,
        ":trials": rows::to_json(&entry.trials)?,
        ":trial": entry.trial.as_ref().map(rows::to_json).transpose()?,
        ":full_text": entry.free_full_text,
        ":related": rows::to_json(&entry.related)?,
        ":complete": entry.complete,
        ":study": judgement.study,
        ":score": judgement.relevance.score,
        ":reasons": rows::to_json(&judgement.relevance.reasons)?,
        ":draft": judgement.draft.as_ref().map(rows::to_json).transpose()?,
        ":topics": rows::to_json(&judgement.topics)?,
        ":title_text": entry.title.to_plain(),
        ":abstract_text": entry.abstract_plain(),
        ":authors_text": rows::authors_text(&entry.authors),
        ":journal_text": entry.journal.title,
    })
}
