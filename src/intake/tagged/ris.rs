//! One RIS record → one entry. It stays a sighting: every program writes RIS in its own way.

use super::{Fields, read_abstract};
use crate::domain::entry::{Entry, Journal, WorkKind, abstract_plain};
use crate::domain::identity::{Identifiers, Pii, Pmcid, Pmid};
use crate::domain::text::fold_plain;
use crate::intake::clean::{
    canonical_link, caps, find_doi, find_ncts, find_pmid, is_preprint_doi, read_date, read_issn, read_name,
    rich_text,
};

pub(super) fn read(record: &Fields) -> Result<Entry, String> {
    let title = rich_text(record.first(&["TI", "T1", "CT"]).unwrap_or_default(), caps::TITLE);
    if title.is_empty() {
        return Err("a record without a title".to_owned());
    }
    let addresses = || record.all("UR").chain(record.all("L2")).chain(record.all("LK"));
    let doi = record.all("DO").chain(addresses()).find_map(find_doi);
    let word =
        |tags: &[&str]| record.first(tags).map(|value| fold_plain(value, caps::WORD)).unwrap_or_default();
    // an accession number is PubMed's only if PubMed is named as the database
    let is_pubmed =
        ["pubmed", "medline"].iter().any(|name| word(&["DB", "DP"]).to_lowercase().contains(name));
    let accession = record.first(&["AN"]).filter(|_| is_pubmed).and_then(Pmid::parse);
    let pmid = accession.or_else(|| addresses().find_map(find_pmid));
    let abstract_sections = read_abstract(record.first(&["AB", "N2"]).unwrap_or_default());
    let kind = match word(&["TY"]).as_str() {
        "BOOK" | "CHAP" | "EBOOK" | "ECHAP" => WorkKind::Book,
        _ if doi.as_ref().is_some_and(is_preprint_doi) => WorkKind::Preprint,
        _ => WorkKind::Article,
    };
    let (first_page, last_page) = (word(&["SP"]), word(&["EP"]));
    let pages = match last_page.is_empty() || first_page.contains('-') {
        true => first_page,
        false => format!("{first_page}-{last_page}"),
    };
    let link = pmid.map(Pmid::url).or_else(|| doi.as_ref().map(|doi| doi.url()));
    let authors = record.fields.iter().filter(|(tag, _)| tag == "AU" || tag == "A1");
    Ok(Entry {
        kind,
        link: link.or_else(|| addresses().find_map(|address| canonical_link(address, None))),
        ids: Identifiers {
            pmid,
            doi,
            pmcid: record.all("C2").find_map(Pmcid::parse),
            pii: addresses().filter(|address| address.contains("/pii/")).find_map(Pii::parse),
            nct: None,
        },
        title,
        trials: find_ncts(&abstract_plain(&abstract_sections)),
        abstract_sections,
        authors: authors.filter_map(|(_, name)| read_name(name)).take(caps::AUTHORS).collect(),
        journal: Journal {
            title: word(&["JF", "T2", "JO"]),
            abbreviation: word(&["JA", "J2"]),
            issn: record.all("SN").find_map(|issn| read_issn(issn.split(' ').next()?)).unwrap_or_default(),
            volume: word(&["VL"]),
            issue: word(&["IS"]),
            pages,
        },
        // "2026/11/05/", of which later parts may be missing
        published_on: record
            .first(&["DA", "PY", "Y1"])
            .and_then(|date| read_date(date.trim_end_matches('/')))
            .map(|stamp| stamp.on),
        language: record.first(&["LA"]).map(|language| fold_plain(language, 8)),
        keywords: record.all("KW").map(|word| fold_plain(word, caps::WORD)).take(caps::WORDS).collect(),
        ..Entry::default()
    })
}
