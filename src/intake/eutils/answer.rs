//! Reading what E-utilities answer: search results, and the refusals that arrive as a success.
//!
//! Pure. The service answers 200 with `<ERROR>` elements, HTML, or JSON to an XML call; none of these may pass for
//! "no records".

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::domain::identity::Pmid;
use crate::domain::text::fold_plain;

/// An answer that is no answer, in the server's words (not yet cleared of our key).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// "API rate limit exceeded".
    RateLimited(String),
    /// The stored search (`WebEnv`) has expired.
    HistoryGone(String),
    /// Any other message.
    Said(String),
    /// The query uses a field that PubMed does not have, and was searched without it.
    FieldUnknown(String),
    /// Not an answer of this service at all; what it looks like.
    Unreadable(String),
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) count: usize,
    pub(super) ids: Vec<Pmid>,
    pub(super) web_env: Option<String>,
    pub(super) query_key: Option<String>,
    /// What PubMed remarked: phrases it does not know, "No items found."
    pub(super) remarks: Vec<String>,
}

/// Finds out whether a body is a refusal.
pub(super) fn find_refusal(body: &[u8]) -> Option<Refusal> {
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    let starts_with = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    match text.first() {
        None => Some(Refusal::Unreadable("the answer is empty".to_owned())),
        Some(b'{' | b'[') => Some(read_json_refusal(text)),
        _ if starts_with("<!doctype html") || starts_with("<html") => {
            Some(Refusal::Unreadable(format!("the answer is a web page{}", describe_page(text))))
        }
        Some(b'<') => read_xml_refusal(text),
        Some(_) => Some(Refusal::Unreadable(format!("the answer begins with {:?}", shorten(text)))),
    }
}

/// Reads an esearch result; call it after [`find_refusal`].
pub(super) fn read_found(body: &[u8]) -> Result<Found, Refusal> {
    let mut found = Found::default();
    let mut count = None;
    let mut unknown_field = None;
    walk_leaves(body, |path, text| match path {
        "eSearchResult/Count" => count = text.parse().ok(),
        "eSearchResult/WebEnv" => found.web_env = Some(text.to_owned()).filter(|text| !text.is_empty()),
        "eSearchResult/QueryKey" => found.query_key = Some(text.to_owned()).filter(|text| !text.is_empty()),
        "eSearchResult/IdList/Id" => found.ids.extend(Pmid::parse(text)),
        "eSearchResult/ErrorList/FieldNotFound" => unknown_field = Some(text.to_owned()),
        "eSearchResult/ErrorList/PhraseNotFound" => {
            found
                .remarks
                .push(format!("PubMed does not know the phrase {:?} and ignored it", fold_plain(text, 200)));
        }
        "eSearchResult/WarningList/OutputMessage" | "eSearchResult/WarningList/QuotedPhraseNotFound" => {
            found.remarks.push(fold_plain(text, 200));
        }
        _ => {}
    })
    .map_err(Refusal::Unreadable)?;
    if let Some(field) = unknown_field {
        return Err(Refusal::FieldUnknown(fold_plain(&field, 200)));
    }
    found.count = count.ok_or_else(|| Refusal::Unreadable("the search result has no Count".to_owned()))?;
    Ok(found)
}

fn read_json_refusal(text: &[u8]) -> Refusal {
    // only the first value: the documented answers are sometimes several, one a line
    let first = serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>().next();
    let said = first.and_then(Result::ok).and_then(|value| {
        let message = value.get("error").or_else(|| value.get("esearchresult")?.get("ERROR"))?;
        Some(fold_plain(message.as_str()?, 300))
    });
    match said {
        Some(said) => name_message(said),
        None => {
            Refusal::Unreadable(format!("the answer is JSON where XML was asked for: {:?}", shorten(text)))
        }
    }
}

fn read_xml_refusal(text: &[u8]) -> Option<Refusal> {
    if !text.windows(7).any(|window| window == b"<ERROR>" || window == b"<ERROR ") {
        return None;
    }
    let mut messages = Vec::new();
    // a document that breaks later on still says what it said
    let _ = walk_leaves(text, |path, text| {
        if path.split('/').count() == 2 && path.ends_with("/ERROR") {
            messages.push(fold_plain(text, 300));
        }
    });
    (!messages.is_empty()).then(|| name_message(messages.join("; ")))
}

fn name_message(said: String) -> Refusal {
    let lower = said.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if speaks_of(&["rate limit", "too many requests"]) {
        Refusal::RateLimited(said)
    } else if speaks_of(&["webenv", "query_key", "obtain query", "history"]) {
        Refusal::HistoryGone(said)
    } else {
        Refusal::Said(said)
    }
}

/// `: "Title"` of a web page, if it has one.
fn describe_page(text: &[u8]) -> String {
    let head = String::from_utf8_lossy(&text[..text.len().min(4096)]);
    let lower = head.to_ascii_lowercase();
    let title = lower.find("<title>").map(|at| at + 7).and_then(|start| {
        let length = lower.get(start..)?.find("</title")?;
        head.get(start..start + length).map(|title| fold_plain(title, 120))
    });
    title.map(|title| format!(": {title:?}")).unwrap_or_default()
}

