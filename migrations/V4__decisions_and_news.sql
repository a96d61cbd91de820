-- Every act of an editor on an article, with what was before and after. Never deleted.
CREATE TABLE decisions (
    id         INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    editor_id  INTEGER REFERENCES editors (id),
    act        TEXT    NOT NULL
        CHECK (act IN ('approve', 'reject', 'later', 'requeue', 'edit', 'withdraw', 'undo')),
    at         INTEGER NOT NULL,
    revision   INTEGER NOT NULL,                   -- of the article after the act
    before     TEXT    NOT NULL,                   -- JSON: Standing
    after      TEXT    NOT NULL,
    undoes     INTEGER REFERENCES decisions (id),
    undone_by  INTEGER REFERENCES decisions (id),
    UNIQUE (article_id, revision)
) STRICT;
CREATE INDEX decisions_by_time ON decisions (at);

-- What the public sees, frozen at approval. Distinct seconds: no two items of a feed share a date.
CREATE TABLE news (
    article_id   INTEGER PRIMARY KEY REFERENCES articles (id),
    public_id    TEXT    NOT NULL UNIQUE,
    title        TEXT    NOT NULL,
    summary      TEXT    NOT NULL,
    published_at INTEGER NOT NULL UNIQUE,
    updated_at   INTEGER NOT NULL UNIQUE,
    withdrawn_at INTEGER,
    topics       TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    pmid         INTEGER,
    doi          TEXT,
    pmcid        TEXT,
    nct          TEXT,
    link         TEXT,
    authors      TEXT    NOT NULL,
    journal      TEXT    NOT NULL,
    published_on TEXT,
    language     TEXT,
    title_text   TEXT    NOT NULL,
    authors_text TEXT    NOT NULL,
    journal_text TEXT    NOT NULL
) STRICT;
CREATE INDEX news_public ON news (published_at DESC) WHERE withdrawn_at IS NULL;

CREATE TABLE news_topics (
    topic        TEXT    NOT NULL,
    published_at INTEGER NOT NULL,
    article_id   INTEGER NOT NULL REFERENCES news (article_id),
    PRIMARY KEY (topic, published_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX news_topics_by_article ON news_topics (article_id);

-- Counts every change of what is published: caches compare it.
CREATE TABLE news_version (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO news_version VALUES (1, 1);
CREATE TRIGGER news_inserted AFTER INSERT ON news BEGIN UPDATE news_version SET version = version + 1; END;
CREATE TRIGGER news_changed  AFTER UPDATE ON news BEGIN UPDATE news_version SET version = version + 1; END;
CREATE TRIGGER news_removed  AFTER DELETE ON news BEGIN UPDATE news_version SET version = version + 1; END;
