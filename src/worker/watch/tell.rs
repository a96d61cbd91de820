//! Telling the editors what was found about public items: in the desk the notice waits by itself; here it leaves by
//! mail.

use crate::domain::letter::Alert;
use crate::domain::notice::{Notice, NoticeState};
use crate::domain::time::UnixMs;
use crate::store::{StoreError, WaitingNotice};
use crate::worker::Worker;

/// Notices told in one cycle.
const MOST_TOLD: i64 = 100;

impl Worker {
    /// Writes to the editors about notices that they have not been told of; each once, also after a crash: the letter is
    /// enqueued under the notice's name.
    pub(super) async fn tell_editors(&self) -> Result<(), StoreError> {
        for waiting in self.store.untold_notices(MOST_TOLD).await? {
            let (alert, now) = (alert(&waiting), UnixMs::now());
            tracing::warn!("{}", alert.subject);
            self.store.enqueue_alert(&format!("notice:{}", waiting.notice.public_id), alert, now).await?;
            self.store.note_told(vec![waiting.notice.id], now).await?;
        }
        Ok(())
    }
}

fn alert(waiting: &WaitingNotice) -> Alert {
    let WaitingNotice { notice, article } = waiting;
    let finding = &notice.finding;
    let title = article.shown_title().to_plain();
    let mut paragraphs = vec![title.clone(), format!("Source: {}.", finding.source.label())];
    paragraphs
        .extend([&finding.citation, &finding.detail].into_iter().filter(|text| !text.is_empty()).cloned());
    paragraphs.extend(
        finding
            .changes
            .iter()
            .map(|change| format!("{}: {} → {}", change.field, change.before, change.after)),
    );
    paragraphs.extend(finding.link.clone());
    paragraphs.push(what_follows(notice).to_owned());
    Alert {
        subject: format!("{}: {title}", finding.kind.label()),
        paragraphs,
        path: format!("/desk/a/{}", article.public_id),
    }
}

fn what_follows(notice: &Notice) -> &'static str {
    match notice.state {
        NoticeState::Public => "The public item is marked already. Does its summary still hold?",
        _ => "Nothing public has changed. Does the summary still hold?",
    }
}
