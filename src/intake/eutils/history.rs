//! A search that lies on the server, and where each of its records is.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::answer::Found;
use super::error::EutilsError;
use super::window::Window;
use crate::domain::entry::Problem;
use crate::domain::identity::Pmid;

/// A search on the server, split where it had to be.
#[derive(Debug, Default)]
pub struct History {
    /// Records found in all.
    pub count: usize,
    /// What PubMed remarked on the query.
    pub problems: Vec<Problem>,
    pub(super) query: String,
    pub(super) parts: Vec<Part>,
}

/// One search of at most 9,999 records.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) window: Window,
    pub(super) count: usize,
    /// In the order of the search; empty where the server did not give all of them.
    pub(super) ids: Vec<Pmid>,
    /// Replaced when the server has forgotten it.
    key: Mutex<HistoryKey>,
}

#[derive(Debug, Clone)]
pub(super) struct HistoryKey {
    pub(super) web_env: String,
    pub(super) query_key: String,
}

impl History {
    /// The found PMIDs in the order of the pages; empty if the server did not list them all.
    pub fn ids(&self) -> Vec<Pmid> {
        let complete = self.parts.iter().all(|part| part.ids.len() == part.count);
        if complete {
            self.parts.iter().flat_map(|part| part.ids.iter().copied()).collect()
        } else {
            Vec::new()
        }
    }

    /// The pieces of the parts that make up the records from `start` on, `length` of them or what is left.
    pub(super) fn slices(&self, start: usize, length: usize) -> Vec<(&Part, Range<usize>)> {
        let end = start.saturating_add(length);
        let mut part_start = 0;
        let mut slices = Vec::new();
        for part in &self.parts {
            let part_end = part_start + part.count;
            let (from, to) = (start.max(part_start), end.min(part_end));
            if from < to {
                slices.push((part, from - part_start..to - part_start));
            }
            part_start = part_end;
        }
        slices
    }
}

impl Part {
    pub(super) fn new(window: Window, found: Found) -> Result<Self, EutilsError> {
        let key = Mutex::new(HistoryKey::read(&found)?);
        let ids = if found.ids.len() == found.count { found.ids } else { Vec::new() };
        Ok(Self { window, count: found.count, ids, key })
    }

    pub(super) fn key(&self) -> HistoryKey {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_key(&self, key: HistoryKey) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

impl HistoryKey {
    pub(super) fn read(found: &Found) -> Result<Self, EutilsError> {
        match (&found.web_env, &found.query_key) {
            (Some(web_env), Some(query_key)) => {
                Ok(Self { web_env: web_env.clone(), query_key: query_key.clone() })
            }
            _ => {
                let what = "a search result without WebEnv and QueryKey".to_owned();
                Err(EutilsError::Unreadable { operation: "esearch", what })
            }
        }
    }
}
