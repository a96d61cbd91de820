//! Walking through a source's history, slice by slice of days, at low priority.
//!
//! A slice that would bring too many records is halved; a sparse one makes the next one longer. What is stored goes the
//! same way as a refresh's entries. Invariant: how far the walk is stands in the database after each slice, so that it
//! can be killed at any moment and goes on without doubling anything; and it gives way to sources that are fetched on
//! schedule.

use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone, Timelike, Weekday};
use chrono_tz::America::New_York;
use tokio::time::{Instant, sleep};

use super::Worker;
use super::gather::{Failure, Harvest};
use crate::domain::coverage::Backfill;
use crate::domain::entry::{Entry, Problem};
use crate::domain::source::SourceKind;
use crate::domain::time::{PartialDate, UnixMs};
use crate::intake::eutils::{History, Window};
use crate::intake::services::{Question, Walk};
use crate::store::{DueSource, Recorded, SliceDone, StoreError};

/// A slice with so many records or more is halved: well below the 10,000 at which PubMed cuts a search off, so that
/// little is done again after a crash. A single day may hold more.
const MOST_IN_SLICE: usize = 2_000;
/// The first slice, in days.
const FIRST_SLICE_DAYS: u64 = 31;
/// The longest slice.
const LONGEST_SLICE_DAYS: u64 = 366;
/// After a slice with fewer records the next one may be twice as long.
const FEW_IN_SLICE: usize = 500;
/// How often it is asked whether a source that was fetched on schedule is done.
const YIELD_PAUSE: Duration = Duration::from_secs(1);
/// NCBI: more requests than this are a large job, for weekends and for nights between 21:00 and 5:00, US Eastern
/// ("A General Introduction to the E-utilities", Usage Guidelines).
const LARGE_JOB_REQUESTS: usize = 100;

/// What is going on, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// So many records lie in the whole walk, as far as the service says; so many days of it are behind us.
    Begun {
        /// Records from where the walk begins now.
        records: Option<usize>,
        /// Where that is.
        from_on: NaiveDate,
    },
    /// A page was stored.
    Page {
        /// Records that it held.
        received: usize,
        /// Of these, new works.
        fresh: usize,
    },
    /// A slice is done.
    Slice {
        /// First day.
        from_on: NaiveDate,
        /// Last day.
        to_on: NaiveDate,
        /// Records in it.
        received: usize,
        /// Problems in it.
        problems: Vec<Problem>,
    },
    /// A slice held too many records and is halved.
    Halved {
        /// First day.
        from_on: NaiveDate,
        /// Last day.
        to_on: NaiveDate,
        /// Records in it.
        count: usize,
    },
    /// A large job waits for NCBI's quiet hours.
    WaitsUntil(UnixMs),
    /// A source of the same service is being fetched on schedule; it goes first.
    Yields,
}

/// Why a walk did not reach its end. Begun again, it goes on where it was.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// This kind of source cannot be asked for days.
    #[error("{0}")]
    NoHistory(String),
    /// The source said something else than records.
    #[error("{from_on} to {to_on}: {what}; run it again to go on from there")]
    Slice {
        /// First day of the slice.
        from_on: NaiveDate,
        /// Last day.
        to_on: NaiveDate,
        /// What.
        what: String,
    },
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One slice's answer, page by page.
enum Pages<'a> {
    Pubmed { history: History, start: usize },
    Walk(Box<Walk<'a>>),
}

