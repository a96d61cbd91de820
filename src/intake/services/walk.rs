//! Asking for one page after another until the answer is complete.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;

use super::client::Client;
use super::page::Page;
use super::{Question, ServiceError};
use crate::domain::entry::Problem;
use crate::domain::time::UnixMs;
use crate::intake::fetch::{FetchError, Fetcher};

/// More than this in one answer is no news query.
const MOST_RECORDS: usize = 100_000;

/// Works in a page of a list; services allow 1,000.
const LIST_PAGE_SIZE: usize = 1_000;

/// Where in the answer the next page begins.
#[derive(Debug)]
pub(super) struct Place {
    /// The service's cursor or token; `None` at the beginning.
    pub(super) cursor: Option<String>,
    /// Records received so far, for services that are asked by number.
    pub(super) received: usize,
    /// Records wanted.
    pub(super) page_size: usize,
}

/// An answer on its way. Pages come by [`Walk::next_page`]; at its end [`Walk::reconcile`] says whether all came.
pub struct Walk<'a> {
    fetcher: &'a Fetcher,
    client: &'a Client,
    question: Question,
    now: UnixMs,
    place: Place,
    total: Option<usize>,
    /// Names of the records received, hashed: services repeat records when their lists move under the walk.
    seen: HashSet<u64>,
    ended: bool,
    /// A page that was fetched to learn the count, and not given out yet.
    ahead: Option<Page>,
    unread: Option<(String, Bytes)>,
}

/// Reads a page apart from whoever asked.
pub(super) async fn read_page(
    client: &Client,
    question: &Question,
    body: Bytes,
    now: UnixMs,
) -> Result<Page, ServiceError> {
    let question = question.clone();
    client.read(body, move |body| question.read(body, now)).await
}

impl<'a> Walk<'a> {
    pub(super) fn begin(fetcher: &'a Fetcher, client: &'a Client, question: Question, now: UnixMs) -> Self {
        let page_size = match question {
            // what is counted or listed is short: fewer and longer pages
            Question::EuropepmcList { .. } => client.page_size.max(LIST_PAGE_SIZE),
            _ => client.page_size,
        };
        let place = Place { cursor: None, received: 0, page_size };
        Self {
            fetcher,
            client,
            question,
            now,
            place,
            total: None,
            seen: HashSet::new(),
            ended: false,
            ahead: None,
            unread: None,
        }
    }

    /// Asks for pages of this many records.
    pub(super) fn with_page_size(mut self, page_size: usize) -> Self {
        self.place.page_size = page_size;
        self
    }

    /// Fetches the first page, so that [`Walk::total`] is known before [`Walk::next_page`] gives it out.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn look_ahead(&mut self) -> Result<(), ServiceError> {
        if self.ahead.is_none() {
            self.ahead = self.next_page().await?;
        }
        Ok(())
    }

    /// The next page; `None` after the last. A page that is too long for us is asked for again in smaller portions.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn next_page(&mut self) -> Result<Option<Page>, ServiceError> {
        if let Some(page) = self.ahead.take() {
            return Ok(Some(page));
        }
        if self.ended {
            return Ok(None);
        }
        let body = loop {
            let url = self.question.url(self.client, &self.place);
            match self.client.get(self.fetcher, url).await {
                Err(ServiceError::Fetch { source: FetchError::TooLarge { .. }, .. })
                    if self.place.page_size > 1 =>
                {
                    self.place.page_size /= 2;
                }
                result => break result?,
            }
        };
        let page = match read_page(self.client, &self.question, body.clone(), self.now).await {
            Ok(page) => page,
            Err(error) => {
                if matches!(error, ServiceError::Unreadable { .. }) {
                    self.unread = Some((self.question.url(self.client, &self.place), body));
                }
                return Err(error);
            }
        };
        Ok(Some(self.advance(page)))
    }

    /// The address and body of the page that could not be read, if that is why the walk ended.
    pub fn take_unread(&mut self) -> Option<(String, Bytes)> {
        self.unread.take()
    }

    /// Records that the whole answer has, as the service last said.
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// Whether as many records came as the service counted; the problem says how many did not.
    pub fn reconcile(&self) -> Option<Problem> {
        let (received, service) = (self.seen.len(), self.client.name);
        let total = self.total.filter(|total| *total != received)?;
        let what = if received >= MOST_RECORDS {
            format!("{service} has {total} records; more than {MOST_RECORDS} are not fetched at once")
        } else {
            format!("{service} counts {total} records and sent {received}")
        };
        Some(Problem::new("count", what))
    }

    /// Moves on; decides whether there is more.
    fn advance(&mut self, page: Page) -> Page {
        let mut is_new = false;
        for key in &page.keys {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            is_new |= self.seen.insert(hasher.finish());
        }
        self.place.received += page.keys.len();
        self.total = page.total.or(self.total);
        let has_all = self.total.is_some_and(|total| self.seen.len() >= total);
        // the end is a missing cursor, an echoed one (Europe PMC), an empty page, or one that came before
        let has_cursor = page.next.is_some() && page.next != self.place.cursor;
        let stands_still = !has_cursor && !self.question.is_asked_by_number();
        self.ended = has_all || stands_still || !is_new || self.seen.len() >= MOST_RECORDS;
        self.place.cursor = page.next.clone();
        page
    }
}
