//! The in-memory copies of rendered outputs, and when they are made again.
//!
//! An *edition* is what is published as of one moment. After a write of this process, and else at most every
//! [`Shelf::check_every`], a request asks the database for its news version (one row); when that moved, by whichever
//! process, or when the next scheduled item has become due, a new edition begins and its outputs are made as they are asked for, each once however many ask.
//! Where the database fails, the last edition goes on being served.
//!
//! Memory is bounded: copies fill a half, then the older half is dropped; what is in use moves over.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::document::{Document, Fingerprint, Page, fingerprint};
use super::error::PublicError;
use crate::domain::time::{SECOND_MS, UnixMs};
use crate::store::Store;
use crate::web::Clock;

/// How many last changes are remembered; beyond it all are forgotten, which only costs some clients a download.
const MAX_STAMPS: usize = 20_000;

/// See the module.
pub(in crate::web) struct Shelf {
    store: Store,
    clock: Clock,
    check_every: Duration,
    max_bytes: usize,
    started: Instant,
    current: RwLock<Arc<Edition>>,
    turn: tokio::sync::Mutex<()>,
    stamps: Mutex<HashMap<String, (Fingerprint, UnixMs)>>,
    counts: Counts,
}

/// What the shelf did since the start, for the operator.
#[derive(Debug, Default)]
pub(in crate::web) struct Counts {
    /// Outputs asked for.
    pub(in crate::web) asked: AtomicU64,
    /// Outputs rendered.
    pub(in crate::web) made: AtomicU64,
    /// Editions begun.
    pub(in crate::web) editions: AtomicU64,
}

type Slot = Arc<OnceCell<Arc<Document>>>;

struct Edition {
    /// The database's news version; -1 before the first look.
    version: i64,
    /// When the next scheduled item becomes public.
    due_at: Option<UnixMs>,
    /// Milliseconds after the shelf's start; 0 is never.
    checked_at_ms: AtomicU64,
    /// Our own writes before that look.
    writes: AtomicU64,
    copies: RwLock<Copies>,
    /// Outputs of the edition before, for when the database fails.
    before: HashMap<String, Arc<Document>>,
}

#[derive(Default)]
struct Copies {
    hot: HashMap<String, Slot>,
    cold: HashMap<String, Slot>,
    hot_bytes: usize,
}

impl Shelf {
    /// An empty shelf that holds at most about `max_bytes`.
    pub(super) fn new(store: Store, clock: Clock, check_every: Duration, max_bytes: usize) -> Self {
        Self {
            store,
            clock,
            check_every,
            max_bytes,
            started: Instant::now(),
            current: RwLock::new(Arc::new(Edition::new(-1, None, HashMap::new()))),
            turn: tokio::sync::Mutex::new(()),
            stamps: Mutex::new(HashMap::new()),
            counts: Counts::default(),
        }
    }

    /// What it did since the start.
    pub(in crate::web) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The document under `key`, made by `make` where this edition has none yet.
    pub(super) async fn document<F, Fut>(&self, key: &str, make: F) -> Result<Arc<Document>, PublicError>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Page, PublicError>>,
    {
        self.counts.asked.fetch_add(1, Ordering::Relaxed);
        let edition = self.edition().await;
        let slot = edition.slot(key);
        if let Some(document) = slot.get() {
            return Ok(document.clone());
        }
        let made = slot
            .get_or_try_init(|| async {
                let page = make().await?;
                let document = self.bind(key, page).await?;
                self.counts.made.fetch_add(1, Ordering::Relaxed);
                edition.weigh(key, document.size(), self.max_bytes);
                Ok(document)
            })
            .await
            .cloned();
        made.or_else(|error: PublicError| {
            edition.forget(key);
            match edition.before.get(key) {
                Some(document) if error.is_ours() => {
                    tracing::warn!(%error, key, "an output could not be made; the last one is served");
                    Ok(document.clone())
                }
                _ => Err(error),
            }
        })
    }

