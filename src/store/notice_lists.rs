//! Notices as editors and the public list them, and an item's history.

use rusqlite::{Connection, named_params};

use super::mail::add_alert;
use super::notice_rows::{self, NOTICE_COLUMNS};
use super::rows;
use super::{Store, StoreError, articles};
use crate::domain::article::Article;
use crate::domain::letter::Alert;
use crate::domain::notice::{Notice, NoticeKind, SummaryHolds};
use crate::domain::status::{Act, Status};
use crate::domain::time::{SECOND_MS, UnixMs};
use crate::domain::watch::{ItemEvent, ItemStep};

/// A notice that waits for an editor, with the article that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingNotice {
    /// The notice.
    pub notice: Notice,
    /// The article, which is public.
    pub article: Article,
}

impl Store {
    /// Notices about public articles that no editor has answered yet, the gravest first, then the oldest.
    ///
    /// # Errors
    /// The database's.
    pub async fn waiting_notices(&self) -> Result<Vec<WaitingNotice>, StoreError> {
        self.read("listing the notices that wait", |db| {
            gravest_first(db, "state = 'waiting' AND answered_at IS NULL")
        })
        .await
    }

    /// The same, and those that marked their item by themselves: until an editor says what they mean for the summary.
    ///
    /// # Errors
    /// The database's.
    pub async fn unanswered_notices(&self) -> Result<Vec<WaitingNotice>, StoreError> {
        self.read("listing the notices without an answer", |db| {
            gravest_first(db, "state IN ('waiting', 'public') AND answered_at IS NULL")
        })
        .await
    }

    /// All notices about an article in any state, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn notices_of(&self, article_id: i64) -> Result<Vec<Notice>, StoreError> {
        self.read("reading an article's notices", move |db| notice_rows::of_article(db, article_id)).await
    }

    /// The notices of several articles, in any state but dismissed, oldest first: what their rows in the queue show.
    ///
    /// # Errors
    /// The database's.
    pub async fn notices_of_many(&self, article_ids: Vec<i64>) -> Result<Vec<Notice>, StoreError> {
        self.read("reading notices", move |db| {
            let sql = format!(
                "SELECT {NOTICE_COLUMNS} FROM notices
                 WHERE article_id IN (SELECT value FROM json_each(:ids)) AND state <> 'dismissed'
                 ORDER BY found_at, id"
            );
            let mut statement = db.prepare_cached(&sql)?;
            statement
                .query_map(named_params! {":ids": rows::to_json(&article_ids)?}, notice_rows::notice)?
                .collect()
        })
        .await
    }

    /// One notice in any state, for the desk.
    ///
    /// # Errors
    /// The database's.
    pub async fn notice(&self, notice_id: i64) -> Result<Option<Notice>, StoreError> {
        self.read("reading a notice", move |db| notice_rows::load(db, notice_id)).await
    }

    /// What happened to an item as the public may read it, oldest first; empty if it never was public.
    ///
    /// # Errors
    /// The database's.
    pub async fn item_history(&self, article_id: i64, now: UnixMs) -> Result<Vec<ItemEvent>, StoreError> {
        self.read("reading an item's history", move |db| item_history(db, article_id, now)).await
    }

    /// Notices about public articles that the editors have not been written to about, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn untold_notices(&self, limit: i64) -> Result<Vec<WaitingNotice>, StoreError> {
        self.read("listing what the editors are to be told", move |db| {
            about_public(db, "told_at IS NULL AND state IN ('waiting', 'public')", limit)
        })
        .await
    }

    /// Enqueues one letter about these notices for every editor who wants alerts, where there is one, and remembers that
    /// they were told of them, in one transaction: a crash repeats nothing. `false`, and nothing done, where somebody
    /// else has told of one of them meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn tell_notices(
        &self,
        notice_ids: Vec<i64>,
        alert: Option<Alert>,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        self.write("telling the editors of notices", move |db| {
            let ids = rows::to_json(&notice_ids)?;
            let sql = "SELECT count(*) FROM notices
                       WHERE told_at IS NULL AND id IN (SELECT value FROM json_each(?1))";
            let untold: i64 = db.prepare_cached(sql)?.query_row([&ids], |row| row.get(0))?;
            if usize::try_from(untold) != Ok(notice_ids.len()) {
                return Ok(false);
            }
            if let Some(alert) = &alert {
                // each notice is told of once, so that the first and the last name the set
                let (first, last) = (notice_ids.iter().min(), notice_ids.iter().max());
                let key = format!("notices:{}-{}", first.unwrap_or(&0), last.unwrap_or(&0));
                add_alert(db, &key, alert, now)?;
            }
            rows::execute(
                db,
                "UPDATE notices SET told_at = :now WHERE id IN (SELECT value FROM json_each(:ids))",
                named_params! {":now": now.0, ":ids": ids},
            )?;
            Ok(true)
        })
        .await
    }
}

