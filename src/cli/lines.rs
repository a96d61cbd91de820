//! JSON lines in, JSON lines out, for the commands that measure: a bad line is named and the others are not lost.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context;
use serde::de::DeserializeOwned;

/// Longer lines are refused: an abstract is a few kilobytes.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// Reads each line of `file` ("-" is standard input) as JSON and lets `answer` write to standard output. Empty lines are
/// passed over.
///
/// # Errors
/// A file that cannot be opened or read, output that cannot be written, and, after all lines were tried, the number
/// of those that could not be used.
pub(super) fn for_each_line<T: DeserializeOwned>(
    file: &Path,
    mut answer: impl FnMut(T, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let name = if file == Path::new("-") { "standard input".into() } else { file.display().to_string() };
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).with_context(|| format!("cannot open {name}"))?)
    };
    let mut reader = BufReader::new(source);
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut number, mut bad) = (0_u64, 0_u64);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {name}"))? == 0 {
            break;
        }
        number += 1;
        if line.len() as u64 == MAX_LINE_BYTES && !line.ends_with(b"\n") {
            bad += 1;
            super::complain(format_args!("{name}, line {number}: longer than {MAX_LINE_BYTES} bytes"));
            skip_line(&mut reader).with_context(|| format!("cannot read {name}"))?;
            continue;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(value) => answer(value, &mut out).context("cannot write to standard output")?,
            Err(error) => {
                bad += 1;
                super::complain(format_args!("{name}, line {number}: {error}"));
            }
        }
    }
    out.flush().context("cannot write to standard output")?;
    anyhow::ensure!(bad == 0, "{bad} of {number} lines of {name} could not be used; the others were");
    Ok(())
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (length, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(length);
        if ended {
            return Ok(());
        }
    }
}
