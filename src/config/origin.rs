//! Where a value came from, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from; prints as an operator would look for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/perfuse.toml`, `sources.toml` or `topics.toml` as built into the program.
    Default,
    /// A line (from 1) of a file; line 0 is the file as a whole.
    File {
        /// As the operator named it.
        path: PathBuf,
        /// Where in it.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// The content of a secret's file, which another setting named.
    SecretFile {
        /// Where the secret was read.
        path: PathBuf,
        /// Where that path was set.
        named_by: Box<Origin>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::SecretFile { path, named_by } => write!(f, "{} (by {named_by})", path.display()),
        }
    }
}

/// One thing wrong with the configuration. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The setting (`server.listen`) or the place in a catalog (`source "ecpr"`); may be empty for a whole file.
    pub key: String,
    /// What is wrong, with the value: `"eighty" is not an address like 127.0.0.1:8080`.
    pub what: String,
}

impl fmt::Display for Problem {
    /// `PERFUSE__SERVER__LISTEN: server.listen: "eighty" is not an address like 127.0.0.1:8080`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

/// The configuration cannot be used. Holds everything wrong that was found, at least one problem; exit code 78.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// In the order of the layers.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// `Err` with the problems, if there are any.
    ///
    /// # Errors
    /// When `problems` is not empty.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl fmt::Display for ConfigError {
    /// One problem on the same line, several one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "bad configuration: {problem}"),
            problems => {
                write!(f, "bad configuration, {} problems:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}
