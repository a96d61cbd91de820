//! RIS: one tag a line, `XX  - value`, lines ended by CR LF.

use super::{one_line, page_range};
use crate::domain::entry::WorkKind;
use crate::domain::news::NewsItem;
use crate::publish::notice::{citation_mark, citation_notes};
use crate::publish::text::{outward_link, plain_title};

/// The items, one record after another.
pub fn render(items: &[NewsItem]) -> Vec<u8> {
    let mut ris = String::with_capacity(items.len() * 512);
    for item in items {
        write_record(&mut ris, item);
    }
    ris.into_bytes()
}

fn write_record(ris: &mut String, item: &NewsItem) {
    // a value on one line cannot begin a tag of its own
    let mut put = |tag: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            ris.push_str(&format!("{tag}  - {value}\r\n"));
        }
    };
    put("TY", reference_type(item.kind));
    put("TI", &plain_title(item));
    for author in &item.authors {
        put("AU", &author.inverted());
    }
    let journal = &item.journal;
    put("T2", &journal.title);
    put("JA", &journal.abbreviation);
    if let Some(date) = &item.published_on {
        put("PY", &date.year().to_string());
        put("DA", &date.as_str().replace('-', "/"));
    }
    put("VL", &journal.volume);
    put("IS", &journal.issue);
    let (first, last) = page_range(&journal.pages);
    put("SP", &first);
    put("EP", &last.unwrap_or_default());
    put("SN", &journal.issn);
    if let Some(doi) = &item.ids.doi {
        put("DO", doi.as_str());
    }
    if let Some(pmid) = item.ids.pmid {
        put("AN", &pmid.to_string());
        put("DB", "PubMed");
    }
    put("UR", &outward_link(item).unwrap_or_default());
    put("LA", item.language.as_deref().unwrap_or_default());
    // the title stays the work's own, by which libraries find duplicates; Zotero, EndNote and Rayyan show N1 and KW
    put("KW", &citation_mark(item).unwrap_or_default());
    for note in citation_notes(item) {
        put("N1", &note);
    }
    ris.push_str("ER  - \r\n\r\n");
}

fn reference_type(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::Article => "JOUR",
        WorkKind::Preprint => "UNPB",
        WorkKind::Trial => "GEN",
        WorkKind::Book => "BOOK",
    }
}
