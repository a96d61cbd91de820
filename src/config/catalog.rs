//! The lists of sources and topics: the built-in ones, or the operator's files in the same form.
//!
//! A source is a `[[source]]` with name, title, kind, what its kind asks for (see `raw_source`), and optionally
//! schedule, topics, enabled. A topic is a `[[topic]]` with name, title, and words, mesh, publication_types.
//! Crontab lines are checked by the worker, which alone can read them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Settings;
use super::load::{line_of, one_line};
use super::origin::{ConfigError, Origin, Problem};
use super::raw_source::RawSource;
use crate::domain::source::{Source, SourceKind, Topic};

/// The starter list of sources.
pub const SOURCES: &str = include_str!("../../config/sources.toml");
/// The society's scheme of topics.
pub const TOPICS: &str = include_str!("../../config/topics.toml");

/// `/desk/sources/lab` is the query lab.
const RESERVED_NAME: &str = "lab";
/// Longest name of a source or topic, in bytes.
const MAX_NAME: usize = 64;

/// What is watched, and how news is sorted.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// In the order of the file; names are unique.
    pub sources: Vec<Source>,
    /// In the order of the file, which is the order on the pages; names are unique.
    pub topics: Vec<Topic>,
    origins: BTreeMap<String, Origin>,
}

impl Catalog {
    /// Reads the files that `settings` name, or the built-in lists.
    ///
    /// # Errors
    /// Everything wrong at once, each with file, line and the source or topic.
    pub fn load(settings: &Settings) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let topics = List::open("topic", settings.topics.file.as_deref(), TOPICS, &mut problems);
        let sources = List::open("source", settings.sources.file.as_deref(), SOURCES, &mut problems);
        let catalog = Self::build(topics, sources, &mut problems);
        problems.sort_by_key(|problem| match &problem.origin {
            Origin::File { path, line } => (path.clone(), *line),
            _ => (PathBuf::new(), 0),
        });
        ConfigError::unless_empty(problems)?;
        Ok(catalog)
    }

    fn build(topics: List, sources: List, problems: &mut Vec<Problem>) -> Self {
        // who replaces only the topics need not rewrite the built-in sources to match
        let forgive_topics = sources.built_in && !topics.built_in;
        let topics: Vec<(Topic, Origin)> = topics.read(problems);
        for (topic, origin) in &topics {
            let mut complain = complaints("topic", &topic.name, origin, problems);
            check_name(&topic.name, &topic.title, &mut complain);
            for (list, words) in [
                ("words", &topic.words),
                ("mesh", &topic.mesh),
                ("publication_types", &topic.publication_types),
            ] {
                if words.iter().any(|word| word.trim().is_empty() || word.trim() != word) {
                    complain(format!("{list} has an entry that is empty or starts or ends with a space"));
                }
            }
        }
        check_unique("topic", topics.iter().map(|(topic, origin)| (topic.name.as_str(), origin)), problems);
        let topic_names: BTreeSet<&str> = topics.iter().map(|(topic, _)| topic.name.as_str()).collect();

        let raw_sources: Vec<(RawSource, Origin)> = sources.read(problems);
        check_unique(
            "source",
            raw_sources.iter().map(|(source, origin)| (source.name.as_str(), origin)),
            problems,
        );
        let mut sources = Vec::new();
        let mut origins = BTreeMap::new();
        for (mut raw, origin) in raw_sources {
            if forgive_topics {
                raw.topics.retain(|topic| topic_names.contains(topic.as_str()));
            }
            origins.insert(raw.name.clone(), origin.clone());
            let name = raw.name.clone();
            let mut complain = complaints("source", &name, &origin, problems);
            check_name(&raw.name, &raw.title, &mut complain);
            if raw.name == RESERVED_NAME {
                complain("is the address of the query lab; choose another name".to_owned());
            }
            for topic in raw.topics.iter().filter(|topic| !topic_names.contains(topic.as_str())) {
                complain(format!("topics: there is no topic {topic:?}"));
            }
            match raw.into_source() {
                Ok(source) => sources.push(source),
                Err(what) => complain(what),
            }
        }
        check_unique_urls(&sources, &origins, problems);
        Self { sources, topics: topics.into_iter().map(|(topic, _)| topic).collect(), origins }
    }

    /// Where a source is defined.
    pub fn origin(&self, source_name: &str) -> Option<&Origin> {
        self.origins.get(source_name)
    }

    /// The source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }
}

