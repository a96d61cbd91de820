//! Completing what editors added by hand: the services that are known are asked for the record, and nobody else. An
//! address that an editor typed is never opened; only the identifiers in it are looked up.
//!
//! A record counts only if it carries what was asked for, be it the identifier or the very title.

use super::Worker;
use super::judge::judge;
use super::lookup::{NoAnswer, always};
use crate::domain::entry::Entry;
use crate::domain::identity::Nct;
use crate::domain::time::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::domain::wanted::Wanted;
use crate::intake::fetch::Retry;
use crate::intake::services::{Question, TrialSearch};
use crate::store::{Addition, Judged, Lookup, Mark, StoreError};

/// Additions looked up in one go.
const BATCH: i64 = 20;
/// How long to wait after a look-up that failed; after the last one nobody asks by itself.
const PAUSES: [i64; 6] = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS];
/// Words of a title that are searched for.
const TITLE_WORDS: usize = 14;

impl Worker {
    /// Looks up what is due, until nothing is.
    pub(super) async fn complete_additions(self) {
        loop {
            match self.complete_due().await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!("articles added by hand cannot be completed: {error}");
                    tokio::time::sleep(super::PAUSE_AFTER_FAILURE).await;
                    return;
                }
            }
        }
    }

    async fn complete_due(&self) -> Result<usize, StoreError> {
        let due = self.store.due_additions(UnixMs::now(), BATCH).await?;
        for addition in &due {
            let lookup = self.look_up(addition).await;
            self.store.record_lookup(addition.article_id, lookup, UnixMs::now()).await?;
        }
        Ok(due.len())
    }

    async fn look_up(&self, addition: &Addition) -> Lookup {
        let Some(wanted) = &addition.wanted else { return Lookup::Unknown };
        let found = match wanted {
            Wanted::Pmid(pmid) => self.by_pmid(*pmid).await,
            Wanted::Doi(doi) => self.by_doi(doi).await,
            Wanted::Pmcid(pmcid) => {
                let found = self.search_records(pmcid.as_str()).await;
                found.map(|found| found.into_iter().find(|entry| entry.ids.pmcid.as_ref() == Some(pmcid)))
            }
            Wanted::Nct(nct) => self.by_registration(nct).await,
            Wanted::Title(title) => self.by_title(title).await,
            Wanted::Url(_) => Ok(None),
        };
        match found {
            Ok(Some(entry)) => {
                let judgement = judge(&self.rules, &entry, &[]);
                Lookup::Found(Box::new(Judged { mark: Mark::of(&entry), entry, judgement }))
            }
            Ok(None) => Lookup::Unknown,
            Err(error) => {
                let message = error.to_string();
                tracing::warn!("{} was not looked up: {message}", wanted.to_display());
                Lookup::Failed { message, next_at: next_at(addition, error.retry(), UnixMs::now()) }
            }
        }
    }

    async fn by_registration(&self, nct: &Nct) -> Result<Option<Entry>, NoAnswer> {
        let now = UnixMs::now();
        let search = TrialSearch { nct: vec![nct.clone()], ..TrialSearch::default() };
        let question = Question::Trials { search, window: always(now) };
        let mut walk = self.intake.services.walk(question, now);
        let page = walk.next_page().await?;
        let mut entries = page.into_iter().flat_map(|page| page.entries);
        Ok(entries.find(|entry| entry.ids.nct.as_ref() == Some(nct)))
    }

    async fn by_title(&self, title: &str) -> Result<Option<Entry>, NoAnswer> {
        let words: Vec<String> = title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 3)
            .take(TITLE_WORDS)
            .map(|word| format!("{word}[ti]"))
            .collect();
        if words.len() < 2 {
            return Ok(None);
        }
        let found = self.search_records(&words.join(" AND ")).await?;
        Ok(found.into_iter().find(|entry| is_title(title, &entry.title.to_plain())))
    }
}

/// Whether a title is the one that was typed. Pages add their own name after it ("… | Journal", "… - PubMed").
fn is_title(typed: &str, title: &str) -> bool {
    let fold = |text: &str| -> String {
        text.to_lowercase().chars().filter(|character| character.is_alphanumeric()).collect()
    };
    let (typed, title) = (fold(typed), fold(title));
    !title.is_empty() && (typed == title || (title.chars().count() > 30 && typed.starts_with(&title)))
}

fn next_at(addition: &Addition, retry: Retry, now: UnixMs) -> Option<UnixMs> {
    let pause = *PAUSES.get(addition.tries as usize)?;
    match retry {
        Retry::Gone | Retry::Never => None,
        Retry::AfterMs(ms) | Retry::SlowHost { after_ms: Some(ms) } => Some(now.plus_ms(ms.max(pause))),
        Retry::Backoff | Retry::SlowHost { after_ms: None } => Some(now.plus_ms(pause)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_title;

    #[test]
    fn a_title_is_the_same_with_a_pages_name_behind_it_but_a_longer_title_is_another_work() {
        let title = "Early ECPR for refractory cardiac arrest: a trial";
        assert!(is_title("Early ECPR for Refractory Cardiac Arrest – a trial.", title));
        assert!(is_title(&format!("{title} | Perfusion"), title));
        assert!(!is_title("Early ECPR for refractory cardiac arrest", title));
        assert!(!is_title("ECPR: reply", "ECPR"));
    }
}
