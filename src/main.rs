//! The program: parse the command line, run the command, print what went wrong with its causes, and say how it ended.

use std::process::ExitCode;

use clap::Parser;
use perfuse::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perfuse: {error:#}");
            ExitCode::FAILURE
        }
    }
}
