//! A preprint and the paper it became: linked by what their records say or by an editor, never merged. The paper
//! stands in the queue for both; once it is approved, it takes over the permalink of the preprint's public item.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, named_params};

use super::rows::{self, NEWS_COLUMNS};
use super::{Store, StoreError, articles, news, notice_moves, pairs, people};
use crate::domain::article::Article;
use crate::domain::entry::Entry;
use crate::domain::identity::Identifiers;
use crate::domain::notice::FirstReport;
use crate::domain::relation::Relation;
use crate::domain::status::Status;
use crate::domain::time::UnixMs;
use crate::domain::version::as_versions;

/// What of a public item changes when a paper takes it over, and changes back: columns of `news`.
const REPLACED: [&str; 16] = [
    "title",
    "summary",
    "topics",
    "kind",
    "pmid",
    "doi",
    "pmcid",
    "nct",
    "link",
    "authors",
    "journal",
    "published_on",
    "language",
    "title_text",
    "authors_text",
    "journal_text",
];

impl Store {
    /// The row id of the paper that a preprint became, if it is here.
    ///
    /// # Errors
    /// The database's.
    pub async fn paper_of(&self, preprint_id: i64) -> Result<Option<i64>, StoreError> {
        self.read("looking for a preprint's paper", move |db| {
            Ok(articles::load(db, preprint_id)?.and_then(|preprint| preprint.superseded_by))
        })
        .await
    }

    /// The other versions of a work: of a paper its preprints, oldest first; of a preprint its paper.
    ///
    /// # Errors
    /// The database's.
    pub async fn linked_versions(&self, article_id: i64) -> Result<Vec<Article>, StoreError> {
        self.read("looking for other versions", move |db| linked(db, article_id)).await
    }

    /// Of the given papers those that have preprints here, each with how its preprint stands.
    ///
    /// # Errors
    /// The database's.
    pub async fn papers_among(&self, article_ids: Vec<i64>) -> Result<HashMap<i64, Status>, StoreError> {
        self.read("looking for preprints", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT superseded_by, status FROM articles WHERE superseded_by IN (SELECT value FROM json_each(:ids))
                 AND status <> 'merged' ORDER BY id",
            )?;
            let papers = statement.query_map(named_params! {":ids": rows::to_json(&article_ids)?}, |row| {
                Ok((row.get("superseded_by")?, rows::word(row, "status", Status::parse)?))
            })?;
            papers.collect()
        })
        .await
    }

    /// Whether the preprint's public item now shows its paper.
    ///
    /// # Errors
    /// The database's.
    pub async fn is_replaced(&self, preprint_id: i64) -> Result<bool, StoreError> {
        self.read("looking for a preprint's paper", move |db| is_replaced(db, preprint_id)).await
    }

    /// Notes that one of the two is a preprint and the other its paper, as an editor says. `false` where they are not
    /// of these kinds, or were linked already.
    ///
    /// # Errors
    /// The database's.
    pub async fn link_versions(
        &self,
        a: i64,
        b: i64,
        editor_id: i64,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("linking versions", move |db| {
            let linked = link(db, a, b, true)?;
            if let Some((preprint, paper)) = linked {
                let object = format!("article {preprint} is the preprint of article {paper}");
                people::audit(db, Some(editor_id), "link versions", &object, None, None, now)?;
            }
            Ok(linked.is_some())
        })
        .await
    }

    /// Notes that a preprint is not that of the paper it is linked to, whatever their records say. Nothing public
    /// changes. `false` where it is linked to none, or where the paper took over its permalink.
    ///
    /// # Errors
    /// The database's.
    pub async fn unlink_version(
        &self,
        preprint_id: i64,
        editor_id: i64,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("unlinking versions", move |db| {
            let Some(preprint) = articles::load(db, preprint_id)? else { return Ok(false) };
            let Some(paper) = preprint.superseded_by else { return Ok(false) };
            if is_replaced(db, preprint.id)? {
                return Ok(false);
            }
            set_superseded(db, preprint.id, None)?;
            pairs::dismiss(db, preprint.id, paper, editor_id, now)?;
            let object = format!("article {} is not the preprint of article {paper}", preprint.id);
            people::audit(db, Some(editor_id), "unlink versions", &object, None, None, now)?;
            Ok(true)
        })
        .await
    }
}