    /// The edition that is current within [`Shelf::check_every`].
    async fn edition(&self) -> Arc<Edition> {
        let edition = self.read_current();
        if self.is_fresh(&edition) {
            return edition;
        }
        let _turn = self.turn.lock().await;
        let edition = self.read_current();
        if self.is_fresh(&edition) {
            return edition;
        }
        let writes = self.store.writes();
        let now = self.clock.read();
        let (version, due_at) = match self.look(now).await {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "the database does not answer; the last edition is served");
                edition.mark_checked(self.elapsed_ms(), writes);
                return edition;
            }
        };
        if version == edition.version && due_at == edition.due_at {
            edition.mark_checked(self.elapsed_ms(), writes);
            return edition;
        }
        self.counts.editions.fetch_add(1, Ordering::Relaxed);
        let next = Arc::new(Edition::new(version, due_at, edition.finished()));
        next.mark_checked(self.elapsed_ms(), writes);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next.clone();
        next
    }

    async fn look(&self, now: UnixMs) -> Result<(i64, Option<UnixMs>), crate::store::StoreError> {
        Ok((self.store.news_version().await?, self.store.next_scheduled(now).await?))
    }

    fn read_current(&self) -> Arc<Edition> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_fresh(&self, edition: &Edition) -> bool {
        let checked_at_ms = edition.checked_at_ms.load(Ordering::Acquire);
        let age_ms = self.elapsed_ms().saturating_sub(checked_at_ms);
        let is_due = edition.due_at.is_some_and(|due_at| due_at <= self.clock.read());
        let is_written = edition.writes.load(Ordering::Relaxed) != self.store.writes();
        checked_at_ms > 0 && !is_written && u128::from(age_ms) < self.check_every.as_millis() && !is_due
    }

    /// From 1, because 0 is never.
    fn elapsed_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64 + 1
    }

    async fn bind(&self, key: &str, page: Page) -> Result<Arc<Document>, PublicError> {
        let changed_at = self.stamp(key, fingerprint(&page.bytes));
        let compressed = tokio::task::spawn_blocking(move || Document::new(page, changed_at));
        compressed.await.map(Arc::new).map_err(|error| PublicError::Failed(error.to_string()))
    }

    /// When the output under `key` got this content, as far as we know. A withdrawal changes a list without any item
    /// being newer, so this is the time we saw it, not a date from the items; it always moves by a second at least.
    fn stamp(&self, key: &str, content: Fingerprint) -> UnixMs {
        let now = UnixMs(self.clock.read().0.div_euclid(SECOND_MS) * SECOND_MS);
        let mut stamps = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        let changed_at = match stamps.get(key) {
            Some((known, changed_at)) if *known == content => return *changed_at,
            Some((_, changed_at)) => now.max(changed_at.plus_ms(SECOND_MS)),
            None => now,
        };
        if stamps.len() >= MAX_STAMPS {
            stamps.clear();
        }
        stamps.insert(key.to_owned(), (content, changed_at));
        changed_at
    }
}

impl Edition {
    fn new(version: i64, due_at: Option<UnixMs>, before: HashMap<String, Arc<Document>>) -> Self {
        Self {
            version,
            due_at,
            checked_at_ms: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            copies: RwLock::default(),
            before,
        }
    }

    fn mark_checked(&self, at_ms: u64, writes: u64) {
        self.writes.store(writes, Ordering::Relaxed);
        self.checked_at_ms.store(at_ms, Ordering::Release);
    }

    fn slot(&self, key: &str) -> Slot {
        if let Some(slot) = self.copies.read().unwrap_or_else(PoisonError::into_inner).hot.get(key) {
            return slot.clone();
        }
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        let slot = copies.cold.remove(key).unwrap_or_default();
        if let Some(document) = slot.get() {
            copies.hot_bytes += document.size();
        }
        copies.hot.entry(key.to_owned()).or_insert(slot).clone()
    }

    /// Counts a finished copy, and drops the older half when the newer is full.
    fn weigh(&self, key: &str, size: usize, max_bytes: usize) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        copies.hot_bytes += size + key.len();
        if copies.hot_bytes > max_bytes / 2 {
            copies.cold = std::mem::take(&mut copies.hot);
            copies.hot_bytes = 0;
        }
    }

    fn forget(&self, key: &str) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        if copies.hot.get(key).is_some_and(|slot| !slot.initialized()) {
            copies.hot.remove(key);
        }
    }

    /// The finished copies, and of what was not asked for again, none.
    fn finished(&self) -> HashMap<String, Arc<Document>> {
        let copies = self.copies.read().unwrap_or_else(PoisonError::into_inner);
        let slots = copies.hot.iter().chain(&copies.cold);
        slots.filter_map(|(key, slot)| Some((key.clone(), slot.get()?.clone()))).collect()
    }
}
