//! Learning from the editors: after each decision the model is fitted anew and what waits is ranked anew.
//!
//! Nothing here is kept: the model is rebuilt from the decisions at every start. Ranks hide nothing; a few articles of
//! the lower half are lifted into view each day, so that what the ranking misses is measured.

use std::collections::HashMap;
use std::sync::Arc;

use crate::curation::document::Document;
use crate::curation::relevance::{Decision, Features, Model, Verdict, features, lift, prior};
use crate::curation::topics::TopicRules;
use crate::domain::article::{Article, Relevance};
use crate::domain::time::{PartialDate, UnixMs};
use crate::store::{Lesson, Rank, Store, StoreError};

/// Articles read from the database at once.
const BATCH: usize = 500;
/// Why a lifted article stands where it does, before its own reasons.
const LIFTED: &str = "lifted from the lower half today, to test the ranking";

/// What is known of the works that teach or wait, and how far the decisions have been followed.
pub struct Learner {
    rules: Arc<TopicRules>,
    works: HashMap<i64, Work>,
    followed: Option<(i64, PartialDate)>,
}

struct Work {
    features: Features,
    prior: Relevance,
}

impl Learner {
    /// A learner that has learnt nothing yet.
    pub fn new(rules: Arc<TopicRules>) -> Self {
        Self { rules, works: HashMap::new(), followed: None }
    }

    /// Ranks again at the next [`Learner::catch_up`], because works came; and reads all of them again if records changed.
    pub fn note_arrivals(&mut self, records_changed: bool) {
        self.followed = None;
        if records_changed {
            self.works.clear();
        }
    }

    /// If there are new decisions, or the day is another one, or works came ([`Learner::note_arrivals`]): learns and ranks
    /// everything that waits. Says how many articles were ranked.
    ///
    /// # Errors
    /// The database's.
    pub async fn catch_up(&mut self, store: &Store, now: UnixMs) -> Result<usize, StoreError> {
        let newest = store.newest_decision().await?;
        let Some(today) = PartialDate::from_instant(now) else { return Ok(0) };
        let seen = Some((newest, today.clone()));
        if self.followed == seen {
            return Ok(0);
        }
        let model = self.fit(store).await?;
        let waiting = store.waiting_ids().await?;
        self.read_works(store, &waiting).await?;
        let ranks = self.rank(&model, &waiting, &today);
        let count = ranks.len();
        for batch in ranks.chunks(BATCH) {
            store.set_ranks(batch.to_vec()).await?;
        }
        self.followed = seen;
        Ok(count)
    }

    /// The model that the decisions teach; what is usual it takes from these works and those that wait.
    ///
    /// # Errors
    /// The database's.
    pub async fn fit(&mut self, store: &Store) -> Result<Model, StoreError> {
        let lessons = store.lessons().await?;
        let taught: Vec<i64> = lessons.iter().map(|lesson| lesson.article_id).collect();
        self.read_works(store, &taught).await?;
        self.read_works(store, &store.waiting_ids().await?).await?;
        let decisions: Vec<Decision> = lessons
            .iter()
            .filter_map(|lesson| {
                let Work { features, prior } = self.works.get(&lesson.article_id)?;
                Some(Decision { features, prior: prior.score, verdict: verdict(lesson) })
            })
            .collect();
        let mut known: Vec<(&i64, &Work)> = self.works.iter().collect();
        known.sort_unstable_by_key(|(id, _)| **id);
        let arrived: Vec<&Features> = known.into_iter().map(|(_, work)| &work.features).collect();
        Ok(Model::fit(&decisions).with_arrivals(&arrived))
    }

    async fn read_works(&mut self, store: &Store, ids: &[i64]) -> Result<(), StoreError> {
        let unknown: Vec<i64> = ids.iter().copied().filter(|id| !self.works.contains_key(id)).collect();
        for batch in unknown.chunks(BATCH) {
            let topics = store.source_topics(batch.to_vec()).await?;
            let articles = store.articles_by_id(batch.to_vec()).await?;
            let rules = self.rules.clone();
            let read = tokio::task::spawn_blocking(move || {
                let read = articles.iter().map(|article| {
                    let topics = topics.get(&article.id).map_or(&[][..], Vec::as_slice);
                    (article.id, read_work(&rules, article, topics))
                });
                read.collect::<Vec<_>>()
            });
            self.works.extend(read.await.unwrap_or_default());
        }
        Ok(())
    }

    fn rank(&self, model: &Model, waiting: &[i64], today: &PartialDate) -> Vec<Rank> {
        let mut ranked: Vec<(i64, Relevance)> = waiting
            .iter()
            .filter_map(|id| {
                let Work { features, prior } = self.works.get(id)?;
                Some((*id, model.rank(features, prior)))
            })
            .collect();
        // newest first within equals, as the queue has it
        ranked.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(b.0.cmp(&a.0)));
        let order: Vec<i64> = ranked.iter().map(|(id, _)| *id).collect();
        let mut relevance: HashMap<i64, Relevance> = ranked.into_iter().collect();
        let mut above = f64::INFINITY;
        let mut ranks = Vec::with_capacity(order.len());
        for place in lift(&order, today) {
            let Some(mut relevance) = relevance.remove(&place.article) else { continue };
            if place.lifted {
                relevance.score = above;
                relevance.reasons.insert(0, LIFTED.to_owned());
            } else {
                above = relevance.score;
            }
            ranks.push(Rank { article_id: place.article, relevance, lifted: place.lifted });
        }
        ranks
    }
}

fn read_work(rules: &TopicRules, article: &Article, source_topics: &[String]) -> Work {
    let document = Document::from_article(article, source_topics);
    Work { features: features(&document), prior: prior(rules, &document) }
}

fn verdict(lesson: &Lesson) -> Verdict {
    if lesson.accepted { Verdict::Published } else { Verdict::Rejected(lesson.reason) }
}