/// Links the article with the versions that records speak of: its own record of others, and others' of it.
pub(super) fn link_claimed(db: &Connection, article_id: i64, entry: &Entry) -> rusqlite::Result<()> {
    let others = entry
        .related
        .iter()
        .filter(|other| matches!(other.relation, Relation::UpdateIn | Relation::UpdateOf))
        .flat_map(|other| names(&other.ids));
    for (kind, value) in others {
        rows::execute(
            db,
            "INSERT OR IGNORE INTO version_claims (kind, value, article_id) VALUES (:kind, :value, :id)",
            named_params! {":kind": kind, ":value": value, ":id": article_id},
        )?;
        let other = db
            .prepare_cached("SELECT article_id FROM identifiers WHERE kind = ?1 AND value = ?2")?
            .query_row((kind, &value), |row| row.get(0))
            .optional()?;
        if let Some(other) = other {
            link(db, article_id, other, false)?;
        }
    }
    for (kind, value) in names(&entry.ids) {
        let claimants: Vec<i64> = {
            let mut statement =
                db.prepare_cached("SELECT article_id FROM version_claims WHERE kind = ?1 AND value = ?2")?;
            statement.query_map((kind, value), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for claimant in claimants {
            link(db, article_id, claimant, false)?;
        }
    }
    Ok(())
}

fn names(ids: &Identifiers) -> impl Iterator<Item = (&'static str, String)> {
    let pmid = ids.pmid.map(|pmid| ("pmid", pmid.to_string()));
    let doi = ids.doi.as_ref().map(|doi| ("doi", doi.to_string()));
    pmid.into_iter().chain(doi)
}

/// Links two articles if one is a preprint and the other a paper, and no editor said otherwise (but this one now).
/// Gives (preprint, paper) if this was news.
pub(super) fn link(db: &Connection, a: i64, b: i64, by_editor: bool) -> rusqlite::Result<Option<(i64, i64)>> {
    let (Some(a), Some(b)) = (articles::load(db, a)?, articles::load(db, b)?) else { return Ok(None) };
    let Some((preprint, paper)) = as_versions(&a, &b) else { return Ok(None) };
    if preprint.superseded_by.is_some() || !by_editor && pairs::is_dismissed(db, a.id, b.id)? {
        return Ok(None);
    }
    set_superseded(db, preprint.id, Some(paper.id))?;
    Ok(Some((preprint.id, paper.id)))
}

fn set_superseded(db: &Connection, preprint_id: i64, paper_id: Option<i64>) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE articles SET superseded_by = :paper WHERE id = :id",
        named_params! {":paper": paper_id, ":id": preprint_id},
    )?;
    Ok(())
}

