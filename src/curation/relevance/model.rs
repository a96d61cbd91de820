//! The model: a linear support vector machine over a work's features, learnt anew after each decision.
//!
//! Squared hinge loss with classes balanced ([`super::solver`]), over tf-idf with sublinear counts and unit length. What is
//! learnt is scaled to unit spread over works not seen. Two things are added, with weights that fade with the number of
//! decisions of the rarer kind: the prior, and for the first days how typical a work is of what arrived ([`super::typical`]).
//!
//! Deterministic: nothing depends on what was learnt before. The model is derived data, never the only copy of anything.

use std::sync::LazyLock;

use super::features::{BUCKETS, Features};
use super::solver::{Lesson, Recipe, Weighing, solve};
use super::typical::Usual;
use crate::domain::status::RejectReason;

/// An editor's decision, to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Of the work.
    pub features: &'a Features,
    /// The work's prior score.
    pub prior: f64,
    /// What the editor decided.
    pub verdict: Verdict,
}

/// How an editor decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Approved for publishing.
    Published,
    /// Refused, and why if the editor said.
    Rejected(Option<RejectReason>),
}

impl Verdict {
    /// Whether the decision says anything about the subject: that a work is a duplicate or already covered does not.
    pub fn teaches(self) -> bool {
        !matches!(self, Self::Rejected(Some(RejectReason::Duplicate | RejectReason::AlreadyCovered)))
    }
}

/// How the machine is fitted. More rounds or a tighter tolerance change no ranking measurably.
const RECIPE: Recipe = Recipe { cost: 0.7, rounds: 8, tolerance: 0.2 };
/// The weight of the prior beside a learnt score of unit spread, as long as little was decided.
const PRIOR_WEIGHT: f32 = 0.7;
/// After so many decisions of the rarer kind the prior counts half.
const PRIOR_HALF: f32 = 15.0;
/// The weight of being typical of what arrived, in spreads, as long as nothing was decided.
const TYPICAL_WEIGHT: f32 = 0.5;
/// After so many decisions of the rarer kind it counts half.
const TYPICAL_HALF: f32 = 2.0;
/// After so many it is left out.
const TYPICAL_ENDS: usize = 20;

/// What was learnt. Weights and counts by bucket; about 3 MB.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Weight times rarity, and rarity: side by side, since they are read together.
    buckets: Vec<[f32; 2]>,
    prior_weight: f32,
    usual: Option<Usual>,
    seen: Vec<Seen>,
    decided: usize,
    published: usize,
}

/// In how many decided works a bucket stood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) published: u16,
    pub(super) decided: u16,
}

/// 1 + ln(count), for every count of a byte: a logarithm a term would take most of the time.
static DAMPED: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|count| 1.0 + (count.max(1) as f32).ln()));

/// Inverse document frequency, smoothed, for each number of lessons that a term can stand in.
fn rarities(lessons: usize) -> Vec<f32> {
    let known = 1.0 + lessons as f32;
    (0..=lessons.min(usize::from(u16::MAX)))
        .map(|decided| (known / (1.0 + decided as f32)).ln() + 1.0)
        .collect()
}

impl Model {
    /// Learns from decisions; those that do not teach ([`Verdict::teaches`]) are left out. Hand them over in the order
    /// they were made: it matters to the last bits only, but then the model is the same each time.
    pub fn fit(decisions: &[Decision]) -> Self {
        let lessons: Vec<Lesson> = decisions
            .iter()
            .filter(|decision| decision.verdict.teaches())
            .map(|decision| Lesson {
                features: decision.features,
                published: decision.verdict == Verdict::Published,
            })
            .collect();
        let mut seen = vec![Seen::default(); BUCKETS];
        for lesson in &lessons {
            for (bucket, _) in lesson.features.terms() {
                let seen = &mut seen[bucket];
                seen.decided = seen.decided.saturating_add(1);
                seen.published = seen.published.saturating_add(u16::from(lesson.published));
            }
        }
        let rarity = rarities(lessons.len());
        let buckets = seen.iter().map(|seen| [0.0, rarity[usize::from(seen.decided)]]).collect();
        let published = lessons.iter().filter(|lesson| lesson.published).count();
        let mut model = Self {
            buckets,
            prior_weight: PRIOR_WEIGHT,
            usual: None,
            seen,
            decided: lessons.len(),
            published,
        };
        if model.has_learnt() {
            model.learn(&lessons);
        }
        model
    }

