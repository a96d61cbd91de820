//! CSL-JSON, as Zotero, pandoc and citation processors read it. Texts are plain; a `<` is a `<`.

use serde_json::{Map, Value, json};

use super::{one_line, page_range};
use crate::domain::entry::{Author, WorkKind};
use crate::domain::news::NewsItem;
use crate::domain::time::PartialDate;
use crate::publish::json::to_bytes;
use crate::publish::notice::{citation_mark, citation_notes};
use crate::publish::text::{outward_link, plain_title};

/// The items as one array.
pub fn render(items: &[NewsItem]) -> Vec<u8> {
    let references: Vec<Value> = items.iter().map(reference).collect();
    to_bytes(&references)
}

fn reference(item: &NewsItem) -> Value {
    let journal = &item.journal;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        if !(value.is_null() || value.as_str() == Some("")) {
            object.insert(key.to_owned(), value);
        }
    };
    put("id", item.public_id.clone().into());
    put("type", reference_type(item.kind).into());
    put("title", plain_title(item).into());
    if !item.authors.is_empty() {
        put("author", item.authors.iter().map(name).collect());
    }
    put("container-title", one_line(&journal.title).into());
    put("container-title-short", one_line(&journal.abbreviation).into());
    put("issued", item.published_on.as_ref().map(date_parts).unwrap_or_default());
    put("volume", one_line(&journal.volume).into());
    put("issue", one_line(&journal.issue).into());
    let (first, last) = page_range(&journal.pages);
    put("page", last.map_or(first.clone(), |last| format!("{first}-{last}")).into());
    put("ISSN", one_line(&journal.issn).into());
    put("DOI", json!(item.ids.doi));
    put("PMID", json!(item.ids.pmid.map(|pmid| pmid.to_string())));
    put("PMCID", json!(item.ids.pmcid));
    put("URL", json!(outward_link(item)));
    put("language", json!(item.language.as_deref().map(one_line)));
    // CSL 1.0.2, "status": the item's publication status, "e.g. forthcoming; in press; advance online publication"
    put("status", json!(citation_mark(item).map(|word| word.to_lowercase())));
    put("keyword", json!(citation_mark(item)));
    put("note", citation_notes(item).join(" ").into());
    Value::Object(object)
}

fn name(author: &Author) -> Value {
    match author {
        Author::Person { family, given } if given.is_empty() => json!({ "family": one_line(family) }),
        Author::Person { family, given } => {
            json!({ "family": one_line(family), "given": one_line(given) })
        }
        Author::Collective { collective } => json!({ "literal": one_line(collective) }),
    }
}

/// As precise as the date is known.
fn date_parts(date: &PartialDate) -> Value {
    let parts: Vec<i64> =
        [Some(i64::from(date.year())), date.month().map(i64::from), date.day().map(i64::from)]
            .into_iter()
            .flatten()
            .collect();
    json!({ "date-parts": [parts] })
}

fn reference_type(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::Article => "article-journal",
        WorkKind::Preprint => "article",
        WorkKind::Trial => "document",
        WorkKind::Book => "book",
    }
}
