//! A question outside the list of sources: a kind and a text, as the query lab and `source test --kind` take them.

use super::raw_source::RawSource;
use crate::domain::source::SourceKind;

/// The kinds that can be asked.
pub const QUESTION_KINDS: [&str; 7] =
    ["pubmed", "feed", "europepmc", "crossref", "trials", "medrxiv", "biorxiv"];

/// Reads a question; it is checked as a source in the list would be.
///
/// # Errors
/// What is wrong with it.
pub fn read_question(kind: &str, text: &str) -> Result<SourceKind, String> {
    let text = text.trim();
    let mut table = toml::Table::new();
    let mut set = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
    let list = || -> toml::Value {
        let words = text.split(|character: char| character.is_whitespace() || ",;|".contains(character));
        words.filter(|word| !word.is_empty()).map(|word| word.to_uppercase()).collect::<Vec<_>>().into()
    };
    let is_list_of_trials = text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("NCT"));
    set("name", "question".into());
    set("title", "question".into());
    set("kind", kind.into());
    match kind {
        "feed" => drop(set("url", text.into())),
        "crossref" => drop(set("issn", list())),
        "trials" if is_list_of_trials => drop(set("nct", list())),
        "trials" => {
            let (condition, intervention) = text.split_once(';').unwrap_or((text, ""));
            for (key, term) in [("condition", condition.trim()), ("intervention", intervention.trim())] {
                if !term.is_empty() {
                    set(key, term.into());
                }
            }
        }
        "medrxiv" | "biorxiv" => {
            set("kind", "preprints".into());
            set("server", kind.into());
            set("query", text.into());
        }
        _ => drop(set("query", text.into())),
    }
    let raw: RawSource = table.try_into().map_err(|error| error.to_string())?;
    raw.into_source().map(|source| source.kind)
}

/// The question that [`read_question`] would read as `kind`: its kind and text.
pub fn write_question(kind: &SourceKind) -> (&'static str, String) {
    match kind {
        SourceKind::Pubmed { query } | SourceKind::Europepmc { query } => (kind.as_str(), query.clone()),
        SourceKind::Feed { url } => ("feed", url.clone()),
        SourceKind::Crossref { issn } => ("crossref", issn.join(", ")),
        SourceKind::Preprints { server, query } => (server.as_str(), query.clone()),
        SourceKind::Trials { condition, intervention, nct } => {
            let numbers: Vec<&str> = nct.iter().map(|nct| nct.as_str()).collect();
            let text = match (numbers.is_empty(), intervention.is_empty()) {
                (false, _) => numbers.join(", "),
                (true, true) => condition.clone(),
                (true, false) => format!("{condition}; {intervention}"),
            };
            ("trials", text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::PreprintServer;

    #[test]
    fn each_kind_is_read_as_the_list_of_sources_would() {
        let read = |kind, text| {
            let question = read_question(kind, text).unwrap();
            let (kind, text) = write_question(&question);
            assert_eq!(read_question(kind, &text).as_ref(), Ok(&question), "it can be asked again");
            question
        };
        assert_eq!(read("pubmed", " ECMO[tiab]\n"), SourceKind::Pubmed { query: "ECMO[tiab]".into() });
        assert_eq!(
            read("feed", "https://x.example/f"),
            SourceKind::Feed { url: "https://x.example/f".into() }
        );
        let issn = vec!["0267-6591".to_owned(), "1477-111X".to_owned()];
        assert_eq!(read("crossref", "0267-6591, 1477-111x"), SourceKind::Crossref { issn });
        let SourceKind::Trials { condition, intervention, nct } = read("trials", "cardiac arrest; ECMO")
        else {
            panic!()
        };
        assert_eq!((condition.as_str(), intervention.as_str(), nct.len()), ("cardiac arrest", "ECMO", 0));
        let SourceKind::Trials { nct, .. } = read("trials", "nct01234567 NCT01234568") else { panic!() };
        assert_eq!(nct.len(), 2);
        let server = PreprintServer::Medrxiv;
        assert_eq!(
            read("medrxiv", "ECMO NOT mice"),
            SourceKind::Preprints { server, query: "ECMO NOT mice".into() }
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refuse = |kind, text| read_question(kind, text).unwrap_err();
        assert!(refuse("pubmed", "\"open").contains("quotation mark"));
        assert!(refuse("pubmed", "").contains("empty"));
        assert!(refuse("feed", "ftp://x.example/").contains("url"));
        assert!(refuse("crossref", "1234-5678").contains("no ISSN"));
        assert!(refuse("gopher", "x").contains("none of"));
        assert!(refuse("medrxiv", "NOT mice").contains("only says what is not wanted"));
    }
}
