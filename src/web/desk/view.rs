//! Which part of the queue an editor looks at: read from the address, kept through every decision, written back.

use chrono_tz::Tz;

use super::page::Choice;
use crate::curation::topics::StudyType;
use crate::domain::entry::WorkKind;
use crate::domain::status::Status;
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{QueueFilter, QueueOrder, Why};
use crate::texts::Texts;
use crate::web::AppState;

/// A filtered, ordered page of the queue. The default is everything that waits, by relevance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) words: String,
    pub(crate) status: Option<Status>,
    /// Whatever its status.
    pub(crate) anywhere: bool,
    pub(crate) topic: String,
    pub(crate) source: String,
    pub(crate) kind: Option<WorkKind>,
    pub(crate) study: Option<StudyType>,
    /// `hand`, `lifted`, or words of a reason.
    pub(crate) why: String,
    pub(crate) seen_days: Option<i64>,
    /// `None` is the best match first where words are searched, else relevance.
    pub(crate) order: Option<QueueOrder>,
    pub(crate) page: i64,
}

const STATUSES: [(Status, &str); 5] = [
    (Status::Queued, "status-queued"),
    (Status::Later, "status-later"),
    (Status::Approved, "status-approved"),
    (Status::Rejected, "status-rejected"),
    (Status::Withdrawn, "status-withdrawn"),
];
const KINDS: [(WorkKind, &str); 4] = [
    (WorkKind::Article, "kind-articles"),
    (WorkKind::Preprint, "kind-preprints"),
    (WorkKind::Trial, "kind-trials"),
    (WorkKind::Book, "kind-books"),
];
const ORDERS: [(&str, QueueOrder, &str); 3] = [
    ("match", QueueOrder::Match, "order-match"),
    ("relevance", QueueOrder::Relevance, "order-relevance"),
    ("newest", QueueOrder::Newest, "order-newest"),
];
/// In place of a status.
const ANYWHERE: &str = "any";
const BY_HAND: &str = "hand";
const LIFTED: &str = "lifted";
/// Sorts of reasons, by the words that `curation` says them with.
const WHYS: [(&str, &str); 6] = [
    (" in the title", "why-title"),
    (": you published", "why-learnt"),
    ("from a source on", "why-source"),
    ("indexed as", "why-indexed"),
    (LIFTED, "why-lifted"),
    (BY_HAND, "why-hand"),
];
const SEEN_DAYS: [(i64, &str); 3] = [(1, "seen-day"), (7, "seen-week"), (31, "seen-month")];

impl View {
    /// Reads a query, with or without its question mark. What it does not know it ignores; only our own words count.
    pub(crate) fn parse(query: &str) -> Self {
        let mut view = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            let value = value.trim();
            match name.as_ref() {
                "q" => view.words = value.chars().take(200).collect(),
                "status" => {
                    view.anywhere = value == ANYWHERE;
                    view.status = Status::parse(value).filter(|status| *status != Status::Queued);
                }
                "topic" => view.topic = value.chars().take(64).collect(),
                "source" => view.source = value.chars().take(64).collect(),
                "kind" => view.kind = WorkKind::parse(value),
                "seen" => view.seen_days = value.parse().ok().filter(|days| (1..=366).contains(days)),
                "study" => view.study = StudyType::ALL.into_iter().find(|study| study.as_str() == value),
                "why" => view.why = value.chars().take(120).collect(),
                "order" => {
                    view.order = ORDERS.iter().find(|(word, ..)| *word == value).map(|(_, order, _)| *order);
                }
                "page" => {
                    view.page = value.parse().ok().filter(|page| (1..100_000).contains(page)).unwrap_or(1) - 1
                }
                _ => {}
            }
        }
        view
    }

    /// The query that [`View::parse`] reads back, with its question mark; empty for the default. `extra` is appended.
    pub(crate) fn to_query(&self, extra: &[(&str, String)]) -> String {
        let mut query = url::form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        };
        add("q", &self.words);
        add("status", if self.anywhere { ANYWHERE } else { self.status.map_or("", Status::as_str) });
        add("topic", &self.topic);
        add("source", &self.source);
        add("kind", self.kind.map_or("", WorkKind::as_str));
        add("study", self.study.map_or("", StudyType::as_str));
        add("why", &self.why);
        add("seen", &self.seen_days.map(|days| days.to_string()).unwrap_or_default());
        let order = ORDERS.iter().find(|(_, order, _)| Some(*order) == self.order);
        add("order", order.map_or("", |(word, ..)| word));
        add("page", &if self.page > 0 { (self.page + 1).to_string() } else { String::new() });
        for (name, value) in extra {
            add(name, value);
        }
        let query = query.finish();
        if query == "?" { String::new() } else { query }
    }

    pub(crate) fn with_page(&self, page: i64) -> Self {
        Self { page, ..self.clone() }
    }

    /// What the store is asked.
    pub(crate) fn to_filter(&self, now: UnixMs) -> QueueFilter {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        QueueFilter {
            status: self.status,
            topic: some(&self.topic),
            source: some(&self.source),
            kind: self.kind,
            since: self.seen_days.map(|days| now.plus_ms(-days * DAY_MS)),
            words: some(&self.words),
            any_status: self.anywhere,
            study: self.study.map(|study| study.as_str().to_owned()),
            why: match self.why.as_str() {
                "" => None,
                BY_HAND => Some(Why::ByHand),
                LIFTED => Some(Why::Lifted),
                words => Some(Why::Reason(words.to_owned())),
            },
            order: self.effective_order(),
        }
    }

    fn effective_order(&self) -> QueueOrder {
        let natural = if self.words.is_empty() { QueueOrder::Relevance } else { QueueOrder::Match };
        self.order.unwrap_or(natural)
    }

    /// Whether it is the whole queue, on whatever page and in whatever order.
    pub(crate) fn is_whole_queue(&self) -> bool {
        *self == Self { page: self.page, order: self.order, ..Self::default() }
    }

    /// The list's heading.
    pub(crate) fn heading(&self, texts: &Texts) -> String {
        if self.anywhere {
            return texts.t("status-any").into();
        }
        let named = STATUSES.iter().find(|(known, _)| Some(*known) == self.status);
        texts.t(named.map_or("desk-queue", |(_, key)| key)).into()
    }
}

