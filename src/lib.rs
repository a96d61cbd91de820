//! perfuse: research news for clinical societies.
//!
//! The map, in reading order. An article's way through the rooms: [`intake`] turns the outside world into entries,
//! [`curation`] judges them, [`store`] keeps them, the editors decide in [`web`], and [`publish`] turns what they
//! approved into bytes. [`worker`] keeps it going; [`app`] starts and stops everything; [`cli`] is the operator's
//! way in. Who may use whom is in `ARCHITECTURE.md` and held by a test.

pub mod app;
pub mod cli;
pub mod config;
pub mod curation;
pub mod domain;
pub mod intake;
pub mod mail;
pub mod publish;
pub mod store;
pub mod texts;
pub mod web;
pub mod worker;
