//! Adding an article by hand: one box that recognises what is put into it, a bookmarklet, and an item without source.
//!
//! Opening the page changes nothing, whatever its address carries. No address is fetched here or by the worker: what
//! it names is looked up at services that are known.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::article::{SUMMARY_BYTES, TITLE_BYTES};
use super::page::{Frame, show};
use crate::domain::entry::Author;
use crate::domain::identity::Identifiers;
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::PartialDate;
use crate::domain::wanted::Wanted;
use crate::publish::text::web_address;
use crate::store::{Added, NewItem};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// Longest address, bytes.
const LINK_BYTES: usize = 2_048;
/// Names of an item; more are a mistake.
const MOST_AUTHORS: usize = 100;

/// What stands in the two forms.
#[derive(Default)]
struct Typed {
    what: String,
    found_title: String,
    found_at: String,
    title: String,
    summary: String,
    link: String,
    authors: String,
    published_on: String,
}

#[derive(Template)]
#[template(path = "desk/add.html", whitespace = "minimize")]
struct AddPage {
    frame: Frame,
    typed: Typed,
    /// About the box.
    error: Option<String>,
    /// About the item.
    errors: Vec<String>,
    /// Whether the item's form is what to look at.
    writes: bool,
    /// Why it is.
    why_write: Option<String>,
    bookmarklet: String,
}

impl AddPage {
    async fn new(state: &AppState, visitor: &Visitor, typed: Typed) -> Result<Self, PageError> {
        Ok(Self {
            frame: Frame::for_visitor(state, visitor, "add").await?,
            typed,
            error: None,
            errors: Vec::new(),
            writes: false,
            why_write: None,
            bookmarklet: bookmarklet(&state.site.url("/desk/add")),
        })
    }
}

/// `GET /desk/add`; a bookmarklet fills `id`, `url` and `title`.
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let mut typed = Typed::default();
    let mut id = String::new();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "id" => id = fold_plain(&value, LINK_BYTES),
            "url" => typed.found_at = fold_plain(&value, LINK_BYTES),
            "title" => typed.found_title = fold_plain(&value, TITLE_BYTES),
            _ => {}
        }
    }
    typed.what = if Wanted::recognise(&id).is_some() { id } else { typed.found_at.clone() };
    show(StatusCode::OK, &AddPage::new(&state, &visitor, typed).await?)
}

