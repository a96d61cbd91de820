//! eutils
