//! What attackers write, through every field into every output.

use std::path::PathBuf;

use perfuse::domain::entry::{Author, Journal, WorkKind};
use perfuse::domain::identity::Identifiers;
use perfuse::domain::news::{FeedEntry, NewsItem, Site};
use perfuse::domain::notice::{FirstReport, NoticeKind};
use perfuse::domain::text::RichText;
use perfuse::publish::citation::{CitationFormat, coins, json_ld};
use perfuse::publish::feed::{Feed, FeedFormat};
use perfuse::publish::html::{LinkTo, content_html, fragment};
use perfuse::publish::json::{NewsJson, to_bytes};
use perfuse::publish::text::escape_html;
use perfuse::publish::{atom, json_feed, opml, rss};
use scraper::{Html, Node};
use serde_json::Value;

use super::fixtures::{feed, items, notice, site};
use super::rules::{check_atom, check_json_feed, check_rss, read_xml, texts};

pub(crate) const OWN: [&str; 14] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "]]><x/>",
    "<!--",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=x&amp;gt;",
    "\u{0}\u{8}\u{b}\u{1f}\u{fffe}\u{202e}txt",
    "ER  - \r\nTY  - JOUR\r\nTI  - forged",
    "} @article{forged, title={x}",
    "\u{2028}alert(1)\u{2029}",
];

/// Our own list, and the corpus's where it is.
pub(crate) fn vectors() -> Vec<String> {
    let mut vectors: Vec<String> = OWN.iter().map(|vector| (*vector).to_owned()).collect();
    let Some(folder) = std::env::var_os("PERFUSE_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: PERFUSE_CORPUS is not set; only our own {} vectors are tried", vectors.len());
        return vectors;
    };
    let folder = folder.join("../security");
    match std::fs::read_to_string(folder.join("xss_vectors.ndjson")) {
        Ok(lines) => vectors.extend(lines.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["payload"].as_str().unwrap().to_owned()
        })),
        Err(error) => eprintln!("skipped: xss_vectors.ndjson: {error}"),
    }
    match std::fs::read(folder.join("blns.json")) {
        Ok(bytes) => vectors.extend(serde_json::from_slice::<Vec<String>>(&bytes).unwrap()),
        Err(error) => eprintln!("skipped: blns.json: {error}"),
    }
    vectors
}

fn poisoned(vector: &str) -> (Site, NewsItem) {
    let mut site = site();
    site.topics.push(("bad".into(), vector.into()));
    let mut item = items().swap_remove(0);
    item.title = RichText::parse(vector);
    item.summary = vector.into();
    item.kind = WorkKind::Article;
    item.authors = vec![
        Author::Person { family: vector.into(), given: vector.into() },
        Author::Collective { collective: vector.into() },
    ];
    item.journal.title = vector.into();
    item.journal.abbreviation = vector.into();
    item.journal.pages = vector.into();
    item.journal.volume = vector.into();
    item.journal.issn = vector.into();
    item.language = Some(vector.into());
    item.ids.doi = None;
    item.link = Some(vector.into());
    item.topics = vec!["bad".into(), vector.into()];
    let mut correction = notice("N", NoticeKind::Correction, item.published_at.plus_ms(5_000));
    correction.finding.ids = Identifiers::default();
    correction.finding.citation = vector.into();
    correction.finding.detail = vector.into();
    correction.finding.link = Some(vector.into());
    item.notices = vec![correction];
    item.first_report = Some(FirstReport {
        kind: WorkKind::Preprint,
        ids: Identifiers::default(),
        journal: Journal { title: vector.into(), ..Journal::default() },
        published_on: None,
        link: Some(vector.into()),
    });
    (site, item)
}

/// Whatever is not on the list, read as a browser reads it.
pub(crate) fn foreign_markup(html: &str, tags: &[&str], attributes: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for node in Html::parse_fragment(html).tree.values() {
        match node {
            Node::Element(element) => {
                if !tags.contains(&element.name()) && !matches!(element.name(), "html" | "head" | "body") {
                    findings.push(format!("element {}", element.name()));
                }
                for (name, value) in element.attrs() {
                    let web = value.starts_with("https://") || value.starts_with("http://");
                    if !attributes.contains(&name) || (name == "href" && !web) {
                        findings.push(format!("attribute {name}={value}"));
                    }
                }
            }
            Node::Comment(_) | Node::Doctype(_) | Node::ProcessingInstruction(_) => {
                findings.push(format!("{node:?}"));
            }
            _ => {}
        }
    }
    findings
}

const FEED_TAGS: [&str; 10] = ["p", "a", "i", "b", "sub", "sup", "em", "strong", "ul", "li"];