struct Page {
    received: usize,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

/// Says why a source of this kind has no history to walk through.
///
/// # Errors
/// A sentence for the operator, with what works instead.
pub fn check_history(kind: &SourceKind) -> Result<(), BackfillError> {
    let why = match kind {
        SourceKind::Feed { .. } => {
            "a feed shows its newest entries and has no history; use a pubmed query (\"Journal name\"[ta]) or a \
             crossref source with the journal's ISSN"
        }
        SourceKind::Trials { nct, .. } if !nct.is_empty() => {
            "a list of trials is looked at as a whole at every fetch, whatever the dates; there is no history to walk \
             through"
        }
        _ => return Ok(()),
    };
    Err(BackfillError::NoHistory(why.to_owned()))
}

impl Worker {
    /// Walks from where `walk` is to its end. `now_please`: a large PubMed job does not wait for NCBI's quiet hours.
    ///
    /// # Errors
    /// See [`BackfillError`]; everything up to the last slice reported is stored.
    pub async fn backfill(
        &self,
        due: &DueSource,
        walk: &Backfill,
        now_please: bool,
        mut report: impl FnMut(Progress),
    ) -> Result<(), BackfillError> {
        check_history(&due.source.kind)?;
        let (since_on, until_on) = (date(&walk.since_on), date(&walk.until_on));
        let mut from_on = match &walk.reached_on {
            Some(reached_on) => date(reached_on).succ_opt().unwrap_or(until_on),
            None => since_on,
        };
        if from_on > until_on || walk.finished_at.is_some() {
            return Ok(());
        }
        let whole = Window::between(from_on, until_on);
        let records = self.count_history(&due.source.kind, whole).await.map_err(failed(whole))?;
        report(Progress::Begun { records, from_on });
        let requests = records.unwrap_or_default() / self.settings.ncbi.page_size.max(1);
        let is_large = matches!(due.source.kind, SourceKind::Pubmed { .. }) && requests > LARGE_JOB_REQUESTS;

        let mut slice_days = FIRST_SLICE_DAYS;
        while from_on <= until_on {
            if is_large && !now_please {
                wait_for_quiet_hours(&mut report).await;
            }
            let to_on = from_on.checked_add_days(Days::new(slice_days - 1)).unwrap_or(until_on).min(until_on);
            let slice = Window::between(from_on, to_on);
            let (mut pages, count) = self.open_slice(&due.source.kind, slice).await.map_err(failed(slice))?;
            if count >= MOST_IN_SLICE && from_on < to_on {
                report(Progress::Halved { from_on, to_on, count });
                let days = u64::try_from((to_on - from_on).num_days()).unwrap_or_default() + 1;
                slice_days = (days / 2).max(1);
                continue;
            }
            let (mut received, mut problems) = (0, Vec::new());
            loop {
                self.give_way(&due.source.kind, &mut report).await?;
                let began = Instant::now();
                let Some(page) = self.next_page(&mut pages).await.map_err(failed(slice))? else { break };
                let (recorded, more) = self.store_history(due, page.entries).await.map_err(failed(slice))?;
                report(Progress::Page { received: page.received, fresh: recorded.fresh });
                // what is received counts when the slice is done: after a crash it comes again, but is new only once
                let done = SliceDone { fresh: recorded.fresh, ..SliceDone::default() };
                self.store.record_slice(walk.id, done, UnixMs::now()).await?;
                received += page.received;
                problems.extend(page.problems.into_iter().chain(more));
                // at most half of the time: the services have others to serve, and so have we
                sleep(began.elapsed()).await;
            }
            let short = pages.reconcile();
            let done = SliceDone {
                reached_on: PartialDate::try_from(to_on.to_string()).ok(),
                received,
                fresh: 0,
                problems: problems.len() + short.iter().len(),
            };
            self.store.record_slice(walk.id, done, UnixMs::now()).await?;
            problems.extend(short);
            report(Progress::Slice { from_on, to_on, received, problems });
            if received < FEW_IN_SLICE {
                slice_days = (slice_days * 2).min(LONGEST_SLICE_DAYS);
            }
            from_on = to_on.succ_opt().unwrap_or(NaiveDate::MAX);
        }
        Ok(())
    }

    /// Records in a window, where the service says so beforehand.
    async fn count_history(&self, kind: &SourceKind, window: Window) -> Result<Option<usize>, Failure> {
        match kind {
            SourceKind::Pubmed { query } => Ok(Some(self.intake.eutils.count(query, window).await?)),
            kind => match self.question(kind, window) {
                Some(question) => Ok(self.intake.services.count(question, UnixMs::now()).await?),
                None => Ok(None),
            },
        }
    }

    /// Begins to ask for a slice; how many records it has.
    async fn open_slice(&self, kind: &SourceKind, slice: Window) -> Result<(Pages<'_>, usize), Failure> {
        if let SourceKind::Pubmed { query } = kind {
            let count = self.intake.eutils.count(query, slice).await?;
            let history = match count {
                // a search that would be split again by itself is left to us, who write down each part
                MOST_IN_SLICE.. if slice.from_on() < slice.to_on() => History::default(),
                _ => self.intake.eutils.search(query, slice).await?,
            };
            return Ok((Pages::Pubmed { history, start: 0 }, count));
        }
        let question = self.question(kind, slice);
        let question = question.ok_or_else(|| Failure::because("this source has no history".to_owned()))?;
        let mut walk = self.intake.services.walk(question, UnixMs::now());
        walk.look_ahead().await?;
        let count = walk.total().unwrap_or_default();
        Ok((Pages::Walk(Box::new(walk)), count))
    }

    async fn next_page(&self, pages: &mut Pages<'_>) -> Result<Option<Page>, Failure> {
        match pages {
            Pages::Pubmed { history, start } => {
                if *start >= history.count {
                    return Ok(None);
                }
                let page = self.intake.eutils.fetch_page(history, *start).await?;
                let received = self.intake.eutils.page_size().min(history.count - *start);
                *start += self.intake.eutils.page_size();
                Ok(Some(Page { received, entries: page.entries, problems: page.problems }))
            }
            Pages::Walk(walk) => Ok(walk.next_page().await?.map(|page| Page {
                received: page.keys.len(),
                entries: page.entries,
                problems: page.problems,
            })),
        }
    }

