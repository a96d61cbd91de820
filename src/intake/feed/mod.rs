//! Feeds in any of the usual formats → entries.
