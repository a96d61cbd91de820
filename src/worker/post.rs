//! Letters, one after the other: the weekly digest is enqueued when it is due, and what waits is sent, tried again
//! later, or given up. It has a task of its own, so that a slow mail server keeps nothing waiting; no decision ever
//! depends on a letter.
//!
//! A letter is marked as sent after the mail server took it. A process that ends between the two sends it again some
//! ten minutes later, with the same `Message-ID`: at most one copy too many.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::schedule::Schedule;
use crate::config::Settings;
use crate::domain::article::Article;
use crate::domain::letter::{LetterKind, LetterState};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use crate::domain::token::Token;
use crate::mail::letter::{DigestItem, Letter, Sender};
use crate::mail::{MailError, Mailer};
use crate::store::{ClaimedLetter, QueueFilter, Store, StoreError};

/// How often the database is asked whether a letter waits.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Articles in a digest.
const DIGEST_ITEMS: i64 = 10;
/// Reasons for an article's place in a digest.
const DIGEST_REASONS: usize = 3;
/// A digest that was due while nobody worked still goes out within this time.
const DIGEST_LATE_MS: i64 = DAY_MS;
/// Between the attempts at a letter; the last again and again, until its time is over.
const WAITS_MINUTES: [i64; 7] = [1, 5, 15, 60, 180, 360, 720];

/// What came of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Letters that the mail server took.
    pub sent: usize,
    /// Letters that are tried again later.
    pub postponed: usize,
    /// Letters that were given up.
    pub failed: usize,
}

/// The mail server, and what is needed to write to people.
pub struct Post {
    mailer: Mailer,
    store: Store,
    settings: Arc<Settings>,
    public_url: String,
    schedule: Option<Schedule>,
    digest_done: Option<UnixMs>,
}

/// Starts the post in a task of its own, where mail is set up.
pub(super) fn begin(
    store: Store,
    settings: Arc<Settings>,
    stop: watch::Receiver<bool>,
) -> Option<JoinHandle<()>> {
    match Post::configured(store, settings) {
        Ok(post) => post.map(|post| tokio::spawn(post.run(stop))),
        Err(error) => {
            tracing::error!("{error}; letters wait");
            None
        }
    }
}

/// After the signal to stop, waits for a letter under way.
pub(super) async fn end(post: Option<JoinHandle<()>>, at_most: Duration) {
    if let Some(mut post) = post
        && tokio::time::timeout(at_most, &mut post).await.is_err()
    {
        post.abort();
    }
}

impl Post {
    /// The post of the settings; `None` where no mail is set up.
    ///
    /// # Errors
    /// The mail settings cannot be used.
    pub fn configured(store: Store, settings: Arc<Settings>) -> Result<Option<Self>, MailError> {
        let Some(mailer) = Mailer::configured(&settings)? else { return Ok(None) };
        let schedule = Schedule::parse(&settings.mail.digest_schedule, settings.worker.time_zone).ok();
        let public_url = settings.server.public_url_at(settings.server.listen);
        Ok(Some(Self { mailer, store, settings, public_url, schedule, digest_done: None }))
    }

    /// Delivers until `stop` becomes true; a letter under way is finished.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.deliver_until(UnixMs::now, || *stop.borrow()).await {
                tracing::error!("cannot ask which letters wait: {error}");
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// One pass: enqueues the digest if it is due, and sends what waits until nothing does or the mail server cannot
    /// take more.
    ///
    /// # Errors
    /// The database's.
    pub async fn deliver_due(&mut self, now: UnixMs) -> Result<Delivered, StoreError> {
        self.deliver_until(|| now, || false).await
    }

    /// The same, ended between two letters once `stop` says so. A slow mail server makes a pass long: each claim counts
    /// from its own instant.
    async fn deliver_until(
        &mut self,
        now: impl Fn() -> UnixMs,
        stop: impl Fn() -> bool,
    ) -> Result<Delivered, StoreError> {
        self.enqueue_digest(now()).await?;
        let mut delivered = Delivered::default();
        while !stop()
            && let Some(claimed) = self.store.claim_letter(now()).await?
        {
            match self.deliver(&claimed, now()).await? {
                Ok(()) => delivered.sent += 1,
                Err(error) if error.is_final() => delivered.failed += 1,
                Err(_) => {
                    delivered.postponed += 1;
                    // the others would meet the same; they stay due
                    break;
                }
            }
        }
        Ok(delivered)
    }

