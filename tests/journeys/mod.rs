//! Stories from end to end.

mod additions;
mod learning;
mod main_job;
mod services;
mod sources;
