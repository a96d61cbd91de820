//! One `[[source]]` as it is written, and the kinds with the keys that each takes.

use serde::Deserialize;

use super::rules::fetchable_url;
use crate::domain::identity::Nct;
use crate::domain::source::{PreprintServer, Source, SourceKind};
use crate::domain::words::WordQuery;

/// Longest query, in bytes: services take more, but nobody can read more.
const MAX_QUERY: usize = 8_192;
/// Journals in one source, for the same reason.
const MAX_ISSNS: usize = 50;
/// Trials in one list: they are asked for in one address.
const MAX_TRIALS: usize = 200;

/// The kinds: the word, and the keys that it takes.
const KINDS: &[(&str, &[&str])] = &[
    ("pubmed", &["query"]),
    ("feed", &["url"]),
    ("europepmc", &["query"]),
    ("trials", &["condition", "intervention", "nct"]),
    ("preprints", &["server", "query"]),
    ("crossref", &["issn"]),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    pub(super) name: String,
    pub(super) title: String,
    kind: String,
    query: Option<String>,
    url: Option<String>,
    condition: Option<String>,
    intervention: Option<String>,
    nct: Option<Vec<String>>,
    server: Option<String>,
    issn: Option<Vec<String>>,
    schedule: Option<String>,
    #[serde(default)]
    pub(super) topics: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

impl RawSource {
    /// The source, or what is wrong with what it asks for.
    pub(super) fn into_source(self) -> Result<Source, String> {
        let kind = self.read_kind()?;
        let Self { name, title, schedule, topics, enabled, .. } = self;
        Ok(Source { name, title, kind, schedule, topics, enabled })
    }

    fn read_kind(&self) -> Result<SourceKind, String> {
        self.check_keys()?;
        match self.kind.as_str() {
            "pubmed" => Ok(SourceKind::Pubmed { query: self.read_query()? }),
            "feed" => {
                let url = self.url.clone().ok_or("a feed source has a url")?;
                fetchable_url(&url).map_err(|what| format!("url: {url:?} {what}"))?;
                Ok(SourceKind::Feed { url })
            }
            "europepmc" => Ok(SourceKind::Europepmc { query: self.read_query()? }),
            "trials" => self.read_trials(),
            "crossref" => self.read_issns(),
            "preprints" => {
                let query = self.read_query()?;
                WordQuery::parse(&query).map_err(|what| format!("query: {what}"))?;
                let server = self.server.as_deref().and_then(PreprintServer::parse);
                let server = server.ok_or("a preprints source has server = \"medrxiv\" or \"biorxiv\"")?;
                Ok(SourceKind::Preprints { server, query })
            }
            kind => {
                let known: Vec<String> = KINDS.iter().map(|(known, _)| format!("{known:?}")).collect();
                Err(format!("kind: {kind:?} is none of {}", known.join(", ")))
            }
        }
    }

    /// Every key that is given must be one that the kind takes.
    fn check_keys(&self) -> Result<(), String> {
        let Some((kind, takes)) = KINDS.iter().find(|(kind, _)| *kind == self.kind) else { return Ok(()) };
        for (key, is_given) in [
            ("query", self.query.is_some()),
            ("url", self.url.is_some()),
            ("condition", self.condition.is_some()),
            ("intervention", self.intervention.is_some()),
            ("nct", self.nct.is_some()),
            ("server", self.server.is_some()),
            ("issn", self.issn.is_some()),
        ] {
            if is_given && !takes.contains(&key) {
                return Err(format!("{key}: a {kind} source has {}, and no {key}", takes.join(", ")));
            }
        }
        Ok(())
    }

    /// Terms or numbers, not both: the registry would only give the numbers that fit the terms.
    fn read_trials(&self) -> Result<SourceKind, String> {
        let read_term = |key: &str, term: &Option<String>| match term {
            None => Ok(String::new()),
            Some(term) => read_line(term).map_err(|what| format!("{key}: {what}")),
        };
        let condition = read_term("condition", &self.condition)?;
        let intervention = read_term("intervention", &self.intervention)?;
        let has_terms = !condition.is_empty() || !intervention.is_empty();
        let nct = self.nct.iter().flatten().map(|text| {
            Nct::parse(text).ok_or_else(|| format!("nct: {text:?} is not a number like NCT01234567"))
        });
        let nct: Vec<Nct> = nct.collect::<Result<_, _>>()?;
        if nct.len() > MAX_TRIALS {
            return Err(format!("nct: lists {} trials, more than {MAX_TRIALS}", nct.len()));
        }
        if has_terms != nct.is_empty() {
            return Err("a trials source has condition, intervention or both, or else a list nct".to_owned());
        }
        Ok(SourceKind::Trials { condition, intervention, nct })
    }

    fn read_issns(&self) -> Result<SourceKind, String> {
        let issn = self.issn.clone().unwrap_or_default();
        if !(1..=MAX_ISSNS).contains(&issn.len()) {
            return Err(format!("a crossref source has a list issn of 1 to {MAX_ISSNS}"));
        }
        match issn.iter().find(|issn| !is_issn(issn)) {
            Some(bad) => Err(format!("issn: {bad:?} is no ISSN like 0267-6591 (or its last sign is wrong)")),
            None => Ok(SourceKind::Crossref { issn }),
        }
    }

    /// The query on one line; it may be written over several.
    fn read_query(&self) -> Result<String, String> {
        let query = self.query.as_ref().ok_or_else(|| format!("a {} source has a query", self.kind))?;
        read_line(query).map_err(|what| format!("query: {what}"))
    }
}

/// `1234-567X` with the right check digit (ISO 3297).
fn is_issn(text: &str) -> bool {
    let digit = |(index, byte): (usize, u8)| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'X' if index == 7 => Some(10),
        _ => None,
    };
    let has_hyphen = text.len() == 9 && text.as_bytes().get(4) == Some(&b'-');
    let digits: Option<Vec<u32>> = text.bytes().filter(|byte| *byte != b'-').enumerate().map(digit).collect();
    let sum = |digits: Vec<u32>| {
        digits.iter().zip((1..=8).rev()).map(|(digit, weight)| digit * weight).sum::<u32>()
    };
    has_hyphen && digits.filter(|digits| digits.len() == 8).map(sum).is_some_and(|sum| sum % 11 == 0)
}

fn read_line(query: &str) -> Result<String, String> {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    check_query(&query)?;
    Ok(query)
}

/// Services answer a query with an open quote or bracket by guessing; we would rather hear of it at the start.
fn check_query(query: &str) -> Result<(), String> {
    if query.is_empty() {
        return Err("is empty".to_owned());
    }
    if query.len() > MAX_QUERY {
        return Err(format!("has {} characters, more than {MAX_QUERY}", query.len()));
    }
    let (mut open, mut in_quotes, mut in_tag) = (0_i32, false, false);
    for character in query.chars() {
        match character {
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '[' if in_tag => return Err("a field tag is opened within another".to_owned()),
            '[' => in_tag = true,
            ']' if !in_tag => return Err("a ] has no [".to_owned()),
            ']' => in_tag = false,
            '(' => open += 1,
            ')' if open == 0 => return Err("a ) has no (".to_owned()),
            ')' => open -= 1,
            _ => {}
        }
    }
    match (open, in_quotes, in_tag) {
        (0, false, false) => Ok(()),
        (_, true, _) => Err("a quotation mark is missing".to_owned()),
        (_, _, true) => Err("a ] is missing".to_owned()),
        _ => Err("a ) is missing".to_owned()),
    }
}
