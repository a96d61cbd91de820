//! Ranking: the prior, and what is learnt from the desk's own decisions.
//!
//! Nothing is ever hidden by rank; the order is a proposal with its reasons.

mod prior;
mod reason;

pub use prior::prior;
pub use reason::{AGAINST, Reason};
