-- Was anything missed, and does a source fall silent? Also: questions of the query lab, and walks through history.

ALTER TABLE sources ADD COLUMN defined_at INTEGER;  -- when what it asks for last changed; NULL: before this column was
ALTER TABLE sources ADD COLUMN quiet      TEXT;     -- JSON: Quiet, against its own rhythm

-- The daily count of a search against what is stored. No row: not counted yet.
CREATE TABLE counts (
    source_id      INTEGER PRIMARY KEY REFERENCES sources (id),
    next_at        INTEGER NOT NULL,               -- when it is counted again
    counted_at     INTEGER,                        -- last try, also a failed one
    from_on        TEXT,                           -- the window of the last count that succeeded
    to_on          TEXT,
    found          INTEGER NOT NULL DEFAULT 0,     -- works that the service counted in it
    fetched_again  INTEGER NOT NULL DEFAULT 0,     -- of these, what was missing and came when asked for once more
    failures       INTEGER NOT NULL DEFAULT 0,     -- in a row
    error          TEXT,                           -- why the last try failed
    complete_to_on TEXT                            -- the last day up to which nothing was missing
) STRICT;

-- What the last count found and we do not have; asked for once.
CREATE TABLE missing (
    source_id  INTEGER NOT NULL REFERENCES sources (id),
    entry_key  TEXT    NOT NULL,
    noticed_at INTEGER NOT NULL,
    asked_at   INTEGER,                            -- when it was asked for again
    why        TEXT,                               -- what came in its place
    PRIMARY KEY (source_id, entry_key)
) STRICT, WITHOUT ROWID;

-- Feeds that lost entries between two fetches.
CREATE TABLE overflows (
    source_id  INTEGER NOT NULL REFERENCES sources (id),
    since_at   INTEGER NOT NULL,                   -- newest entry that was seen before
    noticed_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 1,
    filled_at  INTEGER,                            -- when the entries in between were fetched by another way
    records    INTEGER NOT NULL DEFAULT 0,         -- how many they were
    hopeless   INTEGER NOT NULL DEFAULT 0 CHECK (hopeless IN (0, 1)),  -- there is no other way to them
    message    TEXT    NOT NULL,
    PRIMARY KEY (source_id, since_at)
) STRICT, WITHOUT ROWID;

-- A definition that changed asks for something else: what was counted says nothing any more.
CREATE TRIGGER sources_redefined AFTER UPDATE OF definition ON sources WHEN old.definition <> new.definition BEGIN
    DELETE FROM counts    WHERE source_id = new.id;
    DELETE FROM missing   WHERE source_id = new.id;
    DELETE FROM overflows WHERE source_id = new.id;
    UPDATE sources SET quiet = NULL WHERE id = new.id;
END;

-- The query lab: the desk asks, the worker answers. Pruned after some days.
CREATE TABLE lab_questions (
    id          INTEGER PRIMARY KEY,
    asked_by    INTEGER REFERENCES editors (id),
    asked_at    INTEGER NOT NULL,
    kind        TEXT    NOT NULL,                  -- JSON: SourceKind
    days        INTEGER,                           -- how far back; NULL as the first look of a source
    taken_at    INTEGER,
    answered_at INTEGER,
    answer      TEXT,                              -- JSON: Preview
    error       TEXT
) STRICT;

-- Walks through history, slice by slice.
CREATE TABLE backfills (
    id          INTEGER PRIMARY KEY,
    source_id   INTEGER NOT NULL REFERENCES sources (id),
    definition  TEXT    NOT NULL,                  -- of the source, when it began
    since_on    TEXT    NOT NULL,
    until_on    TEXT    NOT NULL,
    reached_on  TEXT,                              -- everything up to this day is stored
    received    INTEGER NOT NULL DEFAULT 0,
    fresh       INTEGER NOT NULL DEFAULT 0,
    problems    INTEGER NOT NULL DEFAULT 0,
    started_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX backfills_by_source ON backfills (source_id, started_at);
