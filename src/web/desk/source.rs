//! One source for administrators: how it does, whether anything was missed, what it brought in twelve weeks, and what
//! could not be read, byte for byte.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::page::{Frame, Times, show};
use super::sources::{ShownSource, shown, usual};
use crate::config::write_question;
use crate::domain::coverage::Backfill;
use crate::domain::source::SourceKind;
use crate::store::{FailedBody, SourceState, SourceWeek};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::session::Visitor;

/// Rows of each list.
const ROWS: i64 = 20;
/// Bodies that are shown, and bytes of each.
const BODIES: i64 = 3;
const BYTES: usize = 512;
/// Bytes in a line of a hex dump.
const LINE: usize = 16;
/// Height of the chart in its own units; a week is four wide.
const HEIGHT: u32 = 100;

/// Something with a time and up to three texts.
struct Row {
    when: String,
    head: String,
    text: String,
    bytes: String,
}

struct ShownWeek {
    from: String,
    week: SourceWeek,
}

/// A bar of the chart.
struct Bar {
    class: &'static str,
    x: u32,
    y: u32,
    height: u32,
}

struct ShownBody {
    when: String,
    reason: String,
    what: String,
    label: String,
    dump: String,
}

#[derive(Template)]
#[template(path = "desk/source.html", whitespace = "minimize")]
struct SourcePage {
    frame: Frame,
    source: ShownSource,
    asks: String,
    facts: Vec<(String, String)>,
    is_counted: bool,
    lab: String,
    weeks: Vec<ShownWeek>,
    bars: Vec<Bar>,
    most: u32,
    total: String,
    missing: Vec<Row>,
    overflows: Vec<Row>,
    backfills: Vec<String>,
    problems: Vec<Row>,
    bodies: Vec<ShownBody>,
    fetches: Vec<Row>,
}

/// `GET /desk/sources/{name}`
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let source = state.store.source_state(&name).await?.ok_or(PageError::NotFound)?;
    let (store, times, id) = (&state.store, Times::of(&state), source.id);
    let weeks = store.source_weeks(id, times.now).await?;
    let missing = store.missing(id, ROWS).await?.into_iter().map(|missing| Row {
        when: times.show_near(missing.noticed_at),
        head: missing.key,
        text: missing.why.unwrap_or_default(),
        bytes: String::new(),
    });
    let overflows = store.overflows(id, ROWS).await?.into_iter().map(|overflow| Row {
        when: times.show_near(overflow.noticed_at),
        head: String::new(),
        text: overflow.message,
        bytes: String::new(),
    });
    let problems = store.problems(id, ROWS).await?.into_iter().map(|(at, problem)| Row {
        when: times.show_near(at),
        head: problem.place,
        text: problem.what,
        bytes: problem.excerpt,
    });
    let fetches = store.fetches(id, ROWS).await?.into_iter().map(|fetch| {
        let outcome = match fetch.outcome.as_str() {
            "fetched" => {
                let text = times.texts.t("source-fetched").with("entries", fetch.entries);
                text.with("fresh", fetch.fresh).with("updated", fetch.updated)
            }
            "not_modified" => times.texts.t("source-not-modified"),
            _ => times.texts.t("source-fetch-failed"),
        };
        Row {
            when: times.show_near(fetch.started_at),
            head: outcome.into(),
            text: fetch.message.unwrap_or_default(),
            bytes: format!("{:.1} s", fetch.took_ms as f64 / 1000.0),
        }
    });
    let backfills = store.backfills(id, ROWS).await?;
    let page = SourcePage {
        asks: asks(&source.source.kind),
        facts: facts(&source, &state, &times),
        is_counted: matches!(source.source.kind, SourceKind::Pubmed { .. } | SourceKind::Europepmc { .. }),
        lab: lab_address(&source.source.kind),
        bars: bars(&weeks),
        most: weeks.iter().map(|week| week.seen).max().unwrap_or_default(),
        total: total(&weeks, times.texts),
        weeks: weeks
            .into_iter()
            .map(|week| ShownWeek { from: times.texts.day_short(week.from_at.to_utc().date_naive()), week })
            .collect(),
        missing: missing.collect(),
        overflows: overflows.collect(),
        backfills: backfills.iter().map(|walk| describe_backfill(walk, &times)).collect(),
        problems: problems.collect(),
        bodies: store
            .failed_bodies(id, BYTES, BODIES)
            .await?
            .iter()
            .map(|body| shown_body(body, &times))
            .collect(),
        fetches: fetches.collect(),
        source: shown(&source, &state),
        frame: Frame::for_visitor(&state, &visitor, "sources").await?,
    };
    show(StatusCode::OK, &page)
}

/// What it asks for, as it was written.
fn asks(kind: &SourceKind) -> String {
    write_question(kind).1
}

fn lab_address(kind: &SourceKind) -> String {
    let (kind, text) = write_question(kind);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("kind", kind), ("text", &text)])
        .finish();
    format!("/desk/sources/lab?{query}")
}

