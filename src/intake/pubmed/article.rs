//! One `PubmedArticle` → one entry.

use quick_xml::events::BytesStart;

use crate::domain::entry::{AbstractSection, Author, Entry, WorkKind};
use crate::domain::identity::{Doi, Identifiers, Nct, Pii, Pmcid, Pmid};
use crate::domain::relation::{RelatedWork, Relation};
use crate::domain::text::RichText;
use crate::domain::time::PartialDate;
use crate::intake::clean::{caps, find_doi, find_ncts, read_issn};

use super::dates::{self, appeared};
use super::walk::{Result, Xml, attribute, each_child, has, hop, leap, rich, skip, word};

/// An entry in the making, with what only its record needs.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) entry: Entry,
    pub(super) vernacular_title: RichText,
    pub(super) printed_on: Option<PartialDate>,
    pub(super) online_on: Option<PartialDate>,
    /// The DOI that `PubmedData` gives, for records without one in `ELocationID`.
    pub(super) listed_doi: Option<Doi>,
    /// What is odd but does not spoil the record.
    pub(super) oddities: Vec<String>,
}

/// Reads a `PubmedArticle` whose start tag has been read.
pub(super) fn read<'a>(xml: &mut Xml<'a>) -> Result<Draft> {
    let mut draft = Draft::default();
    each_child(xml, |xml, tag| match tag.name().as_ref() {
        "MedlineCitation" => read_citation(xml, &mut draft),
        "PubmedData" => read_pubmed_data(xml, &mut draft),
        _ => skip(xml, tag),
    })?;
    Ok(draft)
}

fn read_citation<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| match tag.name().as_ref() {
        "PMID" => read_pmid(xml, draft),
        "Article" => read_article(xml, draft),
        "MedlineJournalInfo" => read_journal_info(xml, draft),
        "CommentsCorrectionsList" => read_related(xml, draft),
        "MeshHeadingList" => read_mesh(xml, draft),
        "KeywordList" => read_keywords(xml, draft),
        "ChemicalList"
        | "InvestigatorList"
        | "PersonalNameSubjectList"
        | "OtherAbstract"
        | "DateRevised"
        | "DateCompleted"
        | "CoiStatement" => hop(xml, tag),
        _ => skip(xml, tag),
    })
}

pub(super) fn read_pmid(xml: &mut Xml<'_>, draft: &mut Draft) -> Result<()> {
    let text = word(xml)?;
    draft.entry.ids.pmid = Pmid::parse(&text);
    if draft.entry.ids.pmid.is_none() {
        draft.oddities.push(format!("{text:?} is not a PMID"));
    }
    Ok(())
}

fn read_article<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| match tag.name().as_ref() {
        "Journal" => read_journal(xml, draft),
        "ArticleTitle" => {
            draft.entry.title = rich(xml)?;
            Ok(())
        }
        "VernacularTitle" => {
            draft.vernacular_title = rich(xml)?;
            Ok(())
        }
        "Pagination" => read_pages(xml, draft),
        "ELocationID" => read_location(xml, tag, draft),
        "Abstract" => read_abstract(xml, &mut draft.entry.abstract_sections),
        "AuthorList" => read_authors(xml, &mut draft.entry.authors),
        "Language" => read_language(xml, draft),
        "DataBankList" => read_trials(xml, &mut draft.entry.trials),
        "PublicationTypeList" => each_child(xml, |xml, _| read_publication_type(xml, draft)),
        "ArticleDate" => {
            draft.online_on = draft.online_on.take().or(dates::read(xml)?.date());
            Ok(())
        }
        "GrantList" => hop(xml, tag),
        _ => skip(xml, tag),
    })
}

fn read_journal<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "ISSN" => draft.entry.journal.issn = read_issn(&word(xml)?).unwrap_or_default(),
            "Title" => draft.entry.journal.title = word(xml)?,
            "ISOAbbreviation" => draft.entry.journal.abbreviation = word(xml)?,
            "JournalIssue" => read_issue(xml, draft)?,
            _ => skip(xml, tag)?,
        }
        Ok(())
    })
}

fn read_issue<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "Volume" => draft.entry.journal.volume = word(xml)?,
            "Issue" => draft.entry.journal.issue = word(xml)?,
            "PubDate" => draft.printed_on = dates::read(xml)?.date(),
            _ => skip(xml, tag)?,
        }
        Ok(())
    })
}

/// What the article itself does not say, the journal's own record may.
fn read_journal_info<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| {
        let journal = &mut draft.entry.journal;
        match tag.name().as_ref() {
            "MedlineTA" if journal.abbreviation.is_empty() => journal.abbreviation = word(xml)?,
            "ISSNLinking" if journal.issn.is_empty() => {
                journal.issn = read_issn(&word(xml)?).unwrap_or_default();
            }
            _ => skip(xml, tag)?,
        }
        Ok(())
    })
}

