//! `perfuse backup`: a sound copy of the whole service, also while it runs.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::say;
use crate::app;
use crate::store::Store;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write the copy; `-` is standard output. An existing file is not overwritten
    #[arg(value_name = "FILE")]
    target: PathBuf,
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// There is no database, the target exists or cannot be written.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, _) = global.load_configuration()?;
        let path = app::database_path(&loaded.settings);
        if !path.exists() {
            bail!("there is no database at {}", path.display());
        }
        let store = Store::open(&path).await?;
        if self.target.as_os_str() == "-" {
            return write_to_stdout(&store).await;
        }
        if self.target.exists() {
            bail!("{} exists; a backup overwrites nothing", self.target.display());
        }
        store.backup_to(self.target.clone()).await?;
        let (articles, news) = crate::store::inspect_backup(&self.target)?;
        say(format_args!("{}: {articles} articles, {news} news items, verified.\n", self.target.display()))?;
        Ok(())
    }
}

/// Through a file beside the database: SQLite cannot write a copy to a pipe.
async fn write_to_stdout(store: &Store) -> anyhow::Result<()> {
    let copy = store.path().with_extension(format!("backup-{}", std::process::id()));
    let copied = store.backup_to(copy.clone()).await;
    let streamed = match copied {
        Ok(()) => std::fs::File::open(&copy)
            .and_then(|mut file| std::io::copy(&mut file, &mut std::io::stdout().lock())),
        Err(error) => {
            let _ = std::fs::remove_file(&copy);
            return Err(error.into());
        }
    };
    std::fs::remove_file(&copy).with_context(|| format!("cannot remove {}", copy.display()))?;
    streamed.context("writing to standard output")?;
    Ok(())
}