/// The filter form's options.
pub(crate) struct FilterForm {
    pub(crate) words: String,
    pub(crate) narrowed: bool,
    pub(crate) statuses: Vec<Choice>,
    pub(crate) topics: Vec<Choice>,
    pub(crate) sources: Vec<Choice>,
    pub(crate) kinds: Vec<Choice>,
    pub(crate) studies: Vec<Choice>,
    pub(crate) whys: Vec<Choice>,
    pub(crate) seen: Vec<Choice>,
    pub(crate) orders: Vec<Choice>,
}

impl FilterForm {
    /// The form for a view; `sources` are `(name, title)`.
    pub(crate) fn new(state: &AppState, view: &View, sources: &[(String, String)]) -> Self {
        let everything = View { words: view.words.clone(), page: view.page, ..View::default() };
        let texts = state.texts;
        let any = |key: &'static str, chosen: bool| vec![Choice::new("", texts.t(key), chosen)];
        let named = |options: &[(String, String)], chosen: &str| {
            let mut choices = any("filter-all", chosen.is_empty());
            choices.extend(options.iter().map(|(name, title)| Choice::new(name, title, name == chosen)));
            choices
        };
        let status = view.status.unwrap_or(Status::Queued);
        let mut kinds = any("filter-all", view.kind.is_none());
        kinds.extend(
            KINDS
                .iter()
                .map(|(kind, key)| Choice::new(kind.as_str(), texts.t(key), view.kind == Some(*kind))),
        );
        let mut seen = any("seen-whenever", view.seen_days.is_none());
        seen.extend(
            SEEN_DAYS.iter().map(|(days, key)| {
                Choice::new(days.to_string(), texts.t(key), view.seen_days == Some(*days))
            }),
        );
        let mut statuses: Vec<Choice> = STATUSES
            .iter()
            .map(|(known, key)| Choice::new(known.as_str(), texts.t(key), *known == status && !view.anywhere))
            .collect();
        statuses.push(Choice::new(ANYWHERE, texts.t("status-any"), view.anywhere));
        Self {
            words: view.words.clone(),
            narrowed: *view != everything,
            statuses,
            topics: named(&state.site.topics, &view.topic),
            sources: named(sources, &view.source),
            kinds,
            studies: studies(texts, view),
            whys: whys(texts, view),
            seen,
            orders: orders(texts, view),
        }
    }
}

fn studies(texts: &Texts, view: &View) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", texts.t("filter-all"), view.study.is_none())];
    let known = StudyType::ALL.into_iter().filter(|study| *study != StudyType::Preprint);
    choices.extend(
        known.map(|study| Choice::new(study.as_str(), capitalise(study.label()), view.study == Some(study))),
    );
    choices
}

/// The sorts of reasons; and the very reason that a link asked for.
fn whys(texts: &Texts, view: &View) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", texts.t("why-any"), view.why.is_empty())];
    choices.extend(WHYS.iter().map(|(words, key)| Choice::new(*words, texts.t(key), view.why == *words)));
    if choices.iter().all(|choice| !choice.chosen) {
        choices.push(Choice::new(&view.why, view.why.clone(), true));
    }
    choices
}

fn orders(texts: &Texts, view: &View) -> Vec<Choice> {
    let offered = ORDERS.iter().filter(|(_, order, _)| *order != QueueOrder::Match || !view.words.is_empty());
    offered
        .map(|(word, order, key)| Choice::new(*word, texts.t(key), *order == view.effective_order()))
        .collect()
}

/// A status in a word.
pub(crate) fn status_label(texts: &Texts, status: Status) -> String {
    let known = STATUSES.iter().find(|(known, _)| *known == status);
    known.map(|(_, key)| texts.t(key).into()).unwrap_or_default()
}

/// A label as it begins a line.
pub(crate) fn capitalise(label: &str) -> String {
    let mut characters = label.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// The operator's time zone, in which the desk shows and reads times.
pub(crate) fn zone(state: &AppState) -> Tz {
    state.settings.worker.time_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_the_way_through_an_address_and_nothing_else_does() {
        let view = View {
            words: "ECMO & \"cannula\"".into(),
            status: Some(Status::Rejected),
            topic: "ecpr".into(),
            source: "journal-perfusion".into(),
            kind: Some(WorkKind::Preprint),
            study: Some(StudyType::Rct),
            why: "“dental”".into(),
            anywhere: false,
            seen_days: Some(7),
            order: Some(QueueOrder::Newest),
            page: 3,
        };
        assert_eq!(View::parse(&view.to_query(&[])), view);
        assert_eq!(View::default().to_query(&[]), "");
        assert_eq!(
            View::parse("?page=-4&status=merged2&kind=x&seen=99999&role=admin&page=0"),
            View::default()
        );
        let extra = [("done", "12".to_owned())];
        assert_eq!(
            View::parse(&view.to_query(&extra)),
            view,
            "a note about a decision is no part of the view"
        );
    }
}
