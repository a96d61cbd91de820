-- Where we look: run-time state of each source. What to ask stands in sources.toml and is copied here at start.
CREATE TABLE sources (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    title           TEXT    NOT NULL,
    definition      TEXT    NOT NULL,              -- JSON: kind, query or url, topics; a change forgets the validators
    schedule        TEXT,                          -- crontab line; NULL is worker.schedule
    configured      INTEGER NOT NULL CHECK (configured IN (0, 1)),  -- present and enabled in sources.toml
    paused_at       INTEGER,                       -- by an admin in the desk
    stopped         TEXT,                          -- why it is never asked again (410 Gone), until its definition changes
    next_at         INTEGER NOT NULL,
    leased_by       TEXT,
    leased_until    INTEGER,
    last_attempt_at INTEGER,
    last_success_at INTEGER,
    last_full_at    INTEGER,                       -- last body received, as opposed to a 304
    failures        INTEGER NOT NULL DEFAULT 0,    -- in a row
    last_error      TEXT,
    alarm           TEXT,                          -- something odd without any error: suddenly empty, window overflowed
    etag            TEXT,
    last_modified   TEXT,
    current_url     TEXT,                          -- where permanent redirects led
    moved_to        TEXT,                          -- where the last permanent redirect pointed, not adopted yet
    moved_count     INTEGER NOT NULL DEFAULT 0,
    newest_shown_at INTEGER,                       -- newest pubDate seen: tells whether a feed's window overflowed
    complete_to_at  INTEGER,                       -- everything the query found up to here is stored
    had_entries     INTEGER NOT NULL DEFAULT 0 CHECK (had_entries IN (0, 1))
) STRICT;
CREATE INDEX sources_due ON sources (next_at);

-- One row an attempt, pruned by age.
CREATE TABLE fetches (
    id         INTEGER PRIMARY KEY,
    source_id  INTEGER NOT NULL REFERENCES sources (id),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT    NOT NULL CHECK (outcome IN ('fetched', 'not_modified', 'failed')),
    entries    INTEGER NOT NULL DEFAULT 0,
    fresh      INTEGER NOT NULL DEFAULT 0,         -- articles nobody had shown before
    updated    INTEGER NOT NULL DEFAULT 0,
    message    TEXT
) STRICT;
CREATE INDEX fetches_by_source ON fetches (source_id, started_at);

CREATE TABLE problems (
    id        INTEGER PRIMARY KEY,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    at        INTEGER NOT NULL,
    place     TEXT    NOT NULL,
    what      TEXT    NOT NULL,
    excerpt   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX problems_by_source ON problems (source_id, at);

-- Bodies that failed to parse, so that they can be replayed after a fix; capped and pruned.
CREATE TABLE raw_bodies (
    id           INTEGER PRIMARY KEY,
    source_id    INTEGER NOT NULL REFERENCES sources (id),
    at           INTEGER NOT NULL,
    url          TEXT    NOT NULL,
    content_type TEXT,
    reason       TEXT    NOT NULL,
    body         BLOB    NOT NULL
) STRICT;
CREATE INDEX raw_bodies_by_source ON raw_bodies (source_id, at);
