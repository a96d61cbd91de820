//! Editors, their one-time links, and the audit trail of acts on people and sources.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::{Store, StoreError, mail, rows};
use crate::domain::editor::{Editor, Role};
use crate::domain::time::UnixMs;

/// What a one-time link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// The first password.
    Invite,
    /// A new password.
    Reset,
}

impl LinkPurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Reset => "reset",
        }
    }
}

/// What came of using a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkUse {
    /// The password is set, the link is spent, all earlier sessions are over.
    Done(Editor),
    /// Unknown, used, expired, or its account is disabled.
    Refused,
}

/// Why something about a person was not done.
#[derive(Debug, thiserror::Error)]
pub enum PersonError {
    /// The address is taken.
    #[error("{0} has an account already")]
    Exists(String),
    /// No such account.
    #[error("there is no account {0}")]
    Unknown(String),
    /// Nobody would be left to manage people.
    #[error("{0} is the last active admin; make another one first")]
    LastAdmin(String),
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const COLUMNS: &str =
    "id, email, name, role, disabled_at IS NOT NULL AS disabled, password_hash IS NOT NULL AS has_password";

pub(super) fn editor(row: &Row<'_>) -> rusqlite::Result<Editor> {
    Ok(Editor {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        role: rows::word(row, "role", Role::parse)?,
        disabled: row.get("disabled")?,
        has_password: row.get("has_password")?,
    })
}

impl Store {
    /// Makes an account without a password. The address is lower-cased; the name is its local part.
    ///
    /// # Errors
    /// The address is taken, or the database's.
    pub async fn add_editor(
        &self,
        email: &str,
        role: Role,
        by: Option<i64>,
        now: UnixMs,
    ) -> Result<Editor, PersonError> {
        let email = email.trim().to_lowercase();
        self.write("adding an editor", move |db| {
            if by_email(db, &email)?.is_some() {
                return Ok(Err(PersonError::Exists(email)));
            }
            let name = email.split('@').next().unwrap_or(&email).to_owned();
            rows::execute(
                db,
                "INSERT INTO editors (email, name, role, created_at) VALUES (:email, :name, :role, :now)",
                named_params! {":email": email, ":name": name, ":role": role.as_str(), ":now": now.0},
            )?;
            audit(db, by, "add", &email, None, Some(role.as_str()), now)?;
            by_email(db, &email)?.ok_or(rusqlite::Error::QueryReturnedNoRows).map(Ok)
        })
        .await?
    }

    /// Everybody, by address.
    ///
    /// # Errors
    /// The database's.
    pub async fn editors(&self) -> Result<Vec<Editor>, StoreError> {
        self.read("reading the editors", |db| {
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM editors ORDER BY disabled, email"))?;
            statement.query_map([], editor)?.collect()
        })
        .await
    }

    /// One account by address (any case).
    ///
    /// # Errors
    /// The database's.
    pub async fn editor_by_email(&self, email: &str) -> Result<Option<Editor>, StoreError> {
        let email = email.trim().to_lowercase();
        self.read("reading an editor", move |db| by_email(db, &email)).await
    }

    /// The argon2id hash of an active account's password; `None` for an unknown or disabled account or one without.
    ///
    /// # Errors
    /// The database's.
    pub async fn password_hash(&self, email: &str) -> Result<Option<(Editor, String)>, StoreError> {
        let email = email.trim().to_lowercase();
        self.read("reading a password hash", move |db| {
            let sql = format!(
                "SELECT {COLUMNS}, password_hash FROM editors
                 WHERE email = :email AND disabled_at IS NULL AND password_hash IS NOT NULL"
            );
            db.prepare_cached(&sql)?
                .query_row(named_params! {":email": email}, |row| {
                    Ok((editor(row)?, row.get("password_hash")?))
                })
                .optional()
        })
        .await
    }

    /// Changes the password of an account and ends all its sessions but `keep_session`.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_password(
        &self,
        editor_id: i64,
        hash: String,
        keep_session: Option<i64>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("setting a password", move |db| {
            set_password(db, editor_id, &hash, keep_session)?;
            audit(db, Some(editor_id), "password", &format!("editor {editor_id}"), None, None, now)
        })
        .await
    }

    /// Changes what somebody may do and ends their sessions.
    ///
    /// # Errors
    /// Unknown, the last admin, or the database's.
    pub async fn set_role(
        &self,
        email: &str,
        role: Role,
        by: Option<i64>,
        now: UnixMs,
    ) -> Result<(), PersonError> {
        let email = email.trim().to_lowercase();
        self.write("changing a role", move |db| {
            let Some(person) = by_email(db, &email)? else { return Ok(Err(PersonError::Unknown(email))) };
            if role != Role::Admin && is_last_admin(db, &person)? {
                return Ok(Err(PersonError::LastAdmin(email)));
            }
            let parameters = named_params! {":role": role.as_str(), ":id": person.id};
            rows::execute(db, "UPDATE editors SET role = :role WHERE id = :id", parameters)?;
            end_sessions(db, person.id, None)?;
            audit(db, by, "role", &email, Some(person.role.as_str()), Some(role.as_str()), now).map(Ok)
        })
        .await?
    }

