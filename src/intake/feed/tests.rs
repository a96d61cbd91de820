//! Feeds with each quirk, made up in the shapes that publishers use.

use super::*;
use crate::domain::entry::{Author, Entry, WorkKind};
use crate::domain::identity::{Doi, Pmid};

const PUBMED: &str = include_str!("../../../tests/fixtures/intake/pubmed_rss.xml");
const RDF: &str = include_str!("../../../tests/fixtures/intake/journal.rdf");
const ATOM: &str = include_str!("../../../tests/fixtures/intake/atom.xml");
const JSON: &str = include_str!("../../../tests/fixtures/intake/feed.json");

/// 2026-11-22
const NOW: UnixMs = UnixMs(1_795_367_460_000);

fn read(text: &str) -> Parsed {
    parse(text.as_bytes(), None, Some("https://journals.example/feed.xml"), NOW).unwrap()
}

/// The only entry of an RSS 2.0 feed with this item.
fn item(children: &str) -> Entry {
    let parsed = read(&rss(&format!("<item>{children}</item>")));
    assert_eq!(parsed.entries.len(), 1, "{:?}", parsed.problems);
    parsed.entries.into_iter().next().unwrap()
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Made up</title>\
         <link>https://journals.example/</link><description/>{items}</channel></rss>"
    )
}

fn doi(entry: &Entry) -> Option<&str> {
    entry.ids.doi.as_ref().map(Doi::as_str)
}

fn names(entry: &Entry) -> Vec<String> {
    entry.authors.iter().map(Author::inverted).collect()
}

fn on(entry: &Entry) -> Option<&str> {
    entry.published_on.as_ref().map(|date| date.as_str())
}

fn at(entry: &Entry) -> Option<String> {
    entry.shown_at.map(UnixMs::to_rfc3339)
}

#[test]
fn pubmed_rss_says_what_it_hides_in_its_content() {
    let parsed = read(PUBMED);
    assert_eq!(
        (parsed.format.as_str(), parsed.ttl_minutes, parsed.problems.len()),
        ("RSS 2.0", Some(120), 0)
    );
    let entry = &parsed.entries[0];
    assert_eq!(entry.title.as_html(), "Blood flow <i>in vitro</i> with CO<sub>2</sub> removal");
    assert_eq!((entry.ids.pmid, doi(entry)), (Some(Pmid(90_000_011)), Some("10.9999/madeup.11")));
    assert_eq!(entry.ids.pmcid.as_ref().unwrap().as_str(), "PMC9000011");
    assert_eq!(entry.link.as_deref(), Some("https://pubmed.ncbi.nlm.nih.gov/90000011/"));
    assert_eq!(entry.source_key, "pubmed:90000011");
    let sections: Vec<_> =
        entry.abstract_sections.iter().map(|s| (s.label.as_deref().unwrap(), s.text.as_html())).collect();
    assert_eq!(
        sections,
        [
            ("BACKGROUND", "Nobody knew; see NCT90000011."),
            ("METHODS", "Pumps at 10<sup>-6</sup>."),
            ("CONCLUSIONS", "It flows."),
        ]
    );
    // added on 13 December, appeared in February: pubDate is not the paper's date
    assert_eq!((on(entry), at(entry).as_deref()), (Some("2021-02-02"), Some("2021-12-13T11:00:00Z")));
    let journal = &entry.journal;
    assert_eq!(
        (&*journal.title, &*journal.abbreviation),
        ("Journal of made-up perfusion", "J Made-up Perfus")
    );
    assert_eq!((&*journal.volume, &*journal.issue, &*journal.pages), ("71", "11", "53-59"));
    assert_eq!(names(entry), ["Example, Ada M", "MADE-UP Investigators Group"]);
    assert_eq!(entry.trials.len(), 1);
    assert!(!entry.complete);
}

