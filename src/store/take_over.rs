//! A preprint's paper takes its place: one permalink, both citations.
//!
//! The article that was first seen as a preprint becomes the paper; the row that stood for the paper forwards to it. How
//! the work first appeared stays in `first_report`. What an editor wrote is not touched: the text is theirs.

use rusqlite::{Connection, Transaction, named_params};

use super::{articles, matching, news, people, rows};
use crate::domain::article::Article;
use crate::domain::entry::WorkKind;
use crate::domain::notice::{Finding, FirstReport};
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

/// Lets the paper that `finding` names take the place of its preprint, if we have the paper's record and no editor has
/// decided on it as a work of its own. Says whether it did.
pub(super) fn take_over(
    db: &Transaction<'_>,
    preprint_id: i64,
    finding: &Finding,
    now: UnixMs,
) -> rusqlite::Result<bool> {
    let Some(preprint) =
        articles::load(db, preprint_id)?.filter(|article| article.kind == WorkKind::Preprint)
    else {
        return Ok(false);
    };
    let Some(paper) = matching::article_with(db, &finding.ids)? else { return Ok(false) };
    let Some(paper) = articles::load(db, paper)?.filter(|paper| is_free(paper, &preprint)) else {
        return Ok(false);
    };
    let first_report = FirstReport {
        kind: preprint.kind,
        ids: preprint.ids.clone(),
        journal: preprint.journal.clone(),
        published_on: preprint.published_on.clone(),
        link: preprint.link.clone(),
    };
    copy_record(db, paper.id, preprint.id, &rows::to_json(&first_report)?)?;
    matching::merge(db, &preprint, &paper, now)?;
    let after = format!("the paper {}", paper.public_id);
    people::audit(db, None, "take over", &preprint.public_id, None, Some(&after), now)?;
    if preprint.status == Status::Approved
        && let Some(article) = articles::load(db, preprint.id)?
    {
        news::rewrite(db, &article)?;
    }
    Ok(true)
}

/// A paper that an editor published or refused is a work of its own for them, and stays.
fn is_free(paper: &Article, preprint: &Article) -> bool {
    paper.id != preprint.id
        && paper.kind != WorkKind::Preprint
        && matches!(paper.status, Status::Queued | Status::Later)
}

/// The paper's record in the place of the preprint's. Decisions, texts and topics stay.
fn copy_record(db: &Connection, paper: i64, preprint: i64, first_report: &str) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE articles SET (kind, pmid, doi, pmcid, nct, title, authors, journal, published_on, link, language,
             abstract, publication_types, mesh, keywords, trials, related, complete, title_text, abstract_text,
             authors_text, journal_text) =
             (SELECT kind, pmid, doi, pmcid, nct, title, authors, journal, published_on, link, language, abstract,
                 publication_types, mesh, keywords, trials, related, complete, title_text, abstract_text,
                 authors_text, journal_text FROM articles AS paper WHERE paper.id = :paper),
             first_report = coalesce(first_report, :first), revision = revision + 1
         WHERE id = :preprint",
        named_params! {":paper": paper, ":preprint": preprint, ":first": first_report},
    )?;
    Ok(())
}
