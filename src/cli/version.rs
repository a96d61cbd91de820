//! `perfuse version`

/// Arguments of `version`: none.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Runs it.
    pub fn run(self) {
        println!("perfuse {}", env!("CARGO_PKG_VERSION"));
        println!("SQLite {}", crate::store::sqlite_version());
    }
}
