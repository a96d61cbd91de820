//! The program: parse the command line, run the command, print what went wrong with its causes, and say how it ended.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use perfuse::cli::Cli;
use perfuse::config::ConfigError;

/// `EX_CONFIG` of sysexits.h: service managers and scripts can tell it from a failure that may pass.
const BAD_CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            // on the runtime's own threads, where a task that wakes another need not wake a thread
            let ended = runtime.block_on(runtime.spawn(cli.run()));
            let ended =
                ended.unwrap_or_else(|panic| Err(anyhow::Error::from(panic).context("the command failed")));
            // a name that is looked up or a body that is parsed on a thread of its own may take long: nobody waits for it
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(anyhow::Error::from(error).context("cannot start the program's threads")),
    };
    let Err(error) = ended else { return ExitCode::SUCCESS };
    // not eprintln!, which panics where standard error is closed or its disk is full
    let _ = writeln!(std::io::stderr(), "perfuse: {error:#}");
    match error.chain().any(|cause| cause.is::<ConfigError>()) {
        true => ExitCode::from(BAD_CONFIGURATION),
        false => ExitCode::FAILURE,
    }
}
