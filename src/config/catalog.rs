//! The lists of sources and topics.
