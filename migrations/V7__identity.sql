-- One work, many sightings: editors merge, suggestions have evidence, a preprint knows its paper.

-- SQLite cannot change a CHECK in place: `decisions` is written anew with more acts. All that later parts need are
-- allowed at once, so that it is rebuilt only this time: 'merge' here; 'unmerge', 'note', 'answer' and 'mark' for
-- whoever wants rows of their own for these. The new table refers to itself, so foreign keys stay on and hold.
CREATE TABLE decisions_anew (
    id         INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    editor_id  INTEGER REFERENCES editors (id),
    act        TEXT    NOT NULL
        CHECK (act IN ('approve', 'reject', 'later', 'requeue', 'edit', 'withdraw', 'undo', 'merge', 'unmerge',
                       'note', 'answer', 'mark')),
    at         INTEGER NOT NULL,
    revision   INTEGER NOT NULL,                   -- of the article after the act
    before     TEXT    NOT NULL,                   -- JSON: Standing
    after      TEXT    NOT NULL,
    undoes     INTEGER REFERENCES decisions_anew (id),
    undone_by  INTEGER REFERENCES decisions_anew (id),
    UNIQUE (article_id, revision)
) STRICT;
INSERT INTO decisions_anew (id, article_id, editor_id, act, at, revision, before, after, undoes, undone_by)
SELECT id, article_id, editor_id, act, at, revision, before, after, undoes, undone_by FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_anew RENAME TO decisions;
CREATE INDEX decisions_by_time ON decisions (at);

-- What a merge moved, so that Undo can put it back.
CREATE TABLE merges (
    decision_id INTEGER PRIMARY KEY REFERENCES decisions (id),
    kept_id     INTEGER NOT NULL REFERENCES articles (id),
    gone_id     INTEGER NOT NULL REFERENCES articles (id),
    moved       TEXT    NOT NULL                   -- JSON: Moved
) STRICT;
CREATE INDEX merges_by_gone ON merges (gone_id);
CREATE INDEX articles_merged ON articles (merged_into) WHERE merged_into IS NOT NULL;

-- The publisher's own number decides as well: Elsevier's feeds give nothing else.
CREATE TABLE identifiers_anew (
    kind       TEXT    NOT NULL CHECK (kind IN ('pmid', 'doi', 'pmcid', 'nct', 'pii')),
    value      TEXT    NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
INSERT INTO identifiers_anew (kind, value, article_id) SELECT kind, value, article_id FROM identifiers;
DROP TABLE identifiers;
ALTER TABLE identifiers_anew RENAME TO identifiers;
ALTER TABLE articles ADD COLUMN pii TEXT;
CREATE INDEX identifiers_by_article ON identifiers (article_id);

-- Hashes of what alike works share (title; its beginning or end with the first author): where to look, not a verdict.
CREATE TABLE likeness (
    hash       INTEGER NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (hash, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX likeness_by_article ON likeness (article_id);

-- Pairs that may be one work, for an editor to say. A dismissed pair stays dismissed.
CREATE TABLE pairs (
    low_id       INTEGER NOT NULL REFERENCES articles (id),
    high_id      INTEGER NOT NULL REFERENCES articles (id),
    sort         TEXT    NOT NULL CHECK (sort IN ('same', 'version')),
    evidence     TEXT    NOT NULL,                 -- JSON: a list of Evidence
    found_at     INTEGER NOT NULL,
    dismissed_at INTEGER,
    dismissed_by INTEGER REFERENCES editors (id),
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id < high_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pairs_by_high ON pairs (high_id);

-- A preprint that became a paper points at it: two works, one permalink, the newer shown.
ALTER TABLE articles ADD COLUMN superseded_by INTEGER REFERENCES articles (id);
CREATE INDEX articles_superseded ON articles (superseded_by) WHERE superseded_by IS NOT NULL;

-- What records say of versions that may not be here yet.
CREATE TABLE version_claims (
    kind       TEXT    NOT NULL CHECK (kind IN ('pmid', 'doi')),
    value      TEXT    NOT NULL,                   -- of the other version
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (kind, value, article_id)
) STRICT, WITHOUT ROWID;

-- The public item of a preprint as it was when its paper took over the permalink.
CREATE TABLE replaced_news (
    paper_id    INTEGER PRIMARY KEY REFERENCES articles (id),
    preprint_id INTEGER NOT NULL REFERENCES articles (id),
    replaced_at INTEGER NOT NULL,
    item        TEXT    NOT NULL                   -- JSON: the row
) STRICT;
CREATE INDEX replaced_news_by_preprint ON replaced_news (preprint_id);