pub(super) fn read_pages<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    let (mut first, mut last, mut printed) = (String::new(), String::new(), String::new());
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "MedlinePgn" => printed = word(xml)?,
            "StartPage" => first = word(xml)?,
            "EndPage" => last = word(xml)?,
            _ => skip(xml, tag)?,
        }
        Ok(())
    })?;
    draft.entry.journal.pages = match (printed.is_empty(), last.is_empty()) {
        (false, _) => printed,
        (true, true) => first,
        (true, false) => format!("{first}-{last}"),
    };
    Ok(())
}

pub(super) fn read_location<'a>(xml: &mut Xml<'a>, tag: &BytesStart<'a>, draft: &mut Draft) -> Result<()> {
    if !has(tag, "EIdType", "doi") || has(tag, "ValidYN", "N") {
        return skip(xml, tag);
    }
    let text = word(xml)?;
    match Doi::parse(&text) {
        Some(doi) => draft.entry.ids.doi = draft.entry.ids.doi.take().or(Some(doi)),
        None => draft.oddities.push(format!("{text:?} is not a DOI")),
    }
    Ok(())
}

pub(super) fn read_language(xml: &mut Xml<'_>, draft: &mut Draft) -> Result<()> {
    let language = word(xml)?;
    if draft.entry.language.is_none() && !language.is_empty() {
        draft.entry.language = Some(language);
    }
    Ok(())
}

/// `AbstractText` in order. `OtherAbstract` (other languages, plain-language summaries) is another element and stays out,
/// and so does `CopyrightInformation`.
pub(super) fn read_abstract<'a>(xml: &mut Xml<'a>, sections: &mut Vec<AbstractSection>) -> Result<()> {
    each_child(xml, |xml, tag| {
        if tag.name().as_ref() != "AbstractText" {
            return skip(xml, tag);
        }
        let label = attribute(tag, "Label")
            .filter(|label| !label.is_empty() && !label.eq_ignore_ascii_case("unlabelled"));
        let category = attribute(tag, "NlmCategory")
            .filter(|category| !category.is_empty() && category != "UNASSIGNED" && category != "UNLABELLED");
        let text = rich(xml)?;
        if !text.is_empty() {
            sections.push(AbstractSection { label, category, text });
        }
        Ok(())
    })
}

/// People and groups in printed order. Names that the record itself marks as wrong (`ValidYN="N"`) are left out.
pub(super) fn read_authors<'a>(xml: &mut Xml<'a>, authors: &mut Vec<Author>) -> Result<()> {
    each_child(xml, |xml, tag| {
        if tag.name().as_ref() != "Author" || has(tag, "ValidYN", "N") || authors.len() >= caps::AUTHORS {
            return skip(xml, tag);
        }
        authors.extend(read_author(xml)?);
        Ok(())
    })
}

fn read_author<'a>(xml: &mut Xml<'a>) -> Result<Option<Author>> {
    let (mut family, mut given, mut initials, mut suffix) =
        (String::new(), String::new(), String::new(), String::new());
    let mut collective = String::new();
    each_child(xml, |xml, tag| {
        match tag.name().as_ref() {
            "LastName" => family = word(xml)?,
            "ForeName" => given = word(xml)?,
            "Initials" => initials = word(xml)?,
            "Suffix" => suffix = word(xml)?,
            "CollectiveName" => collective = rich(xml)?.to_plain(),
            "AffiliationInfo" => hop(xml, tag)?,
            _ => skip(xml, tag)?,
        }
        Ok(())
    })?;
    if !collective.is_empty() {
        return Ok(Some(Author::Collective { collective }));
    }
    if given.is_empty() {
        given = initials;
    }
    if family.is_empty() {
        (family, given) = (given, String::new());
    }
    if !suffix.is_empty() {
        family = format!("{family} {suffix}");
    }
    Ok((!family.is_empty()).then_some(Author::Person { family, given }))
}

pub(super) fn read_publication_type(xml: &mut Xml<'_>, draft: &mut Draft) -> Result<()> {
    let publication_type = word(xml)?;
    if publication_type == "Preprint" {
        draft.entry.kind = WorkKind::Preprint;
    }
    push_word(&mut draft.entry.publication_types, publication_type);
    Ok(())
}

