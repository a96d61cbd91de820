//! What an abstract's own labels say about its sentences: NLM's category first, then the printed label.
//!
//! NLM maps labels to five categories (<https://www.nlm.nih.gov/bsd/policy/structured_abstracts.html>). A label that
//! names several parts ("METHODS AND RESULTS") allows each of them, and the words of the sentences decide.

use std::ops::Range;

use super::roles::{Part, Parts};

/// Words of labels and the part they announce; the first that begins a word of the label counts.
const LABEL_WORDS: [(&str, Part); 56] = [
    ("background", Part::Background),
    ("introduction", Part::Background),
    ("context", Part::Background),
    ("rationale", Part::Background),
    ("importance", Part::Background),
    ("objective", Part::Objective),
    ("aim", Part::Objective),
    ("purpose", Part::Objective),
    ("goal", Part::Objective),
    ("hypothes", Part::Objective),
    ("question", Part::Objective),
    ("method", Part::Methods),
    ("design", Part::Methods),
    ("setting", Part::Methods),
    ("patient", Part::Methods),
    ("participant", Part::Methods),
    ("subject", Part::Methods),
    ("population", Part::Methods),
    ("animal", Part::Methods),
    ("intervention", Part::Methods),
    ("exposure", Part::Methods),
    ("measure", Part::Methods),
    ("outcome", Part::Methods),
    ("endpoint", Part::Methods),
    ("material", Part::Methods),
    ("analys", Part::Methods),
    ("statistic", Part::Methods),
    ("procedure", Part::Methods),
    ("data", Part::Methods),
    ("search", Part::Methods),
    ("selection", Part::Methods),
    ("eligib", Part::Methods),
    ("sample", Part::Methods),
    ("synthes", Part::Methods),
    ("appraisal", Part::Methods),
    ("result", Part::Result),
    ("finding", Part::Result),
    ("observation", Part::Result),
    ("conclusion", Part::Conclusion),
    ("conclude", Part::Conclusion),
    ("interpretation", Part::Conclusion),
    ("discussion", Part::Conclusion),
    ("implication", Part::Conclusion),
    ("significance", Part::Conclusion),
    ("relevance", Part::Conclusion),
    ("comment", Part::Conclusion),
    ("limitation", Part::Conclusion),
    ("summary", Part::Conclusion),
    ("registration", Part::Other),
    ("registry", Part::Other),
    ("funding", Part::Other),
    ("support", Part::Other),
    ("supplement", Part::Other),
    ("identifier", Part::Other),
    ("keyword", Part::Other),
    ("copyright", Part::Other),
];

/// Words that change what another word of the same label means: "main outcome measures and results" is still both, but
/// "trial registration", "clinical trial number" and "level of evidence" are no part of the story.
const OTHER_LABELS: [&str; 5] =
    ["trial number", "level of evidence", "clinical trial", "trial reg", "electronic supplementary"];

/// What the sentences under a category and a label may be; all parts where neither says anything.
pub(super) fn parts_of(category: Option<&str>, label: Option<&str>) -> Parts {
    let named = label.map_or(Parts::NONE, parts_of_label);
    let category = category.map_or(Parts::NONE, |category| match category {
        "BACKGROUND" => Parts::of(&[Part::Background]),
        "OBJECTIVE" => Parts::of(&[Part::Objective]),
        "METHODS" => Parts::of(&[Part::Methods]),
        "RESULTS" => Parts::of(&[Part::Result]),
        "CONCLUSIONS" => Parts::of(&[Part::Conclusion]),
        _ => Parts::NONE,
    });
    let parts = match (category.is_empty(), named.len()) {
        // registrations are filed under METHODS or UNASSIGNED
        _ if named == Parts::of(&[Part::Other]) => named,
        (true, _) => named,
        (false, 0 | 1) => category,
        (false, _) => category.with(named),
    };
    match parts {
        _ if parts.is_empty() => Parts::ALL,
        // "Background" often ends with what was asked
        _ if parts == Parts::of(&[Part::Background]) => parts.with(Parts::of(&[Part::Objective])),
        _ => parts,
    }
}

