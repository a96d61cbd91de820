//! Passwords: what makes a good one, and their argon2id hashes.
//!
//! Hashing costs 19 MiB and some 30 ms of a core by intention, so one runs at a time, off the async threads, and
//! only a short line may wait: many log-ins at once must not slow readers.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::texts::Texts;

/// Longer ones are refused before they are hashed, bytes.
pub const MAX_BYTES: usize = 128;
/// Waiting for the one that is hashed now; the next is told to come back.
const MAX_WAITING: usize = 16;
/// OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// The words that guessers try first; ours is a short list, one a line, lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeakPassword {
    /// Too few characters.
    TooShort(usize),
    /// Over [`MAX_BYTES`].
    TooLong,
    /// On the list, or the list's word with digits behind it.
    Common,
    /// The person's or the society's own words.
    Personal,
    /// One character or a short pattern again and again.
    Repeats,
}

impl WeakPassword {
    /// For the form.
    pub fn explain(&self, texts: &Texts) -> String {
        let text = match self {
            Self::TooShort(least) => texts.t("password-short").with("count", least),
            Self::TooLong => texts.t("password-long").with("count", MAX_BYTES),
            Self::Common => texts.t("password-common"),
            Self::Personal => texts.t("password-personal"),
            Self::Repeats => texts.t("password-repeats"),
        };
        text.into()
    }
}

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many sign-ins at once")]
    Busy,
    /// argon2 or the runtime failed.
    #[error("cannot hash a password: {0}")]
    Failed(String),
}

/// Checks a new password. `own_words` are the person's and the society's (address, names).
///
/// # Errors
/// What is wrong with it.
pub fn check_strength(password: &str, min_chars: usize, own_words: &[&str]) -> Result<(), WeakPassword> {
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if password.chars().count() < min_chars {
        return Err(WeakPassword::TooShort(min_chars));
    }
    let lower = password.to_lowercase();
    let core = lower.trim_matches(|character: char| !character.is_alphabetic());
    if COMMON.lines().any(|common| common == lower || common == core) {
        return Err(WeakPassword::Common);
    }
    if repeats(&lower) {
        return Err(WeakPassword::Repeats);
    }
    let squeezed: String = lower.chars().filter(|character| character.is_alphanumeric()).collect();
    let personal = own_words.iter().any(|own| {
        let own: String =
            own.to_lowercase().chars().filter(|character| character.is_alphanumeric()).collect();
        // what is left beside a long own word must carry the password by itself
        own.chars().count() >= 4
            && squeezed.contains(&own)
            && squeezed.chars().count() - own.chars().count() < min_chars / 2
    });
    if personal { Err(WeakPassword::Personal) } else { Ok(()) }
}

/// Whether a text is a pattern of at most four characters again and again.
fn repeats(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (1..=4).any(|period| {
        characters.len() > period && characters.windows(period + 1).all(|run| run[0] == run[period])
    })
}

/// Hashes and compares, one at a time.
#[derive(Clone)]
pub struct Passwords {
    turn: Arc<Semaphore>,
    line: Arc<Semaphore>,
    /// A hash of nothing in particular, so that an unknown account takes as long as a known one.
    nobody: Arc<str>,
}

impl Passwords {
    /// Ready to hash; makes the hash that stands in for unknown accounts.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn new() -> Result<Self, HashError> {
        let nobody = hash_now("nobody's password")?;
        let line = Arc::new(Semaphore::new(MAX_WAITING));
        Ok(Self { turn: Arc::new(Semaphore::new(1)), line, nobody: nobody.into() })
    }

    /// The hash to store, in PHC form.
    ///
    /// # Errors
    /// See [`HashError`].
    pub async fn hash(&self, password: String) -> Result<String, HashError> {
        self.in_turn(move || hash_now(&password)).await?
    }

    /// Whether the password belongs to the hash. Without a hash (no such account, no password yet) the answer is no,
    /// after the same time. A password over [`MAX_BYTES`] is wrong without being hashed.
    ///
    /// # Errors
    /// See [`HashError`].
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let nobody = self.nobody.clone();
        self.in_turn(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| nobody.to_string());
            let parsed = PasswordHash::new(&hash).map_err(|error| HashError::Failed(error.to_string()))?;
            let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
            Ok(matches && known)
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let _place = self.line.try_acquire().map_err(|_| HashError::Busy)?;
        // owned, and given up by the blocking task: a visitor who leaves does not let a second one start
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| HashError::Busy)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await
        .map_err(|error| HashError::Failed(error.to_string()))
    }
}

fn hash_now(password: &str) -> Result<String, HashError> {
    let failed = |error: &dyn std::fmt::Display| HashError::Failed(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| failed(&error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password(password.as_bytes()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_tried_first_are_refused_and_long_ones_are_welcome() {
        let check = |password: &str| {
            check_strength(password, 12, &["maria@example.org", "Perfusion Society", "maria"])
        };
        assert_eq!(check("short"), Err(WeakPassword::TooShort(12)));
        assert_eq!(check("password2026!"), Err(WeakPassword::Common));
        assert_eq!(check("ABABABABABAB"), Err(WeakPassword::Repeats));
        assert_eq!(check("perfusionsociety1"), Err(WeakPassword::Personal));
        assert_eq!(check("maria@example.org"), Err(WeakPassword::Personal));
        assert_eq!(check(&"x y".repeat(50)), Err(WeakPassword::TooLong));
        assert_eq!(check("maria rides seven green bicycles"), Ok(()));
        assert_eq!(check("Влтава течёт на север"), Ok(()));
        assert_eq!(check("  spaces count too  "), Ok(()));
    }

    #[test]
    fn the_common_list_is_lower_case_and_without_doubles() {
        let words: Vec<&str> = COMMON.lines().collect();
        let distinct: std::collections::HashSet<&&str> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
        assert!(words.iter().all(|word| !word.is_empty() && *word == word.to_lowercase().trim()));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_as_decided_and_knows_its_password_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("x".repeat(129), Some(hash)).await.unwrap());
        assert!(!passwords.verify("nobody's password".into(), None).await.unwrap());
    }
}
