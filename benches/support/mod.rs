//! What the benches share: made-up works, processes that are watched, and numbers beside each other.
#![allow(dead_code, reason = "each bench uses its part")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program, as it is released.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_perfuse");

/// A small generator (xorshift64*): the same works in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    /// Made-up words that look like English, about `bytes` long.
    pub(crate) fn prose(&mut self, bytes: usize) -> String {
        const SYLLABLES: [&str; 24] = [
            "per", "fu", "sion", "ca", "nu", "la", "ox", "y", "gen", "ar", "rest", "sur", "vi", "val",
            "pump", "flow", "he", "mo", "ly", "sis", "cardi", "ac", "mem", "brane",
        ];
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            for _ in 0..=self.below(3) {
                text.push_str(SYLLABLES[self.below(SYLLABLES.len())]);
            }
            text.push_str(if self.below(12) == 0 { ". " } else { " " });
        }
        text.truncate(text.trim_end().len());
        text
    }
}

/// What a process used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) wall_s: f64,
    /// User and system time, with its children's.
    pub(crate) cpu_s: f64,
    pub(crate) peak_mb: f64,
}

/// Runs a command to its end; anything but success ends the bench, unless it may fail.
pub(crate) fn run(command: &mut Command, may_fail: bool) -> (Used, String) {
    let before = children_cpu_s();
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cannot start");
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = std::io::Read::read_to_string(&mut out, &mut text);
        text
    });
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = std::io::Read::read_to_string(&mut err, &mut text);
        text
    });
    let mut peak_kb = 0;
    let status = loop {
        peak_kb = peak_kb.max(peak_rss_kb(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall_s = begun.elapsed().as_secs_f64();
    let (out, err) = (read.join().unwrap(), complaints.join().unwrap());
    assert!(may_fail || status.success(), "{command:?}: {status}\n{out}\n{err}");
    let used = Used { wall_s, cpu_s: children_cpu_s() - before, peak_mb: peak_kb as f64 / 1024.0 };
    (used, out + &err)
}

/// CPU time of all children that have ended (proc(5), stat, fields 16 and 17), at 100 ticks a second.
fn children_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<u64> = after_name.split(' ').filter_map(|field| field.parse().ok()).collect();
    // the state, a letter, does not parse: field 4 is the first
    fields.get(12..14).map_or(0.0, |ticks| ticks.iter().sum::<u64>() as f64 / 100.0)
}

fn peak_rss_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// A folder with settings, where the program runs.
pub(crate) fn place(sources: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sources.toml"), sources).unwrap();
    let settings = format!(
        "[society]\nname = \"Bench\"\n[sources]\nfile = \"sources.toml\"\n[worker]\njitter_seconds = 0\n\
         complete_by_doi = false\n[log]\nlevel = \"error\"\n{more}"
    );
    std::fs::write(folder.path().join("perfuse.toml"), settings).unwrap();
    folder
}

/// The program in that folder.
pub(crate) fn perfuse(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).current_dir(folder).env_clear().env("PERFUSE_CONFIG", "perfuse.toml");
    command
}

/// "met" or "MISSED", for what should be at most `goal`.
pub(crate) fn verdict(value: f64, goal: f64) -> &'static str {
    if value <= goal { "met" } else { "MISSED" }
}
