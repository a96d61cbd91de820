//! What happened to a work, in every format: the right word, the same identity, and no figures of a work that no longer
//! stands where a reader could take them for news.

use perfuse::domain::entry::{Journal, WorkKind};
use perfuse::domain::identity::{Doi, Identifiers};
use perfuse::domain::news::NewsItem;
use perfuse::domain::notice::{FirstReport, NoticeKind};
use perfuse::domain::summary::{MAX_WORDS, count_words};
use perfuse::domain::time::PartialDate;
use perfuse::publish::citation::{CitationFormat, json_ld};
use perfuse::publish::html::{LinkTo, content_html, fragment};
use perfuse::publish::json::{NewsJson, to_bytes};
use perfuse::publish::notice::{short_summary, statement};
use perfuse::texts::Texts;

use super::fixtures::{entries, feed, items, marked, noticed, site};
use super::formats::{FEEDS, text};

/// Every output that shows one item, by name.
fn outputs(item: &NewsItem) -> Vec<(&'static str, String)> {
    let site = site();
    let entries = [perfuse::domain::news::FeedEntry::of_item(item.clone())];
    let feed = feed(&site, &entries);
    let one = std::slice::from_ref(item);
    let names = ["RSS", "Atom", "JSON Feed"];
    let mut outputs: Vec<(&str, String)> =
        names.into_iter().zip(FEEDS).map(|(name, (_, render, _))| (name, text(render(&feed)))).collect();
    outputs.push(("API", text(to_bytes(&NewsJson::new(&site, item)))));
    outputs.push(("JSON-LD", json_ld::item_page(&site, item)));
    outputs.push(("fragment", text(fragment(&site, one, 3, LinkTo::Article))));
    outputs.push(("content", content_html(&site, item)));
    for (name, format) in [("RIS", 0), ("BibTeX", 1), ("CSL-JSON", 2)] {
        outputs.push((name, text(CitationFormat::ALL[format].render(one))));
    }
    outputs
}

#[test]
fn every_output_says_what_happened_in_its_own_word() {
    for (kind, letter) in NoticeKind::ALL.into_iter().zip("ABCDEQFGRHJKMNP".chars()) {
        let item = marked(&letter.to_string(), kind);
        let said = statement(Texts::of("en"), &item.notices[0]);
        for (name, output) in outputs(&item) {
            match kind.mark() {
                // it has no title: the statement says it, see below
                _ if name == "content" => {}
                Some(mark) => assert!(
                    output.contains(mark) || output.contains(&mark.to_lowercase()),
                    "{name} lacks {mark}: {output}"
                ),
                None => assert!(!output.contains("[Corrected]") && !output.contains("[Retracted]"), "{name}"),
            }
            let voids = ["Retracted", "retracted"].iter().any(|word| output.contains(word));
            let retraction = matches!(kind, NoticeKind::Retraction | NoticeKind::PartialRetraction);
            assert!(!voids || retraction, "{name} calls a {kind:?} a retraction: {output}");
        }
        assert!(content_html(&site(), &item).contains(&said), "{kind:?}");
    }
}

#[test]
fn figures_of_a_work_that_no_longer_stands_are_not_repeated_in_short_forms() {
    for kind in [NoticeKind::Retraction, NoticeKind::Removal, NoticeKind::Withdrawal] {
        let item = marked("A", kind);
        assert!(!short_summary(Texts::of("en"), &item).contains("31%"), "{kind:?}");
        assert!(count_words(&short_summary(Texts::of("en"), &item)) <= MAX_WORDS);
        let whole = content_html(&site(), &item);
        let (before, after) =
            whole.split_once("What we reported on 22 November 2026, before this notice:").unwrap();
        assert!(!before.contains("31%") && after.contains("31%"), "{whole}");
        let api = NewsJson::new(&site(), &item);
        assert!(api.reported_summary.unwrap().contains("31%") && !api.summary.contains("31%"));
        let fragment = text(fragment(&site(), std::slice::from_ref(&item), 3, LinkTo::Page));
        assert!(!fragment.contains("31%"), "{fragment}");
    }
}

#[test]
fn under_a_lesser_mark_the_paragraph_stands_and_is_never_cut() {
    let mut item = marked("A", NoticeKind::Correction);
    assert!(
        short_summary(Texts::of("en"), &item)
            .starts_with("A correction to this article has been published (notice of 20 Nov")
    );
    assert!(short_summary(Texts::of("en"), &item).contains("31% vs 24%"));
    item.summary = "word ".repeat(95);
    let short = short_summary(Texts::of("en"), &item);
    assert!(!short.contains("word") && count_words(&short) <= MAX_WORDS, "{short}");
}

