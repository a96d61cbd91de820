//! Is this entry a work we have? Identifiers decide; where there are none, two hints must agree; nothing else merges.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows;
use crate::domain::article::Article;
use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::Identifiers;
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

/// A title shorter than this many letters ("Editorial", "Reply") hints at nothing.
const TELLING_TITLE: usize = 20;

/// The article that this entry is a sighting of, if we have it. Two articles that the entry proves to be one are
/// merged; what forbids it is told in a problem.
pub(super) fn find(
    db: &Connection,
    entry: &Entry,
    source_name: &str,
    now: UnixMs,
    problems: &mut Vec<Problem>,
) -> rusqlite::Result<Option<Article>> {
    let mut same: Vec<Article> = Vec::new();
    for (kind, value) in strong(&entry.ids) {
        let Some(article) = by_identifier(db, kind, &value)? else { continue };
        // A PMID is one record of PubMed's; a DOI may be shared, as by a paper and the notice that retracts it.
        if kind != "pmid" && pmids_differ(&article.ids, &entry.ids) {
            let what = format!("{kind} {value} is also that of article {}, whose PMID differs", article.id);
            problems.push(Problem::new(place(entry), what));
        } else if same.iter().all(|known| known.id != article.id) {
            same.push(article);
        }
    }
    if same.is_empty() {
        return by_hints(db, entry, source_name);
    }
    same.sort_by_key(|article| (!is_decided(article), article.id));
    let others = same.split_off(1);
    let survivor = same.remove(0);
    for other in others {
        if is_decided(&other) {
            let what =
                format!("articles {} and {} are the same work and both decided on", survivor.id, other.id);
            problems.push(Problem::new(place(entry), what));
        } else {
            merge(db, &survivor, &other, now)?;
        }
    }
    super::articles::load(db, survivor.id)
}

