//! A small query language for services that cannot search: words, "phrases", AND, OR, NOT, parentheses.
//!
//! `ECMO AND ("cardiac arrest" OR resuscitat*) NOT neonatal`. Words side by side are joined by AND, which binds closer
//! than OR; a * at the end takes every ending. Words are compared without regard to case, hyphens part words
//! ("VA-ECMO" is a phrase of two), and raised or lowered digits are digits (CO₂ is CO2).

use unicode_normalization::UnicodeNormalization;

/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 32;

/// A query, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordQuery(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// Words in a row.
    Phrase(Vec<Word>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    stem: String,
    is_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Text(String),
}

impl WordQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that starts with "query:".
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = read_tokens(text)?.into_iter().peekable();
        let node = read_any(&mut tokens, 0)?;
        match tokens.next() {
            None => {}
            Some(Token::Close) => return Err("a ) has no (".to_owned()),
            Some(token) => return Err(format!("{token:?} stands where nothing is expected")),
        }
        let query = Self(node);
        if query.matches("") {
            return Err("only says what is not wanted, and would take everything else".to_owned());
        }
        Ok(query)
    }

    /// Whether the query finds the text.
    pub fn matches(&self, text: &str) -> bool {
        find(&self.0, &split_words(text))
    }
}

fn find(node: &Node, words: &[String]) -> bool {
    match node {
        Node::Phrase(phrase) => words.windows(phrase.len()).any(|row| {
            row.iter().zip(phrase).all(|(word, wanted)| match wanted.is_open {
                true => word.starts_with(&wanted.stem),
                false => *word == wanted.stem,
            })
        }),
        Node::All(nodes) => nodes.iter().all(|node| find(node, words)),
        Node::Any(nodes) => nodes.iter().any(|node| find(node, words)),
        Node::Not(node) => !find(node, words),
    }
}

fn split_words(text: &str) -> Vec<String> {
    let folded = text.nfkc().collect::<String>().to_lowercase();
    let words = folded.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn read_tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' => {
                let end = rest[1..].find('"').ok_or("a quotation mark is missing")?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            }
            _ => {
                let is_end = |character: char| character.is_whitespace() || "()\"".contains(character);
                let end = rest.find(is_end).unwrap_or(rest.len());
                let token = match &rest[..end] {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    word => Token::Text(word.to_owned()),
                };
                (token, end)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn read_any(tokens: &mut Tokens, depth: usize) -> Result<Node, String> {
    let mut nodes = vec![read_all(tokens, depth)?];
    while tokens.next_if_eq(&Token::Or).is_some() {
        nodes.push(read_all(tokens, depth)?);
    }
    Ok(join(nodes, Node::Any))
}

fn read_all(tokens: &mut Tokens, depth: usize) -> Result<Node, String> {
    let mut nodes = vec![read_one(tokens, depth)?];
    loop {
        match tokens.peek() {
            Some(Token::And) => {
                tokens.next();
            }
            Some(Token::Text(_) | Token::Open | Token::Not) => {}
            Some(Token::Or | Token::Close) | None => return Ok(join(nodes, Node::All)),
        }
        nodes.push(read_one(tokens, depth)?);
    }
}

fn read_one(tokens: &mut Tokens, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err(format!("nests deeper than {MAX_DEPTH} levels"));
    }
    match tokens.next() {
        Some(Token::Not) => Ok(Node::Not(Box::new(read_one(tokens, depth + 1)?))),
        Some(Token::Open) => {
            let inner = read_any(tokens, depth + 1)?;
            tokens.next_if_eq(&Token::Close).ok_or("a ) is missing")?;
            Ok(inner)
        }
        Some(Token::Text(text)) => read_phrase(&text),
        Some(Token::And | Token::Or) => Err("AND or OR has nothing before it".to_owned()),
        Some(Token::Close) => Err("a ) has nothing before it".to_owned()),
        None => Err("ends where a word is expected".to_owned()),
    }
}

fn read_phrase(text: &str) -> Result<Node, String> {
    let is_open = text.ends_with('*');
    let words = split_words(text);
    let last = words.len().checked_sub(1).ok_or_else(|| format!("{text:?} has no letters"))?;
    let word = |(index, stem): (usize, String)| Word { stem, is_open: is_open && index == last };
    Ok(Node::Phrase(words.into_iter().enumerate().map(word).collect()))
}

fn join(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1 { nodes.remove(0) } else { several(nodes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(query: &str, text: &str) -> bool {
        WordQuery::parse(query).unwrap().matches(text)
    }

    #[test]
    fn words_phrases_and_operators_mean_what_they_say() {
        let text = "VA-ECMO after refractory cardiac arrest: extracorporeal CO₂ removal";
        for query in [
            "ecmo",
            "\"cardiac arrest\"",
            "va-ecmo AND CO2",
            "neonatal OR ecmo",
            "ecmo NOT neonatal",
            "(neonatal OR refractory) extracorp*",
            "neonatal AND foetal OR ecmo",
            "\"cardiac arr*\"",
        ] {
            assert!(finds(query, text), "{query}");
        }
        for query in [
            "neonatal",
            "\"arrest cardiac\"",
            "ecm",
            "arr",
            "ecmo NOT arrest",
            "ecmo AND (neonatal OR foetal)",
            "\"extracorporeal removal\"",
        ] {
            assert!(!finds(query, text), "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (query, what) in [
            ("", "ends where a word is expected"),
            ("(ECMO", "a ) is missing"),
            ("ECMO)", "a ) has no ("),
            ("()", "a ) has nothing before it"),
            ("OR ECMO", "AND or OR has nothing before it"),
            ("ECMO OR", "ends where a word is expected"),
            ("\"ECMO", "a quotation mark is missing"),
            ("ECMO AND --", "\"--\" has no letters"),
            ("NOT ECMO", "only says what is not wanted, and would take everything else"),
        ] {
            assert_eq!(WordQuery::parse(query).unwrap_err(), what, "{query}");
        }
        assert!(WordQuery::parse(&"(".repeat(5_000)).unwrap_err().contains("deeper"));
        assert!(WordQuery::parse(&"NOT ".repeat(5_000)).unwrap_err().contains("deeper"));
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "(AND |OR |NOT |[()\"*-]|ECMO |\\PC){0,40}", text in "\\PC{0,80}") {
            if let Ok(query) = WordQuery::parse(&query) {
                let _ = query.matches(&text);
            }
        }
    }
}
