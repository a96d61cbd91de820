//! Where bodies are parsed and entries judged: threads that may take their time, as many at once as there are cores.
//! More would not be faster and would each hold a body, its text and its entries.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

/// Nobody waits longer for a core: a hostile body may keep one busy, and healthy ones pass it by.
const PATIENCE: Duration = Duration::from_millis(500);

/// A core, until it is dropped.
pub(super) struct Core {
    _permit: Option<OwnedSemaphorePermit>,
}

/// The places on the threads.
#[derive(Clone)]
pub(super) struct Thinking {
    cores: Arc<Semaphore>,
}

impl Thinking {
    /// As many as the machine has cores.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)) }
    }

    /// Waits for a core, to be held by the work itself. Who stops waiting does not stop the work.
    pub(super) async fn core(&self) -> Core {
        // without one in time it goes without
        let waiting = timeout(PATIENCE, Arc::clone(&self.cores).acquire_owned());
        Core { _permit: waiting.await.ok().and_then(Result::ok) }
    }

    /// Runs `work` on a thread of its own.
    ///
    /// # Errors
    /// It panicked.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, JoinError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let core = self.core().await;
        let working = spawn_blocking(move || {
            let worked = work();
            drop(core);
            worked
        });
        working.await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_keeps_no_other_from_being_done() {
        let thinking = Thinking { cores: Arc::new(Semaphore::new(1)) };
        let (let_go, held) = channel::<()>();
        let (begin, begun) = channel::<()>();
        let hostile = tokio::spawn({
            let thinking = thinking.clone();
            async move {
                thinking
                    .run(move || {
                        begin.send(()).unwrap();
                        held.recv().unwrap();
                    })
                    .await
            }
        });
        spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
        assert_eq!(thinking.run(|| 7).await.unwrap(), 7);
        let_go.send(()).unwrap();
        hostile.await.unwrap().unwrap();
    }
}
