//! `perfuse import`

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// Not there yet.
    pub async fn run(self, _global: &super::Global) -> anyhow::Result<()> {
        anyhow::bail!("not there yet")
    }
}
