//! The abstract with the places marked that the draft's sentences were copied from.
//!
//! A place counts code points of the abstract's plain text (`entry::abstract_plain`); the page shows the rich text.
//! This walks both at once: raised and lowered letters are one code point each in the plain text too, except that a
//! raised run without Unicode forms gets a caret in front.

use crate::domain::entry::AbstractSection;
use crate::domain::text::{Mark, Piece, RichText};

use super::page::Rich;
use crate::web::found::mark_matches;

/// A section of the abstract, ready to show.
pub(crate) struct ShownSection {
    pub(crate) label: Option<String>,
    pub(crate) text: Rich,
    /// Whether the draft quotes it.
    pub(crate) is_quoted: bool,
}

/// What of a text to mark beside the places of the draft: places in what the page shows of it, in code points.
pub(crate) type FindTerms<'a> = &'a dyn Fn(&str) -> Vec<(usize, usize)>;

/// Marks `places` (start and end in the whole abstract's plain text; the index is the sentence's number − 1) as
/// `<mark id="s1">…` with a link to the sentence, whose name is among `names`; and within each section what `find`
/// finds, as `<mark class="term">`.
pub(crate) fn annotate(
    sections: &[AbstractSection],
    places: &[(usize, usize)],
    names: &[String],
    find: FindTerms<'_>,
) -> Vec<ShownSection> {
    let mut offset = 0;
    let mut shown = Vec::with_capacity(sections.len());
    for section in sections {
        if let Some(label) = &section.label {
            // "LABEL: " stands before the text
            offset += label.chars().count() + 2;
        }
        let mut writer = Writer { at: offset, places, names, ..Writer::new(find(&visible(&section.text))) };
        writer.write(&section.text);
        let is_quoted = writer.html.contains("<mark id=");
        let text = Rich::from_built(writer.html);
        shown.push(ShownSection { label: section.label.clone(), text, is_quoted });
        // the blank line between paragraphs
        offset += section.text.to_plain().chars().count() + 2;
    }
    shown
}

/// A text with what `find` finds in it as `<mark class="term">`.
pub(crate) fn mark_terms(text: &RichText, find: FindTerms<'_>) -> Rich {
    let mut writer = Writer::new(find(&visible(text)));
    writer.write(text);
    Rich::from_built(writer.html)
}

/// Plain text in which the database marked words, as the desk marks them.
pub(crate) fn mark_found(text: &str) -> Rich {
    Rich::from_built(mark_matches(text, "<mark class=\"term\">"))
}

/// The characters that the page shows of a text.
fn visible(text: &RichText) -> String {
    let pieces = text.pieces().filter_map(|piece| match piece {
        Piece::Escaped(escaped) => Some(html_escape::decode_html_entities(escaped)),
        _ => None,
    });
    pieces.collect()
}

struct Writer<'a> {
    html: String,
    /// In the abstract's plain text.
    at: usize,
    /// In what is shown of this text.
    shown: usize,
    open: Vec<Mark>,
    place: Option<usize>,
    in_term: bool,
    places: &'a [(usize, usize)],
    names: &'a [String],
    /// In order.
    terms: std::iter::Peekable<std::vec::IntoIter<(usize, usize)>>,
}

impl Writer<'_> {
    fn new(terms: Vec<(usize, usize)>) -> Self {
        Self {
            html: String::new(),
            at: 0,
            shown: 0,
            open: Vec::new(),
            place: None,
            in_term: false,
            places: &[],
            names: &[],
            terms: terms.into_iter().peekable(),
        }
    }

    fn write(&mut self, text: &RichText) {
        let pieces: Vec<Piece<'_>> = text.pieces().collect();
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Open(mark) => {
                    if *mark == Mark::Sup && has_caret(&pieces[index..]) && !self.is_shifted() {
                        self.at += 1;
                    }
                    self.html.push_str(&format!("<{}>", mark.tag()));
                    self.open.push(*mark);
                }
                Piece::Close(mark) => {
                    self.html.push_str(&format!("</{}>", mark.tag()));
                    self.open.pop();
                }
                Piece::Escaped(escaped) => {
                    for character in html_escape::decode_html_entities(escaped).chars() {
                        let place =
                            self.places.iter().position(|(start, end)| (*start..*end).contains(&self.at));
                        while self.terms.next_if(|(_, end)| *end <= self.shown).is_some() {}
                        let in_term = self.terms.peek().is_some_and(|(start, _)| *start <= self.shown);
                        self.step_to(place, in_term);
                        self.push(character);
                        self.at += 1;
                        self.shown += 1;
                    }
                }
            }
        }
        self.step_to(None, false);
    }

    fn is_shifted(&self) -> bool {
        self.open.iter().any(|mark| matches!(mark, Mark::Sub | Mark::Sup))
    }

    /// Ends or begins a marked place or term; the tags that are open are closed before and opened again after.
    fn step_to(&mut self, place: Option<usize>, in_term: bool) {
        if (place, in_term) == (self.place, self.in_term) {
            return;
        }
        let open: String = self.open.iter().map(|mark| format!("<{}>", mark.tag())).collect();
        let close: String = self.open.iter().rev().map(|mark| format!("</{}>", mark.tag())).collect();
        self.html.push_str(&close);
        if self.in_term {
            self.html.push_str("</mark>");
        }
        if self.place != place {
            if let Some(index) = self.place {
                self.html.push_str("</mark>");
                if let Some(name) = self.names.get(index) {
                    let name = html_escape::encode_double_quoted_attribute(name);
                    let number = index + 1;
                    self.html.push_str(&format!(
                        "<a class=\"to-draft\" href=\"#d{number}\" aria-label=\"{name}\">{number}</a>"
                    ));
                }
            }
            if let Some(index) = place {
                self.html.push_str(&format!("<mark id=\"s{}\">", index + 1));
            }
        }
        if in_term {
            self.html.push_str("<mark class=\"term\">");
        }
        self.html.push_str(&open);
        (self.place, self.in_term) = (place, in_term);
    }

    fn push(&mut self, character: char) {
        match character {
            '<' => self.html.push_str("&lt;"),
            '>' => self.html.push_str("&gt;"),
            '&' => self.html.push_str("&amp;"),
            other => self.html.push(other),
        }
    }
}

