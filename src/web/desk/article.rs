//! One article as the desk shows it: what the sources said, why it is here, and the form that decides.

use super::annotate::{FindTerms, ShownSection, annotate, mark_terms};
use super::check::Checked;
use super::facts::{Badge, Link, abstract_lang, authors, badges, identifiers, links, meta, title_lang};
use super::history::describe;
use super::notices::ShownNotice;
use super::page::{Choice, Rich, Times};
use super::trial::TrialView;
use super::twins::Relatives;
use super::view::View;
use super::wording::Offers;
use crate::domain::article::{Article, Sighting};
use crate::domain::status::{Act, RejectReason, Status, after};
use crate::domain::summary::{MAX_WORDS, SentenceRole, WARN_WORDS, count_words};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{HistoryRow, MergedText};
use crate::texts::Texts;
use crate::web::session::Fields;

/// Bounds of what a form may hold, bytes; the store and the feeds expect no more.
pub(super) const TITLE_BYTES: usize = 1024;
/// See [`TITLE_BYTES`].
pub(super) const SUMMARY_BYTES: usize = 8 * 1024;

/// A sentence of the draft with its place in the abstract, `#s{number}`.
pub(crate) struct ShownSentence {
    pub(crate) number: usize,
    pub(crate) role: String,
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
    pub(crate) label: String,
}

/// An event in an article's own history.
pub(crate) struct Event {
    pub(crate) what: String,
    pub(crate) who: String,
    pub(crate) when: String,
    /// Of a merge, the text of the article that is gone.
    pub(crate) gone: Option<Gone>,
}

/// The text of an article that was merged into another.
pub(crate) struct Gone {
    pub(crate) title: Rich,
    pub(crate) summary: String,
}

impl Gone {
    pub(crate) fn of(text: &MergedText) -> Self {
        Self { title: (&text.title).into(), summary: text.summary.clone().unwrap_or_default() }
    }
}

/// Where a source showed it.
pub(crate) struct ShownSighting {
    pub(crate) title: String,
    pub(crate) when: String,
}

/// Why it is here, with the list of all that are here for it.
pub(crate) struct ShownReason {
    pub(crate) text: String,
    pub(crate) query: String,
}

impl ShownReason {
    fn new(text: &str) -> Self {
        // “term”: you published 9 of 11 – the numbers change with every decision, the term does not
        let telling = text.split_once('”').map_or(text, |(before, _)| &text[..before.len() + '”'.len_utf8()]);
        let view = View { why: telling.to_owned(), ..View::default() };
        Self { text: text.to_owned(), query: view.to_query(&[]) }
    }
}

/// The reasons, without those whose term stands within another one's: “platelet” beside “platelets” tells nothing.
fn telling(reasons: &[String]) -> impl Iterator<Item = &str> {
    let term = |reason: &'_ str| -> Option<String> {
        Some(reason.split_once('“')?.1.split_once('”')?.0.to_lowercase())
    };
    reasons.iter().map(String::as_str).filter(move |reason| {
        let Some(own) = term(reason) else { return true };
        let others = reasons.iter().filter_map(|other| term(other));
        !others.into_iter().any(|other| other.len() > own.len() && other.contains(&own))
    })
}

/// Everything of the article pane.
pub(crate) struct ArticleView {
    pub(crate) id: i64,
    pub(crate) revision: i64,
    pub(crate) title: Rich,
    pub(crate) title_plain: String,
    /// For `lang`, where it is not the desk's.
    pub(crate) title_lang: Option<String>,
    /// The same of the abstract.
    pub(crate) abstract_lang: Option<String>,
    pub(crate) meta: String,
    pub(crate) authors: String,
    pub(crate) badges: Vec<Badge>,
    pub(crate) links: Vec<Link>,
    pub(crate) identifiers: Vec<Link>,
    pub(crate) reasons: Vec<ShownReason>,
    pub(crate) standing: Option<String>,
    /// What the watch found, newest first.
    pub(crate) noticed: Vec<ShownNotice>,
    pub(crate) trial: Option<TrialView>,
    pub(crate) sections: Vec<ShownSection>,
    pub(crate) form: FormText,
    pub(crate) errors: Vec<String>,
    pub(crate) checked: Checked,
    pub(crate) offers: Offers,
    pub(crate) draft: Vec<ShownSentence>,
    pub(crate) draft_used: bool,
    pub(crate) topics: Vec<Choice>,
    pub(crate) can_edit: bool,
    pub(crate) can_decide: bool,
    pub(crate) is_public: bool,
    /// Approved for a time that lies ahead.
    pub(crate) is_planned: bool,
    pub(crate) other_acts: Vec<OtherAct>,
    pub(crate) reject_reasons: Vec<Choice>,
    pub(crate) later_choices: Vec<Choice>,
    pub(crate) tomorrow: String,
    pub(crate) zone: String,
    pub(crate) sightings: Vec<ShownSighting>,
    pub(crate) past: Vec<Event>,
    pub(crate) relatives: Relatives,
    /// Whether the visitor may merge and link.
    pub(crate) may_join: bool,
}

