//! What editors tell each other about an article: notes, and who is typing in it; and an editor's own name.
//!
//! Presence is a hint that runs out by itself, never a lock: what decides is the revision.

use rusqlite::named_params;

use super::pairs::FAMILY;
use super::{Store, StoreError, articles, people, rows};
use crate::domain::time::UnixMs;

/// A note on an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Who wrote it.
    pub editor: String,
    /// When.
    pub at: UnixMs,
    /// Plain text with its line breaks.
    pub text: String,
}

impl Store {
    /// Leaves a note for the other editors; `false` where there is no such article. Sending the same again within a
    /// minute (a double click) leaves one.
    ///
    /// # Errors
    /// The database's.
    pub async fn add_note(
        &self,
        article_id: i64,
        editor_id: i64,
        text: &str,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let text = text.to_owned();
        self.write("storing a note", move |db| {
            let Some(article) = articles::load(db, article_id)? else { return Ok(false) };
            rows::execute(
                db,
                "INSERT INTO notes (article_id, editor_id, at, text) SELECT :article, :editor, :now, :text
                 WHERE NOT EXISTS (SELECT 1 FROM notes WHERE article_id = :article AND editor_id = :editor
                                   AND text = :text AND at > :now - 60000)",
                named_params! {":article": article.id, ":editor": editor_id, ":now": now.0, ":text": text},
            )?;
            Ok(true)
        })
        .await
    }

    /// The notes on an article and on those merged into it, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn notes(&self, article_id: i64) -> Result<Vec<Note>, StoreError> {
        self.read("reading notes", move |db| {
            let mut statement = db.prepare_cached(&format!(
                "{FAMILY} SELECT name, at, text FROM notes JOIN editors ON editors.id = editor_id
                 WHERE article_id IN family ORDER BY at, notes.id"
            ))?;
            let notes = statement.query_map(named_params! {":id": article_id}, |row| {
                Ok(Note { editor: row.get(0)?, at: UnixMs(row.get(1)?), text: row.get(2)? })
            })?;
            notes.collect()
        })
        .await
    }

    /// How many notes each of the articles has with those merged into it, in their order.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_counts(&self, article_ids: Vec<i64>) -> Result<Vec<i64>, StoreError> {
        self.read("counting notes", move |db| {
            let sql = format!("{FAMILY} SELECT count(*) FROM notes WHERE article_id IN family");
            let mut statement = db.prepare_cached(&sql)?;
            let counts = article_ids.into_iter();
            counts.map(|id| statement.query_row(named_params! {":id": id}, |row| row.get(0))).collect()
        })
        .await
    }

    /// Says that somebody types in an article's form, until `until`; an instant that has passed takes it back. An
    /// article that there is not is nobody's.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_present(
        &self,
        article_id: i64,
        editor_id: i64,
        until: UnixMs,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        self.write("noting who is typing", move |db| {
            rows::execute(
                db,
                "DELETE FROM presence WHERE until_at <= :now OR (article_id = :article AND editor_id = :editor)",
                named_params! {":now": now.0, ":article": article_id, ":editor": editor_id},
            )?;
            rows::execute(
                db,
                "INSERT INTO presence (article_id, editor_id, until_at)
                 SELECT id, :editor, :until FROM articles WHERE id = :article AND :until > :now",
                named_params! {":article": article_id, ":editor": editor_id, ":until": until.0, ":now": now.0},
            )?;
            Ok(())
        })
        .await
    }

    /// The names of the others who type in an article's form now.
    ///
    /// # Errors
    /// The database's.
    pub async fn others_present(
        &self,
        article_id: i64,
        editor_id: i64,
        now: UnixMs,
    ) -> Result<Vec<String>, StoreError> {
        self.read("reading who is typing", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT name FROM presence JOIN editors ON editors.id = editor_id
                 WHERE article_id = :article AND editor_id <> :editor AND until_at > :now ORDER BY name",
            )?;
            let names = statement.query_map(
                named_params! {":article": article_id, ":editor": editor_id, ":now": now.0},
                |row| row.get(0),
            )?;
            names.collect()
        })
        .await
    }

    /// Changes what the desk calls somebody.
    ///
    /// # Errors
    /// The database's.
    pub async fn rename_editor(&self, editor_id: i64, name: &str, now: UnixMs) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write("renaming an editor", move |db| {
            let old: String =
                db.query_row("SELECT name FROM editors WHERE id = ?1", [editor_id], |row| row.get(0))?;
            rows::execute(
                db,
                "UPDATE editors SET name = :name WHERE id = :id",
                named_params! {":name": name, ":id": editor_id},
            )?;
            people::audit(
                db,
                Some(editor_id),
                "rename",
                &format!("editor {editor_id}"),
                Some(&old),
                Some(&name),
                now,
            )
        })
        .await
    }
}
