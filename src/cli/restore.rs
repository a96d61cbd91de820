//! `perfuse restore`: a backup becomes the database.

use std::path::PathBuf;

use super::say;
use crate::app;

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file that `backup` wrote; it is verified first
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    force: bool,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// The backup is not sound, a database is there without `--force`, or a `serve` runs on it.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, _) = global.load_configuration()?;
        let _claimed = app::claim_roles(&loaded.settings.data_dir, app::Role::Both)?;
        let target = app::database_path(&loaded.settings);
        let restoring = target.clone();
        let restored = tokio::task::spawn_blocking(move || {
            crate::store::restore_backup(&self.backup, &restoring, self.force)
        });
        let (articles, news) = restored.await??;
        say(format_args!("{}: restored {articles} articles and {news} news items.\n", target.display()))?;
        Ok(())
    }
}
