//! What the watch found, at the desk: at the top of the queue and on the article, with what changed side by side and the
//! question whether the summary still holds.
//!
//! Not here: what a finding means and what it does to the public item, which the store decides in one transaction.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::facts::Badge;
use super::page::{Rich, Times};
use super::view::View;
use crate::domain::notice::{Notice, NoticeState, PublicNotice, SummaryHolds};
use crate::publish::notice::{notice_link, statement};
use crate::publish::notice_words::{label, mark};
use crate::store::{NoticeError, WaitingNotice};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::{Fields, Visitor};

/// How many notices the list shows before it folds the others away.
const SHOWN: usize = 3;

/// Notices that no editor has answered yet, above the queue.
pub(crate) struct Unanswered {
    pub(crate) first: Vec<NoticedRow>,
    pub(crate) more: Vec<NoticedRow>,
}

/// One of them.
pub(crate) struct NoticedRow {
    pub(crate) article_id: i64,
    pub(crate) notice_id: i64,
    pub(crate) label: String,
    pub(crate) class: &'static str,
    pub(crate) title: Rich,
    /// "found 3 Mar, marked at once"
    pub(crate) when: String,
}

impl Unanswered {
    /// The rows, the gravest first as the store gives them.
    pub(crate) fn new(notices: Vec<WaitingNotice>, times: Times) -> Self {
        let texts = times.texts;
        let mut first: Vec<NoticedRow> = notices
            .into_iter()
            .map(|WaitingNotice { notice, article }| {
                let found = times.show_near(notice.found_at);
                let key = match notice.state {
                    NoticeState::Public => "noticed-marked",
                    _ => "noticed-waiting",
                };
                NoticedRow {
                    article_id: article.id,
                    notice_id: notice.id,
                    label: label(texts, notice.finding.kind),
                    class: class(&notice),
                    title: article.shown_title().into(),
                    when: texts.t(key).with("when", found).into(),
                }
            })
            .collect();
        let more = first.split_off(first.len().min(SHOWN));
        Self { first, more }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.first.len() + self.more.len()
    }
}

/// A notice on the article's page.
pub(crate) struct ShownNotice {
    pub(crate) id: i64,
    pub(crate) label: String,
    pub(crate) class: &'static str,
    pub(crate) statement: String,
    pub(crate) citation: String,
    pub(crate) link: Option<String>,
    /// Where it stands: "Public since 3 Mar" or "Waits for your answer".
    pub(crate) standing: String,
    /// `(field, before, after)`
    pub(crate) changes: Vec<(String, String, String)>,
    /// Whether this visitor is asked.
    pub(crate) asks: bool,
    /// What the answer does.
    pub(crate) effect: String,
}

impl ShownNotice {
    /// The notice as it stands; `is_public` says whether its article is, `may_answer` whether the visitor is an editor.
    pub(crate) fn new(notice: &Notice, is_public: bool, may_answer: bool, times: Times) -> Self {
        let texts = times.texts;
        let finding = &notice.finding;
        let shown = PublicNotice {
            public_id: notice.public_id.clone(),
            finding: finding.clone(),
            public_at: notice.public_at.unwrap_or(notice.found_at),
            lifted_at: None,
        };
        let live = matches!(notice.state, NoticeState::Waiting | NoticeState::Public);
        Self {
            id: notice.id,
            label: label(texts, finding.kind),
            class: class(notice),
            statement: statement(texts, &shown),
            citation: finding.citation.clone(),
            link: notice_link(&shown),
            standing: standing(notice, is_public, times),
            changes: finding
                .changes
                .iter()
                .map(|change| (change.field.clone(), change.before.clone(), change.after.clone()))
                .collect(),
            asks: is_public && may_answer && live && notice.answered.is_none(),
            effect: effect(texts, notice),
        }
    }
}

/// What an answer does to the notice.
fn effect(texts: &Texts, notice: &Notice) -> String {
    let key = match notice.state {
        _ if notice.finding.kind.stays_at_desk() => "noticed-question-desk",
        NoticeState::Waiting => "noticed-question-waits",
        _ => "noticed-question-public",
    };
    texts.t(key).into()
}

fn standing(notice: &Notice, is_public: bool, times: Times) -> String {
    let texts = times.texts;
    let since = || times.show_near(notice.public_at.unwrap_or(notice.found_at));
    let stands = match notice.state {
        NoticeState::Waiting if is_public => {
            texts.t("noticed-waiting").with("when", times.show_near(notice.found_at))
        }
        NoticeState::Waiting => texts.t("noticed-found").with("when", times.show_near(notice.found_at)),
        NoticeState::Public => texts.t("noticed-public").with("when", since()),
        NoticeState::Dismissed => texts.t(match notice.answered {
            Some((_, SummaryHolds::NotOurs)) => "noticed-dismissed",
            Some(_) => "noticed-closed",
            None => "noticed-dropped",
        }),
        NoticeState::Lifted => texts
            .t("noticed-lifted")
            .with("when", times.show_near(notice.lifted_at.unwrap_or(notice.found_at))),
    };
    let answer = match notice.answered {
        Some((at, SummaryHolds::Yes)) => Some(texts.t("noticed-held").with("when", times.show_near(at))),
        Some((at, SummaryHolds::Rewritten)) => {
            Some(texts.t("noticed-rewritten").with("when", times.show_near(at)))
        }
        Some((_, SummaryHolds::NotOurs)) | None => None,
    };
    match answer {
        Some(answer) => format!("{stands} {answer}"),
        None => stands.into(),
    }
}

fn class(notice: &Notice) -> &'static str {
    if notice.finding.kind.is_serious() { "grave" } else { "caution" }
}

/// The badge of an article in the queue: the gravest of its notices that stand.
pub(crate) fn badge(texts: &Texts, notices: &[Notice], article_id: i64) -> Option<Badge> {
    let standing = notices.iter().filter(|notice| {
        notice.article_id == article_id && matches!(notice.state, NoticeState::Waiting | NoticeState::Public)
    });
    let gravest = standing.min_by_key(|notice| notice.finding.kind)?;
    let text = mark(texts, gravest.finding.kind).unwrap_or_else(|| label(texts, gravest.finding.kind));
    Some(Badge::new(text, class(gravest)))
}

/// The badges with that of a notice in front, said once.
pub(crate) fn with_notice(mut badges: Vec<Badge>, notice: Option<Badge>) -> Vec<Badge> {
    if let Some(notice) = notice {
        badges.retain(|badge| badge.text != notice.text);
        badges.insert(0, notice);
    }
    badges
}

/// `POST /desk/notices/{id}/answer` with `answer` = `yes`, `rewritten` or `not_ours`.
pub(super) async fn answer(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<i64>,
    fields: Fields,
) -> Result<Response, PageError> {
    let given = SummaryHolds::parse(fields.get("answer"))
        .ok_or_else(|| PageError::BadForm("answer is not on the list".into()))?;
    let answered = state.store.answer_notice(id, visitor.editor.id, given, state.now()).await;
    state.bell.notify_one();
    match answered {
        Ok(notice) => {
            let query = View::parse(fields.get("view")).to_query(&[("said", "answered".to_owned())]);
            Ok(Redirect::to(&format!("/desk/a/{}{query}", notice.article_id)).into_response())
        }
        Err(NoticeError::NotFound) => Err(PageError::NotFound),
        Err(NoticeError::Illegal { .. }) => {
            Err(PageError::Refused(state.texts.t("noticed-answered-already").into()))
        }
        Err(NoticeError::Store(error)) => Err(error.into()),
    }
}
