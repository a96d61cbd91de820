//! Identifiers of a work, normalised so that equal works compare equal.
//!
//! Identifiers decide whether two sightings are one work; similar titles never do (see `curation::identity`).

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde::{Deserialize, Serialize};

/// What is escaped in the path of a resolver's address.
const DOI_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b';');

/// PubMed's record number, 1 to 9 digits (NLM: "PMID, 1 to 8 digits", the ninth is room to grow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pmid(pub u32);

impl Pmid {
    /// Reads `12345678`, `PMID: 12345678`, `pubmed:12345678` or a pubmed.ncbi.nlm.nih.gov address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = strip_prefix_ci(text, &["pmid:", "pubmed:", "pmid "])
            .or_else(|| {
                without_scheme(text).and_then(|url| {
                    strip_prefix_ci(url, &["pubmed.ncbi.nlm.nih.gov/", "www.ncbi.nlm.nih.gov/pubmed/"])
                })
            })
            .unwrap_or(text)
            .trim();
        let digits = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plausible = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        plausible.then(|| digits.parse().ok()).flatten().filter(|number| *number > 0).map(Self)
    }

    /// The canonical address of the record, without the parameters PubMed's feeds add.
    pub fn url(self) -> String {
        format!("https://pubmed.ncbi.nlm.nih.gov/{}/", self.0)
    }
}

impl fmt::Display for Pmid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A DOI in lower case without resolver or prefix: `10.1016/j.resuscitation.2021.01.001` (DOI Handbook 2.4: case-insensitive).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Doi(String);

