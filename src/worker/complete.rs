//! Completing what a feed only hints at: PubMed's RSS is a trigger, the record comes from E-utilities.

use std::collections::HashMap;

use super::Worker;
use super::gather::Harvest;
use crate::domain::entry::{Entry, Parsed, Problem};
use crate::domain::identity::Pmid;
use crate::domain::time::UnixMs;
use crate::intake::eutils::{EutilsError, Window};
use crate::store::{Mark, Validators};

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
                    *entry = Entry { source_key: std::mem::take(&mut entry.source_key), shown_at, ..record };
                }
                None => {
                    waiting = true;
                    *mark = mark.clone().unsettled();
                }
            }
        }
        if waiting {
            // a 304 would keep us from trying again
            harvest.validators = Validators::default();
        }
    }

    /// A feed whose oldest entry is newer than the newest one of the last fetch has lost entries in between: they are
    /// searched for. PubMed names a feed by its query, unless its owner renamed it; so the search counts only if it
    /// finds what the feed shows.
    pub(super) async fn fill_overflow(
        &self,
        url: &str,
        parsed: &Parsed,
        feed_pmids: &[Pmid],
        since: UnixMs,
        harvest: &mut Harvest,
    ) {
        let since_day = since.to_utc().format("%Y-%m-%d");
        let query = journal_query(url).or_else(|| parsed.title.clone()).filter(|_| !feed_pmids.is_empty());
        let found = match query {
            Some(query) => self.search_since(&query, feed_pmids, since).await,
            None => Ok(None),
        };
        harvest.alarm = Some(match found {
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
                format!(
                    "The feed overflowed since {since_day}; {count} records were fetched from PubMed instead."
                )
            }
            Ok(None) => format!(
                "The feed overflowed since {since_day}: entries in between may be missing. Raise its limit, fetch it \
                 more often, or use a pubmed query."
            ),
            Err(error) => format!(
                "The feed overflowed since {since_day} and the missing entries could not be fetched: {error}"
            ),
        });
    }

    async fn search_since(
        &self,
        query: &str,
        feed_pmids: &[Pmid],
        since: UnixMs,
    ) -> Result<Option<Parsed>, EutilsError> {
        let window = Window::between(since.to_utc().date_naive(), UnixMs::now().to_utc().date_naive());
        let history = self.intake.eutils.search(query, window).await?;
        let found = history.ids();
        let shared = feed_pmids.iter().filter(|pmid| found.contains(pmid)).count();
        if shared * 2 < feed_pmids.len() {
            return Ok(None);
        }
        let missing: Vec<Pmid> = found.into_iter().filter(|pmid| !feed_pmids.contains(pmid)).collect();
        self.intake.eutils.fetch_ids(&missing).await.map(Some)
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
