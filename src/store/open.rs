//! Opening the file: whose it is, its settings, its migrations.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// `PRAGMA application_id` of our files: "pfus".
const APPLICATION_ID: i64 = 0x7066_7573;
/// How long a statement waits for another process's transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Older write-ahead log code can damage a database (SQLite 3.51.3 release notes).
const OLDEST_SQLITE: i32 = 3_051_003;

/// Opens the one connection that writes. Processes that open a fresh file at once wait for each other.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::OldSqlite { found: rusqlite::version() });
    }
    let opened = |source| StoreError::Open { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(opened)?;
    }
    // Migrations read the version outside their own lock, and switching a new file to WAL ignores busy_timeout:
    // so one process at a time gets past this line until the file is ready.
    let lock_path = path.with_extension("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
    let lock = lock.map_err(|source| StoreError::Open { path: lock_path, source })?;
    lock.lock().map_err(opened)?;

    let sqlite = |error| StoreError::from_sqlite("opening the database", path, error);
    let mut connection = Connection::open(path).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    check_owner(&connection, path)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sqlite)?;
    configure(&connection).map_err(sqlite)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(sqlite)?;
    // what is written is seldom read again here; the connections that read keep more
    connection.pragma_update(None, "cache_size", -8_000).map_err(sqlite)?;
    // 16 MB of log: pages that many transactions change are copied into the file once
    connection.pragma_update(None, "wal_autocheckpoint", 4_000).map_err(sqlite)?;
    migrate(&mut connection, path)?;
    // articles that an older version stored; a glance where there are none
    super::pairs::index_unknown(&mut connection).map_err(sqlite)?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let sqlite = |error| StoreError::from_sqlite("opening the database", path, error);
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    configure(&connection).map_err(sqlite)?;
    connection.pragma_update(None, "query_only", true).map_err(sqlite)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// An empty file becomes ours; a file of ours may go on; anything else is left alone.
fn check_owner(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let sqlite = |error| StoreError::from_sqlite("looking whose database it is", path, error);
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sqlite)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
    match (application, tables) {
        (APPLICATION_ID, _) => refuse_newer(connection, path),
        (0, 0) => connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(sqlite),
        _ => Err(StoreError::NotOurs {
            path: path.to_owned(),
            why: format!("its application id is {application} and it holds {tables} tables"),
        }),
    }
}

/// A backup must be ours and no newer than this program.
pub(super) fn check_backup(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let sqlite = |error| StoreError::from_sqlite("verifying a backup", path, error);
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sqlite)?;
    if application != APPLICATION_ID {
        let why = format!("its application id is {application}");
        return Err(StoreError::NotOurs { path: path.to_owned(), why });
    }
    refuse_newer(connection, path)
}

fn refuse_newer(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let known =
        embedded::migrations::runner().get_migrations().iter().map(refinery::Migration::version).max();
    let known = i64::from(known.unwrap_or_default());
    // the table is missing where a first start was killed before its first migration
    let found = connection
        .query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
        .unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let runner = embedded::migrations::runner().set_grouped(true);
    let report = runner.run(connection);
    let report = report.map_err(|error| match root_sqlite(&error) {
        Some(sqlite) => StoreError::from_sqlite("applying the migrations", path, sqlite),
        None => StoreError::Migration { path: path.to_owned(), why: error.to_string() },
    })?;
    for migration in report.applied_migrations() {
        tracing::info!("applied migration {migration}");
    }
    Ok(())
}

