//! Identifiers inside other text: in guids, addresses, citations and abstracts.

use crate::domain::identity::{Doi, Identifiers, Nct, Pii, Pmcid, Pmid};

use super::caps;
use super::markup::cap_plain;

/// Takes from one identifier as feeds write it (`doi:10.…`, `pmid:…`, `pmc:PMC…`, an address, a bare DOI) what is
/// still unknown in `ids`. Numbers without a prefix are nobody's.
pub fn identify(text: &str, ids: &mut Identifiers) {
    let text = cap_plain(text.trim(), caps::LINK);
    let lower = text.to_ascii_lowercase();
    if ids.pmid.is_none() && !lower.bytes().all(|byte| byte.is_ascii_digit()) {
        ids.pmid = Pmid::parse(text);
    }
    if ids.pmcid.is_none() {
        ids.pmcid = Pmcid::parse(text).or_else(|| {
            let at = lower.find("/articles/pmc")? + "/articles/".len();
            Pmcid::parse(text[at..].split(['/', '?', '#']).next()?)
        });
    }
    if ids.doi.is_none() {
        ids.doi = Doi::parse(text).or_else(|| find_doi(text));
    }
    if ids.pii.is_none() && lower.contains("/pii/") {
        ids.pii = Pii::parse(text);
    }
    if ids.nct.is_none() && lower.contains("clinicaltrials.gov/") {
        ids.nct = find_ncts(text).into_iter().next();
    }
}

/// See [`Doi::find`].
pub fn find_doi(text: &str) -> Option<Doi> {
    Doi::find(text)
}

/// The PMID in a PubMed address or after "PMID:" inside a text.
pub fn find_pmid(text: &str) -> Option<Pmid> {
    let lower = text.to_ascii_lowercase();
    ["pmid:", "pubmed:", "pubmed.ncbi.nlm.nih.gov/"].iter().find_map(|mark| {
        let rest = text[lower.find(mark)? + mark.len()..].trim_start();
        Pmid::parse(&rest[..rest.bytes().take_while(u8::is_ascii_digit).count()])
    })
}

/// Every trial number in a text, once each, in order.
pub fn find_ncts(text: &str) -> Vec<Nct> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    if !["NCT", "nct", "Nct"].iter().any(|name| memchr::memmem::find(bytes, name.as_bytes()).is_some()) {
        return found;
    }
    for start in 0..bytes.len().saturating_sub(10) {
        if !bytes[start].eq_ignore_ascii_case(&b'n')
            || !bytes[start..start + 3].eq_ignore_ascii_case(b"nct")
            || start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric())
            || bytes.get(start + 11).is_some_and(u8::is_ascii_digit)
        {
            continue;
        }
        // the bytes compared so far and digits are ASCII, so the slice ends on a character
        if let Some(nct) = text.get(start..start + 11).and_then(Nct::parse)
            && !found.contains(&nct)
            && found.len() < caps::WORDS
        {
            found.push(nct);
        }
    }
    found
}

/// An ISSN as `1234-567X`, from `1234567x`, `1234-567X` or `urn:issn:…`; `None` where the check digit is wrong.
pub fn read_issn(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_prefix("URN:ISSN:").or_else(|| text.strip_prefix("ISSN")).unwrap_or(&text);
    let digits: Vec<char> = text.chars().filter(|c| c.is_ascii_digit() || *c == 'X').collect();
    if digits.len() != 8 || digits[..7].contains(&'X') {
        return None;
    }
    let value = |c: &char| if *c == 'X' { 10 } else { c.to_digit(10).unwrap_or_default() };
    let sum: u32 = digits.iter().zip((1..=8).rev()).map(|(digit, weight)| value(digit) * weight).sum();
    let (head, tail) = digits.split_at(4);
    sum.is_multiple_of(11)
        .then(|| format!("{}-{}", head.iter().collect::<String>(), tail.iter().collect::<String>()))
}

/// See [`Doi::is_preprint`].
pub fn is_preprint_doi(doi: &Doi) -> bool {
    doi.is_preprint()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_are_found_in_the_clothes_that_feeds_give_them() {
        let table = [
            (
                "https://journal.example/doi/full/10.1080/00222933.2021.1974594?af=R",
                "10.1080/00222933.2021.1974594",
            ),
            (
                "https://journal.example/article?id=10.1371/journal.pone.0258454",
                "10.1371/journal.pone.0258454",
            ),
            (
                "Parasite. 2021;28:75. doi: 10.1051/parasite/2021069. Epub 2021 Nov 5.",
                "10.1051/parasite/2021069",
            ),
            ("(doi:10.1016/s0960-9822(00)00336-5)", "10.1016/s0960-9822(00)00336-5"),
            ("https://journal.example/doi/10.1002/abc.1/full", "10.1002/abc.1"),
            ("http://doi.org/10.1093/botlinnean/boab030", "10.1093/botlinnean/boab030"),
            ("https://dx.doi.org/10.4039/tce.2021.38?rft_dat=source%3Ddrss", "10.4039/tce.2021.38"),
        ];
        for (text, expected) in table {
            let mut ids = Identifiers::default();
            identify(text, &mut ids);
            assert_eq!(ids.doi.as_ref().map(Doi::as_str), Some(expected), "{text}");
            assert_eq!((ids.pmid, ids.pmcid), (None, None), "{text}");
        }
        for text in ["version 2.10.1 of", "p=0.10.5/6", "110.1000/5", "10.5 mg/kg"] {
            assert_eq!(find_doi(text), None, "{text}");
        }
    }

    #[test]
    fn a_bare_number_is_nobodys_pmid() {
        let mut ids = Identifiers::default();
        identify("12345678", &mut ids);
        assert!(ids.is_empty());
        identify("pubmed:34902460", &mut ids);
        identify("https://pmc.ncbi.nlm.nih.gov/articles/PMC8571234/?x=1", &mut ids);
        assert_eq!(ids.pmid, Some(Pmid(34_902_460)));
        assert_eq!(ids.pmcid.unwrap().as_str(), "PMC8571234");
        assert_eq!(find_pmid("PMID: 34902460 | DOI:10.1/x"), Some(Pmid(34_902_460)));
    }

    #[test]
    fn trial_numbers_are_found_once_each() {
        let text = "Trial (NCT01511666; nct04620070, NCT01511666). xNCT00000001, NCT123, NCT012345678";
        let found: Vec<String> = find_ncts(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["NCT01511666", "NCT04620070"]);
    }

    #[test]
    fn an_issn_with_a_wrong_check_digit_is_none() {
        assert_eq!(read_issn("0008347X").as_deref(), Some("0008-347X"));
        assert_eq!(read_issn("urn:issn:0013-8908").as_deref(), Some("0013-8908"));
        assert_eq!(read_issn("0013-8909"), None);
        assert_eq!(read_issn("n/a"), None);
    }

    #[test]
    fn preprint_servers_are_known_by_their_doi() {
        assert!(is_preprint_doi(&Doi::parse("10.1101/2021.03.01.21252000").unwrap()));
        assert!(!is_preprint_doi(&Doi::parse("10.1101/gad.348000.120").unwrap()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(10\\.|1234|/|\\(|\\)|nct|NCT0123456|doi:|pmid:|%2F|%|\\PC){0,20}") {
            let mut ids = Identifiers::default();
            identify(&text, &mut ids);
            find_ncts(&text);
            find_pmid(&text);
            read_issn(&text);
        }
    }
}
