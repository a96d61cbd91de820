//! Asking the language model for wording, for editors who asked for it: once each, within the day's budget, and not while
//! the service keeps failing.
//!
//! Invariant: one press of the button sends at most one request. There is no retry; the editor sees why and may ask again.

use super::Worker;
use crate::curation::wording::{PROMPT_VERSION, ask, read_answer};
use crate::domain::entry::abstract_plain;
use crate::domain::time::{DAY_MS, MINUTE_MS, UnixMs};
use crate::store::{Proposal, StoreError, Wording, WordingRecord};

/// After so many failures in a row the service is left alone …
const MOST_FAILURES: u32 = 3;
/// … for so long after the last; then one question tries it.
const LEFT_ALONE_MS: i64 = 15 * MINUTE_MS;

impl Worker {
    /// Answers the oldest question for wording. False where there is none.
    pub(super) async fn answer_wording_question(&self) -> bool {
        let question = match self.store.take_wording(UnixMs::now()).await {
            Ok(Some(question)) => question,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!("cannot look for questions for wording: {error}");
                return false;
            }
        };
        let answer = match self.find_wording(&question).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!("a question for wording waits: {error}");
                return false;
            }
        };
        if let Err(problem) = &answer {
            tracing::warn!("no wording for article {}: {problem}", question.article_id);
        }
        if let Err(error) = self.store.answer_wording(question.id, answer, UnixMs::now()).await {
            tracing::error!("an answer of the language model is lost: {error}");
        }
        true
    }

    /// The proposal, or why there is none.
    async fn find_wording(&self, question: &Wording) -> Result<Result<Proposal, String>, StoreError> {
        let Some(service) = &self.intake.wording else {
            return Ok(Err("no language model is configured (wording.base_url)".to_owned()));
        };
        let article = self.store.article(question.article_id).await?;
        let text = article.map(|article| abstract_plain(&article.abstract_sections)).unwrap_or_default();
        let Some(asked) = ask(&text) else {
            return Ok(Err("there is no abstract to word".to_owned()));
        };
        let now = UnixMs::now();
        let record = self.store.wording_record(UnixMs(now.0 - now.0.rem_euclid(DAY_MS))).await?;
        if let Some(refusal) = refuse(&record, self.settings.wording.daily_budget, now) {
            return Ok(Err(refusal));
        }
        self.store.note_wording_sent(question.id, now).await?;
        let key = self.settings.wording.api_key.expose();
        let answer = match service.ask(&asked.instructions, &asked.text, key).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        Ok(match read_answer(&answer.text) {
            Ok(text) => Ok(Proposal { text, model: answer.model, prompt_version: PROMPT_VERSION }),
            Err(error) => Err(format!("{}: {error}", answer.model)),
        })
    }
}

/// Why the service is not asked now, if so.
fn refuse(record: &WordingRecord, daily_budget: u32, now: UnixMs) -> Option<String> {
    if record.sent_today >= daily_budget {
        return Some(format!("today's budget of {daily_budget} questions is used up (wording.daily_budget)"));
    }
    let until = record.last_sent_at?.plus_ms(LEFT_ALONE_MS);
    (record.failures >= MOST_FAILURES && now < until).then(|| {
        let failures = record.failures;
        format!(
            "the language model failed {failures} times in a row; it is left alone until {}",
            until.to_rfc3339()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_service_is_left_alone_for_a_while_and_the_budget_is_kept() {
        let now = UnixMs(1_795_367_460_000);
        let record = |sent_today, failures, minutes: i64| WordingRecord {
            sent_today,
            failures,
            last_sent_at: Some(now.plus_ms(-minutes * MINUTE_MS)),
        };
        assert_eq!(refuse(&WordingRecord::default(), 10, now), None);
        assert_eq!(refuse(&record(9, 2, 1), 10, now), None);
        assert!(refuse(&record(10, 0, 1), 10, now).unwrap().contains("budget of 10"));
        assert!(refuse(&record(5, 3, 1), 10, now).unwrap().contains("3 times"));
        assert_eq!(refuse(&record(5, 3, 16), 10, now), None, "one question tries it");
        assert!(refuse(&WordingRecord::default(), 0, now).is_some(), "a budget of nothing");
    }
}
