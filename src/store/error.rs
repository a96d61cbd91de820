//! What can be wrong with the database, each with the file's name and what to do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::writer::WriteFault;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no SQLite database, or another program's.
    #[error("{path} is not a perfuse database ({why}); it was left untouched")]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// How it shows.
        why: String,
    },
    /// A newer perfuse wrote it.
    #[error(
        "{path} was written by a newer perfuse (its schema is {found}, this program knows up to {known}); \
         it was left untouched: install the newer version or restore a backup"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema's version in the file.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// A migration could not be applied, or one that was applied differs from ours.
    #[error("cannot bring {path} up to date: {why}")]
    Migration {
        /// The file.
        path: PathBuf,
        /// What refinery or SQLite said, with the migration's name.
        why: String,
    },
    /// No space is left.
    #[error("the disk of {path} is full while {doing}; free some space, nothing acknowledged was lost")]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The disk refuses for another reason: a quota, a size limit, damage.
    #[error("the disk of {path} fails while {doing} ({why}); nothing acknowledged was lost")]
    DiskFailed {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// SQLite's words.
        why: String,
    },
    /// The file or its folder cannot be written.
    #[error("{path} cannot be written while {doing}: it or its folder is read-only")]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The file or folder could not be opened or made.
    #[error("cannot open {path}: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another program holds the database for longer than we wait.
    #[error("{path} is locked by another program while {doing}; try again")]
    Busy {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The bundled SQLite is too old to be trusted with a write-ahead log.
    #[error("SQLite {found} is older than 3.51.3, whose write-ahead log can damage data")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
    /// Anything else SQLite says.
    #[error("{path}: {doing}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// SQLite's words. Boxed as text: no rusqlite type leaves the store.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the desk should answer 503 (the disk, a lock) rather than 500.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::DiskFull { .. } | Self::DiskFailed { .. } | Self::ReadOnly { .. } | Self::Busy { .. }
        )
    }

    pub(super) fn from_sqlite(doing: &'static str, path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path, doing },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path, doing },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing },
            Some(ErrorCode::SystemIoFailure) => Self::DiskFailed { path, doing, why: error.to_string() },
            Some(ErrorCode::NotADatabase) => Self::NotOurs { path, why: "it is no SQLite file".into() },
            _ => Self::Sqlite { path, doing, source: Box::new(error) },
        }
    }

    pub(super) fn from_write(doing: &'static str, path: &Path, fault: WriteFault) -> Self {
        match fault {
            WriteFault::Sqlite(error) => Self::from_sqlite(doing, path, error),
            WriteFault::Gone => Self::Closed,
        }
    }

    pub(super) fn from_call(doing: &'static str, path: &Path, error: tokio_rusqlite::Error) -> Self {
        match error {
            tokio_rusqlite::Error::Error(error) => Self::from_sqlite(doing, path, error),
            _ => Self::Closed,
        }
    }
}
