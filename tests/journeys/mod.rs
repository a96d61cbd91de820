//! Stories from end to end.

mod additions;
mod backfill;
mod learning;
mod main_job;
mod services;
mod sources;
mod watch;
mod watch_faults;
mod watch_load;
mod watch_seen;
