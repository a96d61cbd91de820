//! Authors' names as feeds write them: one each, or many in one field, in either order.
//!
//! Only form is judged here; a name that cannot be split stays whole in `family`.

use crate::domain::entry::Author;
use crate::domain::text::fold_plain;

use super::caps;
use super::markup::{rich_text, unescape};

/// Lower-case words that belong to the family name after them.
const PARTICLES: &[&str] = &[
    "af", "al", "ap", "av", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du",
    "el", "ibn", "la", "las", "le", "lo", "los", "op", "san", "st", "st.", "'t", "te", "ten", "ter", "van",
    "vom", "von", "vonder", "vander", "y", "zu", "zum", "zur",
];

/// What follows a family name.
const SUFFIXES: &[&str] = &["jr", "jr.", "sr", "sr.", "ii", "iii", "iv"];

/// Words that only a group's name holds.
const GROUP_WORDS: &[&str] = &[
    "association",
    "collaboration",
    "collaborative",
    "collaborators",
    "committee",
    "consortium",
    "council",
    "federation",
    "foundation",
    "group",
    "initiative",
    "institute",
    "investigators",
    "network",
    "organisation",
    "organization",
    "registry",
    "research",
    "society",
    "study",
    "taskforce",
    "team",
    "trial",
    "trialists",
    "university",
    "workgroup",
];

/// Reads a field that holds one name or a list: `;`, `,`, "and" and "&" separate, "Last, First" and "Family IN" are
/// recognised, "et al." is dropped.
pub fn read_names(text: &str) -> Vec<Author> {
    let whole = clean(text, caps::HTML);
    let mut names = Vec::new();
    for part in split_list(&whole) {
        names.extend(read_name(&part));
        if names.len() >= caps::AUTHORS {
            break;
        }
    }
    names
}

/// Reads one name; `None` where nothing is left of it. "Last, First" is understood, a comma never means two people.
pub fn read_name(text: &str) -> Option<Author> {
    let name = clean(text, caps::AUTHOR);
    let name = name.trim_matches([' ', ',', ';', '*']).trim_end_matches(" and");
    if !name.chars().any(char::is_alphanumeric) || is_et_al(name) {
        return None;
    }
    if is_group(name) {
        return Some(Author::Collective { collective: name.to_owned() });
    }
    if let Some((family, given)) = name.split_once(',') {
        return Some(person(family, given));
    }
    let words: Vec<&str> = name.split(' ').collect();
    Some(match words.as_slice() {
        [family @ .., initials] if ends_in_initials(family, initials) => person(&family.join(" "), initials),
        [_] | [] => person(name, ""),
        words => {
            let start = family_start(words);
            person(&words[start..].join(" "), &words[..start].join(" "))
        }
    })
}

fn person(family: &str, given: &str) -> Author {
    let (family, given) = (family.trim(), given.trim());
    let (family, given) = if family.is_empty() { (given, "") } else { (family, given) };
    Author::Person { family: family.to_owned(), given: given.trim_end_matches([',', ';']).to_owned() }
}

/// Where the family name begins in "Given Middle van der Family Jr".
fn family_start(words: &[&str]) -> usize {
    let is = |list: &[&str], word: &str| list.contains(&word.to_lowercase().as_str());
    let mut start = words.len() - 1;
    if start > 1 && is(SUFFIXES, words[start]) {
        start -= 1;
    }
    // a particle is written small, or it is the person's own name ("Van", "Al")
    while start > 1 && is(PARTICLES, words[start - 1]) && words[start - 1].starts_with(char::is_lowercase) {
        start -= 1;
    }
    if start == 1 && is(PARTICLES, words[0]) && words[0].starts_with(char::is_lowercase) { 0 } else { start }
}

/// "J", "JR", "J.-P.", "JMA": letters that are all capitals, at most four of them.
fn are_initials(word: &str) -> bool {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    (1..=4).contains(&letters.len())
        && letters.iter().all(|letter| letter.is_uppercase())
        && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '‐'))
        && letters.iter().all(|letter| !is_ideograph(*letter))
}

/// "Example AB" and not "Ada M. LEE" or "ADA LEE".
fn ends_in_initials(family: &[&str], initials: &str) -> bool {
    let letters = initials.chars().filter(|c| c.is_alphabetic()).count();
    let shouted = family.iter().all(|word| !word.contains(char::is_lowercase));
    !family.is_empty()
        && are_initials(initials)
        && !family.iter().any(|word| are_initials(word) && word.len() <= 2)
        && letters <= if shouted { 2 } else { 3 }
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
}

fn is_group(name: &str) -> bool {
    name.split(' ').count() > 1
        && name
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| GROUP_WORDS.contains(&word.to_lowercase().as_str()))
}

fn is_et_al(name: &str) -> bool {
    matches!(name.to_lowercase().trim_end_matches('.'), "et al" | "et. al" | "others" | "and others")
}