    /// Shuts an account out at once, or lets it in again; ends its sessions and spends its links.
    ///
    /// # Errors
    /// Unknown, the last admin, or the database's.
    pub async fn set_disabled(
        &self,
        email: &str,
        disabled: bool,
        by: Option<i64>,
        now: UnixMs,
    ) -> Result<(), PersonError> {
        let email = email.trim().to_lowercase();
        self.write("disabling an editor", move |db| {
            let Some(person) = by_email(db, &email)? else { return Ok(Err(PersonError::Unknown(email))) };
            if disabled && is_last_admin(db, &person)? {
                return Ok(Err(PersonError::LastAdmin(email)));
            }
            rows::execute(
                db,
                "UPDATE editors SET disabled_at = iif(:disabled, :now, NULL) WHERE id = :id",
                named_params! {":disabled": disabled, ":now": now.0, ":id": person.id},
            )?;
            end_sessions(db, person.id, None)?;
            rows::execute(
                db,
                "UPDATE links SET used_at = :now WHERE editor_id = :id AND used_at IS NULL",
                named_params! {":now": now.0, ":id": person.id},
            )?;
            let act = if disabled { "disable" } else { "enable" };
            audit(db, by, act, &email, None, None, now).map(Ok)
        })
        .await?
    }

    /// Keeps the SHA-256 of a one-time link's token. Earlier links of the account are spent.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_link(
        &self,
        editor_id: i64,
        token_hash: [u8; 32],
        purpose: LinkPurpose,
        expires_at: UnixMs,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("making a one-time link", move |db| {
            mail::cancel_links(db, editor_id, now)?;
            replace_link(db, editor_id, &token_hash, purpose, expires_at, now)
        })
        .await
    }

    /// Whose link it is, if it can still be used.
    ///
    /// # Errors
    /// The database's.
    pub async fn link_owner(&self, token_hash: [u8; 32], now: UnixMs) -> Result<Option<Editor>, StoreError> {
        self.read("reading a one-time link", move |db| link_owner(db, &token_hash, now)).await
    }

    /// Sets the password through a one-time link: used once, whoever comes second is refused.
    ///
    /// # Errors
    /// The database's.
    pub async fn use_link(
        &self,
        token_hash: [u8; 32],
        password_hash: String,
        now: UnixMs,
    ) -> Result<LinkUse, StoreError> {
        self.write("using a one-time link", move |db| {
            let Some(owner) = link_owner(db, &token_hash, now)? else { return Ok(LinkUse::Refused) };
            rows::execute(
                db,
                "UPDATE links SET used_at = :now WHERE token_hash = :hash",
                named_params! {":now": now.0, ":hash": token_hash},
            )?;
            set_password(db, owner.id, &password_hash, None)?;
            audit(db, Some(owner.id), "password", &owner.email, None, Some("by one-time link"), now)?;
            Ok(LinkUse::Done(Editor { has_password: true, ..owner }))
        })
        .await
    }

    /// Writes an act on people or sources into the audit trail.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(
        &self,
        by: Option<i64>,
        act: &str,
        object: &str,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let (act, object) = (act.to_owned(), object.to_owned());
        self.write("writing the audit trail", move |db| audit(db, by, &act, &object, None, None, now)).await
    }
}

/// A new one-time link in place of all earlier ones.
pub(super) fn replace_link(
    db: &Connection,
    editor_id: i64,
    token_hash: &[u8; 32],
    purpose: LinkPurpose,
    expires_at: UnixMs,
    now: UnixMs,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE links SET used_at = :now WHERE editor_id = :id AND used_at IS NULL",
        named_params! {":now": now.0, ":id": editor_id},
    )?;
    rows::execute(
        db,
        "INSERT INTO links (token_hash, editor_id, purpose, created_at, expires_at)
         VALUES (:hash, :editor, :purpose, :now, :expires)",
        named_params! {
            ":hash": token_hash, ":editor": editor_id, ":purpose": purpose.as_str(), ":now": now.0,
            ":expires": expires_at.0,
        },
    )
    .map(drop)
}

pub(super) fn by_id(db: &Connection, id: i64) -> rusqlite::Result<Editor> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM editors WHERE id = ?1"))?.query_row([id], editor)
}

fn by_email(db: &Connection, email: &str) -> rusqlite::Result<Option<Editor>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM editors WHERE email = ?1"))?
        .query_row([email], editor)
        .optional()
}

fn link_owner(db: &Connection, token_hash: &[u8; 32], now: UnixMs) -> rusqlite::Result<Option<Editor>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM editors WHERE disabled_at IS NULL AND id = (
             SELECT editor_id FROM links WHERE token_hash = :hash AND used_at IS NULL AND expires_at > :now)"
    );
    db.prepare_cached(&sql)?.query_row(named_params! {":hash": token_hash, ":now": now.0}, editor).optional()
}

fn set_password(
    db: &Transaction<'_>,
    editor_id: i64,
    hash: &str,
    keep_session: Option<i64>,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE editors SET password_hash = :hash WHERE id = :id",
        named_params! {":hash": hash, ":id": editor_id},
    )?;
    end_sessions(db, editor_id, keep_session)
}

pub(super) fn end_sessions(db: &Connection, editor_id: i64, keep: Option<i64>) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "DELETE FROM sessions WHERE editor_id = :id AND (:keep IS NULL OR id <> :keep)",
        named_params! {":id": editor_id, ":keep": keep},
    )?;
    Ok(())
}

fn is_last_admin(db: &Connection, person: &Editor) -> rusqlite::Result<bool> {
    let others: i64 = db.query_row(
        "SELECT count(*) FROM editors WHERE role = 'admin' AND disabled_at IS NULL AND id <> ?1",
        [person.id],
        |row| row.get(0),
    )?;
    Ok(person.role == Role::Admin && !person.disabled && others == 0)
}

pub(super) fn audit(
    db: &Connection,
    by: Option<i64>,
    act: &str,
    object: &str,
    before: Option<&str>,
    after: Option<&str>,
    now: UnixMs,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO audit (at, editor_id, act, object, before, after)
         VALUES (:at, :by, :act, :object, :before, :after)",
        named_params! {
            ":at": now.0, ":by": by, ":act": act, ":object": object, ":before": before, ":after": after,
        },
    )?;
    Ok(())
}
