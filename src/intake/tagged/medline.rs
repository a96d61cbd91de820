//! One NBIB record → one entry.

use super::{Fields, read_abstract};
use crate::domain::entry::{Author, Entry, Journal, WorkKind, abstract_plain};
use crate::domain::identity::{Doi, Identifiers, Pii, Pmcid, Pmid};
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::text::fold_plain;
use crate::domain::time::UnixMs;
use crate::intake::clean::{
    caps, find_doi, find_ncts, find_pmid, read_date, read_issn, read_name, rich_text,
};

/// The tags of `CommentsCorrections`.
const RELATIONS: [(&str, Relation); 16] = [
    ("RIN", Relation::RetractionIn),
    ("ROF", Relation::RetractionOf),
    ("ECI", Relation::ExpressionOfConcernIn),
    ("ECF", Relation::ExpressionOfConcernFor),
    ("EIN", Relation::ErratumIn),
    ("EFR", Relation::ErratumFor),
    ("CRI", Relation::CorrectedAndRepublishedIn),
    ("CRF", Relation::CorrectedAndRepublishedFrom),
    ("UIN", Relation::UpdateIn),
    ("UOF", Relation::UpdateOf),
    ("RPI", Relation::RepublishedIn),
    ("RPF", Relation::RepublishedFrom),
    ("CIN", Relation::CommentIn),
    ("CON", Relation::CommentOn),
    ("PRIN", Relation::RetractionIn),
    ("PROF", Relation::RetractionOf),
];

pub(super) fn read(record: &Fields, now: UnixMs) -> Result<Entry, String> {
    let number = record.first(&["PMID"]).unwrap_or_default();
    let pmid = Pmid::parse(number).ok_or_else(|| format!("no PMID: {:?}", fold_plain(number, 40)))?;
    let title = rich_text(record.first(&["TI", "TT", "BTI"]).unwrap_or_default(), caps::TITLE);
    if title.is_empty() {
        return Err(format!("PMID {pmid} has no title"));
    }
    // "10.1/x [doi]" among publishers' own numbers
    let numbers = record.all("LID").chain(record.all("AID"));
    let doi = numbers.filter_map(|number| number.strip_suffix("[doi]")).find_map(Doi::parse);
    let abstract_sections = read_abstract(record.first(&["AB"]).unwrap_or_default());
    let registered: String = record.all("SI").collect::<Vec<_>>().join("; ");
    let types = words(record, "PT");
    let is_preprint = types.iter().any(|word| word == "Preprint");
    let date = |tags: &[&str]| record.first(tags).and_then(read_date);
    let word =
        |tag: &str| record.first(&[tag]).map(|value| fold_plain(value, caps::WORD)).unwrap_or_default();
    Ok(Entry {
        kind: if is_preprint { WorkKind::Preprint } else { WorkKind::Article },
        ids: Identifiers {
            pmid: Some(pmid),
            doi,
            pmcid: record.first(&["PMC"]).and_then(Pmcid::parse),
            pii: record.all("AID").filter_map(|number| number.strip_suffix("[pii]")).find_map(Pii::parse),
            nct: None,
        },
        source_key: format!("pmid:{pmid}"),
        title,
        link: Some(pmid.url()),
        trials: find_ncts(&format!("{registered}\n{}", abstract_plain(&abstract_sections))),
        abstract_sections,
        authors: read_authors(record),
        journal: Journal {
            title: word("JT"),
            abbreviation: word("TA"),
            issn: record.all("IS").find_map(|issn| read_issn(issn.split(' ').next()?)).unwrap_or_default(),
            volume: word("VI"),
            issue: word("IP"),
            pages: word("PG"),
        },
        published_on: date(&["DEP"]).or_else(|| date(&["DP"])).map(|stamp| stamp.on),
        shown_at: date(&["EDAT", "CRDT"]).and_then(|stamp| stamp.at).map(|at| at.min(now)),
        language: record.first(&["LA"]).map(|language| fold_plain(language, 8)),
        publication_types: types,
        // "*Extracorporeal Membrane Oxygenation/methods"
        mesh: words(record, "MH").iter().map(|term| descriptor(term)).collect(),
        keywords: words(record, "OT").iter().map(|word| word.trim_start_matches('*').to_owned()).collect(),
        related: RELATIONS.iter().flat_map(|(tag, relation)| related(record, tag, *relation)).collect(),
        complete: true,
        ..Entry::default()
    })
}

fn descriptor(term: &str) -> String {
    term.split('/').next().unwrap_or_default().trim_start_matches('*').to_owned()
}

fn words(record: &Fields, tag: &str) -> Vec<String> {
    let words = record.all(tag).map(|value| fold_plain(value, caps::WORD)).filter(|word| !word.is_empty());
    words.take(caps::WORDS).collect()
}

/// Full names where there are some, and groups, in printed order.
fn read_authors(record: &Fields) -> Vec<Author> {
    let persons = if record.all("FAU").next().is_some() { "FAU" } else { "AU" };
    let author = |(tag, value): &(String, String)| match tag.as_str() {
        tag if tag == persons => read_name(value),
        "CN" => Some(Author::Collective { collective: fold_plain(value, caps::AUTHOR) }),
        _ => None,
    };
    record.fields.iter().filter_map(author).take(caps::AUTHORS).collect()
}

fn related<'a>(
    record: &'a Fields,
    tag: &'a str,
    relation: Relation,
) -> impl Iterator<Item = RelatedWork> + 'a {
    record.all(tag).map(move |citation| {
        let ids =
            Identifiers { pmid: find_pmid(citation), doi: find_doi(citation), ..Identifiers::default() };
        RelatedWork { citation: fold_plain(citation, caps::WORD), ..RelatedWork::new(relation, ids) }
    })
}
