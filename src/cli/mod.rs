//! The operator's way in: one file a command.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Catalog, ConfigError, Loaded, Settings};
use crate::worker::schedule::check_schedules;

pub mod check;
pub mod draft;
mod lines;
pub mod parse;
pub mod relevance;
pub mod verify;

/// Research news for clinical societies.
#[derive(Debug, Parser)]
#[command(name = "perfuse", version, arg_required_else_help = true)]
pub struct Cli {
    /// What every command shares.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Configuration file; without it, the defaults and PERFUSE__… variables count
    #[arg(long, global = true, value_name = "FILE", env = "PERFUSE_CONFIG")]
    pub config: Option<PathBuf>,
}

impl Global {
    /// Reads settings, sources and topics, and checks them all.
    ///
    /// # Errors
    /// A [`ConfigError`], which ends the program with exit code 78.
    pub fn load_configuration(&self) -> Result<(Loaded, Catalog), ConfigError> {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let env = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        let loaded = Settings::load(self.config.as_deref(), env)?;
        let catalog = Catalog::load(&loaded.settings)?;
        ConfigError::unless_empty(check_schedules(&loaded, &catalog))?;
        Ok((loaded, catalog))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the configuration; print what is in force, where it came from, and when each source is due
    ///
    /// Reads settings, sources and topics as `serve` would, and starts nothing. Secrets are shown only as set or not.
    /// Everything wrong is listed at once, each with its key and where it stands; the exit code is then 78.
    Check(check::Args),
    /// Show what a feed or record file holds
    Parse(parse::Args),
    /// Draft summaries from abstracts, each sentence tied to its place
    Draft(draft::Args),
    /// Check summaries against their abstracts
    Verify(verify::Args),
    /// Measure and explain the ranking
    Relevance(relevance::Args),
}

impl Cli {
    /// Runs the command. Exit codes: 0 done, 1 failed, 2 usage (clap), 78 bad configuration (`main` tells them apart).
    ///
    /// # Errors
    /// Whatever the command could not do, with its causes.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Check(args) => args.run(&self.global).await,
            Command::Parse(args) => args.run(&self.global).await,
            Command::Draft(args) => args.run(&self.global).await,
            Command::Verify(args) => args.run(&self.global).await,
            Command::Relevance(args) => args.run(&self.global).await,
        }
    }
}
