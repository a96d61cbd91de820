//! Findings become notices, and notices reach the public: one event, one notice, whoever reports it and however often.
//!
//! Not here: what a record means (`curation::watch`) and when to look (`store::watch`). Invariant: what the public reads
//! in `news.notices` is always what this file wrote from the rows that are public or lifted, in the same transaction.

use rusqlite::{Connection, Transaction, named_params};

use super::notice_rows::{known_of, load, of_article, public_notice};
use super::rows;
use super::{Store, StoreError, articles, news, papers, people};
use crate::domain::article::Article;
use crate::domain::notice::{Finding, Notice, NoticeKind, NoticeState, PublicNotice, SummaryHolds};
use crate::domain::status::Status;
use crate::domain::time::UnixMs;
use crate::domain::watch::{is_same_notice, only_one_of, share_record};

/// Why a notice could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// No such notice.
    #[error("there is no such notice")]
    NotFound,
    /// It is not in a state that allows it.
    #[error("a notice that is {} cannot be answered", .state.as_str())]
    Illegal {
        /// As it is.
        state: NoticeState,
    },
    /// The database failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Notices that nobody had reported before, by row id.
    pub fresh: Vec<i64>,
    /// Of those, how many are public already.
    pub public: usize,
    /// Marks that were lifted.
    pub lifted: usize,
}

impl std::ops::AddAssign for Noticed {
    fn add_assign(&mut self, other: Self) {
        self.fresh.extend(other.fresh);
        self.public += other.public;
        self.lifted += other.lifted;
    }
}

impl Store {
    /// Records what was found about an article; the same again changes nothing. Serious findings about a public item
    /// mark it at once, unless `approve_first`.
    ///
    /// # Errors
    /// The database's; nothing was stored.
    pub async fn record_findings(
        &self,
        article_id: i64,
        findings: Vec<Finding>,
        approve_first: bool,
        now: UnixMs,
    ) -> Result<Noticed, StoreError> {
        self.write("recording notices", move |db| record(db, article_id, &findings, approve_first, now)).await
    }

    /// An editor's answer. `Yes` and `Rewritten` make a waiting notice public; `NotOurs` dismisses it, also one that
    /// was made public by itself: then the mark goes, and history says so. One that stays at the desk is closed by any
    /// answer. The same answer again changes nothing.
    ///
    /// # Errors
    /// No such notice, one that was answered otherwise or lifted, or the database's.
    pub async fn answer_notice(
        &self,
        notice_id: i64,
        editor_id: i64,
        answer: SummaryHolds,
        now: UnixMs,
    ) -> Result<Notice, NoticeError> {
        self.write("answering a notice", move |db| answer_notice(db, notice_id, editor_id, answer, now))
            .await?
    }
}

/// See [`Store::record_findings`]. A merged article's findings go to the one that stands for it.
pub(super) fn record(
    db: &Transaction<'_>,
    article_id: i64,
    findings: &[Finding],
    approve_first: bool,
    now: UnixMs,
) -> rusqlite::Result<Noticed> {
    let mut noticed = Noticed::default();
    let Some(article) = articles::load(db, article_id)? else { return Ok(noticed) };
    let is_public = is_public(db, article.id)?;
    let mut marks_item = false;
    for finding in findings {
        let known = known_of(db, article.id)?;
        let marks_at_once = finding.kind.is_serious() && is_public && !approve_first;
        if let Some(known) = known.iter().find(|known| is_known(known, finding)) {
            marks_item |= join(db, known, finding)?;
            // it waited because approval was asked for
            if marks_at_once && known.state == NoticeState::Waiting && known.answered.is_none() {
                make_public(db, known.id, now)?;
                marks_item = true;
                noticed.public += 1;
            }
            continue;
        }
        let id = insert(db, &article, &known, finding, now)?;
        if marks_at_once {
            make_public(db, id, now)?;
            marks_item = true;
            noticed.public += 1;
        }
        noticed.fresh.push(id);
    }
    if is_public && !findings.is_empty() {
        copy_to_item(db, article.id, marks_item.then_some(now))?;
    }
    Ok(noticed)
}

/// Whether a notice that we have is the one that was found. What an editor dismissed or lifted stays so only for the
/// very record that they saw, or where none was named for the same word of the same source; what the watch dropped or
/// lifted is found anew.
pub(super) fn is_known(known: &Notice, found: &Finding) -> bool {
    let nameless = known.finding.ids.is_empty() && found.ids.is_empty();
    let same_word = (known.finding.kind, known.finding.source) == (found.kind, found.source);
    let same_record = share_record(&known.finding.ids, &found.ids) || (nameless && same_word);
    is_same_notice(&known.finding, found)
        && match known.state {
            NoticeState::Waiting | NoticeState::Public => true,
            NoticeState::Dismissed => same_record && known.answered.is_some(),
            NoticeState::Lifted => same_record && was_lifted_by_editor(known),
        }
}

