//! Dual coordinate descent for a linear support vector machine with squared hinge loss.
//!
//! After Hsieh et al., "A dual coordinate descent method for large-scale linear SVM" (ICML 2008), the method of LIBLINEAR.
//! Terms that stand in one lesson only are about half of all; their weights follow from that lesson's dual variable
//! alone, so they are left out of the rounds and filled in at the end, which changes nothing but the time.
//!
//! Deterministic: lessons are visited in an order drawn from a fixed seed, and every sum runs in a fixed order.

use super::features::{BUCKETS, Features};

/// The numbers of the method.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    /// The cost of an error.
    pub(super) cost: f32,
    /// At most so many rounds over the lessons.
    pub(super) rounds: usize,
    /// Rounds end when no lesson is off by more.
    pub(super) tolerance: f32,
}

/// A work and whether it was published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) features: &'a Features,
    pub(super) published: bool,
}

/// What the solver is told of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighing {
    /// By what a term's damped count is multiplied.
    pub(super) rarity: f32,
    /// Whether it stands in one lesson only.
    pub(super) single: bool,
}

/// A lesson at work. Its terms have unit length together.
struct Row {
    from: usize,
    to: usize,
    /// One over the length of the terms before.
    scale: f32,
    /// The squared length of the terms that no other lesson has.
    own: f32,
    /// 1 or -1.
    side: f32,
    /// 1 / (2 C), what squared hinge loss adds to the diagonal of the dual.
    slack: f32,
    /// The dual variable.
    force: f32,
}

/// Weights by bucket, and the standard deviation of the lessons' scores, each without what it itself taught: an estimate
/// of the spread of works not seen yet. Both kinds of lesson must be there.
pub(super) fn solve(
    recipe: &Recipe,
    lessons: &[Lesson],
    damped: &[f32; 256],
    weigh: impl Fn(usize) -> Weighing,
) -> (Vec<f32>, f32) {
    let (mut rows, terms) = lay_out(recipe, lessons, damped, &weigh);
    let mut weights = vec![0.0f32; BUCKETS];
    let mut constant = 0.0f32;
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
    for _ in 0..recipe.rounds {
        shuffle.shuffle(&mut order);
        let mut worst = 0.0f32;
        for &at in &order {
            let row = &mut rows[at];
            let terms = &terms[row.from..row.to];
            let margin = constant + dot(terms, &weights) + row.own * row.force * row.side;
            let gradient = margin * row.side - 1.0 + row.slack * row.force;
            let projected = if row.force > 0.0 { gradient } else { gradient.min(0.0) };
            worst = worst.max(projected.abs());
            if projected != 0.0 {
                // 2: the terms' unit length and the constant's
                let force = (row.force - gradient / (2.0 + row.slack)).max(0.0);
                let step = (force - row.force) * row.side;
                row.force = force;
                for &(bucket, value) in terms {
                    weights[bucket as usize] += step * value;
                }
                constant += step;
            }
        }
        if worst < recipe.tolerance {
            break;
        }
    }
    let unseen = rows.iter().map(|row| {
        let others = row.force * row.side * (1.0 - row.own);
        dot(&terms[row.from..row.to], &weights) - others
    });
    let spread = deviation(unseen.collect::<Vec<f32>>().as_slice());
    for (row, lesson) in rows.iter().zip(lessons) {
        for (bucket, count) in lesson.features.terms() {
            let Weighing { rarity, single } = weigh(bucket);
            if single {
                weights[bucket] = row.force * row.side * damped[usize::from(count)] * rarity * row.scale;
            }
        }
    }
    (weights, spread)
}

/// The lessons as rows of a sparse matrix, single terms left out. Classes are balanced: both weigh the same in all.
fn lay_out(
    recipe: &Recipe,
    lessons: &[Lesson],
    damped: &[f32; 256],
    weigh: &impl Fn(usize) -> Weighing,
) -> (Vec<Row>, Vec<(u32, f32)>) {
    let half = lessons.len() as f32 / 2.0;
    let published = lessons.iter().filter(|lesson| lesson.published).count() as f32;
    let (of_published, of_rejected) = (half / published, half / (lessons.len() as f32 - published));
    let mut terms = Vec::with_capacity(lessons.iter().map(|lesson| lesson.features.len()).sum());
    let mut rows = Vec::with_capacity(lessons.len());
    for lesson in lessons {
        let from = terms.len();
        let (mut square, mut own) = (0.0f32, 0.0f32);
        for (bucket, count) in lesson.features.terms() {
            let Weighing { rarity, single } = weigh(bucket);
            let value = damped[usize::from(count)] * rarity;
            square += value * value;
            if single {
                own += value * value;
            } else {
                terms.push((bucket as u32, value));
            }
        }
        let scale = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
        terms[from..].iter_mut().for_each(|(_, value)| *value *= scale);
        rows.push(Row {
            from,
            to: terms.len(),
            scale,
            own: own * scale * scale,
            side: if lesson.published { 1.0 } else { -1.0 },
            slack: 0.5 / (recipe.cost * if lesson.published { of_published } else { of_rejected }),
            force: 0.0,
        });
    }
    (rows, terms)
}

fn dot(terms: &[(u32, f32)], weights: &[f32]) -> f32 {
    terms.iter().map(|&(bucket, value)| weights[bucket as usize] * value).sum()
}

fn deviation(values: &[f32]) -> f32 {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
    square.sqrt().max(1e-6)
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
