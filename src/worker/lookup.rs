//! One work's record, asked for by what is known of it: for what editors added by hand, and for the papers of preprints.

use chrono::{Days, NaiveDate};

use super::Worker;
use crate::curation::watch::notice_role;
use crate::domain::entry::Entry;
use crate::domain::identity::{Doi, Pmid};
use crate::domain::time::UnixMs;
use crate::intake::eutils::{EutilsError, Window};
use crate::intake::fetch::Retry;
use crate::intake::services::ServiceError;

/// Records that a search may find; more means that it was no search for one work.
const MOST_FOUND: usize = 20;

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("PubMed: {0}")]
    Pubmed(#[from] EutilsError),
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl NoAnswer {
    pub(super) fn retry(&self) -> Retry {
        match self {
            Self::Pubmed(error) => error.retry(),
            Self::Service(error) => error.retry(),
        }
    }

    /// For how long the service asks to be left alone; 0 where it does not.
    pub(super) fn asked_pause_ms(&self) -> i64 {
        match self.retry() {
            Retry::AfterMs(ms) | Retry::SlowHost { after_ms: Some(ms) } => ms,
            _ => 0,
        }
    }

    /// Whether a single record among those that were asked for may be to blame, and not the service.
    pub(super) fn may_blame_one_record(&self) -> bool {
        match self {
            Self::Pubmed(error) => error.may_blame_one_record(),
            Self::Service(error) => error.may_blame_one_record(),
        }
    }
}

impl Worker {
    pub(super) async fn by_pmid(&self, pmid: Pmid) -> Result<Option<Entry>, NoAnswer> {
        let records = self.intake.eutils.fetch_ids(&[pmid]).await?;
        Ok(records.entries.into_iter().find(|entry| entry.ids.pmid == Some(pmid)))
    }

    /// PubMed's record says more than Crossref's, where there is one. A retraction notice may share its paper's DOI: the
    /// paper is meant.
    pub(super) async fn by_doi(&self, doi: &Doi) -> Result<Option<Entry>, NoAnswer> {
        let in_pubmed = self.search_records(&format!("\"{doi}\"[doi]")).await.map(|mut found| {
            found.retain(|entry| entry.ids.doi.as_ref() == Some(doi));
            found.sort_by_key(|entry| notice_role(entry).is_some());
            found.into_iter().next()
        });
        match in_pubmed {
            Ok(Some(entry)) => Ok(Some(entry)),
            not_there => match self.intake.services.look_up(doi, UnixMs::now()).await? {
                Some(entry) => Ok(Some(entry)),
                // Crossref does not know it; whether PubMed does was not said if it failed
                None => not_there,
            },
        }
    }

    /// The few records that a search finds, whenever they were entered; none where it finds many.
    pub(super) async fn search_records(&self, query: &str) -> Result<Vec<Entry>, NoAnswer> {
        let history = self.intake.eutils.search(query, always(UnixMs::now())).await?;
        let ids = history.ids();
        if ids.is_empty() || ids.len() > MOST_FOUND {
            return Ok(Vec::new());
        }
        Ok(self.intake.eutils.fetch_ids(&ids).await?.entries)
    }
}

/// All days on which a record may have been entered.
pub(super) fn always(now: UnixMs) -> Window {
    let tomorrow = now.to_utc().date_naive().checked_add_days(Days::new(1)).unwrap_or_default();
    Window::between(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default(), tomorrow)
}
