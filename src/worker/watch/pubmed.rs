//! Looking at PubMed: the records of a batch of articles, and of the works whose kind their links leave open.

use std::collections::{BTreeMap, HashMap};

use super::halves::Halves;
use super::{Batch, subject};
use crate::curation::watch::{Reading, Snapshot, Update, judge_update, read_record};
use crate::domain::entry::{Entry, Parsed};
use crate::domain::identity::Pmid;
use crate::domain::notice::{Finding, NoticeSource};
use crate::domain::time::UnixMs;
use crate::domain::watch::WatchService;
use crate::intake::eutils::why_unread;
use crate::store::{Look, StoreError, Watched};
use crate::worker::Worker;

const SERVICE: WatchService = WatchService::Pubmed;
/// After so many looks in a row without a record, editors are told that it is gone.
const LOOKS_TO_MISS: u32 = 3;

/// What PubMed answered.
struct Answer {
    /// Everything but the records: what is deleted, what could not be read.
    rest: Parsed,
    records: HashMap<Pmid, Entry>,
}

impl Answer {
    fn of(mut parsed: Parsed) -> Self {
        let entries = std::mem::take(&mut parsed.entries).into_iter();
        let records = entries.filter_map(|entry| Some((entry.ids.pmid?, entry))).collect();
        Self { rest: parsed, records }
    }
}

impl Worker {
    pub(super) async fn look_at_pubmed(&self, batch: &[Watched]) -> Result<Batch, StoreError> {
        let pmids: Vec<Pmid> = batch.iter().filter_map(|watched| watched.ids.pmid).collect();
        let mut halves = Halves::of(vec![pmids]);
        let mut parsed = Parsed::default();
        while let Some(some) = halves.next() {
            let answer = self.intake.eutils.fetch_ids(&some).await;
            if let Some(more) = halves.note(some, answer) {
                parsed.entries.extend(more.entries);
                parsed.deleted.extend(more.deleted);
                parsed.problems.extend(more.problems);
            }
        }
        let answer = Answer::of(parsed);
        let mut requests = halves.requests;
        let mut looks = Vec::new();
        let mut read = Vec::new();
        for watched in batch {
            let Some(pmid) = watched.ids.pmid else { continue };
            if let Some(why) = halves.why_failed(&pmid) {
                looks.push(self.failed_look(SERVICE, watched, &why, halves.asked_pause_ms()));
            } else if let Some(record) = answer.records.get(&pmid) {
                read.push((watched, read_record(&subject(watched), record, NoticeSource::Pubmed)));
            } else {
                looks.push(self.miss_record(watched, pmid, &answer.rest).await?);
            }
        }
        // what did not come at first was asked for once more
        requests += usize::from(halves.trouble.is_none() && read.len() < batch.len());
        let others = self.ask_about_links(&read, &mut requests).await;
        for (watched, mut reading) in read {
            let mut settled = Snapshot::read(watched.snapshot.as_deref()).settled;
            settle_links(watched, &mut reading, &mut settled, others.as_ref());
            let now = Snapshot { settled, ..Snapshot::default() };
            let incomplete = (!reading.open.is_empty()).then(|| {
                format!("{} linked records did not come, so it is open what they are", reading.open.len())
            });
            looks.push(self.conclude_look(SERVICE, watched, reading, now, incomplete).await?);
        }
        Ok(Batch { looks, unasked: Vec::new(), requests, stopped: halves.trouble })
    }

    /// The records of linked works that nobody has settled yet; `None` if they could not be asked for now.
    async fn ask_about_links(&self, read: &[(&Watched, Reading)], requests: &mut usize) -> Option<Answer> {
        let unknown = read.iter().flat_map(|(watched, reading)| {
            let settled = Snapshot::read(watched.snapshot.as_deref()).settled;
            let pmids = reading.open.iter().filter_map(|link| link.ids.pmid);
            pmids.filter(|pmid| !settled.contains_key(&pmid.0)).collect::<Vec<_>>()
        });
        let unknown: Vec<Pmid> = unknown.collect();
        if unknown.is_empty() {
            return Some(Answer::of(Parsed::default()));
        }
        *requests += 1;
        match self.intake.eutils.fetch_ids(&unknown).await {
            Ok(parsed) => Some(Answer::of(parsed)),
            Err(error) => {
                tracing::warn!("links stay open until PubMed answers: {error}");
                None
            }
        }
    }

    /// A record that was asked for and was not read: the look failed. If PubMed says that it deleted it, or has none for
    /// the third time in a row, the editors hear of it.
    async fn miss_record(&self, watched: &Watched, pmid: Pmid, answer: &Parsed) -> Result<Look, StoreError> {
        if answer.deleted.contains(&pmid) {
            self.store.record_deleted(vec![pmid], UnixMs::now()).await?;
            return Ok(self.failed_look(SERVICE, watched, "PubMed deleted the record", 0));
        }
        if let Some(why) = why_unread(answer, pmid) {
            let why = format!("PubMed's record could not be read: {why}");
            return Ok(self.failed_look(SERVICE, watched, &why, 0));
        }
        let before = Snapshot::read(watched.snapshot.as_deref());
        let now = Snapshot { absent: before.absent + 1, settled: before.settled, ..Snapshot::default() };
        let mut reading = Reading { reasons: before.reasons, ..Reading::default() };
        if now.absent >= LOOKS_TO_MISS {
            reading.findings.push(Finding::record_gone(pmid));
        }
        let incomplete = Some("PubMed sent no record".to_owned());
        self.conclude_look(SERVICE, watched, reading, now, incomplete).await
    }
}

/// Settles a record's open links by the others' records, or by what was settled at an earlier look.
fn settle_links(
    watched: &Watched,
    reading: &mut Reading,
    settled: &mut BTreeMap<u32, Update>,
    others: Option<&Answer>,
) {
    let ours = subject(watched);
    for link in reading.open.clone() {
        let Some(pmid) = link.ids.pmid else { continue };
        let judged = match (settled.get(&pmid.0), others) {
            (Some(update), _) => *update,
            (None, None) => continue,
            (None, Some(others)) => match others.records.get(&pmid) {
                Some(other) => {
                    let update = judge_update(&ours, other);
                    settled.insert(pmid.0, update);
                    update
                }
                // it came and could not be read
                None if why_unread(&others.rest, pmid).is_some() => continue,
                // PubMed has none; it is asked for again at the next look
                None => Update::Unclear,
            },
        };
        reading.settle(judged, &ours, &link, NoticeSource::Pubmed);
    }
}