#[test]
fn a_lifted_notice_marks_nothing_and_stays_in_the_history() {
    let mut item = marked("A", NoticeKind::Retraction);
    item.notices[0].lifted_at = Some(item.updated_at.plus_ms(60_000));
    assert!(item.mark().is_none());
    for (name, output) in outputs(&item) {
        assert!(!output.contains("[Retracted]"), "{name}: {output}");
        if name != "API" {
            assert!(!output.contains("has been retracted"), "{name}: {output}");
        }
    }
    let api = NewsJson::new(&site(), &item);
    assert!(api.mark.is_none() && api.notices[0].lifted_at.is_some());
}

#[test]
fn the_gravest_of_several_notices_is_the_mark() {
    let mut item = marked("A", NoticeKind::Correction);
    item.notices.push(super::fixtures::notice("B", NoticeKind::Retraction, item.updated_at.plus_ms(1_000)));
    assert!(NewsJson::new(&site(), &item).title.starts_with("[Retracted] Extracorporeal CPR"));
}

#[test]
fn a_paper_keeps_its_preprints_citation() {
    let mut item = items().swap_remove(0);
    item.first_report = Some(FirstReport {
        kind: WorkKind::Preprint,
        ids: Identifiers { doi: Doi::parse("10.5555/preprint.9"), ..Identifiers::default() },
        journal: Journal { title: "inventRxiv".into(), ..Journal::default() },
        published_on: PartialDate::new(2026, Some(1), Some(5)),
        link: None,
    });
    // the fragment is a list: it cites nothing
    for (name, output) in outputs(&item).into_iter().filter(|(name, _)| *name != "fragment") {
        let plain = output.replace("\\/", "/");
        assert!(plain.contains("10.5555/preprint.9"), "{name}: {output}");
    }
    assert!(content_html(&site(), &item).contains("First reported as a preprint: inventRxiv, 5 Jan 2026."));
}

#[test]
fn a_notice_is_an_entry_of_its_own_and_the_item_keeps_its_guid() {
    let site = site();
    let all = [noticed(), entries()].concat();
    let feed = feed(&site, &all[..2]);
    for (format, render, check) in FEEDS {
        let bytes = render(&feed);
        assert!(check(&bytes, &feed.self_url(format)).is_empty(), "{format:?}");
        let read = feed_rs::parser::parse(bytes.as_slice()).unwrap();
        let title = |at: usize| read.entries[at].title.as_ref().unwrap().content.clone();
        assert_eq!(
            read.entries[0].id, "https://news.example.org/notices/01KAPY0000000000000000000A",
            "{format:?}"
        );
        assert!(title(0).starts_with("Retraction: Extracorporeal CPR"), "{format:?}: {}", title(0));
        assert_eq!(read.entries[1].id, "https://news.example.org/a/01KAPZ0000000000000000000A", "{format:?}");
        assert!(title(1).starts_with("[Retracted] Extracorporeal CPR"), "{format:?}: {}", title(1));
        assert_eq!(read.entries[1].published.unwrap().timestamp_millis(), all[1].item.published_at.0);
        let whole = text(bytes);
        assert!(whole.contains("https://doi.org/10.5555/notice.1"), "{format:?}");
    }
}

#[test]
fn marked_items_and_notices_are_as_they_were() {
    let site = site();
    let all = noticed();
    let shown: Vec<_> = all.iter().take(2).chain(&all[14..16]).cloned().collect();
    let feed = feed(&site, &shown);
    for (name, (_, render, _)) in ["rss_noticed", "atom_noticed", "json_feed_noticed"].into_iter().zip(FEEDS)
    {
        insta::assert_snapshot!(name, text(render(&feed)));
    }
    let item = &all[1].item;
    insta::assert_snapshot!("api_retracted", text(to_bytes(&NewsJson::new(&site, item))));
    insta::assert_snapshot!("json_ld_retracted", json_ld::item_page(&site, item));
    for (name, format) in
        ["ris_retracted", "bibtex_retracted", "csl_retracted"].into_iter().zip(CitationFormat::ALL)
    {
        let bytes = format.render(std::slice::from_ref(item));
        insta::assert_snapshot!(name, text(bytes).replace("\r\n", "\n"));
    }
}
