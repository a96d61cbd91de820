-- What happened to works after they appeared. A notice is never deleted.
CREATE TABLE notices (
    id          INTEGER PRIMARY KEY,
    public_id   TEXT    NOT NULL UNIQUE,           -- ULID of /notices/{id}
    article_id  INTEGER NOT NULL REFERENCES articles (id),
    kind        TEXT    NOT NULL CHECK (kind IN
        ('retraction', 'removal', 'withdrawal', 'partial_retraction', 'expression_of_concern',
         'corrected_and_republished', 'correction', 'now_published', 'new_version', 'trial_stopped',
         'results_posted', 'trial_changed', 'reinstatement')),
    finding_key TEXT    NOT NULL,                  -- what makes it the same notice at the next look
    finding     TEXT    NOT NULL,                  -- JSON: Finding
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'public', 'dismissed', 'lifted')),
    found_at    INTEGER NOT NULL,
    public_at   INTEGER UNIQUE,                    -- a second of its own, like the dates of news
    lifted_at   INTEGER,
    answered_at INTEGER,
    answer      TEXT CHECK (answer IN ('yes', 'rewritten', 'not_ours')),
    answered_by INTEGER REFERENCES editors (id),
    told_at     INTEGER,                           -- when the editors were written to; NULL until then
    UNIQUE (article_id, finding_key),
    CHECK (state NOT IN ('public', 'lifted') OR public_at IS NOT NULL)
) STRICT;
CREATE INDEX notices_waiting ON notices (found_at) WHERE state = 'waiting';
CREATE INDEX notices_public ON notices (public_at DESC) WHERE public_at IS NOT NULL;

-- Who is watched where, and how the last look went. A failed look is never "clean".
CREATE TABLE watch (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    service    TEXT    NOT NULL CHECK (service IN ('pubmed', 'crossref', 'preprints', 'trials')),
    next_at    INTEGER NOT NULL,
    held_until INTEGER,                            -- a worker is looking; after a crash the hold runs out
    checked_at INTEGER,                            -- the last look that succeeded
    failures   INTEGER NOT NULL DEFAULT 0,         -- since then
    error      TEXT,                               -- of the last look, if it failed
    snapshot   TEXT,                               -- JSON: what the service said then
    PRIMARY KEY (article_id, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX watch_due ON watch (service, next_at);

-- Trials that editors tied to an article by hand; those that its record names are in articles.trials.
CREATE TABLE trial_ties (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    nct        TEXT    NOT NULL,
    tied_at    INTEGER NOT NULL,
    tied_by    INTEGER REFERENCES editors (id),
    PRIMARY KEY (article_id, nct)
) STRICT, WITHOUT ROWID;

-- The public's copies, like all of news: notices (JSON, PublicNotice) and how the work first appeared (FirstReport).
ALTER TABLE news ADD COLUMN notices TEXT NOT NULL DEFAULT '[]';
ALTER TABLE news ADD COLUMN first_report TEXT;
