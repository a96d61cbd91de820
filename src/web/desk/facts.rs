//! What is worth knowing of an article at a glance: where and when, what sort of study, badges in words, links out.

use crate::curation::document::Document;
use crate::curation::topics::{StudyType, study_design};
use crate::domain::article::Article;
use crate::domain::entry::{Author, WorkKind};
use crate::domain::text::RichText;
use crate::domain::time::PartialDate;
use crate::texts::Texts;

/// A word about an article, in words rather than colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) text: String,
    pub(crate) class: &'static str,
}

impl Badge {
    pub(crate) fn new(text: impl Into<String>, class: &'static str) -> Self {
        Self { text: text.into(), class }
    }
}

/// A link out.
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) text: String,
    pub(crate) main: bool,
}

/// "Perfusion · Jul 2021 · Randomised trial".
pub(crate) fn meta(article: &Article) -> String {
    let journal = &article.journal;
    let name = if journal.title.is_empty() { &journal.abbreviation } else { &journal.title };
    let date = article.published_on.as_ref().map(PartialDate::to_display).unwrap_or_default();
    let study = design(article);
    let parts: Vec<&str> =
        [name.as_str(), &date, &study].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// The study's design as the ranking sees it, capitalised; nothing where that is unknown.
fn design(article: &Article) -> String {
    let design = study_design(&Document::from_article(article, &[]));
    let mut label = design.label().chars();
    match (design, label.next()) {
        (StudyType::Other | StudyType::TrialRegistration, _) | (_, None) => String::new(),
        (_, Some(first)) => first.to_uppercase().chain(label).collect(),
    }
}

/// Badges in words, the gravest first.
pub(crate) fn badges(texts: &Texts, article: &Article, sources: usize) -> Vec<Badge> {
    let mut badges = Vec::new();
    let has = |wanted: &str| article.publication_types.iter().any(|found| found == wanted);
    if has("Retracted Publication") {
        badges.push(Badge::new(texts.t("badge-retracted"), "grave"));
    }
    if has("Retraction of Publication") || has("Retraction Notice") {
        badges.push(Badge::new(texts.t("badge-retraction-notice"), "grave"));
    }
    if has("Expression of Concern") {
        badges.push(Badge::new(texts.t("badge-concern"), "grave"));
    }
    match article.kind {
        WorkKind::Preprint => badges.push(Badge::new(texts.t("badge-preprint"), "caution")),
        WorkKind::Trial => badges.push(Badge::new(texts.t("badge-trial"), "plain")),
        WorkKind::Book => badges.push(Badge::new(texts.t("badge-book"), "plain")),
        WorkKind::Article => {}
    }
    if article.ids.pmcid.is_some() || article.free_full_text.is_some() {
        badges.push(Badge::new(texts.t("badge-free"), "good"));
    }
    if let Some(language) = article.language.as_deref().and_then(|code| foreign_language(texts, code)) {
        badges.push(Badge::new(texts.t("badge-language").with("language", language), "plain"));
    }
    if sources > 1 {
        badges.push(Badge::new(texts.t("badge-sources").with("count", sources), "plain"));
    }
    badges
}

fn foreign_language(texts: &Texts, code: &str) -> Option<String> {
    const NAMES: [(&str, &str); 16] = [
        ("ger", "language-de"),
        ("de", "language-de"),
        ("fre", "language-fr"),
        ("fr", "language-fr"),
        ("spa", "language-es"),
        ("es", "language-es"),
        ("ita", "language-it"),
        ("it", "language-it"),
        ("por", "language-pt"),
        ("pt", "language-pt"),
        ("jpn", "language-ja"),
        ("ja", "language-ja"),
        ("chi", "language-zh"),
        ("zh", "language-zh"),
        ("rus", "language-ru"),
        ("ru", "language-ru"),
    ];
    match code {
        "" | "eng" | "en" | "und" => None,
        code => {
            let known = NAMES.iter().find(|(known, _)| *known == code);
            Some(known.map_or_else(|| code.to_owned(), |(_, key)| texts.t(key).into()))
        }
    }
}

/// `lang` for a title as its source wrote it, where that is not the language `around` it. PubMed gives a title in
/// square brackets where it translated it into English (NLM, MEDLINE element TI).
pub(crate) fn title_lang(title: &RichText, language: Option<&str>, around: &str) -> Option<String> {
    let code = language?;
    let translated = code.len() == 3 && title.to_plain().starts_with('[');
    differing(if translated { "en" } else { code }, around)
}

/// `lang` for an abstract, likewise; PubMed's, whose languages have three letters, are English throughout.
pub(crate) fn abstract_lang(article: &Article, around: &str) -> Option<String> {
    let code = article.language.as_deref()?;
    differing(if code.len() == 3 { "en" } else { code }, around)
}

/// A language as `lang` names it (BCP 47: two letters where there are two), unless it is the one around.
fn differing(code: &str, around: &str) -> Option<String> {
    const SHORT: [(&str, &str); 16] = [
        ("eng", "en"),
        ("ger", "de"),
        ("fre", "fr"),
        ("spa", "es"),
        ("ita", "it"),
        ("por", "pt"),
        ("jpn", "ja"),
        ("chi", "zh"),
        ("rus", "ru"),
        ("dut", "nl"),
        ("pol", "pl"),
        ("cze", "cs"),
        ("tur", "tr"),
        ("kor", "ko"),
        ("hun", "hu"),
        ("und", ""),
    ];
    let main = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let code = main(code);
    let lang = SHORT.iter().find(|(long, _)| *long == code).map_or(code.as_str(), |(_, short)| short);
    let is_tag = matches!(lang.len(), 2 | 3) && lang.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_tag && lang != main(around)).then(|| lang.to_owned())
}