#[test]
fn pubmed_rss_without_an_abstract_has_none() {
    let entry = &read(PUBMED).entries[1];
    assert_eq!(entry.abstract_sections, []);
    assert_eq!((on(entry), &*entry.journal.pages), (Some("2021-12-10"), "114425"));
    // the DOI stands only in the citation line
    assert_eq!(doi(entry), Some("10.9999/madeup.12"));
}

#[test]
fn an_atypon_item_knows_its_journal_its_base_and_no_abstract() {
    let parsed = read(RDF);
    assert_eq!((parsed.format.as_str(), parsed.ttl_minutes), ("RSS 1.0", Some(720)));
    let entry = &parsed.entries[0];
    assert_eq!(entry.journal.title, "Journal of Made-up Perfusion");
    assert_eq!(entry.link.as_deref(), Some("https://journals.example/doi/full/10.9999/mup.1"));
    assert_eq!(
        (entry.abstract_sections.len(), doi(entry), on(entry)),
        (0, Some("10.9999/mup.1"), Some("2021-10-18"))
    );
    assert_eq!(names(entry), ["Example, Ada", "Sample, Bea"]);
    let journal = &entry.journal;
    assert_eq!(
        (&*journal.issn, &*journal.volume, &*journal.issue, &*journal.pages),
        ("0267-6591", "55", "31-32", "17-40")
    );
}

#[test]
fn a_preprint_server_item_without_link_is_not_lost() {
    let entry = &read(RDF).entries[1];
    assert_eq!((entry.kind, entry.title.to_plain().as_str()), (WorkKind::Preprint, "Oxygenators in β-mode"));
    assert_eq!(names(entry), ["Example, A. B.", "Sample, C.", "Muster, D. K."]);
    assert_eq!(entry.link.as_deref(), Some("http://preprints.example/cgi/content/short/743294v1"));
    assert_eq!(entry.abstract_plain(), "Words of an abstract that goes on for a while.");
}

#[test]
fn atom_titles_links_and_people_are_read() {
    let parsed = read(ATOM);
    assert_eq!((parsed.format.as_str(), parsed.title.as_deref()), ("Atom 1.0", Some("Made-up Atom")));
    let entry = &parsed.entries[0];
    assert_eq!(entry.title.as_html(), "Flow at <i>p</i> &lt; 0.05 and 10<sup>9</sup>");
    assert_eq!(entry.link.as_deref(), Some("https://journals.example/base/paper/1"));
    assert_eq!(names(entry), ["Example, Ada", "Sample, Bea"]);
    assert_eq!(entry.keywords, ["ECMO"]);
    assert_eq!(entry.abstract_plain(), "Results: Good.");
    assert_eq!(at(entry).as_deref(), Some("2021-11-06T14:27:51Z"));
}

#[test]
fn json_feed_fields_of_the_wrong_type_cost_only_themselves() {
    let parsed = read(JSON);
    assert_eq!((parsed.format.as_str(), parsed.entries.len()), ("JSON Feed 1.1", 2));
    let [first, second] = parsed.entries.as_slice() else { panic!("two") };
    assert_eq!(first.title.to_plain(), "R&D of pumps at p < 0.05");
    assert_eq!(
        (first.link.as_deref(), first.source_key.as_str()),
        (Some("https://journals.example/a"), "17")
    );
    assert_eq!(
        (names(first), names(second)),
        (vec!["Author, Feed".to_owned()], vec!["Sample, Bea".to_owned()])
    );
    assert_eq!(first.keywords, ["ECMO"]);
    assert_eq!(second.abstract_plain(), "HDL<LDL text");
    assert!(parsed.problems.iter().any(|problem| problem.place == "entry 3"));
}