fn linked(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<Article>> {
    let Some(article) = articles::load(db, article_id)? else { return Ok(Vec::new()) };
    let mut versions: Vec<Article> = Vec::new();
    versions.extend(article.superseded_by.map_or(Ok(None), |paper| articles::load(db, paper))?);
    let preprints: Vec<i64> = db
        .prepare_cached(
            "SELECT id FROM articles WHERE superseded_by = ?1 AND status <> 'merged' ORDER BY id",
        )?
        .query_map([article.id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for preprint in preprints {
        versions.extend(articles::load(db, preprint)?);
    }
    Ok(versions)
}

/// Whether the preprint's public item now shows its paper.
pub(super) fn is_replaced(db: &Connection, preprint_id: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM replaced_news WHERE preprint_id = ?1)")?
        .query_row([preprint_id], |row| row.get(0))
}

/// Before a paper is published: takes over the standing public item of its preprint, address, date and all, and keeps
/// what it said. An item that was taken back stays so: the paper then gets an address of its own. Says whether the
/// paper's item is one taken over, now or before.
pub(super) fn take_over(db: &Connection, paper: &Article, now: UnixMs) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT {NEWS_COLUMNS} FROM news
         WHERE article_id IN (SELECT id FROM articles WHERE superseded_by = :paper) AND withdrawn_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM news AS own WHERE own.article_id = :paper)
         ORDER BY published_at LIMIT 1"
    );
    let found =
        db.prepare_cached(&sql)?.query_row(named_params! {":paper": paper.id}, rows::news_item).optional()?;
    let Some(item) = found else { return was_taken_over(db, paper.id) };
    let first_report = FirstReport {
        kind: item.kind,
        ids: item.ids.clone(),
        journal: item.journal.clone(),
        published_on: item.published_on.clone(),
        link: item.link.clone(),
    };
    let kept: Vec<String> = REPLACED.iter().map(|name| format!("'{name}', {name}")).collect();
    rows::execute(
        db,
        &format!(
            "INSERT INTO replaced_news (paper_id, preprint_id, replaced_at, item)
             SELECT :paper, article_id, :now, json_object({}) FROM news WHERE article_id = :preprint",
            kept.join(", ")
        ),
        named_params! {":paper": paper.id, ":now": now.0, ":preprint": item.article_id},
    )?;
    let preprint = named_params! {":preprint": item.article_id};
    rows::execute(db, "DELETE FROM news_topics WHERE article_id = :preprint", preprint)?;
    rows::execute(
        db,
        "UPDATE news SET article_id = :paper, first_report = :first WHERE article_id = :preprint",
        named_params! {":paper": paper.id, ":first": rows::to_json(&first_report)?, ":preprint": item.article_id},
    )?;
    notice_moves::follow_version(db, item.article_id, paper.id)?;
    Ok(true)
}

fn was_taken_over(db: &Connection, paper_id: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM replaced_news WHERE paper_id = ?1)")?
        .query_row([paper_id], |row| row.get(0))
}

/// When the approval of a paper is undone: gives the public item back to the preprint, as it was. Says whether there
/// was one to give.
pub(super) fn hand_back(db: &Connection, paper_id: i64, now: UnixMs) -> rusqlite::Result<bool> {
    let preprint: Option<i64> = db
        .prepare_cached("SELECT preprint_id FROM replaced_news WHERE paper_id = ?1")?
        .query_row([paper_id], |row| row.get(0))
        .optional()?;
    let Some(preprint) = preprint.map_or(Ok(None), |id| articles::load(db, id))? else { return Ok(false) };
    rows::execute(
        db,
        "DELETE FROM news_topics WHERE article_id = :paper",
        named_params! {":paper": paper_id},
    )?;
    let restored: Vec<String> = REPLACED.iter().map(|name| format!("{name} = item ->> '{name}'")).collect();
    let sql = format!(
        "UPDATE news SET article_id = :preprint, first_report = NULL, updated_at = :updated, {}
         FROM replaced_news WHERE replaced_news.paper_id = :paper AND news.article_id = :paper",
        restored.join(", ")
    );
    let updated = news::free_second(db, "updated_at", now, paper_id)?;
    rows::execute(
        db,
        &sql,
        named_params! {":preprint": preprint.id, ":updated": updated, ":paper": paper_id},
    )?;
    notice_moves::return_to_version(db, preprint.id, paper_id)?;
    rows::execute(
        db,
        "DELETE FROM replaced_news WHERE paper_id = :paper",
        named_params! {":paper": paper_id},
    )?;
    if preprint.status == Status::Approved {
        news::index_item(db, preprint.id)?;
    } else {
        news::hide(db, preprint.id, now)?;
    }
    Ok(true)
}
