-- Wording that editors asked a language model for: the desk asks, the worker answers. The rows are the budget's count and
-- the memory of failures too.
CREATE TABLE wordings (
    id             INTEGER PRIMARY KEY,
    article_id     INTEGER NOT NULL REFERENCES articles (id),
    asked_by       INTEGER REFERENCES editors (id),
    asked_at       INTEGER NOT NULL,
    taken_at       INTEGER,                        -- by a worker
    sent_at        INTEGER,                        -- to the service; NULL where it was not asked after all
    answered_at    INTEGER,
    model          TEXT,                           -- as the service names it
    prompt_version INTEGER,
    text           TEXT,                           -- the proposal
    problem        TEXT                            -- or why there is none
) STRICT;
CREATE INDEX wordings_by_article ON wordings (article_id, id);
CREATE INDEX wordings_by_time ON wordings (sent_at);
