//! The operator's way in: one file a command.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

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
    /// The configuration file; without it only the defaults and PERFUSE__… variables count
    #[arg(long, global = true, value_name = "FILE", env = "PERFUSE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the configuration and print the effective one
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
