//! Abstracts whose headings run on into their text, as the preprint servers give them: "BackgroundThe shunt …".

use crate::domain::text::RichText;
use crate::intake::clean::{Block, cap_plain, caps, rich_text};

/// Headings of abstracts, longer ones before those that they begin with.
const HEADINGS: &[&str] = &[
    "Background and objectives",
    "Background and objective",
    "Background and aims",
    "Background and aim",
    "Background and purpose",
    "Background",
    "Introduction",
    "Importance",
    "Rationale",
    "Context",
    "Objectives",
    "Objective",
    "Purpose",
    "Aims",
    "Aim",
    "Hypothesis",
    "Design, setting, and participants",
    "Design",
    "Setting",
    "Participants",
    "Patients and methods",
    "Materials and methods",
    "Material and methods",
    "Methods and results",
    "Methods and findings",
    "Methods",
    "Method",
    "Interventions",
    "Intervention",
    "Main outcomes and measures",
    "Measurements and main results",
    "Main results",
    "Results",
    "Findings",
    "Conclusions and relevance",
    "Conclusions",
    "Conclusion",
    "Interpretation",
    "Discussion",
    "Significance",
    "Limitations",
    "Trial registration",
    "Funding",
];

/// The lines of an abstract, headings apart. The servers' own marks (`O_ST_ABS`, `O_LI` and their ends) become
/// headings and lines. At most [`caps::HTML`] bytes are read.
pub(super) fn split_run_on(text: &str) -> Vec<Block> {
    let text = cap_plain(text, caps::HTML)
        .replace("O_ST_ABS", "\n\u{1}")
        .replace("C_ST_ABS", "\n")
        .replace("O_LI", "\n")
        .replace("C_LI", "\n");
    let mut blocks = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('\u{1}') {
            push(&mut blocks, true, heading);
            continue;
        }
        match split_heading(line) {
            Some((heading, rest)) => {
                push(&mut blocks, true, heading);
                push(&mut blocks, false, rest);
            }
            None => push(&mut blocks, false, line),
        }
    }
    blocks
}

fn push(blocks: &mut Vec<Block>, heading: bool, text: &str) {
    let text = if heading { RichText::from_plain(text) } else { rich_text(text, caps::HTML) };
    if !text.is_empty() {
        blocks.push(Block { heading, text });
    }
}

/// "ResultsOf 120" → ("Results", "Of 120"). The text begins with a capital letter or a figure, or it is one word:
/// "Designs" and "Backgrounds" are not headings.
fn split_heading(line: &str) -> Option<(&str, &str)> {
    HEADINGS.iter().find_map(|heading| {
        let head = line.get(..heading.len())?;
        let rest = &line[heading.len()..];
        let is_shouted = head.chars().all(|character| !character.is_lowercase());
        let mut next = rest.chars();
        let first = next.next()?;
        let begins = match (first.is_uppercase(), first.is_ascii_digit() || first == '(') {
            // in capitals, "METHODSX" is one word, and "METHODSThe" and "METHODSA trial" are two
            (true, _) if is_shouted => {
                let second = next.next();
                second.is_some_and(char::is_lowercase) || (first == 'A' && second == Some(' '))
            }
            (true, _) => true,
            (false, is_figure) => is_figure,
        };
        (head.eq_ignore_ascii_case(heading) && line.starts_with(char::is_uppercase) && begins)
            .then_some((head, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::clean::sections;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(Option<String>, String)> {
        let sections = sections(&split_run_on(text));
        sections.into_iter().map(|section| (section.label, section.text.to_plain())).collect()
    }

    fn labelled(label: &str, text: &str) -> (Option<String>, String) {
        (Some(label.to_owned()), text.to_owned())
    }

    #[test]
    fn headings_that_run_on_become_labels() {
        assert_eq!(
            read(
                "BackgroundThe shunt clots.\n\nMethods and results120 patients (p < 0.05).\n\nCONCLUSIONSWe made it up."
            ),
            [
                labelled("Background", "The shunt clots."),
                labelled("Methods and results", "120 patients (p < 0.05)."),
                labelled("CONCLUSIONS", "We made it up."),
            ]
        );
        assert_eq!(
            read("O_ST_ABSWhat is new?C_ST_ABSO_LIOne.\nC_LIO_LITwo.\nC_LI"),
            [labelled("What is new?", "One."), (None, "Two.".to_owned())]
        );
    }

    #[test]
    fn ordinary_sentences_keep_their_first_word() {
        for text in [
            "Results are made up.",
            "Backgrounds differ.",
            "Methodological work.",
            "METHODSX is a name.",
            "Aim",
        ] {
            assert_eq!(read(text), [(None, text.to_owned())], "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_abstract_panics(text in "(Background|RESULTS|Methods|O_LI|C_LI|O_ST_ABS|C_ST_ABS|\\n|é|[ -~]|\\PC){0,60}") {
            for (_, text) in read(&text) {
                prop_assert!(!text.is_empty());
            }
        }
    }
}
