//! Server-side sessions: the cookie holds a token, the database its SHA-256.

use rusqlite::{OptionalExtension, named_params};

use super::people;
use super::rows;
use super::{Store, StoreError};
use crate::domain::editor::Editor;
use crate::domain::time::UnixMs;

/// A session with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The session's row id.
    pub session_id: i64,
    /// Who.
    pub editor: Editor,
}

/// A session as its owner's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Row id.
    pub id: i64,
    /// When it began.
    pub created_at: UnixMs,
    /// When it was last used, to the minute.
    pub last_used_at: UnixMs,
    /// What the browser called itself.
    pub user_agent: String,
}

/// `last_used_at` moves in steps of this: a page view is not a write.
const TOUCH_MS: i64 = 60_000;

impl Store {
    /// Begins a session.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin_session(
        &self,
        editor_id: i64,
        token_hash: [u8; 32],
        user_agent: &str,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let user_agent: String = user_agent.chars().take(200).collect();
        self.write("beginning a session", move |db| {
            rows::execute(
                db,
                "INSERT INTO sessions (token_hash, editor_id, created_at, last_used_at, user_agent)
                 VALUES (:hash, :editor, :now, :now, :agent)",
                named_params! {":hash": token_hash, ":editor": editor_id, ":now": now.0, ":agent": user_agent},
            )?;
            rows::execute(
                db,
                "UPDATE editors SET last_seen_at = :now WHERE id = :id",
                named_params! {":now": now.0, ":id": editor_id},
            )?;
            Ok(())
        })
        .await
    }

    /// Whose session it is, if it was used since `idle_since`, began since `began_since`, and its owner is active.
    ///
    /// # Errors
    /// The database's.
    pub async fn session(
        &self,
        token_hash: [u8; 32],
        idle_since: UnixMs,
        began_since: UnixMs,
        now: UnixMs,
    ) -> Result<Option<SignedIn>, StoreError> {
        let found = self
            .read("reading a session", move |db| {
                db.prepare_cached(
                    "SELECT sessions.id AS session_id, last_used_at, editors.id, email, name, role, 0 AS disabled,
                            password_hash IS NOT NULL AS has_password
                     FROM sessions JOIN editors ON editors.id = editor_id
                     WHERE token_hash = :hash AND last_used_at > :idle AND sessions.created_at > :began
                       AND disabled_at IS NULL",
                )?
                .query_row(
                    named_params! {":hash": token_hash, ":idle": idle_since.0, ":began": began_since.0},
                    |row| {
                        let signed_in =
                            SignedIn { session_id: row.get("session_id")?, editor: people::editor(row)? };
                        Ok((signed_in, row.get::<_, i64>("last_used_at")?))
                    },
                )
                .optional()
            })
            .await?;
        let Some((signed_in, last_used_at)) = found else { return Ok(None) };
        if now.0 - last_used_at >= TOUCH_MS {
            let id = signed_in.session_id;
            self.write("touching a session", move |db| {
                rows::execute(
                    db,
                    "UPDATE sessions SET last_used_at = :now WHERE id = :id",
                    named_params! {":now": now.0, ":id": id},
                )
            })
            .await?;
        }
        Ok(Some(signed_in))
    }

    /// Somebody's sessions, last used first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(&self, editor_id: i64) -> Result<Vec<SessionRow>, StoreError> {
        self.read("reading sessions", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, created_at, last_used_at, user_agent FROM sessions WHERE editor_id = ?1
                 ORDER BY last_used_at DESC",
            )?;
            let sessions = statement.query_map([editor_id], |row| {
                Ok(SessionRow {
                    id: row.get(0)?,
                    created_at: UnixMs(row.get(1)?),
                    last_used_at: UnixMs(row.get(2)?),
                    user_agent: row.get(3)?,
                })
            })?;
            sessions.collect()
        })
        .await
    }

    /// Ends one of somebody's own sessions; another's id does nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_session(&self, editor_id: i64, session_id: i64) -> Result<(), StoreError> {
        self.write("ending a session", move |db| {
            rows::execute(
                db,
                "DELETE FROM sessions WHERE id = :id AND editor_id = :editor",
                named_params! {":id": session_id, ":editor": editor_id},
            )?;
            Ok(())
        })
        .await
    }
}
