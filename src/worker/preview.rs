//! What a source would bring, asked now and stored nowhere.

use super::Worker;
use super::gather::{Failure, PARSE_TIMEOUT};
use crate::domain::entry::{Parsed, Problem};
use crate::domain::source::{Source, SourceKind};
use crate::domain::time::UnixMs;
use crate::intake::eutils::Window;
use crate::intake::feed;
use crate::intake::fetch::{Request, Response};

/// What a source would bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// "RSS 2.0", "PubMed search, last 30 days", …
    pub format: String,
    /// Entries in all.
    pub total: usize,
    /// Of those looked at, works that we have.
    pub known: usize,
    /// Titles of the entries looked at: all of a feed, the first page of a search.
    pub titles: Vec<String>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}

/// Why there is no preview, in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoPreview(String);

impl From<Failure> for NoPreview {
    fn from(failure: Failure) -> Self {
        Self(failure.message)
    }
}

impl Worker {
    /// Asks `source` as a refresh would, and stores nothing.
    ///
    /// # Errors
    /// What the source, the parser or the database says.
    pub async fn preview(&self, source: &Source) -> Result<Preview, NoPreview> {
        let (total, parsed) = match &source.kind {
            SourceKind::Feed { url } => {
                let parsed = self.preview_feed(url).await?;
                (parsed.entries.len(), parsed)
            }
            SourceKind::Pubmed { query } => self.preview_search(query).await?,
            kind @ (SourceKind::Europepmc { .. }
            | SourceKind::Trials { .. }
            | SourceKind::Preprints { .. }
            | SourceKind::Crossref { .. }) => self.preview_pages(kind).await?,
        };
        let titles = parsed.entries.iter().map(|entry| entry.title.to_plain()).collect();
        let known = self.store.count_known(parsed.entries).await.map_err(Failure::from)?;
        Ok(Preview { format: parsed.format, total, known, titles, problems: parsed.problems })
    }

    async fn preview_feed(&self, url: &str) -> Result<Parsed, NoPreview> {
        let response = self.intake.fetcher.get(&Request::new(url)).await.map_err(Failure::from)?;
        let Response::Fetched(fetched) = response else {
            return Err(NoPreview(format!("{url}: 304 without having been asked for it")));
        };
        let now = UnixMs::now();
        let parsing = tokio::task::spawn_blocking(move || {
            let url = Some(fetched.final_url.as_str());
            feed::parse(&fetched.body, fetched.content_type.as_deref(), url, now)
        });
        match tokio::time::timeout(PARSE_TIMEOUT, parsing).await {
            Ok(Ok(parsed)) => parsed.map_err(|error| NoPreview(format!("{url}: {error}"))),
            Ok(Err(error)) => Err(NoPreview(format!("{url}: the parser failed: {error}"))),
            Err(_) => Err(NoPreview(format!("{url}: parsing took too long"))),
        }
    }

    async fn preview_search(&self, query: &str) -> Result<(usize, Parsed), NoPreview> {
        let days = self.settings.ncbi.first_window_days;
        let window = Window::last_days(UnixMs::now(), days);
        let history = self.intake.eutils.search(query, window).await.map_err(Failure::from)?;
        let mut page = match history.count {
            0 => Parsed::default(),
            _ => self.intake.eutils.fetch_page(&history, 0).await.map_err(Failure::from)?,
        };
        page.format = format!("PubMed search, last {days} days");
        page.problems.extend(history.problems.iter().cloned());
        Ok((history.count, page))
    }
}