/// An editor who lifts a notice answers it with the same act.
fn was_lifted_by_editor(notice: &Notice) -> bool {
    notice.lifted_at.is_some() && notice.answered.map(|(at, _)| at) == notice.lifted_at
}

/// Adds another account to a notice; says whether that changes the mark of the public item.
pub(super) fn join(db: &Connection, known: &Notice, found: &Finding) -> rusqlite::Result<bool> {
    let mut finding = known.finding.clone();
    if !finding.join(found) {
        return Ok(false);
    }
    rows::execute(
        db,
        "UPDATE notices SET finding = :finding, kind = :kind WHERE id = :id",
        named_params! {
            ":finding": rows::to_json(&finding)?, ":kind": finding.kind.as_str(), ":id": known.id,
        },
    )?;
    Ok(known.state == NoticeState::Public && finding.kind != known.finding.kind)
}

fn insert(
    db: &Connection,
    article: &Article,
    known: &[Notice],
    finding: &Finding,
    now: UnixMs,
) -> rusqlite::Result<i64> {
    let alike = known.iter().filter(|known| match only_one_of(finding.kind) {
        Some(family) => only_one_of(known.finding.kind) == Some(family),
        None => known.finding.kind == finding.kind,
    });
    let family = only_one_of(finding.kind).unwrap_or(finding.kind.as_str());
    let mut number = alike.count() + 1;
    let mut taken = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM notices WHERE article_id = ?1 AND finding_key = ?2)")?;
    while taken.query_row((article.id, format!("{family} {number}")), |row| row.get(0))? {
        number += 1;
    }
    let finding_key = format!("{family} {number}");
    rows::execute(
        db,
        "INSERT INTO notices (public_id, article_id, kind, finding_key, finding, state, found_at)
         VALUES (:public_id, :article, :kind, :key, :finding, 'waiting', :now)",
        named_params! {
            ":public_id": ulid::Ulid::generate().to_string(), ":article": article.id,
            ":kind": finding.kind.as_str(), ":key": finding_key, ":finding": rows::to_json(finding)?,
            ":now": now.0,
        },
    )?;
    let id = db.last_insert_rowid();
    let what = describe(finding);
    people::audit(db, None, "notice", &article.public_id, None, Some(&what), now)?;
    Ok(id)
}

/// Gives the notice its place in public, at a second that no item and no other notice has.
pub(super) fn make_public(db: &Connection, notice_id: i64, now: UnixMs) -> rusqlite::Result<()> {
    set_public(db, notice_id, news::free_second_for_notice(db, now)?)
}

fn set_public(db: &Connection, notice_id: i64, second: i64) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE notices SET state = 'public', public_at = coalesce(public_at, :at) WHERE id = :id",
        named_params! {":at": second, ":id": notice_id},
    )?;
    Ok(())
}

/// Writes the item's copy of its notices anew; `moved_at` moves the item's date, because its meaning changed.
pub(super) fn copy_to_item(
    db: &Connection,
    article_id: i64,
    moved_at: Option<UnixMs>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT public_id, finding, public_at, lifted_at FROM notices
         WHERE article_id = :id AND state IN ('public', 'lifted') ORDER BY public_at",
    )?;
    let notices = statement.query_map(named_params! {":id": article_id}, public_notice)?;
    let notices: Vec<PublicNotice> = notices.collect::<rusqlite::Result<_>>()?;
    rows::execute(
        db,
        "UPDATE news SET notices = :notices WHERE article_id = :id AND notices <> :notices",
        named_params! {":notices": rows::to_json(&notices)?, ":id": article_id},
    )?;
    moved_at.map_or(Ok(()), |at| news::move_update(db, article_id, at))
}

/// When an editor publishes an article, what they could see of its fate becomes public with it: the marks, and the
/// errata that its text was written with.
pub(super) fn publish_with_article(
    db: &Connection,
    article_id: i64,
    editor_id: i64,
    published_at: UnixMs,
    now: UnixMs,
) -> rusqlite::Result<()> {
    for notice in of_article(db, article_id)? {
        if notice.state != NoticeState::Waiting {
            continue;
        }
        if notice.answered.is_some() || notice.finding.kind.mark().is_some() {
            set_public(db, notice.id, news::free_second_before(db, published_at)?)?;
            if notice.answered.is_none() {
                set_answer(db, notice.id, editor_id, SummaryHolds::Yes, now)?;
            }
        }
    }
    copy_to_item(db, article_id, None)
}

