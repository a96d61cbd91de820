//! What a feed's last whole body showed, by marks of its bytes. A body or an item whose bytes are the same says the same:
//! it is neither parsed nor compared. What still waits for something (a record, a look-up) is left out, so that it
//! is looked at again.

use super::time::UnixMs;

/// A feed's last whole body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastBody {
    /// Mark of the body; `None` where the same body is to be read again.
    pub body: Option<i64>,
    /// The feed's wish for the next fetch, in minutes.
    pub ttl_minutes: Option<u64>,
    /// When "last seen" of its entries was last moved.
    pub touched_at: UnixMs,
    /// Mark of an item's bytes, and the source's own key of its entry.
    pub entries: Vec<(i64, String)>,
}