    async fn enqueue_digest(&mut self, now: UnixMs) -> Result<(), StoreError> {
        let due_at = self
            .schedule
            .as_ref()
            .and_then(|schedule| schedule.last_within(now.plus_ms(-DIGEST_LATE_MS), now));
        if due_at.is_some() && due_at != self.digest_done {
            if let Some(due_at) = due_at {
                self.store.enqueue_digests(due_at, now).await?;
            }
            self.digest_done = due_at;
        }
        Ok(())
    }

    async fn deliver(
        &self,
        claimed: &ClaimedLetter,
        now: UnixMs,
    ) -> Result<Result<(), MailError>, StoreError> {
        let result = match self.write(claimed, now).await? {
            Ok(Some(letter)) => {
                // the same for each attempt, and never that of a letter of another database with the same sender
                let id = format!("letter-{}-{}", claimed.id, claimed.expires_at.0);
                self.mailer.send(&claimed.to.email, &letter, &id).await
            }
            Ok(None) => {
                self.store.end_letter(claimed.id, LetterState::Cancelled, None, now).await?;
                return Ok(Ok(()));
            }
            Err(error) => Err(error),
        };
        let kind = claimed.kind.as_str();
        match &result {
            Ok(()) => self.store.end_letter(claimed.id, LetterState::Sent, None, now).await?,
            Err(error) if error.is_final() => {
                tracing::warn!(kind, letter = claimed.id, "a letter was given up: {error}");
                self.store.end_letter(claimed.id, LetterState::Failed, Some(error.to_string()), now).await?;
            }
            Err(error) => {
                let next_at = now.plus_ms(wait_ms(claimed.attempt));
                tracing::warn!(
                    kind,
                    letter = claimed.id,
                    "a letter waits until {}: {error}",
                    next_at.to_rfc3339()
                );
                self.store.postpone_letter(claimed.id, error.to_string(), next_at).await?;
            }
        }
        Ok(result)
    }

    /// What a claimed letter says; `None` where there is nothing to say any more, and an error where it cannot be
    /// written now.
    async fn write(
        &self,
        claimed: &ClaimedLetter,
        now: UnixMs,
    ) -> Result<Result<Option<Letter>, MailError>, StoreError> {
        let society = &self.settings.society;
        let sender =
            Sender { society: &society.name, public_url: &self.public_url, language: &society.language };
        let wishes = self.store.mail_wishes(claimed.to.id).await?;
        Ok(Ok(match claimed.kind {
            LetterKind::Digest if !wishes.digest => None,
            LetterKind::Alert if !wishes.alerts => None,
            LetterKind::Invite | LetterKind::Reset => {
                let token = match Token::generate() {
                    Ok(token) => token,
                    Err(error) => return Ok(Err(MailError::NotNow(format!("no one-time link: {error}")))),
                };
                if !self.store.renew_mailed_link(claimed, token.hash(), now).await? {
                    return Ok(Ok(None));
                }
                let link = format!("{}/desk/link/{}", self.public_url, token.to_text());
                let hours = (claimed.expires_at.since_ms(now) / HOUR_MS).max(1);
                Some(match claimed.kind {
                    LetterKind::Invite => sender.invitation(&link, hours),
                    _ => sender.new_password(&link, hours),
                })
            }
            LetterKind::Digest => {
                let (articles, waiting) = self.store.queue(QueueFilter::default(), 0, DIGEST_ITEMS).await?;
                let items: Vec<DigestItem> = articles.iter().map(digest_item).collect();
                (waiting > 0).then(|| sender.digest(&items, waiting))
            }
            LetterKind::Alert => claimed.alert.as_ref().map(|alert| sender.alert(alert)),
        }))
    }
}

fn digest_item(article: &Article) -> DigestItem {
    let journal = &article.journal;
    let journal = if journal.title.is_empty() { &journal.abbreviation } else { &journal.title };
    let date = article.published_on.as_ref().map(|on| on.to_display()).unwrap_or_default();
    let meta: Vec<&str> = [journal.as_str(), &date].into_iter().filter(|part| !part.is_empty()).collect();
    let reasons: Vec<&str> =
        article.relevance.reasons.iter().take(DIGEST_REASONS).map(String::as_str).collect();
    DigestItem {
        id: article.id,
        title: article.shown_title().to_plain(),
        meta: meta.join(" · "),
        reasons: reasons.join("; "),
    }
}

fn wait_ms(attempt: u32) -> i64 {
    let step = (attempt.max(1) as usize - 1).min(WAITS_MINUTES.len() - 1);
    WAITS_MINUTES[step] * MINUTE_MS
}
