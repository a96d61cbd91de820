//! How far an import is: bytes of all its files, records and their rate, time left. On a terminal only.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// The bar, and the records so far.
#[derive(Clone)]
pub(super) struct Volume {
    bar: ProgressBar,
    records: Arc<AtomicU64>,
    begun: Arc<AtomicUsize>,
    files: usize,
}

impl Volume {
    /// A bar as long as all the files together; of standard input nobody knows how long it is.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let records = Arc::new(AtomicU64::new(0));
        let bar = match std::io::stderr().is_terminal() {
            true => bar(files, &records),
            false => ProgressBar::hidden(),
        };
        Self { bar, records, begun: Arc::default(), files: files.len() }
    }

    /// Names the file that is read now.
    pub(super) fn begin(&self, path: &Path) {
        let number = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        self.bar.set_message(match self.files {
            1 => name,
            files => format!("{number}/{files} {name}"),
        });
    }

    /// Counts what is read.
    pub(super) fn watch(&self, reader: impl Read + 'static) -> Box<dyn Read> {
        Box::new(self.bar.wrap_read(reader))
    }

    /// Counts what is stored.
    pub(super) fn count(&self, records: usize) {
        self.records.fetch_add(records as u64, Ordering::Relaxed);
        self.bar.tick();
    }

    /// Prints beside the bar.
    pub(super) fn pause<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn bar(files: &[PathBuf], records: &Arc<AtomicU64>) -> ProgressBar {
    let length = |path: &PathBuf| match path.as_os_str() == "-" {
        true => None,
        // a file that is not there adds nothing, and is told when its turn comes
        false => Some(std::fs::metadata(path).map_or(0, |meta| meta.len())),
    };
    let whole: Option<u64> = files.iter().map(length).sum();
    let (bar, template) = match whole {
        Some(length) => {
            (ProgressBar::new(length), "{msg} {bar:24} {bytes}/{total_bytes}, {records}, {eta} left")
        }
        None => (ProgressBar::new_spinner(), "{spinner} {msg} {bytes}, {records}"),
    };
    let records = records.clone();
    let told = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let count = records.load(Ordering::Relaxed);
        let rate = count as f64 / state.elapsed().as_secs_f64().max(0.001);
        let _ = write!(out, "{count} records, {rate:.0}/s");
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("records", told));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
