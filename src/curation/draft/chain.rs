//! The arithmetic of a chain: what each sentence is, given what each alone would be and what follows what
//! (a linear-chain conditional random field, forward and backward). Training and drafting use the same code.

use super::roles::{PARTS, Part, Parts, Scores};

/// Weights of the chain: of one part following another, of beginning and of ending with a part.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chain {
    /// Of the first sentence.
    pub begins: Scores,
    /// Of the last sentence.
    pub ends: Scores,
    /// `follows[a][b]`: part `b` after part `a`.
    pub follows: [Scores; PARTS],
}

/// What a chain expects of an abstract.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The probability of each part, a sentence each.
    pub parts: Vec<Scores>,
    /// `steps[a][b]`: how often part `b` follows part `a` in the abstract.
    pub steps: [Scores; PARTS],
}

impl Chain {
    /// What the chain expects, where sentence `i` alone scores `scores[i]` and may only be one of `allowed[i]`
    /// (never empty). Both are of one length.
    pub fn expect(&self, scores: &[Scores], allowed: &[Parts]) -> Expected {
        let count = scores.len();
        let follows = self.follows.map(|row| row.map(f64::exp));
        let alone: Vec<Scores> =
            (0..count).map(|at| self.weigh_alone(scores[at], allowed[at], at, count)).collect();
        let mut forward: Vec<Scores> = Vec::with_capacity(count);
        for here in &alone {
            let reach = |part: usize| match forward.last() {
                None => 1.0,
                Some(before) => (0..PARTS).map(|from| before[from] * follows[from][part]).sum(),
            };
            let row = std::array::from_fn(|part| here[part] * reach(part));
            forward.push(share(row));
        }
        let mut backward = vec![[1.0; PARTS]; count];
        for at in (1..count).rev() {
            let after = backward[at];
            backward[at - 1] = share(std::array::from_fn(|part| {
                (0..PARTS).map(|to| follows[part][to] * alone[at][to] * after[to]).sum()
            }));
        }
        let parts = (0..count)
            .map(|at| share(std::array::from_fn(|part| forward[at][part] * backward[at][part])))
            .collect();
        let mut steps = [Scores::default(); PARTS];
        for at in 1..count {
            let pair: [Scores; PARTS] = std::array::from_fn(|from| {
                std::array::from_fn(|to| {
                    forward[at - 1][from] * follows[from][to] * alone[at][to] * backward[at][to]
                })
            });
            let sum: f64 = pair.as_flattened().iter().sum();
            for (total, step) in steps.as_flattened_mut().iter_mut().zip(pair.as_flattened()) {
                *total += step / sum;
            }
        }
        Expected { parts, steps }
    }

    /// A sentence's weights without its neighbours, the best of them 1 or thereabouts; zero for what is not allowed.
    fn weigh_alone(&self, scores: Scores, allowed: Parts, at: usize, count: usize) -> Scores {
        let allows = |part: usize| allowed.has(Part::ALL[part]);
        let top = (0..PARTS).filter(|part| allows(*part)).map(|part| scores[part]).fold(f64::MIN, f64::max);
        std::array::from_fn(|part| {
            if !allows(part) {
                return 0.0;
            }
            let begins = if at == 0 { self.begins[part] } else { 0.0 };
            let ends = if at + 1 == count { self.ends[part] } else { 0.0 };
            (scores[part] - top + begins + ends).clamp(-200.0, 200.0).exp()
        })
    }
}

/// The same proportions with the sum 1.
fn share(row: Scores) -> Scores {
    let sum: f64 = row.iter().sum();
    row.map(|value| value / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_decide_where_the_words_do_not_and_labels_hold() {
        let mut chain = Chain::default();
        chain.follows[Part::Result as usize][Part::Conclusion as usize] = 2.0;
        let mut result = Scores::default();
        result[Part::Result as usize] = 5.0;
        let expected = chain.expect(&[result, Scores::default()], &[Parts::ALL, Parts::ALL]);
        assert!(expected.parts[0][Part::Result as usize] > 0.9);
        assert!(expected.parts[1][Part::Conclusion as usize] > 0.5);
        let steps: f64 = expected.steps.as_flattened().iter().sum();
        assert!((steps - 1.0).abs() < 1e-9);

        let methods = Parts::of(&[Part::Methods]);
        let expected = chain.expect(&[result, Scores::default()], &[methods, Parts::ALL]);
        assert!((expected.parts[0][Part::Methods as usize] - 1.0).abs() < 1e-9);
        assert!(chain.expect(&[], &[]).parts.is_empty());
    }
}
