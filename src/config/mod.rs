//! Settings: defaults, then the operator's file, then the environment; checked at start.
//!
//! The defaults live only in `config/perfuse.toml`, which is part of the program; nothing here repeats one. Every key
//! has one entry in `rules`, so that every bad value is reported together, by key and origin, before anything runs.
//! [`Catalog`] reads the sources and topics. What editors change in the desk is not here: it lives in the database.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

mod advice;
mod catalog;
mod load;
mod origin;
mod question;
mod raw_source;
mod rules;
mod secret;
mod write;

pub use catalog::{Catalog, SOURCES, TOPICS};
pub use load::{DEFAULTS, Loaded, Shown};
pub use origin::{ConfigError, Origin, Problem};
pub use question::{QUESTION_KINDS, read_question, write_question};
pub use secret::Secret;
pub use write::{check_feed_url, write_feed_source};

/// Every setting. Meanings, units and defaults stand beside each key in `config/perfuse.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder of the database.
    pub data_dir: PathBuf,
    /// Who publishes.
    pub society: Society,
    /// The website, the desk and the feeds.
    pub server: Server,
    /// How sources are fetched.
    pub fetch: Fetch,
    /// PubMed through E-utilities.
    pub ncbi: Ncbi,
    /// Europe PMC.
    pub europepmc: Service,
    /// ClinicalTrials.gov.
    pub trials: Service,
    /// medRxiv and bioRxiv.
    pub preprints: Service,
    /// Crossref.
    pub crossref: Service,
    /// The watch over what was published.
    pub watch: Watch,
    /// When sources are fetched.
    pub worker: Worker,
    /// The editors' desk.
    pub desk: Desk,
    /// Letters to the people at the desk.
    pub mail: Mail,
    /// Wording by a language model.
    pub wording: Wording,
    /// What the public sees.
    pub publish: Publish,
    /// What the program says while it runs.
    pub log: Log,
    /// Where the sources file is.
    pub sources: CatalogFile,
    /// Where the topics file is.
    pub topics: CatalogFile,
}

/// `[society]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Society {
    /// Title of site and feeds, never empty.
    pub name: String,
    /// One line below it; may be empty.
    pub tagline: String,
    /// BCP 47 tag.
    pub language: String,
    /// `#rrggbb`.
    pub accent: String,
    /// http(s) URL.
    #[serde(deserialize_with = "empty_as_none")]
    pub homepage: Option<String>,
    /// Mail address or http(s) URL.
    #[serde(deserialize_with = "empty_as_none")]
    pub contact: Option<String>,
    /// An image file, which exists at the time of the check.
    #[serde(deserialize_with = "empty_as_none")]
    pub logo: Option<PathBuf>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// http(s), no path, no trailing slash; `None` is derived from the listener, see [`Server::public_url_at`].
    #[serde(deserialize_with = "empty_as_none")]
    pub public_url: Option<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// More than these get 503.
    pub max_concurrent_requests: usize,
    /// Opens `/metrics`; unset closes it.
    pub metrics_token: Secret,
}

impl Server {
    /// What outputs call themselves: the setting, else `http://` and the address that the listener is bound to
    /// (`localhost` where it listens everywhere). Never ends in a slash.
    pub fn public_url_at(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            None if bound.ip().is_unspecified() => format!("http://localhost:{}", bound.port()),
            None => format!("http://{bound}"),
        }
    }
}

/// `[fetch]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// Mail address for the `User-Agent`.
    #[serde(deserialize_with = "empty_as_none")]
    pub contact: Option<String>,
    /// Non-public networks that may be fetched from.
    pub allow_networks: Vec<IpNet>,
    /// Fetches at once over all hosts.
    pub parallel: usize,
    /// Fetches at once from one host.
    pub connections_per_host: usize,
    /// Milliseconds between requests to one host.
    pub host_spacing_ms: u64,
    /// Connect, TLS included.
    pub connect_timeout_seconds: u64,
    /// To the first byte.
    pub first_byte_timeout_seconds: u64,
    /// To the last byte, redirects included.
    pub total_timeout_seconds: u64,
    /// After unpacking.
    pub max_body_bytes: usize,
    /// Followed before giving up.
    pub max_redirects: usize,
    /// http(s) URL of a proxy.
    #[serde(deserialize_with = "empty_as_none")]
    pub proxy: Option<String>,
}