fn gravest_first(db: &Connection, condition: &str) -> rusqlite::Result<Vec<WaitingNotice>> {
    let mut waiting = about_public(db, condition, -1)?;
    waiting.sort_by_key(|waiting| waiting.notice.finding.kind);
    Ok(waiting)
}

/// Notices about public articles, oldest first, at most `limit` unless it is negative.
fn about_public(db: &Connection, condition: &str, limit: i64) -> rusqlite::Result<Vec<WaitingNotice>> {
    let sql = format!(
        "SELECT {NOTICE_COLUMNS} FROM notices JOIN articles ON articles.id = notices.article_id
         WHERE {condition} AND articles.status = 'approved' ORDER BY found_at, notices.id LIMIT ?1"
    );
    let found: Vec<Notice> =
        db.prepare_cached(&sql)?.query_map([limit], notice_rows::notice)?.collect::<rusqlite::Result<_>>()?;
    let mut waiting = Vec::new();
    for notice in found {
        if let Some(article) = articles::load(db, notice.article_id)? {
            waiting.push(WaitingNotice { notice, article });
        }
    }
    Ok(waiting)
}

fn item_history(db: &Connection, article_id: i64, now: UnixMs) -> rusqlite::Result<Vec<ItemEvent>> {
    let Some(article) = articles::load(db, article_id)? else { return Ok(Vec::new()) };
    let mut events = decisions_of(db, article.id)?;
    events.retain(|event| event.at <= now);
    if events.is_empty() {
        return Ok(events);
    }
    events.insert(0, ItemEvent { at: article.first_seen_at, what: ItemStep::Seen, by: None });
    let mut statement = db.prepare_cached(
        "SELECT kind, public_id, public_at, lifted_at, answer, answered_at, state, editors.name AS editor
         FROM notices LEFT JOIN editors ON editors.id = answered_by
         WHERE article_id = ?1 AND public_at <= ?2 ORDER BY notices.id",
    )?;
    let mut rows = statement.query((article.id, now.0))?;
    while let Some(row) = rows.next()? {
        let kind = rows::word(row, "kind", NoticeKind::parse)?;
        let public_at = UnixMs(row.get("public_at")?);
        let lifted_at = rows::instant(row, "lifted_at")?;
        let answered_at = rows::instant(row, "answered_at")?;
        let by: Option<String> = row.get("editor")?;
        let ended_by_editor = lifted_at.is_some() && lifted_at == answered_at;
        let answer = row.get::<_, Option<String>>("answer")?.and_then(|word| SummaryHolds::parse(&word));
        events.push(ItemEvent {
            at: public_at,
            what: ItemStep::Noticed {
                kind,
                public_id: row.get("public_id")?,
                answer: answer.filter(|_| !ended_by_editor),
            },
            by: by.clone().filter(|_| !ended_by_editor),
        });
        if let Some(at) = lifted_at {
            let dismissed = row.get::<_, String>("state")? == "dismissed";
            let what = if dismissed { ItemStep::Dismissed { kind } } else { ItemStep::Lifted { kind } };
            events.push(ItemEvent { at, what, by: by.filter(|_| ended_by_editor) });
        }
    }
    // public dates are whole seconds, others are not
    events.sort_by_key(|event| event.at.0.div_euclid(SECOND_MS));
    Ok(events)
}

/// Publications, changes of the public text and withdrawals that stand.
fn decisions_of(db: &Connection, article_id: i64) -> rusqlite::Result<Vec<ItemEvent>> {
    let mut statement = db.prepare_cached(
        "SELECT act, at, editors.name AS editor, json_extract(before, '$.status') AS status_before,
                json_extract(after, '$.published_at') AS published_at
         FROM decisions LEFT JOIN editors ON editors.id = editor_id
         WHERE (article_id = ?1 OR article_id IN (SELECT preprint_id FROM replaced_news WHERE paper_id = ?1))
           AND undone_by IS NULL AND act IN ('approve', 'edit', 'withdraw')
         ORDER BY decisions.id",
    )?;
    let mut rows = statement.query([article_id])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let was_approved = row.get::<_, String>("status_before")? == Status::Approved.as_str();
        let at = UnixMs(row.get("at")?);
        let (at, what) = match rows::word(row, "act", Act::parse)? {
            Act::Approve => (rows::instant(row, "published_at")?.unwrap_or(at), ItemStep::Published),
            Act::Edit if was_approved => (at, ItemStep::Edited),
            Act::Withdraw => (at, ItemStep::Withdrawn),
            _ => continue,
        };
        // a paper that took over its preprint's item became public when the preprint did
        let is_taken_over = what == ItemStep::Published
            && events.iter().any(|event: &ItemEvent| event.what == what && event.at == at);
        if !is_taken_over {
            events.push(ItemEvent { at, what, by: row.get("editor")? });
        }
    }
    Ok(events)
}
