-- The people at the desk.
CREATE TABLE editors (
    id            INTEGER PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    password_hash TEXT,                            -- argon2id, PHC form; NULL until the first link is used
    disabled_at   INTEGER,
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER
) STRICT;

-- One-time links: only the SHA-256 of the token is kept.
CREATE TABLE links (
    token_hash BLOB    PRIMARY KEY,
    editor_id  INTEGER NOT NULL REFERENCES editors (id),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('invite', 'reset')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    token_hash   BLOB    NOT NULL UNIQUE,
    editor_id    INTEGER NOT NULL REFERENCES editors (id),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    user_agent   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_by_editor ON sessions (editor_id);

-- Acts on people and sources; acts on articles are decisions.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    editor_id INTEGER REFERENCES editors (id),     -- NULL: the command line
    act       TEXT    NOT NULL,
    object    TEXT    NOT NULL,
    before    TEXT,
    after     TEXT
) STRICT;
