//! The operator's way in: one file a command.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Catalog, ConfigError, Loaded, Settings};
use crate::worker::schedule::check_schedules;

mod backfill;
pub mod backup;
pub mod check;
pub mod draft;
pub mod fetch;
pub mod import;
mod lines;
pub mod migrate;
mod opml;
pub mod parse;
mod rehearsal;
pub mod relevance;
mod replay;
pub mod restore;
pub mod serve;
pub mod source;
mod table;
pub mod user;
pub mod verify;
pub mod version;
mod volume;
pub mod watch;

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
    /// Run the service: fetch sources, serve the website, the feeds and the editors' desk
    ///
    /// Makes the data folder and the database where there are none. Stops in order on SIGTERM and Ctrl-C.
    Serve(serve::Args),
    /// Fetch sources once and show what came, or walk through the history of one
    Fetch(fetch::Args),
    /// Put the records of files through the same way as fetched ones
    Import(import::Args),
    /// Show sources and how they do, or try one
    Source(source::Args),
    /// Make accounts for the desk, reset and disable them
    User(user::Args),
    /// Write a verified copy of the database, also while the service runs
    Backup(backup::Args),
    /// Put a backup in the place of the database
    Restore(restore::Args),
    /// Bring the database up to date and do nothing else
    Migrate(migrate::Args),
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
    /// Look after what happened to published works: run it now, show how it stands, explain it
    Watch(watch::Args),
    /// Show the versions of the program and of SQLite
    Version(version::Args),
}

/// Linux's number of the signal for a file that reached its size limit.
const SIGXFSZ: i32 = 25;

impl Cli {
    /// Runs the command. Exit codes: 0 done, 1 failed, 2 usage (clap), 78 bad configuration (`main` tells them apart).
    ///
    /// # Errors
    /// Whatever the command could not do, with its causes.
    pub async fn run(self) -> anyhow::Result<()> {
        // a file that reached its size limit is an error that can be told, not the end of the process
        let _ignored = signal(SignalKind::from_raw(SIGXFSZ))?;
        match self.command {
            Command::Serve(args) => args.run(&self.global).await,
            Command::Fetch(args) => args.run(&self.global).await,
            Command::Import(args) => args.run(&self.global).await,
            Command::Source(args) => args.run(&self.global).await,
            Command::User(args) => args.run(&self.global).await,
            Command::Backup(args) => args.run(&self.global).await,
            Command::Restore(args) => args.run(&self.global).await,
            Command::Migrate(args) => args.run(&self.global).await,
            Command::Check(args) => args.run(&self.global).await,
            Command::Parse(args) => args.run(&self.global).await,
            Command::Draft(args) => args.run(&self.global).await,
            Command::Verify(args) => args.run(&self.global).await,
            Command::Relevance(args) => args.run(&self.global).await,
            Command::Watch(args) => args.run(&self.global).await,
            Command::Version(args) => args.run(),
        }
    }
}

/// Prints to standard output. A reader that has seen enough (`perfuse user list | head -1`) is no failure, and no
/// panic as with `println!`.
///
/// # Errors
/// Standard output cannot be written: its disk is full.
fn say(text: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    match std::io::stdout().lock().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::from(error).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error, where there is one that takes it; no panic as with `eprintln!`.
fn complain(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
