//! Full-text search: every FTS5 query is here.

/// Spellings that the stemmer does not join, British and American (one form each side, stems included).
const SPELLINGS: &[(&str, &str)] = &[
    ("anaemia", "anemia"),
    ("anaesthesia", "anesthesia"),
    ("anaesthetic", "anesthetic"),
    ("centre", "center"),
    ("coagulopathy", "coagulopathies"),
    ("defibrillation", "defibrillate"),
    ("fibre", "fiber"),
    ("foetal", "fetal"),
    ("haematocrit", "hematocrit"),
    ("haematology", "hematology"),
    ("haemodilution", "hemodilution"),
    ("haemodynamic", "hemodynamic"),
    ("haemofiltration", "hemofiltration"),
    ("haemoglobin", "hemoglobin"),
    ("haemolysis", "hemolysis"),
    ("haemorrhage", "hemorrhage"),
    ("haemostasis", "hemostasis"),
    ("hypovolaemia", "hypovolemia"),
    ("hypoxaemia", "hypoxemia"),
    ("ischaemia", "ischemia"),
    ("ischaemic", "ischemic"),
    ("leucocyte", "leukocyte"),
    ("neonate", "newborn"),
    ("normothermia", "normothermic"),
    ("oedema", "edema"),
    ("oesophageal", "esophageal"),
    ("oxygenation", "oxygenator"),
    ("paediatric", "pediatric"),
    ("randomised", "randomized"),
    ("septicaemia", "septicemia"),
    ("tumour", "tumor"),
];

/// A hit with its place in the text. The snippet is plain text with U+0002 before and U+0003 after each match:
/// escape it first, then turn the marks into tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What was found.
    pub item: T,
    /// About thirty words around the best match.
    pub snippet: String,
}

/// The FTS5 expression for what a person typed: every word must occur (the last as a prefix), quoted so that no
/// operator of FTS5's is ever reached (`GLP-1` unquoted is an error). `None` without a letter or digit; at most 16 words.
pub(super) fn match_expression(words: &str) -> Option<String> {
    let terms = match_terms(words, LastWord::Begins);
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

/// How the last of the words is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastWord {
    /// It is whole, as the others are.
    IsWhole,
    /// It may be the beginning of a word. FTS5 then joins the lists of all such words anew in each statement.
    Begins,
}

/// The same, a term for each word.
pub(super) fn match_terms(words: &str, last_word: LastWord) -> Vec<String> {
    let words: Vec<&str> =
        words.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).take(16).collect();
    let last = words.len().saturating_sub(1);
    let term = |(index, word): (usize, &&str)| {
        let mut alternatives = Vec::new();
        for spelling in digit_spellings(word) {
            let quoted = quote(&spelling);
            if last_word == LastWord::Begins && index == last && word.chars().count() >= 3 {
                alternatives.extend([quoted.clone(), format!("{quoted}*")]);
            } else {
                alternatives.push(quoted);
            }
        }
        let lower = word.to_lowercase();
        for (british, american) in SPELLINGS {
            if lower.starts_with(british.trim_end_matches('e')) {
                alternatives.push(quote(american));
            } else if lower.starts_with(american.trim_end_matches('e')) {
                alternatives.push(quote(british));
            }
        }
        format!("({})", alternatives.join(" OR "))
    };
    words.iter().enumerate().map(term).collect()
}

/// A word as it was typed and, where digits follow letters, as the other half of authors write it: "CO2" and "CO₂".
fn digit_spellings(word: &str) -> Vec<String> {
    let on_line: String = word.chars().map(|c| lowered(c).unwrap_or(c)).collect();
    let mut after_letter = false;
    let below: String = (on_line.chars())
        .map(|c| {
            let digit = c.to_digit(10).filter(|_| after_letter);
            after_letter = c.is_alphabetic() || digit.is_some();
            digit.and_then(|digit| char::from_u32(0x2080 + digit)).unwrap_or(c)
        })
        .collect();
    let mut spellings = vec![word.to_owned()];
    for other in [on_line, below] {
        if !spellings.contains(&other) {
            spellings.push(other);
        }
    }
    spellings
}

/// The plain digit of a subscript or superscript one.
fn lowered(c: char) -> Option<char> {
    let digit = match c {
        '₀'..='₉' => u32::from(c) - 0x2080,
        '⁰' | '⁴'..='⁹' => u32::from(c) - 0x2070,
        '¹' => 1,
        '²' | '³' => u32::from(c) - 0xB0,
        _ => return None,
    };
    char::from_digit(digit, 10)
}

fn quote(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\"").replace('\0', ""))
}

#[cfg(test)]
mod tests {
    use super::match_expression;

    #[test]
    fn what_a_person_types_never_reaches_an_operator() {
        assert_eq!(match_expression("GLP-1 NOT"), Some("(\"GLP-1\") AND (\"NOT\" OR \"NOT\"*)".into()));
        assert_eq!(match_expression("a\"b"), Some("(\"a\"\"b\" OR \"a\"\"b\"*)".into()));
        assert_eq!(match_expression(" * - \" "), None);
    }

    #[test]
    fn co2_is_found_however_its_digit_is_written() {
        let expected = |typed: &str| match_expression(&format!("{typed} x")).unwrap();
        assert_eq!(expected("CO2"), "(\"CO2\" OR \"CO₂\") AND (\"x\")");
        assert_eq!(expected("CO₂"), "(\"CO₂\" OR \"CO2\") AND (\"x\")");
        assert_eq!(expected("m²"), "(\"m²\" OR \"m2\" OR \"m₂\") AND (\"x\")");
        assert_eq!(expected("2020"), "(\"2020\") AND (\"x\")");
    }

    #[test]
    fn british_words_find_american_ones() {
        assert!(match_expression("haemolysis").unwrap().contains("hemolysis"));
        assert!(match_expression("ischemia").unwrap().contains("ischaemia"));
    }
}
