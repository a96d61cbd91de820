//! Articles added by hand: known at once, completed by the worker when the services answer.
//!
//! An addition never makes a second row for a work that is known: it leads to the one there is, whatever its status.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

use super::record::{Judged, Judgement, Mark};
use super::{Store, StoreError, articles, matching, people, record, rows};
use crate::domain::article::{Article, Relevance};
use crate::domain::entry::{Author, Entry};
use crate::domain::identity::Identifiers;
use crate::domain::text::RichText;
use crate::domain::time::{PartialDate, UnixMs};
pub use crate::domain::wanted::Wanted;

/// What an article added by hand says of its rank until the ranking has read it.
const REASON: &str = "added by hand";
/// The pseudo-source that such articles are sightings of.
const SOURCE: &str = "import";

/// An article that an editor writes without any source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewItem {
    /// Never empty.
    pub title: RichText,
    /// May be empty until it is published.
    pub summary: String,
    /// http(s).
    pub link: Option<String>,
    /// What its link names.
    pub ids: Identifiers,
    /// In printed order.
    pub authors: Vec<Author>,
    /// When it appeared.
    pub published_on: Option<PartialDate>,
}

/// What adding came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// A new article that waits.
    New(i64),
    /// The work is here already.
    Known(Box<Article>),
}

/// Where the look-up for an addition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdditionState {
    /// It will be looked up, or again.
    Waiting,
    /// Completed.
    Done,
    /// The services answered and do not know it.
    Unknown,
    /// Given up after many failures.
    Failed,
    /// There was nothing to look up.
    ByHand,
}

impl AdditionState {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Waiting, "waiting"),
        (Self::Done, "done"),
        (Self::Unknown, "unknown"),
        (Self::Failed, "failed"),
        (Self::ByHand, "by_hand"),
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }
}

/// How an article came by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Addition {
    /// Which.
    pub article_id: i64,
    /// Who added it.
    pub editor: String,
    /// When.
    pub at: UnixMs,
    /// What they asked for; `None` for an item that they wrote.
    pub wanted: Option<Wanted>,
    /// Where the look-up stands.
    pub state: AdditionState,
    /// What the last look-up that failed said.
    pub message: Option<String>,
    /// Look-ups so far.
    pub tries: u32,
    /// When it is looked up next.
    pub next_at: UnixMs,
}

/// What a look-up came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// The record.
    Found(Box<Judged>),
    /// The services answered and do not know it.
    Unknown,
    /// No answer; again at `next_at`, or never.
    Failed {
        /// Why.
        message: String,
        /// `None` gives up.
        next_at: Option<UnixMs>,
    },
}

