//! COinS: an OpenURL in the `title` of an empty span, from which Zotero reads a page's references.
//!
//! OpenURL has no field for what happened to a work, and its title stays the work's own: Zotero finds retractions by
//! the DOI and the PMID that stand here.

use url::form_urlencoded::Serializer;

use super::{one_line, page_range};
use crate::domain::entry::{Author, WorkKind};
use crate::domain::news::NewsItem;
use crate::publish::text::plain_title;

/// The value of `title` of `<span class="Z3988">`, to be escaped as any attribute.
pub fn context_object(item: &NewsItem) -> String {
    let journal = &item.journal;
    let mut pairs = Serializer::new(String::with_capacity(512));
    let mut put = |key: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            pairs.append_pair(key, &value);
        }
    };
    put("ctx_ver", "Z39.88-2004");
    put("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal");
    put("rft.genre", if item.kind == WorkKind::Preprint { "preprint" } else { "article" });
    put("rft.atitle", &plain_title(item));
    put("rft.jtitle", &journal.title);
    put("rft.stitle", &journal.abbreviation);
    if let Some(date) = &item.published_on {
        put("rft.date", date.as_str());
    }
    put("rft.volume", &journal.volume);
    put("rft.issue", &journal.issue);
    let (first, last) = page_range(&journal.pages);
    put("rft.spage", &first);
    put("rft.epage", &last.unwrap_or_default());
    put("rft.issn", &journal.issn);
    if let Some(Author::Person { family, given }) = item.authors.first() {
        put("rft.aulast", family);
        put("rft.aufirst", given);
    }
    for author in &item.authors {
        match author {
            Author::Person { .. } => put("rft.au", &author.display()),
            Author::Collective { collective } => put("rft.aucorp", collective),
        }
    }
    if let Some(doi) = &item.ids.doi {
        put("rft_id", &format!("info:doi/{doi}"));
    }
    if let Some(pmid) = item.ids.pmid {
        put("rft_id", &format!("info:pmid/{pmid}"));
    }
    pairs.finish()
}
