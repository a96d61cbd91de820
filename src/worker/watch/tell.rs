//! Telling the editors what was found about public items: in the desk the notice waits by itself; here it leaves by
//! mail.

use crate::domain::time::UnixMs;
use crate::store::StoreError;
use crate::worker::Worker;

/// Notices told in one cycle.
const MOST_TOLD: i64 = 100;

impl Worker {
    /// Writes to the editors about notices that they have not been told of; each once, also after a crash.
    pub(super) async fn tell_editors(&self) -> Result<(), StoreError> {
        let untold = self.store.untold_notices(MOST_TOLD).await?;
        for waiting in &untold {
            let finding = &waiting.notice.finding;
            tracing::warn!(
                "{} ({}): {}",
                finding.kind.label(),
                finding.source.label(),
                waiting.article.title.to_plain()
            );
        }
        let told = untold.into_iter().map(|waiting| waiting.notice.id).collect::<Vec<_>>();
        if told.is_empty() { Ok(()) } else { self.store.note_told(told, UnixMs::now()).await }
    }
}