impl Doi {
    /// Reads a bare DOI, `doi:…`, `info:doi/…` or a doi.org address (percent-decoded). At most 512 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let from_url = without_scheme(text)
            .and_then(|url| strip_prefix_ci(url, &["doi.org/", "dx.doi.org/", "www.doi.org/"]))
            .map(percent_decode);
        let bare = from_url.unwrap_or_else(|| {
            strip_prefix_ci(text, &["doi:", "info:doi/", "doi "]).unwrap_or(text).to_owned()
        });
        let bare = bare.trim().trim_end_matches(['.', ',', ';']).to_lowercase();
        let (registrant, suffix) = bare.strip_prefix("10.")?.split_once('/')?;
        let plausible = registrant.len() >= 4
            && registrant.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && registrant.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && !suffix.is_empty()
            && bare.len() <= 512
            && !bare.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\' | '`'));
        plausible.then_some(Self(bare))
    }

    /// The first DOI inside a text or address (Crossref's pattern: `10.` + 4–9 digits + `/` + suffix).
    pub fn find(text: &str) -> Option<Self> {
        let mut from = 0;
        while let Some(start) = text[from..].find("10.").map(|at| from + at) {
            from = start + 3;
            let before = text[..start].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.') {
                continue;
            }
            let candidate = &text[start..text.floor_char_boundary(start.saturating_add(512))];
            let end = candidate
                .find(|c: char| {
                    c.is_whitespace() || matches!(c, '"' | '<' | '>' | '|' | '?' | '#' | '&' | '\\' | '`')
                })
                .unwrap_or(candidate.len());
            let candidate = trim_address_tail(trim_brackets(&candidate[..end]));
            let decoded = percent_encoding::percent_decode_str(candidate).decode_utf8_lossy();
            if let Some(doi) = Self::parse(&decoded) {
                return Some(doi);
            }
        }
        None
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it belongs to a preprint server. `10.1101/` is shared with Cold Spring Harbor's journals, whose suffixes
    /// begin with a letter.
    pub fn is_preprint(&self) -> bool {
        const SERVERS: [&str; 9] = [
            "10.64898/",
            "10.21203/rs.",
            "10.2139/ssrn.",
            "10.20944/preprints",
            "10.48550/arxiv.",
            "10.31219/osf.io/",
            "10.31234/osf.io/",
            "10.22541/au.",
            "10.36227/techrxiv",
        ];
        let number = self.0.strip_prefix("10.1101/");
        SERVERS.iter().any(|server| self.0.starts_with(server))
            || number.is_some_and(|suffix| suffix.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The resolver's address, with the characters escaped that would end a path.
    pub fn url(&self) -> String {
        format!("https://doi.org/{}", percent_encoding::utf8_percent_encode(&self.0, DOI_PATH))
    }
}

impl fmt::Display for Doi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// PubMed Central's identifier, `PMC` and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pmcid(String);

impl Pmcid {
    /// Reads `PMC1234567`, `pmc:PMC1234567` and versions such as `PMC1234567.1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = strip_prefix_ci(text, &["pmcid:", "pmc:"]).unwrap_or(text).trim();
        let digits = strip_prefix_ci(rest, &["pmc"])?;
        let digits = digits.split('.').next().unwrap_or_default();
        let plausible = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        plausible.then(|| Self(format!("PMC{digits}")))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The free full text's address.
    pub fn url(&self) -> String {
        format!("https://pmc.ncbi.nlm.nih.gov/articles/{}/", self.0)
    }
}

impl fmt::Display for Pmcid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// ClinicalTrials.gov's identifier, `NCT` and eight digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nct(String);

impl Nct {
    /// Reads `NCT01234567` in any case, alone or in a clinicaltrials.gov address.
    pub fn parse(text: &str) -> Option<Self> {
        let last = text.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let digits = strip_prefix_ci(last, &["nct"])?;
        let plausible = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plausible.then(|| Self(format!("NCT{digits}")))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registration's address.
    pub fn url(&self) -> String {
        format!("https://clinicaltrials.gov/study/{}", self.0)
    }
}

impl fmt::Display for Nct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A serial item's Publisher Item Identifier as Elsevier's platforms use it: `S`, ISSN, two digits of the year, five of
/// the item, a check character, without punctuation: `S0300957221000012`. Feeds of ScienceDirect give no other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii(String);

impl Pii {
    /// Reads `S0300-9572(21)00001-2` and `S0300957221000012`, alone or in an address after `/pii/`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.rfind("/pii/").map_or(text, |at| &text[at + "/pii/".len()..]);
        let text = text.split(['?', '#', '/']).next().unwrap_or_default();
        let bare: String = text.chars().filter(|c| !matches!(c, '-' | '(' | ')')).take(18).collect();
        let bare = bare.to_ascii_uppercase();
        let (issn, item) = (bare.strip_prefix('S')?.get(..8)?, bare.get(9..)?);
        let checked = |part: &str| {
            let (digits, check) = part.split_at(part.len().saturating_sub(1));
            digits.bytes().all(|byte| byte.is_ascii_digit())
                && check.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X')
        };
        (item.len() == 8 && item.is_ascii() && checked(issn) && checked(item)).then_some(Self(bare))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What identifies one work. Any of them, shared by two sightings, makes them the same work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identifiers {
    /// PubMed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmid: Option<Pmid>,
    /// The version of record's DOI, or a preprint's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doi: Option<Doi>,
    /// PubMed Central.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmcid: Option<Pmcid>,
    /// The registration itself (a trial's own record). Trials that a paper merely reports stand in `Entry::trials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nct: Option<Nct>,
    /// The publisher's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pii: Option<Pii>,
}

impl Identifiers {
    /// Whether nothing identifies the work.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether both name an identifier of the same kind and disagree about it.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a != b)
        }
        differ(&self.pmid, &other.pmid)
            || differ(&self.doi, &other.doi)
            || differ(&self.pmcid, &other.pmcid)
            || differ(&self.nct, &other.nct)
            || differ(&self.pii, &other.pii)
    }

    /// Takes from `other` what is unknown here.
    pub fn fill_from(&mut self, other: &Self) {
        self.pmid = self.pmid.or(other.pmid);
        self.doi = self.doi.take().or_else(|| other.doi.clone());
        self.pmcid = self.pmcid.take().or_else(|| other.pmcid.clone());
        self.nct = self.nct.take().or_else(|| other.nct.clone());
        self.pii = self.pii.take().or_else(|| other.pii.clone());
    }
}

/// A publisher's address goes on after the DOI: `/doi/10.1/x/full`, `…/abstract`, `….pdf`.
fn trim_address_tail(candidate: &str) -> &str {
    const TAILS: [&str; 8] =
        ["/full", "/abstract", "/pdf", "/epdf", "/full.pdf", "/fulltext", "/meta", ".full"];
    let candidate = candidate.trim_end_matches(['.', ',', ';', ':', '/', '\'']);
    TAILS.iter().find_map(|tail| candidate.strip_suffix(tail)).unwrap_or(candidate)
}

/// "(doi: 10.1/x)" closes a bracket that the DOI did not open.
fn trim_brackets(candidate: &str) -> &str {
    let mut candidate = candidate.trim_end_matches(['.', ',', ';']);
    for (open, close) in [('(', ')'), ('[', ']')] {
        while candidate.ends_with(close) && candidate.matches(close).count() > candidate.matches(open).count()
        {
            candidate = &candidate[..candidate.len() - 1];
        }
    }
    candidate
}

/// The address without `http://` or `https://`, if it is one.
fn without_scheme(text: &str) -> Option<&str> {
    strip_prefix_ci(text, &["https://", "http://"])
}

fn strip_prefix_ci<'a>(text: &'a str, prefixes: &[&str]) -> Option<&'a str> {
    prefixes.iter().find_map(|prefix| {
        let head = text.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
    })
}

