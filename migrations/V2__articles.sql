-- The works: one row each, however many sources showed them.
CREATE TABLE articles (
    id                INTEGER PRIMARY KEY,
    public_id         TEXT    NOT NULL UNIQUE,     -- ULID
    revision          INTEGER NOT NULL DEFAULT 1,
    status            TEXT    NOT NULL
        CHECK (status IN ('queued', 'later', 'rejected', 'approved', 'withdrawn', 'merged')),
    kind              TEXT    NOT NULL CHECK (kind IN ('article', 'preprint', 'trial', 'book')),
    pmid              INTEGER,
    doi               TEXT,
    pmcid             TEXT,
    nct               TEXT,
    title             TEXT    NOT NULL,            -- RichText
    authors           TEXT    NOT NULL,            -- JSON, as are the next ones that look like lists
    journal           TEXT    NOT NULL,
    published_on      TEXT,
    link              TEXT,
    language          TEXT,
    abstract          TEXT    NOT NULL,
    publication_types TEXT    NOT NULL,
    mesh              TEXT    NOT NULL,
    keywords          TEXT    NOT NULL,
    trials            TEXT    NOT NULL,
    related           TEXT    NOT NULL,
    complete          INTEGER NOT NULL CHECK (complete IN (0, 1)),
    first_seen_at     INTEGER NOT NULL,
    upstream_changed  TEXT,                        -- what a source changed after we published it
    later_until       INTEGER,
    reject_reason     TEXT CHECK (reject_reason IN
        ('off_topic', 'low_evidence', 'duplicate', 'animal_or_bench', 'already_covered', 'other')),
    score             REAL    NOT NULL DEFAULT 0,
    reasons           TEXT    NOT NULL DEFAULT '[]',
    lifted            INTEGER NOT NULL DEFAULT 0 CHECK (lifted IN (0, 1)),  -- into view from the bottom, as a test
    draft             TEXT,
    edited_title      TEXT,
    summary           TEXT,
    topics            TEXT    NOT NULL DEFAULT '[]',
    topics_edited     INTEGER NOT NULL DEFAULT 0 CHECK (topics_edited IN (0, 1)),
    merged_into       INTEGER REFERENCES articles (id),
    -- plain text for the full-text index
    title_text        TEXT    NOT NULL,
    abstract_text     TEXT    NOT NULL,
    authors_text      TEXT    NOT NULL,
    journal_text      TEXT    NOT NULL,
    CHECK ((status = 'merged') = (merged_into IS NOT NULL)),
    CHECK (status <> 'later' OR later_until IS NOT NULL)
) STRICT;
CREATE INDEX articles_queue ON articles (status, score DESC, first_seen_at DESC);
CREATE INDEX articles_later ON articles (later_until) WHERE status = 'later';

-- What decides whether two sightings are one work; the key decides races.
CREATE TABLE identifiers (
    kind       TEXT    NOT NULL CHECK (kind IN ('pmid', 'doi', 'pmcid', 'nct')),
    value      TEXT    NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_by_article ON identifiers (article_id);

-- What hints at it where a source gives no identifier; two hints must agree.
CREATE TABLE hints (
    kind       TEXT    NOT NULL CHECK (kind IN ('key', 'link', 'title')),
    value      TEXT    NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (kind, value, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hints_by_article ON hints (article_id);

-- Where and when each source showed it.
CREATE TABLE sightings (
    source_id     INTEGER NOT NULL REFERENCES sources (id),
    entry_key     TEXT    NOT NULL,                -- the source's own name for the entry
    article_id    INTEGER NOT NULL REFERENCES articles (id),
    fingerprint   INTEGER NOT NULL,                -- of the entry's content: equal means nothing to do
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    shown_at      INTEGER,
    link          TEXT,
    PRIMARY KEY (source_id, entry_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_article ON sightings (article_id);
