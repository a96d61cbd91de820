//! Judged entries become articles and sightings; what a source says again changes only what it may change.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use sha2::{Digest, Sha256};

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError, articles, columns, matching, notices, pairs, people, versions};
use crate::domain::article::{Article, Relevance};
use crate::domain::entry::{Entry, Problem, WorkKind, abstract_plain};
use crate::domain::identity::{Identifiers, Pmid};
use crate::domain::likeness::PairSort;
use crate::domain::notice::Finding;
use crate::domain::status::Status;
use crate::domain::summary::Draft;
use crate::domain::time::UnixMs;

/// What curation says of an entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Its rank.
    pub relevance: Relevance,
    /// Suggested topics.
    pub topics: Vec<String>,
    /// The proposed summary.
    pub draft: Option<Draft>,
    /// The type of study, as stored; empty until somebody said it.
    pub study: String,
}

/// How a source's entry is known again: its name there, and a fingerprint of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The source's own name for it.
    pub key: String,
    /// Equal as long as the source shows the same.
    pub fingerprint: i64,
}

impl Mark {
    /// The mark of an entry as the source shows it. Dates of showing are left out: some publishers re-date every item
    /// at every fetch.
    pub fn of(entry: &Entry) -> Self {
        let content = Entry { shown_at: None, ..entry.clone() };
        let json = serde_json::to_vec(&content).unwrap_or_default();
        let digest = Sha256::digest(&json);
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        Self { key: matching::entry_key(entry), fingerprint: i64::from_be_bytes(head) }
    }

    /// The source's own name for an entry.
    pub fn key_of(entry: &Entry) -> String {
        matching::entry_key(entry)
    }

    /// The mark of an entry that could not be completed yet: at the next fetch it counts as changed.
    pub fn unsettled(self) -> Self {
        Self { fingerprint: 0, ..self }
    }

    /// Whether nothing of the entry is waited for.
    pub fn is_settled(&self) -> bool {
        self.fingerprint != 0
    }
}

/// An entry with its judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// How the source's entry is known again. It is the mark of what the source showed, not of the completed record.
    pub mark: Mark,
    /// As the source showed it, or completed.
    pub entry: Entry,
    /// As we judge it.
    pub judgement: Judgement,
}

/// What a batch of entries came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Works nobody had shown before.
    pub fresh: usize,
    /// Works whose record changed.
    pub updated: usize,
    /// Works known as they are.
    pub known: usize,
    /// Works that editors refused before; they stay refused.
    pub rejected_before: usize,
    /// The lease was lost meanwhile: another worker has the source, nothing was stored.
    pub lease_lost: bool,
}

impl std::ops::AddAssign for Recorded {
    fn add_assign(&mut self, other: Self) {
        self.fresh += other.fresh;
        self.updated += other.updated;
        self.known += other.known;
        self.rejected_before += other.rejected_before;
        self.lease_lost |= other.lease_lost;
    }
}

impl Store {
    /// Splits entries into those that are new or changed since the source last showed them, and the keys of the rest.
    ///
    /// # Errors
    /// The database's.
    pub async fn changed_entries(
        &self,
        source_id: i64,
        entries: Vec<Entry>,
    ) -> Result<(Vec<(Mark, Entry)>, Vec<String>), StoreError> {
        self.read("comparing entries", move |db| {
            let mut known = db.prepare_cached(
                "SELECT fingerprint FROM sightings WHERE source_id = ?1 AND entry_key = ?2",
            )?;
            let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
            for entry in entries {
                let mark = Mark::of(&entry);
                let stored: Option<i64> =
                    known.query_row((source_id, &mark.key), |row| row.get(0)).optional()?;
                if stored == Some(mark.fingerprint) {
                    unchanged.push(mark.key);
                } else {
                    changed.push((mark, entry));
                }
            }
            Ok((changed, unchanged))
        })
        .await
    }

    /// Stores a page of a long answer ahead of the outcome, so that memory stays bounded and a crash loses little.
    /// Doing it again changes nothing.
    ///
    /// # Errors
    /// The database's; nothing was stored.
    pub async fn record_entries(
        &self,
        source_id: i64,
        judged: Vec<Judged>,
        now: UnixMs,
    ) -> Result<(Recorded, Vec<Problem>), StoreError> {
        self.write("storing entries", move |db| {
            let mut problems = Vec::new();
            let recorded = record_judged(db, source_id, &judged, now, &mut problems)?;
            Ok((recorded, problems))
        })
        .await
    }

