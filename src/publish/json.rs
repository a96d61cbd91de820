//! The types of the JSON API, version 1. Additive changes only: they are apart from the domain's so that these can
//! change.

use serde::Serialize;
use utoipa::ToSchema;

use super::feed::topic_title;
use super::json_notice::{FirstReportJson, NoticeJson};
use super::notice::{mark_word, marked_title, marked_title_html, short_paragraphs};
use super::text::{one_line, outward_link, paragraphs};
use crate::domain::entry::{Author, Journal, WorkKind};
use crate::domain::identity::{Doi, Nct, Pmcid, Pmid};
use crate::domain::news::{NewsItem, Site};
use crate::domain::time::PartialDate;
use crate::texts::Texts;

/// One news item. Texts are exact and plain unless their name ends in `_html`; absent means "not known".
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub struct NewsJson {
    /// ULID; never changes.
    pub id: String,
    /// Our page about it.
    pub url: String,
    /// Plain text; raised and lowered digits as Unicode. Begins with `[Retracted]` or another `mark` where there is one.
    pub title: String,
    /// The same with `i`, `b`, `sub` and `sup`; safe to insert into a page.
    pub title_html: String,
    /// The society's own paragraph, plain text. Where a notice marks the item it stands in front, and instead of the
    /// paragraph where the work no longer stands.
    pub summary: String,
    /// The society's paragraph as it was published, where `summary` is not that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_summary: Option<String>,
    /// `Retracted`, `Removed`, `Withdrawn`, `Partially retracted`, `Expression of concern` or `Corrected`, in the site's
    /// language; absent where nothing is said against the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Retracted")]
    pub mark: Option<String>,
    /// What happened to the work since, oldest first, lifted notices included.
    pub notices: Vec<NoticeJson>,
    /// Where the work is a preprint's paper: the preprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_report: Option<FirstReportJson>,
    /// When it became public, RFC 3339.
    pub published_at: String,
    /// When its meaning last changed, RFC 3339.
    pub updated_at: String,
    /// What it is about.
    pub topics: Vec<TopicJson>,
    /// `article`, `preprint`, `trial` or `book`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "article")]
    pub kind: WorkKind,
    /// The article itself: its DOI's address, else the source's, else PubMed's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Bare, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "10.5555/example.1")]
    pub doi: Option<Doi>,
    /// PubMed's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, example = 12345678)]
    pub pmid: Option<Pmid>,
    /// PubMed Central's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "PMC1234567")]
    pub pmcid: Option<Pmcid>,
    /// ClinicalTrials.gov's identifier, for a registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "NCT01234567")]
    pub nct: Option<Nct>,
    /// In printed order.
    pub authors: Vec<AuthorJson>,
    /// Where the work appeared.
    pub journal: JournalJson,
    /// When the work appeared: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-11")]
    pub published_on: Option<PartialDate>,
    /// Language of the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Somebody who signs the work: a person, or a group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuthorJson {
    /// A person's family name, particles included; an undivided name stands here whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// A person's given names or initials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// A group's name; then there is no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collective: Option<String>,
}

/// Where the work appeared; absent fields are not known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JournalJson {
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// ISO abbreviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abbreviation: Option<String>,
    /// `1234-567X`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issn: Option<String>,
    /// Volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// Issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// As printed: "123-30", or an article number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
}

/// A topic.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopicJson {
    /// Short name, as in addresses and filters.
    pub name: String,
    /// For people.
    pub title: String,
}

/// A page of items, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewsListJson {
    /// At most as many as asked for.
    pub items: Vec<NewsJson>,
    /// The `cursor` of the next page; `null` on the last.
    pub next_cursor: Option<String>,
    /// The next page's address; `null` on the last.
    pub next: Option<String>,
}

/// All topics in the configured order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TopicListJson {
    /// Each with its feeds' page.
    pub topics: Vec<TopicJson>,
}

impl NewsJson {
    /// The item as the API shows it.
    pub fn new(site: &Site, item: &NewsItem) -> Self {
        let texts = Texts::of(&site.language);
        Self {
            id: item.public_id.clone(),
            url: site.item_url(item),
            title: marked_title(texts, item),
            title_html: marked_title_html(texts, item),
            reported_summary: item.mark().map(|_| paragraphs(&item.summary).join("\n\n")),
            summary: short_paragraphs(texts, item).join("\n\n"),
            mark: mark_word(texts, item),
            notices: item.notices.iter().map(|notice| NoticeJson::new(site, notice)).collect(),
            first_report: item.first_report.as_ref().map(FirstReportJson::new),
            published_at: item.published_at.to_rfc3339(),
            updated_at: item.updated_at.to_rfc3339(),
            topics: item.topics.iter().map(|name| TopicJson::new(site, name)).collect(),
            kind: item.kind,
            link: outward_link(item),
            doi: item.ids.doi.clone(),
            pmid: item.ids.pmid,
            pmcid: item.ids.pmcid.clone(),
            nct: item.ids.nct.clone(),
            authors: item.authors.iter().map(AuthorJson::new).collect(),
            journal: JournalJson::new(&item.journal),
            published_on: item.published_on.clone(),
            language: item.language.clone(),
        }
    }
}

impl AuthorJson {
    fn new(author: &Author) -> Self {
        match author {
            Author::Person { family, given } => {
                Self { family: known(family), given: known(given), collective: None }
            }
            Author::Collective { collective } => {
                Self { family: None, given: None, collective: known(collective) }
            }
        }
    }
}

impl JournalJson {
    pub(super) fn new(journal: &Journal) -> Self {
        Self {
            title: known(&journal.title),
            abbreviation: known(&journal.abbreviation),
            issn: known(&journal.issn),
            volume: known(&journal.volume),
            issue: known(&journal.issue),
            pages: known(&journal.pages),
        }
    }
}

/// The text, where there is any.
pub(super) fn known(text: &str) -> Option<String> {
    Some(one_line(text)).filter(|text| !text.is_empty())
}

impl TopicJson {
    /// The topic of that name.
    pub fn new(site: &Site, name: &str) -> Self {
        Self { name: name.to_owned(), title: one_line(topic_title(site, name)) }
    }
}

/// What went wrong (RFC 9457), as `application/problem+json`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemJson {
    /// Always `about:blank`: the status says what sort of problem it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The query parameter at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<&'static str>,
}

/// Any document as readable JSON with `<`, `>` and `&` escaped, so that it is inert whatever it is taken for.
pub fn to_bytes<T: Serialize>(document: &T) -> Vec<u8> {
    // our documents have string keys and finite numbers: serialising them cannot fail
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut bytes = escape_json(&text).into_bytes();
    bytes.push(b'\n');
    bytes
}

/// JSON text that cannot close a `<script>` element and holds no line end of JavaScript's.
pub fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped
}