/// A full or read-only disk says so by its own name also here.
fn root_sqlite(error: &refinery::Error) -> Option<rusqlite::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rusqlite::Error::SqliteFailure(failure, message)) = error.downcast_ref() {
            let named = matches!(
                failure.code,
                rusqlite::ErrorCode::DiskFull
                    | rusqlite::ErrorCode::SystemIoFailure
                    | rusqlite::ErrorCode::ReadOnly
                    | rusqlite::ErrorCode::DatabaseBusy
            );
            return named.then(|| rusqlite::Error::SqliteFailure(*failure, message.clone()));
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use refinery::Target;

    use super::*;

    /// SQLite rebuilds a table whose CHECK changes: rows that refer to each other must come through, and nothing else
    /// may be left pointing nowhere.
    #[test]
    fn decisions_of_an_older_database_survive_the_migration_that_knows_merges() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Connection::open(folder.path().join("old.db")).unwrap();
        configure(&db).unwrap();
        embedded::migrations::runner().set_grouped(true).set_target(Target::Version(6)).run(&mut db).unwrap();
        let standing = r#"{"status":"queued","title":null,"summary":null,"topics":[]}"#;
        db.execute_batch(&format!(
            "INSERT INTO articles (public_id, status, kind, title, authors, journal, abstract, publication_types, mesh,
                 keywords, trials, related, complete, first_seen_at, title_text, abstract_text, authors_text, journal_text)
             VALUES ('01A', 'rejected', 'article', 'T', '[]', '{{}}', '[]', '[]', '[]', '[]', '[]', '[]', 1, 1, '', '', '', '');
             INSERT INTO identifiers VALUES ('pmid', '7', 1);
             INSERT INTO decisions (id, article_id, act, at, revision, before, after) VALUES
                 (1, 1, 'reject', 5, 2, '{standing}', '{standing}'), (2, 1, 'undo', 6, 3, '{standing}', '{standing}');
             UPDATE decisions SET undoes = 1 WHERE id = 2;
             UPDATE decisions SET undone_by = 2 WHERE id = 1;"
        ))
        .unwrap();
        embedded::migrations::runner().set_grouped(true).run(&mut db).unwrap();
        let chain: (i64, i64) = db
            .query_row(
                "SELECT first.undone_by, second.undoes FROM decisions AS first, decisions AS second
                 WHERE first.id = 1 AND second.id = 2",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(chain, (2, 1));
        let lost: i64 =
            db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(lost, 0);
        db.execute("INSERT INTO decisions (article_id, act, at, revision, before, after) VALUES (1, 'merge', 7, 4, '', '')", [])
            .unwrap();
        let refused = db.execute(
            "INSERT INTO decisions (article_id, act, at, revision, before, after, undoes) VALUES (1, 'edit', 8, 5, '', '', 99)",
            [],
        );
        assert!(refused.is_err(), "the new table's references are still held");
    }

    /// What the watch once told as a removal because PubMed's record was gone says now what it was; real removals stay.
    #[test]
    fn a_record_that_was_gone_is_no_removal_after_the_migration() {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Connection::open(folder.path().join("old.db")).unwrap();
        configure(&db).unwrap();
        embedded::migrations::runner()
            .set_grouped(true)
            .set_target(Target::Version(12))
            .run(&mut db)
            .unwrap();
        db.execute_batch(
            r#"INSERT INTO articles (public_id, status, kind, title, authors, journal, abstract, publication_types, mesh,
                 keywords, trials, related, complete, first_seen_at, title_text, abstract_text, authors_text, journal_text)
             VALUES ('01A', 'approved', 'article', 'T', '[]', '{}', '[]', '[]', '[]', '[]', '[]', '[]', 1, 1, '', '', '', '');
             INSERT INTO notices (public_id, article_id, kind, finding_key, finding, state, found_at, public_at) VALUES
                 ('01B', 1, 'removal', 'retracted 1', '{"kind":"removal","source":"pubmed","detail":
                    "PubMed has no record of this number any longer. It deletes records."}', 'waiting', 5, NULL),
                 ('01C', 1, 'removal', 'retracted 2', '{"kind":"removal","source":"crossref_publisher"}', 'public', 6, 7);"#,
        )
        .unwrap();
        embedded::migrations::runner().set_grouped(true).run(&mut db).unwrap();
        let mut statement = db
            .prepare("SELECT kind, json_extract(finding, '$.kind'), state FROM notices ORDER BY id")
            .unwrap();
        let kept = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let kept: Vec<(String, String, String)> = kept.map(Result::unwrap).collect();
        let row = |kind: &str, state: &str| (kind.to_owned(), kind.to_owned(), state.to_owned());
        assert_eq!(kept, [row("record_gone", "waiting"), row("removal", "public")]);
        let lost: i64 =
            db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(lost, 0);
    }
}
