//! Made-up works through the real parsers into the real store: what merged, what should have, what is suggested.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use perfuse::domain::entry::Entry;
use perfuse::domain::likeness::PairSort;
use perfuse::domain::source::{Source, SourceKind};
use perfuse::domain::time::UnixMs;
use perfuse::intake::{feed, pubmed, services};
use perfuse::store::{Judged, Judgement, Mark, QueueFilter, Store};

use super::formats::document;
use super::generator::{Dice, Form, Sight, Work, shown_ids, sights, works};

const NOW: UnixMs = UnixMs(1_795_367_460_000); // 2026-11-22
/// Works in one document.
const BATCH: usize = 40;

/// What came of it. Pairs are pairs of sights.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) works: usize,
    pub(crate) sights: usize,
    /// Pairs of sights of one work that identifiers can join, directly or through another sight.
    pub(crate) decidable: usize,
    /// Of these, joined.
    pub(crate) joined: usize,
    /// Those that were not, with what the two showed.
    pub(crate) missed: Vec<String>,
    /// Pairs of sights of one work that no identifier joins.
    pub(crate) undecidable: usize,
    /// Of these, suggested (or joined with a third that was).
    pub(crate) suggested: usize,
    /// Works that stand in an article together with another work.
    pub(crate) false_merges: Vec<(String, String)>,
    /// Suggestions that two articles are one work: right, wrong.
    pub(crate) right_suggestions: usize,
    pub(crate) wrong_suggestions: Vec<(String, String)>,
    /// Suggestions that two articles are versions: right, wrong.
    pub(crate) right_versions: usize,
    pub(crate) wrong_versions: usize,
}

impl Outcome {
    /// Of the pairs that identifiers can join, the share that was.
    pub(crate) fn recall(&self) -> f64 {
        self.joined as f64 / self.decidable as f64
    }

    /// Of the suggestions, the share that is right.
    pub(crate) fn precision(&self) -> f64 {
        let all = self.right_suggestions + self.wrong_suggestions.len();
        self.right_suggestions as f64 / all.max(1) as f64
    }
}

pub(crate) async fn measure(count: usize) -> Outcome {
    let mut dice = Dice::new(0x0070_6572_6675_7365);
    let works = works(count, &mut dice);
    let sights = sights(&works, &mut dice);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
    let shown = show_all(&store, &works, &sights, &mut dice).await;
    let articles = articles_of(&store, &shown);
    let mut outcome = Outcome { works: works.len(), sights: sights.len(), ..Outcome::default() };
    count_merges(&mut outcome, &works, &sights, &articles);
    count_suggestions(&mut outcome, &store, &works, &sights, &articles).await;
    outcome
}

/// Shows every sight in documents of its form; gives the source and key of each.
async fn show_all(store: &Store, works: &[Work], sights: &[Sight], dice: &mut Dice) -> Vec<(i64, String)> {
    let source = |form: &Form| Source {
        name: format!("{form:?}").to_lowercase(),
        title: format!("{form:?}"),
        kind: SourceKind::Feed { url: "https://feeds.example.org/".into() },
        schedule: None,
        topics: vec![],
        enabled: true,
    };
    store.sync_sources(Form::ALL.iter().map(source).collect(), NOW).await.unwrap();
    let ids: HashMap<String, i64> =
        store.sources().await.unwrap().into_iter().map(|state| (state.source.name, state.id)).collect();
    let mut shown = vec![(0, String::new()); sights.len()];
    let mut waiting: BTreeMap<Form, Vec<usize>> = BTreeMap::new();
    let mut batches = Vec::new();
    for (index, sight) in sights.iter().enumerate() {
        let batch = waiting.entry(sight.form).or_default();
        batch.push(index);
        if batch.len() == BATCH {
            batches.push((sight.form, std::mem::take(batch)));
        }
    }
    batches.extend(waiting.into_iter().filter(|(_, batch)| !batch.is_empty()));
    for (form, batch) in batches {
        let pairs: Vec<(&Work, &Sight)> =
            batch.iter().map(|index| (&works[sights[*index].work], &sights[*index])).collect();
        let mut entries = parse(form, &document(form, &pairs, dice));
        assert_eq!(entries.len(), batch.len(), "{form:?}");
        let marks: Vec<Mark> = entries.iter().map(Mark::of).collect();
        if form == Form::PubmedRss {
            // as the worker does: the feed is a trigger, the record comes from E-utilities
            let records = parse(Form::PubmedXml, &document(Form::PubmedXml, &pairs, dice));
            for (entry, record) in entries.iter_mut().zip(records) {
                *entry = Entry { source_key: std::mem::take(&mut entry.source_key), ..record };
            }
        }
        let source_id = ids[&format!("{form:?}").to_lowercase()];
        for (index, mark) in batch.iter().zip(&marks) {
            shown[*index] = (source_id, mark.key.clone());
        }
        let judged = entries.into_iter().zip(marks).map(|(entry, mark)| Judged {
            mark,
            entry,
            judgement: Judgement::default(),
        });
        store.record_entries(source_id, judged.collect(), NOW).await.unwrap();
    }
    shown
}

fn parse(form: Form, body: &str) -> Vec<Entry> {
    match form {
        Form::PubmedXml => pubmed::parse(body.as_bytes()).unwrap().entries,
        Form::EuropePmc | Form::Crossref => services::read_saved(body.as_bytes(), NOW).unwrap().1.entries,
        _ => feed::parse(body.as_bytes(), None, Some("https://feeds.example.org/"), NOW).unwrap().entries,
    }
}

