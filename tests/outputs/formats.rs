//! Each format as it is, read back by parsers of others, and held to its rules.

use perfuse::domain::time::UnixMs;
use perfuse::publish::citation::{CitationFormat, json_ld};
use perfuse::publish::feed::{Channel, Feed, FeedFormat};
use perfuse::publish::html::{LinkTo, content_html, fragment};
use perfuse::publish::json::{NewsJson, to_bytes};
use perfuse::publish::{atom, json_feed, opml, rss, sitemap};

use super::fixtures::{entries, feed, items, noticed, site};
use super::rules::{check_atom, check_json_feed, check_rss, read_xml};

pub(super) type Render = fn(&Feed) -> Vec<u8>;
pub(super) type Check = fn(&[u8], &str) -> Vec<String>;

pub(super) const FEEDS: [(FeedFormat, Render, Check); 3] = [
    (FeedFormat::Rss, rss::render, check_rss),
    (FeedFormat::Atom, atom::render, check_atom),
    (FeedFormat::Json, json_feed::render, check_json_feed),
];

pub(super) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn each_format_is_as_it_was() {
    let (site, items, entries) = (site(), items(), entries());
    let feed = feed(&site, &entries);
    insta::assert_snapshot!("rss", text(rss::render(&feed)));
    insta::assert_snapshot!("atom", text(atom::render(&feed)));
    insta::assert_snapshot!("json_feed", text(json_feed::render(&feed)));
    let api: Vec<NewsJson> = items.iter().map(|item| NewsJson::new(&site, item)).collect();
    insta::assert_snapshot!("api", text(to_bytes(&api)));
    insta::assert_snapshot!("fragment", text(fragment(&site, &items, 3, LinkTo::Article)));
    insta::assert_snapshot!("ris", text(CitationFormat::Ris.render(&items)).replace("\r\n", "\n"));
    insta::assert_snapshot!("bibtex", text(CitationFormat::BibTex.render(&items)));
    insta::assert_snapshot!("csl_json", text(CitationFormat::CslJson.render(&items)));
    insta::assert_snapshot!("json_ld", json_ld::item_page(&site, &items[0]));
    insta::assert_snapshot!("coins", perfuse::publish::citation::coins::context_object(&items[0]));
    insta::assert_snapshot!("opml", text(opml::render(&site)));
    let addresses = [(site.url("/"), None), (site.item_url(&items[0]), Some(items[0].updated_at))];
    insta::assert_snapshot!("sitemap", text(sitemap::render(&addresses)));
}

#[test]
fn every_feed_keeps_its_rules_in_every_document_of_it() {
    let (site, entries) = (site(), [entries(), noticed()].concat());
    let topics = ["ecpr", "gone & /odd"].map(Channel::Topic);
    for (format, render, check) in FEEDS {
        for archive in [None, Some(1), Some(2)] {
            for channel in [Channel::All, topics[0], topics[1], Channel::Notices] {
                for shown in [&entries[..], &[]] {
                    let feed = Feed { archive, channel, entries: shown, ..feed(&site, &entries) };
                    let findings = check(&render(&feed), &feed.self_url(format));
                    assert!(findings.is_empty(), "{format:?} {archive:?} {channel:?}: {findings:?}");
                }
            }
        }
    }
}

#[test]
fn feed_rs_reads_the_same_items_in_the_same_order_from_all_three() {
    let (site, items, entries) = (site(), items(), entries());
    let feed = feed(&site, &entries);
    for (format, render, _) in FEEDS {
        let read = feed_rs::parser::parse(render(&feed).as_slice()).unwrap();
        let ids: Vec<&str> = read.entries.iter().map(|entry| entry.id.as_str()).collect();
        let pages: Vec<String> = items.iter().map(|item| site.item_url(item)).collect();
        assert_eq!(ids, pages, "{format:?}");
        for (entry, item) in read.entries.iter().zip(&items) {
            assert_eq!(entry.published.unwrap().timestamp_millis(), item.published_at.0, "{format:?}");
            assert!(!entry.title.as_ref().unwrap().content.is_empty());
        }
        let title = &read.entries[0].title.as_ref().unwrap().content;
        assert_eq!(title, "Extracorporeal CPR & PaCO₂ < 35 mmHg: in vitro 10⁹/L", "{format:?}");
        let summary = &read.entries[0].summary.as_ref().unwrap().content;
        assert!(summary.contains("(p< 0.05), SpO2 < 90% and PaO2 > 60."), "{format:?}: {summary}");
        assert_eq!(read.language.as_deref(), Some("en"), "{format:?}");
    }
}