/// Whether the plain text puts a caret before the run that opens here: compares the run's own plain form.
fn has_caret(from_open: &[Piece<'_>]) -> bool {
    let run = from_open[1..].iter().take_while(|piece| !matches!(piece, Piece::Close(Mark::Sup)));
    let text: String = run
        .filter_map(|piece| match piece {
            Piece::Escaped(text) => Some(*text),
            _ => None,
        })
        .collect();
    RichText::parse(&format!("x<sup>{text}</sup>")).to_plain().starts_with("x^")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::abstract_plain;

    fn section(label: Option<&str>, text: &str) -> AbstractSection {
        AbstractSection { label: label.map(Into::into), category: None, text: RichText::parse(text) }
    }

    /// The place of `needle` in the plain text, in code points.
    fn place(sections: &[AbstractSection], needle: &str) -> (usize, usize) {
        let plain = abstract_plain(sections);
        let start = plain[..plain.find(needle).unwrap()].chars().count();
        (start, start + needle.chars().count())
    }

    fn annotate_places(sections: &[AbstractSection], places: &[(usize, usize)]) -> Vec<ShownSection> {
        annotate(sections, places, &[], &|_| Vec::new())
    }

    #[test]
    fn terms_are_marked_within_places_and_across_tags_and_places_lead_back() {
        let sections = [section(None, "Low CO<sub>2</sub> & ECPR fell. End.")];
        let names = ["Sentence \"1\"".to_owned()];
        let shown = annotate(&sections, &[place(&sections, "& ECPR fell.")], &names, &|text| {
            assert_eq!(text, "Low CO2 & ECPR fell. End.");
            vec![(4, 7), (10, 14)]
        });
        assert_eq!(
            shown[0].text.to_string(),
            "Low <mark class=\"term\">CO<sub>2</sub></mark> <mark id=\"s1\">&amp; <mark class=\"term\">ECPR</mark> \
             fell.</mark><a class=\"to-draft\" href=\"#d1\" aria-label=\"Sentence &quot;1&quot;\">1</a> End."
        );
        assert_eq!(mark_found("\u{2}<i>\u{3}").to_string(), "<mark class=\"term\">&lt;i&gt;</mark>");
    }

    #[test]
    fn a_sentence_is_marked_where_it_stands_in_the_second_section() {
        let sections = [
            section(Some("AIM"), "We asked – why."),
            section(Some("RESULT"), "It rose. CO<sub>2</sub> fell. End."),
        ];
        let shown = annotate_places(&sections, &[place(&sections, "CO₂ fell.")]);
        assert_eq!(shown[0].text.to_string(), "We asked – why.");
        assert_eq!(shown[1].text.to_string(), "It rose. <mark id=\"s1\">CO<sub>2</sub> fell.</mark> End.");
    }

    #[test]
    fn a_raised_run_with_a_caret_does_not_shift_what_follows() {
        let sections =
            [section(None, "At 10<sup>9</sup>/L and x<sup>a,b</sup> it <i>fell & rose</i>. Then no.")];
        let shown =
            annotate_places(&sections, &[place(&sections, "Then no."), place(&sections, "fell & ro")]);
        let html = shown[0].text.to_string();
        assert!(html.ends_with("it <i></i><mark id=\"s2\"><i>fell &amp; ro</i></mark><i>se</i>. <mark id=\"s1\">Then no.</mark>"), "{html}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let sections = [section(Some("<b>"), "a <script>alert(1)</script> \" onload=x")];
        let shown = annotate_places(&sections, &[(0, 999)]);
        assert!(!shown[0].text.to_string().contains("<script"));
    }
}