/// The article that one of the identifiers is of, if we have it; the first one decides.
pub(super) fn find_by_ids(db: &Connection, ids: &Identifiers) -> rusqlite::Result<Option<i64>> {
    let mut statement =
        db.prepare_cached("SELECT article_id FROM identifiers WHERE kind = ?1 AND value = ?2")?;
    for (kind, value) in strong(ids) {
        if let Some(id) = statement.query_row((kind, value), |row| row.get(0)).optional()? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The article that holds the first known one of the identifiers.
pub(super) fn article_with(db: &Connection, ids: &Identifiers) -> rusqlite::Result<Option<i64>> {
    for (kind, value) in strong(ids) {
        if let Some(article) = by_identifier(db, kind, &value)? {
            return Ok(Some(article.id));
        }
    }
    Ok(None)
}

/// The article that an entry is of, as far as can be said without storing it: by an identifier, else by its link.
pub(super) fn find_known(
    db: &Connection,
    ids: &Identifiers,
    link: Option<&str>,
) -> rusqlite::Result<Option<i64>> {
    let found = find_by_ids(db, ids)?;
    let Some(link) = link.filter(|_| found.is_none()) else { return Ok(found) };
    let mut statement = db.prepare_cached(
        "SELECT article_id FROM hints WHERE kind = 'link' AND value = ?1 ORDER BY article_id LIMIT 1",
    )?;
    statement.query_row([link], |row| row.get(0)).optional()
}

/// Writes down what identifies the article, so that the next sighting finds it. An identifier that another article
/// holds stays there.
pub(super) fn remember(
    db: &Connection,
    article_id: i64,
    entry: &Entry,
    source_name: &str,
) -> rusqlite::Result<()> {
    for (kind, value) in strong(&entry.ids) {
        rows::execute(
            db,
            "INSERT OR IGNORE INTO identifiers (kind, value, article_id) VALUES (:kind, :value, :id)",
            named_params! {":kind": kind, ":value": value, ":id": article_id},
        )?;
    }
    for (kind, value) in hints(entry, source_name) {
        rows::execute(
            db,
            "INSERT OR IGNORE INTO hints (kind, value, article_id) VALUES (:kind, :value, :id)",
            named_params! {":kind": kind, ":value": value, ":id": article_id},
        )?;
    }
    Ok(())
}

/// The source's own name for an entry; stable from fetch to fetch.
pub(super) fn entry_key(entry: &Entry) -> String {
    if !entry.source_key.is_empty() {
        return entry.source_key.clone();
    }
    let strong = strong(&entry.ids).into_iter().next().map(|(kind, value)| format!("{kind}:{value}"));
    strong.or_else(|| entry.link.clone()).unwrap_or_else(|| format!("title:{}", title_key(entry)))
}

fn strong(ids: &Identifiers) -> Vec<(&'static str, String)> {
    let pmid = ids.pmid.map(|pmid| ("pmid", pmid.to_string()));
    let doi = ids.doi.as_ref().map(|doi| ("doi", doi.to_string()));
    let pmcid = ids.pmcid.as_ref().map(|pmcid| ("pmcid", pmcid.to_string()));
    let nct = ids.nct.as_ref().map(|nct| ("nct", nct.to_string()));
    [pmid, doi, pmcid, nct].into_iter().flatten().collect()
}

fn hints(entry: &Entry, source_name: &str) -> Vec<(&'static str, String)> {
    let key = (!entry.source_key.is_empty()).then(|| ("key", format!("{source_name}\n{}", entry.source_key)));
    let link = entry.link.as_ref().map(|link| ("link", link.clone()));
    let title = title_key(entry);
    let title =
        (title.chars().count() >= TELLING_TITLE).then(|| ("title", format!("{source_name}\n{title}")));
    [key, link, title].into_iter().flatten().collect()
}

fn title_key(entry: &Entry) -> String {
    let title = entry.title.to_plain().to_lowercase();
    title.chars().filter(|character| character.is_alphanumeric()).take(200).collect()
}

fn by_identifier(db: &Connection, kind: &str, value: &str) -> rusqlite::Result<Option<Article>> {
    let mut statement =
        db.prepare_cached("SELECT article_id FROM identifiers WHERE kind = ?1 AND value = ?2")?;
    let id = statement.query_map((kind, value), |row| row.get::<_, i64>(0))?.next().transpose()?;
    id.map_or(Ok(None), |id| super::articles::load(db, id))
}

/// Two hints must agree, or the only one there is; and no identifier may contradict.
fn by_hints(db: &Connection, entry: &Entry, source_name: &str) -> rusqlite::Result<Option<Article>> {
    let hints = hints(entry, source_name);
    let needed = hints.len().min(2);
    let mut votes: Vec<(i64, usize)> = Vec::new();
    let mut statement =
        db.prepare_cached("SELECT article_id FROM hints WHERE kind = ?1 AND value = ?2 LIMIT 50")?;
    for (kind, value) in &hints {
        for id in statement.query_map((kind, value), |row| row.get::<_, i64>(0))? {
            let id = id?;
            match votes.iter_mut().find(|(known, _)| *known == id) {
                Some((_, count)) => *count += 1,
                None => votes.push((id, 1)),
            }
        }
    }
    votes.retain(|(_, count)| needed > 0 && *count >= needed);
    votes.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    for (id, _) in votes {
        if let Some(article) = super::articles::load(db, id)?
            && !article.ids.conflicts_with(&entry.ids)
        {
            return Ok(Some(article));
        }
    }
    Ok(None)
}

fn pmids_differ(a: &Identifiers, b: &Identifiers) -> bool {
    matches!((a.pmid, b.pmid), (Some(a), Some(b)) if a != b)
}

/// Whether an editor has had to do with it, so that it may not vanish into another without asking.
fn is_decided(article: &Article) -> bool {
    article.revision > 1 || article.status != Status::Queued
}

/// `other` becomes a forwarding id of `survivor`.
fn merge(db: &Connection, survivor: &Article, other: &Article, now: UnixMs) -> rusqlite::Result<()> {
    for table in ["identifiers", "sightings"] {
        let sql = format!("UPDATE {table} SET article_id = :into WHERE article_id = :from");
        rows::execute(db, &sql, named_params! {":into": survivor.id, ":from": other.id})?;
    }
    rows::execute(
        db,
        "UPDATE OR REPLACE hints SET article_id = :into WHERE article_id = :from",
        named_params! {":into": survivor.id, ":from": other.id},
    )?;
    super::notices::move_to(db, other.id, survivor.id)?;
    rows::execute(
        db,
        "UPDATE articles SET status = 'merged', merged_into = :into, revision = revision + 1 WHERE id = :from",
        named_params! {":into": survivor.id, ":from": other.id},
    )?;
    let object = format!("article {} into article {}", other.id, survivor.id);
    super::people::audit(db, None, "merge", &object, None, None, now)
}

fn place(entry: &Entry) -> String {
    match entry.ids.pmid {
        Some(pmid) => format!("PMID {pmid}"),
        None => format!("entry {}", entry_key(entry)),
    }
}
