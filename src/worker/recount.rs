//! The daily proof that nothing was missed: what a search finds in the last weeks against what is stored.
//!
//! Works are compared by name, not by number, so that a merge, an overlap or a work that no longer fits the query
//! hides nothing. What is missing is asked for once more; what does not come even then is shown as a gap. A count that
//! fails is recorded as failed: never as complete.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::Worker;
use super::gather::{Failure, Harvest};
use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::{Identifiers, Pmid};
use crate::domain::source::SourceKind;
use crate::domain::time::{DAY_MS, HOUR_MS, PartialDate, UnixMs};
use crate::intake::eutils::Window;
use crate::intake::services::{Page, Question};
use crate::store::{CountDue, CountOutcome, Counted, Mark};

/// Europe PMC's records asked for by number in one search.
const NUMBERS_IN_QUERY: usize = 40;
/// After a count that failed, before the next one; doubled each time, up to a day.
const PAUSE_AFTER_FAILURE_MS: i64 = HOUR_MS;

/// A work that a search finds: the service's own name for it, and what identifies it.
type Found = (String, Identifiers);

impl Worker {
    /// Counts one search's window, if one is due. False where none was.
    pub(super) async fn recount(&self) -> bool {
        let due = match self.store.claim_count(UnixMs::now()).await {
            Ok(Some(due)) => due,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!("cannot ask what is to be counted: {error}");
                return false;
            }
        };
        let name = &due.source.name;
        let result = self.count_window(&due).await.map_err(|failure| failure.message);
        match &result {
            Ok(counted) if counted.missing.is_empty() => {
                tracing::info!(
                    "{name}: all {} works up to {} are stored",
                    counted.found,
                    counted.to_on.as_str()
                );
            }
            Ok(counted) => {
                tracing::warn!("{name}: {} of {} works are missing", counted.missing.len(), counted.found)
            }
            Err(error) => tracing::warn!("{name}: could not be counted: {error}"),
        }
        let now = UnixMs::now();
        let pause_ms = match &result {
            Ok(_) => DAY_MS,
            Err(_) => (PAUSE_AFTER_FAILURE_MS << due.failures.min(5)).min(DAY_MS),
        };
        // not all sources at the same minute of each day
        let jitter_ms = (rand::random::<f64>() * HOUR_MS as f64) as i64;
        let next_at = now.plus_ms(pause_ms + jitter_ms / 2);
        let outcome = CountOutcome { source_id: due.source_id, next_at, result };
        if let Err(error) = self.store.record_count(outcome, now).await {
            tracing::error!("{name}: the count could not be stored: {error}");
        }
        true
    }

    async fn count_window(&self, due: &CountDue) -> Result<Counted, Failure> {
        let (days, query) = match &due.source.kind {
            SourceKind::Pubmed { query } => (self.settings.ncbi.first_window_days, query),
            SourceKind::Europepmc { query } => (self.settings.europepmc.first_window_days, query),
            kind => return Err(Failure::because(format!("a {} source cannot be counted", kind.as_str()))),
        };
        let window = counted_window(due.fetched_to_at, days);
        let is_pubmed = matches!(due.source.kind, SourceKind::Pubmed { .. });
        let found = if is_pubmed {
            self.list_pubmed(query, window).await?
        } else {
            self.list_europepmc(query, window).await?
        };
        let count = found.len();
        let missing = self.store.list_missing(due.source_id, found).await?;
        let before = self.store.asked_before(due.source_id).await?;
        let (again, tried): (Vec<Found>, Vec<Found>) =
            missing.into_iter().partition(|(key, _)| !before.contains_key(key));
        let why = if is_pubmed {
            self.ask_pubmed_again(due, &again).await?
        } else {
            self.ask_europepmc_again(due, &again, window).await?
        };
        let asked = again.len();
        let still = self.store.list_missing(due.source_id, again).await?;
        let fetched_again = asked - still.len();
        let missing = still
            .into_iter()
            .map(|(key, _)| (why.get(&key).cloned(), key))
            .chain(tried.into_iter().map(|(key, _)| (None, key)))
            .map(|(why, key)| (key, why))
            .collect();
        Ok(Counted {
            from_on: day(window.from_on())?,
            to_on: day(window.to_on())?,
            found: u32::try_from(count).unwrap_or(u32::MAX),
            fetched_again: u32::try_from(fetched_again).unwrap_or(u32::MAX),
            missing,
        })
    }

    async fn list_pubmed(&self, query: &str, window: Window) -> Result<Vec<Found>, Failure> {
        let history = self.intake.eutils.search(query, window).await?;
        let ids = history.ids();
        if ids.len() != history.count {
            let what = format!("PubMed counts {} records and listed {}", history.count, ids.len());
            return Err(Failure::because(what));
        }
        Ok(ids.into_iter().map(pubmed_name).collect())
    }

    async fn list_europepmc(&self, query: &str, window: Window) -> Result<Vec<Found>, Failure> {
        let question = Question::EuropepmcList { query: query.to_owned(), window };
        let mut walk = self.intake.services.walk(question, UnixMs::now());
        let mut found = HashMap::new();
        while let Some(Page { keys, entries, .. }) = walk.next_page().await? {
            let mut ids: HashMap<String, Identifiers> =
                entries.into_iter().map(|entry| (entry.source_key, entry.ids)).collect();
            found.extend(keys.into_iter().map(|key| {
                let ids = ids.remove(&key).unwrap_or_default();
                (key, ids)
            }));
        }
        match walk.reconcile() {
            Some(problem) => Err(Failure::because(problem.what)),
            None => Ok(found.into_iter().collect()),
        }
    }

    /// Fetches and stores the works; says by name what came in the place of those that did not.
    async fn ask_pubmed_again(
        &self,
        due: &CountDue,
        works: &[Found],
    ) -> Result<HashMap<String, String>, Failure> {
        let pmids: Vec<Pmid> = works.iter().filter_map(|(_, ids)| ids.pmid).collect();
        if pmids.is_empty() {
            return Ok(HashMap::new());
        }
        let parsed = self.intake.eutils.fetch_ids(&pmids).await?;
        let problems = self.store_found(due, parsed.entries, parsed.problems).await?;
        Ok(explain(works, &problems))
    }

    async fn ask_europepmc_again(
        &self,
        due: &CountDue,
        works: &[Found],
        window: Window,
    ) -> Result<HashMap<String, String>, Failure> {
        let mut problems = Vec::new();
        for portion in works.chunks(NUMBERS_IN_QUERY) {
            let numbers = portion.iter().filter_map(|(key, _)| key.split_once('/'));
            let numbers: Vec<String> =
                numbers.map(|(source, id)| format!("(EXT_ID:{id} AND SRC:{source})")).collect();
            let query = numbers.join(" OR ");
            let mut walk = self.intake.services.walk(Question::Europepmc { query, window }, UnixMs::now());
            while let Some(page) = walk.next_page().await? {
                problems.extend(self.store_found(due, page.entries, page.problems).await?);
            }
        }
        Ok(explain(works, &problems))
    }

    /// Stores entries as a refresh would, without the source's lease: doing it twice changes nothing.
    async fn store_found(
        &self,
        due: &CountDue,
        entries: Vec<Entry>,
        problems: Vec<Problem>,
    ) -> Result<Vec<Problem>, Failure> {
        let changed = entries.into_iter().map(|entry| (Mark::of(&entry), entry)).collect();
        let mut harvest = Harvest { changed, problems, ..Harvest::default() };
        self.complete_sightings(&mut harvest).await;
        let judged = self.judge_all(&due.source.topics, harvest.changed).await;
        let (_, more) = self.store.record_entries(due.source_id, judged, UnixMs::now()).await?;
        harvest.problems.extend(more);
        Ok(harvest.problems)
    }
}

