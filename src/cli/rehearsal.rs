//! A copy of the database on which something is tried out: what happens there is what would happen, and nothing of it
//! stays.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::store::Store;

/// How the folders of copies are called, inside the data folder; a number follows.
const PREFIX: &str = "rehearsal-";

/// The copy, locked as long as it is in use.
pub(super) struct Rehearsal {
    pub(super) store: Store,
    folder: PathBuf,
    _lock: File,
}

impl Rehearsal {
    /// Copies all that is committed. Copies that a killed process left are removed first.
    pub(super) async fn begin(store: &Store, data_dir: &Path) -> anyhow::Result<Self> {
        remove_abandoned(data_dir);
        let folder = data_dir.join(format!("{PREFIX}{}", std::process::id()));
        let failed = || format!("cannot make a copy of the database in {}", folder.display());
        std::fs::create_dir_all(&folder).with_context(failed)?;
        let lock = File::create(folder.join("lock")).with_context(failed)?;
        lock.try_lock().with_context(failed)?;
        let copy = folder.join("perfuse.db");
        let opened = match store.backup_to(copy.clone()).await {
            Ok(()) => Store::open(&copy).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(store) => Ok(Self { store, folder, _lock: lock }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(error).with_context(failed)
            }
        }
    }

    /// Removes the copy.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.store.close().await;
        let named = || format!("cannot remove {}", self.folder.display());
        std::fs::remove_dir_all(&self.folder).with_context(named)
    }
}

/// Removes copies whose lock nobody holds.
fn remove_abandoned(data_dir: &Path) {
    let folders = std::fs::read_dir(data_dir).into_iter().flatten().flatten();
    for folder in folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let lock = File::open(folder.path().join("lock"));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
}