/// The article of each sight, read from the file itself.
fn articles_of(store: &Store, shown: &[(i64, String)]) -> Vec<i64> {
    let db = rusqlite::Connection::open(store.path()).unwrap();
    let mut statement = db.prepare("SELECT source_id, entry_key, article_id FROM sightings").unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    let articles: HashMap<(i64, String), i64> = rows.collect::<Result<_, _>>().unwrap();
    shown.iter().map(|shown| articles[shown]).collect()
}

fn count_merges(outcome: &mut Outcome, works: &[Work], sights: &[Sight], articles: &[i64]) {
    let mut of_work: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut in_article: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    for (index, sight) in sights.iter().enumerate() {
        of_work.entry(sight.work).or_default().push(index);
        in_article.entry(articles[index]).or_default().insert(sight.work);
    }
    for (number, indexes) in of_work {
        let groups = joined_by_identifiers(&works[number], indexes.iter().map(|index| &sights[*index]));
        for (a, one) in indexes.iter().enumerate() {
            for (b, other) in indexes.iter().enumerate().skip(a + 1) {
                let joined = articles[*one] == articles[*other];
                if groups[a] == groups[b] {
                    outcome.decidable += 1;
                    outcome.joined += usize::from(joined);
                    if !joined {
                        let what =
                            |index: &usize| (sights[*index].form, shown_ids(&works[number], &sights[*index]));
                        outcome.missed.push(format!(
                            "{} {:?} {:?}",
                            describe(&works[number]),
                            what(one),
                            what(other)
                        ));
                    }
                } else {
                    outcome.undecidable += 1;
                    outcome.suggested += usize::from(joined);
                }
            }
        }
    }
    for numbers in in_article.values().filter(|numbers| numbers.len() > 1) {
        let mut titles = numbers.iter().map(|number| describe(&works[*number]));
        outcome.false_merges.push((titles.next().unwrap(), titles.next().unwrap()));
    }
}

fn describe(work: &Work) -> String {
    format!("{} [{} {:?} {:?}]", work.title, work.types, work.pmid, work.doi)
}

/// Which of the sights have an identifier in common, through others if need be: equal numbers, one group.
fn joined_by_identifiers<'a>(work: &Work, sights: impl Iterator<Item = &'a Sight>) -> Vec<usize> {
    let ids: Vec<Vec<String>> = sights.map(|sight| shown_ids(work, sight)).collect();
    let mut groups: Vec<usize> = (0..ids.len()).collect();
    for _ in 0..ids.len() {
        for a in 0..ids.len() {
            for b in 0..ids.len() {
                if ids[a].iter().any(|id| ids[b].contains(id)) {
                    let least = groups[a].min(groups[b]);
                    (groups[a], groups[b]) = (least, least);
                }
            }
        }
    }
    groups
}

async fn count_suggestions(
    outcome: &mut Outcome,
    store: &Store,
    works: &[Work],
    sights: &[Sight],
    articles: &[i64],
) {
    let mut work_of: HashMap<i64, usize> = HashMap::new();
    for (sight, article) in sights.iter().zip(articles) {
        work_of.insert(*article, sight.work);
    }
    let mut pairs: BTreeSet<(i64, i64)> = BTreeSet::new();
    let waiting = store.queue(QueueFilter::default(), 0, i64::MAX).await.unwrap().0;
    for article in waiting {
        for suggestion in store.suggestions(article.id).await.unwrap() {
            let other = suggestion.other.id;
            if !pairs.insert((article.id.min(other), article.id.max(other))) {
                continue;
            }
            let (one, other) = (&works[work_of[&article.id]], &works[work_of[&other]]);
            match suggestion.sort {
                PairSort::Same if one.number == other.number => outcome.right_suggestions += 1,
                PairSort::Same => outcome.wrong_suggestions.push((describe(one), describe(other))),
                PairSort::Version
                    if one.preprint_of == Some(other.number) || other.preprint_of == Some(one.number) =>
                {
                    outcome.right_versions += 1;
                }
                PairSort::Version => outcome.wrong_versions += 1,
            }
        }
    }
    // pairs of sights that identifiers cannot join: is there a suggestion between their articles?
    let mut of_work: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, sight) in sights.iter().enumerate() {
        of_work.entry(sight.work).or_default().push(index);
    }
    for (number, indexes) in of_work {
        let groups = joined_by_identifiers(&works[number], indexes.iter().map(|index| &sights[*index]));
        for (a, one) in indexes.iter().enumerate() {
            for (b, other) in indexes.iter().enumerate().skip(a + 1) {
                let (one, other) = (articles[*one], articles[*other]);
                let shown = pairs.contains(&(one.min(other), one.max(other)));
                outcome.suggested += usize::from(groups[a] != groups[b] && shown);
            }
        }
    }
}

#[tokio::test]
async fn no_two_works_are_merged_and_what_identifiers_can_join_is() {
    let outcome = measure(1_000).await;
    assert_eq!(outcome.false_merges, vec![]);
    assert!(outcome.recall() >= 0.995, "{} of {}", outcome.joined, outcome.decidable);
    assert!(outcome.precision() >= 0.9, "{:#?}", outcome.wrong_suggestions);
    assert!(
        outcome.suggested * 10 >= outcome.undecidable * 8,
        "{} of {}",
        outcome.suggested,
        outcome.undecidable
    );
}