fn read_trials<'a>(xml: &mut Xml<'a>, trials: &mut Vec<Nct>) -> Result<()> {
    each_child(xml, |xml, tag| {
        if tag.name().as_ref() != "AccessionNumber" {
            // DataBank and AccessionNumberList only wrap; DataBankName is no trial
            return if tag.name().as_ref() == "DataBankName" {
                skip(xml, tag)
            } else {
                read_trials(xml, trials)
            };
        }
        let number = word(xml)?;
        if let Some(nct) = Nct::parse(&number).filter(|nct| !trials.contains(nct))
            && trials.len() < caps::WORDS
        {
            trials.push(nct);
        }
        Ok(())
    })
}

fn read_mesh<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, _| {
        each_child(xml, |xml, tag| {
            if tag.name().as_ref() != "DescriptorName" {
                return skip(xml, tag);
            }
            push_word(&mut draft.entry.mesh, word(xml)?);
            Ok(())
        })
    })
}

pub(super) fn read_keywords<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, _| {
        push_word(&mut draft.entry.keywords, rich(xml)?.to_plain());
        Ok(())
    })
}

fn push_word(words: &mut Vec<String>, word: String) {
    if !word.is_empty() && words.len() < caps::WORDS && !words.contains(&word) {
        words.push(word);
    }
}

/// Retractions, errata, preprint ↔ paper; kinds that change nothing (`Cites` …) are passed over.
fn read_related<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| {
        let relation = attribute(tag, "RefType").and_then(|ref_type| Relation::from_ref_type(&ref_type));
        let Some(relation) = relation.filter(|_| draft.entry.related.len() < caps::WORDS) else {
            return hop(xml, tag);
        };
        let mut work = RelatedWork::new(relation, Identifiers::default());
        each_child(xml, |xml, tag| {
            match tag.name().as_ref() {
                "RefSource" => work.citation = word(xml)?,
                "PMID" => work.ids.pmid = Pmid::parse(&word(xml)?),
                _ => skip(xml, tag)?,
            }
            Ok(())
        })?;
        work.ids.doi = find_doi(&work.citation);
        draft.entry.related.push(work);
        Ok(())
    })
}

/// `PubmedData` and `PubmedBookData`.
pub(super) fn read_pubmed_data<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| match tag.name().as_ref() {
        "History" => each_child(xml, |xml, tag| {
            if !has(tag, "PubStatus", "entrez") {
                return hop(xml, tag);
            }
            draft.entry.shown_at = dates::read(xml)?.instant();
            Ok(())
        }),
        // only this list is the article's: each Reference has an ArticleIdList of its own
        "ArticleIdList" => read_article_ids(xml, draft),
        "ReferenceList" => leap(xml, tag),
        _ => skip(xml, tag),
    })
}

pub(super) fn read_article_ids<'a>(xml: &mut Xml<'a>, draft: &mut Draft) -> Result<()> {
    each_child(xml, |xml, tag| {
        if has(tag, "IdType", "doi") {
            draft.listed_doi = draft.listed_doi.take().or(Doi::parse(&word(xml)?));
        } else if has(tag, "IdType", "pmc") {
            draft.entry.ids.pmcid = draft.entry.ids.pmcid.take().or(Pmcid::parse(&word(xml)?));
        } else if has(tag, "IdType", "pii") {
            draft.entry.ids.pii = draft.entry.ids.pii.take().or(Pii::parse(&word(xml)?));
        } else {
            skip(xml, tag)?;
        }
        Ok(())
    })
}

impl Draft {
    /// What the whole record decides.
    pub(super) fn finish(mut self) -> (Entry, Vec<String>) {
        let entry = &mut self.entry;
        if entry.title.is_empty() || is_placeholder(&entry.title) {
            if !self.vernacular_title.is_empty() {
                entry.title = self.vernacular_title;
            } else if entry.title.is_empty() {
                self.oddities.push("it has no title".to_owned());
                entry.title = RichText::from_plain("[No title]");
            }
        }
        entry.ids.doi = entry.ids.doi.take().or(self.listed_doi);
        entry.published_on = appeared(self.printed_on, self.online_on);
        for section in &entry.abstract_sections {
            for nct in find_ncts(section.text.as_html()) {
                if !entry.trials.contains(&nct) && entry.trials.len() < caps::WORDS {
                    entry.trials.push(nct);
                }
            }
        }
        match entry.ids.pmid {
            Some(pmid) => {
                entry.link = Some(pmid.url());
                entry.source_key = format!("pubmed:{pmid}");
            }
            None => self.oddities.push("it has no PMID".to_owned()),
        }
        entry.complete = true;
        (self.entry, self.oddities)
    }
}

/// What NLM writes where a record has only a vernacular title.
fn is_placeholder(title: &RichText) -> bool {
    matches!(title.as_html(), "[Not Available]." | "[Not Available]" | "Not Available.")
}
