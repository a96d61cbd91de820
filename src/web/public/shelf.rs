//! The in-memory copies of rendered outputs, and when they are made again.
//!
//! An *edition* is what is published as of one moment. After a write of this process, and else at most every
//! [`Shelf::check_every`], a request asks the database for its news version (one row); when that moved, by whichever
//! process, or when the next scheduled item has become due, a new edition begins and its outputs are made as they are asked for, each once however many ask.
//! Where the database does not answer, the edition stays current and what was made goes on being served. An output of
//! an older edition never is: it may hold what was withdrawn.
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

/// What a place takes beside its document and key, bytes, about.
const SLOT_BYTES: usize = 256;

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
            current: RwLock::new(Arc::new(Edition::new(-1, None))),
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
                let document = self.bind(key, make().await?).await?;
                self.counts.made.fetch_add(1, Ordering::Relaxed);
                edition.weigh(document.size(), self.max_bytes);
                Ok(document)
            })
            .await;
        if made.is_err() {
            edition.forget(key);
        }
        made.cloned()
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
        let next = Arc::new(Edition::new(version, due_at));
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
    pub(super) fn stamp(&self, key: &str, content: Fingerprint) -> UnixMs {
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
    fn new(version: i64, due_at: Option<UnixMs>) -> Self {
        Self {
            version,
            due_at,
            checked_at_ms: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            copies: RwLock::default(),
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
        // also what is never finished, because its client left, takes room
        copies.hot_bytes += key.len() + SLOT_BYTES + slot.get().map_or(0, |document| document.size());
        copies.hot.entry(key.to_owned()).or_insert(slot).clone()
    }

    /// Counts a finished copy, and drops the older half when the newer is full.
    fn weigh(&self, size: usize, max_bytes: usize) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        copies.hot_bytes += size;
        if copies.hot_bytes > max_bytes / 2 {
            copies.cold = std::mem::take(&mut copies.hot);
            copies.hot_bytes = 0;
        }
    }

    fn forget(&self, key: &str) {
        let mut copies = self.copies.write().unwrap_or_else(PoisonError::into_inner);
        if copies.hot.get(key).is_some_and(|slot| !slot.initialized()) {
            copies.hot.remove(key);
            copies.hot_bytes = copies.hot_bytes.saturating_sub(key.len() + SLOT_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shelf(max_bytes: usize) -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
        let shelf = Shelf::new(store, Clock::system(), Duration::from_secs(3600), max_bytes);
        (folder, shelf)
    }

    fn page(text: &str) -> Page {
        Page::new("text/plain", text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn memory_is_bounded_and_what_is_in_use_stays() {
        const MAX: usize = 200 * 1024;
        let (_folder, shelf) = shelf(MAX).await;
        let made_favourite = AtomicU64::new(0);
        for number in 0..500 {
            let text: String = (0..500).map(|at| char::from(b'a' + ((at * number) % 26) as u8)).collect();
            shelf.document(&format!("/{number}"), || async { Ok(page(&text)) }).await.unwrap();
            let favourite = || async {
                made_favourite.fetch_add(1, Ordering::Relaxed);
                Ok(page("favourite"))
            };
            shelf.document("/favourite", favourite).await.unwrap();
            let edition = shelf.read_current();
            let copies = edition.copies.read().unwrap();
            let slots = copies.hot.values().chain(copies.cold.values());
            let bytes: usize = slots.filter_map(|slot| slot.get()).map(|document| document.size()).sum();
            assert!(bytes <= MAX, "{bytes} bytes");
        }
        assert_eq!(made_favourite.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn many_who_ask_at_once_are_answered_by_one_making() {
        let (_folder, shelf) = shelf(1024 * 1024).await;
        let made = AtomicU64::new(0);
        let ask = || {
            shelf.document("/", || async {
                made.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(page("once"))
            })
        };
        let answers = futures_util::future::join_all((0..50).map(|_| ask())).await;
        assert!(answers.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_error_is_not_kept() {
        let (_folder, shelf) = shelf(1024 * 1024).await;
        assert!(shelf.document("/", || async { Err(PublicError::Gone) }).await.is_err());
        assert!(shelf.document("/", || async { Ok(page("good")) }).await.is_ok());
    }
}
