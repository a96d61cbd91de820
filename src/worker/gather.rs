//! Asking a source: bytes → entries that are new or changed, by the way its kind goes.

use bytes::Bytes;

use super::Worker;
use super::backoff;
use super::pages::days_to_ask;
use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::Pmid;
use crate::domain::last_body::LastBody;
use crate::domain::source::{SourceKind, Validators};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::intake::apart::parse_apart;
use crate::intake::eutils::{EutilsError, Window};
use crate::intake::feed::{self, Sifted};
use crate::intake::fetch::{self, FetchError, Freshness, Request, Response, Retry};
use crate::intake::services::ServiceError;
use crate::store::{DueSource, Mark, Recorded, StoreError};

/// A feed this short is no window that can overflow.
const SHORTEST_WINDOW: usize = 10;

/// What asking a source gave.
pub(super) enum Gathered {
    /// 304, or the very body of the last time (`whole`).
    NotModified { validators: Validators, answer: Answer, whole: bool },
    /// Entries.
    Harvest(Box<Harvest>),
    /// Nothing.
    Failed(Failure),
}

/// What the server said about asking again.
#[derive(Default)]
pub(super) struct Answer {
    pub freshness: Freshness,
    pub moved_permanently_to: Option<String>,
    pub ttl_minutes: Option<u64>,
}

/// Entries, and what else there is to keep.
#[derive(Default)]
pub(super) struct Harvest {
    pub received: usize,
    pub ahead: Recorded,
    pub changed: Vec<(Mark, Entry)>,
    pub unchanged: Vec<String>,
    pub deleted: Vec<Pmid>,
    pub problems: Vec<Problem>,
    pub validators: Validators,
    pub last_body: Option<LastBody>,
    pub newest_shown_at: Option<UnixMs>,
    pub complete_to_at: Option<UnixMs>,
    pub alarm: Option<String>,
    pub answer: Answer,
}

/// Why there is nothing.
pub(super) struct Failure {
    pub message: String,
    pub retry: Retry,
    pub status: Option<u16>,
    pub raw: Option<RawBody>,
    /// Whether it is the source's failure; that its host was asked to wait for another source's sake is not.
    pub counts: bool,
}

/// A body that could not be parsed: address, type, bytes.
pub(super) type RawBody = (String, Option<String>, Vec<u8>);

impl Harvest {
    /// Nothing shall keep us from reading the same body again: something in it waits.
    pub(super) fn read_again(&mut self) {
        self.validators = Validators::default();
        if let Some(last_body) = &mut self.last_body {
            last_body.body = None;
        }
    }

    /// What waits for its record or a look-up is not known by its bytes either.
    fn forget_unsettled(&mut self) {
        let unsettled: Vec<&str> =
            self.changed.iter().filter(|(mark, _)| !mark.is_settled()).map(|(mark, _)| &*mark.key).collect();
        if let Some(last_body) = self.last_body.as_mut().filter(|_| !unsettled.is_empty()) {
            last_body.entries.retain(|(_, key)| !unsettled.contains(&key.as_str()));
        }
    }
}

impl Gathered {
    pub(super) fn moved_permanently_to(&self) -> Option<&str> {
        let answer = match self {
            Self::NotModified { answer, .. } => answer,
            Self::Harvest(harvest) => &harvest.answer,
            Self::Failed(_) => return None,
        };
        answer.moved_permanently_to.as_deref()
    }
}

impl Failure {
    /// A failure without an answer to it; it is tried again.
    pub(super) fn because(message: String) -> Self {
        Self { message, retry: Retry::Backoff, status: None, raw: None, counts: true }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let counts = !matches!(
            error,
            FetchError::HostAskedToWait { .. } | FetchError::TimedOut { phase: fetch::Phase::Turn, .. }
        );
        Self { message: error.to_string(), retry: error.retry(), status: error.status(), raw: None, counts }
    }
}

impl From<EutilsError> for Failure {
    fn from(error: EutilsError) -> Self {
        Self { message: error.to_string(), retry: error.retry(), status: None, raw: None, counts: true }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let (message, retry) = (error.to_string(), error.retry());
        match error {
            ServiceError::Fetch { source, .. } => Self { message, ..Self::from(source) },
            _ => Self { message, retry, status: None, raw: None, counts: true },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::because(error.to_string())
    }
}

impl Worker {
    pub(super) async fn gather(&self, due: &DueSource) -> Result<Gathered, Failure> {
        match &due.source.kind {
            SourceKind::Feed { url } => {
                self.gather_feed(due, due.current_url.as_deref().unwrap_or(url)).await
            }
            SourceKind::Pubmed { query } => self.gather_pubmed(due, query).await,
            SourceKind::Europepmc { .. }
            | SourceKind::Trials { .. }
            | SourceKind::Preprints { .. }
            | SourceKind::Crossref { .. } => self.gather_pages(due).await,
        }
    }

