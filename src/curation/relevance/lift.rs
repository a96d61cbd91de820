//! A small random share of the bottom, lifted into view, so that what the ranking misses is measured.
//!
//! Random means drawn by a hash of the article and the day: the same queue on the same day shows the same articles, and
//! nobody can choose which.

use crate::domain::time::PartialDate;

/// Of the lower half of the queue, this share is lifted: one in so many.
const ONE_IN: usize = 25;
/// But no more than this a day.
const MOST_LIFTED: usize = 5;
/// A lifted article stands at every so manyth place from the top.
const EVERY: usize = 8;

/// A place in the queue as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The article's row id.
    pub article: i64,
    /// Whether it was lifted from the bottom; its decision counts for the miss rate.
    pub lifted: bool,
}

/// The queue as shown on a day: `ranked` (best first), with a few of its lower half moved up. Every article stays,
/// once. Queues of fewer than 20 are seen whole anyway and stay as they are.
pub fn lift(ranked: &[i64], on: &PartialDate) -> Vec<Place> {
    let half = ranked.len() / 2;
    let wanted = if ranked.len() < 20 { 0 } else { (half.div_ceil(ONE_IN)).min(MOST_LIFTED) };
    let mut lower: Vec<(u64, i64)> =
        ranked[half..].iter().map(|&article| (draw(article, on), article)).collect();
    lower.sort_unstable();
    let lifted: Vec<i64> = lower.into_iter().take(wanted).map(|(_, article)| article).collect();
    let mut places: Vec<Place> = ranked
        .iter()
        .filter(|article| !lifted.contains(article))
        .map(|&article| Place { article, lifted: false })
        .collect();
    for (at, &article) in lifted.iter().enumerate() {
        let place = ((at + 1) * EVERY - 1).min(places.len());
        places.insert(place, Place { article, lifted: true });
    }
    places
}

/// SplitMix64 over the article and the day.
fn draw(article: i64, on: &PartialDate) -> u64 {
    let day = on.as_str().bytes().fold(0u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
    let mut hash = (article as u64) ^ day.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        hash = (hash ^ (hash >> 30)).wrapping_mul(factor);
    }
    hash ^ (hash >> 31)
}

/// What share of the lifted was worth publishing: what the ranking would have buried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MissRate {
    /// The measured share, 0 to 1.
    pub share: f64,
    /// Lower end of the 95 % interval (Wilson, 1927).
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The miss rate from the decisions on lifted articles; `None` while there are none.
pub fn miss_rate(published: u32, decided: u32) -> Option<MissRate> {
    if decided == 0 {
        return None;
    }
    let (count, share, z) =
        (f64::from(decided), f64::from(published.min(decided)) / f64::from(decided), 1.96);
    let middle = share + z * z / (2.0 * count);
    let width = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
    let scale = 1.0 + z * z / count;
    Some(MissRate {
        share,
        low: ((middle - width) / scale).max(0.0),
        high: ((middle + width) / scale).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> PartialDate {
        PartialDate::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn the_bottom_is_lifted_by_chance_the_same_all_day_and_others_tomorrow() {
        let ranked: Vec<i64> = (1..=200).collect();
        let today = lift(&ranked, &day("2026-11-22"));
        assert_eq!(today, lift(&ranked, &day("2026-11-22")));
        assert_ne!(today, lift(&ranked, &day("2026-11-23")));
        let lifted: Vec<i64> =
            today.iter().take(40).filter(|place| place.lifted).map(|place| place.article).collect();
        assert_eq!(lifted.len(), 4);
        assert!(lifted.iter().all(|article| *article > 100));
    }

    #[test]
    fn over_a_year_each_of_the_bottom_has_about_the_same_chance() {
        let ranked: Vec<i64> = (1..=100).collect();
        let mut times = [0u32; 101];
        for month in 1..=12 {
            for date in 1..=28 {
                for place in lift(&ranked, &PartialDate::new(2026, Some(month), Some(date)).unwrap()) {
                    times[place.article as usize] += u32::from(place.lifted);
                }
            }
        }
        // 336 days, 2 of 50: 13.4 each
        assert!(times[51..].iter().all(|times| (2..=30).contains(times)), "{times:?}");
        assert!(times[..51].iter().all(|times| *times == 0));
    }

    #[test]
    fn the_miss_rate_of_few_is_said_to_be_uncertain() {
        assert_eq!(miss_rate(0, 0), None);
        let few = miss_rate(1, 10).unwrap();
        assert!((few.share - 0.1).abs() < 1e-9 && few.low < 0.02 && few.high > 0.4);
        assert_eq!(miss_rate(0, 20).unwrap().low, 0.0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_shown_twice(count in 0i64..120) {
            let ranked: Vec<i64> = (0..count).rev().collect();
            let mut shown: Vec<i64> = lift(&ranked, &day("2026-11")).iter().map(|place| place.article).collect();
            shown.sort_unstable();
            prop_assert_eq!(shown, (0..count).collect::<Vec<_>>());
        }
    }
}