/// The parts that a printed label names; none where it names none.
pub(super) fn parts_of_label(label: &str) -> Parts {
    let label = label.to_lowercase();
    if OTHER_LABELS.iter().any(|other| label.contains(other)) {
        return Parts::of(&[Part::Other]);
    }
    label
        .split(|c: char| !c.is_alphabetic())
        .filter_map(|word| LABEL_WORDS.iter().find(|(start, _)| word.starts_with(start)))
        .fold(Parts::NONE, |parts, (_, part)| parts.with(Parts::of(&[*part])))
}

/// Labels that count inside a text though they are not in capitals; singular or plural.
const TITLED: [&str; 15] = [
    "background",
    "introduction",
    "objective",
    "aim",
    "purpose",
    "method",
    "materials and method",
    "patients and method",
    "design",
    "result",
    "finding",
    "conclusion",
    "interpretation",
    "trial registration",
    "methods and result",
];

/// The paragraphs of a text that may carry its labels inline ("BACKGROUND: … METHODS: …"), labels left out. A label
/// stands at the start or after the end of a sentence and says what it announces; fewer than three kinds of
/// them are prose with colons, and the text is one paragraph.
pub(super) fn split_at_labels(text: &str) -> Vec<(Range<usize>, Parts)> {
    let mut paragraphs = Vec::new();
    let (mut start, mut parts, mut seen) = (0, Parts::ALL, Parts::NONE);
    for (colon, _) in text.match_indices(':') {
        let Some(label_start) = find_label(text, start, colon) else { continue };
        if label_start > start {
            paragraphs.push((start..label_start, parts));
        }
        parts = parts_of(None, Some(&text[label_start..colon]));
        seen = seen.with(parts_of_label(&text[label_start..colon]));
        start = colon + 1;
    }
    paragraphs.push((start..text.len(), parts));
    if seen.len() < 3 {
        return vec![(0..text.len(), Parts::ALL)];
    }
    paragraphs
}

/// Where the label that ends at `colon` begins, if there is one.
fn find_label(text: &str, paragraph: usize, colon: usize) -> Option<usize> {
    const LONGEST: usize = 60;
    let before = &text[paragraph..colon];
    let tail =
        (before.len().saturating_sub(LONGEST)..=before.len()).find(|at| before.is_char_boundary(*at))?;
    let line = match before[tail..].rfind(['.', '?', '!', ')', '\n']) {
        Some(stop) => tail + stop + 1,
        None if tail == 0 => 0,
        None => return None,
    };
    let label = before[line..].trim();
    let capitals =
        label.len() > 2 && !label.chars().any(char::is_lowercase) && label.split_whitespace().count() <= 6;
    let lower = label.to_lowercase();
    let titled = label.starts_with(char::is_uppercase) && TITLED.contains(&lower.trim_end_matches('s'));
    ((capitals || titled) && !parts_of_label(label).is_empty())
        .then(|| paragraph + line + before[line..].len() - before[line..].trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_decides_and_a_label_that_names_two_parts_allows_both() {
        assert_eq!(parts_of(Some("RESULTS"), Some("MAIN RESULTS")), Parts::of(&[Part::Result]));
        assert_eq!(
            parts_of(Some("RESULTS"), Some("METHODS AND RESULTS")),
            Parts::of(&[Part::Methods, Part::Result])
        );
        assert_eq!(parts_of(Some("METHODS"), Some("TRIAL REGISTRATION")), Parts::of(&[Part::Other]));
        assert_eq!(parts_of(None, Some("Interpretation")), Parts::of(&[Part::Conclusion]));
        assert_eq!(parts_of(None, Some("WHAT THIS PAPER ADDS")), Parts::ALL);
    }

    #[test]
    fn labels_inside_a_text_part_it_and_other_colons_do_not() {
        let text = "BACKGROUND: Lungs fail. METHODS: Ratio 1:2 was used: twice. RESULTS: Ten died.";
        let parts: Vec<&str> = split_at_labels(text).into_iter().map(|(span, _)| text[span].trim()).collect();
        assert_eq!(parts, ["Lungs fail.", "Ratio 1:2 was used: twice.", "Ten died."]);
    }
}
