-- What editors tell each other, where they are, and what they added by hand.
CREATE TABLE notes (
    id         INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    editor_id  INTEGER NOT NULL REFERENCES editors (id),
    at         INTEGER NOT NULL,
    text       TEXT    NOT NULL
) STRICT;
CREATE INDEX notes_by_article ON notes (article_id);

-- Who types in which article's form; a hint that expires, never a lock.
CREATE TABLE presence (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    editor_id  INTEGER NOT NULL REFERENCES editors (id),
    until_at   INTEGER NOT NULL,
    PRIMARY KEY (article_id, editor_id)
) STRICT, WITHOUT ROWID;

-- An article added by hand, and the look-up that completes it.
CREATE TABLE additions (
    article_id INTEGER PRIMARY KEY REFERENCES articles (id),
    editor_id  INTEGER NOT NULL REFERENCES editors (id),
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('pmid', 'doi', 'pmcid', 'nct', 'url', 'title', 'item')),
    value      TEXT    NOT NULL,                   -- as recognised
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'unknown', 'failed', 'by_hand')),
    message    TEXT,                               -- of the last look-up that failed
    tries      INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX additions_waiting ON additions (next_at) WHERE state = 'waiting';

-- The type of study, so that it can be filtered by; '' until the worker has said it.
ALTER TABLE articles ADD COLUMN study TEXT NOT NULL DEFAULT '';
CREATE INDEX articles_unsorted ON articles (id) WHERE study = '';

-- Every filter of the queue in the queue's own order: a page of it never reads an abstract.
DROP INDEX articles_queue;
CREATE INDEX articles_list ON articles
    (status, score DESC, first_seen_at DESC, superseded_by, kind, study, lifted, topics, reasons);