fn shorten(text: &[u8]) -> String {
    fold_plain(&String::from_utf8_lossy(&text[..text.len().min(200)]), 80)
}

/// Calls `leaf` with path ("eSearchResult/Count") and text at the end of each element; the error is a sentence.
fn walk_leaves(xml: &[u8], mut leaf: impl FnMut(&str, &str)) -> Result<(), String> {
    const DEEPEST: usize = 32;
    let text = String::from_utf8_lossy(xml);
    let mut reader = Reader::from_str(&text);
    let (mut path, mut starts, mut content) = (String::new(), Vec::new(), String::new());
    let mut seen = false;
    loop {
        let at = reader.buffer_position();
        match reader.read_event().map_err(|error| format!("the XML is broken at byte {at}: {error}"))? {
            Event::Start(start) => {
                if starts.len() == DEEPEST {
                    return Err("the XML is nested too deeply".to_owned());
                }
                seen = true;
                starts.push(path.len());
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(start.local_name().as_ref());
                content.clear();
            }
            Event::Text(piece) => content.push_str(&piece.xml10_content()),
            Event::CData(piece) => content.push_str(&piece.xml10_content()),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", name.xml10_content());
                content.push_str(&html_escape::decode_html_entities(&entity));
            }
            Event::End(_) => {
                leaf(&path, content.trim());
                content.clear();
                path.truncate(starts.pop().unwrap_or_default());
            }
            Event::Eof if !starts.is_empty() => return Err("the XML ends in the middle".to_owned()),
            Event::Eof if !seen => return Err("the XML holds nothing".to_owned()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_result_gives_count_ids_and_history_and_not_the_counts_inside_the_translation() {
        let body = b"<?xml version=\"1.0\"?><!DOCTYPE eSearchResult PUBLIC \"-//NLM//DTD esearch 20060628//EN\" \"https://x/esearch.dtd\">
            <eSearchResult><Count>2</Count><RetMax>2</RetMax><QueryKey>1</QueryKey><WebEnv>MCID_a&amp;b</WebEnv>
            <IdList>\n<Id>11</Id>\n<Id>12</Id>\n</IdList><TranslationStack><TermSet><Term>ecmo</Term><Count>9</Count>
            </TermSet></TranslationStack><ErrorList><PhraseNotFound>ecmoo</PhraseNotFound></ErrorList></eSearchResult>";
        assert_eq!(find_refusal(body), None);
        let found = read_found(body).unwrap();
        assert_eq!((found.count, found.ids.as_slice()), (2, [Pmid(11), Pmid(12)].as_slice()));
        assert_eq!((found.web_env.as_deref(), found.query_key.as_deref()), (Some("MCID_a&b"), Some("1")));
        assert!(found.remarks[0].contains("ecmoo"));
    }

    #[test]
    fn refusals_in_the_clothes_of_success_are_recognised() {
        let named = |body: &str| find_refusal(body.as_bytes());
        let limit = "{\"error\":\"API rate limit exceeded\",\"count\":\"11\"}\n{\"error\":\"again\"}";
        assert_eq!(named(limit), Some(Refusal::RateLimited("API rate limit exceeded".into())));
        let empty_id = "<?xml version=\"1.0\"?><eFetchResult>\n<ERROR>Supplied id parameter is empty.</ERROR></eFetchResult>";
        assert_eq!(named(empty_id), Some(Refusal::Said("Supplied id parameter is empty.".into())));
        let expired = "<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>";
        assert!(matches!(named(expired), Some(Refusal::HistoryGone(_))));
        let page = "\u{feff}\n<!DOCTYPE HTML><html><head><title>NCBI - \x1b[1m Down</title>";
        assert_eq!(
            named(page),
            Some(Refusal::Unreadable("the answer is a web page: \"NCBI - [1m Down\"".into()))
        );
        for (body, what) in
            [("", "empty"), ("  \n", "empty"), ("Bad Gateway", "begins"), ("[1]", "JSON"), ("{", "JSON")]
        {
            let Some(Refusal::Unreadable(said)) = named(body) else { panic!("{body:?}") };
            assert!(said.contains(what), "{said}");
        }
        assert_eq!(
            named("<PubmedArticleSet><PubmedArticle>&lt;ERROR&gt;</PubmedArticle></PubmedArticleSet>"),
            None
        );
    }

    #[test]
    fn a_search_result_that_is_broken_or_means_another_query_is_no_result() {
        let field = "<eSearchResult><Count>5</Count><ErrorList><FieldNotFound>tiab2</FieldNotFound></ErrorList></eSearchResult>";
        assert_eq!(read_found(field.as_bytes()), Err(Refusal::FieldUnknown("tiab2".into())));
        for body in [
            "<eSearchResult><Count>5</Count>",
            "<eSearchResult></eSearchResult>",
            "<eSearchResult><Count>many</Count></eSearchResult>",
            "<!-- -->",
        ] {
            assert!(matches!(read_found(body.as_bytes()), Err(Refusal::Unreadable(_))), "{body}");
        }
        assert!(read_found("<a>".repeat(100_000).as_bytes()).is_err());
    }
}
