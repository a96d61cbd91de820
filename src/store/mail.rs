//! Letters that wait, were sent, or could not be. Each is enqueued once, whoever asks; claimed by one sender at a time;
//! and given back to be tried again when the sender is lost. No secret is kept: see [`Store::renew_mailed_link`].

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::{LinkPurpose, Store, StoreError, people, rows};
use crate::domain::editor::Editor;
use crate::domain::letter::{Alert, LetterKind, LetterState};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};

/// A letter under way is tried again after this time, if nothing was heard of it.
const LOST_AFTER_MS: i64 = 10 * MINUTE_MS;
/// A digest that could not be sent for so long is left: the next one is near.
const DIGEST_LIFE_MS: i64 = 2 * DAY_MS;
/// An alert is tried for so long.
const ALERT_LIFE_MS: i64 = 7 * DAY_MS;

/// A letter that this process is to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedLetter {
    /// Row id.
    pub id: i64,
    /// What to say.
    pub kind: LetterKind,
    /// To whom.
    pub to: Editor,
    /// Of an alert.
    pub alert: Option<Alert>,
    /// This attempt's number, from 1.
    pub attempt: u32,
    /// No attempt after that; a one-time link ends then, too.
    pub expires_at: UnixMs,
}

/// A letter as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRow {
    /// Row id.
    pub id: i64,
    /// The sort.
    pub kind: LetterKind,
    /// Address.
    pub to: String,
    /// What became of it.
    pub state: LetterState,
    /// When somebody asked for it.
    pub created_at: UnixMs,
    /// When it is tried next, while it waits.
    pub next_at: UnixMs,
    /// When it was sent or given up.
    pub ended_at: Option<UnixMs>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it did not go.
    pub error: Option<String>,
}

/// What somebody wants to get by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailWishes {
    /// The weekly digest.
    pub digest: bool,
    /// Alerts.
    pub alerts: bool,
}

impl Store {
    /// Enqueues a letter with a one-time link, in place of any that waits for the same person.
    ///
    /// # Errors
    /// The database's.
    pub async fn enqueue_link(
        &self,
        editor_id: i64,
        purpose: LinkPurpose,
        expires_at: UnixMs,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("enqueuing a letter", move |db| enqueue_link(db, editor_id, purpose, expires_at, now))
            .await
    }

    /// Enqueues a letter with a one-time link for whoever forgot the password of an account, or lost the invitation;
    /// false where there is no such account, it is disabled, or such a letter was asked for within the last hour.
    ///
    /// # Errors
    /// The database's.
    pub async fn enqueue_forgotten(
        &self,
        email: &str,
        expires_at: UnixMs,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let email = email.to_owned();
        self.write("enqueuing a letter", move |db| {
            let mut account = db.prepare_cached(
                "SELECT id, password_hash IS NOT NULL FROM editors WHERE email = :email AND disabled_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM mail WHERE editor_id = editors.id
                                 AND kind IN ('invite', 'reset') AND created_at > :lately)",
            )?;
            let parameters = named_params! {":email": email, ":lately": now.plus_ms(-HOUR_MS).0};
            let found = account.query_row(parameters, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((id, has_password)) = found else { return Ok(false) };
            let purpose = if has_password { LinkPurpose::Reset } else { LinkPurpose::Invite };
            enqueue_link(db, id, purpose, expires_at, now)?;
            people::audit(db, None, "link by mail", &email, None, Some("asked for at the sign-in"), now)?;
            Ok(true)
        })
        .await
    }