/// `[ncbi]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ncbi {
    /// E-utilities, with a trailing slash.
    pub base_url: String,
    /// Raises the pace.
    pub api_key: Secret,
    /// Name sent with each request, no spaces.
    pub tool: String,
    /// Mail address sent with each request; see [`Settings::ncbi_email`].
    #[serde(deserialize_with = "empty_as_none")]
    pub email: Option<String>,
    /// Records in one request.
    pub page_size: usize,
    /// Days each search looks back beyond the last.
    pub overlap_days: u32,
    /// Days the first search looks back.
    pub first_window_days: u32,
}

/// `[watch]`: looking after what happens to works that were published or wait.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Whether the worker watches at all.
    pub enabled: bool,
    /// Whether serious notices wait for an editor before they mark a public item.
    pub approve_first: bool,
    /// How long an item counts as recent.
    pub recent_days: u32,
    /// Between two looks at a recent item.
    pub recent_hours: u32,
    /// Between two looks at an older one.
    pub older_hours: u32,
    /// DOIs in one request to Crossref.
    pub crossref_batch: usize,
}

/// `[europepmc]`, `[trials]`, `[preprints]` and `[crossref]`: a service that answers in pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Where it is, with a trailing slash.
    pub base_url: String,
    /// Records in one request; the preprint servers decide on their own.
    #[serde(default)]
    pub page_size: usize,
    /// The pace.
    pub requests_per_minute: u32,
    /// Days each look reaches back beyond the last.
    pub overlap_days: u32,
    /// Days the first look reaches back.
    pub first_window_days: u32,
}

/// `[worker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Crontab line for sources without their own.
    pub schedule: String,
    /// Zone of all schedules.
    #[serde(deserialize_with = "from_text")]
    pub time_zone: Tz,
    /// Most that a fetch is delayed at random.
    pub jitter_seconds: u64,
    /// How long a source stays claimed.
    pub lease_seconds: u64,
    /// Whether feed entries without abstract or date are looked up at Crossref.
    pub complete_by_doi: bool,
    /// Crontab line of the nightly upkeep.
    pub upkeep_schedule: String,
    /// How long fetches are remembered.
    pub fetch_history_days: u32,
    /// How long the body of a failed parse is kept; 0 keeps none.
    pub failed_body_days: u32,
    /// How much of it.
    pub failed_body_max_bytes: usize,
}

/// `[desk]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Idle expiry of sessions.
    pub session_idle_hours: u32,
    /// Absolute expiry of sessions.
    pub session_days: u32,
    /// Life of one-time links.
    pub link_hours: u32,
    /// In characters.
    pub password_min_length: usize,
    /// Between approval and appearance.
    pub publish_delay_minutes: u32,
    /// Share of five-word runs that the abstract holds too, 1–100, above which the form asks to rephrase.
    pub overlap_percent: u32,
}

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server; `None` for no mail.
    #[serde(deserialize_with = "empty_as_none")]
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Name to sign in with.
    #[serde(deserialize_with = "empty_as_none")]
    pub user: Option<String>,
    /// Password to sign in with.
    pub password: Secret,
    /// The sender's address; set where `host` is.
    #[serde(deserialize_with = "empty_as_none")]
    pub from: Option<String>,
    /// Crontab line of the digest.
    pub digest_schedule: String,
}

impl Mail {
    /// Whether letters can be sent.
    pub fn is_on(&self) -> bool {
        self.host.is_some()
    }
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// Upgraded before anything is said; refused otherwise.
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

/// `[wording]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// An OpenAI-compatible API, with a trailing slash; `None` for none.
    #[serde(deserialize_with = "empty_as_none")]
    pub base_url: Option<String>,
    /// The model's name.
    pub model: String,
    /// Of the service.
    pub api_key: Secret,
    /// For an answer.
    pub timeout_seconds: u64,
    /// Questions on one day (UTC) at most.
    pub daily_budget: u32,
}

/// `[publish]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// Items in each feed.
    pub feed_items: usize,
    /// Items on each page.
    pub page_items: usize,
    /// http(s) URL of a WebSub hub.
    #[serde(deserialize_with = "empty_as_none")]
    pub websub_hub: Option<String>,
    /// Origins that may frame the embed; empty: all.
    pub frame_ancestors: Vec<String>,
    /// Whether an item's public history names editors.
    pub show_editor_names: bool,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or directives as `tracing_subscriber::EnvFilter` reads them.
    pub level: String,
    /// For people or machines.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[sources]` and `[topics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogFile {
    /// `None` is the list that is built in.
    #[serde(deserialize_with = "empty_as_none")]
    pub file: Option<PathBuf>,
}

impl Settings {
    /// The mail address that NCBI is told: `ncbi.email`, else `fetch.contact`.
    pub fn ncbi_email(&self) -> Option<&str> {
        self.ncbi.email.as_deref().or(self.fetch.contact.as_deref())
    }
}

fn empty_as_none<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
