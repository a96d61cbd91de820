//! The worker: claims due sources, refreshes them, tidies up.

pub mod backoff;
pub mod schedule;
