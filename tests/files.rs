//! Stories of files: what is imported, what they say of trials, feeds in and out, bodies that are run again.

mod imports;
mod opml;
mod replay;
mod trials;