    /// Enqueues the digest of `due_at` for everybody who wanted it by then; how many. Asked again, it does nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn enqueue_digests(&self, due_at: UnixMs, now: UnixMs) -> Result<usize, StoreError> {
        self.write("enqueuing digests", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id FROM editors WHERE digest_since <= :due AND disabled_at IS NULL
                 AND password_hash IS NOT NULL",
            )?;
            let readers: Vec<i64> = statement
                .query_map(named_params! {":due": due_at.0}, |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut count = 0;
            for id in readers {
                let key = format!("digest:{id}:{}", due_at.0);
                let expires_at = due_at.plus_ms(DIGEST_LIFE_MS);
                count += enqueue(db, &key, LetterKind::Digest, id, None, expires_at, now)?;
            }
            Ok(count)
        })
        .await
    }

    /// The letter that is due longest, for this process alone; `None` where none is due. What is past its time or
    /// addressed to a disabled account ends here.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_letter(&self, now: UnixMs) -> Result<Option<ClaimedLetter>, StoreError> {
        let due = self.next_letter_at().await?.is_some_and(|at| at <= now);
        if !due {
            return Ok(None);
        }
        self.write("claiming a letter", move |db| {
            rows::execute(
                db,
                "UPDATE mail SET state = 'failed', ended_at = :now, error = coalesce(error, 'its time is over')
                 WHERE state = 'waiting' AND expires_at <= :now",
                named_params! {":now": now.0},
            )?;
            rows::execute(
                db,
                "UPDATE mail SET state = 'cancelled', ended_at = :now WHERE state = 'waiting'
                 AND editor_id IN (SELECT id FROM editors WHERE disabled_at IS NOT NULL)",
                named_params! {":now": now.0},
            )?;
            let id: Option<i64> = db
                .prepare_cached(
                    "UPDATE mail SET attempts = attempts + 1, next_at = :lost_at WHERE id = (
                         SELECT id FROM mail WHERE state = 'waiting' AND next_at <= :now ORDER BY next_at, id LIMIT 1)
                     RETURNING id",
                )?
                .query_row(named_params! {":now": now.0, ":lost_at": now.0 + LOST_AFTER_MS}, |row| row.get(0))
                .optional()?;
            id.map(|id| load(db, id)).transpose()
        })
        .await
    }

    /// When the next letter is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_letter_at(&self) -> Result<Option<UnixMs>, StoreError> {
        self.read("reading the next letter", |db| {
            let sql = "SELECT min(next_at) FROM mail WHERE state = 'waiting'";
            db.prepare_cached(sql)?.query_row([], |row| Ok(row.get::<_, Option<i64>>(0)?.map(UnixMs)))
        })
        .await
    }

    /// Keeps the hash of the one-time link that a claimed letter is about to carry, in place of earlier links; false
    /// where the letter is not wanted any more. So the secret is only ever in the letter.
    ///
    /// # Errors
    /// The database's.
    pub async fn renew_mailed_link(
        &self,
        letter: &ClaimedLetter,
        token_hash: [u8; 32],
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let (id, editor_id, expires_at) = (letter.id, letter.to.id, letter.expires_at);
        let purpose = match letter.kind {
            LetterKind::Invite => LinkPurpose::Invite,
            _ => LinkPurpose::Reset,
        };
        self.write("making a one-time link for a letter", move |db| {
            let wanted =
                db.query_row("SELECT state = 'waiting' FROM mail WHERE id = ?1", [id], |row| row.get(0))?;
            if wanted {
                people::replace_link(db, editor_id, &token_hash, purpose, expires_at, now)?;
            }
            Ok(wanted)
        })
        .await
    }

    /// A claimed letter has come to its end.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_letter(
        &self,
        id: i64,
        state: LetterState,
        error: Option<String>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("ending a letter", move |db| {
            rows::execute(
                db,
                "UPDATE mail SET state = :state, error = :error, ended_at = :now WHERE id = :id",
                named_params! {":id": id, ":state": state.as_str(), ":error": error, ":now": now.0},
            )
            .map(drop)
        })
        .await
    }

    /// A claimed letter could not be sent now.
    ///
    /// # Errors
    /// The database's.
    pub async fn postpone_letter(&self, id: i64, error: String, next_at: UnixMs) -> Result<(), StoreError> {
        self.write("postponing a letter", move |db| {
            rows::execute(
                db,
                "UPDATE mail SET error = :error, next_at = :next WHERE id = :id AND state = 'waiting'",
                named_params! {":id": id, ":error": error, ":next": next_at.0},
            )
            .map(drop)
        })
        .await
    }

    /// Lets a letter that failed, or waits for its next attempt, be tried at once; false where there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn retry_letter(&self, id: i64, now: UnixMs) -> Result<bool, StoreError> {
        self.write("trying a letter again", move |db| {
            let changed = rows::execute(
                db,
                "UPDATE mail SET state = 'waiting', next_at = :now, attempts = 0, ended_at = NULL,
                     expires_at = max(expires_at, :now + expires_at - created_at), created_at = :now
                 WHERE id = :id AND state IN ('waiting', 'failed')",
                named_params! {":id": id, ":now": now.0},
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// The newest letters.
    ///
    /// # Errors
    /// The database's.
    pub async fn letters(&self, limit: i64) -> Result<Vec<LetterRow>, StoreError> {
        self.read("reading the letters", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT mail.*, email FROM mail JOIN editors ON editors.id = editor_id ORDER BY mail.id DESC LIMIT ?1",
            )?;
            statement.query_map([limit], letter_row)?.collect()
        })
        .await
    }

    /// How many letters wait after a failure, or failed since `since`.
    ///
    /// # Errors
    /// The database's.
    pub async fn letters_in_trouble(&self, since: UnixMs) -> Result<i64, StoreError> {
        self.read("counting the letters in trouble", move |db| {
            let sql = "SELECT count(*) FROM mail WHERE (state = 'waiting' AND error IS NOT NULL)
                       OR (state = 'failed' AND ended_at >= ?1)";
            db.prepare_cached(sql)?.query_row([since.0], |row| row.get(0))
        })
        .await
    }

    /// What somebody wants to get by mail.
    ///
    /// # Errors
    /// The database's.
    pub async fn mail_wishes(&self, editor_id: i64) -> Result<MailWishes, StoreError> {
        self.read("reading what somebody wants by mail", move |db| {
            let sql = "SELECT digest_since IS NOT NULL, alerts FROM editors WHERE id = ?1";
            db.prepare_cached(sql)?
                .query_row([editor_id], |row| Ok(MailWishes { digest: row.get(0)?, alerts: row.get(1)? }))
        })
        .await
    }

    /// Changes what somebody wants to get by mail.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_mail_wishes(
        &self,
        editor_id: i64,
        wishes: MailWishes,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("changing what somebody wants by mail", move |db| {
            rows::execute(
                db,
                "UPDATE editors SET alerts = :alerts,
                     digest_since = iif(:digest, coalesce(digest_since, :now), NULL) WHERE id = :id",
                named_params! {
                    ":id": editor_id, ":alerts": wishes.alerts, ":digest": wishes.digest, ":now": now.0,
                },
            )
            .map(drop)
        })
        .await
    }
}

