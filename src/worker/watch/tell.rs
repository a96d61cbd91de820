//! Telling the editors what was found about public items: in the desk the notice waits by itself; here it leaves by
//! mail, where mail is set up.

use crate::domain::letter::Alert;
use crate::domain::notice::{Notice, NoticeState};
use crate::domain::time::UnixMs;
use crate::store::{StoreError, WaitingNotice};
use crate::texts::Texts;
use crate::worker::Worker;

/// Notices told in one cycle.
const MOST_TOLD: i64 = 100;

impl Worker {
    /// Writes to the editors about notices that they have not been told of; each once, also after a crash: the letter is
    /// enqueued under the notice's name.
    pub(super) async fn tell_editors(&self) -> Result<(), StoreError> {
        let texts = Texts::of(&self.settings.society.language);
        for waiting in self.store.untold_notices(MOST_TOLD).await? {
            let (alert, now) = (alert(&waiting, texts), UnixMs::now());
            tracing::warn!("{}", alert.subject);
            if self.settings.mail.is_on() {
                self.store.enqueue_alert(&format!("notice:{}", waiting.notice.public_id), alert, now).await?;
            }
            self.store.note_told(vec![waiting.notice.id], now).await?;
        }
        Ok(())
    }
}

fn alert(waiting: &WaitingNotice, texts: &Texts) -> Alert {
    let WaitingNotice { notice, article } = waiting;
    let finding = &notice.finding;
    let title = article.shown_title().to_plain();
    let mut paragraphs =
        vec![title.clone(), texts.t("letter-notice-source").with("source", finding.source.label()).into()];
    paragraphs
        .extend([&finding.citation, &finding.detail].into_iter().filter(|text| !text.is_empty()).cloned());
    paragraphs.extend(
        finding
            .changes
            .iter()
            .map(|change| format!("{}: {} → {}", change.field, change.before, change.after)),
    );
    paragraphs.extend(finding.link.clone());
    paragraphs.push(texts.t(what_follows(notice)).into());
    Alert {
        subject: format!("{}: {title}", finding.kind.label()),
        paragraphs,
        path: format!("/desk/a/{}", article.id),
    }
}

fn what_follows(notice: &Notice) -> &'static str {
    match notice.state {
        NoticeState::Public => "letter-notice-marked",
        _ => "letter-notice-waits",
    }
}
