//! `perfuse serve`

use std::fmt::Write as _;
use std::io::IsTerminal;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Base, Role, Running};
use crate::config::{LogFormat, Settings};
use crate::domain::time::UnixMs;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only fetch sources; no website, no desk
    #[arg(long, conflicts_with = "web_only")]
    worker_only: bool,
    /// Only website and desk; another process fetches
    #[arg(long)]
    web_only: bool,
}

impl Args {
    /// Runs until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// The configuration, the database, a port in use, another `serve` on the same data.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, catalog) = global.load_configuration()?;
        start_logging(&loaded.settings);
        let role = match (self.worker_only, self.web_only) {
            (true, _) => Role::Worker,
            (_, true) => Role::Web,
            _ => Role::Both,
        };
        for note in &loaded.notes {
            tracing::warn!("{note}");
        }
        // before the database takes over this configuration's sources
        app::refuse_while_running(&loaded.settings.data_dir, role)?;
        let base = Base::open(loaded.settings, catalog).await?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut running = app::start(base.clone(), role).await?;
        say_where_to_look(&base, &running, global).await?;
        let asked = tokio::select! {
            _ = terminate.recv() => { tracing::info!("stopping: asked to terminate"); true }
            _ = interrupt.recv() => { tracing::info!("stopping: interrupted"); true }
            () = running.ended() => false,
        };
        tokio::select! {
            () = running.stop() => {}
            _ = interrupt.recv() => anyhow::bail!("interrupted again; stopped at once"),
        }
        anyhow::ensure!(asked, "a part of the service ended by itself; the log says why");
        let _ = super::say(format_args!("Stopped.\n"));
        Ok(())
    }
}

/// Log lines go to standard error.
fn start_logging(settings: &Settings) {
    // five lines at each start that say nothing happened
    let filter = format!("refinery_core=warn,{}", settings.log.level);
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // told on standard error as well, and with a panic where that is what fails: a full disk must not end the service
        .log_internal_errors(false)
        .with_target(false);
    // a second start in one process (tests) keeps the first one's
    let _ = match settings.log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

async fn say_where_to_look(base: &Base, running: &Running, global: &super::Global) -> anyhow::Result<()> {
    let mut said = String::new();
    writeln!(said, "perfuse {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(said, "  database  {}", base.store.path().display())?;
    if let Some(bound) = running.address {
        let url = base.site(bound).public_url;
        writeln!(said, "  website   {url}/")?;
        writeln!(said, "  desk      {url}/desk")?;
        writeln!(said, "  feeds     {url}/feeds/news.rss")?;
    }
    let sources = base.catalog.sources.iter().filter(|source| source.enabled).count();
    let next = base.store.next_due(UnixMs::now()).await?.map(|at| match at.since_ms(UnixMs::now()) {
        ..=0 => "fetching now".to_owned(),
        _ => format!("next fetch {}", at.to_rfc3339()),
    });
    writeln!(said, "  sources   {sources}, {}", next.unwrap_or_else(|| "all at rest".into()))?;
    if base.store.editors().await?.iter().all(|editor| editor.disabled) {
        writeln!(said, "\nThere is no editor yet. Make the first one in another terminal:")?;
        writeln!(said, "  {} user add YOU@EXAMPLE.ORG --role admin", own_command(global)?)?;
    }
    writeln!(said, "\nStop with Ctrl-C.")?;
    // a service whose standard output takes nothing goes on
    let _ = super::say(format_args!("{said}"));
    Ok(())
}

/// How this program was called, for commands that can be copied.
fn own_command(global: &super::Global) -> anyhow::Result<String> {
    let program = std::env::args().next().context("no program name")?;
    Ok(match &global.config {
        Some(path) => format!("{program} --config {}", path.display()),
        None => program,
    })
}
