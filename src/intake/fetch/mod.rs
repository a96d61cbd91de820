//! One polite request.