#[test]
fn the_checks_of_a_feed_can_fail() {
    let (site, entries) = (site(), entries());
    let feed = feed(&site, &entries);
    let mutations: [(FeedFormat, &str, &str, &str); 17] = [
        (FeedFormat::Rss, "Sun, 22 Nov", "Mon, 22 Nov", "no date"),
        (FeedFormat::Rss, " GMT</pubDate>", " UT</pubDate>", "no date"),
        (FeedFormat::Rss, "/feeds/news.rss\" type", "/feeds/other.rss\" type", "self link"),
        (FeedFormat::Rss, "PaCO₂ &lt; 35", "PaCO₂ &lt;35", "markup"),
        (FeedFormat::Rss, "in vitro", "&lt;i>in vitro&lt;/i>", "markup"),
        (FeedFormat::Rss, "in vitro", "&amp;lt;i>in vitro", "markup"),
        (FeedFormat::Rss, "isPermaLink=\"true\"", "isPermaLink=\"false\"", "permalink"),
        (FeedFormat::Rss, "0000D</guid>", "0000C</guid>", "not distinct"),
        (FeedFormat::Rss, "<title>", "<title>\u{8}", "XML character"),
        (FeedFormat::Rss, "content:encoded", "content:other", "not every item"),
        (FeedFormat::Atom, "2026-11-22T17:11:01.500Z", "2026-11-22T17:11:00Z", "not distinct"),
        (FeedFormat::Atom, "</entry>", "</Entry>", "expected"),
        (FeedFormat::Atom, "2026-11-22T17:11:00Z</published>", "yesterday</published>", "no date"),
        (FeedFormat::Json, "/feeds/news.json", "/feeds/news.rss", "self link"),
        (FeedFormat::Json, "0000D\",\n      \"url", "0000C\",\n      \"url", "not distinct"),
        (FeedFormat::Json, "PaCO₂ \\u003c 35", "PaCO₂ \\u003c35", "markup"),
        (FeedFormat::Json, "2026-11-22T17:11:00Z", "22.11.2026", "no date"),
    ];
    for (format, from, to, expected) in mutations {
        let (_, render, check) = FEEDS.into_iter().find(|(known, ..)| *known == format).unwrap();
        let good = text(render(&feed));
        assert!(good.contains(from), "{format:?} lacks {from}");
        let mutated = if from == "content:encoded" {
            good.replace("<description>", "<d>").replace("</description>", "</d>")
        } else {
            good.replace(from, to)
        };
        let findings = check(mutated.as_bytes(), &feed.self_url(format));
        assert!(findings.iter().any(|finding| finding.contains(expected)), "{format:?} {to}: {findings:?}");
    }
}

#[test]
fn archives_lead_from_the_newest_to_the_oldest_and_back() {
    let (site, entries) = (site(), entries());
    let at = |archive| Feed { archive, ..feed(&site, &entries) };
    let rss = FeedFormat::Rss;
    assert_eq!(at(None).previous_url(rss).unwrap(), "https://news.example.org/feeds/news.rss?archive=2");
    assert_eq!(at(None).next_url(rss), None);
    assert_eq!(at(Some(2)).previous_url(rss).unwrap(), "https://news.example.org/feeds/news.rss?archive=1");
    assert_eq!(at(Some(2)).next_url(rss), None);
    assert_eq!(at(Some(1)).previous_url(rss), None);
    assert_eq!(at(Some(1)).next_url(rss).unwrap(), "https://news.example.org/feeds/news.rss?archive=2");
    let archive = text(rss::render(&at(Some(1))));
    assert!(archive.contains("<fh:archive/>") && archive.contains("rel=\"current\""));
    assert!(!text(rss::render(&at(None))).contains("fh:archive/"));
}

#[test]
fn a_hub_is_named_only_where_one_is_configured() {
    let (site, entries) = (site(), entries());
    for (format, render, _) in FEEDS {
        let with = feed(&site, &entries);
        assert!(text(render(&with)).contains("https://hub.example.org/"), "{format:?}");
        assert!(!text(render(&Feed { hub: None, ..with })).contains("hub"), "{format:?}");
    }
}

#[test]
fn an_empty_feed_takes_its_time_from_the_caller() {
    let site = site();
    let empty = Feed { empty_at: UnixMs(1_000_000_000_000), ..feed(&site, &[]) };
    assert!(text(atom::render(&empty)).contains("<updated>2001-09-09T01:46:40Z</updated>"));
}

#[test]
fn lists_of_addresses_are_strict_xml() {
    let site = site();
    let outlines = read_xml(&opml::render(&site)).unwrap();
    let feeds: Vec<_> = outlines.iter().filter_map(|outline| outline.attribute("xmlUrl")).collect();
    assert_eq!(
        feeds,
        [
            "https://news.example.org/feeds/news.rss",
            "https://news.example.org/feeds/t/ecpr.rss",
            "https://news.example.org/feeds/t/cpb.rss",
            "https://news.example.org/feeds/notices.rss"
        ]
    );
    let odd = [("https://news.example.org/?a=1&b=<2>".to_owned(), None)];
    let read = read_xml(&sitemap::render(&odd)).unwrap();
    assert_eq!(read.last().unwrap().text, odd[0].0);
}

#[test]
fn a_link_that_is_not_of_the_web_is_never_written() {
    let site = site();
    for link in
        ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://a@b.example/", "ftp://x/"]
    {
        let mut item = items().pop().unwrap();
        item.link = Some(link.into());
        let html = content_html(&site, &item);
        assert_eq!(html.matches("href=").count(), 1, "{html}");
        assert!(!text(CitationFormat::Ris.render(&[item])).contains("UR  -"));
    }
}
