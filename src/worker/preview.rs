//! What a source would bring, asked now and stored nowhere.
//!
//! Searches are compared by the names of all they find, without fetching the records; services that cannot say names
//! alone are paged through up to a cap, and the cap is told.

use std::time::Duration;

use super::Worker;
use super::gather::Failure;
use crate::domain::entry::{Entry, Problem};
use crate::domain::identity::{Identifiers, Pmid};
use crate::domain::preview::{Preview, Previewed, Standing};
use crate::domain::source::SourceKind;
use crate::domain::time::UnixMs;
use crate::intake::eutils::Window;
use crate::intake::fetch::{Request, Response};
use crate::intake::services::Question;

/// Titles that are shown.
const FIRST: usize = 20;
/// PubMed gives the names of so many records in one search.
const MOST_LISTED: usize = 9_999;
/// Pages that are read of services which only answer in whole records.
const MOST_PAGES: usize = 20;
/// Nobody waits longer in the query lab.
const LONGEST_ANSWER: Duration = Duration::from_secs(150);

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
    /// Asks as a refresh would, and stores nothing. `days` back, or as far as a new source's first look.
    ///
    /// # Errors
    /// What the source, the parser or the database says.
    pub async fn preview(&self, kind: &SourceKind, days: Option<u32>) -> Result<Preview, NoPreview> {
        match kind {
            SourceKind::Feed { url } => self.preview_feed(url).await,
            SourceKind::Pubmed { query } => Ok(self.preview_pubmed(query, days).await?),
            SourceKind::Europepmc { .. }
            | SourceKind::Trials { .. }
            | SourceKind::Preprints { .. }
            | SourceKind::Crossref { .. } => Ok(self.preview_pages(kind, days).await?),
        }
    }

    /// Answers the oldest question of the query lab. False where there is none.
    pub(super) async fn answer_lab_question(&self) -> bool {
        let question = match self.store.take_lab_question(UnixMs::now()).await {
            Ok(Some(question)) => question,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!("cannot look for questions of the query lab: {error}");
                return false;
            }
        };
        let asked = self.preview(&question.kind, question.days);
        let answer = match tokio::time::timeout(LONGEST_ANSWER, asked).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s; ask for fewer days", LONGEST_ANSWER.as_secs())),
        };
        match self.store.answer_lab(question.id, answer, UnixMs::now()).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!("the query lab's answer could not be stored: {error}");
                false
            }
        }
    }

    async fn preview_feed(&self, url: &str) -> Result<Preview, NoPreview> {
        let response = self.intake.fetcher.get(&Request::new(url)).await.map_err(Failure::from)?;
        let Response::Fetched(fetched) = response else {
            return Err(NoPreview(format!("{url}: 304 without having been asked for it")));
        };
        let now = UnixMs::now();
        let parsed = self
            .parse_body(fetched.body, fetched.content_type, fetched.final_url, Vec::new(), now)
            .await?
            .parsed;
        let total = parsed.entries.len();
        let preview = Preview { format: parsed.format, total, ..Preview::default() };
        Ok(self.compare(preview, parsed.entries, parsed.problems).await?)
    }

    async fn preview_pubmed(&self, query: &str, days: Option<u32>) -> Result<Preview, Failure> {
        let days = days.unwrap_or(self.settings.ncbi.first_window_days);
        let window = Window::last_days(UnixMs::now(), days);
        let format = format!("PubMed search, last {days} days");
        let total = self.intake.eutils.count(query, window).await?;
        if total > MOST_LISTED {
            let cut = format!("PubMed lists no more than {MOST_LISTED} at once; ask for fewer days");
            return Ok(Preview { format, total, cut: Some(cut), ..Preview::default() });
        }
        let history = self.intake.eutils.search(query, window).await?;
        let found: Vec<Pmid> = history.ids();
        let works = found.iter().map(|pmid| {
            let ids = Identifiers { pmid: Some(*pmid), ..Identifiers::default() };
            (ids, None)
        });
        let standings = self.store.standings_of(works.collect(), UnixMs::now()).await?;
        let mut preview = Preview { format, total: history.count, ..Preview::default() };
        preview.count(&standings);
        preview.problems = history.problems;
        if !found.is_empty() {
            let first = self.intake.eutils.fetch_ids(&found[..found.len().min(FIRST)]).await?;
            preview.first = first.entries.iter().map(|entry| previewed(entry, &found, &standings)).collect();
            preview.problems.extend(first.problems);
        }
        Ok(preview)
    }

    async fn preview_pages(&self, kind: &SourceKind, days: Option<u32>) -> Result<Preview, Failure> {
        let now = UnixMs::now();
        let Some(mut look) = self.look(kind, now, |service| days.unwrap_or(service.first_window_days)) else {
            return Ok(Preview::default());
        };
        if let Question::Europepmc { query, window } = look.question {
            look.question = Question::EuropepmcList { query, window };
        }
        let mut walk = self.intake.services.walk(look.question, now);
        let (mut received, mut pages) = (0, 0);
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        let mut has_more = true;
        while has_more && pages < MOST_PAGES {
            match walk.next_page().await? {
                Some(page) => {
                    received += page.keys.len();
                    entries.extend(page.entries);
                    problems.extend(page.problems);
                }
                None => has_more = false,
            }
            pages += 1;
        }
        let total = walk.total().unwrap_or(received);
        let mut preview =
            Preview { format: format!("{}, last {} days", look.service, look.days), ..Preview::default() };
        preview.total = match kind {
            // the server counts all postings, of which the query wants a few
            SourceKind::Preprints { .. } => entries.len(),
            _ => total,
        };
        if received < total {
            preview.cut = Some(format!("the first {received} of {total} records were looked at"));
        }
        self.compare(preview, entries, problems).await
    }

    async fn compare(
        &self,
        mut preview: Preview,
        entries: Vec<Entry>,
        problems: Vec<Problem>,
    ) -> Result<Preview, Failure> {
        let standings = self.store.standings(&entries, UnixMs::now()).await?;
        preview.count(&standings);
        preview.first = entries
            .iter()
            .zip(&standings)
            .take(FIRST)
            .map(|(entry, standing)| Previewed { title: entry.title.to_plain(), standing: *standing })
            .collect();
        preview.problems = problems;
        Ok(preview)
    }
}

fn previewed(entry: &Entry, found: &[Pmid], standings: &[Standing]) -> Previewed {
    let place = entry.ids.pmid.and_then(|pmid| found.iter().position(|found| *found == pmid));
    let standing = place.and_then(|place| standings.get(place)).copied().unwrap_or(Standing::New);
    Previewed { title: entry.title.to_plain(), standing }
}
