//! One fetch, judged, becomes one outcome: articles, sightings, problems and the source's next time in one transaction.

use rusqlite::{Transaction, named_params};

use super::record::{self, Judged, Recorded};
use super::rows;
use super::writer::Hurry;
use super::{Store, StoreError, last_bodies};
use crate::domain::entry::Problem;
use crate::domain::identity::Pmid;
use crate::domain::last_body::LastBody;
use crate::domain::source::Validators;
use crate::domain::time::{DAY_MS, UnixMs};

/// The outcome of one refresh of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Refresh {
    /// Which source.
    pub source_id: i64,
    /// Who holds the lease.
    pub owner: String,
    /// When the attempt began.
    pub started_at: UnixMs,
    /// Now.
    pub ended_at: UnixMs,
    /// When to ask again.
    pub next_at: UnixMs,
    /// Where permanent redirects led, to be asked from now on.
    pub current_url: Option<String>,
    /// Where a permanent redirect pointed this time, and how many times in a row.
    pub moved: Option<(String, u32)>,
    /// What happened.
    pub result: RefreshResult,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum RefreshResult {
    /// 304, or the very body of the last time.
    NotModified {
        /// As the answer gave them, else as they were.
        validators: Validators,
        /// Whether a body came.
        whole: bool,
    },
    /// A body that held entries, or rightly none.
    Fetched {
        /// Entries received in all.
        received: usize,
        /// What was stored ahead of this outcome, page by page.
        ahead: Recorded,
        /// New and changed entries (see [`Store::changed_entries`]) that were not.
        judged: Vec<Judged>,
        /// Keys of the entries that are as they were.
        unchanged: Vec<String>,
        /// Records that PubMed says are deleted.
        deleted: Vec<Pmid>,
        /// What could not be used.
        problems: Vec<Problem>,
        /// To send next time.
        validators: Validators,
        /// What the body showed, of a feed.
        last_body: Option<LastBody>,
        /// Newest pubDate seen.
        newest_shown_at: Option<UnixMs>,
        /// Everything the query found up to here is stored.
        complete_to_at: Option<UnixMs>,
        /// Something odd without any error.
        alarm: Option<String>,
    },
    /// Nothing could be used.
    Failed {
        /// What and where, for the operator.
        message: String,
        /// Whether it counts as a failure of this source.
        counts: bool,
        /// Why it shall never be asked again (410).
        stopped: Option<String>,
        /// The body that could not be parsed: address, type, bytes.
        raw: Option<(String, Option<String>, Vec<u8>)>,
    },
}

impl Store {
    /// Stores the outcome of a refresh and ends the lease. A lease that was lost stores nothing.
    ///
    /// # Errors
    /// The database's; nothing was stored.
    pub async fn record_refresh(&self, refresh: Refresh) -> Result<Recorded, StoreError> {
        self.write_in(Hurry::Patient, "storing a refresh", move |db| record_refresh(db, &refresh)).await
    }
}

fn record_refresh(db: &Transaction<'_>, refresh: &Refresh) -> rusqlite::Result<Recorded> {
    if !end_lease(db, refresh)? {
        return Ok(Recorded { lease_lost: true, ..Recorded::default() });
    }
    if let Some(url) = &refresh.current_url {
        let what = format!("it moved permanently to {url} and is asked there from now on");
        add_problem(db, refresh.source_id, refresh.ended_at, &Problem::new("address", what))?;
    }
    match &refresh.result {
        RefreshResult::NotModified { .. } => {
            log_fetch(db, refresh, "not_modified", 0, Recorded::default(), None)?;
            Ok(Recorded::default())
        }
        RefreshResult::Failed { message, counts, stopped, raw } => {
            rows::execute(
                db,
                "UPDATE sources SET failures = failures + :counts, last_error = :message, stopped = :stopped WHERE id = :id",
                named_params! {":counts": counts, ":message": message, ":stopped": stopped, ":id": refresh.source_id},
            )?;
            if let Some((url, content_type, body)) = raw {
                keep_raw(db, refresh, message, url, content_type.as_deref(), body)?;
            }
            log_fetch(db, refresh, "failed", 0, Recorded::default(), Some(message))?;
            Ok(Recorded::default())
        }
        RefreshResult::Fetched {
            received,
            ahead,
            judged,
            unchanged,
            deleted,
            problems,
            last_body,
            alarm,
            ..
        } => {
            let mut problems = problems.clone();
            let mut recorded = *ahead;
            recorded +=
                record::record_judged(db, refresh.source_id, judged, refresh.ended_at, &mut problems)?;
            record::record_deleted(db, deleted, refresh.ended_at)?;
            touch_unchanged(db, refresh, unchanged)?;
            if let Some(last_body) = last_body {
                last_bodies::put_down(db, refresh.source_id, last_body)?;
            }
            for problem in &problems {
                add_problem(db, refresh.source_id, refresh.ended_at, problem)?;
            }
            log_fetch(db, refresh, "fetched", *received, recorded, alarm.as_deref())?;
            Ok(recorded)
        }
    }
}