/// The first six names; groups are always named.
pub(crate) fn authors(texts: &Texts, authors: &[Author]) -> String {
    const SHOWN: usize = 6;
    let mut names: Vec<String> = authors.iter().take(SHOWN).map(Author::display).collect();
    names.extend(
        authors
            .iter()
            .skip(SHOWN)
            .filter(|author| matches!(author, Author::Collective { .. }))
            .map(Author::display),
    );
    let more = authors.len() - names.len();
    let names = names.join(", ");
    if more > 0 { texts.t("authors-more").with("names", names).with("more", more).into() } else { names }
}

/// What the work is known by elsewhere, to read and to copy: "PMID 123", "DOI 10.…", "PMCID PMC…".
pub(crate) fn identifiers(article: &Article) -> Vec<Link> {
    let ids = &article.ids;
    let pmid = ids.pmid.map(|pmid| (format!("PMID {}", pmid.0), pmid.url()));
    let doi = ids.doi.as_ref().map(|doi| (format!("DOI {}", doi.as_str()), doi.url()));
    let pmcid = ids.pmcid.as_ref().map(|pmcid| (format!("PMCID {}", pmcid.as_str()), pmcid.url()));
    [pmid, doi, pmcid].into_iter().flatten().map(|(text, url)| Link { url, text, main: false }).collect()
}

pub(crate) fn links(texts: &Texts, article: &Article) -> Vec<Link> {
    let ids = &article.ids;
    let known = [
        (article.best_link(), "link-open"),
        (ids.pmcid.as_ref().map(|pmcid| pmcid.url()).or(article.free_full_text.clone()), "link-free"),
        (ids.pmid.map(|pmid| pmid.url()), "link-pubmed"),
        (ids.nct.as_ref().map(|nct| nct.url()), "link-trial"),
    ];
    let mut links: Vec<Link> = Vec::new();
    for (url, key) in known {
        let Some(url) = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")) else {
            continue;
        };
        if links.iter().all(|link| link.url != url) {
            links.push(Link { main: links.is_empty(), url, text: texts.t(key).into() });
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_its_language_where_it_is_another_one() {
        let title = |text: &str, code| title_lang(&RichText::parse(text), code, "en");
        assert_eq!(title("Ein Titel", Some("ger")).as_deref(), Some("de"));
        assert_eq!(title("Ein Titel", Some("de-DE")).as_deref(), Some("de"));
        assert_eq!(title("[A title].", Some("ger")), None, "PubMed translated it");
        for code in [None, Some("eng"), Some("en"), Some("und"), Some(""), Some("\"><b>")] {
            assert_eq!(title("A title", code), None, "{code:?}");
        }
    }

    #[test]
    fn groups_are_never_lost_among_many_authors() {
        let mut many: Vec<Author> =
            (1..9).map(|n| Author::Person { family: format!("F{n}"), given: String::new() }).collect();
        many.push(Author::Collective { collective: "The Group".into() });
        assert_eq!(authors(Texts::of("en"), &many), "F1, F2, F3, F4, F5, F6, The Group and 2 more");
    }
}