/// `POST /desk/add`: what the box holds.
pub(super) async fn add(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let typed = Typed {
        what: fold_plain(fields.get("what"), LINK_BYTES),
        found_title: fold_plain(fields.get("found_title"), TITLE_BYTES),
        found_at: fold_plain(fields.get("found_at"), LINK_BYTES),
        ..Typed::default()
    };
    let Some(wanted) = Wanted::recognise(&typed.what) else {
        let mut page = AddPage::new(&state, &visitor, typed).await?;
        page.error = Some(state.texts.t("add-not-recognised").into());
        return show(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    if let Wanted::Url(link) = wanted {
        let typed = Typed { title: typed.found_title.clone(), link, ..typed };
        let mut page = AddPage::new(&state, &visitor, typed).await?;
        page.writes = true;
        page.why_write = Some(state.texts.t("add-bare-address").into());
        return show(StatusCode::OK, &page);
    }
    let link = read_link(&typed.found_at).ok().flatten();
    let (editor, now) = (visitor.editor.id, state.now());
    let added = state.store.add_wanted(wanted, &typed.found_title, link, editor, now).await?;
    Ok(lead_to(&state, &added))
}

/// `POST /desk/add/item`: an item that an editor wrote.
pub(super) async fn add_item(
    State(state): State<AppState>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, PageError> {
    let typed = Typed {
        title: fold_plain(fields.get("title"), TITLE_BYTES),
        summary: fold_plain(fields.get("summary"), SUMMARY_BYTES),
        link: fold_plain(fields.get("link"), LINK_BYTES),
        authors: fields.get("authors").chars().take(4_000).collect(),
        published_on: fold_plain(fields.get("published_on"), 32),
        ..Typed::default()
    };
    match typed.to_item() {
        Ok(item) => {
            let added = state.store.add_item(item, visitor.editor.id, state.now()).await?;
            Ok(lead_to(&state, &added))
        }
        Err(problems) => {
            let mut page = AddPage::new(&state, &visitor, typed).await?;
            page.errors = problems.into_iter().map(|key| state.texts.t(key).into()).collect();
            page.writes = true;
            show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// On to the article, the new one or the one that was here.
fn lead_to(state: &AppState, added: &Added) -> Response {
    let (id, said) = match added {
        Added::New(id) => (*id, "added"),
        Added::Known(article) => (article.id, "known"),
    };
    state.bell.notify_one();
    Redirect::to(&format!("/desk/a/{id}?said={said}")).into_response()
}

impl Typed {
    /// The item, or the keys of what is wrong with it.
    fn to_item(&self) -> Result<NewItem, Vec<&'static str>> {
        let mut problems = Vec::new();
        let title = RichText::parse(&self.title);
        if title.is_empty() {
            problems.push("problem-title");
        }
        let link = read_link(&self.link).unwrap_or_else(|key| {
            problems.push(key);
            None
        });
        let published_on = match self.published_on.as_str() {
            "" => None,
            text => {
                let date = PartialDate::try_from(text.to_owned()).ok();
                if date.is_none() {
                    problems.push("add-problem-date");
                }
                date
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let ids = link.as_deref().map(identifiers).unwrap_or_default();
        let authors = read_authors(&self.authors);
        Ok(NewItem { title, summary: self.summary.clone(), link, ids, authors, published_on })
    }
}

/// An http(s) address, none, or the key of what is wrong with it.
fn read_link(text: &str) -> Result<Option<String>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    web_address(text).map(Some).ok_or("add-problem-link")
}

/// What the address of an item names.
fn identifiers(link: &str) -> Identifiers {
    let mut ids = Identifiers::default();
    match Wanted::recognise(link) {
        Some(Wanted::Pmid(pmid)) => ids.pmid = Some(pmid),
        Some(Wanted::Doi(doi)) => ids.doi = Some(doi),
        Some(Wanted::Pmcid(pmcid)) => ids.pmcid = Some(pmcid),
        Some(Wanted::Nct(nct)) => ids.nct = Some(nct),
        Some(Wanted::Url(_) | Wanted::Title(_)) | None => {}
    }
    ids
}

/// One name a line or between semicolons: "Given Family", "Family, Given", or a group's.
fn read_authors(text: &str) -> Vec<Author> {
    const GROUPS: [&str; 8] = [
        "group",
        "investigators",
        "society",
        "consortium",
        "network",
        "registry",
        "committee",
        "collaborators",
    ];
    let names = text.split(['\n', ';']).map(|name| fold_plain(name, 200)).filter(|name| !name.is_empty());
    let read = |name: String| {
        let lower = name.to_lowercase();
        if GROUPS.iter().any(|word| lower.split_whitespace().any(|part| part == *word)) {
            return Author::Collective { collective: name };
        }
        let (family, given) = match (name.split_once(','), name.rsplit_once(' ')) {
            (Some((family, given)), _) => (family.trim(), given.trim()),
            (None, Some((given, family))) => (family, given),
            (None, None) => (name.as_str(), ""),
        };
        Author::Person { family: family.to_owned(), given: given.to_owned() }
    };
    names.take(MOST_AUTHORS).map(read).collect()
}

/// The bookmark that opens the page with what the present one says of itself (Highwire Press tags, which publishers
/// set for Google Scholar).
fn bookmarklet(add: &str) -> String {
    format!(
        "javascript:(()=>{{const m=n=>(document.querySelector('meta[name=\"citation_'+n+'\"]')||{{}}).content||'',\
         e=encodeURIComponent;open('{add}?id='+e(m('doi')||m('pmid'))+'&url='+e(location.href)+'&title='+\
         e(m('title')||document.title))}})()"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        let names: Vec<String> =
            read_authors("Ann van Fixture; Fixture, Bob\n\nThe Made-up Study Group;Solo")
                .iter()
                .map(Author::inverted)
                .collect();
        assert_eq!(names, ["Fixture, Ann van", "Fixture, Bob", "The Made-up Study Group", "Solo"]);
    }

    #[test]
    fn only_web_addresses_are_links() {
        for refused in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.org/x",
            "example.org",
            "http://",
            "https://user:word@example.org/",
        ] {
            assert_eq!(read_link(refused), Err("add-problem-link"), "{refused}");
        }
        assert_eq!(read_link("https://example.org/a b"), Ok(Some("https://example.org/a%20b".into())));
    }
}
