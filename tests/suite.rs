//! One integration binary: stories of users, and the invariants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod architecture;
mod corpus;
mod desk;
mod hostile;
mod journeys;
mod judgement;
mod judgement_ranking;
mod outputs;
mod support;
