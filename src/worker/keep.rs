//! Tasks that must not end while the worker runs.

use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::task::JoinSet;

/// Runs the task that `begin` makes until `stop` becomes true; one that ends otherwise, by a panic above all, is told in
/// the log and begun again after a pause. It ends with whoever waits for this.
pub(super) async fn keep_running<F>(
    name: &str,
    pause: Duration,
    mut stop: Receiver<bool>,
    mut begin: impl FnMut() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    while !*stop.borrow() {
        let mut task = JoinSet::new();
        task.spawn(begin());
        let ended = task.join_next().await;
        if *stop.borrow() {
            return;
        }
        match ended {
            Some(Err(error)) => tracing::error!("{name} ended badly and begins again: {error}"),
            _ => tracing::error!("{name} ended by itself and begins again"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::watch;

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_or_ends_is_begun_again_until_the_signal_to_stop() {
        let (stop, stopped) = watch::channel(false);
        let begun = Arc::new(AtomicU32::new(0));
        let counted = begun.clone();
        keep_running("a made-up task", Duration::ZERO, stopped, move || {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let stop = stop.clone();
            async move {
                match number {
                    0 => panic!("hostile bytes"),
                    1 => {}
                    _ => {
                        stop.send_replace(true);
                    }
                }
            }
        })
        .await;
        assert_eq!(begun.load(Ordering::SeqCst), 3);
    }
}
