-- New articles are indexed for the search all together at the end of their transaction (`store/article_index.rs`): FTS5 puts what
-- it gathered on disk before every statement that may be taken back, so that a trigger wrote a segment for each article.
DROP TRIGGER articles_fts_insert;
DROP TRIGGER articles_fts_update;
CREATE TRIGGER articles_fts_update
AFTER UPDATE OF title_text, abstract_text, summary, authors_text, journal_text ON articles
-- one that is not indexed yet will be, as it is then
WHEN EXISTS (SELECT 1 FROM articles_fts_docsize WHERE id = old.id) BEGIN
    INSERT INTO articles_fts (articles_fts, rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES ('delete', old.id, old.title_text, old.abstract_text, old.summary, old.authors_text, old.journal_text);
    INSERT INTO articles_fts (rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES (new.id, new.title_text, new.abstract_text, new.summary, new.authors_text, new.journal_text);
END;

-- What each feed's last whole body showed, by marks of its bytes: the same body or item is not parsed again.
CREATE TABLE last_bodies (
    source_id   INTEGER PRIMARY KEY REFERENCES sources (id),
    body        INTEGER,                           -- mark of the whole body; NULL: read the same one again
    ttl_minutes INTEGER,                           -- what the body wished for the next fetch
    touched_at  INTEGER NOT NULL,                  -- when last_seen_at of its sightings was last moved
    entries     TEXT    NOT NULL                   -- JSON: [[mark, entry_key], …]; those that wait for more are left out
) STRICT;
