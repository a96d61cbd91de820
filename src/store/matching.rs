//! Is this entry a work we have? Identifiers decide; where there are none, two hints must agree; nothing else merges.
//!
//! Where identifiers point both ways, nothing merges either: a false merge is worse than a duplicate. Such articles
//! become a suggestion with strong evidence (`pairs`), and so do articles that an editor has decided on.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::{articles, merge, pairs, record, rows};
use crate::domain::article::Article;
use crate::domain::doi_owner::{DoiOwner, claims_doi, is_notice};
use crate::domain::entry::{Author, Entry, Problem};
use crate::domain::identity::Identifiers;
use crate::domain::likeness::{Evidence, title_words};
use crate::domain::status::Status;
use crate::domain::time::UnixMs;

/// A title shorter than this many letters ("Editorial", "Reply") hints at nothing.
pub(super) const TELLING_TITLE: usize = 20;

/// What we have of an entry's work.
#[derive(Debug, Default)]
pub(super) struct Match {
    /// The article that the entry is a sighting of.
    pub(super) article: Option<Article>,
    /// Articles that share an identifier with it and yet may not be merged with it without asking.
    pub(super) rivals: Vec<(i64, Evidence)>,
}

/// The article that this entry is a sighting of, if we have it. Two articles that the entry proves to be one are
/// merged, unless an editor had to do with either.
pub(super) fn find(
    db: &Connection,
    entry: &Entry,
    source_name: &str,
    now: UnixMs,
    problems: &mut Vec<Problem>,
) -> rusqlite::Result<Match> {
    let mut same: Vec<(Article, Evidence)> = Vec::new();
    let mut rivals = Vec::new();
    for (kind, value) in strong(&entry.ids) {
        let Some(article) = by_identifier(db, kind, &value)? else { continue };
        if same.iter().any(|(known, _)| known.id == article.id) {
            continue;
        }
        let shared = Evidence::SharedIdentifier { kind: kind.to_uppercase(), value: value.clone() };
        match decides(db, kind, &article, entry)? {
            Verdict::Same => same.push((article, shared)),
            Verdict::Rival => rivals.push((article.id, shared)),
            Verdict::Other(why) => {
                let what = format!("{kind} {value} is also that of article {}, {why}", article.id);
                problems.push(Problem::new(place(entry), what));
            }
        }
    }
    if same.is_empty() {
        let article = by_hints(db, entry, source_name)?
            .filter(|article| rivals.iter().all(|(id, _)| *id != article.id));
        return Ok(Match { article, rivals });
    }
    // the identifier that says most comes first
    let mut same = same.into_iter();
    let Some((mut standing, _)) = same.next() else { return Ok(Match::default()) };
    for (other, shared) in same {
        let may_merge = !is_decided(&standing)
            && !is_decided(&other)
            && !standing.ids.conflicts_with(&other.ids)
            && !pairs::is_dismissed(db, standing.id, other.id)?;
        if may_merge {
            let (keep, gone) = if standing.id < other.id { (&standing, &other) } else { (&other, &standing) };
            standing = merge::merge_undecided(db, keep, gone, now)?;
        } else {
            rivals.push((other.id, shared));
        }
    }
    Ok(Match { article: Some(standing), rivals })
}

enum Verdict {
    Same,
    /// Perhaps: an editor is asked.
    Rival,
    /// No, and why.
    Other(&'static str),
}

/// What a shared identifier says. A PMID is one record of PubMed's; a DOI may be shared, as by a paper and the notice
/// that retracts it; the other numbers are sometimes carried over from a preprint to its paper.
fn decides(db: &Connection, kind: &str, article: &Article, entry: &Entry) -> rusqlite::Result<Verdict> {
    fn differ<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        matches!((a, b), (Some(a), Some(b)) if a != b)
    }
    let (ours, theirs) = (&article.ids, &entry.ids);
    if kind == "pmid" {
        return Ok(Verdict::Same);
    }
    if differ(&ours.pmid, &theirs.pmid) {
        return Ok(Verdict::Other("whose PMID differs"));
    }
    if kind == "doi" {
        return whose_doi(db, article, entry);
    }
    Ok(if differ(&ours.doi, &theirs.doi) { Verdict::Rival } else { Verdict::Same })
}

