//! Which part of the queue an editor looks at: read from the address, kept through every decision, written back.

use chrono_tz::Tz;

use super::page::Choice;
use crate::domain::entry::WorkKind;
use crate::domain::status::Status;
use crate::domain::time::{DAY_MS, UnixMs};
use crate::store::{QueueFilter, QueueOrder};
use crate::texts::Texts;
use crate::web::AppState;

/// A filtered, ordered page of the queue. The default is everything that waits, by relevance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) words: String,
    pub(crate) status: Option<Status>,
    pub(crate) topic: String,
    pub(crate) source: String,
    pub(crate) kind: Option<WorkKind>,
    pub(crate) seen_days: Option<i64>,
    pub(crate) newest: bool,
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
const SEEN_DAYS: [(i64, &str); 3] = [(1, "seen-day"), (7, "seen-week"), (31, "seen-month")];

impl View {
    /// Reads a query, with or without its question mark. What it does not know it ignores; only our own words count.
    pub(crate) fn parse(query: &str) -> Self {
        let mut view = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            let value = value.trim();
            match name.as_ref() {
                "q" => view.words = value.chars().take(200).collect(),
                "status" => view.status = Status::parse(value).filter(|status| *status != Status::Queued),
                "topic" => view.topic = value.chars().take(64).collect(),
                "source" => view.source = value.chars().take(64).collect(),
                "kind" => view.kind = WorkKind::parse(value),
                "seen" => view.seen_days = value.parse().ok().filter(|days| (1..=366).contains(days)),
                "order" => view.newest = value == "newest",
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
        add("status", self.status.map_or("", Status::as_str));
        add("topic", &self.topic);
        add("source", &self.source);
        add("kind", self.kind.map_or("", WorkKind::as_str));
        add("seen", &self.seen_days.map(|days| days.to_string()).unwrap_or_default());
        add("order", if self.newest { "newest" } else { "" });
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
            order: if self.newest { QueueOrder::Newest } else { QueueOrder::Relevance },
        }
    }

    /// The list's heading.
    pub(crate) fn heading(&self, texts: &Texts) -> String {
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
        Self {
            words: view.words.clone(),
            narrowed: *view != everything,
            statuses: STATUSES
                .iter()
                .map(|(known, key)| Choice::new(known.as_str(), texts.t(key), *known == status))
                .collect(),
            topics: named(&state.site.topics, &view.topic),
            sources: named(sources, &view.source),
            kinds,
            seen,
            orders: vec![
                Choice::new("", texts.t("order-relevance"), !view.newest),
                Choice::new("newest", texts.t("order-newest"), view.newest),
            ],
        }
    }
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
            seen_days: Some(7),
            newest: true,
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
