//! The model: a linear support vector machine over a work's features, learnt anew after each decision.
//!
//! Squared hinge loss with classes balanced, solved by dual coordinate descent (Hsieh et al., "A dual coordinate
//! descent method for large-scale linear SVM", ICML 2008), over tf-idf with sublinear counts and unit length. What is
//! learnt is scaled to unit spread over works not seen, and the prior is added with a weight that fades with the number of
//! decisions of the rarer kind: without decisions the order is the prior's.
//!
//! Deterministic: the order of visits comes from a fixed seed, every sum runs in a fixed order, and nothing depends on
//! what was learnt before. The model is derived data, never the only copy of anything.

use super::features::{BUCKETS, Features};
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

/// The numbers of the method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    /// The cost of an error.
    pub(crate) cost: f32,
    /// The value of the constant feature.
    pub(crate) constant: f32,
    /// At most so many rounds over the decisions.
    pub(crate) rounds: usize,
    /// Rounds end when no decision is off by more.
    pub(crate) tolerance: f32,
    /// The weight of the prior beside a learnt score of unit spread, as long as nothing was decided.
    pub(crate) prior_weight: f32,
    /// After so many decisions of the rarer kind the prior counts half.
    pub(crate) prior_half: f32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { cost: 0.7, constant: 1.0, rounds: 10, tolerance: 0.1, prior_weight: 0.7, prior_half: 15.0 }
    }
}

/// What was learnt. Weights and counts by bucket; about 3 MB.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Weight times rarity.
    weights: Vec<f32>,
    rarity: Vec<f32>,
    prior_weight: f32,
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

/// 1 + ln(count), for counts of a byte.
fn damped(count: u8) -> f32 {
    1.0 + f32::from(count.max(1)).ln()
}

impl Model {
    /// Learns from decisions, in any order; those that do not teach ([`Verdict::teaches`]) are left out.
    pub fn fit(decisions: &[Decision]) -> Self {
        Self::fit_by(&Recipe::default(), decisions)
    }

    pub(crate) fn fit_by(recipe: &Recipe, decisions: &[Decision]) -> Self {
        let lessons: Vec<&Decision> =
            decisions.iter().filter(|decision| decision.verdict.teaches()).collect();
        let mut seen = vec![Seen::default(); BUCKETS];
        let mut published = 0usize;
        for lesson in &lessons {
            let good = lesson.verdict == Verdict::Published;
            published += usize::from(good);
            for (bucket, _) in lesson.features.terms() {
                let seen = &mut seen[bucket];
                seen.decided = seen.decided.saturating_add(1);
                seen.published = seen.published.saturating_add(u16::from(good));
            }
        }
        let known = lessons.len() as f32;
        let rarity: Vec<f32> =
            seen.iter().map(|seen| ((1.0 + known) / (1.0 + f32::from(seen.decided))).ln() + 1.0).collect();
        let rejected = lessons.len() - published;
        let mut model = Self {
            weights: vec![0.0; BUCKETS],
            rarity,
            prior_weight: recipe.prior_weight,
            seen,
            decided: lessons.len(),
            published,
        };
        if published > 0 && rejected > 0 {
            model.learn(recipe, &lessons, published, rejected);
        }
        model
    }

    fn learn(&mut self, recipe: &Recipe, lessons: &[&Decision], published: usize, rejected: usize) {
        let mut rows = Rows::new(recipe, lessons, &self.rarity);
        let half = lessons.len() as f32 / 2.0;
        let (of_published, of_rejected) = (half / published as f32, half / rejected as f32);
        for (row, lesson) in rows.heads.iter_mut().zip(lessons) {
            let good = lesson.verdict == Verdict::Published;
            row.side = if good { 1.0 } else { -1.0 };
            // squared hinge: the dual has 1 / (2 C) on its diagonal
            row.slack = 0.5 / (recipe.cost * if good { of_published } else { of_rejected });
        }
        let mut constant = 0.0f32;
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
        for _ in 0..recipe.rounds {
            shuffle.shuffle(&mut order);
            let mut worst = 0.0f32;
            for &at in &order {
                let (row, terms) = rows.row_mut(at);
                let mut margin = constant * recipe.constant;
                for &(bucket, value) in terms {
                    margin += self.weights[bucket as usize] * value;
                }
                let gradient = margin * row.side - 1.0 + row.slack * row.force;
                let projected = if row.force > 0.0 { gradient } else { gradient.min(0.0) };
                worst = worst.max(projected.abs());
                if projected != 0.0 {
                    let force = (row.force - gradient / (row.square + row.slack)).max(0.0);
                    let step = (force - row.force) * row.side;
                    row.force = force;
                    for &(bucket, value) in terms {
                        self.weights[bucket as usize] += step * value;
                    }
                    constant += step * recipe.constant;
                }
            }
            if worst < recipe.tolerance {
                break;
            }
        }
        let scale = 1.0 / self.spread_unseen(&rows);
        for (weight, rarity) in self.weights.iter_mut().zip(&self.rarity) {
            *weight *= rarity * scale;
        }
        let rarer = published.min(rejected) as f32;
        let fade = recipe.prior_half / (recipe.prior_half + rarer);
        self.prior_weight = recipe.prior_weight * fade;
    }