/// One of the two files, with its text.
struct List {
    word: &'static str,
    path: PathBuf,
    text: String,
    built_in: bool,
}

impl List {
    fn open(word: &'static str, file: Option<&Path>, built_in: &str, problems: &mut Vec<Problem>) -> Self {
        let path = file.map_or_else(|| PathBuf::from(format!("built-in {word}s.toml")), Path::to_owned);
        let text = match file.map(std::fs::read_to_string) {
            None => built_in.to_owned(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                let origin = Origin::File { path: path.clone(), line: 0 };
                let what = format!("cannot read this file: {error}");
                problems.push(Problem { origin, key: format!("{word}s.file"), what });
                String::new()
            }
        };
        Self { word, path, text, built_in: file.is_none() }
    }

    fn origin_at(&self, offset: usize) -> Origin {
        Origin::File { path: self.path.clone(), line: line_of(&self.text, offset) }
    }

    /// The entries that can be read, with the line that each starts at.
    fn read<T: DeserializeOwned>(&self, problems: &mut Vec<Problem>) -> Vec<(T, Origin)> {
        let file = match DeTable::parse(&self.text) {
            Ok(file) => file.into_inner(),
            Err(error) => {
                let origin = self.origin_at(error.span().map_or(0, |span| span.start));
                problems.push(Problem { origin, key: String::new(), what: one_line(error.message()) });
                return Vec::new();
            }
        };
        let mut read = Vec::new();
        for (key, value) in file {
            let span = value.span();
            match value.into_inner() {
                DeValue::Array(entries) if *key.get_ref() == self.word => {
                    read.extend(entries.into_iter().filter_map(|entry| self.read_entry(entry, problems)));
                }
                _ => problems.push(Problem {
                    origin: self.origin_at(span.start),
                    key: key.into_inner().into_owned(),
                    what: format!("there is nothing but [[{}]] in this file", self.word),
                }),
            }
        }
        read
    }

    fn read_entry<T: DeserializeOwned>(
        &self,
        entry: Spanned<DeValue<'_>>,
        problems: &mut Vec<Problem>,
    ) -> Option<(T, Origin)> {
        let origin = self.origin_at(entry.span().start);
        let name = entry.get_ref().get("name").and_then(|name| name.get_ref().as_str());
        let name = name.unwrap_or("without name").to_owned();
        match T::deserialize(entry.into_deserializer()) {
            Ok(read) => Some((read, origin)),
            Err(error) => {
                let origin = error.span().map_or(origin, |span| self.origin_at(span.start));
                complaints(self.word, &name, &origin, problems)(one_line(error.message()));
                None
            }
        }
    }
}

/// What records problems of one entry.
fn complaints<'a>(
    word: &str,
    name: &str,
    origin: &'a Origin,
    problems: &'a mut Vec<Problem>,
) -> impl FnMut(String) + 'a {
    let key = format!("{word} {name:?}");
    move |what| problems.push(Problem { origin: origin.clone(), key: key.clone(), what })
}

fn check_name(name: &str, title: &str, complain: &mut impl FnMut(String)) {
    let good = (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if !good {
        complain(format!("a name has 1 to {MAX_NAME} lower case letters, digits and inner hyphens"));
    }
    if title.trim().is_empty() || title.chars().any(char::is_control) {
        complain("title: is empty or holds a line break".to_owned());
    }
}

fn check_unique<'a>(
    word: &str,
    names: impl Iterator<Item = (&'a str, &'a Origin)>,
    problems: &mut Vec<Problem>,
) {
    let mut seen = BTreeMap::new();
    for (name, origin) in names {
        if let Some(first) = seen.insert(name, origin) {
            complaints(word, name, origin, problems)(format!("the name is taken, at {first}"));
        }
    }
}

fn check_unique_urls(sources: &[Source], origins: &BTreeMap<String, Origin>, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for source in sources {
        if let SourceKind::Feed { url } = &source.kind
            && let Some(first) = seen.insert(url, &source.name)
            && let Some(origin) = origins.get(&source.name)
        {
            complaints("source", &source.name, origin, problems)(format!(
                "url: the same as that of source {first:?}"
            ));
        }
    }
}