    /// Learns what is usual from all works that arrived, decided or waiting, as long as few decisions say more. Only
    /// works among them are to be scored then.
    #[must_use]
    pub fn with_arrivals(mut self, works: &[&Features]) -> Self {
        self.usual = if self.rarer() < TYPICAL_ENDS { Usual::learn(works, &DAMPED) } else { None };
        self
    }

    /// The number of decisions of the rarer kind.
    fn rarer(&self) -> usize {
        self.published.min(self.decided - self.published)
    }

    fn learn(&mut self, lessons: &[Lesson]) {
        let weigh = |bucket: usize| Weighing {
            rarity: self.buckets[bucket][1],
            single: self.seen[bucket].decided == 1,
        };
        let (weights, spread) = solve(&RECIPE, lessons, &DAMPED, weigh);
        for ([learnt, rarity], weight) in self.buckets.iter_mut().zip(&weights) {
            *learnt = weight * *rarity / spread;
        }
        self.prior_weight = PRIOR_WEIGHT * PRIOR_HALF / (PRIOR_HALF + self.rarer() as f32);
    }

    /// Where a work stands; only the order means anything.
    pub fn score(&self, features: &Features, prior: f64) -> f64 {
        let mut square = 0.0f32;
        let mut sum = 0.0f32;
        let damped: &[f32; 256] = &DAMPED;
        for (bucket, count) in features.terms() {
            let [weight, rarity] = self.buckets[bucket];
            let damped = damped[usize::from(count)];
            square += (damped * rarity) * (damped * rarity);
            sum += weight * damped;
        }
        let learnt = if square > 0.0 { sum / square.sqrt() } else { 0.0 };
        f64::from(learnt) + f64::from(self.prior_weight) * prior + self.typical_pull(features)
    }

    /// How far being typical of what arrived, or not, moves a work's score.
    pub(super) fn typical_pull(&self, features: &Features) -> f64 {
        let Some(usual) = &self.usual else { return 0.0 };
        let weight = TYPICAL_WEIGHT * TYPICAL_HALF / (TYPICAL_HALF + self.rarer() as f32);
        f64::from(weight * usual.typicality(features, &DAMPED))
    }

    /// How far each bucket of a work moves its score; ascending by bucket.
    pub(super) fn pulls(&self, features: &Features) -> Vec<(usize, f64)> {
        let square: f32 = features
            .terms()
            .map(|(bucket, count)| (DAMPED[usize::from(count)] * self.buckets[bucket][1]).powi(2))
            .sum();
        let length = square.sqrt().max(f32::MIN_POSITIVE);
        features
            .terms()
            .map(|(bucket, count)| {
                (bucket, f64::from(self.buckets[bucket][0] * DAMPED[usize::from(count)] / length))
            })
            .collect()
    }

    /// In how many decided works the bucket stood.
    pub(super) fn seen(&self, bucket: usize) -> Seen {
        self.seen[bucket]
    }

    /// What the prior's score is multiplied by.
    pub(super) fn prior_weight(&self) -> f64 {
        f64::from(self.prior_weight)
    }

    /// The share of what was decided that was published.
    pub(super) fn published_share(&self) -> f64 {
        self.published as f64 / self.decided.max(1) as f64
    }

    /// Whether there were decisions of both kinds to learn from; until then the score is the prior.
    pub fn has_learnt(&self) -> bool {
        self.published > 0 && self.published < self.decided
    }

    /// How many decisions taught, and how many of them were to publish.
    pub fn lessons(&self) -> (usize, usize) {
        (self.decided, self.published)
    }
}
