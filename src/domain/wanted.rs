//! What an editor typed, or a bookmarklet sent, to add an article: one box, and what stands in it is recognised.
//!
//! An address is read, never opened: only identifiers in it are looked up, at services that are known.

use super::identity::{Doi, Nct, Pmcid, Pmid};
use super::text::fold_plain;

/// Longest text that is looked at, bytes.
const LONGEST: usize = 2_048;

/// An article as an editor names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// PubMed's number.
    Pmid(Pmid),
    /// A DOI, alone or in an address or citation.
    Doi(Doi),
    /// PubMed Central's number.
    Pmcid(Pmcid),
    /// A trial's registration.
    Nct(Nct),
    /// An address that names nothing that can be looked up.
    Url(String),
    /// Anything else of two words at least.
    Title(String),
}

impl Wanted {
    /// Recognises what was typed; `None` where it is nothing, or a single word that is no identifier.
    pub fn recognise(text: &str) -> Option<Self> {
        let text = fold_plain(text, LONGEST);
        let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '“' | '”'));
        let lower = text.to_ascii_lowercase();
        let is_url = lower.starts_with("http://") || lower.starts_with("https://");
        let after = |mark: &str| {
            let rest = text.get(lower.find(mark)? + mark.len()..)?.trim_start();
            Some(&rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())])
        };
        let pmcid = || Pmcid::parse(text).or_else(|| Pmcid::parse(after("/articles/")?));
        let nct = || Nct::parse(text).filter(|_| !is_url || lower.contains("clinicaltrials.gov/"));
        let pmid = || {
            let in_text = ["pmid:", "pmid ", "pubmed.ncbi.nlm.nih.gov/", "ncbi.nlm.nih.gov/pubmed/"];
            Pmid::parse(text).or_else(|| in_text.iter().find_map(|mark| Pmid::parse(after(mark)?)))
        };
        if let Some(found) = pmcid().map(Self::Pmcid).or_else(|| nct().map(Self::Nct)) {
            return Some(found);
        }
        if let Some(found) = Pmid::parse(text).map(Self::Pmid) {
            return Some(found);
        }
        if let Some(doi) = Doi::parse(text).or_else(|| Doi::find(text)) {
            return Some(Self::Doi(doi));
        }
        if let Some(pmid) = pmid() {
            return Some(Self::Pmid(pmid));
        }
        if is_url {
            let url = url::Url::parse(text).ok().filter(url::Url::has_host)?;
            return Some(Self::Url(url.into()));
        }
        (text.split_whitespace().count() > 1 && text.chars().filter(|c| c.is_alphabetic()).count() > 5)
            .then(|| Self::Title(text.to_owned()))
    }

    /// The stored word for what it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pmid(_) => "pmid",
            Self::Doi(_) => "doi",
            Self::Pmcid(_) => "pmcid",
            Self::Nct(_) => "nct",
            Self::Url(_) => "url",
            Self::Title(_) => "title",
        }
    }

    /// What is stored beside [`Wanted::kind`].
    pub fn value(&self) -> String {
        match self {
            Self::Pmid(pmid) => pmid.to_string(),
            Self::Doi(doi) => doi.to_string(),
            Self::Pmcid(pmcid) => pmcid.to_string(),
            Self::Nct(nct) => nct.to_string(),
            Self::Url(text) | Self::Title(text) => text.clone(),
        }
    }

    /// Reads what [`Wanted::kind`] and [`Wanted::value`] wrote.
    pub fn read_back(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "pmid" => Pmid::parse(value).map(Self::Pmid),
            "doi" => Doi::parse(value).map(Self::Doi),
            "pmcid" => Pmcid::parse(value).map(Self::Pmcid),
            "nct" => Nct::parse(value).map(Self::Nct),
            "url" => Some(Self::Url(value.to_owned())),
            "title" => Some(Self::Title(value.to_owned())),
            _ => None,
        }
    }

    /// For people, and as a title until the real one is known: "PMID 34739370", "DOI 10.1002/abc.1".
    pub fn to_display(&self) -> String {
        match self {
            Self::Pmid(pmid) => format!("PMID {pmid}"),
            Self::Doi(doi) => format!("DOI {doi}"),
            Self::Pmcid(pmcid) => pmcid.to_string(),
            Self::Nct(nct) => nct.to_string(),
            Self::Url(text) | Self::Title(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_box_recognises_what_a_clinician_pastes() {
        let table = [
            ("34739370", "pmid", "34739370"),
            (" PMID: 34739370. ", "pmid", "34739370"),
            ("https://pubmed.ncbi.nlm.nih.gov/34739370/?utm_source=x", "pmid", "34739370"),
            ("10.1016/J.Resus.2021.01.001", "doi", "10.1016/j.resus.2021.01.001"),
            ("https://doi.org/10.1016/j.resus.2021.01.001", "doi", "10.1016/j.resus.2021.01.001"),
            ("https://journals.example/doi/full/10.1177/02676591?af=R#x", "doi", "10.1177/02676591"),
            ("Title of it. Perfusion 2021;36:1-9. doi: 10.1177/02676591.", "doi", "10.1177/02676591"),
            ("Title of it. Perfusion 2021;36:1-9. PMID: 34739370", "pmid", "34739370"),
            ("https://pmc.ncbi.nlm.nih.gov/articles/PMC8571234/", "pmcid", "PMC8571234"),
            ("pmc8571234", "pmcid", "PMC8571234"),
            ("https://clinicaltrials.gov/study/NCT01511666", "nct", "NCT01511666"),
            ("https://example.org/news/1?x=2", "url", "https://example.org/news/1?x=2"),
            ("Early ECPR for  refractory arrest", "title", "Early ECPR for refractory arrest"),
        ];
        for (text, kind, value) in table {
            let wanted = Wanted::recognise(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((wanted.kind(), wanted.value().as_str()), (kind, value), "{text}");
            assert_eq!(Wanted::read_back(kind, value), Some(wanted));
        }
        for nothing in ["", "  ", "ecmo", "http://", "javascript:alert(1)", "1 2 3", "file:///etc/passwd"] {
            assert_eq!(Wanted::recognise(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(10\\.|1234|/|pmid:|/articles/|https://|NCT|é|%|\\PC){0,20}") {
            Wanted::recognise(&text);
        }
    }
}
