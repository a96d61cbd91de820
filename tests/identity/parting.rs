//! Undo of a merge gives everything back: whatever two articles went through before, each row of the database is
//! afterwards as it was.

use std::collections::{BTreeMap, BTreeSet};

use perfuse::domain::article::Article;
use perfuse::domain::identity::{Doi, Identifiers, Nct, Pmid};
use perfuse::domain::notice::{Change, Finding, NoticeKind, NoticeSource, SummaryHolds};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{DAY_MS, HOUR_MS, UnixMs};
use perfuse::domain::watch::WatchService;
use perfuse::store::{DecideError, Decided, Look, Looked, Wish};
use proptest::prelude::*;
use rusqlite::types::Value;

use super::world::{NOW, With, World, work};

const MERGED: UnixMs = UnixMs(NOW.0 + HOUR_MS);
const PARTED: UnixMs = UnixMs(NOW.0 + 2 * HOUR_MS);

/// What an article went through before it was merged.
#[derive(Debug, Clone)]
struct Past {
    pmid: bool,
    notices: Vec<Found>,
    trials: BTreeSet<u8>,
    end: End,
    version: Option<Version>,
    upstream_changed: bool,
    watched: bool,
}

#[derive(Debug, Clone)]
struct Found {
    what: usize,
    before_decision: bool,
    approve_first: bool,
    then: Option<Then>,
}

#[derive(Debug, Clone, Copy)]
enum Then {
    Holds,
    NotOurs,
    Lifted,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Waiting,
    Edited,
    Approved,
    Scheduled,
    Rejected,
    Later,
    Withdrawn,
}

/// The other version of it: its preprint, or of a preprint its paper.
#[derive(Debug, Clone, Copy)]
struct Version {
    number: u8,
    published: bool,
}

fn pasts() -> impl Strategy<Value = Past> {
    let then = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Then::Holds)),
        1 => Just(Some(Then::NotOurs)),
        1 => Just(Some(Then::Lifted)),
    ];
    let found = (0..FINDINGS.len(), any::<bool>(), any::<bool>(), then).prop_map(
        |(what, before_decision, approve_first, then)| Found { what, before_decision, approve_first, then },
    );
    let end = prop_oneof![
        1 => Just(End::Waiting),
        1 => Just(End::Edited),
        4 => Just(End::Approved),
        1 => Just(End::Scheduled),
        1 => Just(End::Rejected),
        1 => Just(End::Later),
        1 => Just(End::Withdrawn),
    ];
    let version = proptest::option::weighted(
        0.3,
        (0..2u8, any::<bool>()).prop_map(|(number, published)| Version { number, published }),
    );
    (
        any::<bool>(),
        proptest::collection::vec(found, 0..4),
        proptest::collection::btree_set(1..4u8, 0..3),
        end,
        version,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(pmid, notices, trials, end, version, upstream_changed, watched)| Past {
            pmid,
            notices,
            trials,
            end,
            version,
            upstream_changed,
            watched,
        })
}

/// Kind, source, and the number of the notice's record.
const FINDINGS: [(NoticeKind, NoticeSource, u32); 10] = [
    (NoticeKind::Retraction, NoticeSource::Pubmed, 900),
    (NoticeKind::Retraction, NoticeSource::CrossrefPublisher, 901),
    (NoticeKind::Withdrawal, NoticeSource::CrossrefPublisher, 902),
    (NoticeKind::Removal, NoticeSource::Pubmed, 903),
    (NoticeKind::ExpressionOfConcern, NoticeSource::Pubmed, 904),
    (NoticeKind::Correction, NoticeSource::Pubmed, 905),
    (NoticeKind::Correction, NoticeSource::Pubmed, 906),
    (NoticeKind::Correction, NoticeSource::CrossrefPublisher, 907),
    (NoticeKind::NewVersion, NoticeSource::Medrxiv, 908),
    (NoticeKind::TrialChanged, NoticeSource::ClinicalTrials, 909),
];

