//! Checks of a summary against its abstract.
