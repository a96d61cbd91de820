//! Pairs of articles that may be one work: found when something is recorded, shown to editors, dismissed for good.
//!
//! Nothing here merges. A pair is looked at again whenever it is read, so a record that was completed since and turns
//! out to be another work takes its suggestion along.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, named_params};

use super::rows;
use super::{Store, StoreError, articles, people};
use crate::domain::article::Article;
use crate::domain::likeness::{Evidence, Looks, PairSort, compare, look_up_hashes};
use crate::domain::status::Status;
use crate::domain::time::UnixMs;
use crate::domain::version::as_versions;

/// Articles looked at for one hash, the newest first: "Editorial" has hundreds of namesakes.
const MOST_ALIKE: i64 = 20;

/// Another article that may be the same work, or another version of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The other one.
    pub other: Article,
    /// Which of the two it may be.
    pub sort: PairSort,
    /// Why, the strongest first.
    pub evidence: Vec<Evidence>,
}

/// The common table expression `family (id)`: the article `:id` and those merged into it, however often.
pub(super) const FAMILY: &str = "WITH RECURSIVE family (id) AS (
    SELECT :id UNION SELECT articles.id FROM articles JOIN family ON articles.merged_into = family.id)";

impl Store {
    /// What may be the same work as the article: nothing that an editor said is not.
    ///
    /// # Errors
    /// The database's.
    pub async fn suggestions(&self, article_id: i64) -> Result<Vec<Suggestion>, StoreError> {
        self.read("looking for duplicates", move |db| match articles::load(db, article_id)? {
            Some(article) => open_suggestions(db, &article),
            None => Ok(Vec::new()),
        })
        .await
    }

    /// Which of the articles have suggestions.
    ///
    /// # Errors
    /// The database's.
    pub async fn suggested_among(&self, article_ids: Vec<i64>) -> Result<HashSet<i64>, StoreError> {
        self.read("looking for duplicates", move |db| {
            let mut suggested = HashSet::new();
            for id in article_ids {
                if let Some(article) = articles::load(db, id)?
                    && !open_suggestions(db, &article)?.is_empty()
                {
                    suggested.insert(id);
                }
            }
            Ok(suggested)
        })
        .await
    }

    /// Notes that an editor says two articles are different works: neither suggested nor merged again. Says whether
    /// this was news.
    ///
    /// # Errors
    /// The database's.
    pub async fn dismiss_pair(
        &self,
        a: i64,
        b: i64,
        editor_id: i64,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("dismissing a duplicate", move |db| dismiss(db, a, b, editor_id, now)).await
    }

    /// Takes back what [`Store::dismiss_pair`] noted: the pair is suggested again, if it still looks like one.
    ///
    /// # Errors
    /// The database's.
    pub async fn recall_pair(&self, a: i64, b: i64, editor_id: i64, now: UnixMs) -> Result<(), StoreError> {
        self.write("recalling a duplicate", move |db| {
            let sql = format!(
                "{FAMILY}, other (id) AS (
                     SELECT :other UNION SELECT articles.id FROM articles JOIN other ON articles.merged_into = other.id)
                 UPDATE pairs SET dismissed_at = NULL, dismissed_by = NULL WHERE dismissed_at IS NOT NULL
                   AND (low_id IN family AND high_id IN other OR low_id IN other AND high_id IN family)"
            );
            if rows::execute(db, &sql, named_params! {":id": a, ":other": b})? > 0 {
                let object = format!("articles {} and {}", a.min(b), a.max(b));
                people::audit(db, Some(editor_id), "perhaps the same work", &object, None, None, now)?;
            }
            Ok(())
        })
        .await
    }

    /// The articles that an editor said are other works than this one.
    ///
    /// # Errors
    /// The database's.
    pub async fn dismissed_pairs(&self, article_id: i64) -> Result<Vec<Article>, StoreError> {
        self.read("looking for dismissed duplicates", move |db| {
            let dismissed = pairs_of(db, article_id)?.into_iter().filter(|(_, pair)| pair.dismissed);
            dismissed.filter_map(|(id, _)| articles::load(db, id).transpose()).collect()
        })
        .await
    }
}

/// Puts down where an article of these looks is to be looked for, and the pairs that it makes with what is here.
pub(super) fn find_alike(
    db: &Connection,
    article_id: i64,
    looks: Looks<'_>,
    now: UnixMs,
) -> rusqlite::Result<()> {
    let mut seen = HashSet::from([article_id]);
    for hash in look_up_hashes(looks) {
        let alike: Vec<i64> = {
            let mut statement = db.prepare_cached(
                "SELECT article_id FROM likeness WHERE hash = ?1 ORDER BY article_id DESC LIMIT ?2",
            )?;
            statement.query_map((hash, MOST_ALIKE), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for id in alike {
            if seen.contains(&id) {
                continue;
            }
            let Some(other) = articles::load(db, id)?.filter(|other| seen.insert(other.id)) else { continue };
            if let Some((sort, evidence)) = compare(looks, (&other).into()) {
                suggest(db, article_id, other.id, sort, &evidence, now)?;
            }
        }
        rows::execute(
            db,
            "INSERT OR IGNORE INTO likeness (hash, article_id) VALUES (:hash, :id)",
            named_params! {":hash": hash, ":id": article_id},
        )?;
    }
    Ok(())
}

/// [`find_alike`] for an article as it is stored.
pub(super) fn find_alike_stored(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    match articles::load(db, article_id)? {
        Some(article) => find_alike(db, article.id, (&article).into(), now),
        None => Ok(()),
    }
}

/// Puts down where articles are to be looked for that were stored before there was such a place. What already waits
/// is compared as well, so that duplicates of old show.
pub(super) fn index_unknown(db: &mut Connection) -> rusqlite::Result<()> {
    let unknown: bool = db.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM likeness) AND EXISTS (SELECT 1 FROM articles)",
        [],
        |row| row.get(0),
    )?;
    if !unknown {
        return Ok(());
    }
    let transaction = db.transaction()?;
    let articles: Vec<(i64, i64)> = transaction
        .prepare("SELECT id, first_seen_at FROM articles WHERE status <> 'merged' ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, first_seen_at) in articles {
        find_alike_stored(&transaction, id, UnixMs(first_seen_at))?;
    }
    transaction.commit()
}