#[test]
fn wiley_dates_come_from_pub_date_and_its_abstract_from_content() {
    let entry = item(
        "<title>A pump</title><link>https://onlinelibrary.example/doi/10.9999/aor.1?af=R</link>\
         <guid isPermaLink=\"false\">10.9999/aor.1</guid>\
         <dc:date>2024-03-05T02:09:00-07:00</dc:date><pubDate>Tue, 05 Mar 2024 14:09:00 -0700</pubDate>\
         <description>Made-up Organs, EarlyView. </description>\
         <content:encoded>&lt;h2&gt;ABSTRACT&lt;/h2&gt;&lt;h2&gt;Background&lt;/h2&gt;&lt;p&gt;One.&lt;/p&gt;\
         &lt;h2&gt;Conclusions&lt;/h2&gt;&lt;p&gt;Two.&lt;/p&gt;</content:encoded>",
    );
    assert_eq!(at(&entry).as_deref(), Some("2024-03-05T21:09:00Z"));
    assert_eq!(entry.abstract_plain(), "Background: One.\n\nConclusions: Two.");
    assert_eq!(doi(&entry), Some("10.9999/aor.1"));
    assert_eq!(entry.link.as_deref(), Some("https://onlinelibrary.example/doi/10.9999/aor.1"));
}

#[test]
fn sciencedirect_hides_date_journal_and_authors_in_the_description() {
    let entry = item(
        "<title><![CDATA[Evolution of <em>pumps</em>]]></title>\
         <description><![CDATA[<p>Publication date: February 2022</p><p><b>Source:</b> Made-up Organs, Volume 167, Issue 2</p>\
         <p>Author(s): Ada M. Example, Bea Sample</p>]]></description>\
         <link>https://www.sciencedirect.com/science/article/pii/S0000?dgcid=rss_sd_all</link>\
         <guid isPermaLink=\"false\">https://www.sciencedirect.com/science/article/pii/S0000</guid>",
    );
    assert_eq!(entry.title.as_html(), "Evolution of <i>pumps</i>");
    assert_eq!((on(&entry), entry.shown_at), (Some("2022-02"), None));
    assert_eq!(
        (&*entry.journal.title, &*entry.journal.volume, &*entry.journal.issue),
        ("Made-up Organs", "167", "2")
    );
    assert_eq!(names(&entry), ["Example, Ada M.", "Sample, Bea"]);
    assert_eq!(entry.abstract_sections, []);
    assert_eq!(entry.link.as_deref(), Some("https://www.sciencedirect.com/science/article/pii/S0000"));
}

#[test]
fn silverchair_lists_authors_in_one_field_and_calls_its_namespace_prism() {
    let text = rss(
        "<item xmlns:rdf=\"https://academic.example/1\"><title>T</title>\
         <link>https://academic.example/article/197/3/420/62?rss=1</link>\
         <author>García-Example J, Sample F, et al. </author>\
         <description>&lt;span class=\"paragraphSection\"&gt;&lt;div class=\"boxTitle\"&gt;Abstract&lt;/div&gt;Some trees.&lt;/span&gt;</description>\
         <prism:volume xmlns:prism=\"prism\">197\n </prism:volume><prism:doi xmlns:prism=\"prism\">10.9999/bot.1\n</prism:doi>\
         <guid>http://doi.org/10.9999/bot.1</guid></item>",
    )
    .replace("<title>Made up</title>", "<title>Journal of Trees Current Issue</title>");
    let entry = &read(&text).entries[0];
    assert_eq!(names(entry), ["García-Example, J", "Sample, F"]);
    assert_eq!(
        (doi(entry), &*entry.journal.volume, &*entry.journal.title),
        (Some("10.9999/bot.1"), "197", "Journal of Trees")
    );
    assert_eq!(entry.abstract_plain(), "Some trees.");
    assert_eq!(entry.link.as_deref(), Some("https://academic.example/article/197/3/420/62"));
}

