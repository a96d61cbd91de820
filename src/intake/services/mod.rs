//! Services that answer in pages of JSON (Europe PMC and its like): one client and one walk for all of them.
//!
//! Each service has a file that says what to ask and how to read a page; pacing, paging, refusals and the count are
//! here and in `walk`, once. Nothing here knows the database or judges what it read. Invariant: a walk ends whatever
//! the service sends, and what was counted and did not come is named in a problem.

mod client;
mod crossref;
mod error;
mod europepmc;
mod jats;
mod json;
mod page;
mod preprints;
mod run_on;
mod trials;
mod walk;

use std::sync::Arc;

use bytes::Bytes;

use self::client::Client;
use super::eutils::Window;
use super::fetch::{FetchError, Fetcher};
use crate::domain::entry::Entry;
use crate::domain::identity::Doi;
use crate::domain::source::PreprintServer;
use crate::domain::time::UnixMs;
use crate::domain::watch::Posting;
use crate::domain::words::WordQuery;

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
    /// Whom the service may write to, where it asks for that.
    pub contact: Option<String>,
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
    /// The same without abstracts: what there is, not what it says.
    EuropepmcList {
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
    /// A preprint server's postings of some days, of which those are kept that the query finds.
    Preprints {
        /// Which server.
        server: PreprintServer,
        /// What is kept.
        query: WordQuery,
        /// The days.
        window: Window,
    },
    /// Works of journals, by the day on which they were registered at Crossref.
    Crossref {
        /// Any of these.
        issns: Vec<String>,
        /// The days.
        window: Window,
    },
}

/// The services. Build one for the process: it holds the pace of each.
pub struct Services {
    fetcher: Arc<Fetcher>,
    europepmc: Client,
    trials: Client,
    preprints: Client,
    crossref: Client,
}

/// What the operator can set of each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the services' names")]
pub struct AllSettings {
    pub europepmc: ServiceSettings,
    pub trials: ServiceSettings,
    pub preprints: ServiceSettings,
    pub crossref: ServiceSettings,
}

impl Services {
    /// Clients that send through `fetcher`.
    pub fn new(fetcher: Arc<Fetcher>, settings: AllSettings) -> Self {
        Self {
            fetcher,
            europepmc: Client::new("Europe PMC", settings.europepmc),
            trials: Client::new("ClinicalTrials.gov", settings.trials),
            preprints: Client::new("the preprint servers' API", settings.preprints),
            crossref: Client::new("Crossref", settings.crossref),
        }
    }

    /// Begins to ask; the first page is fetched by [`Walk::next_page`]. Nothing in the answer is dated after `now`.
    pub fn walk(&self, question: Question, now: UnixMs) -> Walk<'_> {
        Walk::begin(&self.fetcher, self.client(&question), question, now)
    }

    /// Reads a page that came earlier, as if it came now.
    ///
    /// # Errors
    /// It still cannot be read.
    pub async fn read_page(
        &self,
        question: &Question,
        body: Bytes,
        now: UnixMs,
    ) -> Result<Page, ServiceError> {
        walk::read_page(self.client(question), question, body, now).await
    }

    fn client(&self, question: &Question) -> &Client {
        match question {
            Question::Europepmc { .. } | Question::EuropepmcList { .. } => &self.europepmc,
            Question::Trials { .. } => &self.trials,
            Question::Preprints { .. } => &self.preprints,
            Question::Crossref { .. } => &self.crossref,
        }
    }

    /// How many records a question has, by asking for a page of one; `None` where the service does not say.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn count(&self, question: Question, now: UnixMs) -> Result<Option<usize>, ServiceError> {
        let mut walk = self.walk(question, now).with_page_size(1);
        walk.next_page().await?;
        Ok(walk.total())
    }
}

/// Whether the beginning of a file is that of a saved answer of Europe PMC, ClinicalTrials.gov or Crossref.
pub fn is_saved_answer(head: &str) -> bool {
    saved_by(head).is_some()
}

/// Reads a saved answer: its format and the page.
///
/// # Errors
/// It is none, or one that only holds an error.
pub fn read_saved(body: &[u8], now: UnixMs) -> Result<(&'static str, Page), ServiceError> {
    let head = String::from_utf8_lossy(&body[..body.len().min(SAVED_HEAD)]);
    let service = "a saved answer";
    let unknown =
        || ServiceError::Unreadable { service, what: "of no service that is known here".to_owned() };
    let (format, read) = saved_by(&head).ok_or_else(unknown)?;
    let page = read(body, now).map_err(|refusal| match refusal {
        page::Refusal::Said(said) => ServiceError::Refused { service: format, said },
        page::Refusal::Unreadable(what) => ServiceError::Unreadable { service: format, what },
    })?;
    Ok((format, page))
}

/// Bytes of a saved answer by which it is known.
const SAVED_HEAD: usize = 4096;