/// A DOI in an address is percent-encoded and may carry a query of the publisher's (`?af=R`).
fn percent_decode(text: &str) -> String {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_doi_in_its_many_clothes_is_one_doi() {
        let same = [
            "10.1002/ABC.1234",
            "doi:10.1002/abc.1234",
            "DOI: 10.1002/abc.1234",
            "https://doi.org/10.1002/abc.1234?af=R",
            "http://dx.doi.org/10.1002%2Fabc.1234",
            "info:doi/10.1002/abc.1234.",
        ];
        for text in same {
            assert_eq!(Doi::parse(text).unwrap().as_str(), "10.1002/abc.1234", "{text}");
        }
        for text in
            ["", "10.1002", "10.1002/", "11.1002/x", "10.x/abc", "10.1002/a b", "https://example.org/10.1/x"]
        {
            assert!(Doi::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn pmids_are_read_from_numbers_prefixes_and_addresses() {
        for text in [
            "34739370",
            "pubmed:34739370",
            "PMID: 34739370",
            "https://pubmed.ncbi.nlm.nih.gov/34739370/?utm_source=x",
        ] {
            assert_eq!(Pmid::parse(text), Some(Pmid(34_739_370)), "{text}");
        }
        for text in ["", "0", "abc", "1234567890", "12 34"] {
            assert_eq!(Pmid::parse(text), None, "{text}");
        }
    }

    #[test]
    fn pmcids_and_trial_numbers_are_normalised() {
        assert_eq!(Pmcid::parse("pmc:PMC8571234").unwrap().as_str(), "PMC8571234");
        assert_eq!(Pmcid::parse("pmc8571234.2").unwrap().as_str(), "PMC8571234");
        assert!(Pmcid::parse("8571234").is_none());
        assert_eq!(
            Nct::parse("https://clinicaltrials.gov/study/nct01511666").unwrap().as_str(),
            "NCT01511666"
        );
        assert!(Nct::parse("NCT123").is_none());
    }

    #[test]
    fn a_publishers_number_is_one_in_records_and_addresses() {
        for text in [
            "S0300-9572(21)00001-2",
            "s0300957221000012",
            "https://www.sciencedirect.com/science/article/pii/S0300957221000012?dgcid=rss_sd_all",
        ] {
            assert_eq!(Pii::parse(text).unwrap().as_str(), "S0300957221000012", "{text}");
        }
        assert!(Pii::parse("S0022-522X(99)70001-X").is_some());
        for text in ["", "S123", "e1234", "00031-2020", "S03009572210000123", "S0300957221é00012", "Sé"] {
            assert_eq!(Pii::parse(text), None, "{text}");
        }
    }
}
