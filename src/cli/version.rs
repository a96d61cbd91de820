//! `perfuse version`

use super::say;

/// Arguments of `version`: none.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        say(format_args!("perfuse {}\n", env!("CARGO_PKG_VERSION")))?;
        say(format_args!("SQLite {}\n", crate::store::sqlite_version()))
    }
}
