//! Parsing apart from whoever waits for it: on a thread where a hostile body may take its time, with a deadline, and
//! with a parser's panic caught quietly. feed-rs and its XML reader panic on some inputs, and a hostile feed must not be
//! able to fill the log with back-traces. Invariant: whatever the bytes are, the task that asked goes on.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::time::Duration;

/// A body is parsed within this time or given up; the caps on bytes and entries keep honest ones far below.
const DEADLINE: Duration = Duration::from_secs(20);

thread_local! {
    /// Set while this thread runs a guarded call; other threads keep their panic messages.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `parse` on a thread of its own; a panic and a passed deadline become a sentence.
///
/// # Errors
/// What went wrong with the parser. What `parse` itself says of the bytes is in its value.
pub async fn parse_apart<T: Send + 'static>(parse: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    parse_within(DEADLINE, parse).await
}

async fn parse_within<T: Send + 'static>(
    deadline: Duration,
    parse: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let parsing = tokio::task::spawn_blocking(move || catch_panic(parse));
    match tokio::time::timeout(deadline, parsing).await {
        Ok(Ok(Ok(parsed))) => Ok(parsed),
        Ok(Ok(Err(panic))) => Err(format!("the parser failed: {panic}")),
        Ok(Err(error)) => Err(format!("the parser failed: {error}")),
        Err(_) => Err(format!("parsing took longer than {} s", deadline.as_secs())),
    }
}

/// Runs `work`; a panic inside becomes its message and prints nothing.
pub(in crate::intake) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.with(Cell::get) {
                previous(info);
            }
        }));
    });
    let outer = GUARDED.with(|guarded| guarded.replace(true));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.with(|guarded| guarded.set(outer));
    outcome.map_err(|payload| message_of(payload.as_ref()))
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        assert_eq!(catch_panic(|| -> u8 { panic!("at byte {}", 5) }), Err("at byte 5".to_owned()));
        assert!(!GUARDED.with(Cell::get));
    }

    #[tokio::test]
    async fn a_parser_that_panics_leaves_the_task_that_asked_alive() {
        assert_eq!(parse_apart(|| 7).await, Ok(7));
        let failed = parse_apart(|| -> u8 { panic!("at byte {}", 5) }).await;
        assert_eq!(failed, Err("the parser failed: at byte 5".to_owned()));
    }

    #[tokio::test]
    async fn a_parser_that_does_not_end_is_given_up() {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let asked = parse_within(Duration::ZERO, move || stopped.recv().is_ok());
        assert_eq!(asked.await, Err("parsing took longer than 0 s".to_owned()));
        drop(stop);
    }
}
