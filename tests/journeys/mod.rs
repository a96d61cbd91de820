//! Stories from end to end.

mod backfill;
mod learning;
mod main_job;
mod services;
mod sources;