    /// The row id of the pseudo-source that imported files and articles added by hand are sightings of.
    ///
    /// # Errors
    /// The database's.
    pub async fn import_source(&self, now: UnixMs) -> Result<i64, StoreError> {
        self.write("preparing the import", move |db| import_source(db, now)).await
    }

    /// Acts on PubMed's list of deleted records: what waits leaves the queue, of what is public the editors are told by
    /// a notice. Gives how many records of ours that concerned for the first time.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_deleted(&self, deleted: Vec<Pmid>, now: UnixMs) -> Result<usize, StoreError> {
        self.write("taking out deleted records", move |db| record_deleted(db, &deleted, now)).await
    }
}

/// See [`Store::import_source`].
pub(super) fn import_source(db: &Transaction<'_>, now: UnixMs) -> rusqlite::Result<i64> {
    rows::execute(
        db,
        "INSERT OR IGNORE INTO sources (name, title, definition, configured, next_at)
         VALUES ('import', 'Imported files', '{\"kind\":\"feed\",\"url\":\"\",\"topics\":[]}', 0, :now)",
        named_params! {":now": now.0},
    )?;
    db.query_row("SELECT id FROM sources WHERE name = 'import'", [], |row| row.get(0))
}

pub(super) fn record_judged(
    db: &Transaction<'_>,
    source_id: i64,
    judged: &[Judged],
    now: UnixMs,
    problems: &mut Vec<Problem>,
) -> rusqlite::Result<Recorded> {
    let source_name: String =
        db.query_row("SELECT name FROM sources WHERE id = ?1", [source_id], |row| row.get(0))?;
    let mut recorded = Recorded::default();
    for Judged { mark, entry, judgement } in judged {
        let found = matching::find(db, entry, &source_name, now, problems)?;
        let is_fresh = found.article.is_none();
        let (article_id, status, changed) = match found.article {
            None => {
                recorded.fresh += 1;
                (insert_article(db, entry, judgement, now)?, Status::Queued, true)
            }
            Some(article) => {
                let updated = update_article(db, &article, entry, judgement)?;
                recorded.updated += usize::from(updated);
                recorded.known += usize::from(!updated);
                (article.id, article.status, updated)
            }
        };
        recorded.rejected_before += usize::from(status == Status::Rejected);
        matching::remember(db, article_id, entry, &source_name)?;
        record_sighting(db, source_id, article_id, mark, entry, now)?;
        versions::link_claimed(db, article_id, entry)?;
        for (rival, evidence) in found.rivals {
            pairs::suggest(db, article_id, rival, PairSort::Same, &[evidence], now)?;
        }
        if is_fresh {
            pairs::find_alike(db, article_id, entry.into(), now)?;
        } else if changed {
            pairs::find_alike_stored(db, article_id, now)?;
        }
    }
    Ok(recorded)
}

fn record_sighting(
    db: &Transaction<'_>,
    source_id: i64,
    article_id: i64,
    mark: &Mark,
    entry: &Entry,
    now: UnixMs,
) -> rusqlite::Result<()> {
    rows::execute(
        db,
        "INSERT INTO sightings (source_id, entry_key, article_id, fingerprint, first_seen_at, last_seen_at, shown_at,
             link)
         VALUES (:source, :key, :article, :fingerprint, :now, :now, :shown, :link)
         ON CONFLICT (source_id, entry_key) DO UPDATE SET article_id = excluded.article_id,
             fingerprint = excluded.fingerprint, last_seen_at = excluded.last_seen_at, link = excluded.link",
        named_params! {
            ":source": source_id, ":key": mark.key, ":article": article_id,
            ":fingerprint": mark.fingerprint, ":now": now.0, ":shown": entry.shown_at.map(|at| at.min(now).0),
            ":link": entry.link,
        },
    )?;
    Ok(())
}

