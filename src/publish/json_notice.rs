//! Notices in the JSON API. Additive changes only, like [`super::json`].

use serde::Serialize;
use utoipa::ToSchema;

use super::json::{JournalJson, known};
use super::notice::{first_report_link, notice_link, notice_title, statement};
use super::notice_words::label;
use crate::domain::entry::WorkKind;
use crate::domain::identity::{Doi, Pmid};
use crate::domain::news::{FeedEntry, Site};
use crate::domain::notice::{Change, FirstReport, NoticeKind, NoticeSource, PublicNotice};
use crate::domain::time::PartialDate;
use crate::texts::Texts;

/// What happened to a work after it was reported; absent means "not known".
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeJson {
    /// ULID; never changes.
    pub id: String,
    /// Our page about it.
    pub url: String,
    /// `retraction`, `removal`, `withdrawal`, `partial_retraction`, `expression_of_concern`,
    /// `corrected_and_republished`, `correction`, `other_update`, `now_published`, `new_version`, `trial_stopped`,
    /// `results_posted`, `trial_changed` or `reinstatement`.
    #[schema(value_type = String, example = "retraction")]
    pub kind: NoticeKind,
    /// The kind for people.
    pub label: String,
    /// What happened, in a sentence or two, plain text.
    pub statement: String,
    /// Who said so: `pubmed`, `crossref_publisher`, `retraction_watch`, `medrxiv`, `biorxiv`,
    /// `europe_pmc`, `clinical_trials`, `editor`.
    #[schema(value_type = String, example = "pubmed")]
    pub source: NoticeSource,
    /// Who else said so since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub also: Vec<NoticeSource>,
    /// The notice's own date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-11-20")]
    pub noticed_on: Option<PartialDate>,
    /// When it became public here, RFC 3339.
    pub published_at: String,
    /// When it was lifted, RFC 3339; from then on it marks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<String>,
    /// Where to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The notice's own DOI.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "10.5555/notice.1")]
    pub doi: Option<Doi>,
    /// The notice's own number in PubMed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, example = 12345679)]
    pub pmid: Option<Pmid>,
    /// As its source cites it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// What changed in a trial's registration, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeJson>,
}

/// One field that changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeJson {
    /// Its name for people.
    pub field: String,
    /// What stood there; empty where nothing did.
    pub before: String,
    /// What stands there now; empty where it is gone.
    pub after: String,
}

/// How the work first appeared, where it was a preprint.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FirstReportJson {
    /// `preprint`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "preprint")]
    pub kind: WorkKind,
    /// Its DOI.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "10.5555/preprint.1")]
    pub doi: Option<Doi>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Where it appeared.
    pub journal: JournalJson,
    /// When it appeared: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "2026-01-05")]
    pub published_on: Option<PartialDate>,
}

/// A notice with the item it is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeEntryJson {
    /// "Retraction: Title of the work", plain text.
    pub title: String,
    /// The item's `id`.
    pub item_id: String,
    /// The item's page.
    pub item_url: String,
    /// The notice.
    pub notice: NoticeJson,
}

/// A page of notices, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticeListJson {
    /// At most as many as asked for.
    pub notices: Vec<NoticeEntryJson>,
    /// The `cursor` of the next page; `null` on the last.
    pub next_cursor: Option<String>,
    /// The next page's address; `null` on the last.
    pub next: Option<String>,
}

impl NoticeJson {
    /// The notice as the API shows it.
    pub fn new(site: &Site, notice: &PublicNotice) -> Self {
        let (finding, texts) = (&notice.finding, Texts::of(&site.language));
        Self {
            id: notice.public_id.clone(),
            url: site.notice_url(notice),
            kind: finding.kind,
            label: label(texts, finding.kind),
            statement: statement(texts, notice),
            source: finding.source,
            also: finding.also.clone(),
            noticed_on: finding.noticed_on.clone(),
            published_at: notice.public_at.to_rfc3339(),
            lifted_at: notice.lifted_at.map(|at| at.to_rfc3339()),
            link: notice_link(notice),
            doi: finding.ids.doi.clone(),
            pmid: finding.ids.pmid,
            citation: known(&finding.citation),
            changes: public_changes(notice).iter().map(ChangeJson::new).collect(),
        }
    }
}

/// What the public sees of a notice's changes: those of a registration. Others may quote an abstract, which stays on
/// the editors' desk.
pub fn public_changes(notice: &PublicNotice) -> &[Change] {
    match notice.finding.kind {
        NoticeKind::TrialStopped | NoticeKind::TrialChanged | NoticeKind::ResultsPosted => {
            &notice.finding.changes
        }
        _ => &[],
    }
}

impl ChangeJson {
    fn new(change: &Change) -> Self {
        let text = |text: &str| known(text).unwrap_or_default();
        Self { field: text(&change.field), before: text(&change.before), after: text(&change.after) }
    }
}

impl FirstReportJson {
    /// The preprint as the API shows it.
    pub fn new(report: &FirstReport) -> Self {
        Self {
            kind: report.kind,
            doi: report.ids.doi.clone(),
            link: first_report_link(report),
            journal: JournalJson::new(&report.journal),
            published_on: report.published_on.clone(),
        }
    }
}

impl NoticeEntryJson {
    /// A feed's entry that is a notice; `None` for one that is an item.
    pub fn new(site: &Site, entry: &FeedEntry) -> Option<Self> {
        let notice = entry.notice.as_ref()?;
        Some(Self {
            title: notice_title(Texts::of(&site.language), notice, &entry.item),
            item_id: entry.item.public_id.clone(),
            item_url: site.item_url(&entry.item),
            notice: NoticeJson::new(site, notice),
        })
    }
}
