//! How much a work is like the bulk of what arrived: what the sources are about, before any editor said.
//!
//! The likeness is the cosine of a work with the middle of all works, by words that at least two of them hold. It takes no
//! decisions, so it helps while there are few; [`super::model`] lets it fade after that.

use super::features::{BUCKETS, Features};

/// No work is further from the usual than this many spreads, either way.
const FURTHEST: f32 = 3.0;

/// What arrived, summed up; about 1 MB. Two numbers a bucket, side by side, since they are read together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Usual {
    /// The rarity of a term (0 where one work alone holds it), and its weight in the sum of all works.
    buckets: Vec<[f32; 2]>,
    /// The rarity of a term that one work alone holds.
    rarest: f32,
    mean: f32,
    spread: f32,
}

impl Usual {
    /// Sums up the works that arrived; `None` of fewer than two, which say nothing.
    pub(super) fn learn(works: &[&Features], damped: &[f32; 256]) -> Option<Self> {
        if works.len() < 2 {
            return None;
        }
        let mut holders = vec![0u32; BUCKETS];
        for work in works {
            work.terms().for_each(|(bucket, _)| holders[bucket] += 1);
        }
        let known = 1.0 + works.len() as f32;
        let rarity = |holders: u32| (known / (1.0 + holders as f32)).ln() + 1.0;
        let buckets =
            holders.iter().map(|&holders| [if holders > 1 { rarity(holders) } else { 0.0 }, 0.0]).collect();
        let mut usual = Self { buckets, rarest: rarity(1), mean: 0.0, spread: 1.0 };
        for work in works {
            let length = usual.length(work, damped);
            for (bucket, count) in work.terms() {
                let [rarity, sum] = &mut usual.buckets[bucket];
                *sum += damped[usize::from(count)] * *rarity / length;
            }
        }
        let likeness: Vec<f32> = works.iter().map(|work| usual.compare(work, damped)).collect();
        let count = likeness.len() as f32;
        usual.mean = likeness.iter().sum::<f32>() / count;
        let square = likeness.iter().map(|one| (one - usual.mean).powi(2)).sum::<f32>() / count;
        usual.spread = square.sqrt().max(1e-6);
        Some(usual)
    }

    /// How much more like the others than usual a work is, in spreads; the work is one of those that arrived.
    pub(super) fn typicality(&self, work: &Features, damped: &[f32; 256]) -> f32 {
        ((self.compare(work, damped) - self.mean) / self.spread).clamp(-FURTHEST, FURTHEST)
    }

    /// The sum of a work's cosines with all others.
    fn compare(&self, work: &Features, damped: &[f32; 256]) -> f32 {
        let length = self.length(work, damped);
        work.terms()
            .map(|(bucket, count)| {
                let [rarity, sum] = self.buckets[bucket];
                let value = damped[usize::from(count)] * rarity / length;
                value * (sum - value)
            })
            .sum()
    }

    fn length(&self, work: &Features, damped: &[f32; 256]) -> f32 {
        let square = work.terms().map(|(bucket, count)| {
            let [rarity, _] = self.buckets[bucket];
            (damped[usize::from(count)] * if rarity > 0.0 { rarity } else { self.rarest }).powi(2)
        });
        square.sum::<f32>().sqrt().max(f32::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curation::document::Document;
    use crate::curation::relevance::features;
    use crate::domain::text::RichText;

    #[test]
    fn the_odd_one_out_is_the_least_typical_and_fewer_than_two_say_nothing() {
        let read = |title: &str| features(&Document::from_text(&RichText::from_plain(title), ""));
        let works =
            ["ECMO in adults", "ECMO for shock in adults", "Outcomes of ECMO in adults", "Dental implants"]
                .map(read);
        let works: Vec<&Features> = works.iter().collect();
        let damped = std::array::from_fn(|count| 1.0 + (count.max(1) as f32).ln());
        let usual = Usual::learn(&works, &damped).unwrap();
        let typicality: Vec<f32> = works.iter().map(|work| usual.typicality(work, &damped)).collect();
        assert!(typicality[..3].iter().all(|one| *one > typicality[3]), "{typicality:?}");
        assert_eq!(Usual::learn(&works[..1], &damped), None);
    }
}