#[test]
fn titles_survive_every_way_of_writing_markup() {
    let table = [
        ("Effect of <i>H. pylori</i> on it", "Effect of <i>H. pylori</i> on it"),
        ("&lt;p&gt;&lt;strong&gt;All bold&lt;/strong&gt;&lt;/p&gt;", "All bold"),
        ("HDL&lt;LDL &amp;amp; more", "HDL&lt;LDL &amp; more"),
        ("1927&amp;#8211;2021", "1927–2021"),
        ("R&D of pumps", "R&amp;D of pumps"),
        ("<![CDATA[p < 0.05 &amp; CO<sub>2</sub>]]>", "p &lt; 0.05 &amp; CO<sub>2</sub>"),
        (
            "Ratio <mml:math xmlns:mml=\"m\"><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math>",
            "Ratio 1/2",
        ),
    ];
    for (title, expected) in table {
        assert_eq!(item(&format!("<title>{title}</title>")).title.as_html(), expected, "{title}");
    }
}

#[test]
fn a_date_in_the_future_is_now() {
    let entry = item("<title>T</title><pubDate>Mon, 01 Jan 2040 00:00:00 GMT</pubDate>");
    assert_eq!((entry.shown_at, entry.published_on), (Some(NOW), None));
}

#[test]
fn links_that_are_no_web_addresses_are_left_out_and_reported() {
    let parsed = read(&rss("<item><title>T</title><link>javascript:alert(1)</link></item>"));
    assert_eq!(parsed.entries[0].link, None);
    assert!(parsed.problems[0].what.contains("javascript:alert(1)"));
}

#[test]
fn one_broken_item_costs_only_itself() {
    let items =
        "<item><title>One</title></item><item><title>Two</b></title></item><item><title>Three</title></item>";
    let parsed = read(&rss(items));
    let titles: Vec<String> = parsed.entries.iter().map(|entry| entry.title.to_plain()).collect();
    assert_eq!(titles, ["One", "Three"]);
    assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
    assert_eq!(parsed.problems[0].place, "entry 2");
    assert!(parsed.problems[0].excerpt.starts_with("<item><title>Two"));
}

#[test]
fn a_feed_cut_off_gives_the_items_before_the_cut_and_says_so() {
    let whole = rss(&"<item><title>T</title><link>https://a.example/</link></item>".repeat(5));
    for cut in whole.find("</item>").unwrap() + 7..whole.len() - 6 {
        let Ok(parsed) = parse(&whole.as_bytes()[..cut], None, None, NOW) else { panic!("{cut}") };
        assert_eq!(parsed.entries.len(), whole[..cut].matches("</item>").count(), "{cut}");
        assert!(!parsed.problems.is_empty(), "{cut}");
    }
}

#[test]
fn of_ten_thousand_items_the_first_thousand_are_read_and_the_rest_counted() {
    let many: String = (0..10_000).map(|n| format!("<item><title>{n}</title></item>")).collect();
    let parsed = read(&rss(&many));
    assert_eq!(parsed.entries.len(), MAX_ENTRIES);
    assert!(
        parsed.problems.iter().any(|problem| problem.what.contains("9000 more")),
        "{:?}",
        parsed.problems
    );
}

#[test]
fn fields_are_capped_and_say_so() {
    let long = format!(
        "<title>{}</title><link>https://a.example/{}</link><description>{}</description>",
        "t".repeat(5_000),
        "l".repeat(5_000),
        "<p>d</p>".repeat(5_000).replace('<', "&lt;")
    );
    let parsed = read(&rss(&format!("<item>{long}</item>")));
    let entry = &parsed.entries[0];
    assert_eq!((entry.title.to_plain().len(), entry.link.as_deref()), (1024, None));
    assert_eq!(parsed.problems.len(), 3);
}

