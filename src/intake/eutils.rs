//! PubMed's E-utilities (NLM, "A General Introduction to the E-utilities"): esearch, then efetch.
//!
//! Searches by entry date, splits what is too much for one search, and compares what was asked for with what came.
//! It does not read records (`pubmed` does) and does not judge them. Invariant: a record that was found and not
//! received is named in a problem, and the API key is in no message.

mod answer;
mod error;
mod history;
mod window;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::answer::{Found, Refusal, find_refusal, read_found};
use self::history::{HistoryKey, Part};
use super::apart::parse_apart;
use super::fetch::{FetchError, Fetcher, Request, Response};
use super::pubmed;
use crate::domain::entry::{Parsed, Problem};
use crate::domain::identity::Pmid;
pub use error::EutilsError;
pub use history::History;
pub use window::Window;

/// PubMed gives out the first 9,999 records of a search ("'retstart' cannot be larger than 9998").
const SEARCH_LIMIT: usize = 9_999;
/// More than this in all windows together is no news query.
const TOTAL_LIMIT: usize = 500_000;
/// NLM asks for POST above 200 ids; long queries need it too.
const MOST_IDS_IN_URL: usize = 200;
const LONGEST_QUERY_STRING: usize = 4_000;
/// How often a call is repeated after "API rate limit exceeded".
const RATE_LIMIT_RETRIES: u32 = 2;

/// What the operator can set.
#[derive(Debug, Clone, PartialEq)]
pub struct EutilsSettings {
    /// Where the service is, `https://eutils.ncbi.nlm.nih.gov/entrez/eutils/`.
    pub base_url: String,
    /// An NCBI API key, which allows 10 requests a second.
    pub api_key: Option<String>,
    /// Who we are, without spaces.
    pub tool: String,
    /// Whom NLM may write to; empty sends none, which NLM discourages.
    pub email: String,
    /// Records in one efetch.
    pub page_size: usize,
    /// `None`: 2.7 without a key, 9 with one, because NLM's 3 and 10 are counted strictly.
    pub requests_per_second: Option<f64>,
    /// Before repeating a call that met the rate limit.
    pub rate_limit_pause: Duration,
}

impl Default for EutilsSettings {
    fn default() -> Self {
        Self {
            base_url: "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/".to_owned(),
            api_key: None,
            tool: "perfuse".to_owned(),
            email: String::new(),
            page_size: 200,
            requests_per_second: None,
            rate_limit_pause: Duration::from_secs(2),
        }
    }
}

/// The client. Build one for the process: it holds the one pacing bucket.
pub struct Eutils {
    fetcher: Arc<Fetcher>,
    settings: EutilsSettings,
    next_call_at: Mutex<Instant>,
}

