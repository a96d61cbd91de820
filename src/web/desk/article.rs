//! One article as the desk shows it: what the sources said, why it is here, and the form that decides.

use chrono_tz::Tz;

use super::annotate::{ShownSection, annotate};
use super::check::Checked;
use super::history::describe;
use super::page::{Choice, Rich, show_near_time, show_time};
use crate::curation::document::Document;
use crate::curation::topics::{StudyType, study_design};
use crate::domain::article::{Article, Sighting};
use crate::domain::entry::{Author, WorkKind};
use crate::domain::status::{Act, RejectReason, Status, after};
use crate::domain::summary::{MAX_WORDS, SentenceRole, WARN_WORDS, count_words};
use crate::domain::text::{RichText, fold_plain};
use crate::domain::time::{DAY_MS, PartialDate, UnixMs};
use crate::store::HistoryRow;
use crate::web::session::Fields;

/// Bounds of what a form may hold, bytes; the store and the feeds expect no more.
pub(super) const TITLE_BYTES: usize = 1024;
/// See [`TITLE_BYTES`].
pub(super) const SUMMARY_BYTES: usize = 8 * 1024;

/// A word about an article, in words rather than colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) text: String,
    pub(crate) class: &'static str,
}

impl Badge {
    fn new(text: impl Into<String>, class: &'static str) -> Self {
        Self { text: text.into(), class }
    }
}

/// A link out.
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) text: &'static str,
    pub(crate) main: bool,
}

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
            sections: annotate(&article.abstract_sections, &places),
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

/// "Perfusion · Jul 2021 · Randomised trial".
pub(crate) fn meta(article: &Article) -> String {
    let journal = &article.journal;
    let name = if journal.title.is_empty() { &journal.abbreviation } else { &journal.title };
    let date = article.published_on.as_ref().map(PartialDate::to_display).unwrap_or_default();
    let study = design(article);
    let parts: Vec<&str> =
        [name.as_str(), &date, &study].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// The study's design as the ranking sees it, capitalised; nothing where that is unknown.
fn design(article: &Article) -> String {
    let design = study_design(&Document::from_article(article, &[]));
    let mut label = design.label().chars();
    match (design, label.next()) {
        (StudyType::Other | StudyType::TrialRegistration, _) | (_, None) => String::new(),
        (_, Some(first)) => first.to_uppercase().chain(label).collect(),
    }
}

/// Badges in words, the gravest first.
pub(crate) fn badges(article: &Article, sources: usize) -> Vec<Badge> {
    let mut badges = Vec::new();
    let has = |wanted: &str| article.publication_types.iter().any(|found| found == wanted);
    if has("Retracted Publication") {
        badges.push(Badge::new("Retracted", "grave"));
    }
    if has("Retraction of Publication") || has("Retraction Notice") {
        badges.push(Badge::new("Retraction notice", "grave"));
    }
    if has("Expression of Concern") {
        badges.push(Badge::new("Expression of concern", "grave"));
    }
    match article.kind {
        WorkKind::Preprint => badges.push(Badge::new("Preprint", "caution")),
        WorkKind::Trial => badges.push(Badge::new("Trial registration", "plain")),
        WorkKind::Book => badges.push(Badge::new("Book", "plain")),
        WorkKind::Article => {}
    }
    if article.ids.pmcid.is_some() {
        badges.push(Badge::new("Free full text", "good"));
    }
    if let Some(language) = article.language.as_deref().and_then(foreign_language) {
        badges.push(Badge::new(format!("In {language}"), "plain"));
    }
    if sources > 1 {
        badges.push(Badge::new(format!("Seen in {sources} sources"), "plain"));
    }
    badges
}

fn foreign_language(code: &str) -> Option<String> {
    const NAMES: [(&str, &str); 16] = [
        ("ger", "German"),
        ("de", "German"),
        ("fre", "French"),
        ("fr", "French"),
        ("spa", "Spanish"),
        ("es", "Spanish"),
        ("ita", "Italian"),
        ("it", "Italian"),
        ("por", "Portuguese"),
        ("pt", "Portuguese"),
        ("jpn", "Japanese"),
        ("ja", "Japanese"),
        ("chi", "Chinese"),
        ("zh", "Chinese"),
        ("rus", "Russian"),
        ("ru", "Russian"),
    ];
    match code {
        "" | "eng" | "en" | "und" => None,
        code => {
            Some(NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name).to_owned())
        }
    }
}

/// The first six names; groups are always named.
fn authors(authors: &[Author]) -> String {
    const SHOWN: usize = 6;
    let mut names: Vec<String> = authors.iter().take(SHOWN).map(Author::display).collect();
    names.extend(
        authors
            .iter()
            .skip(SHOWN)
            .filter(|author| matches!(author, Author::Collective { .. }))
            .map(Author::display),
    );
    let more = authors.len() - names.len();
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

fn links(article: &Article) -> Vec<Link> {
    let ids = &article.ids;
    let known = [
        (article.best_link(), "Open the article"),
        (ids.pmcid.as_ref().map(|pmcid| pmcid.url()), "Free full text"),
        (ids.pmid.map(|pmid| pmid.url()), "PubMed"),
        (ids.nct.as_ref().map(|nct| nct.url()), "Trial registration"),
    ];
    let mut links: Vec<Link> = Vec::new();
    for (url, text) in known {
        let Some(url) = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")) else {
            continue;
        };
        if links.iter().all(|link| link.url != url) {
            links.push(Link { main: links.is_empty(), url, text });
        }
    }
    links
}

/// Where it stands, if it does not simply wait.
pub(crate) fn standing(article: &Article, history: &[HistoryRow], now: UnixMs, zone: Tz) -> Option<String> {
    let who = history.iter().find(|row| row.after == article.status && row.act != Act::Edit);
    let by = who
        .map(|row| format!(" by {}, {}", row.editor, show_near_time(row.at, now, zone)))
        .unwrap_or_default();
    match article.status {
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

    #[test]
    fn groups_are_never_lost_among_many_authors() {
        let mut many: Vec<Author> =
            (1..9).map(|n| Author::Person { family: format!("F{n}"), given: String::new() }).collect();
        many.push(Author::Collective { collective: "The Group".into() });
        assert_eq!(authors(&many), "F1, F2, F3, F4, F5, F6, The Group and 2 more");
    }
}
