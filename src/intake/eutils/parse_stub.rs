//! Stands in for `intake::pubmed` until that lands: PMIDs only.

use crate::domain::entry::{Entry, Parsed};
use crate::domain::identity::{Identifiers, Pmid};

#[derive(Debug, thiserror::Error)]
#[error("not a set of PubMed records")]
pub struct PubmedError;

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, PubmedError> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("<PubmedArticleSet") {
        return Err(PubmedError);
    }
    let pmids = text.split("<PMID").skip(1).filter_map(|rest| {
        let rest = rest.split_once('>')?.1;
        Pmid::parse(rest.split_once('<')?.0)
    });
    let entry = |pmid| Entry {
        ids: Identifiers { pmid: Some(pmid), ..Identifiers::default() },
        complete: true,
        ..Entry::default()
    };
    Ok(Parsed { format: "PubMed XML".to_owned(), entries: pmids.map(entry).collect(), ..Parsed::default() })
}
