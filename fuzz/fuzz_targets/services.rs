//! Saved answers of Europe PMC, ClinicalTrials.gov and Crossref.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perfuse::domain::text::RichText;
use perfuse::domain::time::UnixMs;
use perfuse::intake::services;

fuzz_target!(|bytes: &[u8]| {
    let Ok((_, page)) = services::read_saved(bytes, UnixMs(1_795_367_460_000)) else { return };
    for entry in &page.entries {
        assert_eq!(RichText::parse(entry.title.as_html()), entry.title, "a title is its own stored form");
        for link in entry.link.iter().chain(&entry.free_full_text) {
            assert!(link.starts_with("http://") || link.starts_with("https://"), "{link}");
        }
    }
});