pub(super) fn finding(kind: NoticeKind, source: NoticeSource, number: u32) -> Finding {
    let mut finding = Finding::new(kind, source);
    match source {
        NoticeSource::Pubmed => finding.ids.pmid = Some(Pmid(number)),
        NoticeSource::ClinicalTrials => finding.changes.push(Change {
            field: "status".into(),
            before: "RECRUITING".into(),
            after: "SUSPENDED".into(),
        }),
        _ => finding.ids.doi = Doi::parse(&format!("10.9999/notice.{number}")),
    }
    finding
}

struct Life {
    world: World,
    clock: i64,
}

impl Life {
    fn tick(&mut self) -> UnixMs {
        self.clock += 10_000;
        NOW.plus_ms(self.clock)
    }

    async fn stored(&self, doi: &str) -> Article {
        let ids = Identifiers { doi: Doi::parse(doi), ..Identifiers::default() };
        let id = self.world.store.article_with(ids).await.unwrap().unwrap();
        self.world.article(id).await
    }

    async fn approve(&mut self, id: i64, publish_at: Option<UnixMs>) {
        let article = self.world.article(id).await;
        let wish = Wish::Approve {
            title: article.title.clone(),
            summary: format!("What number {id} found."),
            topics: vec!["ecmo".into(), format!("topic-{id}")],
            publish_at,
        };
        let now = self.tick();
        // the paper may stand for it already
        let decided = self.world.decide(&article, wish, now).await;
        assert!(matches!(decided, Ok(_) | Err(DecideError::Superseded { .. })), "{decided:?}");
    }

    async fn find(&mut self, id: i64, found: &Found) {
        let (kind, source, number) = FINDINGS[found.what];
        let now = self.tick();
        let store = self.world.store.clone();
        let findings = vec![finding(kind, source, number)];
        let noticed = store.record_findings(id, findings, found.approve_first, now).await.unwrap();
        let (Some(notice), Some(then)) = (noticed.fresh.first(), found.then) else { return };
        let now = self.tick();
        let answer = match then {
            Then::Holds => SummaryHolds::Yes,
            Then::NotOurs => SummaryHolds::NotOurs,
            Then::Lifted => {
                let gone = vec![*notice];
                let result =
                    Looked::Answered { findings: vec![], gone, snapshot: "{}".into(), incomplete: None };
                let look = Look { article_id: id, service: WatchService::Pubmed, next_at: now, result };
                store.record_looks(vec![look], false, now).await.unwrap();
                return;
            }
        };
        store.answer_notice(*notice, self.world.editor, answer, now).await.unwrap();
    }

