//! Wording that editors ask a language model for: the desk asks, the worker answers. They meet here.
//!
//! The rows are what the day's budget counts and what remembers failures, so both survive a restart. Who asked, and what
//! model and prompt gave the answer, is in the audit trail.

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Store, StoreError, rows};
use crate::domain::time::{MINUTE_MS, UnixMs};

/// An answer that does not come (its worker was killed) may be given by another one after this time.
const ANSWER_LEASE_MS: i64 = 15 * MINUTE_MS;

/// A question for wording, and its answer if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Row id.
    pub id: i64,
    /// Of which article.
    pub article_id: i64,
    /// When it was asked.
    pub asked_at: UnixMs,
    /// The answer, or why there is none; `None` while nobody knows.
    pub answer: Option<Result<Proposal, String>>,
}

/// What a model proposes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Proposal {
    /// A paragraph.
    pub text: String,
    /// The model, as the service names it.
    pub model: String,
    /// The version of the question's words.
    pub prompt_version: u32,
}

/// How the service has been doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordingRecord {
    /// Questions sent since the day began.
    pub sent_today: u32,
    /// How many of the last questions failed, since one did not.
    pub failures: u32,
    /// When the last of them was sent.
    pub last_sent_at: Option<UnixMs>,
}

impl Store {
    /// Asks for wording of an article. False where somebody already waits for it, or there is no such article.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_wording(&self, article_id: i64, by: i64, now: UnixMs) -> Result<bool, StoreError> {
        self.write("asking for wording", move |db| {
            let asked = rows::execute(
                db,
                "INSERT INTO wordings (article_id, asked_by, asked_at)
                 SELECT id, :by, :now FROM articles WHERE id = :article AND NOT EXISTS
                     (SELECT 1 FROM wordings WHERE article_id = :article AND answered_at IS NULL)",
                named_params! {":article": article_id, ":by": by, ":now": now.0},
            )?;
            rows::execute(
                db,
                "INSERT INTO audit (at, editor_id, act, object)
                 SELECT :now, :by, 'ask for wording', public_id FROM articles WHERE id = :article AND :asked",
                named_params! {":now": now.0, ":by": by, ":article": article_id, ":asked": asked > 0},
            )?;
            Ok(asked > 0)
        })
        .await
    }

    /// Takes the oldest question that nobody answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn take_wording(&self, now: UnixMs) -> Result<Option<Wording>, StoreError> {
        let parameters = (now.0 - ANSWER_LEASE_MS, now.0);
        let waits = self
            .read("looking for questions", move |db| {
                db.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM wordings WHERE answered_at IS NULL AND coalesce(taken_at, 0) <= ?1)",
                )?
                .query_row([parameters.0], |row| row.get::<_, bool>(0))
            })
            .await?;
        if !waits {
            return Ok(None);
        }
        self.write("taking a question", move |db| {
            db.prepare_cached(
                "UPDATE wordings SET taken_at = ?2 WHERE id = (SELECT min(id) FROM wordings
                     WHERE answered_at IS NULL AND coalesce(taken_at, 0) <= ?1) RETURNING *",
            )?
            .query_row(parameters, wording)
            .optional()
        })
        .await
    }

    /// Writes down that a question is being sent: from then on it counts, whatever comes back.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_wording_sent(&self, id: i64, now: UnixMs) -> Result<(), StoreError> {
        self.write("sending a question", move |db| {
            rows::execute(
                db,
                "UPDATE wordings SET sent_at = :now WHERE id = :id",
                named_params! {":now": now.0, ":id": id},
            )?;
            Ok(())
        })
        .await
    }

    /// Answers a question, in the audit trail too.
    ///
    /// # Errors
    /// The database's.
    pub async fn answer_wording(
        &self,
        id: i64,
        answer: Result<Proposal, String>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("answering a question for wording", move |db| {
            let (proposal, problem) = match &answer {
                Ok(proposal) => (Some(proposal), None),
                Err(problem) => (None, Some(problem)),
            };
            rows::execute(
                db,
                "UPDATE wordings SET answered_at = :now, text = :text, model = :model,
                     prompt_version = :version, problem = :problem WHERE id = :id",
                named_params! {
                    ":now": now.0, ":text": proposal.map(|proposal| &proposal.text),
                    ":model": proposal.map(|proposal| &proposal.model),
                    ":version": proposal.map(|proposal| proposal.prompt_version),
                    ":problem": problem, ":id": id,
                },
            )?;
            let after = match proposal {
                Some(proposal) => rows::to_json(proposal)?,
                None => rows::to_json(&serde_json::json!({ "problem": problem }))?,
            };
            rows::execute(
                db,
                "INSERT INTO audit (at, editor_id, act, object, after)
                 SELECT :now, NULL, 'machine wording', public_id, :after
                 FROM wordings JOIN articles ON articles.id = article_id WHERE wordings.id = :id",
                named_params! {":now": now.0, ":after": after, ":id": id},
            )?;
            Ok(())
        })
        .await
    }

    /// Writes into the audit trail that a machine-worded text was published.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_machine_worded(
        &self,
        article_id: i64,
        by: i64,
        proposal: Proposal,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("noting machine wording", move |db| {
            let after = rows::to_json(&serde_json::json!({
                "model": proposal.model, "prompt_version": proposal.prompt_version
            }))?;
            rows::execute(
                db,
                "INSERT INTO audit (at, editor_id, act, object, after)
                 SELECT :now, :by, 'approve machine wording', public_id, :after FROM articles WHERE id = :id",
                named_params! {":now": now.0, ":by": by, ":after": after, ":id": article_id},
            )?;
            Ok(())
        })
        .await
    }

    /// The last question for an article.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_wording(&self, article_id: i64) -> Result<Option<Wording>, StoreError> {
        self.read("reading the wording", move |db| {
            db.prepare_cached("SELECT * FROM wordings WHERE article_id = ?1 ORDER BY id DESC LIMIT 1")?
                .query_row([article_id], wording)
                .optional()
        })
        .await
    }

    /// How the service has been doing: `day_begins` is when the budget's day began.
    ///
    /// # Errors
    /// The database's.
    pub async fn wording_record(&self, day_begins: UnixMs) -> Result<WordingRecord, StoreError> {
        self.read("counting questions for wording", move |db| {
            db.prepare_cached(
                "SELECT count(*) FILTER (WHERE sent_at >= ?1),
                     count(*) FILTER (WHERE problem IS NOT NULL AND id > coalesce(
                         (SELECT max(id) FROM wordings WHERE sent_at IS NOT NULL AND text IS NOT NULL), 0)),
                     max(sent_at)
                 FROM wordings WHERE sent_at IS NOT NULL",
            )?
            .query_row([day_begins.0], |row| {
                Ok(WordingRecord {
                    sent_today: row.get(0)?,
                    failures: row.get(1)?,
                    last_sent_at: row.get::<_, Option<i64>>(2)?.map(UnixMs),
                })
            })
        })
        .await
    }
}

fn wording(row: &Row<'_>) -> rusqlite::Result<Wording> {
    let answered: Option<i64> = row.get("answered_at")?;
    let answer = match answered {
        None => None,
        Some(_) => Some(match row.get::<_, Option<String>>("text")? {
            Some(text) => Ok(Proposal {
                text,
                model: row.get::<_, Option<String>>("model")?.unwrap_or_default(),
                prompt_version: row.get::<_, Option<u32>>("prompt_version")?.unwrap_or_default(),
            }),
            None => Err(row.get::<_, Option<String>>("problem")?.unwrap_or_default()),
        }),
    };
    Ok(Wording {
        id: row.get("id")?,
        article_id: row.get("article_id")?,
        asked_at: UnixMs(row.get("asked_at")?),
        answer,
    })
}