#[test]
fn no_vector_becomes_markup_in_html() {
    for vector in vectors() {
        let (site, item) = poisoned(&vector);
        let content = content_html(&site, &item);
        let findings = foreign_markup(&content, &FEED_TAGS, &["href"]);
        assert!(findings.is_empty(), "{vector:?}: {findings:?}\n{content}");
        let fragment =
            String::from_utf8(fragment(&site, std::slice::from_ref(&item), 3, LinkTo::Article)).unwrap();
        let tags = [&FEED_TAGS[..], &["article", "h3", "time"]].concat();
        let findings = foreign_markup(&fragment, &tags, &["href", "role", "lang", "datetime"]);
        assert!(findings.is_empty(), "{vector:?}: {findings:?}\n{fragment}");
        let coins = format!("<span title=\"{}\"></span>", escape_html(&coins::context_object(&item)));
        assert!(foreign_markup(&coins, &["span"], &["title"]).is_empty(), "{vector:?}: {coins}");
        let of_notice = json_ld::notice_page(&site, &item.notices[0], &item);
        assert!(!of_notice.contains(['<', '>', '\u{2028}', '\u{2029}']), "{vector:?}: {of_notice}");
        let json_ld = json_ld::item_page(&site, &item);
        assert!(!json_ld.contains(['<', '>', '\u{2028}', '\u{2029}']), "{vector:?}: {json_ld}");
        serde_json::from_str::<Value>(&json_ld).unwrap();
    }
}

#[test]
fn no_vector_breaks_a_feed_or_leaves_markup_for_readers_that_decode_twice() {
    for vector in vectors() {
        let (site, item) = poisoned(&vector);
        let notice = item.notices[0].clone();
        let of_notice = FeedEntry { item: item.clone(), notice: Some(notice) };
        let entries = [FeedEntry::of_item(item), of_notice];
        let feed = Feed { hub: None, ..feed(&site, &entries) };
        for (bytes, check, format) in [
            (rss::render(&feed), check_rss as fn(&[u8], &str) -> Vec<String>, FeedFormat::Rss),
            (atom::render(&feed), check_atom, FeedFormat::Atom),
            (json_feed::render(&feed), check_json_feed, FeedFormat::Json),
        ] {
            let findings = check(&bytes, &feed.self_url(format));
            assert!(findings.is_empty(), "{vector:?} {format:?}: {findings:?}");
        }
        let rss = read_xml(&rss::render(&feed)).unwrap();
        let content = texts(&rss, "/rss/channel/item/content:encoded")[0];
        assert!(foreign_markup(content, &FEED_TAGS, &["href"]).is_empty(), "{vector:?}: {content}");
        read_xml(&opml::render(&site)).unwrap();
    }
}

#[test]
fn no_vector_adds_a_record_or_a_field_to_a_citation() {
    for vector in vectors() {
        let (site, item) = poisoned(&vector);
        let api = to_bytes(&NewsJson::new(&site, &item));
        assert!(!String::from_utf8_lossy(&api).contains('<'), "{vector:?}");
        serde_json::from_slice::<Value>(&api).unwrap();

        let ris = String::from_utf8(CitationFormat::Ris.render(std::slice::from_ref(&item))).unwrap();
        for line in ris.split("\r\n").filter(|line| !line.is_empty()) {
            let tag = line.get(..2).unwrap_or_default();
            assert!(
                line.get(2..6) == Some("  - ") && tag.bytes().all(|b| b.is_ascii_alphanumeric()),
                "{line:?}"
            );
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
        assert_eq!(ris.lines().filter(|line| line.starts_with("TY  - ")).count(), 1, "{ris}");
        assert_eq!(ris.lines().filter(|line| line.starts_with("ER  - ")).count(), 1, "{ris}");

        let bib = String::from_utf8(CitationFormat::BibTex.render(std::slice::from_ref(&item))).unwrap();
        let mut depth = 0_i32;
        for (at, character) in bib.char_indices() {
            depth += i32::from(character == '{') - i32::from(character == '}');
            assert!(depth > 0 || matches!(character, '}' | '\n' | '@') || at < 12, "{vector:?}: {bib}");
        }
        assert_eq!(depth, 0, "{vector:?}: {bib}");

        let csl: Value = serde_json::from_slice(&CitationFormat::CslJson.render(&[item])).unwrap();
        assert_eq!(csl.as_array().unwrap().len(), 1);
    }
}

#[test]
fn the_check_for_foreign_markup_can_fail() {
    for bad in
        ["<script>1</script>", "<p onclick=x>", "<a href='javascript:x'>x</a>", "<!-- x -->", "<img src=x>"]
    {
        assert!(!foreign_markup(bad, &FEED_TAGS, &["href"]).is_empty(), "{bad}");
    }
    assert!(
        foreign_markup("<p>a <a href=\"https://x.example/\">b</a></p>", &FEED_TAGS, &["href"]).is_empty()
    );
}