impl Store {
    /// Adds what an editor named: an incomplete article to be looked up, or the one that is known. `title` and `link`
    /// are what the page said where the editor found it, if anything.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_wanted(
        &self,
        wanted: Wanted,
        title: &str,
        link: Option<String>,
        editor_id: i64,
        now: UnixMs,
    ) -> Result<Added, StoreError> {
        let title = if title.trim().is_empty() { wanted.to_display() } else { title.to_owned() };
        let entry = Entry {
            ids: identifiers(&wanted),
            source_key: format!("{}:{}", wanted.kind(), wanted.value()).chars().take(400).collect(),
            title: RichText::from_plain(&title),
            link,
            ..Entry::default()
        };
        self.write("adding an article", move |db| {
            if let Some(article) = known(db, &entry, now)? {
                return Ok(Added::Known(Box::new(article)));
            }
            let id = insert(db, entry, now)?;
            let new = NewAddition { editor_id, kind: wanted.kind(), value: wanted.value(), state: "waiting" };
            note_addition(db, id, &new, now)?;
            Ok(Added::New(id))
        })
        .await
    }

    /// Adds an item that an editor wrote, or leads to the work that its link or title names.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_item(&self, item: NewItem, editor_id: i64, now: UnixMs) -> Result<Added, StoreError> {
        let NewItem { title, summary, link, ids, authors, published_on } = item;
        let value = title.to_plain();
        let source_key = format!("item:{value}").chars().take(400).collect();
        let entry = Entry { ids, source_key, title, link, authors, published_on, ..Entry::default() };
        self.write("adding an item", move |db| {
            if let Some(article) = known(db, &entry, now)? {
                return Ok(Added::Known(Box::new(article)));
            }
            let id = insert(db, entry, now)?;
            rows::execute(
                db,
                "UPDATE articles SET summary = nullif(:summary, '') WHERE id = :id",
                named_params! {":summary": summary, ":id": id},
            )?;
            note_addition(db, id, &NewAddition { editor_id, kind: "item", value, state: "by_hand" }, now)?;
            Ok(Added::New(id))
        })
        .await
    }

    /// How an article came by hand, if it did.
    ///
    /// # Errors
    /// The database's.
    pub async fn addition(&self, article_id: i64) -> Result<Option<Addition>, StoreError> {
        self.read("reading an addition", move |db| {
            db.prepare_cached(&format!("{SELECT} WHERE article_id = ?1"))?
                .query_row([article_id], addition)
                .optional()
        })
        .await
    }

    /// Looks an addition up again now that failed or was unknown.
    ///
    /// # Errors
    /// The database's.
    pub async fn retry_addition(&self, article_id: i64, now: UnixMs) -> Result<bool, StoreError> {
        self.write("asking for a look-up again", move |db| {
            let changed = rows::execute(
                db,
                "UPDATE additions SET state = 'waiting', tries = 0, next_at = :now
                 WHERE article_id = :id AND state IN ('waiting', 'unknown', 'failed')",
                named_params! {":id": article_id, ":now": now.0},
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// Additions to look up now, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn due_additions(&self, now: UnixMs, limit: i64) -> Result<Vec<Addition>, StoreError> {
        self.read("reading additions", move |db| {
            let sql =
                format!("{SELECT} WHERE state = 'waiting' AND next_at <= :now ORDER BY next_at LIMIT :limit");
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(named_params! {":now": now.0, ":limit": limit}, addition)?.collect()
        })
        .await
    }

    /// Records what a look-up came to. A record that is a work we have joins the two, unless both were decided on.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_lookup(
        &self,
        article_id: i64,
        lookup: Lookup,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("storing a look-up", move |db| {
            let (state, message, next_at) = match lookup {
                Lookup::Found(judged) => {
                    let message = complete(db, article_id, &judged, now)?;
                    (AdditionState::Done, message, now)
                }
                Lookup::Unknown => (AdditionState::Unknown, None, now),
                Lookup::Failed { message, next_at: Some(at) } => (AdditionState::Waiting, Some(message), at),
                Lookup::Failed { message, next_at: None } => (AdditionState::Failed, Some(message), now),
            };
            rows::execute(
                db,
                "UPDATE additions SET state = :state, message = :message, tries = tries + 1, next_at = :next
                 WHERE article_id = :id",
                named_params! {
                    ":id": article_id, ":state": state.as_str(), ":message": message, ":next": next_at.0,
                },
            )?;
            Ok(())
        })
        .await
    }
}

/// The article for an entry of an editor's, if it is here: by identifier, by its address, or by its very title.
fn known(db: &Connection, entry: &Entry, now: UnixMs) -> rusqlite::Result<Option<Article>> {
    if let Some(article) = matching::find(db, entry, SOURCE, now, &mut Vec::new())?.article {
        return Ok(Some(article));
    }
    if !entry.ids.is_empty() {
        return Ok(None);
    }
    let by_link = db
        .prepare_cached("SELECT article_id FROM hints WHERE kind = 'link' AND value = ?1 LIMIT 1")?
        .query_row([&entry.link], |row| row.get(0))
        .optional()?;
    if let Some(id) = by_link {
        return articles::load(db, id);
    }
    let title = entry.title.to_plain();
    let telling = title.chars().filter(|c| c.is_alphabetic()).count() >= matching::TELLING_TITLE;
    let Some(expression) = super::search::match_expression(&title).filter(|_| telling) else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(
        "SELECT articles.id, articles.title_text FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid
         WHERE articles_fts MATCH ?1 AND status <> 'merged' ORDER BY bm25(articles_fts, 8, 1, 3, 2, 1) LIMIT 20",
    )?;
    let found =
        statement.query_map([expression], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for found in found {
        let (id, other) = found?;
        if matching::fold_title(&other) == matching::fold_title(&title) {
            return articles::load(db, id);
        }
    }
    Ok(None)
}

fn insert(db: &Transaction<'_>, entry: Entry, now: UnixMs) -> rusqlite::Result<i64> {
    let relevance = Relevance { score: 0.0, reasons: vec![REASON.into()] };
    let mark = Mark::of(&entry);
    let judged = Judged { mark, entry, judgement: Judgement { relevance, ..Judgement::default() } };
    let source_id = record::import_source(db, now)?;
    record::record_judged(db, source_id, std::slice::from_ref(&judged), now, &mut Vec::new())?;
    db.query_row(
        "SELECT article_id FROM sightings WHERE source_id = ?1 AND entry_key = ?2",
        (source_id, matching::entry_key(&judged.entry)),
        |row| row.get(0),
    )
}

struct NewAddition {
    editor_id: i64,
    kind: &'static str,
    value: String,
    state: &'static str,
}

fn note_addition(db: &Transaction<'_>, id: i64, new: &NewAddition, now: UnixMs) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO additions (article_id, editor_id, at, kind, value, state, next_at)
         VALUES (:id, :editor, :now, :kind, :value, :state, :now)",
        named_params! {
            ":id": id, ":editor": new.editor_id, ":now": now.0, ":kind": new.kind, ":value": new.value,
            ":state": new.state,
        },
    )?;
    let public_id: String =
        db.query_row("SELECT public_id FROM articles WHERE id = ?1", [id], |row| row.get(0))?;
    people::audit(db, Some(new.editor_id), "add article", &public_id, None, Some(&new.value), now)
}

/// Takes the record over; what to tell the editors, if anything.
fn complete(
    db: &Transaction<'_>,
    article_id: i64,
    judged: &Judged,
    now: UnixMs,
) -> rusqlite::Result<Option<String>> {
    let mut problems = Vec::new();
    // what the record is known by and nobody else is, is this article's: so the record finds it
    matching::remember(db, article_id, &judged.entry, SOURCE)?;
    let source_id = record::import_source(db, now)?;
    record::record_judged(db, source_id, std::slice::from_ref(judged), now, &mut problems)?;
    Ok(problems.into_iter().next().map(|problem| problem.what))
}

fn identifiers(wanted: &Wanted) -> Identifiers {
    let mut ids = Identifiers::default();
    match wanted {
        Wanted::Pmid(pmid) => ids.pmid = Some(*pmid),
        Wanted::Doi(doi) => ids.doi = Some(doi.clone()),
        Wanted::Pmcid(pmcid) => ids.pmcid = Some(pmcid.clone()),
        Wanted::Nct(nct) => ids.nct = Some(nct.clone()),
        Wanted::Url(_) | Wanted::Title(_) => {}
    }
    ids
}

const SELECT: &str = "SELECT article_id, name AS editor, at, kind, value, state, message, tries, next_at
     FROM additions JOIN editors ON editors.id = editor_id";

fn addition(row: &Row<'_>) -> rusqlite::Result<Addition> {
    let (kind, value): (String, String) = (row.get("kind")?, row.get("value")?);
    Ok(Addition {
        article_id: row.get("article_id")?,
        editor: row.get("editor")?,
        at: UnixMs(row.get("at")?),
        wanted: Wanted::read_back(&kind, &value),
        state: rows::word(row, "state", AdditionState::parse)?,
        message: row.get("message")?,
        tries: row.get("tries")?,
        next_at: UnixMs(row.get("next_at")?),
    })
}
