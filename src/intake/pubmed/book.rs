//! One `PubmedBookArticle` (a book, a chapter, a report of NCBI's Bookshelf) → one entry.

use crate::domain::entry::{Author, WorkKind};
use crate::domain::text::RichText;

use super::article::{
    Draft, read_abstract, read_article_ids, read_authors, read_keywords, read_language, read_location,
    read_pages, read_pmid, read_publication_type, read_pubmed_data,
};
use super::dates;
use super::walk::{Result, Xml, each_child, has, rich, skip};

/// What the book says and the chapter may not.
#[derive(Debug, Default)]
struct Book {
    title: RichText,
    authors: Vec<Author>,
}

/// Reads a `PubmedBookArticle` whose start tag has been read.
pub(super) fn read<'a>(xml: &mut Xml<'a>) -> Result<Draft> {
    let mut draft = Draft::default();
    each_child(xml, |xml, tag| match tag.name().as_ref() {
        "BookDocument" => read_document(xml, &mut draft),
        "PubmedBookData" => read_pubmed_data(xml, &mut draft),
        _ => skip(xml, tag),
    })?;
    draft.entry.kind = WorkKind::Book;
    Ok(draft)
}

fn read_document<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    let mut book = Book::default();
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "PMID" => read_pmid(xml, draft)?,
            "ArticleIdList" => read_article_ids(xml, draft)?,
            "Book" => read_book(xml, draft, &mut book)?,
            "ArticleTitle" => draft.entry.title = rich(xml)?,
            "VernacularTitle" => draft.vernacular_title = rich(xml)?,
            "Pagination" => read_pages(xml, draft)?,
            "ELocationID" => read_location(xml, tag, draft)?,
            "Language" => read_language(xml, draft)?,
            "AuthorList" if !has(tag, "Type", "editors") => read_authors(xml, &mut draft.entry.authors)?,
            "PublicationType" => read_publication_type(xml, draft)?,
            "Abstract" => read_abstract(xml, &mut draft.entry.abstract_sections)?,
            "KeywordList" => read_keywords(xml, draft)?,
            "ContributionDate" => draft.online_on = dates::read(xml)?.date(),
            _ => skip(xml, tag)?,
        }
        Ok(())
    })?;
    if draft.entry.title.is_empty() {
        draft.entry.title = book.title;
    } else {
        draft.entry.journal.title = book.title.to_plain();
    }
    if draft.entry.authors.is_empty() {
        draft.entry.authors = book.authors;
    }
    Ok(())
}

fn read_book<'a>(xml: &mut Xml<'a>, draft: &mut Draft, book: &mut Book) -> Result<()> {
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "BookTitle" => book.title = rich(xml)?,
            "PubDate" => draft.printed_on = dates::read(xml)?.date(),
            "AuthorList" if !has(tag, "Type", "editors") => read_authors(xml, &mut book.authors)?,
            "ELocationID" => read_location(xml, tag, draft)?,
            _ => skip(xml, tag)?,
        }
        Ok(())
    })
}
