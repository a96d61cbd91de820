//! Sources as the database knows them: due, leased, paused, in trouble.

use rusqlite::{Row, named_params};

use super::rows;
use super::{Store, StoreError, coverage, people};
use crate::domain::coverage::{Completeness, Count, Overflow};
use crate::domain::entry::Problem;
use crate::domain::rhythm::Quiet;
use crate::domain::source::{Source, SourceKind, Validators};
use crate::domain::time::{DAY_MS, UnixMs};

/// A source that this worker may fetch now, with what the last fetches left.
#[derive(Debug, Clone, PartialEq)]
pub struct DueSource {
    /// Row id.
    pub id: i64,
    /// What to ask.
    pub source: Source,
    /// Where permanent redirects led, in place of the configured address.
    pub current_url: Option<String>,
    /// To send back.
    pub validators: Validators,
    /// Failures in a row.
    pub failures: u32,
    /// When it last answered well.
    pub last_success_at: Option<UnixMs>,
    /// When a whole body was last received.
    pub last_full_at: Option<UnixMs>,
    /// Newest pubDate seen.
    pub newest_shown_at: Option<UnixMs>,
    /// Everything the query found up to here is stored.
    pub complete_to_at: Option<UnixMs>,
    /// Whether it ever held an entry.
    pub had_entries: bool,
    /// Where the last permanent redirect pointed, and how many times in a row.
    pub moved: Option<(String, u32)>,
}

/// A source's state for people.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// Row id.
    pub id: i64,
    /// What it is.
    pub source: Source,
    /// When an admin paused it.
    pub paused_at: Option<UnixMs>,
    /// Why it is never asked again.
    pub stopped: Option<String>,
    /// When it is due.
    pub next_at: UnixMs,
    /// Whether a worker is at it now.
    pub leased_until: Option<UnixMs>,
    /// Last attempt.
    pub last_attempt_at: Option<UnixMs>,
    /// Last good answer.
    pub last_success_at: Option<UnixMs>,
    /// Failures in a row.
    pub failures: u32,
    /// What the last failure was.
    pub last_error: Option<String>,
    /// Something odd without any error.
    pub alarm: Option<String>,
    /// To send back.
    pub validators: Validators,
    /// Where permanent redirects led.
    pub current_url: Option<String>,
    /// Everything the query found up to here is stored.
    pub complete_to_at: Option<UnixMs>,
    /// Articles it showed, all told.
    pub articles: i64,
    /// The daily count of its window.
    pub count: Count,
    /// The oldest overflow of the last weeks that nothing filled.
    pub overflow: Option<Overflow>,
    /// Whether it is silent against its own rhythm.
    pub quiet: Option<Quiet>,
}

impl SourceState {
    /// Whether anything was missed, as far as is known.
    pub fn completeness(&self) -> Completeness {
        let (count, overflow) = (&self.count, self.overflow.as_ref());
        Completeness::judge(&self.source.kind, count, overflow, self.complete_to_at, self.last_success_at)
    }
}

/// An overflow that nothing filled is told of for so long.
const OVERFLOW_TOLD_MS: i64 = 30 * DAY_MS;

/// One attempt, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRow {
    /// When it began.
    pub started_at: UnixMs,
    /// How long it took, in ms.
    pub took_ms: i64,
    /// `fetched`, `not_modified` or `failed`.
    pub outcome: String,
    /// Entries received.
    pub entries: i64,
    /// Articles nobody had shown before.
    pub fresh: i64,
    /// Articles that changed.
    pub updated: i64,
    /// What went wrong.
    pub message: Option<String>,
}

/// What `sources.definition` holds. The schedule is no part of it: changing that forgets nothing.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Definition {
    #[serde(flatten)]
    pub(super) kind: SourceKind,
    pub(super) topics: Vec<String>,
}

/// What to ask.
pub(super) fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    let definition: Definition = rows::from_json(row, "definition")?;
    Ok(Source {
        name: row.get("name")?,
        title: row.get("title")?,
        kind: definition.kind,
        schedule: row.get("schedule")?,
        topics: definition.topics,
        enabled: row.get("configured")?,
    })
}

