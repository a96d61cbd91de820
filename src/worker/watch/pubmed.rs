//! Looking at PubMed: the records of a batch of articles, and of the works whose kind their links leave open.

use std::collections::HashMap;

use super::{Batch, subject};
use crate::curation::watch::{Snapshot, judge_update, read_record};
use crate::domain::entry::Entry;
use crate::domain::identity::Pmid;
use crate::domain::notice::{Finding, NoticeKind, NoticeSource};
use crate::domain::watch::WatchService;
use crate::store::{StoreError, Watched};
use crate::worker::Worker;

const SERVICE: WatchService = WatchService::Pubmed;
/// After so many looks without a record, editors are told that it is gone.
const LOOKS_TO_MISS: u32 = 3;

impl Worker {
    pub(super) async fn look_at_pubmed(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        let pmids: Vec<Pmid> = batch.iter().filter_map(|watched| watched.ids.pmid).collect();
        let parsed = match self.intake.eutils.fetch_ids(&pmids).await {
            Ok(parsed) => parsed,
            Err(error) => return Ok(self.failed_batch(SERVICE, batch, &error.to_string(), 1)),
        };
        let deleted = parsed.deleted;
        let records = by_pmid(parsed.entries);
        let mut read: Vec<_> = batch
            .iter()
            .map(|watched| {
                let record = watched.ids.pmid.and_then(|pmid| records.get(&pmid));
                let reading =
                    record.map(|record| read_record(&subject(watched), record, NoticeSource::Pubmed));
                let before = Snapshot::read(watched.snapshot.as_deref());
                (watched, reading, before.settled)
            })
            .collect();
        let unknown: Vec<Pmid> = read
            .iter()
            .flat_map(|(_, reading, settled)| {
                let open = reading.iter().flat_map(|reading| &reading.open);
                open.filter_map(|link| link.ids.pmid).filter(|pmid| !settled.contains_key(&pmid.0))
            })
            .collect();
        // what did not come at first is asked for once more
        let mut requests = 1 + usize::from(read.iter().any(|(_, reading, _)| reading.is_none()));
        let mut others = HashMap::new();
        if !unknown.is_empty() {
            requests += 1;
            match self.intake.eutils.fetch_ids(&unknown).await {
                Ok(parsed) => others = by_pmid(parsed.entries),
                Err(error) => tracing::warn!("links stay open until PubMed answers: {error}"),
            }
        }
        let mut looks = Vec::new();
        for (watched, reading, mut settled) in read.drain(..) {
            let Some(mut reading) = reading else {
                looks.push(self.miss_record(watched, &deleted).await?);
                continue;
            };
            let ours = subject(watched);
            for link in reading.open.clone() {
                let Some(pmid) = link.ids.pmid else { continue };
                let judged = settled.get(&pmid.0).copied();
                let judged = judged.or_else(|| others.get(&pmid).map(|other| judge_update(&ours, other)));
                if let Some(update) = judged {
                    settled.insert(pmid.0, update);
                    reading.settle(update, &ours, &link, NoticeSource::Pubmed);
                }
            }
            let now = Snapshot { settled, ..Snapshot::default() };
            let incomplete = (!reading.open.is_empty()).then(|| {
                format!("{} linked records did not come, so it is open what they are", reading.open.len())
            });
            looks.push(self.conclude_look(SERVICE, watched, reading, now, incomplete).await?);
        }
        Ok(Batch { looks, unasked: Vec::new(), requests, stopped: None })
    }

    /// A record that was asked for and did not come: the look failed. If PubMed says that it is deleted, or sends none
    /// for the third time, the editors hear of it; PubMed deletes duplicates too, so nothing is marked by itself.
    async fn miss_record(
        &self,
        watched: &Watched,
        deleted: &[Pmid],
    ) -> Result<crate::store::Look, StoreError> {
        let is_deleted = watched.ids.pmid.is_some_and(|pmid| deleted.contains(&pmid));
        if is_deleted || watched.failures + 1 >= LOOKS_TO_MISS {
            let detail = "PubMed has no record of this number any longer. It deletes records that are gone and records \
                          that it had twice: only the publisher's page tells which.";
            let finding = Finding {
                detail: detail.to_owned(),
                link: watched.ids.pmid.map(|pmid| pmid.url()),
                ..Finding::new(NoticeKind::Removal, NoticeSource::Pubmed)
            };
            let now = crate::domain::time::UnixMs::now();
            self.store.record_findings(watched.article_id, vec![finding], true, now).await?;
        }
        let error = if is_deleted { "PubMed deleted the record" } else { "PubMed sent no record" };
        Ok(self.failed_look(SERVICE, watched, error))
    }
}

fn by_pmid(entries: Vec<Entry>) -> HashMap<Pmid, Entry> {
    entries.into_iter().filter_map(|entry| Some((entry.ids.pmid?, entry))).collect()
}
