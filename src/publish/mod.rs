//! Published news → bytes, pure.
//!
//! Each function takes the society's face ([`crate::domain::news::Site`]) and approved items and gives a whole
//! document. Nothing here reads a clock, a socket or a database, and nothing decides what is public: whoever calls
//! hands over only what is. The same items give the same bytes, so the bytes can be cached and their hash is an ETag.
//!
//! Invariant: untrusted text is escaped by the serialiser that writes it out, once; markup reaches an output only
//! from [`crate::domain::text::RichText`]'s four marks and from the fixed elements written here.

pub mod atom;
pub mod citation;
mod entry;
pub mod feed;
pub mod html;
pub mod json;
pub mod json_feed;
pub mod json_notice;
pub mod notice;
pub mod notice_words;
pub mod opml;
pub mod rss;
pub mod sitemap;
pub mod text;
mod xml;