    async fn gather_feed(&self, due: &DueSource, url: &str) -> Result<Gathered, Failure> {
        let now = UnixMs::now();
        let mut request = Request::new(url);
        if backoff::should_send_validators(due.last_full_at, now) {
            request = request.with_validators(due.validators.clone());
        }
        let fetched = match self.intake.fetcher.get(&request).await? {
            Response::NotModified { validators, freshness, moved_permanently_to } => {
                let answer = Answer { freshness, moved_permanently_to, ttl_minutes: None };
                return Ok(Gathered::NotModified { validators, answer, whole: false });
            }
            Response::Fetched(fetched) => fetched,
        };
        let mut answer = Answer {
            freshness: fetched.freshness,
            moved_permanently_to: fetched.moved_permanently_to.clone(),
            ttl_minutes: None,
        };
        let open_since = match due.newest_shown_at {
            // only a feed that was read before can have lost anything
            Some(_) => self.store.open_overflow(due.id).await?,
            None => None,
        };
        // one whose gap is to be filled is read whole: the gap begins where its entries end
        let last = match open_since {
            None => self.store.last_body(due.id).await?.unwrap_or_default(),
            Some(_) => LastBody::default(),
        };
        let body = feed::mark_body(&fetched.body, fetched.content_type.as_deref(), &fetched.final_url);
        let touches = now.since_ms(last.touched_at) >= DAY_MS;
        if last.body == Some(body) && !touches {
            answer.ttl_minutes = last.ttl_minutes;
            return Ok(Gathered::NotModified { validators: fetched.validators, answer, whole: true });
        }
        let Sifted { mut parsed, marks, known } = self.parse_feed(due, &fetched, last.entries, now).await?;
        answer.ttl_minutes = parsed.ttl_minutes;
        let entries = std::mem::take(&mut parsed.entries);
        let shown = || entries.iter().filter_map(|entry| entry.shown_at);
        let (oldest_shown_at, newest_shown_at) = (shown().min(), shown().max());
        let received = entries.len() + known.len();
        // a feed that still shows a known entry has lost nothing in between
        let overflowed =
            known.is_empty() && received >= SHORTEST_WINDOW && due.newest_shown_at < oldest_shown_at;
        let overflowed_since = due.newest_shown_at.filter(|_| overflowed);
        let unchanged = if touches { known.iter().map(|(_, key)| key.clone()).collect() } else { Vec::new() };
        let read =
            marks.iter().zip(&entries).filter_map(|(mark, entry)| Some(((*mark)?, Mark::key_of(entry))));
        let last_body = LastBody {
            body: Some(body),
            ttl_minutes: parsed.ttl_minutes,
            touched_at: if touches { now } else { last.touched_at },
            entries: read.chain(known).collect(),
        };
        let mut harvest = Harvest {
            received,
            problems: std::mem::take(&mut parsed.problems),
            deleted: std::mem::take(&mut parsed.deleted),
            validators: fetched.validators,
            last_body: Some(last_body),
            newest_shown_at,
            answer,
            ..Harvest::default()
        };
        let feed_pmids: Vec<Pmid> = entries.iter().filter_map(|entry| entry.ids.pmid).collect();
        (harvest.changed, harvest.unchanged) = self.store.changed_entries(due.id, entries).await?;
        harvest.unchanged.extend(unchanged);
        self.complete_sightings(&mut harvest).await;
        self.complete_by_doi(&mut harvest).await;
        // an earlier one that could not be filled reaches further back
        if let Some(since) = open_since.into_iter().chain(overflowed_since).min() {
            self.fill_overflow(due, url, &parsed, &feed_pmids, since, &mut harvest).await?;
        }
        harvest.forget_unsettled();
        Ok(Gathered::Harvest(Box::new(harvest)))
    }

    /// Searches by entry date from some days before the last complete window, and stores page by page: memory stays
    /// bounded, and what a crash leaves is only done again.
    async fn gather_pubmed(&self, due: &DueSource, query: &str) -> Result<Gathered, Failure> {
        let now = UnixMs::now();
        let ncbi = &self.settings.ncbi;
        let days = days_to_ask(due, now, ncbi.overlap_days, ncbi.first_window_days);
        let history = self.intake.eutils.search(query, Window::last_days(now, days)).await?;
        let mut harvest =
            Harvest { problems: history.problems.clone(), complete_to_at: Some(now), ..Harvest::default() };
        let mut start = 0;
        while start < history.count {
            let page = self.intake.eutils.fetch_page(&history, start).await?;
            start += self.intake.eutils.page_size();
            harvest.received += page.entries.len();
            harvest.deleted.extend(page.deleted);
            harvest.problems.extend(page.problems);
            let (changed, unchanged) = self.store.changed_entries(due.id, page.entries).await?;
            harvest.unchanged.extend(unchanged);
            if start >= history.count {
                harvest.changed = changed;
                break;
            }
            self.store_ahead(due, changed, &mut harvest, now).await?;
        }
        Ok(Gathered::Harvest(Box::new(harvest)))
    }

    /// Parses what was fetched and is not known; a body that cannot be read is kept.
    async fn parse_feed(
        &self,
        due: &DueSource,
        fetched: &fetch::Fetched,
        known: Vec<(i64, String)>,
        now: UnixMs,
    ) -> Result<Sifted, Failure> {
        let (url, content_type) = (fetched.final_url.clone(), fetched.content_type.clone());
        let sifted =
            self.parse_body(fetched.body.clone(), content_type.clone(), url.clone(), known, now).await;
        sifted.map_err(|failure| {
            let before = if due.had_entries { "; it used to hold entries, which are kept" } else { "" };
            let raw = Some((url, content_type, fetched.body.to_vec()));
            Failure { message: format!("{}{before}", failure.message), raw, ..failure }
        })
    }

    /// Parses apart: a hostile body may take its time there, and only there.
    pub(super) async fn parse_body(
        &self,
        body: Bytes,
        content_type: Option<String>,
        url: String,
        known: Vec<(i64, String)>,
        now: UnixMs,
    ) -> Result<Sifted, Failure> {
        let from = url.clone();
        let core = self.thinking.core().await;
        let parsed = parse_apart(move || {
            let sifted = feed::sift(&body, content_type.as_deref(), Some(&url), now, &known);
            drop(core);
            sifted.map_err(|error| error.to_string())
        });
        let parsed = parsed.await.unwrap_or_else(Err);
        parsed.map_err(|why| Failure::because(format!("{from}: {why}")))
    }
}
