-- Letters to the people at the desk. No secret stands here: a one-time link is made when its letter is sent.
CREATE TABLE mail (
    id         INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,            -- what makes it the same letter, whoever asks for it again
    kind       TEXT    NOT NULL CHECK (kind IN ('invite', 'reset', 'digest', 'alert')),
    editor_id  INTEGER NOT NULL REFERENCES editors (id),
    alert      TEXT,                               -- JSON: Alert
    state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed', 'cancelled')),
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,                   -- the next attempt; while one is under way, when it counts as lost
    expires_at INTEGER NOT NULL,                   -- no attempt after that
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT,                               -- of the last attempt
    ended_at   INTEGER
) STRICT;
CREATE INDEX mail_waiting ON mail (next_at) WHERE state = 'waiting';

-- What somebody wants to get.
ALTER TABLE editors ADD COLUMN digest_since INTEGER;
ALTER TABLE editors ADD COLUMN alerts INTEGER NOT NULL DEFAULT 1;
