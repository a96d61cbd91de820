//! Feeds of every dialect: feed-rs, our repairs before it and our second pass over the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perfuse::domain::time::UnixMs;

const NOW: UnixMs = UnixMs(1_795_367_460_000);

fuzz_target!(|bytes: &[u8]| {
    let base = Some("https://journal.example.org/feed");
    if let Ok(parsed) = perfuse::intake::feed::parse(bytes, Some("application/xml"), base, NOW) {
        for entry in &parsed.entries {
            check_entry(entry);
        }
    }
});

/// What holds of every entry, whatever it came from.
fn check_entry(entry: &perfuse::domain::entry::Entry) {
    let title = &entry.title;
    assert_eq!(perfuse::domain::text::RichText::parse(title.as_html()), *title, "a title is its own stored form");
    for link in entry.link.iter().chain(&entry.free_full_text) {
        assert!(link.starts_with("http://") || link.starts_with("https://"), "{link}");
    }
    assert!(entry.shown_at.is_none_or(|at| at <= NOW), "nothing is shown in the future");
}