/// Puts down in the source's row what came of it, and its next time. Says whether the lease was still ours.
fn end_lease(db: &Transaction<'_>, refresh: &Refresh) -> rusqlite::Result<bool> {
    let (mut validators, mut whole, mut fetched, mut any) = (None, false, false, false);
    let (mut shown, mut complete, mut odd) = (None, None, None);
    match &refresh.result {
        RefreshResult::Failed { .. } => {}
        RefreshResult::NotModified { validators: given, whole: body } => {
            (validators, whole) = (Some(given), *body);
        }
        RefreshResult::Fetched {
            validators: given,
            received,
            newest_shown_at,
            complete_to_at,
            alarm,
            ..
        } => {
            (validators, whole, fetched, any) = (Some(given), true, true, *received > 0);
            (shown, complete, odd) = (*newest_shown_at, *complete_to_at, alarm.as_deref());
        }
    }
    let changed = rows::execute(
        db,
        "UPDATE sources SET leased_by = NULL, leased_until = NULL, last_attempt_at = :ended, next_at = :next,
             current_url = coalesce(:url, current_url), moved_to = :moved_to, moved_count = :moved_count,
             last_success_at = iif(:good, :ended, last_success_at), failures = iif(:good, 0, failures),
             last_error = iif(:good, NULL, last_error), etag = iif(:good, :etag, etag),
             last_modified = iif(:good, :modified, last_modified),
             last_full_at = iif(:whole, :ended, last_full_at), alarm = iif(:fetched, :alarm, alarm),
             newest_shown_at = coalesce(max(newest_shown_at, :shown), :shown, newest_shown_at),
             complete_to_at = coalesce(:complete, complete_to_at), had_entries = had_entries OR :any
         WHERE id = :id AND leased_by = :owner",
        named_params! {
            ":ended": refresh.ended_at.0, ":next": refresh.next_at.0, ":url": refresh.current_url,
            ":moved_to": refresh.moved.as_ref().map(|moved| &moved.0),
            ":moved_count": refresh.moved.as_ref().map_or(0, |moved| moved.1),
            ":good": validators.is_some(), ":etag": validators.and_then(|given| given.etag.as_ref()),
            ":modified": validators.and_then(|given| given.last_modified.as_ref()), ":whole": whole,
            ":fetched": fetched, ":alarm": odd, ":shown": shown.map(|at| at.0),
            ":complete": complete.map(|at| at.0), ":any": any, ":id": refresh.source_id, ":owner": refresh.owner,
        },
    )?;
    Ok(changed > 0)
}

fn log_fetch(
    db: &Transaction<'_>,
    refresh: &Refresh,
    outcome: &str,
    entries: usize,
    recorded: Recorded,
    message: Option<&str>,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO fetches (source_id, started_at, ended_at, outcome, entries, fresh, updated, message)
         VALUES (:source, :started, :ended, :outcome, :entries, :fresh, :updated, :message)",
        named_params! {
            ":source": refresh.source_id, ":started": refresh.started_at.0, ":ended": refresh.ended_at.0,
            ":outcome": outcome, ":entries": entries as i64, ":fresh": recorded.fresh as i64,
            ":updated": recorded.updated as i64, ":message": message,
        },
    )?;
    Ok(())
}

fn keep_raw(
    db: &Transaction<'_>,
    refresh: &Refresh,
    reason: &str,
    url: &str,
    content_type: Option<&str>,
    body: &[u8],
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO raw_bodies (source_id, at, url, content_type, reason, body)
         VALUES (:source, :at, :url, :type, :reason, :body)",
        named_params! {
            ":source": refresh.source_id, ":at": refresh.ended_at.0, ":url": url, ":type": content_type,
            ":reason": reason, ":body": body,
        },
    )?;
    let problem = Problem::new("document", reason).with_excerpt(body);
    add_problem(db, refresh.source_id, refresh.ended_at, &problem)
}

fn add_problem(db: &Transaction<'_>, source_id: i64, at: UnixMs, problem: &Problem) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO problems (source_id, at, place, what, excerpt) VALUES (:source, :at, :place, :what, :excerpt)",
        named_params! {
            ":source": source_id, ":at": at.0, ":place": problem.place, ":what": problem.what,
            ":excerpt": problem.excerpt,
        },
    )?;
    Ok(())
}

/// Moves "last seen" of unchanged entries at most once a day: a poll that brings nothing new writes next to nothing.
fn touch_unchanged(db: &Transaction<'_>, refresh: &Refresh, keys: &[String]) -> rusqlite::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    rows::execute(
        db,
        "UPDATE sightings SET last_seen_at = :now
         WHERE source_id = :source AND entry_key IN (SELECT value FROM json_each(:keys)) AND last_seen_at < :stale",
        named_params! {
            ":now": refresh.ended_at.0, ":source": refresh.source_id, ":keys": rows::to_json(keys)?,
            ":stale": refresh.ended_at.0 - DAY_MS,
        },
    )?;
    Ok(())
}
