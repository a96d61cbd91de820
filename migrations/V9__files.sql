-- Of a registration, how the trial goes (TrialFacts as JSON), as last seen.
ALTER TABLE articles ADD COLUMN trial TEXT;
-- Where the whole text can be read for nothing, if a source says so.
ALTER TABLE articles ADD COLUMN free_full_text TEXT;
