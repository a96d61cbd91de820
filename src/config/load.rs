//! The layers: embedded defaults, the operator's file, the environment. Later ones win, key by key.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::origin::{ConfigError, Origin, Problem};
use super::rules::{self, Rule};
use super::{Settings, advice};

/// `config/perfuse.toml`, where the defaults live.
pub const DEFAULTS: &str = include_str!("../../config/perfuse.toml");

const VARIABLE_PREFIX: &str = "PERFUSE__";

/// The settings in force, and where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the program works with.
    pub settings: Settings,
    /// Advice that does not stop the start, as whole sentences for the operator.
    pub notes: Vec<String>,
    /// Each key once, in the order of `config/perfuse.toml`.
    pub values: Vec<Shown>,
}

/// One setting as `perfuse check` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// `server.listen`
    pub key: String,
    /// As TOML; secrets as `(hidden)` or `(not set)`.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Loaded {
    /// Where a setting came from; `None` for a key that does not exist.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.iter().find(|shown| shown.key == key).map(|shown| &shown.origin)
    }
}

impl Settings {
    /// Reads the defaults, then `file`, then those of the variables in `env` that start with `PERFUSE__`.
    ///
    /// # Errors
    /// Everything wrong in all layers at once, each with its key, value (secrets never) and origin.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::default();
        layers.add_text(DEFAULTS, None);
        if let Some(path) = file {
            match std::fs::read_to_string(path) {
                Ok(text) => layers.add_text(&text, Some(path)),
                Err(error) => {
                    layers.complain(whole_file(path), "", format!("cannot read this file: {error}"))
                }
            }
        }
        layers.add_environment(env);
        layers.finish()
    }
}

#[derive(Default)]
struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

impl Layers {
    fn complain(&mut self, origin: Origin, key: &str, what: String) {
        self.problems.push(Problem { origin, key: key.to_owned(), what });
    }

    /// Adds a TOML text; without a path it is the embedded one.
    fn add_text(&mut self, text: &str, path: Option<&Path>) {
        let origin = |line| path.map_or(Origin::Default, |path| Origin::File { path: path.into(), line });
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(0, |span| line_of(text, span.start));
                return self.complain(origin(line), "", one_line(error.message()));
            }
        };
        let lines = locate_keys(text);
        let mut flat = Vec::new();
        flatten(&table, "", &mut flat);
        let line_of_key = |key: &str| lines.get(key).copied().unwrap_or(0);
        flat.sort_by_key(|(key, _)| line_of_key(key));
        let entries = flat.into_iter().map(|(key, value)| {
            let origin = origin(line_of_key(&key));
            (key, value, origin)
        });
        self.add_entries(entries.collect());
    }

    fn add_environment(&mut self, env: impl Iterator<Item = (String, String)>) {
        let mut entries = Vec::new();
        for (name, text) in env {
            let Some(tail) = name.strip_prefix(VARIABLE_PREFIX) else {
                self.notes.extend(advice::advise_on_variable(&name));
                continue;
            };
            let key = tail.replace("__", ".").to_ascii_lowercase();
            let origin = Origin::Environment(name);
            match rules::rule_of(&key).map_or(Ok(Value::String(text.clone())), |rule| rule.read_text(&text)) {
                Ok(value) => entries.push((key, value, origin)),
                Err(what) => self.complain(origin, &key, what),
            }
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        self.add_entries(entries);
    }

    /// Checks the entries of one layer and lets those that pass win over the earlier layers.
    fn add_entries(&mut self, entries: Vec<(String, Value, Origin)>) {
        let mut secrets_set: BTreeMap<String, Origin> = BTreeMap::new();
        for (key, value, origin) in entries {
            let (key, value, origin) = match (rules::rule_of(&key), rules::secret_of_file_key(&key)) {
                (Some(rule), _) => match rule.check(&value) {
                    Ok(()) => (key, value, origin),
                    Err(what) => {
                        self.complain(origin, &key, what);
                        continue;
                    }
                },
                (None, Some(secret)) => match read_secret(&value) {
                    Ok((text, path)) => {
                        let origin = Origin::SecretFile { path: path.into(), named_by: Box::new(origin) };
                        (secret.to_owned(), Value::String(text), origin)
                    }
                    Err(what) => {
                        self.complain(origin, &key, what);
                        continue;
                    }
                },
                (None, None) => {
                    self.complain(origin, &key, rules::describe_unknown(&key));
                    continue;
                }
            };
            if matches!(rules::rule_of(&key), Some(Rule::Secret)) {
                // a variable that is passed on empty, as compose files do, is no second secret
                let is_empty = value.as_str().is_some_and(str::is_empty);
                match secrets_set.get(&key) {
                    Some(_) if is_empty => continue,
                    Some(first) => {
                        let what = format!("is set twice, also by {first}");
                        self.complain(origin, &key, what);
                        continue;
                    }
                    None if is_empty => {}
                    None => {
                        secrets_set.insert(key.clone(), origin.clone());
                    }
                }
            }
            self.values.insert(key, (value, origin));
        }
    }

    fn finish(mut self) -> Result<Loaded, ConfigError> {
        let settings = match Settings::deserialize(Value::Table(nest(&self.values))) {
            Ok(settings) => settings,
            Err(error) => {
                // only a rule that is laxer than its type leads here
                self.complain(Origin::Default, "", one_line(error.message()));
                return Err(ConfigError { problems: self.problems });
            }
        };
        for (key, what) in rules::contradictions(&settings) {
            let origin = self.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone());
            self.complain(origin, key, what);
        }
        ConfigError::unless_empty(self.problems)?;
        let lines = locate_keys(DEFAULTS);
        let mut values: Vec<Shown> = self
            .values
            .into_iter()
            .map(|(key, (value, origin))| Shown { value: rules::show(&key, &value), key, origin })
            .collect();
        values.sort_by_key(|shown| lines.get(&shown.key).copied());
        self.notes.extend(advice::advise(&settings));
        Ok(Loaded { notes: self.notes, settings, values })
    }
}

