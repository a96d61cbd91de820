//! What an editor may put into the summary besides typing: another result sentence of the abstract, or what a language
//! model proposes.
//!
//! The desk only asks and shows: the worker, which knows the outside world, answers through the database. A proposal is
//! checked by the same code as everything that is typed, and is called machine-worded wherever it shows.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::article::FormText;
use super::check::{Doubt, doubts};
use super::queue::{Shown, show_article};
use crate::curation::draft::alternatives;
use crate::curation::verify::overlap;
use crate::domain::article::Article;
use crate::domain::entry::abstract_plain;
use crate::domain::summary::SentenceRole;
use crate::store::{Proposal, StoreError};
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// A summary that shares this much of its runs of five words with a proposal is machine-worded.
const WORDED_SHARE: f64 = 0.3;
/// Other result sentences offered.
const MOST_OTHERS: usize = 8;

/// What the form offers beside the text.
pub(crate) struct Offers {
    /// Other sentences of the abstract that say what was found, the likeliest first.
    pub(crate) results: Vec<String>,
    /// Whether the language model can be asked for this article.
    pub(crate) can_ask: bool,
    pub(crate) waiting: bool,
    pub(crate) problem: Option<String>,
    pub(crate) proposal: Option<ShownProposal>,
    /// The model that worded what stands in the form.
    pub(crate) worded_by: Option<String>,
}

/// A proposal with its doubts.
pub(crate) struct ShownProposal {
    pub(crate) text: String,
    pub(crate) model: String,
    pub(crate) version: u32,
    pub(crate) doubts: Vec<Doubt>,
}

impl Offers {
    pub(crate) async fn of(state: &AppState, article: &Article, form: &FormText) -> Result<Self, StoreError> {
        let last = state.store.last_wording(article.id).await?;
        let waiting = last.as_ref().is_some_and(|wording| wording.answer.is_none());
        let (mut proposal, mut problem) = (None, None);
        match last.and_then(|wording| wording.answer) {
            Some(Ok(found)) => proposal = Some(found),
            Some(Err(why)) => problem = Some(why),
            None => {}
        }
        let worded_by = proposal
            .as_ref()
            .filter(|proposal| is_worded_by(proposal, &form.summary))
            .map(|proposal| proposal.model.clone());
        let proposal = proposal.map(|Proposal { text, model, prompt_version: version }| {
            let doubts = doubts(article, &text);
            ShownProposal { text, model, version, doubts }
        });
        let has_abstract = abstract_plain(&article.abstract_sections).contains(char::is_alphanumeric);
        Ok(Self {
            results: other_results(article),
            can_ask: state.settings.wording.base_url.is_some() && has_abstract,
            waiting,
            problem,
            proposal,
            worded_by,
        })
    }
}

fn is_worded_by(proposal: &Proposal, summary: &str) -> bool {
    overlap(&proposal.text, summary).shared_five_word_share >= WORDED_SHARE
}

/// The proposal that a summary was made from, if it was.
pub(super) async fn find_source(
    state: &AppState,
    article_id: i64,
    summary: &str,
) -> Result<Option<Proposal>, StoreError> {
    let last = state.store.last_wording(article_id).await?;
    let proposal = last.and_then(|wording| wording.answer?.ok());
    Ok(proposal.filter(|proposal| is_worded_by(proposal, summary)))
}

fn other_results(article: &Article) -> Vec<String> {
    let others = alternatives(&article.title, &article.abstract_sections);
    others.into_iter().take(MOST_OTHERS).map(|sentence| sentence.text).collect()
}

/// The summary after a press on one of the offers: `wording`, or `result-` and its number in the list.
pub(super) async fn take_offer(
    state: &AppState,
    article: &Article,
    typed: FormText,
    offer: &str,
) -> Result<FormText, PageError> {
    let not_listed = || PageError::BadForm("use is not on the list".into());
    let summary = match offer.strip_prefix("result-") {
        Some(number) => {
            let number: usize = number.parse().map_err(|_| not_listed())?;
            let mut others = other_results(article);
            if number >= others.len() {
                return Err(not_listed());
            }
            quote_result(article, &typed.summary, &others.swap_remove(number))
        }
        None if offer == "wording" => {
            let last = state.store.last_wording(article.id).await?;
            last.and_then(|wording| wording.answer?.ok()).ok_or_else(not_listed)?.text
        }
        None => return Err(not_listed()),
    };
    Ok(FormText::new(typed.title, summary, typed.topics))
}

/// Puts another result in the place of the one that the summary quotes; at the end where it quotes none.
fn quote_result(article: &Article, summary: &str, other: &str) -> String {
    if summary.contains(other) {
        return summary.to_owned();
    }
    let drafted = article.draft.iter().flat_map(|draft| &draft.sentences);
    let drafted =
        drafted.filter(|sentence| sentence.role == SentenceRole::Result).map(|sentence| &sentence.text);
    let known: Vec<String> = drafted.cloned().chain(other_results(article)).collect();
    match known.iter().find(|sentence| summary.contains(sentence.as_str())) {
        Some(quoted) => summary.replacen(quoted.as_str(), other, 1),
        None => format!("{summary} {other}").trim().to_owned(),
    }
}

/// `POST /desk/a/{id}/wording`: asks for a proposal; the page again with what was typed. Nothing else is stored.
pub(super) async fn ask(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let mut article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    if state.settings.wording.base_url.is_none() {
        return Err(PageError::Refused(state.texts.t("wording-off").into()));
    }
    state.store.ask_wording(id, visitor.editor.id, state.now()).await?;
    state.bell.notify_one();
    article.revision = fields.number("revision")?;
    let shown = Shown {
        status: StatusCode::OK,
        query: fields.get("view"),
        form: FormText::typed(&fields),
        acknowledged: fields.get("acknowledged"),
        errors: Vec::new(),
        toast: None,
    };
    show_article(&state, &visitor, &article, &shown).await
}