/// Puts down a pair. What was found before stays, unless this rests on identifiers; what was dismissed stays so.
pub(super) fn suggest(
    db: &Connection,
    a: i64,
    b: i64,
    sort: PairSort,
    evidence: &[Evidence],
    now: UnixMs,
) -> rusqlite::Result<()> {
    if a == b {
        return Ok(());
    }
    rows::execute(
        db,
        "INSERT INTO pairs (low_id, high_id, sort, evidence, found_at) VALUES (:low, :high, :sort, :evidence, :now)
         ON CONFLICT (low_id, high_id) DO UPDATE SET evidence = excluded.evidence, sort = excluded.sort
         WHERE :strong",
        named_params! {
            ":low": a.min(b), ":high": a.max(b), ":sort": sort.as_str(), ":evidence": rows::to_json(evidence)?,
            ":now": now.0, ":strong": evidence.iter().any(Evidence::is_strong),
        },
    )?;
    Ok(())
}

/// Whether an editor said that the two, or any merged into them, are different works.
pub(super) fn is_dismissed(db: &Connection, a: i64, b: i64) -> rusqlite::Result<bool> {
    Ok(pairs_of(db, a)?.get(&b).is_some_and(|pair| pair.dismissed))
}

pub(super) fn dismiss(
    db: &Connection,
    a: i64,
    b: i64,
    editor_id: i64,
    now: UnixMs,
) -> rusqlite::Result<bool> {
    let (Some(a), Some(b)) = (articles::load(db, a)?, articles::load(db, b)?) else { return Ok(false) };
    if a.id == b.id || is_dismissed(db, a.id, b.id)? {
        return Ok(false);
    }
    rows::execute(
        db,
        "INSERT INTO pairs (low_id, high_id, sort, evidence, found_at, dismissed_at, dismissed_by)
         VALUES (:low, :high, 'same', '[]', :now, :now, :by)
         ON CONFLICT (low_id, high_id) DO UPDATE SET dismissed_at = :now, dismissed_by = :by",
        named_params! {":low": a.id.min(b.id), ":high": a.id.max(b.id), ":now": now.0, ":by": editor_id},
    )?;
    let object = format!("articles {} and {}", a.id.min(b.id), a.id.max(b.id));
    people::audit(db, Some(editor_id), "not the same work", &object, None, None, now)?;
    Ok(true)
}

struct Pair {
    sort: PairSort,
    evidence: Vec<Evidence>,
    dismissed: bool,
}

/// The pairs of the article and of those merged into it, by the article that stands for the other side.
fn pairs_of(db: &Connection, article_id: i64) -> rusqlite::Result<BTreeMap<i64, Pair>> {
    let sql = format!(
        "{FAMILY} SELECT iif(low_id IN family, high_id, low_id) AS other, sort, evidence,
                         dismissed_at IS NOT NULL AS dismissed
                  FROM pairs WHERE low_id IN family OR high_id IN family"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    let found = statement.query_map(named_params! {":id": article_id}, |row| {
        let pair = Pair {
            sort: rows::word(row, "sort", PairSort::parse)?,
            evidence: rows::from_json(row, "evidence")?,
            dismissed: row.get("dismissed")?,
        };
        Ok((row.get::<_, i64>("other")?, pair))
    })?;
    for found in found {
        let (other, pair) = found?;
        let Some(other) = articles::standing_id(db, other)?.filter(|other| *other != article_id) else {
            continue;
        };
        match pairs.get_mut(&other) {
            None => drop(pairs.insert(other, pair)),
            Some(known) => {
                known.dismissed |= pair.dismissed;
                if pair.evidence.iter().any(Evidence::is_strong) {
                    known.evidence = pair.evidence;
                }
            }
        }
    }
    Ok(pairs)
}

fn open_suggestions(db: &Connection, article: &Article) -> rusqlite::Result<Vec<Suggestion>> {
    let mut suggestions = Vec::new();
    for (other, pair) in pairs_of(db, article.id)? {
        let Some(other) = articles::load(db, other)?.filter(|_| !pair.dismissed) else { continue };
        let linked = article.superseded_by == Some(other.id) || other.superseded_by == Some(article.id);
        let refused = [article.status, other.status].iter().all(|status| *status == Status::Rejected);
        if linked || refused {
            continue;
        }
        let mut evidence: Vec<Evidence> = pair.evidence.into_iter().filter(Evidence::is_strong).collect();
        let looks = compare(article.into(), (&other).into());
        let sort = if as_versions(article, &other).is_some() { PairSort::Version } else { pair.sort };
        match looks {
            Some((sort, looks)) => {
                evidence.extend(looks);
                suggestions.push(Suggestion { other, sort, evidence });
            }
            None if !evidence.is_empty() => suggestions.push(Suggestion { other, sort, evidence }),
            None => {}
        }
    }
    suggestions.sort_by_key(|suggestion| !suggestion.evidence.iter().any(Evidence::is_strong));
    Ok(suggestions)
}