/// Plain text without e-mail addresses: "a@b.org (Name)" is the name (RSS 2.0, `author`).
fn clean(text: &str, max_bytes: usize) -> String {
    let plain =
        if text.contains('<') { rich_text(text, max_bytes).to_plain() } else { unescape(text).into_owned() };
    let folded = fold_plain(&plain, max_bytes);
    if !folded.contains('@') {
        return folded;
    }
    if let Some((address, name)) = folded.split_once('(')
        && address.contains('@')
    {
        return name.trim_end_matches([')', ' ']).to_owned();
    }
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.contains('@')).collect();
    words.join(" ")
}

fn split_list(text: &str) -> Vec<String> {
    let text = text.replace(" & ", ", ");
    // the full stop of "Example A, Sample B." is the sentence's
    let text = match text.trim_end().strip_suffix('.') {
        Some(head) if !head.contains('.') && first_ends_with_initials(head) => head.to_owned(),
        _ => text,
    };
    if text.contains(';') {
        return text.split(';').map(str::to_owned).collect();
    }
    let text = text.replace(", and ", ", ").replace(" and ", ", ");
    let parts: Vec<&str> = text
        .split([',', '，', '、'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && !is_et_al(part))
        .collect();
    let pairs = parts.len() >= 2
        && parts.len().is_multiple_of(2)
        && parts.chunks(2).all(|pair| !are_initials(pair[0]) && are_spaced_initials(pair[1]));
    let inverted = parts.len() == 2 && is_family(parts[0]) && is_given(parts[1]);
    if is_group(&text) && parts.len() == 2 && !pairs {
        return vec![text];
    }
    if pairs || inverted {
        return parts.chunks(2).map(|pair| pair.join(", ")).collect();
    }
    parts.into_iter().map(str::to_owned).collect()
}

/// "Example AB, …"
fn first_ends_with_initials(text: &str) -> bool {
    text.split_once(',')
        .and_then(|(first, _)| first.rsplit_once(' '))
        .is_some_and(|(_, word)| are_initials(word))
}

/// "J. P.", "Y.", "K. K."
fn are_spaced_initials(text: &str) -> bool {
    text.split(' ').all(are_initials)
}

/// "Müller", "van der Berg": one capitalised word, particles before it.
fn is_family(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let particles = words.len() - 1;
    words[..particles].iter().all(|word| PARTICLES.contains(&word.to_lowercase().as_str()))
        && !words.iter().any(|word| word.chars().any(is_ideograph))
}

/// "John", "John R.", "J R": what may follow the comma of one inverted name.
fn is_given(text: &str) -> bool {
    text.split(' ').count() <= 3 && !is_group(text) && !text.chars().any(is_ideograph)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inverted(text: &str) -> Vec<String> {
        read_names(text).iter().map(Author::inverted).collect()
    }

    #[test]
    fn one_name_is_split_in_either_order() {
        let table = [
            ("Ada M. Example", "Example, Ada M."),
            ("Example, Ada M.", "Example, Ada M."),
            ("Example AM", "Example, AM"),
            ("Ada van der Example", "van der Example, Ada"),
            ("van der Example, Ada", "van der Example, Ada"),
            ("Ada Example Jr.", "Example Jr., Ada"),
            ("Van Example", "Example, Van"),
            ("de Example A", "de Example, A"),
            ("Ada M. LEE", "LEE, Ada M."),
            ("ADA EXAM", "EXAM, ADA"),
            ("EXAMPLE AB", "EXAMPLE, AB"),
            ("示例名", "示例名"),
            ("Example", "Example"),
            ("desk@example.org (Ada Example)", "Example, Ada"),
            ("Ada Example desk@example.org", "Example, Ada"),
            ("Jo&#246;rg <b>Example</b>", "Example, Joörg"),
            ("The EXAMPLE Trial Investigators", "The EXAMPLE Trial Investigators"),
        ];
        for (text, expected) in table {
            assert_eq!(inverted(text), [expected], "{text}");
        }
    }

    #[test]
    fn lists_are_taken_apart() {
        let table: [(&str, &[&str]); 8] = [
            (
                "García-Example J, Sample F, Muster M, et al. ",
                &["García-Example, J", "Sample, F", "Muster, M"],
            ),
            ("Example, A. B., Sample, C., Muster, D. E.", &["Example, A. B.", "Sample, C.", "Muster, D. E."]),
            ("Ada Example, Bea Sample and Cy Muster", &["Example, Ada", "Sample, Bea", "Muster, Cy"]),
            ("Doan-Example, Hai; Nguyen-Sample, Lam", &["Doan-Example, Hai", "Nguyen-Sample, Lam"]),
            ("Ada Example, Bea Sample", &["Example, Ada", "Sample, Bea"]),
            ("de Example A, Sample G, da Muster M. ", &["de Example, A", "Sample, G", "da Muster, M"]),
            ("示例甲,示例乙,示例丙", &["示例甲", "示例乙", "示例丙"]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(inverted(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_name_is_empty(text in "(,|;| |and|et al|[A-Z]|[a-z]{1,5}|van|@|\\(|\\)|<b>|&amp;|\\PC){0,20}") {
            for author in read_names(&text) {
                prop_assert!(!author.display().trim().is_empty());
            }
        }
    }
}
