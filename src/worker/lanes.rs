//! Who fetches now: a fast lane of `fetch.parallel` places, and a slow one beside it, so that hosts which accept nothing or
//! send a byte a second hold up nobody. A feed that takes long moves over and frees its place; one whose last fetch
//! failed begins there. Where the slow lane is full, slow ones stay in the fast one: memory has its bounds.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::domain::source::SourceKind;
use crate::store::DueSource;

/// A feed that takes longer than this is slow.
const PATIENCE: Duration = Duration::from_millis(250);
/// Places in the slow lane for each in the fast one: as many bodies may be in memory.
const SLOW_PLACES: usize = 4;

/// Both lanes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lanes {
    fast: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    slow_places: usize,
    moved: Arc<Notify>,
}

/// A place in one of them, until it is dropped.
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    /// From the fast one the way out.
    lanes: Option<Lanes>,
}

impl Lanes {
    /// With `parallel` places in the fast lane.
    pub(super) fn new(parallel: usize) -> Self {
        let slow_places = SLOW_PLACES * parallel;
        Self {
            fast: Arc::new(Semaphore::new(parallel)),
            slow: Arc::new(Semaphore::new(slow_places)),
            slow_places,
            moved: Arc::default(),
        }
    }

    /// Waits until one moves over: there is room for another then.
    pub(super) async fn moved(&self) {
        self.moved.notified().await;
    }

    /// How many are in the slow lane now.
    pub(super) fn slow_ones(&self) -> usize {
        self.slow_places.saturating_sub(self.slow.available_permits())
    }

    /// Waits for a place.
    pub(super) async fn enter(&self, due: &DueSource) -> Place {
        // services hold pages of whole records and are few: they stay in the fast lane
        let is_feed = matches!(due.source.kind, SourceKind::Feed { .. });
        if is_feed
            && due.failures > 0
            && let Ok(permit) = Arc::clone(&self.slow).try_acquire_owned()
        {
            return Place { permit: Some(permit), lanes: None };
        }
        // never closed, so this is a permit
        let permit = Arc::clone(&self.fast).acquire_owned().await.ok();
        Place { permit, lanes: is_feed.then(|| self.clone()) }
    }
}

impl Place {
    /// Waits for `fetching`, in the slow lane if it takes long.
    pub(super) async fn keep_moving<F: Future>(&mut self, fetching: F) -> F::Output {
        let mut fetching = pin!(fetching);
        if let Ok(fetched) = timeout(PATIENCE, &mut fetching).await {
            return fetched;
        }
        if let Some(lanes) = self.lanes.take()
            && let Ok(permit) = lanes.slow.try_acquire_owned()
        {
            // dropping the other one lets the next in
            self.permit = Some(permit);
            lanes.moved.notify_one();
        }
        fetching.await
    }
}
