//! The one connection that writes, on a thread of its own. Changes that wait for it are put on disk together.
//!
//! Every change is whole or not at all: beside others it stands in a savepoint of its own, so that its error takes back
//! nothing but itself; and its caller hears of it only after the transaction that holds it is on disk. What a person
//! waits for never waits for company; outcomes of fetches do, for some milliseconds.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};
use tokio::sync::oneshot;

/// More changes are not put in one transaction: other processes get their turn at the file.
const MOST_TOGETHER: usize = 64;
/// A change that is in no hurry waits so long for others.
const PATIENCE: Duration = Duration::from_millis(5);

/// What belongs to every transaction, once for all the changes in it.
pub(super) type Finish = fn(&Connection) -> rusqlite::Result<()>;

/// The way to the thread that writes; the thread ends when this is dropped.
pub(super) struct Writer {
    jobs: Sender<Job>,
}

/// Why a change was not made.
pub(super) enum WriteFault {
    /// The thread is gone.
    Gone,
    Sqlite(rusqlite::Error),
}

/// Whether a change waits for others to go on disk with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hurry {
    /// Somebody waits.
    AtOnce,
    /// Some milliseconds do not matter.
    Patient,
}

enum Job {
    /// Goes into a transaction, perhaps with others.
    Change(Box<dyn Change>, Hurry),
    /// Is no change, and stands in no transaction.
    Alone(Box<dyn FnOnce(&Connection) + Send>),
}

trait Change: Send {
    /// Makes it. The error is a copy: the caller is told its own.
    fn make(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()>;
    /// Tells the caller, once it is known whether the transaction is on disk.
    fn tell(self: Box<Self>, ended: rusqlite::Result<()>);
}

struct Pending<T, F> {
    change: Option<F>,
    result: Option<rusqlite::Result<T>>,
    teller: oneshot::Sender<rusqlite::Result<T>>,
}

impl<T, F> Change for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn make(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.result = self.change.take().map(|change| change(transaction));
        match &self.result {
            Some(Err(error)) => Err(copy(error)),
            _ => Ok(()),
        }
    }

    fn tell(self: Box<Self>, ended: rusqlite::Result<()>) {
        let result = match (self.result, ended) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            // its turn did not come
            (None, Ok(())) => Err(rusqlite::Error::InvalidQuery),
        };
        // nobody may listen any more; it is done all the same
        let _ = self.teller.send(result);
    }
}

impl Writer {
    /// Gives the connection to a thread. `finish` is done in each transaction before it is put on disk.
    pub(super) fn start(connection: Connection, finish: Finish) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        thread::Builder::new().name("writer".into()).spawn(move || work(connection, &waiting, finish))?;
        Ok(Self { jobs })
    }

    /// Makes a change, and returns when it is on disk. An error takes it back.
    pub(super) async fn change<T, F>(&self, hurry: Hurry, change: F) -> Result<T, WriteFault>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (teller, told) = oneshot::channel();
        let change = Box::new(Pending { change: Some(change), result: None, teller });
        self.jobs.send(Job::Change(change, hurry)).map_err(|_| WriteFault::Gone)?;
        told.await.map_err(|_| WriteFault::Gone)?.map_err(WriteFault::Sqlite)
    }

    /// Does something outside any transaction.
    pub(super) async fn alone<T, F>(&self, act: F) -> Result<T, WriteFault>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (teller, told) = oneshot::channel();
        let act = Box::new(move |connection: &Connection| drop(teller.send(act(connection))));
        self.jobs.send(Job::Alone(act)).map_err(|_| WriteFault::Gone)?;
        told.await.map_err(|_| WriteFault::Gone)?.map_err(WriteFault::Sqlite)
    }
}

fn work(mut connection: Connection, waiting: &Receiver<Job>, finish: Finish) {
    let mut next = waiting.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Alone(act) => act(&connection),
            Job::Change(first, hurry) => {
                let mut changes = vec![first];
                next = gather(waiting, &mut changes, hurry);
                let ended = make_together(&mut connection, &mut changes, finish);
                for change in changes {
                    change.tell(match &ended {
                        Ok(()) => Ok(()),
                        Err(error) => Err(copy(error)),
                    });
                }
            }
        }
        next = next.or_else(|| waiting.recv().ok());
    }
}

