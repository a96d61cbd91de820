//! What may be the same work, side by side with its evidence, and what is another version of it: the parts of an
//! article's page, and the acts. Nothing merges without an editor's word; every word can be taken back.

use std::collections::HashSet;

use axum::extract::{Path, State};
use axum::response::Response;

use super::article::standing;
use super::decide::{conflict, from_decide, see_other};
use super::facts::{authors, meta};
use super::page::{Rich, Times};
use super::view::View;
use crate::domain::article::Article;
use crate::domain::likeness::{Evidence, PairSort, title_words};
use crate::domain::status::Status;
use crate::domain::text::RichText;
use crate::store::{DecideError, MergeRequest, Suggestion};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// The beginning of a list of names that is long enough to compare two works by.
const NAMES: usize = 3;

/// One of the two sides.
pub(crate) struct Side {
    pub(crate) id: i64,
    pub(crate) title: Rich,
    pub(crate) authors: String,
    pub(crate) meta: String,
    pub(crate) ids: String,
    pub(crate) seen: String,
    pub(crate) standing: String,
}

/// Another article that may be the same work, or another version of it.
pub(crate) struct Twin {
    pub(crate) revision: i64,
    pub(crate) here: Side,
    pub(crate) there: Side,
    pub(crate) evidence: Vec<String>,
    pub(crate) is_version: bool,
    /// Which of the two stands, where that is no choice.
    pub(crate) outcome: Option<String>,
    /// Whether the key `m` is for this one.
    pub(crate) is_first: bool,
}

impl Twin {
    pub(crate) fn sides(&self) -> [&Side; 2] {
        [&self.here, &self.there]
    }
}

/// Another version of the work.
pub(crate) struct OtherVersion {
    pub(crate) id: i64,
    pub(crate) label: String,
    pub(crate) title: Rich,
    pub(crate) meta: String,
    pub(crate) note: String,
    /// Whether it is the preprint of the two, and not taken over yet.
    pub(crate) can_unlink: Option<i64>,
}

/// An article that an editor said is another work.
pub(crate) struct Apart {
    pub(crate) id: i64,
    pub(crate) title: Rich,
}

/// All that an article's page says of other articles.
#[derive(Default)]
pub(crate) struct Relatives {
    pub(crate) twins: Vec<Twin>,
    pub(crate) versions: Vec<OtherVersion>,
    pub(crate) apart: Vec<Apart>,
}

impl Relatives {
    pub(crate) async fn of(state: &AppState, article: &Article) -> Result<Self, PageError> {
        let times = Times::of(state);
        let mut relatives = Self::default();
        for (index, suggestion) in state.store.suggestions(article.id).await?.iter().enumerate() {
            relatives.twins.push(twin(state, article, suggestion, index == 0).await?);
        }
        for other in state.store.linked_versions(article.id).await? {
            relatives.versions.push(version(state, article, &other, times).await?);
        }
        for other in state.store.dismissed_pairs(article.id).await? {
            relatives.apart.push(Apart { id: other.id, title: other.shown_title().into() });
        }
        Ok(relatives)
    }
}

async fn twin(
    state: &AppState,
    article: &Article,
    suggestion: &Suggestion,
    first: bool,
) -> Result<Twin, PageError> {
    let texts = state.texts;
    let other = &suggestion.other;
    let (mine, theirs) = (article.status.weight(), other.status.weight());
    let outcome = match mine.cmp(&theirs) {
        _ if suggestion.sort == PairSort::Version => None,
        std::cmp::Ordering::Greater => Some("twins-this-stands"),
        std::cmp::Ordering::Less => Some("twins-other-stands"),
        // of two published ones the editor chooses the address
        std::cmp::Ordering::Equal if article.status == Status::Approved => None,
        std::cmp::Ordering::Equal => Some("twins-joined"),
    };
    Ok(Twin {
        revision: other.revision,
        here: side(state, article, other).await?,
        there: side(state, other, article).await?,
        evidence: suggestion.evidence.iter().map(|evidence| describe_evidence(texts, evidence)).collect(),
        is_version: suggestion.sort == PairSort::Version,
        outcome: outcome.map(|key| texts.t(key).into()),
        is_first: first,
    })
}

async fn side(state: &AppState, article: &Article, other: &Article) -> Result<Side, PageError> {
    let texts = state.texts;
    let history = state.store.history(Some(article.id), None, 20).await?;
    let mut seen: Vec<String> = Vec::new();
    for sighting in state.store.sightings(article.id).await? {
        if !seen.contains(&sighting.source_title) {
            seen.push(sighting.source_title);
        }
    }
    let names = authors(texts, &article.authors[..article.authors.len().min(NAMES)]);
    let more = article.authors.len().saturating_sub(NAMES);
    Ok(Side {
        id: article.id,
        title: mark_differences(&article.title, &other.title),
        authors: match (names.is_empty(), more) {
            (true, _) => texts.t("twins-none").into(),
            (_, 0) => names,
            _ => texts.t("authors-more").with("names", names).with("more", more).into(),
        },
        meta: meta(article),
        ids: identifiers(article).unwrap_or_else(|| texts.t("twins-none").into()),
        seen: seen.join(", "),
        standing: standing(article, &history, Times::of(state))
            .unwrap_or_else(|| texts.t("status-queued").into()),
    })
}