type Form = Vec<(&'static str, String)>;

impl Eutils {
    /// A client that sends through `fetcher`.
    pub fn new(fetcher: Arc<Fetcher>, settings: EutilsSettings) -> Self {
        Self { fetcher, settings, next_call_at: Mutex::new(Instant::now()) }
    }

    /// Records in one page.
    pub fn page_size(&self) -> usize {
        self.settings.page_size.max(1)
    }

    /// How many records a query has in a window.
    ///
    /// # Errors
    /// See [`EutilsError`].
    pub async fn count(&self, query: &str, window: Window) -> Result<usize, EutilsError> {
        let mut form = search_form(query, window);
        form.push(("retmax", "0".to_owned()));
        Ok(self.esearch(query, form).await?.count)
    }

    /// Searches and leaves the result on the server for [`Eutils::fetch_page`]. A window with too many records is
    /// halved until none has.
    ///
    /// # Errors
    /// See [`EutilsError`]; among them a single day with too many records.
    pub async fn search(&self, query: &str, window: Window) -> Result<History, EutilsError> {
        let mut history =
            History { count: 0, problems: Vec::new(), query: query.to_owned(), parts: Vec::new() };
        let mut waiting = vec![window];
        while let Some(window) = waiting.pop() {
            let found = self.search_window(query, window).await?;
            for remark in &found.remarks {
                let problem = Problem::new("query", remark);
                if !history.problems.contains(&problem) && !remark.starts_with("No items found") {
                    history.problems.push(problem);
                }
            }
            if found.count > TOTAL_LIMIT {
                let query = query.to_owned();
                return Err(EutilsError::TooBroad { query, count: found.count, limit: TOTAL_LIMIT });
            }
            if found.count > SEARCH_LIMIT {
                let Some((early, late)) = window.halves() else {
                    let (query, day) = (query.to_owned(), window.from_on().to_string());
                    return Err(EutilsError::TooManyInOneDay {
                        query,
                        day,
                        count: found.count,
                        limit: SEARCH_LIMIT,
                    });
                };
                waiting.extend([early, late]);
            } else if found.count > 0 {
                history.count += found.count;
                history.parts.push(Part::new(window, found)?);
            }
        }
        Ok(history)
    }

    /// The records from `start` (0-based) on, [`Eutils::page_size`] of them or what is left. A search that the
    /// server has forgotten is repeated; records that do not come are asked for once more by number, then named in
    /// a problem.
    ///
    /// # Errors
    /// See [`EutilsError`].
    pub async fn fetch_page(&self, history: &History, start: usize) -> Result<Parsed, EutilsError> {
        let mut page = Parsed::default();
        for (part, range) in history.slices(start, self.page_size()) {
            let expected = part.ids.get(range.clone()).filter(|_| part.ids.len() == part.count);
            let parsed = match self.fetch_slice(&history.query, part, range.clone()).await {
                // a page of very long records: the same ones in smaller portions
                Err(EutilsError::Fetch { source: FetchError::TooLarge { .. }, .. }) if expected.is_some() => {
                    Parsed::default()
                }
                result => result?,
            };
            match expected {
                Some(ids) => merge(&mut page, self.complete(parsed, ids).await?),
                None => {
                    let received = parsed.entries.len() + parsed.problems.len();
                    merge(&mut page, parsed);
                    if received < range.len() {
                        let what = format!("PubMed sent {received} of the {} records asked for", range.len());
                        let place = format!("records {} to {}", start + 1, start + range.len());
                        page.problems.push(Problem::new(place, what));
                    }
                }
            }
        }
        Ok(page)
    }

    /// Records by number, in portions of [`Eutils::page_size`]. Those that do not come are asked for once more, then
    /// named in a problem.
    ///
    /// # Errors
    /// See [`EutilsError`].
    pub async fn fetch_ids(&self, ids: &[Pmid]) -> Result<Parsed, EutilsError> {
        let mut merged = Parsed::default();
        for portion in ids.chunks(self.page_size()) {
            let parsed = self.fetch_portion(portion).await?;
            merge(&mut merged, self.complete(parsed, portion).await?);
        }
        Ok(merged)
    }

    async fn fetch_slice(
        &self,
        query: &str,
        part: &Part,
        range: Range<usize>,
    ) -> Result<Parsed, EutilsError> {
        match self.efetch(history_form(&part.key(), &range)).await {
            Err(EutilsError::HistoryExpired { .. }) => {
                let found = self.search_window(query, part.window).await?;
                part.set_key(HistoryKey::read(&found)?);
                self.efetch(history_form(&part.key(), &range)).await
            }
            result => result,
        }
    }

    /// Asks once more for what is missing of `expected`, and names what is missing still.
    async fn complete(&self, mut parsed: Parsed, expected: &[Pmid]) -> Result<Parsed, EutilsError> {
        let missing = list_missing(&parsed, expected);
        if missing.is_empty() {
            return Ok(parsed);
        }
        merge(&mut parsed, self.fetch_portion(&missing).await?);
        let missing = list_missing(&parsed, expected);
        if !missing.is_empty() {
            let pmids: Vec<String> = missing.iter().map(ToString::to_string).collect();
            parsed.problems.push(Problem::new(format!("PMID {}", pmids.join(", ")), NO_RECORD));
        }
        Ok(parsed)
    }

    /// Records by number in one call, or in more where one answer would be too long.
    async fn fetch_portion(&self, ids: &[Pmid]) -> Result<Parsed, EutilsError> {
        let mut merged = Parsed::default();
        let mut waiting = vec![ids];
        while let Some(ids) = waiting.pop() {
            if ids.is_empty() {
                continue;
            }
            match self.efetch(ids_form(ids)).await {
                Err(EutilsError::Fetch { source: FetchError::TooLarge { .. }, .. }) if ids.len() > 1 => {
                    let (first, second) = ids.split_at(ids.len() / 2);
                    waiting.extend([second, first]);
                }
                result => merge(&mut merged, result?),
            }
        }
        Ok(merged)
    }

    async fn search_window(&self, query: &str, window: Window) -> Result<Found, EutilsError> {
        let mut form = search_form(query, window);
        form.push(("usehistory", "y".to_owned()));
        form.push(("retmax", SEARCH_LIMIT.to_string()));
        self.esearch(query, form).await
    }

    async fn esearch(&self, query: &str, form: Form) -> Result<Found, EutilsError> {
        let body = self.call("esearch", query, form).await?;
        let found = parse_apart(move || read_found(&body)).await;
        let found = found.unwrap_or_else(|what| Err(Refusal::Unreadable(what)));
        found.map_err(|refusal| self.name_refusal("esearch", query, refusal))
    }

    async fn efetch(&self, form: Form) -> Result<Parsed, EutilsError> {
        let body = self.call("efetch", "", form).await?;
        let operation = "efetch";
        let parsed = parse_apart(move || pubmed::parse(&body)).await;
        let parsed = parsed.map_err(|what| EutilsError::Unreadable { operation, what })?;
        parsed.map_err(|source| EutilsError::Records { operation, source })
    }

    /// One call, repeated after a pause while the rate limit is in the way.
    async fn call(
        &self,
        operation: &'static str,
        query: &str,
        mut form: Form,
    ) -> Result<bytes::Bytes, EutilsError> {
        form.push(("db", "pubmed".to_owned()));
        form.push(("retmode", "xml".to_owned()));
        form.push(("tool", self.settings.tool.clone()));
        form.push(("email", self.settings.email.clone()));
        form.push(("api_key", self.settings.api_key.clone().unwrap_or_default()));
        form.retain(|(_, value)| !value.is_empty());
        let mut retries_left = RATE_LIMIT_RETRIES;
        loop {
            self.wait_for_turn().await;
            let body = self.send(operation, &form).await?;
            match find_refusal(&body) {
                None => return Ok(body),
                Some(Refusal::RateLimited(_)) if retries_left > 0 => {
                    retries_left -= 1;
                    tokio::time::sleep(self.settings.rate_limit_pause).await;
                }
                Some(refusal) => return Err(self.name_refusal(operation, query, refusal)),
            }
        }
    }

    async fn send(&self, operation: &'static str, form: &Form) -> Result<bytes::Bytes, EutilsError> {
        let base = self.settings.base_url.trim_end_matches('/');
        let mut request = Request::new(format!("{base}/{operation}.fcgi"));
        request.own_pacing = true;
        request.hide_query = true;
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let query_string = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let ids = pairs.iter().find(|(name, _)| *name == "id").map_or(0, |(_, ids)| ids.split(',').count());
        let response = if ids > MOST_IDS_IN_URL || query_string.len() > LONGEST_QUERY_STRING {
            self.fetcher.post_form(&request, &pairs).await
        } else {
            request.url = format!("{}?{query_string}", request.url);
            self.fetcher.get(&request).await
        };
        match response.map_err(|source| EutilsError::Fetch { operation, source })? {
            Response::Fetched(fetched) => Ok(fetched.body),
            Response::NotModified { .. } => Ok(bytes::Bytes::new()),
        }
    }

    /// One bucket for all calls of the process: each reserves the next free moment.
    async fn wait_for_turn(&self) {
        let without_key = self.settings.api_key.as_deref().unwrap_or_default().is_empty();
        let per_second = self.settings.requests_per_second.unwrap_or(if without_key { 2.7 } else { 9.0 });
        let gap = Duration::from_secs_f64(1.0 / per_second.clamp(0.01, 1_000_000.0));
        let turn_at = {
            let mut next_call_at = self.next_call_at.lock().unwrap_or_else(PoisonError::into_inner);
            let turn_at = (*next_call_at).max(Instant::now());
            *next_call_at = turn_at + gap;
            turn_at
        };
        tokio::time::sleep_until(turn_at).await;
    }

    fn name_refusal(&self, operation: &'static str, query: &str, refusal: Refusal) -> EutilsError {
        let key = self.settings.api_key.as_deref().filter(|key| !key.is_empty());
        EutilsError::from_refusal(operation, query, refusal, |said| match key {
            Some(key) => said.replace(key, "(the API key)"),
            None => said.to_owned(),
        })
    }
}

fn search_form(query: &str, window: Window) -> Form {
    vec![
        ("term", query.to_owned()),
        ("datetype", "edat".to_owned()),
        ("mindate", window.min_date()),
        ("maxdate", window.max_date()),
    ]
}

fn history_form(key: &HistoryKey, range: &Range<usize>) -> Form {
    vec![
        ("WebEnv", key.web_env.clone()),
        ("query_key", key.query_key.clone()),
        ("retstart", range.start.to_string()),
        ("retmax", range.len().to_string()),
    ]
}

fn ids_form(ids: &[Pmid]) -> Form {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    vec![("id", ids.join(","))]
}

/// Adds records to others, each number once.
fn merge(into: &mut Parsed, more: Parsed) {
    let known: HashSet<Pmid> = into.entries.iter().filter_map(|entry| entry.ids.pmid).collect();
    into.entries.extend(
        more.entries.into_iter().filter(|entry| entry.ids.pmid.is_none_or(|it| !known.contains(&it))),
    );
    into.deleted.extend(more.deleted);
    for problem in more.problems {
        if !into.problems.contains(&problem) {
            into.problems.push(problem);
        }
    }
    if into.format.is_empty() {
        into.format = more.format;
    }
}

/// What is wrong with a number that PubMed sent nothing about.
const NO_RECORD: &str = "PubMed sent no record for this number, asked twice (unknown, deleted or merged)";

/// Why it cannot be said that PubMed has no record of `pmid` although none was read: its record came and was
/// unreadable, or the answer was not whole. `None` if PubMed sent nothing about it.
pub fn why_unread(answer: &Parsed, pmid: Pmid) -> Option<&str> {
    let unread = answer.problems.iter().filter(|problem| problem.what != NO_RECORD);
    let mut unread = unread.filter(|problem| match named(problem).as_slice() {
        [] => true,
        named => named.contains(&pmid),
    });
    unread.next().map(|problem| problem.what.as_str())
}

/// The numbers that a problem names: "record 17 (PMID 123)".
fn named(problem: &Problem) -> Vec<Pmid> {
    let words = problem.place.split(|character: char| !character.is_ascii_alphanumeric());
    let mut words = words.filter(|word| !word.is_empty()).peekable();
    let mut named = Vec::new();
    while let Some(word) = words.next() {
        if word == "PMID" {
            named.extend(words.peek().and_then(|number| Pmid::parse(number)));
        }
    }
    named
}

/// What was asked for and is neither a record nor named in a problem.
fn list_missing(parsed: &Parsed, expected: &[Pmid]) -> Vec<Pmid> {
    let mut answered: HashSet<Pmid> = parsed.entries.iter().filter_map(|entry| entry.ids.pmid).collect();
    answered.extend(parsed.problems.iter().flat_map(named));
    expected.iter().copied().filter(|pmid| answered.insert(*pmid)).collect()
}