#[test]
fn what_is_no_feed_is_an_error_that_says_what_it_is() {
    let error = |body: &str| parse(body.as_bytes(), None, None, NOW).unwrap_err();
    assert_eq!(error(""), FeedError::Empty);
    assert_eq!(error(" \n\u{FEFF}\0"), FeedError::Empty);
    assert!(
        matches!(error("<!DOCTYPE html><html><head><title>Validate &amp; go</title></head><body>captcha</body></html>"),
        FeedError::Html { title } if title == "Validate & go (a captcha)")
    );
    assert!(
        matches!(error("{\"error\":\"API rate limit exceeded\"}"), FeedError::Json { what } if what.contains("API rate limit"))
    );
    assert!(matches!(error("{\"error\":"), FeedError::Json { .. }));
    assert!(matches!(error("<PubmedArticleSet/>"), FeedError::PubmedRecords));
    assert!(matches!(error("<opml/>"), FeedError::OtherXml { root } if root == "opml"));
    assert!(matches!(error("plain words"), FeedError::NotXml { .. }));
    assert!(
        matches!(error(&rss("")), FeedError::NoEntries { title, format } if title == "Made up" && format == "RSS 2.0")
    );
    assert!(matches!(error("<rss version=\"2.0\"><channel><title>x"), FeedError::Broken { .. }));
    assert!(matches!(
        error("{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[]}"),
        FeedError::NoEntries { .. }
    ));
}

#[test]
fn panics_of_feed_rs_cost_neither_the_entry_nor_the_program() {
    let text = rss("<item><title>T</title><author>a@b.ie\u{1F4A9} x</author></item>");
    let parsed = read(&text);
    assert_eq!(parsed.entries.len(), 1);
    let bytes: Vec<u8> =
        format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>{}", &rss("<item><title>T</title></item>")[21..])
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
    assert_eq!(parse(&bytes, None, None, NOW).unwrap().entries.len(), 1);
}

#[test]
fn nesting_without_end_is_an_error_and_not_a_stack_overflow() {
    for open in ["<a>", "<channel>", "<item>", "<item><description>", "<title>"] {
        let _ = parse(rss(&open.repeat(200_000)).as_bytes(), None, None, NOW);
        let _ = parse(format!("<rss>{}", open.repeat(200_000)).as_bytes(), None, None, NOW);
    }
    let _ = parse("[".repeat(200_000).as_bytes(), None, None, NOW);
}

/// Each of these made the repair or the cleaning look at the whole rest of the document again from every tag, which for a
/// fetched body of the largest size would have taken hours.
#[test]
fn beginnings_that_never_end_are_read_in_one_go() {
    let item = "<item><title>T</title></item>";
    let feeds = [
        "<!-- ".repeat(500_000) + &rss(item),
        "<?x ".repeat(500_000) + &rss(item),
        "<!DOCTYPE x [>".repeat(200_000) + &rss(item),
        rss(&format!(
            "<item><title>T</title><description>{}</description></item>",
            "&lt;a x=&quot;".repeat(200_000)
        )),
    ];
    for feed in feeds {
        assert_eq!(parse(feed.as_bytes(), None, None, NOW).unwrap().entries.len(), 1, "{}", &feed[..20]);
    }
    for torn in ["<a \"", "<![CDATA[", "<", "<a x='<b y=\"", "<item>"] {
        let _ = parse(rss(&torn.repeat(200_000)).as_bytes(), None, None, NOW);
    }
}

#[test]
fn entity_bombs_do_not_go_off() {
    let bomb = "<!DOCTYPE rss [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;\">]>".to_owned()
        + &rss("<item><title>&b;</title></item>")[21..];
    assert_eq!(read(&bomb).entries[0].title.to_plain(), "&b;");
}

mod mutations {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn no_flipped_or_cut_feed_panics(
            which in 0..4_usize,
            flips in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"<>&;\"'/=!-[]\0\x80\xFFa:".to_vec())), 0..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = [PUBMED, RDF, ATOM, JSON][which].as_bytes().to_vec();
            for (at, byte) in flips {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
                let outcome = parse(bytes, Some("text/xml"), Some("https://journals.example/"), NOW);
                // our own code must not even panic inside the guard
                let panicked = matches!(&outcome, Err(FeedError::Broken { why }) if why.contains("reading it failed"));
                prop_assert!(!panicked, "{outcome:?}");
            }
        }
    }
}
