//! Ranking: the prior, and what is learnt from decisions.
