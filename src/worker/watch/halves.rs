//! Asking about many at once, without one bad record costing the others their answer: a request that fails for what may
//! be one record's sake is repeated for each half, until the bad one stands alone. Pure.
//!
//! Invariant: where nothing at all is answered, the service is at fault and soon left alone.

use crate::worker::lookup::NoAnswer;

/// A batch is given up after so many requests: it would take more than a few bad records to need them.
const MOST_REQUESTS: usize = 40;

/// A batch on its way.
pub(super) struct Halves<T> {
    waiting: Vec<Vec<T>>,
    answered: Vec<T>,
    bad: Vec<(T, String)>,
    /// Requests made.
    pub(super) requests: usize,
    /// The service itself is in trouble: what is not answered was not asked.
    pub(super) trouble: Option<NoAnswer>,
}

impl<T: Clone + PartialEq> Halves<T> {
    /// Of what can be asked about in one request each.
    pub(super) fn of(mut groups: Vec<Vec<T>>) -> Self {
        groups.retain(|group| !group.is_empty());
        groups.reverse();
        Self { waiting: groups, answered: Vec::new(), bad: Vec::new(), requests: 0, trouble: None }
    }

    /// What to ask about next.
    pub(super) fn next(&mut self) -> Option<Vec<T>> {
        if self.trouble.is_some() {
            return None;
        }
        let some = self.waiting.pop()?;
        self.requests += 1;
        Some(some)
    }

    /// Notes how a request went, and gives its answer.
    pub(super) fn note<R>(&mut self, mut asked: Vec<T>, answer: Result<R, impl Into<NoAnswer>>) -> Option<R> {
        let error = match answer {
            Ok(answer) => {
                self.answered.append(&mut asked);
                return Some(answer);
            }
            Err(error) => error.into(),
        };
        if !error.may_blame_one_record() || self.requests >= MOST_REQUESTS {
            self.trouble = Some(error);
        } else if asked.len() > 1 {
            let second = asked.split_off(asked.len() / 2);
            self.waiting.extend([second, asked]);
        } else {
            self.bad.extend(asked.into_iter().map(|bad| (bad, error.to_string())));
            // two alone that fail, or the only one, and not one that does not
            if self.answered.is_empty() && (self.bad.len() > 1 || self.waiting.is_empty()) {
                self.trouble = Some(error);
            }
        }
        None
    }

    /// For how long the service asks to be left alone; 0 where it does not.
    pub(super) fn asked_pause_ms(&self) -> i64 {
        self.trouble.as_ref().map_or(0, NoAnswer::asked_pause_ms)
    }

    /// Why there is no answer about this one; `None` if there is.
    pub(super) fn why_failed(&self, one: &T) -> Option<String> {
        if self.answered.contains(one) {
            return None;
        }
        let bad = self.bad.iter().find(|(bad, _)| bad == one).map(|(_, why)| why.clone());
        bad.or_else(|| self.trouble.as_ref().map(NoAnswer::to_string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::services::ServiceError;

    fn unreadable() -> ServiceError {
        ServiceError::Unreadable { service: "A made-up service", what: "nonsense".into() }
    }

    /// Asks about 80 at a service that cannot answer about `bad`.
    fn ask(bad: impl Fn(u32) -> bool) -> Halves<u32> {
        let mut halves = Halves::of(vec![(0..80).collect(), Vec::new()]);
        while let Some(some) = halves.next() {
            let answer = if some.iter().any(|one| bad(*one)) { Err(unreadable()) } else { Ok(()) };
            halves.note(some, answer);
        }
        halves
    }

    #[test]
    fn one_bad_record_fails_alone() {
        for bad in [0, 41, 79] {
            let halves = ask(|one| one == bad);
            let failed: Vec<u32> = (0..80).filter(|one| halves.why_failed(one).is_some()).collect();
            assert_eq!((failed, halves.trouble.is_some()), (vec![bad], false));
            assert!(halves.requests <= 15, "{}", halves.requests);
        }
        let two = ask(|one| one == 3 || one == 70);
        assert_eq!((0..80).filter(|one| two.why_failed(one).is_some()).collect::<Vec<_>>(), [3, 70]);
    }

    #[test]
    fn a_service_that_answers_nothing_is_left_alone_soon() {
        let halves = ask(|_| true);
        assert!(halves.trouble.is_some() && halves.requests <= 9, "{}", halves.requests);
        assert!((0..80).all(|one| halves.why_failed(&one).is_some()));
        let many = ask(|one| one % 2 == 0);
        assert!(many.trouble.is_some() && many.requests <= MOST_REQUESTS, "{}", many.requests);
    }

    #[test]
    fn the_only_one_that_fails_is_the_services_fault() {
        let mut halves = Halves::of(vec![vec![7]]);
        let some = halves.next().unwrap();
        assert_eq!(halves.note(some, Err::<(), _>(unreadable())), None);
        assert!(halves.trouble.is_some() && halves.why_failed(&7).is_some());
    }
}
