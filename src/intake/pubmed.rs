//! pubmed