/// What an article pane is made from.
pub(crate) struct Material<'a> {
    pub(crate) article: &'a Article,
    pub(crate) form: FormText,
    pub(crate) checked: Checked,
    pub(crate) offers: Offers,
    pub(crate) sightings: &'a [Sighting],
    pub(crate) history: &'a [HistoryRow],
    pub(crate) relatives: Relatives,
    /// `(name, title)` in the configured order.
    pub(crate) topics: &'a [(String, String)],
    /// Whether the visitor's role decides.
    pub(crate) may_decide: bool,
    pub(crate) times: Times,
    /// The words to mark in title and abstract.
    pub(crate) find: FindTerms<'a>,
    /// The desk's language.
    pub(crate) lang: &'a str,
}

impl ArticleView {
    pub(crate) fn new(material: Material<'_>) -> Self {
        let Material {
            article,
            form,
            checked,
            offers,
            sightings,
            history,
            relatives,
            topics,
            may_decide,
            times,
            find,
            lang,
        } = material;
        let texts = times.texts;
        let places: Vec<(usize, usize)> =
            article.draft.iter().flat_map(|draft| &draft.sentences).map(|sentence| sentence.source).collect();
        let names: Vec<String> = (1..=places.len())
            .map(|number| texts.t("article-to-sentence").with("number", number).into())
            .collect();
        let is_planned = planned_for(article, history, times.now).is_some();
        let allowed = |act| may_decide && after(article.status, act).is_some();
        let draft_text = article.draft.as_ref().map(|draft| draft.text()).unwrap_or_default();
        let topics =
            topics.iter().map(|(name, title)| Choice::new(name, title, form.topics.contains(name))).collect();
        Self {
            id: article.id,
            revision: article.revision,
            title: mark_terms(article.shown_title(), find),
            title_plain: article.shown_title().to_plain(),
            title_lang: shown_title_lang(article, lang),
            abstract_lang: abstract_lang(article, lang),
            meta: meta(article),
            authors: authors(texts, &article.authors),
            badges: badges(texts, article, sightings.len()),
            links: links(texts, article),
            identifiers: identifiers(article),
            reasons: telling(&article.relevance.reasons).map(ShownReason::new).collect(),
            noticed: Vec::new(),
            standing: standing(article, history, times),
            trial: article.trial.as_ref().map(TrialView::new),
            sections: shown_sections(article, &places, &names, find),
            draft_used: form.summary == draft_text,
            form,
            errors: Vec::new(),
            checked,
            offers,
            draft: shown_draft(texts, article),
            topics,
            can_edit: allowed(Act::Edit),
            can_decide: allowed(Act::Approve),
            is_public: article.status == Status::Approved && !is_planned,
            is_planned,
            other_acts: other_acts(texts, is_planned, &allowed),
            reject_reasons: RejectReason::ALL
                .into_iter()
                .map(|reason| Choice::new(reason.as_str(), texts.t(reason_key(reason)), false))
                .collect(),
            later_choices: vec![
                Choice::new("1", texts.t("later-tomorrow"), false),
                Choice::new("7", texts.t("later-week"), false),
                Choice::new("30", texts.t("later-month"), false),
            ],
            tomorrow: times
                .now
                .plus_ms(DAY_MS)
                .to_utc()
                .with_timezone(&times.zone)
                .format("%Y-%m-%d")
                .to_string(),
            zone: times.zone.name().replace('_', " "),
            sightings: sightings
                .iter()
                .map(|sighting| ShownSighting {
                    title: sighting.source_title.clone(),
                    when: times.show_near(sighting.first_seen_at),
                })
                .collect(),
            past: history
                .iter()
                .map(|row| Event {
                    what: describe(times, row),
                    who: row.editor.clone(),
                    when: times.show_near(row.at),
                    gone: row.merged.as_ref().map(Gone::of),
                })
                .collect(),
            relatives,
            may_join: may_decide,
        }
    }
}

/// The abstract. What a registration says of the trial's course stands in a table of its own; it is shown as text too
/// only where the draft quotes it.
fn shown_sections(
    article: &Article,
    places: &[(usize, usize)],
    names: &[String],
    find: FindTerms<'_>,
) -> Vec<ShownSection> {
    let mut sections = annotate(&article.abstract_sections, places, names, find);
    if article.trial.is_some() {
        sections.retain(|section| section.label.as_deref() != Some("Registration") || section.is_quoted);
    }
    sections
}

fn other_acts(texts: &Texts, is_planned: bool, allowed: &impl Fn(Act) -> bool) -> Vec<OtherAct> {
    let withdraw = if is_planned { "act-cancel" } else { "act-withdraw" };
    let known = [(Act::Withdraw, "withdraw", withdraw), (Act::Requeue, "requeue", "act-requeue")];
    known
        .into_iter()
        .filter(|(act, ..)| allowed(*act))
        .map(|(_, value, key)| OtherAct { value, label: texts.t(key).into() })
        .collect()
}

