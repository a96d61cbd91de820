//! Ranking: the prior, and what is learnt from the desk's own decisions.
//!
//! Once a work: [`prior()`] and [`features()`] (keep both). After each decision: [`Model::fit`] over all decisions, then
//! [`Model::with_arrivals`]. For the queue: [`Model::rank`] (score and reasons) or [`Model::score`] alone, then [`lift()`]. Invariants: nothing is ever hidden
//! by rank; the same decisions give the same model, bit for bit; the model is derived data.

mod explain;
mod features;
mod lift;
mod model;
mod prior;
mod reason;
mod solver;
mod typical;

pub use features::{BadFeatures, FEATURES_VERSION, Features, features};
pub use lift::{MissRate, Place, lift, miss_rate};
pub use model::{Decision, Model, Verdict};
pub use prior::prior;
pub(super) use prior::weigh_signs;
pub use reason::{AGAINST, Reason};
