//! The configured sources in the table: taken over at each start.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, named_params};

use super::rows;
use super::sources::Definition;
use super::{Store, StoreError};
use crate::domain::source::Source;
use crate::domain::time::UnixMs;

impl Store {
    /// Makes the table agree with the configuration: new sources are due at once, changed ones forget their validators
    /// and are due, absent or disabled ones rest. Returns how many are new.
    ///
    /// # Errors
    /// The database's.
    pub async fn sync_sources(&self, sources: Vec<Source>, now: UnixMs) -> Result<usize, StoreError> {
        self.write("taking over the configured sources", move |db| {
            let before: i64 = db.query_row("SELECT count(*) FROM sources", [], |row| row.get(0))?;
            // changes nothing; but a database that cannot be written says so at the start
            rows::execute(db, "UPDATE sources SET configured = 0 WHERE id IS NULL", &[])?;
            let known = configured(db)?;
            let named: HashSet<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            for (name, (_, _, _, is_configured)) in &known {
                if *is_configured && !named.contains(name.as_str()) {
                    let name = named_params! {":name": name};
                    rows::execute(db, "UPDATE sources SET configured = 0 WHERE name = :name", name)?;
                }
            }
            for source in &sources {
                let definition = Definition { kind: source.kind.clone(), topics: source.topics.clone() };
                let definition = rows::to_json(&definition)?;
                let said = (source.title.clone(), definition, source.schedule.clone(), source.enabled);
                // a start that changes nothing writes nothing
                if known.get(&source.name) != Some(&said) {
                    take_over(db, source, &said.1, now)?;
                }
            }
            let after: i64 = db.query_row("SELECT count(*) FROM sources", [], |row| row.get(0))?;
            Ok(usize::try_from(after - before).unwrap_or_default())
        })
        .await
    }
}

/// The sources as they are stored: title, definition, schedule, whether configured; by name.
type Configured = HashMap<String, (String, String, Option<String>, bool)>;

fn configured(db: &Connection) -> rusqlite::Result<Configured> {
    let mut statement =
        db.prepare_cached("SELECT name, title, definition, schedule, configured FROM sources")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))))?;
    rows.collect()
}

fn take_over(db: &Connection, source: &Source, definition: &str, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO sources (name, title, definition, schedule, configured, next_at, defined_at)
         VALUES (:name, :title, :definition, :schedule, :configured, :now, :now)
         ON CONFLICT (name) DO UPDATE SET
             title = excluded.title, schedule = excluded.schedule, configured = excluded.configured",
        named_params! {
            ":name": source.name, ":title": source.title, ":definition": definition,
            ":schedule": source.schedule, ":configured": source.enabled, ":now": now.0,
        },
    )?;
    rows::execute(
        db,
        "DELETE FROM last_bodies WHERE source_id =
             (SELECT id FROM sources WHERE name = :name AND definition <> :definition)",
        named_params! {":name": source.name, ":definition": definition},
    )?;
    rows::execute(
        db,
        "UPDATE sources SET definition = :definition, defined_at = :now, next_at = :now, etag = NULL, last_modified = NULL,
             current_url = NULL, moved_to = NULL, moved_count = 0, stopped = NULL, failures = 0,
             complete_to_at = NULL, newest_shown_at = NULL, had_entries = 0, last_full_at = NULL
         WHERE name = :name AND definition <> :definition",
        named_params! {":name": source.name, ":definition": definition, ":now": now.0},
    )?;
    Ok(())
}
