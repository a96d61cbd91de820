//! `perfuse migrate`: bring the database up to date without starting anything (`serve` does it too).

use super::say;
use crate::app;
use crate::store::Store;

/// Arguments of `migrate`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// The database is newer than this program, not ours, or cannot be written.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, _) = global.load_configuration()?;
        let store = Store::open(&app::database_path(&loaded.settings)).await?;
        say(format_args!("{} is up to date.\n", store.path().display()))?;
        store.close().await;
        Ok(())
    }
}
