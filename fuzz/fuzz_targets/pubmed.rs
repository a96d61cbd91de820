//! PubMed's record XML, as from E-utilities and from files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perfuse::domain::text::RichText;
use perfuse::intake::pubmed::{Record, Records};

fuzz_target!(|bytes: &[u8]| {
    for record in Records::new(bytes).map_while(Result::ok) {
        if let Record::Entry(entry) = record {
            assert_eq!(RichText::parse(entry.title.as_html()), entry.title, "a title is its own stored form");
            assert!(!entry.title.is_empty() && entry.ids.pmid.is_some());
        }
    }
});
