//! All SQL, behind verbs. One SQLite file; one connection writes, a few read, each on a thread of its own.
//!
//! No rusqlite type leaves this room. A verb that changes something is one `BEGIN IMMEDIATE` transaction and returns
//! after it is on disk (`synchronous=FULL`): what was acknowledged survives kill -9 and power loss.

mod absorb;
mod additions;
mod article_index;
mod articles;
mod audit;
mod backfills;
mod backup;
mod columns;
mod configured;
mod coverage;
mod decisions;
mod desk;
mod error;
mod history;
mod lab;
mod last_bodies;
mod learning;
mod mail;
mod matching;
mod merge;
mod news;
mod news_archive;
mod news_search;
mod notice_lists;
mod notice_moves;
mod notice_rows;
mod notices;
mod open;
mod pairs;
mod papers;
mod people;
mod queue;
mod record;
mod refresh;
mod replay;
mod rows;
mod search;
mod sessions;
mod source_page;
mod sources;
mod upkeep;
mod versions;
mod watch;
mod watch_status;
mod wordings;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rusqlite::{Connection, Transaction};

pub use additions::{Added, Addition, AdditionState, Lookup, NewItem, Wanted};
pub use audit::{AuditPlace, AuditQuery, AuditRow};
pub use backfills::SliceDone;
pub use backup::{inspect_backup, restore_backup};
pub use coverage::{CountDue, CountOutcome, Counted, Filled};
pub use decisions::{DecideError, Decided, DecisionRequest, Wish};
pub use desk::Note;
pub use error::StoreError;
pub use history::{HistoryRow, MergedText};
pub use lab::LabQuestion;
pub use learning::{Lesson, Rank, TopicAgreement};
pub use mail::{ClaimedLetter, LetterRow, MailWishes};
pub use merge::MergeRequest;
pub use news::{NewsPlace, NewsQuery};
pub use news_archive::{FeedOf, NoticePlace};
pub use news_search::SearchOrder;
pub use notice_lists::WaitingNotice;
pub use notices::{NoticeError, Noticed};
pub use pairs::Suggestion;
pub use people::{LinkPurpose, LinkUse, PersonError};
pub use queue::{Marked, QueueCounts, QueueFilter, QueueOrder, Why};
pub use record::{Judged, Judgement, Mark, Recorded};
pub use refresh::{Refresh, RefreshResult};
pub use replay::KeptBody;
pub use search::Found;
pub use sessions::{SessionRow, SignedIn};
pub use source_page::{CHART_WEEKS, FailedBody, SourceWeek};
pub use sources::{DueSource, FetchRow, SourceState};
pub use upkeep::Pruned;
pub use watch::{Look, Looked, Watched};
pub use watch_status::WatchCounts;
pub use wordings::{Proposal, Wording, WordingRecord};

use writer::{Hurry, Writer};

/// How many connections read beside the one that writes.
const READERS: usize = 3;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    readers: Vec<tokio_rusqlite::Connection>,
    next_reader: AtomicUsize,
    writes: AtomicU64,
}

impl Store {
    /// Opens `path`, making the file where there is none, and applies the migrations. Safe with other processes
    /// doing the same at once.
    ///
    /// # Errors
    /// The file is not ours, newer than this program, read-only, damaged, or on a full disk; the message names it.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let started = |source| StoreError::Open { path: path.clone(), source };
            let writer =
                Writer::start(open::open_writer(&path)?, article_index::index_new).map_err(started)?;
            let readers: Result<Vec<Connection>, StoreError> =
                (0..READERS).map(|_| open::open_reader(&path)).collect();
            Ok::<_, StoreError>((path, writer, readers?))
        });
        let (path, writer, readers) = opened.await.map_err(|_| StoreError::Closed)??;
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                writer,
                readers: readers.into_iter().map(Into::into).collect(),
                next_reader: AtomicUsize::new(0),
                writes: AtomicU64::new(0),
            }),
        })
    }

    /// Counts this process's transactions: who keeps copies looks again when it moved. Other processes' are not in it.
    pub fn writes(&self) -> u64 {
        self.inner.writes.load(Ordering::Acquire)
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `query` on one of the reading connections.
    async fn read<T, F>(&self, doing: &'static str, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let index = self.inner.next_reader.fetch_add(1, Ordering::Relaxed) % self.inner.readers.len();
        let result = self.inner.readers[index].call(move |connection| query(connection)).await;
        result.map_err(|error| StoreError::from_call(doing, &self.inner.path, error))
    }

    /// Makes `change` in a transaction on the writing connection, perhaps with others that wait for the disk; an error
    /// takes all of it back, and nothing of the others.
    async fn write<T, F>(&self, doing: &'static str, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_in(Hurry::AtOnce, doing, change).await
    }

    /// [`Store::write`] in a hurry or in none.
    async fn write_in<T, F>(&self, hurry: Hurry, doing: &'static str, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let result = self.inner.writer.change(hurry, change).await;
        self.inner.writes.fetch_add(1, Ordering::Release);
        result.map_err(|fault| StoreError::from_write(doing, &self.inner.path, fault))
    }

    /// Whether the file can be read and written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read("asking the database", |db| db.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    /// Folds the write-ahead log into the file, as the last act of an orderly stop.
    pub async fn close(&self) {
        let checkpoint =
            self.inner.writer.alone(|db| db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")).await;
        let checkpoint =
            checkpoint.map_err(|fault| StoreError::from_write("closing", &self.inner.path, fault));
        if let Err(error) = checkpoint {
            tracing::warn!("the write-ahead log stays beside the database: {error}");
        }
    }
}

/// The version of the bundled SQLite.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
