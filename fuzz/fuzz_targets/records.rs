//! Files of records: the format found by content, then NBIB, RIS, BibTeX or CSV; packed ones too.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use perfuse::domain::text::RichText;
use perfuse::domain::time::UnixMs;
use perfuse::intake::files;
use perfuse::intake::pubmed::Record;

fuzz_target!(|bytes: &[u8]| {
    let bytes = std::io::Cursor::new(bytes.to_vec());
    let Ok(opened) = files::read(Box::new(bytes), Path::new("fuzz"), UnixMs(1_795_367_460_000)) else { return };
    for record in opened.records {
        match record {
            Record::Entry(entry) => {
                assert!(!entry.title.is_empty(), "an entry has a title");
                assert_eq!(RichText::parse(entry.title.as_html()), entry.title, "a title is its own stored form");
            }
            Record::Problem(problem) => assert!(!problem.place.is_empty() && !problem.what.is_empty()),
            Record::Deleted(_) => {}
        }
    }
});