    /// The standard deviation of the lessons' scores, each without what it itself taught: an estimate of the spread of
    /// works not seen yet, from which the prior gets its share.
    fn spread_unseen(&self, rows: &Rows) -> f32 {
        let scores: Vec<f32> = rows
            .heads
            .iter()
            .map(|row| {
                let terms = &rows.terms[row.from..row.to];
                let score: f32 =
                    terms.iter().map(|&(bucket, value)| self.weights[bucket as usize] * value).sum();
                score - row.force * row.side
            })
            .collect();
        let count = scores.len() as f32;
        let mean = scores.iter().sum::<f32>() / count;
        let square = scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f32>() / count;
        square.sqrt().max(1e-6)
    }

    /// Where a work stands; only the order means anything.
    pub fn score(&self, features: &Features, prior: f64) -> f64 {
        let mut square = 0.0f32;
        let mut sum = 0.0f32;
        for (bucket, count) in features.terms() {
            let damped = damped(count);
            let value = damped * self.rarity[bucket];
            square += value * value;
            sum += self.weights[bucket] * damped;
        }
        let learnt = if square > 0.0 { sum / square.sqrt() } else { 0.0 };
        f64::from(learnt) + f64::from(self.prior_weight) * prior
    }

    /// How far each bucket of a work moves its score; ascending by bucket.
    pub(super) fn pulls(&self, features: &Features) -> Vec<(usize, f64)> {
        let square: f32 =
            features.terms().map(|(bucket, count)| (damped(count) * self.rarity[bucket]).powi(2)).sum();
        let length = square.sqrt().max(f32::MIN_POSITIVE);
        features
            .terms()
            .map(|(bucket, count)| (bucket, f64::from(self.weights[bucket] * damped(count) / length)))
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

/// The lessons as rows of a sparse matrix.
struct Rows {
    heads: Vec<Row>,
    terms: Vec<(u32, f32)>,
}

struct Row {
    from: usize,
    to: usize,
    square: f32,
    side: f32,
    slack: f32,
    /// The dual variable.
    force: f32,
}

impl Rows {
    fn new(recipe: &Recipe, lessons: &[&Decision], rarity: &[f32]) -> Self {
        let mut terms = Vec::with_capacity(lessons.iter().map(|lesson| lesson.features.len()).sum());
        let heads = lessons
            .iter()
            .map(|lesson| {
                let from = terms.len();
                terms.extend(
                    lesson
                        .features
                        .terms()
                        .map(|(bucket, count)| (bucket as u32, damped(count) * rarity[bucket])),
                );
                let row: &mut [(u32, f32)] = &mut terms[from..];
                let length = row.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
                row.iter_mut().for_each(|(_, value)| *value /= length);
                let square = 1.0 + recipe.constant * recipe.constant;
                Row { from, to: terms.len(), square, side: 0.0, slack: 0.0, force: 0.0 }
            })
            .collect();
        Self { heads, terms }
    }

    fn row_mut(&mut self, at: usize) -> (&mut Row, &[(u32, f32)]) {
        let row = &mut self.heads[at];
        let terms = &self.terms[row.from..row.to];
        (row, terms)
    }
}

/// Fisher and Yates with xorshift64: the same order every time.
struct Shuffle(u64);

impl Shuffle {
    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            order.swap(last, (self.0 % (last as u64 + 1)) as usize);
        }
    }
}