/// The secret and the path it was read from; line ends after it are not part of it.
fn read_secret(value: &Value) -> Result<(String, &str), String> {
    let path = value.as_str().ok_or_else(|| format!("{value} is not a path"))?;
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path:?}: {error}"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!("{path:?} is empty"));
    }
    Rule::Secret
        .check(&Value::String(secret.to_owned()))
        .map_err(|what| format!("the content of {path:?}: {what}"))?;
    Ok((secret.to_owned(), path))
}

fn whole_file(path: &Path) -> Origin {
    Origin::File { path: path.into(), line: 0 }
}

fn flatten(table: &Table, prefix: &str, flat: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            Value::Table(inner) => flatten(inner, &format!("{key}."), flat),
            other => flat.push((key, other.clone())),
        }
    }
}

fn nest(values: &BTreeMap<String, (Value, Origin)>) -> Table {
    let mut root = Table::new();
    for (key, (value, _)) in values {
        match key.split_once('.') {
            None => {
                root.insert(key.clone(), value.clone());
            }
            Some((section, name)) => {
                let section = root.entry(section.to_owned()).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(section) = section {
                    section.insert(name.to_owned(), value.clone());
                }
            }
        }
    }
    root
}

/// The line, from 1, of each key, dotted; keys of tables too.
fn locate_keys(text: &str) -> BTreeMap<String, usize> {
    fn walk(table: &toml::de::DeTable<'_>, prefix: &str, text: &str, lines: &mut BTreeMap<String, usize>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            if let Some(inner) = value.get_ref().as_table() {
                walk(inner, &format!("{key}."), text, lines);
            }
            lines.insert(key, line_of(text, name.span().start));
        }
    }
    let mut lines = BTreeMap::new();
    if let Ok(root) = toml::de::DeTable::parse(text) {
        walk(root.get_ref(), "", text, &mut lines);
    }
    lines
}

/// The line, from 1, in which the byte `offset` stands.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// A parser's message without its line breaks.
pub(super) fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}
