-- Full text: the desk searches articles, the public searches news. External content, kept by triggers.
CREATE VIRTUAL TABLE articles_fts USING fts5 (
    title_text, abstract_text, summary, authors_text, journal_text,
    content = 'articles', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles BEGIN
    INSERT INTO articles_fts (rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES (new.id, new.title_text, new.abstract_text, new.summary, new.authors_text, new.journal_text);
END;
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN
    INSERT INTO articles_fts (articles_fts, rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES ('delete', old.id, old.title_text, old.abstract_text, old.summary, old.authors_text, old.journal_text);
END;
CREATE TRIGGER articles_fts_update
AFTER UPDATE OF title_text, abstract_text, summary, authors_text, journal_text ON articles BEGIN
    INSERT INTO articles_fts (articles_fts, rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES ('delete', old.id, old.title_text, old.abstract_text, old.summary, old.authors_text, old.journal_text);
    INSERT INTO articles_fts (rowid, title_text, abstract_text, summary, authors_text, journal_text)
    VALUES (new.id, new.title_text, new.abstract_text, new.summary, new.authors_text, new.journal_text);
END;

CREATE VIRTUAL TABLE news_fts USING fts5 (
    title_text, summary, authors_text, journal_text,
    content = 'news', content_rowid = 'article_id', tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER news_fts_insert AFTER INSERT ON news BEGIN
    INSERT INTO news_fts (rowid, title_text, summary, authors_text, journal_text)
    VALUES (new.article_id, new.title_text, new.summary, new.authors_text, new.journal_text);
END;
CREATE TRIGGER news_fts_delete AFTER DELETE ON news BEGIN
    INSERT INTO news_fts (news_fts, rowid, title_text, summary, authors_text, journal_text)
    VALUES ('delete', old.article_id, old.title_text, old.summary, old.authors_text, old.journal_text);
END;
CREATE TRIGGER news_fts_update
AFTER UPDATE OF title_text, summary, authors_text, journal_text ON news BEGIN
    INSERT INTO news_fts (news_fts, rowid, title_text, summary, authors_text, journal_text)
    VALUES ('delete', old.article_id, old.title_text, old.summary, old.authors_text, old.journal_text);
    INSERT INTO news_fts (rowid, title_text, summary, authors_text, journal_text)
    VALUES (new.article_id, new.title_text, new.summary, new.authors_text, new.journal_text);
END;