impl Store {
    /// Claims up to `limit` due sources for `owner` until `now + lease_ms`; a lease that ran out is free to claim. With
    /// `names`, those are claimed whether due or not.
    ///
    /// # Errors
    /// The database's.
    pub async fn claim_due(
        &self,
        owner: &str,
        names: Option<Vec<String>>,
        lease_ms: i64,
        limit: i64,
        now: UnixMs,
    ) -> Result<Vec<DueSource>, StoreError> {
        let owner = owner.to_owned();
        self.write("claiming due sources", move |db| {
            let names = names.map(|names| rows::to_json(&names)).transpose()?;
            let mut statement = db.prepare_cached(
                "UPDATE sources SET leased_by = :owner, leased_until = :until WHERE id IN (
                     SELECT id FROM sources
                     WHERE (leased_until IS NULL OR leased_until <= :now) AND configured = 1
                       AND iif(:names IS NULL, next_at <= :now AND paused_at IS NULL AND stopped IS NULL,
                               name IN (SELECT value FROM json_each(:names)))
                     ORDER BY next_at, id LIMIT :limit)
                 RETURNING *",
            )?;
            let parameters = named_params! {
                ":owner": owner, ":until": now.0 + lease_ms, ":now": now.0, ":names": names, ":limit": limit,
            };
            statement.query_map(parameters, due_source)?.collect()
        })
        .await
    }

    /// How many sources [`Store::claim_due`] would find without names.
    ///
    /// # Errors
    /// The database's.
    pub async fn count_due(&self, now: UnixMs) -> Result<usize, StoreError> {
        self.read("counting due sources", move |db| {
            db.prepare_cached(
                "SELECT count(*) FROM sources WHERE (leased_until IS NULL OR leased_until <= :now)
                   AND configured = 1 AND next_at <= :now AND paused_at IS NULL AND stopped IS NULL",
            )?
            .query_row(named_params! {":now": now.0}, |row| row.get::<_, i64>(0))
        })
        .await
        .map(|due| usize::try_from(due).unwrap_or_default())
    }

    /// The names of the configured sources.
    ///
    /// # Errors
    /// The database's.
    pub async fn source_names(&self) -> Result<Vec<String>, StoreError> {
        self.read("reading the sources' names", |db| {
            let mut statement =
                db.prepare_cached("SELECT name FROM sources WHERE configured = 1 ORDER BY name")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }

    /// Prolongs a lease during a long refresh. False where it was lost: the work is another's now.
    ///
    /// # Errors
    /// The database's.
    pub async fn extend_lease(&self, source_id: i64, owner: &str, until: UnixMs) -> Result<bool, StoreError> {
        let owner = owner.to_owned();
        self.write("prolonging a lease", move |db| {
            rows::execute(
                db,
                "UPDATE sources SET leased_until = :until WHERE id = :id AND leased_by = :owner",
                named_params! {":until": until.0, ":id": source_id, ":owner": owner},
            )
        })
        .await
        .map(|changed| changed > 0)
    }

    /// Gives claimed sources back unfetched, due at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, owner: &str) -> Result<usize, StoreError> {
        let owner = owner.to_owned();
        self.write("giving sources back", move |db| {
            rows::execute(
                db,
                "UPDATE sources SET leased_by = NULL, leased_until = NULL WHERE leased_by = :owner",
                named_params! {":owner": owner},
            )
        })
        .await
    }

    /// When the next source is due; `None` where all rest. A leased source counts from the end of its lease.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
        self.read("asking what is due next", move |db| {
            db.prepare_cached(
                "SELECT min(max(next_at, iif(leased_until > :now, leased_until, 0))) FROM sources
                 WHERE configured = 1 AND paused_at IS NULL AND stopped IS NULL",
            )?
            .query_row(named_params! {":now": now.0}, |row| row.get::<_, Option<i64>>(0))
            .map(|at| at.map(UnixMs))
        })
        .await
    }

    /// All configured sources with their state, by name.
    ///
    /// # Errors
    /// The database's.
    pub async fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.read("reading the sources", |db| {
            let mut counts = coverage::counts(db)?;
            let mut statement = db.prepare_cached(
                "SELECT *, (SELECT count(DISTINCT article_id) FROM sightings WHERE source_id = sources.id) AS articles
                 FROM sources WHERE configured = 1 ORDER BY name",
            )?;
            let mut states: Vec<SourceState> =
                statement.query_map([], source_state)?.collect::<rusqlite::Result<_>>()?;
            let newest = states.iter().filter_map(|state| state.last_attempt_at).max().unwrap_or_default();
            let mut overflows = coverage::lasting_overflows(db, newest.plus_ms(-OVERFLOW_TOLD_MS))?;
            for state in &mut states {
                state.count = counts.remove(&state.id).unwrap_or_default();
                state.overflow = overflows.remove(&state.id);
            }
            Ok(states)
        })
        .await
    }

    /// One configured source with its state.
    ///
    /// # Errors
    /// The database's.
    pub async fn source_state(&self, name: &str) -> Result<Option<SourceState>, StoreError> {
        let all = self.sources().await?;
        Ok(all.into_iter().find(|state| state.source.name == name))
    }

    /// The last attempts at a source, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetches(&self, source_id: i64, limit: i64) -> Result<Vec<FetchRow>, StoreError> {
        self.read("reading fetches", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT started_at, ended_at - started_at, outcome, entries, fresh, updated, message FROM fetches
                 WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let fetches = statement.query_map([source_id, limit], |row| {
                Ok(FetchRow {
                    started_at: UnixMs(row.get(0)?),
                    took_ms: row.get(1)?,
                    outcome: row.get(2)?,
                    entries: row.get(3)?,
                    fresh: row.get(4)?,
                    updated: row.get(5)?,
                    message: row.get(6)?,
                })
            })?;
            fetches.collect()
        })
        .await
    }

    /// The last problems of a source with when they were seen, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn problems(&self, source_id: i64, limit: i64) -> Result<Vec<(UnixMs, Problem)>, StoreError> {
        self.read("reading problems", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT at, place, what, excerpt FROM problems WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let problems = statement.query_map([source_id, limit], |row| {
                let problem = Problem { place: row.get(1)?, what: row.get(2)?, excerpt: row.get(3)? };
                Ok((UnixMs(row.get(0)?), problem))
            })?;
            problems.collect()
        })
        .await
    }

    /// Pauses a source or lets it go on (due at once). False where there is none of that name.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_paused(
        &self,
        name: &str,
        paused: bool,
        by: Option<i64>,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write("pausing a source", move |db| {
            let changed = rows::execute(
                db,
                "UPDATE sources SET paused_at = iif(:paused, :now, NULL), next_at = iif(:paused, next_at, :now)
                 WHERE name = :name",
                named_params! {":paused": paused, ":now": now.0, ":name": name},
            )?;
            if changed > 0 {
                people::audit(db, by, if paused { "pause" } else { "resume" }, &name, None, None, now)?;
            }
            Ok(changed > 0)
        })
        .await
    }

    /// Makes a source due at once ("Fetch now"). False where there is none of that name.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_due(&self, name: &str, now: UnixMs) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write("making a source due", move |db| {
            let parameters = named_params! {":now": now.0, ":name": name};
            rows::execute(
                db,
                "UPDATE sources SET next_at = :now, stopped = NULL WHERE name = :name",
                parameters,
            )
        })
        .await
        .map(|changed| changed > 0)
    }
}