/// A DOI that a work and a notice both bear is the notice's own if the notice says that its work has another; then both
/// are sights of the notice, which a feed shows without its type and sometimes under its work's title.
fn whose_doi(db: &Connection, article: &Article, entry: &Entry) -> rusqlite::Result<Verdict> {
    let theirs = DoiOwner::of(&entry.publication_types, &entry.title, &entry.ids, &entry.related);
    if theirs == DoiOwner::Work && !is_notice(&article.publication_types, &article.title) {
        return Ok(Verdict::Same);
    }
    let record = record::stored_record(db, article.id)?;
    let ours = DoiOwner::of(&record.publication_types, &record.title, &record.ids, &record.related);
    let notice = match (ours, theirs) {
        (DoiOwner::Work, notice) | (notice, DoiOwner::Work) => notice,
        _ => return Ok(Verdict::Same),
    };
    Ok(match notice {
        DoiOwner::Work | DoiOwner::Notice => Verdict::Same,
        DoiOwner::Other => Verdict::Other("which a notice is about"),
        DoiOwner::Unsure => Verdict::Rival,
    })
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

/// The article that an entry is of, as far as can be said without storing it: by an identifier, else by its link; the
/// one that stands, where that was merged.
pub(super) fn find_known(
    db: &Connection,
    ids: &Identifiers,
    link: Option<&str>,
) -> rusqlite::Result<Option<i64>> {
    let mut by_link = db.prepare_cached(
        "SELECT article_id FROM hints WHERE kind = 'link' AND value = ?1 ORDER BY article_id LIMIT 1",
    )?;
    let found = match find_by_ids(db, ids)? {
        Some(id) => Some(id),
        None => by_link.query_row([link], |row| row.get(0)).optional()?,
    };
    found.map_or(Ok(None), |id| articles::standing_id(db, id))
}

/// Writes down what identifies the article, so that the next sighting finds it. An identifier that another article
/// holds stays there.
pub(super) fn remember(
    db: &Connection,
    article_id: i64,
    entry: &Entry,
    source_name: &str,
) -> rusqlite::Result<()> {
    let claims_doi = claims_doi(entry);
    for (kind, value) in strong(&entry.ids).into_iter().filter(|(kind, _)| claims_doi || *kind != "doi") {
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
    strong.or_else(|| entry.link.clone()).unwrap_or_else(|| {
        // a yearly report bears the same title every year
        let year = entry.published_on.as_ref().map(|on| on.year().to_string()).unwrap_or_default();
        let author = entry.authors.first().map(Author::display).unwrap_or_default();
        format!("title:{}:{year}:{author}", title_key(entry))
    })
}

fn strong(ids: &Identifiers) -> Vec<(&'static str, String)> {
    let pmid = ids.pmid.map(|pmid| ("pmid", pmid.to_string()));
    let doi = ids.doi.as_ref().map(|doi| ("doi", doi.to_string()));
    let pmcid = ids.pmcid.as_ref().map(|pmcid| ("pmcid", pmcid.to_string()));
    let nct = ids.nct.as_ref().map(|nct| ("nct", nct.to_string()));
    let pii = ids.pii.as_ref().map(|pii| ("pii", pii.to_string()));
    [pmid, doi, pmcid, nct, pii].into_iter().flatten().collect()
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
    fold_title(&entry.title.to_plain())
}

/// A title by its letters and digits alone.
pub(super) fn fold_title(plain: &str) -> String {
    plain.to_lowercase().chars().filter(|character| character.is_alphanumeric()).take(200).collect()
}

fn by_identifier(db: &Connection, kind: &str, value: &str) -> rusqlite::Result<Option<Article>> {
    let mut statement =
        db.prepare_cached("SELECT article_id FROM identifiers WHERE kind = ?1 AND value = ?2")?;
    let id = statement.query_map((kind, value), |row| row.get::<_, i64>(0))?.next().transpose()?;
    id.map_or(Ok(None), |id| articles::load(db, id))
}

/// Two hints must agree, or the only one there is; nothing else of the two may contradict.
fn by_hints(db: &Connection, entry: &Entry, source_name: &str) -> rusqlite::Result<Option<Article>> {
    let hints = hints(entry, source_name);
    let needed = hints.len().min(2);
    let mut votes: Vec<(i64, Vec<&str>)> = Vec::new();
    let mut statement =
        db.prepare_cached("SELECT article_id FROM hints WHERE kind = ?1 AND value = ?2 LIMIT 50")?;
    for (kind, value) in &hints {
        for id in statement.query_map((kind, value), |row| row.get::<_, i64>(0))? {
            let id = id?;
            match votes.iter_mut().find(|(known, _)| *known == id) {
                Some((_, kinds)) => kinds.push(kind),
                None => votes.push((id, vec![kind])),
            }
        }
    }
    votes.retain(|(_, kinds)| needed > 0 && kinds.len() >= needed);
    votes.sort_by_key(|(id, kinds)| (std::cmp::Reverse(kinds.len()), *id));
    for (id, kinds) in votes {
        if let Some(article) = articles::load(db, id)?
            && !article.ids.conflicts_with(&entry.ids)
            && !contradicts(&article, entry, &kinds)
        {
            return Ok(Some(article));
        }
    }
    Ok(None)
}

/// Whether hints agree by accident: a title that returns every year, a feed whose items all bear one address or guid.
fn contradicts(article: &Article, entry: &Entry, hints: &[&str]) -> bool {
    let (ours, theirs) = (title_words(&article.title), title_words(&entry.title));
    let same_title = ours == theirs;
    let shared = ours.iter().filter(|word| theirs.contains(word)).count();
    let other_title = shared * 2 < ours.len().min(theirs.len());
    let year = |on: &Option<crate::domain::time::PartialDate>| on.as_ref().map(|on| on.year());
    let years = (year(&article.published_on), year(&entry.published_on));
    let authors = (article.authors.first(), entry.authors.first());
    match hints {
        ["title"] => years.0 != years.1 || authors.0 != authors.1,
        ["link"] => !same_title || matches!(years, (Some(a), Some(b)) if a.abs_diff(b) > 1),
        _ if hints.contains(&"title") => {
            !hints.contains(&"key") && matches!(years, (Some(a), Some(b)) if a.abs_diff(b) > 1)
        }
        _ => other_title,
    }
}

/// Whether an editor has had to do with it, so that it may not vanish into another without asking.
pub(super) fn is_decided(article: &Article) -> bool {
    article.revision > 1 || article.status != Status::Queued
}

fn place(entry: &Entry) -> String {
    match entry.ids.pmid {
        Some(pmid) => format!("PMID {pmid}"),
        None => format!("entry {}", entry_key(entry)),
    }
}
