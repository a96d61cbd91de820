//! One integration binary: stories of users, and the invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod architecture;
mod commands;
mod configuration;
mod corpus;
mod desk;
mod faults;
mod files;
mod hostile;
mod identity;
mod journeys;
mod judgement;
mod judgement_ranking;
mod mail;
mod outputs;
mod public;
mod schedule;
mod starter_lists;
mod store;
mod store_notices;
mod store_search;
mod support;
mod watch_corpus;
