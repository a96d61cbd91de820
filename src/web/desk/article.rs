//! One article as the desk shows it: what the sources said, why it is here, and the form that decides.

use chrono_tz::Tz;

use super::annotate::{ShownSection, annotate};
use super::check::Checked;
use super::facts::{Badge, Link, authors, badges, links, meta};
use super::history::describe;
use super::page::{Choice, Rich, show_near_time, show_time};
use super::trial::TrialView;
use crate::domain::article::{Article, Sighting};
use crate::domain::status::{Act, RejectReason, Status, after};
use crate::domain::summary::{MAX_WORDS, SentenceRole, WARN_WORDS, count_words};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::HistoryRow;
use crate::web::session::Fields;

/// Bounds of what a form may hold, bytes; the store and the feeds expect no more.
pub(super) const TITLE_BYTES: usize = 1024;
/// See [`TITLE_BYTES`].
pub(super) const SUMMARY_BYTES: usize = 8 * 1024;

/// A sentence of the draft with its place in the abstract, `#s{number}`.
pub(crate) struct ShownSentence {
    pub(crate) number: usize,
    pub(crate) role: &'static str,
    pub(crate) text: String,
}

/// What stands in the form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FormText {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) topics: Vec<String>,
    pub(crate) words: usize,
    pub(crate) words_shown: usize,
    pub(crate) words_class: &'static str,
}

impl FormText {
    /// The form for what an editor typed, or what the article holds.
    pub(crate) fn new(title: String, summary: String, topics: Vec<String>) -> Self {
        let words = count_words(&summary);
        let words_class = match words {
            0..=WARN_WORDS => "short",
            count if count <= MAX_WORDS => "long",
            _ => "over",
        };
        Self { title, summary, topics, words, words_shown: words.min(120), words_class }
    }

    /// What an editor typed, white space folded as it will be stored.
    pub(crate) fn typed(fields: &Fields) -> Self {
        let topics = fields.all("topic").map(String::from).collect();
        let summary = fold_plain(fields.get("summary"), SUMMARY_BYTES);
        Self::new(fold_plain(fields.get("title"), TITLE_BYTES), summary, topics)
    }

    /// What the article holds.
    pub(crate) fn of(article: &Article) -> Self {
        Self::new(editable(article.shown_title()), article.shown_summary(), article.topics.clone())
    }
}

/// An act beside the decisions.
pub(crate) struct OtherAct {
    pub(crate) value: &'static str,
    pub(crate) label: &'static str,
}

/// An event in an article's own history.
pub(crate) struct Event {
    pub(crate) what: String,
    pub(crate) who: String,
    pub(crate) when: String,
}

/// Where a source showed it.
pub(crate) struct ShownSighting {
    pub(crate) title: String,
    pub(crate) when: String,
}

/// Everything of the article pane.
pub(crate) struct ArticleView {
    pub(crate) id: i64,
    pub(crate) revision: i64,
    pub(crate) title: Rich,
    pub(crate) title_plain: String,
    pub(crate) meta: String,
    pub(crate) authors: String,
    pub(crate) badges: Vec<Badge>,
    pub(crate) links: Vec<Link>,
    pub(crate) reasons: Vec<String>,
    pub(crate) standing: Option<String>,
    pub(crate) trial: Option<TrialView>,
    pub(crate) sections: Vec<ShownSection>,
    pub(crate) form: FormText,
    pub(crate) errors: Vec<String>,
    pub(crate) checked: Checked,
    pub(crate) draft: Vec<ShownSentence>,
    pub(crate) draft_used: bool,
    pub(crate) topics: Vec<Choice>,
    pub(crate) can_edit: bool,
    pub(crate) can_decide: bool,
    pub(crate) is_public: bool,
    pub(crate) other_acts: Vec<OtherAct>,
    pub(crate) reject_reasons: Vec<Choice>,
    pub(crate) later_choices: Vec<Choice>,
    pub(crate) tomorrow: String,
    pub(crate) zone: String,
    pub(crate) sightings: Vec<ShownSighting>,
    pub(crate) past: Vec<Event>,
}

/// What an article pane is made from.
pub(crate) struct Material<'a> {
    pub(crate) article: &'a Article,
    pub(crate) form: FormText,
    pub(crate) checked: Checked,
    pub(crate) sightings: &'a [Sighting],
    pub(crate) history: &'a [HistoryRow],
    /// `(name, title)` in the configured order.
    pub(crate) topics: &'a [(String, String)],
    /// Whether the visitor's role decides.
    pub(crate) may_decide: bool,
    pub(crate) now: UnixMs,
    pub(crate) zone: Tz,
}

