//! Cleaning of what sources wrote: titles, fields of HTML, names, dates, identifiers, addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perfuse::domain::text::RichText;
use perfuse::intake::clean;

fuzz_target!(|text: &str| {
    let title = clean::rich_text(text, clean::caps::TITLE);
    assert_eq!(RichText::parse(title.as_html()), title, "a title is its own stored form");
    let blocks = clean::blocks(text);
    for section in clean::sections(&blocks) {
        assert_eq!(RichText::parse(section.text.as_html()), section.text, "a section is its own stored form");
    }
    let _ = clean::read_names(text);
    let _ = clean::read_date(text);
    let _ = clean::flatten_math(text);
    let _ = clean::find_ncts(text);
    if let Some(link) = clean::canonical_link(text, None) {
        assert_eq!(clean::canonical_link(&link, None).as_deref(), Some(link.as_str()), "cleaning twice changes nothing");
    }
    if let Some(doi) = clean::find_doi(text) {
        assert!(doi.as_str().starts_with("10."));
    }
});
