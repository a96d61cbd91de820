//! Completing what a feed only hints at: PubMed's RSS is a trigger, the record comes from E-utilities.

use std::collections::HashMap;

use super::Worker;
use super::gather::{Failure, Harvest};
use crate::domain::entry::{Entry, Parsed, Problem};
use crate::domain::identity::{Identifiers, Pmid};
use crate::domain::time::UnixMs;
use crate::intake::eutils::Window;
use crate::store::{DueSource, Filled, Mark};

/// Works looked up at Crossref in one fetch; the next one goes on.
const MOST_LOOK_UPS: usize = 40;

impl Worker {
    /// Replaces new sightings that name a PMID by PubMed's record. Where that fails they stay as the feed showed them,
    /// and are tried again at the next fetch.
    pub(super) async fn complete_sightings(&self, harvest: &mut Harvest) {
        let needs_record = |entry: &Entry| entry.ids.pmid.filter(|_| !entry.complete);
        let wanted: Vec<Pmid> = harvest.changed.iter().filter_map(|(_, entry)| needs_record(entry)).collect();
        if wanted.is_empty() {
            return;
        }
        let mut records: HashMap<Pmid, Entry> = match self.intake.eutils.fetch_ids(&wanted).await {
            Ok(parsed) => {
                harvest.problems.extend(parsed.problems);
                by_pmid(parsed.entries)
            }
            Err(error) => {
                let what = format!("{} entries wait for their PubMed records: {error}", wanted.len());
                harvest.problems.push(Problem::new("E-utilities", what));
                HashMap::new()
            }
        };
        let mut waiting = false;
        for (mark, entry) in &mut harvest.changed {
            let Some(pmid) = needs_record(entry) else { continue };
            match records.remove(&pmid) {
                Some(record) => {
                    let shown_at = entry.shown_at.or(record.shown_at);
                    let source_key = std::mem::take(&mut entry.source_key);
                    let free_full_text = entry.free_full_text.take();
                    *entry = Entry { source_key, shown_at, free_full_text, ..record };
                }
                None => {
                    waiting = true;
                    *mark = mark.clone().unsettled();
                }
            }
        }
        if waiting {
            // a 304 would keep us from trying again
            harvest.read_again();
        }
    }

    /// Fills in what Crossref knows of new sightings that have a DOI but no PMID, and no abstract or no date
    /// (`worker.complete_by_doi`). What could not be looked up is tried again at the next fetch.
    pub(super) async fn complete_by_doi(&self, harvest: &mut Harvest) {
        if !self.settings.worker.complete_by_doi {
            return;
        }
        let (now, mut looked_up, mut left, mut failed) = (UnixMs::now(), 0, 0, None);
        for (mark, entry) in &mut harvest.changed {
            let lacks = entry.abstract_sections.is_empty() || entry.published_on.is_none();
            let wanted = lacks && entry.ids.pmid.is_none() && !entry.complete;
            let Some(doi) = entry.ids.doi.clone().filter(|_| wanted) else { continue };
            if looked_up < MOST_LOOK_UPS && failed.is_none() {
                looked_up += 1;
                match self.intake.services.look_up(&doi, now).await {
                    Ok(known) => {
                        fill_blanks(entry, known.unwrap_or_default());
                        continue;
                    }
                    Err(error) => failed = Some(error),
                }
            }
            left += 1;
            *mark = mark.clone().unsettled();
        }
        if let Some(error) = failed {
            let what = format!("{left} entries wait to be looked up: {error}");
            harvest.problems.push(Problem::new("Crossref", what));
        }
        if left > 0 {
            // a 304 would keep us from trying again
            harvest.read_again();
        }
    }