fn shown_draft(texts: &Texts, article: &Article) -> Vec<ShownSentence> {
    let sentences = article.draft.iter().flat_map(|draft| &draft.sentences);
    let role = |role| match role {
        SentenceRole::Background => "sentence-background",
        SentenceRole::Objective => "sentence-objective",
        SentenceRole::Methods => "sentence-methods",
        SentenceRole::Result => "sentence-result",
        SentenceRole::Conclusion => "sentence-conclusion",
    };
    sentences
        .enumerate()
        .map(|(index, sentence)| ShownSentence {
            number: index + 1,
            role: texts.t(role(sentence.role)).into(),
            text: sentence.text.clone(),
        })
        .collect()
}

/// The language of the title that is shown, unless it is `around` or an editor wrote it.
pub(super) fn shown_title_lang(article: &Article, around: &str) -> Option<String> {
    let language = article.language.as_deref().filter(|_| article.edited_title.is_none());
    title_lang(&article.title, language, around)
}

/// What the form shows of a title: tags as tags, characters as themselves, unless that would read as something else.
pub(crate) fn editable(title: &RichText) -> String {
    let plain = html_escape::decode_html_entities(title.as_html()).into_owned();
    if RichText::parse(&plain) == *title { plain } else { title.as_html().to_owned() }
}

/// The text for a reason to reject.
pub(super) fn reason_key(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::OffTopic => "reason-off-topic",
        RejectReason::LowEvidence => "reason-low-evidence",
        RejectReason::Duplicate => "reason-duplicate",
        RejectReason::AnimalOrBench => "reason-animal-or-bench",
        RejectReason::AlreadyCovered => "reason-already-covered",
        RejectReason::Other => "reason-other",
    }
}

/// The time that an approved text is to be published at, while it lies ahead.
fn planned_for(article: &Article, history: &[HistoryRow], now: UnixMs) -> Option<UnixMs> {
    let last = history.iter().find(|row| row.article_id == article.id)?;
    last.publish_at.filter(|at| article.status == Status::Approved && *at > now)
}

/// Where it stands, if it does not simply wait.
pub(crate) fn standing(article: &Article, history: &[HistoryRow], times: Times) -> Option<String> {
    let texts = times.texts;
    let who = history.iter().find(|row| row.after == article.status && row.act != Act::Edit);
    let by = who.map(|row| {
        texts.t("standing-by").with("who", &row.editor).with("when", times.show_near(row.at)).to_string()
    });
    let by = by.unwrap_or_default();
    let standing = match article.status {
        Status::Queued => None,
        Status::Later => {
            let until = article.later_until.map(|until| times.show(until)).unwrap_or_default();
            Some(texts.t("standing-later").with("until", until).with("by", by))
        }
        Status::Rejected => Some(match article.reject_reason {
            Some(reason) => {
                let reason = texts.t(reason_key(reason));
                texts.t("standing-rejected-reason").with("reason", reason).with("by", by)
            }
            None => texts.t("standing-rejected").with("by", by),
        }),
        Status::Approved => Some(match planned_for(article, history, times.now) {
            Some(at) => texts.t("standing-planned").with("by", by).with("at", times.show(at)),
            None => texts.t("standing-approved").with("by", by),
        }),
        Status::Withdrawn if who.is_some_and(|row| row.planned_for().is_some()) => {
            Some(texts.t("standing-cancelled").with("by", by))
        }
        Status::Withdrawn => Some(texts.t("standing-withdrawn").with("by", by)),
        Status::Merged => Some(texts.t("standing-merged")),
    };
    let standing = standing?;
    Some(match &article.upstream_changed {
        Some(change) => texts.t("standing-changed").with("standing", standing).with("change", change).into(),
        None => standing.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_within_another_is_not_told_twice() {
        let reasons =
            ["“platelet”: you published 3 of 4", "“platelets”: you published 2 of 4", "indexed as ECMO"];
        let reasons = reasons.map(String::from);
        let told: Vec<&str> = telling(&reasons).collect();
        assert_eq!(told, ["“platelets”: you published 2 of 4", "indexed as ECMO"]);
    }

    #[test]
    fn a_title_in_the_form_reads_as_it_will_be_read_back() {
        for stored in ["CO<sub>2</sub> at HDL&lt;LDL &amp; more", "a &lt;i&gt; b", "x &amp;lt; y"] {
            let title = RichText::parse(stored);
            assert_eq!(RichText::parse(&editable(&title)), title, "{stored}");
        }
        assert_eq!(editable(&RichText::parse("HDL&lt;LDL &amp; CO<sub>2</sub>")), "HDL<LDL & CO<sub>2</sub>");
    }
}