/// Enqueues an alert for every active editor and administrator who wants alerts; how many. `key` names the event: the
/// same one is never enqueued twice for the same person.
pub(super) fn add_alert(
    db: &Transaction<'_>,
    key: &str,
    alert: &Alert,
    now: UnixMs,
) -> rusqlite::Result<usize> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM editors WHERE alerts AND role IN ('editor', 'admin') AND disabled_at IS NULL
         AND password_hash IS NOT NULL",
    )?;
    let readers: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut count = 0;
    for id in readers {
        let expires_at = now.plus_ms(ALERT_LIFE_MS);
        count += enqueue(db, &format!("{key}:{id}"), LetterKind::Alert, id, Some(alert), expires_at, now)?;
    }
    Ok(count)
}

/// Letters with a one-time link that wait for somebody are not needed any more.
pub(super) fn cancel_links(db: &Connection, editor_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE mail SET state = 'cancelled', ended_at = :now
         WHERE editor_id = :id AND kind IN ('invite', 'reset') AND state = 'waiting'",
        named_params! {":id": editor_id, ":now": now.0},
    )
    .map(drop)
}

fn enqueue_link(
    db: &Connection,
    editor_id: i64,
    purpose: LinkPurpose,
    expires_at: UnixMs,
    now: UnixMs,
) -> rusqlite::Result<()> {
    let kind = match purpose {
        LinkPurpose::Invite => LetterKind::Invite,
        LinkPurpose::Reset => LetterKind::Reset,
    };
    cancel_links(db, editor_id, now)?;
    let key = format!("{}:{editor_id}:{}", kind.as_str(), now.0);
    enqueue(db, &key, kind, editor_id, None, expires_at, now).map(drop)
}

fn enqueue(
    db: &Connection,
    key: &str,
    kind: LetterKind,
    editor_id: i64,
    alert: Option<&Alert>,
    expires_at: UnixMs,
    now: UnixMs,
) -> rusqlite::Result<usize> {
    rows::execute(
        db,
        "INSERT INTO mail (key, kind, editor_id, alert, created_at, next_at, expires_at)
         VALUES (:key, :kind, :editor, :alert, :now, :now, :expires) ON CONFLICT (key) DO NOTHING",
        named_params! {
            ":key": key, ":kind": kind.as_str(), ":editor": editor_id, ":now": now.0, ":expires": expires_at.0,
            ":alert": alert.map(rows::to_json).transpose()?,
        },
    )
}

fn load(db: &Connection, id: i64) -> rusqlite::Result<ClaimedLetter> {
    let sql = "SELECT id, kind, editor_id, alert, attempts, expires_at FROM mail WHERE id = ?1";
    let (editor_id, letter) = db.prepare_cached(sql)?.query_row([id], |row| {
        let kind = rows::word(row, "kind", LetterKind::parse)?;
        let alert = rows::from_json_opt(row, "alert")?;
        let (attempt, expires_at) = (row.get("attempts")?, UnixMs(row.get("expires_at")?));
        Ok((row.get("editor_id")?, move |to| ClaimedLetter { id, kind, to, alert, attempt, expires_at }))
    })?;
    people::by_id(db, editor_id).map(letter)
}

fn letter_row(row: &Row<'_>) -> rusqlite::Result<LetterRow> {
    Ok(LetterRow {
        id: row.get("id")?,
        kind: rows::word(row, "kind", LetterKind::parse)?,
        to: row.get("email")?,
        state: rows::word(row, "state", LetterState::parse)?,
        created_at: UnixMs(row.get("created_at")?),
        next_at: UnixMs(row.get("next_at")?),
        ended_at: rows::instant(row, "ended_at")?,
        attempts: row.get("attempts")?,
        error: row.get("error")?,
    })
}