fn answer_notice(
    db: &Transaction<'_>,
    notice_id: i64,
    editor_id: i64,
    answer: SummaryHolds,
    now: UnixMs,
) -> rusqlite::Result<Result<Notice, NoticeError>> {
    let Some(notice) = load(db, notice_id)? else { return Ok(Err(NoticeError::NotFound)) };
    if notice.answered.is_some_and(|(_, given)| given == answer) {
        return Ok(Ok(notice));
    }
    let is_public = is_public(db, notice.article_id)?;
    let closes = answer == SummaryHolds::NotOurs || notice.finding.kind.stays_at_desk();
    match (notice.state, answer) {
        (NoticeState::Waiting | NoticeState::Public, _) if closes => {
            rows::execute(
                db,
                "UPDATE notices SET state = 'dismissed', lifted_at = iif(public_at IS NULL, NULL, :now) WHERE id = :id",
                named_params! {":now": now.0, ":id": notice_id},
            )?;
        }
        (NoticeState::Waiting, SummaryHolds::Yes | SummaryHolds::Rewritten) => {
            if is_public {
                make_public(db, notice_id, now)?;
            }
            if is_public && notice.finding.kind == NoticeKind::NowPublished {
                papers::publish_paper(db, notice.article_id, &notice.finding.ids, editor_id, now)?;
            }
        }
        // a mark that came by itself: the editors say what it means for the summary
        (NoticeState::Public, SummaryHolds::Yes | SummaryHolds::Rewritten) => {}
        (state, _) => return Ok(Err(NoticeError::Illegal { state })),
    }
    set_answer(db, notice_id, editor_id, answer, now)?;
    let article: String =
        db.query_row("SELECT public_id FROM articles WHERE id = ?1", [notice.article_id], |row| row.get(0))?;
    let after = format!("{}: {}", describe(&notice.finding), answer.as_str());
    let before = notice.state.as_str();
    people::audit(db, Some(editor_id), "answer notice", &article, Some(before), Some(&after), now)?;
    let changed = load(db, notice_id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    if is_public {
        // what the public never saw changes nothing for it when it is set aside
        let is_seen = [notice.state, changed.state].contains(&NoticeState::Public);
        // the notice may have followed its item to the paper
        copy_to_item(db, changed.article_id, (is_seen && changed.state != notice.state).then_some(now))?;
    }
    Ok(Ok(changed))
}

fn set_answer(
    db: &Connection,
    notice_id: i64,
    editor_id: i64,
    answer: SummaryHolds,
    now: UnixMs,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE notices SET answered_at = :now, answer = :answer, answered_by = :by WHERE id = :id",
        named_params! {":now": now.0, ":answer": answer.as_str(), ":by": editor_id, ":id": notice_id},
    )?;
    Ok(())
}

/// Takes the mark of a paper away that nobody says is retracted any longer, and keeps its history: the notice is lifted,
/// and a reinstatement is made public in its place.
pub(super) fn lift(db: &Transaction<'_>, notice: &Notice, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "UPDATE notices SET state = 'lifted', lifted_at = :now WHERE id = :id",
        named_params! {":now": now.0, ":id": notice.id},
    )?;
    let Some(article) = articles::load(db, notice.article_id)? else { return Ok(()) };
    let reinstated = Finding {
        detail: notice.finding.kind.label().to_owned(),
        ..Finding::new(NoticeKind::Reinstatement, notice.finding.source)
    };
    let id = insert(db, &article, &of_article(db, article.id)?, &reinstated, now)?;
    if is_public(db, article.id)? {
        make_public(db, id, now)?;
        copy_to_item(db, article.id, Some(now))?;
    }
    let lifted = describe(&notice.finding);
    people::audit(db, None, "lift notice", &article.public_id, Some(&lifted), None, now)
}

/// Whether the article has an item that is public or scheduled.
pub(super) fn is_public(db: &Connection, article_id: i64) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM news JOIN articles ON articles.id = article_id
                        WHERE article_id = ?1 AND withdrawn_at IS NULL AND status = ?2)",
    )?
    .query_row((article_id, Status::Approved.as_str()), |row| row.get(0))
}

fn describe(finding: &Finding) -> String {
    match finding.citation.is_empty() {
        true => format!("{} ({})", finding.kind.as_str(), finding.source.as_str()),
        false => format!("{} ({}): {}", finding.kind.as_str(), finding.source.as_str(), finding.citation),
    }
}
