//! Opens the store, builds the clients, starts worker and web, and stops them in order.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::config::{Catalog, Service, Settings};
use crate::curation::topics::TopicRules;
use crate::domain::news::Site;
use crate::domain::source::TopicScope;
use crate::domain::time::UnixMs;
use crate::intake::eutils::{Eutils, EutilsSettings};
use crate::intake::fetch::{FetchSettings, Fetcher};
use crate::intake::services::{AllSettings, ServiceSettings, Services};
use crate::intake::wording::{WordingService, WordingSettings};
use crate::store::Store;
use crate::web::{self, AppState, Clock};
use crate::worker::{Intake, Worker};

/// Name of the database in `data_dir`.
pub const DATABASE: &str = "perfuse.db";

/// Which halves of the service a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Both.
    Both,
    /// Only the worker.
    Worker,
    /// Only website and desk.
    Web,
}

impl Role {
    fn works(self) -> bool {
        self != Self::Web
    }

    fn serves(self) -> bool {
        self != Self::Worker
    }
}

/// The database and what was built from the configuration around it.
#[derive(Clone)]
pub struct Base {
    /// The settings in force.
    pub settings: Arc<Settings>,
    /// Sources and topics.
    pub catalog: Arc<Catalog>,
    /// The database.
    pub store: Store,
    bell: Arc<Notify>,
}

impl Base {
    /// Opens the database and takes over the configured sources.
    ///
    /// # Errors
    /// The database's; the message names the file.
    pub async fn open(settings: Settings, catalog: Catalog) -> anyhow::Result<Self> {
        let store = Store::open(&database_path(&settings)).await?;
        let fresh = store.sync_sources(catalog.sources.clone(), UnixMs::now()).await?;
        if fresh > 0 {
            tracing::info!("{fresh} new sources");
        }
        Ok(Self {
            settings: Arc::new(settings),
            catalog: Arc::new(catalog),
            store,
            bell: Arc::new(Notify::new()),
        })
    }

    /// Makes the worker look at once what is due.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// The rules for topics and ranks.
    ///
    /// # Errors
    /// The topics cannot be compiled.
    pub fn topic_rules(&self) -> anyhow::Result<Arc<TopicRules>> {
        Ok(Arc::new(TopicRules::compile(&self.catalog.topics)?))
    }

    /// A worker on this database.
    ///
    /// # Errors
    /// The HTTP client cannot start.
    pub fn worker(&self) -> anyhow::Result<Worker> {
        let fetcher = Arc::new(Fetcher::new(fetch_settings(&self.settings)?)?);
        let eutils = Arc::new(Eutils::new(fetcher.clone(), eutils_settings(&self.settings)));
        let services = Services::new(fetcher.clone(), all_settings(&self.settings));
        let wording = wording_settings(&self.settings)
            .map(|settings| {
                WordingService::new(fetch_settings(&self.settings)?, &settings).map_err(anyhow::Error::from)
            })
            .transpose()?
            .map(Arc::new);
        let intake = Intake { fetcher, eutils, services: Arc::new(services), wording };
        let rules = self.topic_rules()?;
        Ok(Worker::new(self.store.clone(), intake, rules, self.settings.clone(), self.bell.clone()))
    }

    /// The society's face, for a website that is reached at `bound` unless the settings say otherwise.
    pub fn site(&self, bound: SocketAddr) -> Site {
        let society = &self.settings.society;
        Site {
            title: society.name.clone(),
            description: society.tagline.clone(),
            public_url: self.settings.server.public_url_at(bound),
            language: society.language.clone(),
            contact: society.contact.clone().unwrap_or_default(),
            accent: society.accent.clone(),
            topics: self
                .catalog
                .topics
                .iter()
                .filter(|topic| topic.scope != TopicScope::Field)
                .map(|topic| (topic.name.clone(), topic.title.clone()))
                .collect(),
        }
    }
}

/// Work in flight has this long to end after the signal to stop; with the next one, below 10 s.
const STOP_TIMEOUT: Duration = Duration::from_millis(8_500);
/// Folding the write-ahead log into the database may take this long.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A running service.
pub struct Running {
    /// Where the website listens; `None` for a worker alone.
    pub address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    store: Store,
    _locks: Vec<File>,
}

/// Starts what `role` says. The listener is bound and the database open when this returns.
///
/// # Errors
/// Another process already does this on the same data folder, the port is in use, or the database's.
pub async fn start(base: Base, role: Role) -> anyhow::Result<Running> {
    let locks = claim_roles(&base.settings.data_dir, role)?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut address = None;
    if role.serves() {
        let listen = base.settings.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen} (server.listen); is the port in use?"))?;
        let bound = listener.local_addr()?;
        let state = AppState::new(
            base.store.clone(),
            base.settings.clone(),
            Arc::new(base.site(bound)),
            Clock::system(),
            base.bell.clone(),
        )?
        .with_rules(base.topic_rules()?);
        let (router, stopped) = (web::router(state), stopped.clone());
        tasks.spawn(async move {
            if let Err(error) = web::server::serve(listener, router, stopped).await {
                tracing::error!("the website stopped: {error}");
            }
        });
        address = Some(bound);
    }
    if role.works() {
        let worker = base.worker()?;
        tasks.spawn(worker.run(stopped));
    }
    Ok(Running { address, stop, tasks, store: base.store, _locks: locks })
}

