//! The program: parse the command line, run the command, print what went wrong with its causes, and say how it ended.

use std::process::ExitCode;

use clap::Parser;
use perfuse::cli::Cli;
use perfuse::config::ConfigError;

/// `EX_CONFIG` of sysexits.h: service managers and scripts can tell it from a failure that may pass.
const BAD_CONFIGURATION: u8 = 78;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perfuse: {error:#}");
            match error.chain().any(|cause| cause.is::<ConfigError>()) {
                true => ExitCode::from(BAD_CONFIGURATION),
                false => ExitCode::FAILURE,
            }
        }
    }
}
