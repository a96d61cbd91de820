//! The desk learns: what editors publish and refuse moves what waits, with reasons, and undoing a decision unlearns it.

use std::sync::Arc;

use perfuse::config::{Catalog, Settings};
use perfuse::curation::topics::TopicRules;
use perfuse::domain::article::Article;
use perfuse::domain::editor::Role;
use perfuse::domain::entry::{AbstractSection, Entry};
use perfuse::domain::identity::{Identifiers, Pmid};
use perfuse::domain::status::RejectReason;
use perfuse::domain::text::RichText;
use perfuse::domain::time::UnixMs;
use perfuse::store::{DecisionRequest, Judged, Mark, Store, Wish};
use perfuse::worker::{Learner, judge};

const NOW: UnixMs = UnixMs(1_795_367_460_000);

struct World {
    _folder: tempfile::TempDir,
    store: Store,
    rules: Arc<TopicRules>,
    source: i64,
    editor: i64,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("perfuse.db")).await.unwrap();
    let settings = Settings::load(None, std::iter::empty()).unwrap().settings;
    let rules = Arc::new(TopicRules::compile(&Catalog::load(&settings).unwrap().topics).unwrap());
    let source = store.import_source(NOW).await.unwrap();
    let editor = store.add_editor("editor@example.org", Role::Editor, None, NOW).await.unwrap().id;
    World { _folder: folder, store, rules, source, editor }
}

impl World {
    async fn add(&self, pmids: std::ops::Range<u32>, title: &str, text: &str) {
        let judged = pmids.map(|pmid| {
            let entry = Entry {
                ids: Identifiers { pmid: Some(Pmid(pmid)), ..Identifiers::default() },
                title: RichText::from_plain(&format!("{title}, part {pmid}")),
                abstract_sections: vec![AbstractSection {
                    text: RichText::from_plain(text),
                    ..Default::default()
                }],
                complete: true,
                ..Entry::default()
            };
            Judged { mark: Mark::of(&entry), judgement: judge(&self.rules, &entry, &[]), entry }
        });
        self.store.record_entries(self.source, judged.collect(), NOW).await.unwrap();
    }

    async fn waiting(&self) -> Vec<Article> {
        self.store.queue(Default::default(), 0, 200).await.unwrap().0
    }

    async fn decide(&self, article: &Article, wish: Wish) -> i64 {
        let (article_id, revision, editor_id) = (article.id, article.revision, self.editor);
        let request = DecisionRequest { article_id, revision, editor_id, wish };
        self.store.decide(request, NOW).await.unwrap().decision_id
    }
}

fn approve(article: &Article) -> Wish {
    let summary = "A made-up summary.".to_owned();
    Wish::Approve { title: article.title.clone(), summary, topics: vec![], publish_at: None }
}

#[tokio::test]
async fn what_editors_publish_rises_and_what_they_refuse_sinks_and_the_desk_says_why() {
    let world = world().await;
    let pumps = "Haemolysis of the centrifugal pump was measured during extracorporeal membrane oxygenation.";
    let nurses =
        "Nurses answered a questionnaire about extracorporeal membrane oxygenation and their workload.";
    world.add(1..21, "Centrifugal pump haemolysis in ECMO", pumps).await;
    world.add(101..121, "Questionnaire on nursing workload in ECMO", nurses).await;
    let mut learner = Learner::new(world.rules.clone());
    learner.catch_up(&world.store, NOW).await.unwrap();
    for article in world.waiting().await {
        let is_pump = article.title.to_plain().contains("pump");
        let decided = article.ids.pmid.is_some_and(|pmid| pmid.0 % 100 <= 10);
        if decided {
            let refuse = Wish::Reject { reason: Some(RejectReason::OffTopic) };
            world.decide(&article, if is_pump { refuse } else { approve(&article) }).await;
        }
    }
    assert_eq!(learner.catch_up(&world.store, NOW).await.unwrap(), 20);
    assert_eq!(learner.catch_up(&world.store, NOW).await.unwrap(), 0, "nothing new to learn");
    let ranked = world.waiting().await;
    let tested = |article: &&Article| article.relevance.reasons[0].starts_with("lifted");
    let lifted = ranked.iter().filter(tested).count();
    let top: Vec<&Article> = ranked.iter().filter(|article| !tested(article)).take(10 - lifted).collect();
    assert!(top.iter().all(|article| article.title.to_plain().contains("Questionnaire")), "{top:#?}");
    assert!(
        top[0].relevance.reasons.iter().any(|reason| reason.contains("you published")),
        "{:?}",
        top[0].relevance
    );

    // the same decisions give the same ranks, in another process too
    let mut again = Learner::new(world.rules.clone());
    again.catch_up(&world.store, NOW).await.unwrap();
    assert_eq!(world.waiting().await, ranked);
}

#[tokio::test]
async fn a_duplicate_teaches_nothing_and_an_undone_decision_is_unlearnt() {
    let world = world().await;
    world.add(1..6, "ECPR after arrest", "Survival after ECPR.").await;
    let mut learner = Learner::new(world.rules.clone());
    let waiting = world.waiting().await;
    world.decide(&waiting[0], Wish::Reject { reason: Some(RejectReason::Duplicate) }).await;
    let approved = world.decide(&waiting[1], approve(&waiting[1])).await;
    let model = learner.fit(&world.store).await.unwrap();
    assert_eq!(model.lessons(), (1, 1));
    world.store.undo(approved, world.editor, NOW).await.unwrap();
    assert_eq!(learner.fit(&world.store).await.unwrap().lessons(), (0, 0));
}

#[tokio::test]
async fn how_often_editors_agree_with_suggested_topics_is_counted_for_each_topic() {
    let world = world().await;
    world.add(1..4, "ECPR for refractory cardiac arrest", "ECPR after cardiac arrest in adults.").await;
    let waiting = world.waiting().await;
    let suggested = waiting[0].topics.clone();
    assert!(!suggested.is_empty(), "the rules know cardiac arrest");
    assert_eq!(world.store.topic_agreement().await.unwrap(), []);
    let with_topics = |article: &Article, topics: Vec<String>| {
        let summary = "A made-up summary.".to_owned();
        Wish::Approve { title: article.title.clone(), summary, topics, publish_at: None }
    };
    world.decide(&waiting[0], with_topics(&waiting[0], suggested.clone())).await;
    world.decide(&waiting[1], with_topics(&waiting[1], vec!["by-hand".to_owned()])).await;
    world.decide(&waiting[2], Wish::Reject { reason: None }).await;
    let agreement = world.store.topic_agreement().await.unwrap();
    let of = |name: &str| agreement.iter().find(|topic| topic.topic == name).unwrap();
    let first = of(&suggested[0]);
    assert_eq!((first.kept, first.dropped, first.added), (1, 1, 0));
    let by_hand = of("by-hand");
    assert_eq!((by_hand.kept, by_hand.dropped, by_hand.added), (0, 0, 1));
}