/// A new row, whole at once. It is found by its words at the end of the transaction (`article_index::index_new`).
fn insert_article(
    db: &Transaction<'_>,
    entry: &Entry,
    judgement: &Judgement,
    now: UnixMs,
) -> rusqlite::Result<i64> {
    let public_id = ulid::Ulid::generate().to_string();
    columns::with_columns(entry, judgement, |columns| {
        let own = named_params! {":public_id": public_id, ":now": now.0};
        rows::execute(
            db,
            "INSERT INTO articles (public_id, status, first_seen_at, kind, pmid, doi, pmcid, nct, pii, title, authors,
                 journal, published_on, link, language, abstract, publication_types, mesh, keywords, trials, trial,
                 free_full_text, related, complete, study, score, reasons, draft, topics, title_text, abstract_text,
                 authors_text, journal_text)
             VALUES (:public_id, 'queued', :now, :kind, :pmid, :doi, :pmcid, :nct, :pii, :title, :authors,
                 :journal, :published_on, :link, :language, :abstract, :types, :mesh, :keywords, :trials, :trial,
                 :full_text, :related, :complete, :study, :score, :reasons, :draft, :topics, :title_text,
                 :abstract_text, :authors_text, :journal_text)",
            &[own, columns].concat(),
        )
    })?;
    Ok(db.last_insert_rowid())
}

/// Takes over what the entry says, unless we have a complete record and this is only a sighting: then it fills gaps.
/// Says whether anything changed.
fn update_article(
    db: &Transaction<'_>,
    article: &Article,
    entry: &Entry,
    judgement: &Judgement,
) -> rusqlite::Result<bool> {
    let known = stored_record(db, article.id)?;
    let merged = join_records(&known, entry);
    if merged == known {
        return Ok(false);
    }
    let same_text = merged.title == article.title && merged.abstract_sections == article.abstract_sections;
    let kept = Judgement {
        relevance: article.relevance.clone(),
        topics: article.topics.clone(),
        draft: article.draft.clone(),
        study: judgement.study.clone(),
    };
    write_record(db, article.id, &merged, if same_text { &kept } else { judgement })?;
    if article.status == Status::Approved && !same_text {
        let what = if merged.title == article.title { "the abstract" } else { "the title" };
        rows::execute(
            db,
            "UPDATE articles SET upstream_changed = :what WHERE id = :id",
            named_params! {":what": format!("The source changed {what} after publication."), ":id": article.id},
        )?;
    }
    Ok(true)
}

/// What the record is when the entry joins it: a complete record says more than a sighting, and nothing that is known
/// gives way to nothing.
pub(super) fn join_records(known: &Entry, entry: &Entry) -> Entry {
    // a registration saved long ago says nothing new of a trial
    let is_older =
        matches!((&entry.trial, &known.trial), (Some(seen), Some(known)) if seen.is_older_than(known));
    let prefers_entry = (entry.complete || !known.complete) && !is_older;
    fn pick<T: Clone>(prefers_entry: bool, entry: &T, known: &T, is_empty: impl Fn(&T) -> bool) -> T {
        if (prefers_entry && !is_empty(entry)) || is_empty(known) { entry.clone() } else { known.clone() }
    }
    fn pick_list<T: Clone>(prefers_entry: bool, entry: &Vec<T>, known: &Vec<T>) -> Vec<T> {
        pick(prefers_entry, entry, known, Vec::is_empty)
    }
    let (mut ids, other) =
        if prefers_entry { (entry.ids.clone(), &known.ids) } else { (known.ids.clone(), &entry.ids) };
    ids.fill_from(other);
    // a feed without abstract must not empty the record that had one, nor a shorter one cut it
    let keeps_abstract = !prefers_entry
        || (!entry.complete
            && abstract_plain(&entry.abstract_sections).len()
                < abstract_plain(&known.abstract_sections).len());
    // "article" is what a sighting says that says nothing
    let keeps_kind = !prefers_entry || !entry.complete && entry.kind == WorkKind::Article;
    Entry {
        kind: if keeps_kind { known.kind } else { entry.kind },
        ids,
        title: pick(prefers_entry, &entry.title, &known.title, |title| title.is_empty()),
        link: pick(prefers_entry, &entry.link, &known.link, Option::is_none),
        abstract_sections: pick_list(!keeps_abstract, &entry.abstract_sections, &known.abstract_sections),
        authors: pick_list(prefers_entry, &entry.authors, &known.authors),
        journal: pick(prefers_entry, &entry.journal, &known.journal, |journal| journal.title.is_empty()),
        published_on: pick(prefers_entry, &entry.published_on, &known.published_on, Option::is_none),
        language: pick(prefers_entry, &entry.language, &known.language, Option::is_none),
        publication_types: pick_list(prefers_entry, &entry.publication_types, &known.publication_types),
        mesh: pick_list(prefers_entry, &entry.mesh, &known.mesh),
        keywords: pick_list(prefers_entry, &entry.keywords, &known.keywords),
        trials: pick_list(prefers_entry, &entry.trials, &known.trials),
        trial: pick(prefers_entry, &entry.trial, &known.trial, Option::is_none),
        free_full_text: pick(prefers_entry, &entry.free_full_text, &known.free_full_text, Option::is_none),
        related: pick_list(prefers_entry, &entry.related, &known.related),
        complete: known.complete || entry.complete,
        ..Entry::default()
    }
}

