//! One source from top to bottom: asked, parsed, completed, judged, stored as one outcome with its next time.

use super::Worker;
use super::backoff::{self, Move, Outcome};
use super::gather::{Failure, Gathered, Harvest, RawBody};
use super::judge::judge;
use super::schedule;
use super::watch::{is_telling, note_incoming};
use crate::domain::time::{DAY_MS, SECOND_MS, UnixMs};
use crate::store::{DueSource, Judged, Recorded, Refresh, RefreshResult};

/// How a refresh ended, for the log and for `perfuse fetch`.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The source's name.
    pub source: String,
    /// Entries received; 0 after a 304.
    pub received: usize,
    /// What they came to.
    pub recorded: Recorded,
    /// Whether the server said that nothing changed, or sent the very same.
    pub not_modified: bool,
    /// Parts that could not be used.
    pub problems: usize,
    /// Why nothing could be used.
    pub error: Option<String>,
    /// When it is asked again.
    pub next_at: UnixMs,
}

impl Worker {
    pub(super) async fn refresh(&self, due: DueSource) -> Report {
        let mut place = self.lanes.enter(&due).await;
        let started_at = UnixMs::now();
        let gathered = place.keep_moving(self.gather(&due)).await.unwrap_or_else(Gathered::Failed);
        // entries are held by no more fetches than there are places; nothing to hold is nothing to wait for
        let place = Some(place).filter(|_| matches!(gathered, Gathered::Harvest(_)));
        let ended_at = UnixMs::now();
        let next_at = self.next_at(&due, &gathered, ended_at);
        let mut report = Report {
            source: due.source.name.clone(),
            received: 0,
            recorded: Recorded::default(),
            not_modified: false,
            problems: 0,
            error: None,
            next_at,
        };
        let moved = Move::record(
            due.moved.as_ref().map(|(url, seen)| Move { url: url.clone(), seen: *seen }),
            gathered.moved_permanently_to(),
        );
        let current_url = moved.as_ref().filter(|moved| moved.is_settled()).map(|moved| moved.url.clone());
        let result = match gathered {
            Gathered::NotModified { validators, whole, .. } => {
                report.not_modified = true;
                RefreshResult::NotModified { validators, whole }
            }
            Gathered::Failed(failure) => {
                report.error = Some(failure.message.clone());
                let ended = backoff::has_ended(failure.status, due.failures + 1);
                let stopped = ended.then(|| failure.message.clone());
                RefreshResult::Failed {
                    message: failure.message,
                    counts: failure.counts,
                    stopped,
                    raw: failure.raw.and_then(|raw| self.cut_raw(raw)),
                }
            }
            Gathered::Harvest(harvest) => {
                report.received = harvest.received;
                report.problems = harvest.problems.len();
                self.judge_harvest(&due, *harvest).await
            }
        };
        let telling = telling_entries(&result);
        let refresh = Refresh {
            source_id: due.id,
            owner: self.owner.clone(),
            started_at,
            ended_at,
            next_at,
            current_url,
            moved: moved.map(|moved| (moved.url, moved.seen)),
            result,
        };
        match self.store.record_refresh(refresh).await {
            Ok(recorded) if recorded.lease_lost => {
                report.error = Some("another worker has taken the source over; nothing was stored".into());
            }
            Ok(recorded) => {
                report.recorded = recorded;
                let (approve_first, kind) = (self.settings.watch.approve_first, &due.source.kind);
                note_incoming(&self.store, approve_first, Some(kind), telling).await;
            }
            Err(error) => report.error = Some(error.to_string()),
        }
        drop(place);
        report
    }

    /// What is kept of a body that could not be parsed.
    fn cut_raw(&self, (url, content_type, mut body): RawBody) -> Option<RawBody> {
        let worker = &self.settings.worker;
        body.truncate(worker.failed_body_max_bytes);
        (worker.failed_body_days > 0).then_some((url, content_type, body))
    }

    /// Entries → judged entries, on a thread that may take its time.
    async fn judge_harvest(&self, due: &DueSource, harvest: Harvest) -> RefreshResult {
        let judged = self.judge_all(&due.source.topics, harvest.changed).await;
        RefreshResult::Fetched {
            received: harvest.received,
            ahead: harvest.ahead,
            judged,
            unchanged: harvest.unchanged,
            deleted: harvest.deleted,
            problems: harvest.problems,
            validators: harvest.validators,
            last_body: harvest.last_body,
            newest_shown_at: harvest.newest_shown_at,
            complete_to_at: harvest.complete_to_at,
            alarm: harvest.alarm,
        }
    }

    pub(super) async fn judge_all(
        &self,
        source_topics: &[String],
        entries: Vec<(crate::store::Mark, crate::domain::entry::Entry)>,
    ) -> Vec<Judged> {
        let (rules, topics) = (self.rules.clone(), source_topics.to_vec());
        let judged = self.thinking.run(move || {
            let judge = |(mark, entry)| {
                let judgement = judge(&rules, &entry, &topics);
                Judged { mark, entry, judgement }
            };
            entries.into_iter().map(judge).collect()
        });
        judged.await.unwrap_or_else(|error| {
            tracing::error!("judging ended badly: {error}");
            Vec::new()
        })
    }

    fn next_at(&self, due: &DueSource, gathered: &Gathered, now: UnixMs) -> UnixMs {
        let own = due.source.schedule.as_ref();
        let own = own.and_then(|_| schedule::schedule_of(&due.source, &self.settings.worker).ok());
        let schedule_next = own.as_ref().or(self.usual.as_ref()).and_then(|line| line.next_after(now));
        let outcome = match gathered {
            Gathered::NotModified { answer, .. } => {
                Outcome::Answered { freshness: answer.freshness, ttl_minutes: answer.ttl_minutes }
            }
            Gathered::Harvest(harvest) => Outcome::Answered {
                freshness: harvest.answer.freshness,
                ttl_minutes: harvest.answer.ttl_minutes,
            },
            Gathered::Failed(Failure { retry, .. }) => {
                Outcome::Failed { failures: due.failures.saturating_add(1), retry: *retry }
            }
        };
        // configured lines were checked at start; one that vanished meanwhile is asked daily
        let schedule_next = schedule_next.unwrap_or_else(|| now.plus_ms(DAY_MS));
        let longest_jitter_ms = SECOND_MS * self.settings.worker.jitter_seconds as i64;
        backoff::next_at(now, schedule_next, outcome, longest_jitter_ms, rand::random())
    }
}

/// The new and changed entries that say something of themselves or of other works.
fn telling_entries(result: &RefreshResult) -> Vec<crate::domain::entry::Entry> {
    let RefreshResult::Fetched { judged, .. } = result else { return Vec::new() };
    judged.iter().map(|judged| &judged.entry).filter(|entry| is_telling(entry)).cloned().collect()
}