    /// Article `number` with its past.
    async fn live(&mut self, number: usize, past: &Past, is_preprint: bool) -> Article {
        let doi =
            format!("{}.{number}", if is_preprint { "10.1101/2026.01.02.2630000" } else { "10.9999/paper" });
        let mut entry = work(&format!("A made-up report of flow on bypass, number {number}")).doi(&doi);
        if past.pmid {
            entry = entry.pmid(70 + number as u32);
        }
        if is_preprint {
            entry = entry.preprint();
        }
        self.world.show(number % 2, vec![entry.clone()]).await;
        let id = self.stored(&doi).await.id;
        let store = self.world.store.clone();
        let mut other = None;
        if let Some(version) = past.version {
            let doi = format!(
                "{}.{}",
                if is_preprint { "10.9999/newer" } else { "10.1101/2026.02.02.2630000" },
                version.number
            );
            let entry = work(&format!("Another version of a report, number {}", version.number)).doi(&doi);
            let entry = if is_preprint { entry } else { entry.preprint() };
            self.world.show(0, vec![entry]).await;
            let stored = self.stored(&doi).await;
            store.link_versions(id, stored.id, self.world.editor, NOW).await.unwrap();
            other = version.published.then_some(stored.id);
        }
        let is_waiting = |article: &Article| article.status == perfuse::domain::status::Status::Queued;
        if let Some(preprint) = other.filter(|_| !is_preprint)
            && is_waiting(&self.world.article(preprint).await)
        {
            self.approve(preprint, None).await;
        }
        for found in past.notices.iter().filter(|found| found.before_decision) {
            self.find(id, found).await;
        }
        let article = self.world.article(id).await;
        let now = self.tick();
        match past.end {
            End::Waiting => {}
            End::Edited => {
                let title = RichText::from_plain("A title by an editor");
                let wish =
                    Wish::Edit { title, summary: "Typed with care.".into(), topics: vec!["typed".into()] };
                self.world.decide(&article, wish, now).await.unwrap();
            }
            End::Approved => self.approve(id, None).await,
            End::Scheduled => self.approve(id, Some(NOW.plus_ms(DAY_MS))).await,
            End::Rejected => {
                drop(self.world.decide(&article, Wish::Reject { reason: None }, now).await.unwrap())
            }
            End::Later => {
                let wish = Wish::Later { until: NOW.plus_ms(DAY_MS) };
                self.world.decide(&article, wish, now).await.unwrap();
            }
            End::Withdrawn => {
                self.approve(id, None).await;
                let article = self.world.article(id).await;
                let now = self.tick();
                if !is_waiting(&article) {
                    self.world.decide(&article, Wish::Withdraw, now).await.unwrap();
                }
            }
        }
        if let Some(paper) = other.filter(|_| is_preprint)
            && is_waiting(&self.world.article(paper).await)
        {
            self.approve(paper, None).await;
        }
        for found in past.notices.iter().filter(|found| !found.before_decision) {
            self.find(id, found).await;
        }
        if past.upstream_changed {
            let title = RichText::from_plain(&format!(
                "A made-up report of flow on bypass, corrected, number {number}"
            ));
            self.world.show(number % 2, vec![perfuse::domain::entry::Entry { title, ..entry }]).await;
        }
        for trial in &past.trials {
            let nct = Nct::parse(&format!("NCT9999990{trial}")).unwrap();
            store.tie_trial(id, nct, Some(self.world.editor), true, NOW).await.unwrap();
        }
        if past.watched {
            store.sync_watch(NOW).await.unwrap();
            let snapshot = format!("{{\"number\":{number}}}");
            let result = Looked::Answered { findings: vec![], gone: vec![], snapshot, incomplete: None };
            let (service, next_at) = (WatchService::Crossref, PARTED);
            let look = Look { article_id: id, service, next_at, result };
            store.record_looks(vec![look], false, NOW).await.unwrap();
        }
        store.add_note(id, self.world.editor, "Look at the figures.", NOW).await.unwrap();
        self.world.article(id).await
    }
}

/// Every row of every table, but what history and counters say, and what must move: revisions, and the dates of items.
fn contents(world: &World) -> BTreeMap<String, Vec<String>> {
    let db = rusqlite::Connection::open(world.path()).unwrap();
    let mut tables = db
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'
               AND name NOT IN ('audit', 'decisions', 'merges', 'news_version')",
        )
        .unwrap();
    let names: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut contents = BTreeMap::new();
    for name in names {
        let mut statement = db.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let rows = statement.query_map([], |row| {
            let mut text = format!("{name}:");
            for (index, column) in columns.iter().enumerate() {
                if !matches!(
                    (name.as_str(), column.as_str()),
                    ("articles", "revision") | ("news", "updated_at")
                ) {
                    text.push_str(&format!(" {column}={:?}", row.get::<_, Value>(index)?));
                }
            }
            Ok(text)
        });
        let mut rows: Vec<String> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        rows.sort();
        contents.insert(name, rows);
    }
    contents
}

