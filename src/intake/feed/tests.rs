//! Feeds with each quirk, written in the shapes that publishers use.
