//! What only the desk asks: the next article of a list, an editor's own name.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, named_params, params_from_iter};

use super::articles::{QueueFilter, QueueOrder, condition};
use super::{Store, StoreError, people, rows};
use crate::domain::time::UnixMs;

impl Store {
    /// The article that follows `article_id` in a list, wherever that one stands by now; after the last one the first.
    /// `None` where the list holds no other article.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_in_queue(
        &self,
        filter: QueueFilter,
        article_id: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.read("reading the next article", move |db| {
            let (matching, mut values) = condition(&filter);
            let (columns, order) = match filter.order {
                QueueOrder::Relevance => {
                    ("score, first_seen_at, id", "score DESC, first_seen_at DESC, id DESC")
                }
                QueueOrder::Newest => ("first_seen_at, id", "first_seen_at DESC, id DESC"),
            };
            let after = format!(
                "SELECT id FROM articles WHERE {matching} AND id <> ?
                 AND ({columns}) < (SELECT {columns} FROM articles WHERE id = ?) ORDER BY {order} LIMIT 1"
            );
            let first =
                format!("SELECT id FROM articles WHERE {matching} AND id <> ? ORDER BY {order} LIMIT 1");
            values.push(Value::Integer(article_id));
            let whole = values.clone();
            values.push(Value::Integer(article_id));
            let next = db
                .prepare_cached(&after)?
                .query_row(params_from_iter(values.iter()), |row| row.get(0))
                .optional()?;
            match next {
                Some(next) => Ok(Some(next)),
                None => db
                    .prepare_cached(&first)?
                    .query_row(params_from_iter(whole.iter()), |row| row.get(0))
                    .optional(),
            }
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
