//! Services that answer in pages of JSON (Europe PMC and its like): one client and one walk for all of them.
//!
//! Each service has a file that says what to ask and how to read a page; pacing, paging, refusals and the count are
//! here and in `walk`, once. Nothing here knows the database or judges what it read. Invariant: a walk ends whatever
//! the service sends, and what was counted and did not come is named in a problem.

mod client;
mod error;
mod europepmc;
mod json;
mod page;
mod trials;
mod walk;

use std::sync::Arc;

use self::client::Client;
use super::eutils::Window;
use super::fetch::Fetcher;
use crate::domain::time::UnixMs;

pub use error::ServiceError;
pub use page::Page;
pub use trials::TrialSearch;
pub use walk::Walk;

/// What the operator can set of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Where it is, with a trailing slash.
    pub base_url: String,
    /// Records asked for in one page.
    pub page_size: usize,
    /// The pace, in even steps.
    pub requests_per_minute: u32,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A search in Europe PMC's syntax, by the day on which it first indexed a record.
    Europepmc {
        /// The search.
        query: String,
        /// The days.
        window: Window,
    },
    /// Trials in ClinicalTrials.gov, by the day on which they were updated last.
    Trials {
        /// Which ones.
        search: TrialSearch,
        /// The days.
        window: Window,
    },
}

/// The services. Build one for the process: it holds the pace of each.
pub struct Services {
    fetcher: Arc<Fetcher>,
    europepmc: Client,
    trials: Client,
}

/// What the operator can set of each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the services' names")]
pub struct AllSettings {
    pub europepmc: ServiceSettings,
    pub trials: ServiceSettings,
}

impl Services {
    /// Clients that send through `fetcher`.
    pub fn new(fetcher: Arc<Fetcher>, settings: AllSettings) -> Self {
        Self {
            fetcher,
            europepmc: Client::new("Europe PMC", settings.europepmc),
            trials: Client::new("ClinicalTrials.gov", settings.trials),
        }
    }

    /// Begins to ask; the first page is fetched by [`Walk::next_page`]. Nothing in the answer is dated after `now`.
    pub fn walk(&self, question: Question, now: UnixMs) -> Walk<'_> {
        let client = match question {
            Question::Europepmc { .. } => &self.europepmc,
            Question::Trials { .. } => &self.trials,
        };
        Walk::begin(&self.fetcher, client, question, now)
    }
}

impl Question {
    /// The address of a page.
    fn url(&self, client: &Client, place: &walk::Place) -> String {
        match self {
            Self::Europepmc { query, window } => europepmc::url(client.base(), query, *window, place),
            Self::Trials { search, window } => trials::url(client.base(), search, *window, place),
        }
    }

    /// Reads a page.
    fn read(&self, body: &[u8], now: UnixMs) -> Result<Page, page::Refusal> {
        match self {
            Self::Europepmc { .. } => europepmc::read(body, now),
            Self::Trials { .. } => trials::read(body, now),
        }
    }
}