impl Running {
    /// Stops accepting, lets work in flight finish or gives it back, and closes the database: within 10 s.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!("some work did not finish in time; its leases run out by themselves");
        }
        if tokio::time::timeout(CLOSE_TIMEOUT, self.store.close()).await.is_err() {
            tracing::warn!("the database is busy; its write-ahead log stays beside it");
        }
    }

    /// Waits until a part ends by itself, which it should not.
    pub async fn ended(&mut self) {
        let _ = self.tasks.join_next().await;
    }
}

/// The database file of a configuration.
pub fn database_path(settings: &Settings) -> PathBuf {
    settings.data_dir.join(DATABASE)
}

/// Says so if another process runs `role`, before anything in its database is touched.
///
/// # Errors
/// Which process runs.
pub fn refuse_while_running(data_dir: &Path, role: Role) -> anyhow::Result<()> {
    claim_roles(data_dir, role).map(drop)
}

/// One process a role and data folder: the lock ends with what is returned and with the process, however it ends.
///
/// # Errors
/// Which process runs, or the folder cannot be written.
pub fn claim_roles(data_dir: &Path, role: Role) -> anyhow::Result<Vec<File>> {
    std::fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let names = [(role.works(), "worker"), (role.serves(), "web")];
    names.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| claim_role(data_dir, name)).collect()
}

fn claim_role(data_dir: &Path, name: &str) -> anyhow::Result<File> {
    use std::io::{Seek, Write};

    let path = data_dir.join(format!("{name}.lock"));
    let failed = || format!("cannot lock {}", path.display());
    let mut file =
        File::options().create(true).truncate(false).write(true).open(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            let holder = holder.trim();
            let holder = if holder.is_empty() { String::new() } else { format!(" (process {holder})") };
            bail!(
                "another perfuse{holder} already runs the {name} on {}; stop it first, or give this one its own data_dir",
                data_dir.display()
            );
        }
        Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
    }
    file.set_len(0).and_then(|()| file.rewind()).with_context(failed)?;
    writeln!(file, "{}", std::process::id()).with_context(failed)?;
    Ok(file)
}

fn fetch_settings(settings: &Settings) -> anyhow::Result<FetchSettings> {
    let fetch = &settings.fetch;
    let proxy = fetch.proxy.as_deref().map(url::Url::parse).transpose().context("fetch.proxy")?;
    Ok(FetchSettings {
        public_url: settings.server.public_url.clone(),
        contact: fetch.contact.clone(),
        allow_networks: fetch.allow_networks.clone(),
        connect_timeout: Duration::from_secs(fetch.connect_timeout_seconds),
        first_byte_timeout: Duration::from_secs(fetch.first_byte_timeout_seconds),
        total_timeout: Duration::from_secs(fetch.total_timeout_seconds),
        max_redirects: fetch.max_redirects,
        max_body_bytes: fetch.max_body_bytes,
        connections_per_host: fetch.connections_per_host,
        host_spacing: Duration::from_millis(fetch.host_spacing_ms),
        host_jitter: Duration::from_millis(fetch.host_spacing_ms / 2),
        proxy,
        ..FetchSettings::default()
    })
}

/// The language model's endpoint, where one is configured.
fn wording_settings(settings: &Settings) -> Option<WordingSettings> {
    let wording = &settings.wording;
    Some(WordingSettings {
        base_url: wording.base_url.clone()?,
        model: wording.model.clone(),
        timeout: Duration::from_secs(wording.timeout_seconds),
    })
}

fn all_settings(settings: &Settings) -> AllSettings {
    AllSettings {
        europepmc: service_settings(&settings.europepmc),
        trials: service_settings(&settings.trials),
        preprints: service_settings(&settings.preprints),
        crossref: ServiceSettings {
            contact: settings.fetch.contact.clone(),
            ..service_settings(&settings.crossref)
        },
    }
}

fn service_settings(service: &Service) -> ServiceSettings {
    ServiceSettings {
        base_url: service.base_url.clone(),
        page_size: service.page_size,
        requests_per_minute: service.requests_per_minute,
        contact: None,
    }
}

fn eutils_settings(settings: &Settings) -> EutilsSettings {
    let ncbi = &settings.ncbi;
    EutilsSettings {
        base_url: ncbi.base_url.clone(),
        api_key: ncbi.api_key.expose().map(str::to_owned),
        tool: ncbi.tool.clone(),
        email: settings.ncbi_email().unwrap_or_default().to_owned(),
        page_size: ncbi.page_size,
        ..EutilsSettings::default()
    }
}