/// What there is to know in one line each: name, value.
fn facts(source: &SourceState, state: &AppState, times: &Times) -> Vec<(String, String)> {
    let texts = times.texts;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        facts.extend(value.map(|value| (texts.t(name).to_string(), value)));
    };
    add("source-moved", source.current_url.clone());
    let schedule = source.source.schedule.as_ref().unwrap_or(&state.settings.worker.schedule);
    add("source-schedule", Some(format!("{schedule} ({})", state.settings.worker.time_zone)));
    add("source-topics", Some(source.source.topics.join(", ")).filter(|topics| !topics.is_empty()));
    add("source-attempt", source.last_attempt_at.map(|at| times.show_near(at)));
    let count = &source.count;
    let window = count.window.as_ref().map(|(from_on, to_on)| {
        let text = texts.t("source-counted-window").with("count", count.found);
        let text = text
            .with("from", texts.day_as_known(from_on.as_str()))
            .with("to", texts.day_as_known(to_on.as_str()));
        text.with("again", count.fetched_again).to_string()
    });
    add("source-counted", window);
    add("source-counted-at", count.counted_at.map(|at| times.show_near(at)));
    let quiet = source.quiet.as_ref();
    add("source-usual", quiet.map(|quiet| usual(texts, quiet.rhythm.per_week)));
    add("source-etag", source.validators.etag.clone());
    add("source-modified", source.validators.last_modified.clone());
    facts
}

fn total(weeks: &[SourceWeek], texts: &Texts) -> String {
    let sum = |count: fn(&SourceWeek) -> u32| weeks.iter().map(count).sum::<u32>();
    let text = texts.t("source-total").with("seen", sum(|week| week.seen));
    text.with("fresh", sum(|week| week.fresh)).with("approved", sum(|week| week.approved)).into()
}

/// Three bars a week, beside each other; a count above 0 is always seen.
fn bars(weeks: &[SourceWeek]) -> Vec<Bar> {
    let most = weeks.iter().map(|week| week.seen).max().unwrap_or_default().max(1);
    let bar = |class, x: usize, count: u32| {
        let height = (u64::from(count) * u64::from(HEIGHT)).div_ceil(u64::from(most));
        let height = u32::try_from(height).unwrap_or(HEIGHT).min(HEIGHT);
        Bar { class, x: x as u32, y: HEIGHT - height, height }
    };
    let of_week = |(index, week): (usize, &SourceWeek)| {
        [
            bar("seen", index * 4, week.seen),
            bar("fresh", index * 4 + 1, week.fresh),
            bar("approved", index * 4 + 2, week.approved),
        ]
    };
    weeks.iter().enumerate().flat_map(of_week).filter(|bar| bar.height > 0).collect()
}

fn describe_backfill(walk: &Backfill, times: &Times) -> String {
    let texts = times.texts;
    let (from, to) = (texts.day_as_known(walk.since_on.as_str()), texts.day_as_known(walk.until_on.as_str()));
    let text = match (&walk.finished_at, &walk.reached_on) {
        (Some(_), _) => texts.t("source-backfill-done"),
        (None, Some(on)) => texts.t("source-backfill-at").with("at", texts.day_as_known(on.as_str())),
        (None, None) => texts.t("source-backfill-begun"),
    };
    let text = text.with("from", from).with("to", to);
    text.with("count", walk.received.to_string()).with("fresh", walk.fresh.to_string()).into()
}

fn shown_body(body: &FailedBody, times: &Times) -> ShownBody {
    let text = times.texts.t("source-body").with("url", body.url.as_str());
    let text = text.with("type", body.content_type.as_deref().unwrap_or("-")).with("length", body.length);
    ShownBody {
        when: times.show_near(body.at),
        reason: body.reason.clone(),
        what: text.into(),
        label: times.texts.t("source-bytes").with("from", body.offset).to_string(),
        dump: dump(&body.bytes, body.offset),
    }
}

/// Offset, hexadecimal, and what can be printed: one line for every 16 bytes.
fn dump(bytes: &[u8], offset: usize) -> String {
    let mut text = String::new();
    for (index, line) in bytes.chunks(LINE).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let printable: String = line
            .iter()
            .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '·' })
            .collect();
        let _ = writeln!(text, "{:06x}  {:47}  {printable}", offset + index * LINE, hex.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_every_byte_and_prints_only_what_can_be() {
        assert_eq!(
            dump(b"<rss>\x00\xff ok\n<title>", 0x1400),
            "001400  3c 72 73 73 3e 00 ff 20 6f 6b 0a 3c 74 69 74 6c  <rss>·· ok·<titl\n\
             001410  65 3e                                            e>\n"
        );
    }

    #[test]
    fn the_highest_bar_fills_the_chart_and_a_single_entry_is_seen() {
        let week = |seen, fresh, approved| SourceWeek { seen, fresh, approved, ..SourceWeek::default() };
        let bars = bars(&[week(900, 1, 0), week(0, 0, 0)]);
        let drawn: Vec<_> = bars.iter().map(|bar| (bar.class, bar.x, bar.y, bar.height)).collect();
        assert_eq!(drawn, [("seen", 0, 0, 100), ("fresh", 1, 99, 1)]);
    }
}