/// "PMID 123 · DOI 10.1/x"
fn identifiers(article: &Article) -> Option<String> {
    let ids = &article.ids;
    let parts: Vec<String> = [
        ids.pmid.map(|pmid| format!("PMID {pmid}")),
        ids.doi.as_ref().map(|doi| format!("DOI {doi}")),
        ids.pmcid.as_ref().map(ToString::to_string),
        ids.nct.as_ref().map(ToString::to_string),
        ids.pii.as_ref().map(|pii| format!("PII {pii}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The title in plain words, those marked that the other has not.
fn mark_differences(title: &RichText, other: &RichText) -> Rich {
    let known: HashSet<String> = title_words(other).into_iter().collect();
    let mut html = String::new();
    for word in title.to_plain().split_whitespace() {
        if !html.is_empty() {
            html.push(' ');
        }
        let differs = title_words(&RichText::from_plain(word)).iter().any(|part| !known.contains(part));
        let word = html_escape::encode_safe(word);
        match differs {
            true => html.extend(["<mark>", &word, "</mark>"]),
            false => html.push_str(&word),
        }
    }
    Rich::from_built(html)
}

fn describe_evidence(texts: &Texts, evidence: &Evidence) -> String {
    match evidence {
        Evidence::SharedIdentifier { kind, value } => {
            texts.t("evidence-identifier").with("kind", kind).with("value", value).into()
        }
        Evidence::SameTitle => texts.t("evidence-same-title").into(),
        Evidence::NearTitle => texts.t("evidence-near-title").into(),
        Evidence::SameFirstAuthor { name } => texts.t("evidence-same-author").with("name", name).into(),
        Evidence::AuthorUnknown => texts.t("evidence-no-author").into(),
        Evidence::SameYear { year } => texts.t("evidence-same-year").with("year", year.to_string()).into(),
        Evidence::NextYear => texts.t("evidence-near-year").into(),
        Evidence::YearUnknown => texts.t("evidence-no-year").into(),
        Evidence::SameJournal => texts.t("evidence-same-journal").into(),
        Evidence::OtherJournal => texts.t("evidence-other-journal").into(),
    }
}

async fn version(
    state: &AppState,
    article: &Article,
    other: &Article,
    times: Times,
) -> Result<OtherVersion, PageError> {
    let texts = state.texts;
    let is_paper = article.superseded_by == Some(other.id);
    let history = state.store.history(Some(other.id), None, 20).await?;
    let decided = standing(other, &history, times).unwrap_or_default();
    let label = if is_paper { "version-paper" } else { "version-preprint" };
    let replaces = !is_paper && other.status == Status::Approved && article.status != Status::Approved;
    let note = match replaces {
        true => texts.t("version-replaces").with("standing", decided).into(),
        false => decided,
    };
    let preprint = if is_paper { article } else { other };
    let taken_over = state.store.is_replaced(preprint.id).await?;
    Ok(OtherVersion {
        id: other.id,
        label: texts.t(label).into(),
        title: other.shown_title().into(),
        meta: meta(other),
        note,
        can_unlink: (!taken_over).then_some(preprint.id),
    })
}

/// The badge that says a queued paper had a preprint, by how that was decided.
pub(super) fn preprint_key(preprint: Status) -> &'static str {
    match preprint {
        Status::Approved => "badge-preprint-reported",
        Status::Rejected => "badge-preprint-rejected",
        _ => "badge-preprint-before",
    }
}

/// `POST /desk/a/{id}/merge` with `other`, both revisions, and which one to `keep` (`this` or `other`).
pub(super) async fn merge(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let this = (id, fields.number("revision")?);
    let other = (fields.number("other")?, fields.number("other_revision")?);
    let (keep, gone) = if fields.get("keep") == "other" { (other, this) } else { (this, other) };
    let approve_first = state.settings.watch.approve_first;
    let request = MergeRequest { keep, gone, editor_id: visitor.editor.id, approve_first };
    match state.store.merge(request, state.now()).await {
        Ok(decided) => {
            state.bell.notify_one();
            let query =
                View::parse(fields.get("view")).to_query(&[("done", decided.decision_id.to_string())]);
            Ok(see_other(&format!("/desk/a/{}{query}", decided.article.id)))
        }
        Err(DecideError::Conflict { current }) => conflict(&state, &visitor, &fields, &current).await,
        Err(other) => Err(from_decide(other)),
    }
}

/// `POST /desk/a/{id}/apart`: `other` is another work. With `again`, perhaps it is not.
pub(super) async fn apart(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let other = fields.number("other")?;
    if fields.get("again").is_empty() {
        state.store.dismiss_pair(id, other, visitor.editor.id, state.now()).await?;
    } else {
        state.store.recall_pair(id, other, visitor.editor.id, state.now()).await?;
    }
    Ok(back(id, &fields, "apart"))
}

/// `POST /desk/a/{id}/version`: this and `other` are a preprint and its paper. With `unlink`, they are not.
pub(super) async fn link(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let (now, editor_id) = (state.now(), visitor.editor.id);
    if fields.get("unlink").is_empty() {
        state.store.link_versions(id, fields.number("other")?, editor_id, now).await?;
        let paper = state.store.paper_of(id).await?.unwrap_or(id);
        return Ok(back(paper, &fields, "linked"));
    }
    state.store.unlink_version(fields.number("unlink")?, editor_id, now).await?;
    Ok(back(id, &fields, "apart"))
}

fn back(id: i64, fields: &Fields, said: &str) -> Response {
    let query = View::parse(fields.get("view")).to_query(&[("said", said.to_owned())]);
    see_other(&format!("/desk/a/{id}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_marked_word_by_word_and_nothing_is_markup_but_the_marks() {
        let marked = |one: &str, other: &str| {
            mark_differences(&RichText::from_plain(one), &RichText::from_plain(other)).to_string()
        };
        assert_eq!(
            marked("Flow in <b> part I", "flow in <b>: part II"),
            "Flow in &lt;b&gt; part <mark>I</mark>"
        );
        assert_eq!(marked("Haemolysis", "Hemolysis"), "Haemolysis");
    }
}