    /// A feed whose oldest entry is newer than the newest one of the last fetch has lost entries in between: they are
    /// searched for. PubMed names a feed by its query, unless its owner renamed it; so the search counts only if it
    /// finds what the feed shows. What could not be fetched for now is tried again at the next fetches.
    pub(super) async fn fill_overflow(
        &self,
        due: &DueSource,
        url: &str,
        parsed: &Parsed,
        feed_pmids: &[Pmid],
        since: UnixMs,
        harvest: &mut Harvest,
    ) -> Result<(), Failure> {
        let since_day = since.to_utc().format("%Y-%m-%d");
        let query = journal_query(url).or_else(|| parsed.title.clone()).filter(|_| !feed_pmids.is_empty());
        let found = match query {
            Some(query) => self.search_since(due.id, &query, feed_pmids, since).await,
            None => Ok(None),
        };
        let (filled, message) = match found {
            Ok(Some(records)) => {
                let known: Vec<Pmid> =
                    harvest.changed.iter().filter_map(|(_, entry)| entry.ids.pmid).collect();
                let missed = records.entries.into_iter();
                let missed: Vec<Entry> = missed
                    .filter(|entry| entry.ids.pmid.is_some_and(|pmid| !known.contains(&pmid)))
                    .collect();
                let count = missed.len();
                harvest.problems.extend(records.problems);
                harvest.changed.extend(missed.into_iter().map(|entry| (Mark::of(&entry), entry)));
                let message = format!(
                    "The feed overflowed since {since_day}; {count} records were fetched from PubMed instead."
                );
                (Filled::By(count), message)
            }
            Ok(None) => {
                let message = format!(
                    "The feed overflowed since {since_day}: entries in between may be missing. Raise its limit, fetch \
                     it more often, or use a pubmed query."
                );
                (Filled::Never, message)
            }
            Err(failure) => {
                // a 304 would keep us from trying again
                harvest.read_again();
                let message = format!(
                    "The feed overflowed since {since_day} and the missing entries could not be fetched: {}",
                    failure.message
                );
                (Filled::NotYet, message)
            }
        };
        self.store.record_overflow(due.id, since, filled, &message, UnixMs::now()).await?;
        harvest.alarm = Some(message);
        Ok(())
    }

    async fn search_since(
        &self,
        source_id: i64,
        query: &str,
        feed_pmids: &[Pmid],
        since: UnixMs,
    ) -> Result<Option<Parsed>, Failure> {
        let window = Window::between(since.to_utc().date_naive(), UnixMs::now().to_utc().date_naive());
        let history = self.intake.eutils.search(query, window).await?;
        let found = history.ids();
        let shared = feed_pmids.iter().filter(|pmid| found.contains(pmid)).count();
        if shared * 2 < feed_pmids.len() {
            return Ok(None);
        }
        let name =
            |pmid: Pmid| (pmid.to_string(), Identifiers { pmid: Some(pmid), ..Identifiers::default() });
        let others = found.into_iter().filter(|pmid| !feed_pmids.contains(pmid)).map(name).collect();
        let missing = self.store.list_missing(source_id, others).await?;
        let missing: Vec<Pmid> = missing.into_iter().filter_map(|(_, ids)| ids.pmid).collect();
        Ok(Some(self.intake.eutils.fetch_ids(&missing).await?))
    }
}

/// Takes from `known` what the feed did not say. What it said stays.
fn fill_blanks(entry: &mut Entry, known: Entry) {
    fn fill<T>(blank: &mut Vec<T>, known: Vec<T>) {
        if blank.is_empty() {
            *blank = known;
        }
    }
    fill(&mut entry.abstract_sections, known.abstract_sections);
    fill(&mut entry.authors, known.authors);
    fill(&mut entry.related, known.related);
    fill(&mut entry.trials, known.trials);
    entry.published_on = entry.published_on.take().or(known.published_on);
    entry.free_full_text = entry.free_full_text.take().or(known.free_full_text);
    if entry.journal.title.is_empty() {
        entry.journal = known.journal;
    }
}

/// `/rss/journals/0372354/` names a journal by its NLM id.
fn journal_query(url: &str) -> Option<String> {
    let id = url.split_once("/rss/journals/")?.1.split('/').next()?;
    let plausible = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plausible.then(|| format!("{id}[jid]"))
}

fn by_pmid(entries: Vec<Entry>) -> HashMap<Pmid, Entry> {
    entries.into_iter().filter_map(|entry| Some((entry.ids.pmid?, entry))).collect()
}
