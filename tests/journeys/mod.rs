//! Stories from end to end.

mod main_job;
mod services;
