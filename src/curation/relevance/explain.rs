//! Why a work stands where it does: the terms and facts that moved it most, for and against.
//!
//! A reason is only given when the plain count of decisions agrees with it: the method weighs many terms together and can
//! give a term a sign that an editor, looking at what was published, would not believe.

use super::features::{Cited, Features};
use super::model::{Model, Seen};
use super::reason::{AGAINST, Reason};
use crate::domain::article::Relevance;

/// A reason moves the score by at least this share of the usual distance between works.
const LEAST_PULL: f64 = 0.04;
/// Being typical of what arrives is told when it moves the score by this much.
const TYPICAL_TOLD: f64 = 0.3;
/// How many learnt reasons are given.
const LEARNT_REASONS: usize = 4;
/// How many reasons of the prior are given beside them.
const PRIOR_REASONS: usize = 3;
/// Fewer decisions on a term are no evidence to show.
const LEAST_DECIDED: u16 = 2;

impl Model {
    /// Score and reasons: those of the prior first while it weighs more than what was learnt.
    pub fn rank(&self, features: &Features, prior: &Relevance) -> Relevance {
        let learnt = self.find_reasons(features);
        let pulled = learnt.iter().map(|reason| reason.weight.abs()).fold(0.0, f64::max);
        let prior_first = self.prior_weight() * prior.score.abs() >= pulled;
        let learnt = Reason::sum_up(0.0, learnt).reasons;
        let plain = |reason: &str| reason.trim_start_matches(AGAINST).to_lowercase();
        let told = |reason: &String| learnt.iter().any(|other| plain(other).starts_with(&plain(reason)));
        let of_prior: Vec<String> =
            prior.reasons.iter().filter(|reason| !told(reason)).take(PRIOR_REASONS).cloned().collect();
        let typical = self.typical_pull(features);
        let of_prior = if typical.abs() >= TYPICAL_TOLD {
            let text =
                if typical > 0.0 { "like most of what arrives" } else { "unlike most of what arrives" };
            [of_prior, Reason::sum_up(0.0, vec![Reason::new(typical, text)]).reasons].concat()
        } else {
            of_prior
        };
        let reasons = if prior_first { [of_prior, learnt].concat() } else { [learnt, of_prior].concat() };
        Relevance { score: self.score(features, prior.score), reasons }
    }

    /// The strongest learnt reasons, strongest first.
    fn find_reasons(&self, features: &Features) -> Vec<Reason> {
        if !self.has_learnt() {
            return Vec::new();
        }
        let pulls = self.pulls(features);
        let mut cited: Vec<(f64, Cited, usize, &str)> = Vec::new();
        features.each_cited(|kind, bucket, text| {
            if let Ok(at) = pulls.binary_search_by_key(&bucket, |(bucket, _)| *bucket)
                && pulls[at].1.abs() >= LEAST_PULL
                && self.counts_agree(bucket, pulls[at].1)
            {
                cited.push((pulls[at].1, kind, bucket, text));
            }
        });
        cited.sort_by(|one, other| other.0.abs().total_cmp(&one.0.abs()));
        let mut chosen: Vec<(f64, Cited, usize, &str)> = Vec::new();
        for candidate in cited {
            let (_, _, bucket, text) = candidate;
            // "dental" and then "dental implants" with the same counts: the longer says it better
            let longer = |shorter: &(f64, Cited, usize, &str)| {
                within(shorter.3, text) && self.seen(shorter.2) == self.seen(bucket)
            };
            if let Some(at) = chosen.iter().position(longer) {
                chosen[at] = (chosen[at].0, candidate.1, bucket, text);
                let kept = chosen[at];
                chosen.retain(|other| other.2 == kept.2 || !within(other.3, kept.3));
            } else if !chosen.iter().any(|other| within(other.3, text) || within(text, other.3)) {
                chosen.push(candidate);
            }
        }
        chosen.truncate(LEARNT_REASONS);
        let in_words =
            |(pull, kind, bucket, text)| Reason::new(pull, put_in_words(kind, text, self.seen(bucket)));
        chosen.into_iter().map(in_words).collect()
    }

    /// Whether more (for) or less (against) was published of the works with this term than of all.
    fn counts_agree(&self, bucket: usize, pull: f64) -> bool {
        let seen = self.seen(bucket);
        let share = f64::from(seen.published) / f64::from(seen.decided.max(1));
        let usual = self.published_share();
        seen.decided >= LEAST_DECIDED && if pull > 0.0 { share > usual } else { share < usual }
    }
}

/// Whether one phrase stands in another, without regard to case.
fn within(short: &str, long: &str) -> bool {
    long.to_lowercase().contains(&short.to_lowercase())
}

fn put_in_words(kind: Cited, text: &str, seen: Seen) -> String {
    let what = match kind {
        Cited::Title | Cited::Abstract => format!("“{text}”"),
        Cited::Journal => format!("from {text}"),
        Cited::Fact => text.to_owned(),
        Cited::Mesh => format!("indexed as {text}"),
        Cited::Topic => format!("from a source on {text}"),
    };
    format!("{what}: you published {} of {}", seen.published, seen.decided)
}
