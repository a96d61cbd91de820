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
        let copied = tokio::task::spawn_blocking(move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let named = |error| StoreError::from_sqlite("writing a backup", &target, error);
            let source = Connection::open_with_flags(&path, flags).map_err(named)?;
            source.busy_timeout(open::BUSY_TIMEOUT).map_err(named)?;
            source.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map_err(named)?;
            Ok(())
        });
        copied.await.map_err(|_| StoreError::Closed)?
    }
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
    let mut reader = std::fs::File::open(backup).map_err(failed)?;
    let mut writer = std::fs::File::create(&fresh).map_err(failed)?;
    std::io::copy(&mut reader, &mut writer).map_err(failed)?;
    writer.sync_all().map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        let mut log = target.as_os_str().to_owned();
        log.push(suffix);
        match std::fs::remove_file(PathBuf::from(log)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    std::fs::rename(&fresh, target).map_err(failed)?;
    Ok(counts)
}
