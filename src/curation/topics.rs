//! Topics and study types by rules.