/// The article's record as it is stored: what sources said, without what is a source's own (its key, when it showed it).
pub(super) fn stored_record(db: &Connection, id: i64) -> rusqlite::Result<Entry> {
    let sql = format!("SELECT {ARTICLE_COLUMNS}, keywords, related, complete FROM articles WHERE id = :id");
    db.prepare_cached(&sql)?.query_row(named_params! {":id": id}, |row| {
        let article = rows::article(row)?;
        Ok(Entry {
            kind: article.kind,
            ids: article.ids,
            title: article.title,
            link: article.link,
            abstract_sections: article.abstract_sections,
            authors: article.authors,
            journal: article.journal,
            published_on: article.published_on,
            language: article.language,
            publication_types: article.publication_types,
            mesh: article.mesh,
            keywords: rows::from_json(row, "keywords")?,
            trials: article.trials,
            trial: article.trial,
            free_full_text: article.free_full_text,
            related: rows::from_json(row, "related")?,
            complete: row.get("complete")?,
            ..Entry::default()
        })
    })
}

pub(super) fn write_record(
    db: &Connection,
    id: i64,
    entry: &Entry,
    judgement: &Judgement,
) -> rusqlite::Result<()> {
    columns::with_columns(entry, judgement, |columns| {
        rows::execute(
            db,
            "UPDATE articles SET kind = :kind, pmid = :pmid, doi = :doi, pmcid = :pmcid, nct = :nct, pii = :pii, title = :title,
                 authors = :authors, journal = :journal, published_on = :published_on, link = :link, language = :language,
                 abstract = :abstract, publication_types = :types, mesh = :mesh, keywords = :keywords, trials = :trials,
                 trial = :trial, free_full_text = :full_text, related = :related, complete = :complete, study = coalesce(nullif(:study, ''), study),
                 score = :score, reasons = :reasons, draft = :draft,
                 topics = iif(topics_edited, topics, :topics), title_text = :title_text, abstract_text = :abstract_text,
                 authors_text = :authors_text, journal_text = :journal_text
             WHERE id = :id",
            &[named_params! {":id": id}, columns].concat(),
        )
    })?;
    Ok(())
}

pub(super) fn record_deleted(db: &Transaction<'_>, deleted: &[Pmid], now: UnixMs) -> rusqlite::Result<usize> {
    let mut taken_out = 0;
    for pmid in deleted {
        let ids = Identifiers { pmid: Some(*pmid), ..Identifiers::default() };
        // PubMed deletes duplicates: a work that it has under another number as well stays
        let Some(article) = matching::find_known(db, &ids, None)?
            .map_or(Ok(None), |id| articles::load(db, id))?
            .filter(|article| article.ids.pmid.is_none_or(|own| own == *pmid))
        else {
            continue;
        };
        let waiting = rows::execute(
            db,
            "UPDATE articles SET status = 'rejected', reject_reason = 'other', later_until = NULL,
                 revision = revision + 1
             WHERE status IN ('queued', 'later') AND id = :id",
            named_params! {":id": article.id},
        )?;
        if waiting > 0 {
            people::audit(db, None, "deleted upstream", &format!("PMID {pmid}"), None, None, now)?;
        }
        let told = match article.status {
            Status::Approved => {
                notices::record(db, article.id, &[Finding::record_gone(*pmid)], true, now)?.fresh.len()
            }
            _ => 0,
        };
        taken_out += usize::from(waiting + told > 0);
    }
    Ok(taken_out)
}