/// Whole days that lie before the last fetch of which every record came: later ones may not have been fetched yet.
fn counted_window(fetched_to_at: UnixMs, days: u32) -> Window {
    let fetched_on = fetched_to_at.to_utc().date_naive();
    let to_on = fetched_on.pred_opt().unwrap_or(fetched_on);
    let from_on = to_on.checked_sub_days(Days::new(days.saturating_sub(2).into())).unwrap_or(to_on);
    Window::between(from_on, to_on)
}

fn pubmed_name(pmid: Pmid) -> Found {
    (format!("pmid:{pmid}"), Identifiers { pmid: Some(pmid), ..Identifiers::default() })
}

/// For each work that a problem speaks of, what the problem is.
fn explain(works: &[Found], problems: &[Problem]) -> HashMap<String, String> {
    let speaks_of = |place: &str, number: &str| {
        let mut words = place.split(|character: char| !character.is_ascii_alphanumeric());
        words.any(|word| word == number)
    };
    let explain = |key: &String| {
        let number = key.rsplit([':', '/']).next().unwrap_or(key);
        let problem = problems.iter().find(|problem| speaks_of(&problem.place, number))?;
        Some((key.clone(), problem.what.clone()))
    };
    works.iter().filter_map(|(key, _)| explain(key)).collect()
}

fn day(date: NaiveDate) -> Result<PartialDate, Failure> {
    let text = date.to_string();
    PartialDate::try_from(text).map_err(|error| Failure::because(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_ends_the_day_before_the_last_fetch_and_begins_within_the_first_look() {
        let window = counted_window(UnixMs(1_795_367_460_000), 30); // 2026-11-22
        assert_eq!(window.to_on().to_string(), "2026-11-21");
        assert_eq!(window.from_on().to_string(), "2026-10-24");
    }

    #[test]
    fn a_problem_explains_the_work_that_it_names_and_no_other() {
        let works = [pubmed_name(Pmid(123)), pubmed_name(Pmid(12))];
        let problems = [Problem::new("record 3 (PMID 123)", "no title")];
        let why = explain(&works, &problems);
        assert_eq!(why.get("pmid:123").map(String::as_str), Some("no title"));
        assert_eq!(why.get("pmid:12"), None);
    }
}
