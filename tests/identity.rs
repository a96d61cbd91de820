//! One work, many sightings: what merges, what is only suggested, what an editor merges and parts again, and how a
//! preprint and its paper share one permalink.

mod desk;
mod formats;
mod generator;
mod measure;
mod merging;
mod notices;
mod parting;
mod suggestions;
mod versions;
mod world;
