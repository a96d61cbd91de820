//! Drafts: the abstract's own sentences, each tied to its place.