/// Adds what else waits; gives the job that is no change and ended this.
fn gather(waiting: &Receiver<Job>, changes: &mut Vec<Box<dyn Change>>, hurry: Hurry) -> Option<Job> {
    let mut until = (hurry == Hurry::Patient).then(|| Instant::now() + PATIENCE);
    while changes.len() < MOST_TOGETHER {
        let left = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        match waiting.recv_timeout(left) {
            Ok(Job::Change(change, hurry)) => {
                changes.push(change);
                until = until.filter(|_| hurry == Hurry::Patient);
            }
            Ok(alone) => return Some(alone),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

/// Makes the changes in one transaction; the error is that of all of them.
fn make_together(
    connection: &mut Connection,
    changes: &mut [Box<dyn Change>],
    finish: Finish,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let [only] = changes {
        only.make(&transaction)?;
        finish(&transaction)?;
        return transaction.commit();
    }
    for change in changes {
        transaction.prepare_cached("SAVEPOINT change")?.execute([])?;
        if let Err(error) = change.make(&transaction) {
            // a full disk ends the whole transaction by itself: then there is nothing to go back to
            transaction.prepare_cached("ROLLBACK TO change")?.execute([]).map_err(|_| error)?;
        }
        transaction.prepare_cached("RELEASE change")?.execute([])?;
    }
    finish(&transaction)?;
    transaction.commit()
}

/// The same error for another caller.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            rusqlite::Error::SqliteFailure(*failure, message.clone())
        }
        other => rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ERROR), Some(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("x.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (v INTEGER UNIQUE)").unwrap();
        (folder, connection)
    }

    fn insert(value: i64) -> impl FnOnce(&Transaction<'_>) -> rusqlite::Result<i64> {
        move |db| {
            db.execute("INSERT INTO t VALUES (?1)", [value])?;
            Ok(value)
        }
    }

    /// Holds the thread until what was begun after this is waiting.
    fn hold(writer: &Writer) -> Sender<()> {
        let (let_go, held) = channel::<()>();
        writer
            .jobs
            .send(Job::Alone(Box::new(move |_| {
                let _ = held.recv();
            })))
            .ok()
            .unwrap();
        let_go
    }

    #[tokio::test]
    async fn changes_that_wait_are_one_transaction_and_a_bad_one_takes_back_only_itself() {
        let (_folder, connection) = database();
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&commits);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.commit_hook(Some(count)).unwrap();
        let writer = Writer::start(connection, |_| Ok(())).unwrap();
        let let_go = hold(&writer);
        let bad = writer.change(Hurry::AtOnce, |db| {
            db.execute("INSERT INTO t VALUES (7)", [])?;
            db.execute("INSERT INTO t VALUES (1)", [])
        });
        let after = async {
            tokio::task::yield_now().await;
            let_go.send(()).unwrap();
        };
        let (one, bad, two, ()) = tokio::join!(
            writer.change(Hurry::AtOnce, insert(1)),
            bad,
            writer.change(Hurry::AtOnce, insert(2)),
            after
        );
        assert!(matches!((one, two), (Ok(1), Ok(2))));
        let Err(WriteFault::Sqlite(error)) = bad else { panic!("it was stored twice") };
        assert!(error.to_string().contains("UNIQUE"), "{error}");
        assert_eq!(commits.load(Ordering::Relaxed), 1);
        let stored: Vec<i64> = writer
            .change(Hurry::AtOnce, |db| {
                db.prepare("SELECT v FROM t ORDER BY v")?.query_map([], |row| row.get(0))?.collect()
            })
            .await
            .ok()
            .unwrap();
        assert_eq!(stored, [1, 2], "nothing of the bad change is left");
    }

    #[tokio::test]
    async fn a_transaction_that_ended_by_itself_stores_nothing_and_tells_everybody_why() {
        let (folder, connection) = database();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 1).unwrap();
        let writer = Writer::start(connection, |_| Ok(())).unwrap();
        let let_go = hold(&writer);
        let fill = writer.change(Hurry::AtOnce, |db| {
            db.execute_batch("CREATE TABLE big (x)")?;
            db.execute("INSERT INTO big VALUES (zeroblob(1000000))", [])
        });
        let after = async {
            tokio::task::yield_now().await;
            let_go.send(()).unwrap();
        };
        let (before, full, ()) = tokio::join!(writer.change(Hurry::AtOnce, insert(1)), fill, after);
        let (Err(WriteFault::Sqlite(full)), before) = (full, before) else { panic!("it fitted") };
        assert_eq!(full.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
        let stored = Connection::open(folder.path().join("x.db"))
            .unwrap()
            .query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
            .unwrap();
        assert_eq!(stored, i64::from(before.is_ok()), "what was acknowledged is there, and nothing else");
        assert!(matches!(writer.change(Hurry::AtOnce, insert(3)).await, Ok(3)), "the writer goes on");
    }
}
