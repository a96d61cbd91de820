//! What the ranking learns from: the editors' decisions as they stand, and the works they were about.

use std::collections::HashMap;

use rusqlite::named_params;

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError};
use crate::domain::article::{Article, Relevance};
use crate::domain::status::{RejectReason, Status};
use crate::domain::time::UnixMs;

/// How an article was decided, if it still stands so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lesson {
    /// Which article.
    pub article_id: i64,
    /// Approved, whether it is still public or not; otherwise refused.
    pub accepted: bool,
    /// Why it was refused, if said.
    pub reason: Option<RejectReason>,
}

/// Where an article stands in the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    /// Which article.
    pub article_id: i64,
    /// Score and reasons.
    pub relevance: Relevance,
    /// Whether it was lifted from the bottom, to test the ranking: the decision on it counts for the miss rate.
    pub lifted: bool,
}

/// How editors took the topics that the rules suggested, over what they approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicAgreement {
    /// The topic's key.
    pub topic: String,
    /// Articles for which it was suggested and kept.
    pub kept: u32,
    /// Suggested and taken away.
    pub dropped: u32,
    /// Not suggested, and added.
    pub added: u32,
}

impl Store {
    /// For each topic, how often the editors agreed with the rules: what stood before the first act that touched an
    /// approved article's text against what stands now.
    ///
    /// # Errors
    /// The database's.
    pub async fn topic_agreement(&self) -> Result<Vec<TopicAgreement>, StoreError> {
        self.read("counting topics", |db| {
            let mut statement = db.prepare_cached(
                "WITH firsts AS (
                     SELECT article_id, min(decisions.id) AS id FROM decisions
                     JOIN articles ON articles.id = article_id
                     WHERE act IN ('approve', 'edit') AND status = 'approved' GROUP BY article_id
                 ), suggested AS (
                     SELECT firsts.article_id AS article, topic.value AS name
                     FROM firsts JOIN decisions USING (id), json_each(before, '$.topics') AS topic
                 ), chosen AS (
                     SELECT firsts.article_id AS article, topic.value AS name
                     FROM firsts JOIN articles ON articles.id = firsts.article_id, json_each(topics) AS topic
                 )
                 SELECT coalesce(suggested.name, chosen.name) AS name,
                     count(*) FILTER (WHERE suggested.name IS NOT NULL AND chosen.name IS NOT NULL),
                     count(*) FILTER (WHERE chosen.name IS NULL),
                     count(*) FILTER (WHERE suggested.name IS NULL)
                 FROM suggested FULL JOIN chosen
                     ON suggested.article = chosen.article AND suggested.name = chosen.name
                 GROUP BY 1 ORDER BY 1",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(TopicAgreement {
                    topic: row.get(0)?,
                    kept: row.get(1)?,
                    dropped: row.get(2)?,
                    added: row.get(3)?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    /// Replaces ranks. Does not touch revisions: a rank is derived data. Articles decided meanwhile keep theirs.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_ranks(&self, ranks: Vec<Rank>) -> Result<(), StoreError> {
        self.write("storing ranks", move |db| {
            for Rank { article_id, relevance, lifted } in &ranks {
                rows::execute(
                    db,
                    "UPDATE articles SET score = :score, reasons = :reasons, lifted = :lifted
                     WHERE id = :id AND status IN ('queued', 'later')",
                    named_params! {
                        ":score": relevance.score, ":reasons": rows::to_json(&relevance.reasons)?,
                        ":lifted": lifted, ":id": article_id,
                    },
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Of the articles that were lifted from the bottom and decided on since `since`: how many were approved, and how
    /// many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn lifted_outcomes(&self, since: UnixMs) -> Result<(u32, u32), StoreError> {
        self.read("measuring the ranking", move |db| {
            db.prepare_cached(
                "SELECT count(*) FILTER (WHERE status <> 'rejected'), count(*) FROM articles
                 WHERE lifted = 1 AND status IN ('approved', 'withdrawn', 'rejected') AND EXISTS (
                     SELECT 1 FROM decisions WHERE article_id = articles.id AND act IN ('approve', 'reject')
                     AND undone_by IS NULL AND at >= :since)",
            )?
            .query_row(named_params! {":since": since.0}, |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
    }

    /// The topics of the sources that showed each article, for those whose sources have any.
    ///
    /// # Errors
    /// The database's.
    pub async fn source_topics(&self, ids: Vec<i64>) -> Result<HashMap<i64, Vec<String>>, StoreError> {
        self.read("reading the topics of sources", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT article_id, topics.value FROM sightings
                 JOIN sources ON sources.id = source_id, json_each(sources.definition, '$.topics') AS topics
                 WHERE article_id IN (SELECT value FROM json_each(:ids)) ORDER BY article_id, topics.value",
            )?;
            let mut topics: HashMap<i64, Vec<String>> = HashMap::new();
            let rows = statement.query_map(named_params! {":ids": rows::to_json(&ids)?}, |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })?;
            for row in rows {
                let (id, topic) = row?;
                topics.entry(id).or_default().push(topic);
            }
            Ok(topics)
        })
        .await
    }

    /// Decisions as they stand, oldest first. What an editor undid is no lesson, nor what PubMed deleted.
    ///
    /// # Errors
    /// The database's.
    pub async fn lessons(&self) -> Result<Vec<Lesson>, StoreError> {
        self.read("reading what was decided", |db| {
            let mut statement = db.prepare_cached(
                "SELECT articles.id, status, reject_reason, max(decisions.id) AS decision
                 FROM articles JOIN decisions ON decisions.article_id = articles.id
                 WHERE status IN ('approved', 'withdrawn', 'rejected') AND act IN ('approve', 'reject')
                   AND undone_by IS NULL
                 GROUP BY articles.id ORDER BY decision",
            )?;
            let lessons = statement.query_map([], |row| {
                Ok(Lesson {
                    article_id: row.get("id")?,
                    accepted: rows::word(row, "status", Status::parse)? != Status::Rejected,
                    reason: row
                        .get::<_, Option<String>>("reject_reason")?
                        .and_then(|reason| RejectReason::parse(&reason)),
                })
            })?;
            lessons.collect()
        })
        .await
    }

    /// The row id of the newest decision; 0 where there is none. It grows with every act of an editor.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest_decision(&self) -> Result<i64, StoreError> {
        self.read("looking for new decisions", |db| {
            db.prepare_cached("SELECT coalesce(max(id), 0) FROM decisions")?.query_row([], |row| row.get(0))
        })
        .await
    }

    /// The articles that wait or were put off, by row id.
    ///
    /// # Errors
    /// The database's.
    pub async fn waiting_ids(&self) -> Result<Vec<i64>, StoreError> {
        self.read("listing what waits", |db| {
            let mut statement =
                db.prepare_cached("SELECT id FROM articles WHERE status IN ('queued', 'later') ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Articles of which nobody said the type of study yet.
    ///
    /// # Errors
    /// The database's.
    pub async fn articles_without_study(&self, limit: i64) -> Result<Vec<Article>, StoreError> {
        self.read("reading articles", move |db| {
            let sql = format!("SELECT {ARTICLE_COLUMNS} FROM articles WHERE study = '' LIMIT ?1");
            db.prepare_cached(&sql)?.query_map([limit], rows::article)?.collect()
        })
        .await
    }

    /// Says the type of study of articles by row id.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_studies(&self, studies: Vec<(i64, String)>) -> Result<(), StoreError> {
        self.write("storing types of study", move |db| {
            for (id, study) in &studies {
                rows::execute(
                    db,
                    "UPDATE articles SET study = :study WHERE id = :id",
                    named_params! {":study": study, ":id": id},
                )?;
            }
            Ok(())
        })
        .await
    }

    /// Articles by row id, in that order; ids that there are not are left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn articles_by_id(&self, ids: Vec<i64>) -> Result<Vec<Article>, StoreError> {
        self.read("reading articles", move |db| {
            let sql = format!(
                "SELECT {ARTICLE_COLUMNS} FROM articles WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id"
            );
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(named_params! {":ids": rows::to_json(&ids)?}, rows::article)?.collect()
        })
        .await
    }
}