impl ArticleView {
    pub(crate) fn new(material: Material<'_>) -> Self {
        let Material { article, form, checked, sightings, history, topics, may_decide, now, zone } = material;
        let places: Vec<(usize, usize)> =
            article.draft.iter().flat_map(|draft| &draft.sentences).map(|sentence| sentence.source).collect();
        let allowed = |act| may_decide && after(article.status, act).is_some();
        let draft_text = article.draft.as_ref().map(|draft| draft.text()).unwrap_or_default();
        let topics =
            topics.iter().map(|(name, title)| Choice::new(name, title, form.topics.contains(name))).collect();
        Self {
            id: article.id,
            revision: article.revision,
            title: article.shown_title().into(),
            title_plain: article.shown_title().to_plain(),
            meta: meta(article),
            authors: authors(&article.authors),
            badges: badges(article, sightings.len()),
            links: links(article),
            reasons: article.relevance.reasons.clone(),
            standing: standing(article, history, now, zone),
            trial: article.trial.as_ref().map(TrialView::new),
            sections: shown_sections(article, &places),
            draft_used: form.summary == draft_text,
            form,
            errors: Vec::new(),
            checked,
            draft: shown_draft(article),
            topics,
            can_edit: allowed(Act::Edit),
            can_decide: allowed(Act::Approve),
            is_public: article.status == Status::Approved,
            other_acts: other_acts(&allowed),
            reject_reasons: RejectReason::ALL
                .into_iter()
                .map(|reason| Choice::new(reason.as_str(), reason.label(), false))
                .collect(),
            later_choices: vec![
                Choice::new("1", "Until tomorrow", false),
                Choice::new("7", "For a week", false),
                Choice::new("30", "For a month", false),
            ],
            tomorrow: now.plus_ms(DAY_MS).to_utc().with_timezone(&zone).format("%Y-%m-%d").to_string(),
            zone: zone.name().replace('_', " "),
            sightings: sightings
                .iter()
                .map(|sighting| ShownSighting {
                    title: sighting.source_title.clone(),
                    when: show_near_time(sighting.first_seen_at, now, zone),
                })
                .collect(),
            past: history
                .iter()
                .map(|row| Event {
                    what: describe(row),
                    who: row.editor.clone(),
                    when: show_near_time(row.at, now, zone),
                })
                .collect(),
        }
    }
}

/// The abstract. What a registration says of the trial's course stands in a table of its own; it is shown as text too
/// only where the draft quotes it.
fn shown_sections(article: &Article, places: &[(usize, usize)]) -> Vec<ShownSection> {
    let mut sections = annotate(&article.abstract_sections, places);
    if article.trial.is_some() {
        sections.retain(|section| section.label.as_deref() != Some("Registration") || section.is_quoted);
    }
    sections
}

fn other_acts(allowed: &impl Fn(Act) -> bool) -> Vec<OtherAct> {
    let known = [
        (Act::Withdraw, "withdraw", "Take it back from the public"),
        (Act::Requeue, "requeue", "Put back into the queue"),
    ];
    known
        .into_iter()
        .filter(|(act, ..)| allowed(*act))
        .map(|(_, value, label)| OtherAct { value, label })
        .collect()
}

fn shown_draft(article: &Article) -> Vec<ShownSentence> {
    let sentences = article.draft.iter().flat_map(|draft| &draft.sentences);
    let role = |role| match role {
        SentenceRole::Background => "Background",
        SentenceRole::Objective => "Aim",
        SentenceRole::Methods => "Methods",
        SentenceRole::Result => "Result",
        SentenceRole::Conclusion => "Conclusion",
    };
    sentences
        .enumerate()
        .map(|(index, sentence)| ShownSentence {
            number: index + 1,
            role: role(sentence.role),
            text: sentence.text.clone(),
        })
        .collect()
}

/// What the form shows of a title: tags as tags, characters as themselves, unless that would read as something else.
pub(crate) fn editable(title: &RichText) -> String {
    let plain = html_escape::decode_html_entities(title.as_html()).into_owned();
    if RichText::parse(&plain) == *title { plain } else { title.as_html().to_owned() }
}

/// Where it stands, if it does not simply wait.
pub(crate) fn standing(article: &Article, history: &[HistoryRow], now: UnixMs, zone: Tz) -> Option<String> {
    let who = history.iter().find(|row| row.after == article.status && row.act != Act::Edit);
    let by = who
        .map(|row| format!(" by {}, {}", row.editor, show_near_time(row.at, now, zone)))
        .unwrap_or_default();
    let standing = match article.status {
        Status::Queued => None,
        Status::Later => {
            let until = article.later_until.map(|until| show_time(until, zone)).unwrap_or_default();
            Some(format!("Put off until {until}{by}."))
        }
        Status::Rejected => {
            let reason =
                article.reject_reason.map(|reason| format!(" ({})", reason.label())).unwrap_or_default();
            Some(format!("Rejected{reason}{by}."))
        }
        Status::Approved => Some(format!("Approved{by}.")),
        Status::Withdrawn => Some(format!("Taken back from the public{by}.")),
        Status::Merged => Some("Merged into another article.".into()),
    };
    match (standing, &article.upstream_changed) {
        (Some(standing), Some(change)) => {
            Some(format!("{standing} {change} What is public was not touched."))
        }
        (standing, _) => standing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_in_the_form_reads_as_it_will_be_read_back() {
        for stored in ["CO<sub>2</sub> at HDL&lt;LDL &amp; more", "a &lt;i&gt; b", "x &amp;lt; y"] {
            let title = RichText::parse(stored);
            assert_eq!(RichText::parse(&editable(&title)), title, "{stored}");
        }
        assert_eq!(editable(&RichText::parse("HDL&lt;LDL &amp; CO<sub>2</sub>")), "HDL<LDL & CO<sub>2</sub>");
    }
}