    async fn store_history(
        &self,
        due: &DueSource,
        entries: Vec<Entry>,
    ) -> Result<(Recorded, Vec<Problem>), Failure> {
        let (changed, _) = self.store.changed_entries(due.id, entries).await?;
        let mut harvest = Harvest { changed, ..Harvest::default() };
        self.complete_sightings(&mut harvest).await;
        let judged = self.judge_all(&due.source.topics, harvest.changed).await;
        let (recorded, mut problems) = self.store.record_entries(due.id, judged, UnixMs::now()).await?;
        problems.append(&mut harvest.problems);
        Ok((recorded, problems))
    }

    /// Waits while any process fetches a source of this kind on schedule: one service, one pace.
    async fn give_way(&self, kind: &SourceKind, report: &mut impl FnMut(Progress)) -> Result<(), StoreError> {
        let mut told = false;
        while self.store.is_kind_busy(kind.as_str(), UnixMs::now()).await? {
            if !told {
                report(Progress::Yields);
                told = true;
            }
            sleep(YIELD_PAUSE).await;
        }
        Ok(())
    }

    fn question(&self, kind: &SourceKind, window: Window) -> Option<Question> {
        self.look(kind, UnixMs::now(), |_| 1).map(|look| look.question.within(window))
    }
}

impl Pages<'_> {
    /// Whether as many records came as were counted.
    fn reconcile(&self) -> Option<Problem> {
        match self {
            // a record that PubMed does not send is named by itself
            Self::Pubmed { .. } => None,
            Self::Walk(walk) => walk.reconcile(),
        }
    }
}

/// When a large job may run: at once, or at the begin of NCBI's next quiet hours.
pub fn quiet_hours(now: UnixMs) -> UnixMs {
    let local = now.to_utc().with_timezone(&New_York);
    let is_weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
    if is_weekend || local.hour() >= 21 || local.hour() < 5 {
        return now;
    }
    let evening = local.date_naive().and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(21);
    // no clock changes at 21:00 there
    New_York.from_local_datetime(&evening).earliest().map_or(now, |at| at.to_utc().into())
}

async fn wait_for_quiet_hours(report: &mut impl FnMut(Progress)) {
    let mut told = false;
    loop {
        let now = UnixMs::now();
        let until = quiet_hours(now);
        if until <= now {
            return;
        }
        if !told {
            report(Progress::WaitsUntil(until));
            told = true;
        }
        // in short naps: a laptop may sleep meanwhile
        let nap_ms = u64::try_from(until.since_ms(now)).unwrap_or_default().min(60_000);
        sleep(Duration::from_millis(nap_ms)).await;
    }
}

fn failed(window: Window) -> impl Fn(Failure) -> BackfillError {
    move |failure| BackfillError::Slice {
        from_on: window.from_on(),
        to_on: window.to_on(),
        what: failure.message,
    }
}

/// A day that was checked when it was read; the first of what it names where it is less.
fn date(on: &PartialDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(on.year(), on.month().unwrap_or(1), on.day().unwrap_or(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_jobs_run_at_night_and_on_weekends_in_us_eastern_time() {
        let at = |text: &str| UnixMs::from(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let table = [
            ("2026-11-22T17:00:00Z", "2026-11-22T17:00:00Z"), // Sunday
            ("2026-11-23T04:59:00Z", "2026-11-23T04:59:00Z"), // Sunday, 23:59 there
            ("2026-11-23T09:59:00Z", "2026-11-23T09:59:00Z"), // Monday, 04:59
            ("2026-11-23T10:00:00Z", "2026-11-24T02:00:00Z"), // Monday, 05:00
            ("2026-11-24T01:59:00Z", "2026-11-24T02:00:00Z"), // Monday, 20:59
            ("2026-07-07T12:00:00Z", "2026-07-08T01:00:00Z"), // Tuesday, summer time
            ("2026-11-28T03:00:00Z", "2026-11-28T03:00:00Z"), // Friday, 22:00
        ];
        for (now, allowed) in table {
            assert_eq!(quiet_hours(at(now)), at(allowed), "{now}");
        }
    }

    #[test]
    fn kinds_without_history_say_what_works_instead() {
        let feed = SourceKind::Feed { url: "https://x.example/".into() };
        let said = check_history(&feed).unwrap_err().to_string();
        assert!(said.contains("no history") && said.contains("[ta]") && said.contains("ISSN"), "{said}");
        assert!(check_history(&SourceKind::Pubmed { query: "ECMO".into() }).is_ok());
    }
}
