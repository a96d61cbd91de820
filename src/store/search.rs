//! Full-text search: every FTS5 query is here.

use rusqlite::{Connection, named_params};

use super::rows::{self, ARTICLE_COLUMNS};
use super::{Store, StoreError};
use crate::domain::article::Article;

/// Spellings that the stemmer does not join, British and American (one form each side, stems included).
const SPELLINGS: &[(&str, &str)] = &[
    ("anaemia", "anemia"),
    ("anaesthesia", "anesthesia"),
    ("anaesthetic", "anesthetic"),
    ("centre", "center"),
    ("coagulopathy", "coagulopathies"),
    ("defibrillation", "defibrillate"),
    ("fibre", "fiber"),
    ("foetal", "fetal"),
    ("haematocrit", "hematocrit"),
    ("haematology", "hematology"),
    ("haemodilution", "hemodilution"),
    ("haemodynamic", "hemodynamic"),
    ("haemofiltration", "hemofiltration"),
    ("haemoglobin", "hemoglobin"),
    ("haemolysis", "hemolysis"),
    ("haemorrhage", "hemorrhage"),
    ("haemostasis", "hemostasis"),
    ("hypovolaemia", "hypovolemia"),
    ("hypoxaemia", "hypoxemia"),
    ("ischaemia", "ischemia"),
    ("ischaemic", "ischemic"),
    ("leucocyte", "leukocyte"),
    ("neonate", "newborn"),
    ("normothermia", "normothermic"),
    ("oedema", "edema"),
    ("oesophageal", "esophageal"),
    ("oxygenation", "oxygenator"),
    ("paediatric", "pediatric"),
    ("randomised", "randomized"),
    ("septicaemia", "septicemia"),
    ("tumour", "tumor"),
];

/// A hit with its place in the text. The snippet is plain text with U+0002 before and U+0003 after each match:
/// escape it first, then turn the marks into tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What was found.
    pub item: T,
    /// About thirty words around the best match.
    pub snippet: String,
}

impl Store {
    /// Articles of any status but merged that match all words, best first.
    ///
    /// # Errors
    /// The database's. Words without a letter or digit find nothing.
    pub async fn search_articles(&self, words: &str, limit: i64) -> Result<Vec<Found<Article>>, StoreError> {
        let Some(expression) = match_expression(words) else { return Ok(Vec::new()) };
        self.read("searching articles", move |db| {
            let sql = format!(
                "SELECT {ARTICLE_COLUMNS}, snippet(articles_fts, -1, char(2), char(3), '…', 30) AS snippet
                 FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid
                 WHERE articles_fts MATCH :words AND status <> 'merged'
                 ORDER BY bm25(articles_fts, 8, 1, 3, 2, 1), articles.id DESC LIMIT :limit"
            );
            let mut statement = db.prepare_cached(&sql)?;
            let found = statement
                .query_map(named_params! {":words": expression, ":limit": limit}, |row| {
                    Ok(Found { item: rows::article(row)?, snippet: row.get("snippet")? })
                })?;
            found.collect()
        })
        .await
    }
}

/// Makes new articles findable by their words, all of a transaction in one statement: FTS5 writes a segment for each
/// statement and savepoint. New are those after the last that is indexed; nothing is ever inserted before it.
pub(super) fn index_new(db: &Connection) -> rusqlite::Result<()> {
    let (newest, indexed): (i64, i64) = db
        .prepare_cached(
            "SELECT coalesce((SELECT max(id) FROM articles), 0),
                 coalesce((SELECT max(id) FROM articles_fts_docsize), 0)",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if newest <= indexed {
        return Ok(());
    }
    rows::execute(
        db,
        "INSERT INTO articles_fts (rowid, title_text, abstract_text, summary, authors_text, journal_text)
         SELECT id, title_text, abstract_text, summary, authors_text, journal_text FROM articles
         WHERE id > :indexed ORDER BY id",
        named_params! {":indexed": indexed},
    )?;
    Ok(())
}

/// The FTS5 expression for what a person typed: every word must occur (the last as a prefix), quoted so that no
/// operator of FTS5's is ever reached (`GLP-1` unquoted is an error). `None` without a letter or digit; at most 16 words.
pub(super) fn match_expression(words: &str) -> Option<String> {
    let terms = match_terms(words);
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

/// The same, a term for each word.
pub(super) fn match_terms(words: &str) -> Vec<String> {
    let words: Vec<&str> =
        words.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).take(16).collect();
    let last = words.len().saturating_sub(1);
    let term = |(index, word): (usize, &&str)| {
        let quoted = quote(word);
        let mut alternatives = vec![quoted.clone()];
        if index == last && word.chars().count() >= 3 {
            alternatives.push(format!("{quoted}*"));
        }
        let lower = word.to_lowercase();
        for (british, american) in SPELLINGS {
            if lower.starts_with(british.trim_end_matches('e')) {
                alternatives.push(quote(american));
            } else if lower.starts_with(american.trim_end_matches('e')) {
                alternatives.push(quote(british));
            }
        }
        format!("({})", alternatives.join(" OR "))
    };
    words.iter().enumerate().map(term).collect()
}

fn quote(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\"").replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use super::match_expression;

    #[test]
    fn what_a_person_types_never_reaches_an_operator() {
        assert_eq!(match_expression("GLP-1 NOT"), Some("(\"GLP-1\") AND (\"NOT\" OR \"NOT\"*)".into()));
        assert_eq!(match_expression("a\"b"), Some("(\"a\"\"b\" OR \"a\"\"b\"*)".into()));
        assert_eq!(match_expression(" * - \" "), None);
    }

    #[test]
    fn british_words_find_american_ones() {
        assert!(match_expression("haemolysis").unwrap().contains("hemolysis"));
        assert!(match_expression("ischemia").unwrap().contains("ischaemia"));
    }
}