type Read = fn(&[u8], UnixMs) -> Result<Page, page::Refusal>;

fn saved_by(head: &str) -> Option<(&'static str, Read)> {
    let has = |key: &str| head.contains(key);
    if has("\"resultList\"") || has("\"hitCount\"") {
        Some(("Europe PMC JSON", europepmc::read))
    } else if has("\"protocolSection\"") {
        Some(("ClinicalTrials.gov JSON", trials::read))
    } else if has("\"message-type\"") || (has("\"message\"") && has("\"DOI\"")) {
        Some(("Crossref JSON", crossref::read))
    } else {
        None
    }
}

impl Services {
    /// What Crossref knows of one work; `None` if it does not know it, or nothing that can be used.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn look_up(&self, doi: &Doi, now: UnixMs) -> Result<Option<Entry>, ServiceError> {
        let client = &self.crossref;
        let url = crossref::work_url(client.base(), client.contact.as_deref(), doi);
        match client.get(&self.fetcher, url).await {
            Ok(body) => {
                let page = client.read(body, move |body| crossref::read(body, now)).await?;
                Ok(page.entries.into_iter().find(|entry| entry.ids.doi.as_ref() == Some(doi)))
            }
            Err(ServiceError::Fetch { source: FetchError::Status { status: 404, .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Services {
    /// The works that Crossref can be asked about in one request each: all together, but for those whose DOI holds a
    /// comma, which ends a filter.
    pub fn group_dois(dois: Vec<Doi>) -> Vec<Vec<Doi>> {
        let (alone, together): (Vec<Doi>, Vec<Doi>) =
            dois.into_iter().partition(|doi| doi.as_str().contains(','));
        let groups = std::iter::once(together).chain(alone.into_iter().map(|doi| vec![doi]));
        groups.filter(|group| !group.is_empty()).collect()
    }

    /// What Crossref has registered of a group of works ([`Services::group_dois`]): number, title and links. Works that
    /// it does not know are left out.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn look_up_group(&self, dois: &[Doi]) -> Result<Vec<Entry>, ServiceError> {
        let client = &self.crossref;
        let contact = client.contact.as_deref();
        let url = match dois {
            [doi] if doi.as_str().contains(',') => crossref::work_url(client.base(), contact, doi),
            _ => crossref::works_url(client.base(), contact, dois),
        };
        match client.get(&self.fetcher, url).await {
            Ok(body) => client.read(body, crossref::read_registered).await,
            // it does not know the one; a list is never 404
            Err(ServiceError::Fetch { source: FetchError::Status { status: 404, .. }, .. })
                if dois.len() == 1 =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// All versions of a preprint that its server has; none, if it does not know it.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn preprint_versions(
        &self,
        server: PreprintServer,
        doi: &Doi,
    ) -> Result<Vec<Posting>, ServiceError> {
        let client = &self.preprints;
        let body = client.get(&self.fetcher, preprints::versions_url(client.base(), server, doi)).await?;
        client.read(body, preprints::read_versions).await
    }
}

impl Question {
    /// The same question about other days.
    pub fn within(self, window: Window) -> Self {
        match self {
            Self::Europepmc { query, .. } => Self::Europepmc { query, window },
            Self::EuropepmcList { query, .. } => Self::EuropepmcList { query, window },
            Self::Trials { search, .. } => Self::Trials { search, window },
            Self::Preprints { server, query, .. } => Self::Preprints { server, query, window },
            Self::Crossref { issns, .. } => Self::Crossref { issns, window },
        }
    }

    /// The address of a page.
    fn url(&self, client: &Client, place: &walk::Place) -> String {
        match self {
            Self::Europepmc { query, window } => europepmc::url(client.base(), query, *window, "core", place),
            Self::EuropepmcList { query, window } => {
                europepmc::url(client.base(), query, *window, "lite", place)
            }
            Self::Crossref { issns, window } => {
                crossref::url(client.base(), client.contact.as_deref(), issns, *window, place)
            }
            Self::Preprints { server, window, .. } => preprints::url(client.base(), *server, *window, place),
            Self::Trials { search, window } => trials::url(client.base(), search, *window, place),
        }
    }

    /// Reads a page.
    fn read(&self, body: &[u8], now: UnixMs) -> Result<Page, page::Refusal> {
        match self {
            Self::Europepmc { .. } | Self::EuropepmcList { .. } => europepmc::read(body, now),
            Self::Trials { .. } => trials::read(body, now),
            Self::Crossref { .. } => crossref::read(body, now),
            Self::Preprints { server, query, .. } => preprints::read(body, *server, query, now),
        }
    }

    /// Whether the next page is asked for by number, so that no cursor comes.
    fn is_asked_by_number(&self) -> bool {
        matches!(self, Self::Preprints { .. })
    }
}
