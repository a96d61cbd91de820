//! Backup and restore: a copy that opens clean and holds every commit acknowledged before it began.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::open;
use super::{Store, StoreError};

impl Store {
    /// Writes a copy of the whole database to `target`, which must not exist; runs beside a live worker and web.
    /// (`VACUUM INTO` from a reading connection: the stepwise backup API never ends under a live writer.)
    ///
    /// # Errors
    /// `target` exists or cannot be written, or the database's.
    pub async fn backup_to(&self, target: PathBuf) -> Result<(), StoreError> {
        let path = self.path().to_owned();
        let copied = tokio::task::spawn_blocking(move || copy(&path, &target, "writing a backup"));
        copied.await.map_err(|_| StoreError::Closed)?
    }
}

/// Copies all that is committed in `from`, in its write-ahead log too, to the new file `to`; leaves no half of a copy.
fn copy(from: &Path, to: &Path, doing: &'static str) -> Result<(), StoreError> {
    let named = |error| StoreError::from_sqlite(doing, to, error);
    if to.exists() {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it exists");
        return Err(StoreError::Open { path: to.to_owned(), source });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(named)?;
    source.busy_timeout(open::BUSY_TIMEOUT).map_err(named)?;
    let written = source.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(named);
    if written.is_err() {
        let _ = remove_if_there(to).and_then(|()| remove_if_there(&beside(to, "-journal")));
    }
    written.map(drop)
}

/// Says whether `path` is a sound perfuse database that this program can read; how many articles and news items it has.
///
/// # Errors
/// What is wrong with it.
pub fn inspect_backup(path: &Path) -> Result<(i64, i64), StoreError> {
    let named = |error| StoreError::from_sqlite("verifying a backup", path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let backup = Connection::open_with_flags(path, flags).map_err(named)?;
    open::check_backup(&backup, path)?;
    let verdict: String =
        backup.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(named)?;
    if verdict != "ok" {
        return Err(StoreError::NotOurs { path: path.to_owned(), why: format!("it is damaged: {verdict}") });
    }
    let count = |sql: &str| backup.query_row(sql, [], |row| row.get(0)).map_err(named);
    Ok((count("SELECT count(*) FROM articles")?, count("SELECT count(*) FROM news")?))
}

/// Puts a verified backup in the place of `target`. Whatever stands there is replaced only with `force`, and no other
/// process may have it open.
///
/// # Errors
/// The backup is not sound, `target` exists, is in use, or cannot be written.
pub fn restore_backup(backup: &Path, target: &Path, force: bool) -> Result<(i64, i64), StoreError> {
    let counts = inspect_backup(backup)?;
    let failed = |source| StoreError::Open { path: target.to_owned(), source };
    if target.exists() && !force {
        let why = "it exists; --force replaces it";
        return Err(failed(std::io::Error::new(std::io::ErrorKind::AlreadyExists, why)));
    }
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // copied beside the target and renamed over it: a crash leaves the old file or the new one, never half of one
    let fresh = target.with_extension("restoring");
    remove_if_there(&fresh).map_err(failed)?;
    copy(backup, &fresh, "restoring a backup")?;
    put_in_place(&fresh, target).map_err(|source| {
        let _ = std::fs::remove_file(&fresh);
        failed(source)
    })?;
    Ok(counts)
}

fn put_in_place(fresh: &Path, target: &Path) -> std::io::Result<()> {
    std::fs::File::open(fresh)?.sync_all()?;
    if target.exists() {
        // its log goes into it first: a crash between the next steps must not leave it without its last commits
        let _ = Connection::open(target).and_then(|old| old.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
    remove_if_there(&beside(target, "-wal"))?;
    remove_if_there(&beside(target, "-shm"))?;
    std::fs::rename(fresh, target)?;
    match target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The name of a file that SQLite keeps beside a database.
fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
