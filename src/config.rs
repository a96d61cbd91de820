//! Settings: defaults, then the operator's file, then the environment; checked at start.