/// When each item changed last, as its feeds say, with whether it is still to come.
fn dates(world: &World, now: UnixMs) -> BTreeMap<i64, (i64, bool)> {
    let db = rusqlite::Connection::open(world.path()).unwrap();
    let mut statement = db.prepare("SELECT article_id, updated_at, published_at > ?1 FROM news").unwrap();
    let dates = statement.query_map([now.0], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    dates.collect::<Result<_, _>>().unwrap()
}

/// What marks each public item: by the item's own copy, and by the rows of notices.
fn marks(world: &World, now: UnixMs) -> Vec<(i64, Vec<String>, Vec<String>)> {
    let db = rusqlite::Connection::open(world.path()).unwrap();
    let mut statement = db
        .prepare(
            "SELECT article_id,
                 (SELECT group_concat(value ->> 'public_id') FROM json_each(news.notices)),
                 (SELECT group_concat(public_id) FROM (SELECT public_id FROM notices WHERE notices.article_id = news.article_id
                      AND state IN ('public', 'lifted') ORDER BY public_at))
             FROM news WHERE withdrawn_at IS NULL AND published_at <= ?1",
        )
        .unwrap();
    let split = |text: Option<String>| text.unwrap_or_default().split(',').map(str::to_owned).collect();
    let found = statement
        .query_map([now.0], |row| Ok((row.get(0)?, split(row.get(1)?), split(row.get(2)?))))
        .unwrap();
    found.collect::<Result<_, _>>().unwrap()
}

/// Whether a grave notice marks the public item of one of the articles.
async fn is_marked(world: &World, articles: &[i64]) -> bool {
    let public = world.public(PARTED).await;
    let mut theirs = public.iter().filter(|item| articles.contains(&item.article_id));
    theirs.any(|item| item.mark().is_some_and(|mark| mark.finding.kind.is_serious()))
}

/// Merges two articles; `None` where that is refused, and then nothing changed.
async fn merge(world: &World, one: i64, other: i64) -> Option<Decided> {
    let (before, was_marked) = (contents(world), is_marked(world, &[one, other]).await);
    let [one, other] = [world.article(one).await, world.article(other).await];
    let merged = match world.merge(&one, &other, MERGED).await {
        Ok(merged) => merged,
        Err(refused) => {
            assert!(matches!(refused, DecideError::NotMergeable(_)), "{refused:?}");
            assert_same(&before, &contents(world));
            return None;
        }
    };
    for (id, copy, rows) in marks(world, PARTED) {
        assert_eq!(copy, rows, "what readers of article {id} are told");
    }
    let stands = merged.article.id;
    if world.public(PARTED).await.iter().any(|item| item.article_id == stands) {
        assert!(!was_marked || is_marked(world, &[stands]).await, "no mark is lost");
    }
    Some(merged)
}

fn assert_same(before: &BTreeMap<String, Vec<String>>, after: &BTreeMap<String, Vec<String>>) {
    for (table, rows) in before {
        let lost: Vec<&String> = rows.iter().filter(|row| !after[table].contains(row)).collect();
        let new: Vec<&String> = after[table].iter().filter(|row| !rows.contains(row)).collect();
        assert!(lost.is_empty() && new.is_empty(), "lost {lost:#?}\nnew {new:#?}");
    }
}

/// Merges the first two, and a third with what stands for them; then takes it all back, the last first.
async fn merge_and_part(is_preprint: bool, pasts: [Past; 3]) {
    let mut life = Life { world: World::open().await, clock: 0 };
    let mut ids = Vec::new();
    for (number, past) in pasts.iter().enumerate() {
        ids.push(life.live(number, past, is_preprint).await.id);
    }
    let world = life.world;
    let (before, dates_before) = (contents(&world), dates(&world, MERGED));
    let Some(first) = merge(&world, ids[0], ids[1]).await else { return };
    let between = contents(&world);
    if let Some(second) = merge(&world, first.article.id, ids[2]).await {
        world.store.undo(second.decision_id, world.editor, PARTED).await.unwrap();
        assert_same(&between, &contents(&world));
    }
    world.store.undo(first.decision_id, world.editor, PARTED).await.unwrap();
    assert_same(&before, &contents(&world));
    for (id, (updated_at, is_to_come)) in dates(&world, PARTED) {
        let (old, _) = dates_before[&id];
        assert!(if is_to_come { updated_at == old } else { updated_at >= old }, "article {id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn undo_gives_back_every_row_that_a_merge_touched(
        is_preprint in any::<bool>(),
        pasts in [pasts(), pasts(), pasts()],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(merge_and_part(is_preprint, pasts));
    }
}
