//! Cleaning what sources wrote: markup, names, dates, addresses, identifiers.
//!
//! Pure text in, domain values out; nothing here knows feeds or records. Whatever goes in, nothing panics, the work
//! is linear in the (capped) input, and what comes out holds no markup but the four marks of
//! [`RichText`](crate::domain::text::RichText).

mod dates;
mod html;
mod ids;
mod links;
mod markup;
mod math;
mod names;

pub use dates::{Stamp, read_date};
pub use html::{Block, blocks, sections, split_label};
pub use ids::{find_doi, find_ncts, find_pmid, identify, is_preprint_doi, read_issn};
pub use links::{canonical_link, resolve_link};
pub use markup::{cap_plain, looks_like_html, mend_controls, rich_text, unescape};
pub use math::{MathError, flatten_math};
pub use names::{read_name, read_names};

/// What one field may hold (design: trust, "Limits that are decided"), in bytes.
pub mod caps {
    /// A field of HTML, before it is parsed.
    pub const HTML: usize = 16 * 1024;
    /// How deep its elements may nest.
    pub const NESTING: usize = 64;
    /// A feed's title.
    pub const TITLE: usize = 1024;
    /// An address.
    pub const LINK: usize = 2048;
    /// One author.
    pub const AUTHOR: usize = 512;
    /// A source's own key.
    pub const KEY: usize = 512;
    /// A journal, a keyword, a language: any other short text.
    pub const WORD: usize = 512;
    /// Authors of one entry. The largest real author lists hold some 3,000.
    pub const AUTHORS: usize = 10_000;
    /// Keywords, MeSH terms, publication types or trials of one entry.
    pub const WORDS: usize = 500;
}
