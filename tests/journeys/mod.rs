//! Stories from end to end.

mod learning;
mod main_job;
mod services;
mod sources;
mod watch;
