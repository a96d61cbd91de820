//! The query lab: the desk asks what a source would bring, the worker answers. They meet here.

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Store, StoreError, matching, rows};
use crate::domain::entry::Entry;
use crate::domain::identity::Identifiers;
use crate::domain::preview::{Preview, Standing};
use crate::domain::source::SourceKind;
use crate::domain::time::{DAY_MS, MINUTE_MS, UnixMs};

/// An answer that does not come (its worker was killed) may be given by another one after this time.
const ANSWER_LEASE_MS: i64 = 5 * MINUTE_MS;
/// Questions are kept so long.
const KEPT_MS: i64 = 7 * DAY_MS;
/// One person may wait for so many answers at once.
const MOST_WAITING: i64 = 5;
/// Decisions count for so long.
const DECIDED_MS: i64 = 365 * DAY_MS;

/// A question of the query lab.
#[derive(Debug, Clone, PartialEq)]
pub struct LabQuestion {
    /// Row id.
    pub id: i64,
    /// What to ask.
    pub kind: SourceKind,
    /// How far back; `None` as the first look of a source.
    pub days: Option<u32>,
    /// When it was asked.
    pub asked_at: UnixMs,
    /// When a worker took it.
    pub taken_at: Option<UnixMs>,
    /// The answer, or why there is none; `None` while nobody knows.
    pub answer: Option<Result<Preview, String>>,
}

impl Store {
    /// Asks what a source would bring; the question's id. `None` where this person already waits for five answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_lab(
        &self,
        kind: SourceKind,
        days: Option<u32>,
        by: i64,
        now: UnixMs,
    ) -> Result<Option<i64>, StoreError> {
        self.write("asking the query lab", move |db| {
            rows::execute(
                db,
                "DELETE FROM lab_questions WHERE asked_at < :before",
                named_params! {":before": now.0 - KEPT_MS},
            )?;
            let waiting: i64 = db.query_row(
                "SELECT count(*) FROM lab_questions WHERE asked_by = ?1 AND answered_at IS NULL",
                [by],
                |row| row.get(0),
            )?;
            if waiting >= MOST_WAITING {
                return Ok(None);
            }
            rows::execute(
                db,
                "INSERT INTO lab_questions (asked_by, asked_at, kind, days) VALUES (:by, :now, :kind, :days)",
                named_params! {":by": by, ":now": now.0, ":kind": rows::to_json(&kind)?, ":days": days},
            )?;
            Ok(Some(db.last_insert_rowid()))
        })
        .await
    }

    /// Takes the oldest question that nobody answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn take_lab_question(&self, now: UnixMs) -> Result<Option<LabQuestion>, StoreError> {
        let parameters = (now.0 - ANSWER_LEASE_MS, now.0);
        let waits = self
            .read("looking for questions", move |db| {
                db.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM lab_questions
                     WHERE answered_at IS NULL AND coalesce(taken_at, 0) <= ?1)",
                )?
                .query_row([parameters.0], |row| row.get::<_, bool>(0))
            })
            .await?;
        if !waits {
            return Ok(None);
        }
        self.write("taking a question", move |db| {
            db.prepare_cached(
                "UPDATE lab_questions SET taken_at = ?2 WHERE id = (SELECT min(id) FROM lab_questions
                     WHERE answered_at IS NULL AND coalesce(taken_at, 0) <= ?1) RETURNING *",
            )?
            .query_row(parameters, question)
            .optional()
        })
        .await
    }

    /// Answers a question.
    ///
    /// # Errors
    /// The database's.
    pub async fn answer_lab(
        &self,
        id: i64,
        answer: Result<Preview, String>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("answering the query lab", move |db| {
            let (answer, error) = match &answer {
                Ok(preview) => (Some(rows::to_json(preview)?), None),
                Err(error) => (None, Some(error)),
            };
            rows::execute(
                db,
                "UPDATE lab_questions SET answered_at = :now, answer = :answer, error = :error WHERE id = :id",
                named_params! {":now": now.0, ":answer": answer, ":error": error, ":id": id},
            )?;
            Ok(())
        })
        .await
    }

    /// One question.
    ///
    /// # Errors
    /// The database's.
    pub async fn lab_question(&self, id: i64) -> Result<Option<LabQuestion>, StoreError> {
        self.read("reading a question", move |db| {
            db.prepare_cached("SELECT * FROM lab_questions WHERE id = ?1")?
                .query_row([id], question)
                .optional()
        })
        .await
    }

    /// The last questions, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn lab_questions(&self, limit: i64) -> Result<Vec<LabQuestion>, StoreError> {
        self.read("reading questions", move |db| {
            let mut statement = db.prepare_cached("SELECT * FROM lab_questions ORDER BY id DESC LIMIT ?1")?;
            statement.query_map([limit], question)?.collect()
        })
        .await
    }

    /// Where each of the entries stands with us, by their identifiers, else by their links.
    ///
    /// # Errors
    /// The database's.
    pub async fn standings(&self, entries: &[Entry], now: UnixMs) -> Result<Vec<Standing>, StoreError> {
        self.standings_of(entries.iter().map(|entry| (entry.ids.clone(), entry.link.clone())).collect(), now)
            .await
    }

    /// Where each of the works, identifiers and link, stands with us: what editors decided in the last 12 months and
    /// did not take back.
    ///
    /// # Errors
    /// The database's.
    pub async fn standings_of(
        &self,
        works: Vec<(Identifiers, Option<String>)>,
        now: UnixMs,
    ) -> Result<Vec<Standing>, StoreError> {
        self.read("comparing works", move |db| {
            let mut decided = db.prepare_cached(
                "SELECT act FROM decisions WHERE article_id = ?1 AND at >= ?2 AND undone_by IS NULL
                     AND act IN ('approve', 'reject', 'requeue', 'withdraw') ORDER BY id DESC LIMIT 1",
            )?;
            let mut standings = Vec::with_capacity(works.len());
            for (ids, link) in &works {
                let standing = match matching::find_known(db, ids, link.as_deref())? {
                    None => Standing::New,
                    Some(article_id) => {
                        let act: Option<String> = decided
                            .query_row((article_id, now.0 - DECIDED_MS), |row| row.get(0))
                            .optional()?;
                        match act.as_deref() {
                            Some("approve") => Standing::Approved,
                            Some("reject") => Standing::Rejected,
                            _ => Standing::Known,
                        }
                    }
                };
                standings.push(standing);
            }
            Ok(standings)
        })
        .await
    }
}

fn question(row: &Row<'_>) -> rusqlite::Result<LabQuestion> {
    let answered: Option<i64> = row.get("answered_at")?;
    let answer = match answered {
        None => None,
        Some(_) => Some(match rows::from_json_opt::<Preview>(row, "answer")? {
            Some(preview) => Ok(preview),
            None => Err(row.get::<_, Option<String>>("error")?.unwrap_or_default()),
        }),
    };
    Ok(LabQuestion {
        id: row.get("id")?,
        kind: rows::from_json(row, "kind")?,
        days: row.get("days")?,
        asked_at: UnixMs(row.get("asked_at")?),
        taken_at: rows::instant(row, "taken_at")?,
        answer,
    })
}
