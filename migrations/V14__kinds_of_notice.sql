-- Two more kinds of notice: PubMed's record is gone, which is no removal by a publisher and never public; and an update
-- of a sort that is not known here. And when the paper of a preprint is looked for again. SQLite changes no CHECK in
-- place, so the table is made anew.
CREATE TABLE notices_anew (
    id            INTEGER PRIMARY KEY,
    public_id     TEXT    NOT NULL UNIQUE,           -- ULID of /notices/{id}
    article_id    INTEGER NOT NULL REFERENCES articles (id),
    kind          TEXT    NOT NULL CHECK (kind IN
        ('retraction', 'removal', 'withdrawal', 'partial_retraction', 'expression_of_concern', 'record_gone',
         'corrected_and_republished', 'correction', 'other_update', 'now_published', 'new_version', 'trial_stopped',
         'results_posted', 'trial_changed', 'reinstatement')),
    finding_key   TEXT    NOT NULL,                  -- what makes it the same notice at the next look
    finding       TEXT    NOT NULL,                  -- JSON: Finding
    state         TEXT    NOT NULL CHECK (state IN ('waiting', 'public', 'dismissed', 'lifted')),
    found_at      INTEGER NOT NULL,
    public_at     INTEGER UNIQUE,                    -- a second of its own, like the dates of news
    lifted_at     INTEGER,
    answered_at   INTEGER,
    answer        TEXT CHECK (answer IN ('yes', 'rewritten', 'not_ours')),
    answered_by   INTEGER REFERENCES editors (id),
    told_at       INTEGER,                           -- when the editors were written to; NULL until then
    paper_tries   INTEGER NOT NULL DEFAULT 0,        -- looks for the paper of a preprint that gave none
    paper_next_at INTEGER,                           -- when it is looked for again
    UNIQUE (article_id, finding_key),
    CHECK (state NOT IN ('public', 'lifted') OR public_at IS NOT NULL),
    CHECK (kind <> 'record_gone' OR public_at IS NULL)
) STRICT;
INSERT INTO notices_anew (id, public_id, article_id, kind, finding_key, finding, state, found_at, public_at, lifted_at,
                          answered_at, answer, answered_by, told_at)
    SELECT id, public_id, article_id, kind, finding_key, finding, state, found_at, public_at, lifted_at,
           answered_at, answer, answered_by, told_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_anew RENAME TO notices;
CREATE INDEX notices_waiting ON notices (found_at) WHERE state = 'waiting';
CREATE INDEX notices_public ON notices (public_at DESC) WHERE public_at IS NOT NULL;

-- what was told as a removal though only PubMed's record was gone; what an editor let become public stays as they said
UPDATE notices
   SET kind = 'record_gone', finding_key = replace(finding_key, 'retracted', 'record_gone'),
       finding = json_set(finding, '$.kind', 'record_gone', '$.also', json('[]'))
 WHERE kind = 'removal' AND public_at IS NULL AND json_extract(finding, '$.source') = 'pubmed'
   AND json_extract(finding, '$.detail') LIKE 'PubMed has no record of this number any longer.%';