pub(super) fn due_source(row: &Row<'_>) -> rusqlite::Result<DueSource> {
    let moved_to: Option<String> = row.get("moved_to")?;
    let moved_count: u32 = row.get("moved_count")?;
    Ok(DueSource {
        id: row.get("id")?,
        source: source(row)?,
        current_url: row.get("current_url")?,
        validators: Validators { etag: row.get("etag")?, last_modified: row.get("last_modified")? },
        failures: row.get("failures")?,
        last_success_at: rows::instant(row, "last_success_at")?,
        last_full_at: rows::instant(row, "last_full_at")?,
        newest_shown_at: rows::instant(row, "newest_shown_at")?,
        complete_to_at: rows::instant(row, "complete_to_at")?,
        had_entries: row.get("had_entries")?,
        moved: moved_to.map(|url| (url, moved_count)),
    })
}

fn source_state(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    Ok(SourceState {
        id: row.get("id")?,
        source: source(row)?,
        paused_at: rows::instant(row, "paused_at")?,
        stopped: row.get("stopped")?,
        next_at: UnixMs(row.get("next_at")?),
        leased_until: rows::instant(row, "leased_until")?,
        last_attempt_at: rows::instant(row, "last_attempt_at")?,
        last_success_at: rows::instant(row, "last_success_at")?,
        failures: row.get("failures")?,
        last_error: row.get("last_error")?,
        alarm: row.get("alarm")?,
        validators: Validators { etag: row.get("etag")?, last_modified: row.get("last_modified")? },
        current_url: row.get("current_url")?,
        complete_to_at: rows::instant(row, "complete_to_at")?,
        articles: row.get("articles")?,
        count: Count::default(),
        overflow: None,
        quiet: rows::from_json_opt(row, "quiet")?,
    })
}
