//! What the desk says about a summary while it is written: doubts about its figures and claims, how much is copied, and
//! how readers will see it.
//!
//! The checks inform; only an acknowledged doubt can be published, and the acknowledgement is bound to the text.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::article::FormText;
use super::page::Rich;
use super::queue::{Shown, show_article};
use super::wording::take_offer;
use crate::curation::document::Document;
use crate::curation::topics::study_design;
use crate::curation::verify::{Evidence, overlap, verify};
use crate::domain::article::Article;
use crate::domain::entry::abstract_plain;
use crate::domain::news::NewsItem;
use crate::domain::text::RichText;
use crate::domain::time::UnixMs;
use crate::publish::html::{LinkTo, fragment};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// Something in the summary that the abstract does not bear out.
pub(crate) struct Doubt {
    pub(crate) quote: String,
    pub(crate) reason: String,
}

impl Doubt {
    /// Whether the reason needs the words it is about in front; figures are repeated in it anyway.
    pub(crate) fn shows_quote(&self) -> bool {
        !self.reason.starts_with(&self.quote)
    }
}

/// What is known of a summary.
pub(crate) struct Checked {
    pub(crate) doubts: Vec<Doubt>,
    /// Stands for this text with these doubts; the form sends it back to acknowledge them.
    pub(crate) key: String,
    pub(crate) acknowledged: bool,
    /// Share of the summary that is copied, percent; `None` where there is nothing to compare.
    pub(crate) copied_percent: Option<u32>,
    pub(crate) too_much_copied: bool,
    /// Whether what is copied is our own draft, which nobody has touched: no fault of the editor's.
    pub(crate) is_copied_draft: bool,
    /// As it will be published.
    pub(crate) preview: Rich,
}

impl Checked {
    /// Checks a form's text against the article. `acknowledged` is the key that the form sent, or nothing.
    pub(crate) fn new(
        state: &AppState,
        article: &Article,
        form: &FormText,
        acknowledged: &str,
        now: UnixMs,
    ) -> Self {
        let doubts = doubts(article, &form.summary);
        let key = key(&form.summary, &doubts);
        let (copied_percent, limit) = (copied(article, &form.summary), state.settings.desk.overlap_percent);
        let is_draft = article.draft.as_ref().is_some_and(|draft| draft.text() == form.summary);
        let is_over = copied_percent.is_some_and(|percent| percent > limit);
        Self {
            acknowledged: acknowledged == key,
            key,
            doubts,
            copied_percent,
            too_much_copied: is_over && !is_draft,
            is_copied_draft: is_over && is_draft,
            preview: preview(state, article, form, now),
        }
    }

    /// Why it cannot be published as it is, if so.
    pub(crate) fn problem(&self, texts: &Texts) -> Option<String> {
        self.is_open().then(|| texts.t("problem-doubts").into())
    }

    /// Whether a doubt waits to be acknowledged.
    pub(crate) fn is_open(&self) -> bool {
        !self.doubts.is_empty() && !self.acknowledged
    }
}

/// `POST /desk/a/{id}/check`: the page again with the checks of what was typed, or of what `use` puts in its place; nothing
/// is stored.
pub(super) async fn check(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let mut article = state.store.article(id).await?.ok_or(PageError::NotFound)?;
    article.revision = fields.number("revision")?;
    let mut form = FormText::typed(&fields);
    if !fields.get("use").is_empty() {
        form = take_offer(&state, &article, form, fields.get("use")).await?;
    }
    let shown = Shown {
        status: StatusCode::OK,
        query: fields.get("view"),
        form,
        acknowledged: fields.get("acknowledged"),
        errors: Vec::new(),
        toast: None,
    };
    show_article(&state, &visitor, &article, &shown).await
}

/// The doubts about a text for an article's summary.
pub(super) fn doubts(article: &Article, summary: &str) -> Vec<Doubt> {
    // without an abstract every figure that the title lacks is a doubt: nobody but the editor can have checked it
    let abstract_text = abstract_plain(&article.abstract_sections);
    let evidence = Evidence::of(study_design(&Document::from_article(article, &[])));
    let marks = verify(&article.title.to_plain(), &abstract_text, summary, evidence);
    let quote =
        |(start, end): (usize, usize)| summary.chars().skip(start).take(end.saturating_sub(start)).collect();
    marks.into_iter().map(|mark| Doubt { quote: quote(mark.span), reason: mark.reason }).collect()
}

fn key(summary: &str, doubts: &[Doubt]) -> String {
    let mut digest = Sha256::new();
    digest.update(summary.as_bytes());
    for doubt in doubts {
        digest.update([0]);
        digest.update(doubt.reason.as_bytes());
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn copied(article: &Article, summary: &str) -> Option<u32> {
    let abstract_text = abstract_plain(&article.abstract_sections);
    if abstract_text.is_empty() || summary.is_empty() {
        return None;
    }
    Some((overlap(&abstract_text, summary).shared_five_word_share * 100.0).round() as u32)
}

/// The fragment that embeds print, made by the same code.
fn preview(state: &AppState, article: &Article, form: &FormText, now: UnixMs) -> Rich {
    let item = NewsItem {
        article_id: article.id,
        public_id: article.public_id.clone(),
        title: RichText::parse(&form.title),
        summary: form.summary.clone(),
        published_at: now,
        updated_at: now,
        topics: form.topics.clone(),
        kind: article.kind,
        ids: article.ids.clone(),
        link: article.best_link(),
        authors: article.authors.clone(),
        journal: article.journal.clone(),
        published_on: article.published_on.clone(),
        language: article.language.clone(),
        notices: Vec::new(),
        first_report: None,
    };
    Rich::from_built(
        String::from_utf8_lossy(&fragment(&state.site, &[item], 3, LinkTo::Article)).into_owned(),
    )
}
