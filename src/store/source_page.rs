//! What the page of a source shows beside its state: twelve weeks in numbers, and bodies that could not be read.

use rusqlite::named_params;

use super::{Store, StoreError};
use crate::domain::time::{DAY_MS, UnixMs};

/// Weeks in the chart.
pub const CHART_WEEKS: usize = 12;
const WEEK_MS: i64 = 7 * DAY_MS;

/// What a source showed in a week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceWeek {
    /// The first instant of the week; it lasts seven days.
    pub from_at: UnixMs,
    /// Entries that the source showed for the first time.
    pub seen: u32,
    /// Of these, works that no source had shown before.
    pub fresh: u32,
    /// Of those seen, works that are published now.
    pub approved: u32,
}

/// A body that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBody {
    /// When it came.
    pub at: UnixMs,
    /// From where.
    pub url: String,
    /// As what.
    pub content_type: Option<String>,
    /// Why it could not be read.
    pub reason: String,
    /// Its length as kept, in bytes.
    pub length: usize,
    /// A part of it, from [`FailedBody::offset`] on.
    pub bytes: Vec<u8>,
    /// Where the part begins.
    pub offset: usize,
}

impl Store {
    /// The last twelve weeks of a source, the oldest first; the last one ends with today's day (UTC).
    ///
    /// # Errors
    /// The database's.
    pub async fn source_weeks(&self, source_id: i64, now: UnixMs) -> Result<Vec<SourceWeek>, StoreError> {
        self.all_source_weeks(Some(source_id), now)
            .await
            .map(|mut weeks| weeks.remove(&source_id).unwrap_or_else(|| empty_weeks(now)))
    }

    /// The same of every source that showed anything, or of one, by row id.
    ///
    /// # Errors
    /// The database's.
    pub async fn all_source_weeks(
        &self,
        source_id: Option<i64>,
        now: UnixMs,
    ) -> Result<std::collections::HashMap<i64, Vec<SourceWeek>>, StoreError> {
        self.read("counting entries by week", move |db| {
            let from = chart_begin(now);
            let mut statement = db.prepare_cached(
                "SELECT source_id, (sightings.first_seen_at - :from) / :week AS week, count(*),
                     sum(articles.first_seen_at = sightings.first_seen_at),
                     sum(articles.status = 'approved')
                 FROM sightings JOIN articles ON articles.id = article_id
                 WHERE (:source IS NULL OR source_id = :source) AND sightings.first_seen_at >= :from
                 GROUP BY source_id, week",
            )?;
            let mut all = std::collections::HashMap::new();
            let mut rows = statement.query(named_params! {
                ":from": from.0, ":week": WEEK_MS, ":source": source_id,
            })?;
            while let Some(row) = rows.next()? {
                let weeks: &mut Vec<SourceWeek> = all.entry(row.get(0)?).or_insert_with(|| empty_weeks(now));
                let index: i64 = row.get(1)?;
                let Some(week) = usize::try_from(index).ok().and_then(|index| weeks.get_mut(index)) else {
                    continue;
                };
                (week.seen, week.fresh, week.approved) = (row.get(2)?, row.get(3)?, row.get(4)?);
            }
            Ok(all)
        })
        .await
    }

    /// The last bodies of a source that could not be read, newest first, each with `length` bytes around the place that
    /// the reason names (`byte 5120`), else its beginning.
    ///
    /// # Errors
    /// The database's.
    pub async fn failed_bodies(
        &self,
        source_id: i64,
        length: usize,
        limit: i64,
    ) -> Result<Vec<FailedBody>, StoreError> {
        self.read("reading failed bodies", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, at, url, content_type, reason, length(body) FROM raw_bodies WHERE source_id = ?1
                 ORDER BY id DESC LIMIT ?2",
            )?;
            let mut part = db.prepare_cached("SELECT substr(body, ?2, ?3) FROM raw_bodies WHERE id = ?1")?;
            let mut bodies = Vec::new();
            let mut rows = statement.query([source_id, limit])?;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let (reason, total): (String, i64) = (row.get(4)?, row.get(5)?);
                let total = usize::try_from(total).unwrap_or_default();
                let place = named_byte(&reason).unwrap_or_default().min(total);
                // begin some lines before it, on a multiple of 16 as hex dumps have it
                let offset = place.saturating_sub(length / 4) / 16 * 16;
                let bytes = part.query_row((id, offset as i64 + 1, length as i64), |row| row.get(0))?;
                bodies.push(FailedBody {
                    at: UnixMs(row.get(1)?),
                    url: row.get(2)?,
                    content_type: row.get(3)?,
                    reason,
                    length: total,
                    bytes,
                    offset,
                });
            }
            Ok(bodies)
        })
        .await
    }
}

/// The first instant of the chart: twelve weeks before the end of today.
fn chart_begin(now: UnixMs) -> UnixMs {
    let end_of_today = (now.0.div_euclid(DAY_MS) + 1) * DAY_MS;
    UnixMs(end_of_today - CHART_WEEKS as i64 * WEEK_MS)
}

fn empty_weeks(now: UnixMs) -> Vec<SourceWeek> {
    let from = chart_begin(now);
    (0..CHART_WEEKS as i64)
        .map(|week| SourceWeek { from_at: from.plus_ms(week * WEEK_MS), ..SourceWeek::default() })
        .collect()
}

/// "… at byte 5120: …" → 5120.
fn named_byte(reason: &str) -> Option<usize> {
    let after = reason.split_once("byte ")?.1;
    let digits = after.len() - after.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    after[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_ends_with_today() {
        let now = UnixMs(1_795_367_460_000); // 2026-11-22T17:11
        let weeks = empty_weeks(now);
        assert_eq!(weeks.len(), 12);
        assert_eq!(weeks[0].from_at.to_rfc3339(), "2026-08-31T00:00:00Z");
        assert_eq!(weeks[11].from_at.to_rfc3339(), "2026-11-16T00:00:00Z");
    }

    #[test]
    fn the_byte_that_a_reason_names_is_found() {
        assert_eq!(named_byte("https://x.example/: broken at byte 5120: no end"), Some(5120));
        assert_eq!(named_byte("no feed"), None);
        assert_eq!(named_byte("byte x"), None);
    }
}
