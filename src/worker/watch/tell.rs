//! Telling the editors what was found about public items: in the desk the notice waits by itself; here it leaves by
//! mail, where mail is set up. A cycle is one letter, however much it found: the first look at an archive finds years
//! of notices at once.

use crate::domain::letter::Alert;
use crate::domain::notice::NoticeState;
use crate::domain::time::UnixMs;
use crate::store::{StoreError, WaitingNotice};
use crate::texts::Texts;
use crate::worker::Worker;

/// Notices of one letter, named or counted.
const MOST_TOLD: i64 = 5_000;

/// Notices that a letter names.
const MOST_NAMED: usize = 20;

impl Worker {
    /// Writes to the editors about notices that they have not been told of: one letter, once, also after a crash.
    pub(super) async fn tell_editors(&self) -> Result<(), StoreError> {
        let mut untold = self.store.untold_notices(MOST_TOLD).await?;
        // stable: the oldest first among equals
        untold.sort_by_key(|waiting| waiting.notice.finding.kind);
        let texts = Texts::of(&self.settings.society.language);
        let server = &self.settings.server;
        let public_url = server.public_url_at(server.listen);
        let Some(alert) = alert(&untold, texts, &public_url) else { return Ok(()) };
        tracing::warn!("{}", alert.subject);
        let ids = untold.iter().map(|waiting| waiting.notice.id).collect();
        let alert = self.settings.mail.is_on().then_some(alert);
        if !self.store.tell_notices(ids, alert, UnixMs::now()).await? {
            tracing::info!("another process tells the editors; what is left is told after the next cycle");
        }
        Ok(())
    }
}

/// The letter about these notices, which are in order; `None` where there are none.
fn alert(untold: &[WaitingNotice], texts: &Texts, public_url: &str) -> Option<Alert> {
    let (first, others) = untold.split_first()?;
    if others.is_empty() {
        return Some(alert_of_one(first, texts));
    }
    let lead = texts.t("letter-notices-lead").with("count", untold.len());
    let mut paragraphs = vec![lead.into()];
    paragraphs.extend(untold.iter().take(MOST_NAMED).map(|waiting| line(waiting, texts, public_url)));
    let unnamed = untold.len().saturating_sub(MOST_NAMED);
    if unnamed > 0 {
        paragraphs.push(texts.t("letter-notices-more").with("count", unnamed).into());
    }
    let subject =
        texts.t("letter-notices-subject").with("first", headline(first, texts)).with("count", others.len());
    Some(Alert { subject: subject.into(), paragraphs, path: "/desk".into() })
}

fn headline(waiting: &WaitingNotice, texts: &Texts) -> String {
    let kind = String::from(texts.t(waiting.notice.finding.kind.text_key()));
    format!("{kind}: {}", waiting.article.shown_title().to_plain())
}

/// One of several notices.
fn line(waiting: &WaitingNotice, texts: &Texts, public_url: &str) -> String {
    let finding = &waiting.notice.finding;
    let key = match waiting.notice.state {
        NoticeState::Public => "letter-notices-line-marked",
        _ => "letter-notices-line-waits",
    };
    texts
        .t(key)
        .with("kind", texts.t(finding.kind.text_key()))
        .with("title", waiting.article.shown_title().to_plain())
        .with("source", texts.t(finding.source.text_key()))
        .with("url", format!("{}/desk/a/{}", public_url, waiting.article.id))
        .into()
}

/// A notice that comes alone is told with all that is known of it.
fn alert_of_one(waiting: &WaitingNotice, texts: &Texts) -> Alert {
    let WaitingNotice { notice, article } = waiting;
    let finding = &notice.finding;
    let title = article.shown_title().to_plain();
    let source = texts.t("letter-notice-source").with("source", texts.t(finding.source.text_key()));
    let mut paragraphs = vec![title, source.into()];
    paragraphs
        .extend([&finding.citation, &finding.detail].into_iter().filter(|text| !text.is_empty()).cloned());
    paragraphs.extend(
        finding
            .changes
            .iter()
            .map(|change| format!("{}: {} → {}", change.field, change.before, change.after)),
    );
    paragraphs.extend(finding.link.clone());
    let what_follows = match notice.state {
        _ if finding.kind.stays_at_desk() => "letter-notice-desk",
        NoticeState::Public => "letter-notice-marked",
        _ => "letter-notice-waits",
    };
    paragraphs.push(texts.t(what_follows).into());
    Alert { subject: headline(waiting, texts), paragraphs, path: format!("/desk/a/{}", article.id) }
}
