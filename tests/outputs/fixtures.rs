//! A society that does not exist and articles nobody wrote.

use perfuse::domain::entry::{Author, Journal, WorkKind};
use perfuse::domain::identity::{Doi, Identifiers, Nct, Pmcid, Pmid};
use perfuse::domain::news::{FeedEntry, NewsItem, Site};
use perfuse::domain::notice::{Finding, NoticeKind, NoticeSource, PublicNotice};
use perfuse::domain::text::RichText;
use perfuse::domain::time::{PartialDate, UnixMs};
use perfuse::publish::feed::{Channel, Feed};

pub(super) fn site() -> Site {
    Site {
        title: "Example Perfusion Society: Latest News".into(),
        description: "Research news on ECMO, ECPR & perfusion".into(),
        public_url: "https://news.example.org".into(),
        language: "en".into(),
        contact: "news@example.org".into(),
        accent: "#0a6e8a".into(),
        topics: vec![("ecpr".into(), "ECPR & cardiac arrest".into()), ("cpb".into(), "Bypass".into())],
    }
}

fn person(family: &str, given: &str) -> Author {
    Author::Person { family: family.into(), given: given.into() }
}

fn date(text: &str) -> Option<PartialDate> {
    Some(PartialDate::try_from(text.to_owned()).unwrap())
}

/// Newest first: a paper with everything, a preprint, a registration and an item of which little is known.
pub(super) fn items() -> Vec<NewsItem> {
    let paper = NewsItem {
        article_id: 4,
        public_id: "01KAPX0000000000000000000D".into(),
        title: RichText::parse(
            "Extracorporeal CPR & PaCO<sub>2</sub> < 35 mmHg: <i>in vitro</i> 10<sup>9</sup>/L",
        ),
        summary: "A made-up trial of 120 patients: survival 31% vs 24% (p<0.05), SpO2 <90% and PaO2 > 60.\n\nIt matters & is \"quoted\".".into(),
        published_at: UnixMs(1_795_367_460_000),
        updated_at: UnixMs(1_795_367_460_000),
        topics: vec!["ecpr".into(), "gone".into()],
        kind: WorkKind::Article,
        ids: Identifiers {
            pmid: Some(Pmid(99_000_001)),
            doi: Doi::parse("10.5555/(sici)1<1::aid-x>3.0.co;2"),
            pmcid: Pmcid::parse("PMC9900001"),
            ..Identifiers::default()
        },
        link: Some("https://doi.org/10.5555/(sici)1%3C1::aid-x%3E3.0.co;2".into()),
        authors: vec![
            person("Fixture-Família", "Ada B"),
            person("van der Sample", "C."),
            person("Mock", ""),
            Author::Collective { collective: "EXAMPLE Investigators and Friends".into() },
        ],
        journal: Journal {
            title: "Journal of Invented Perfusion".into(),
            abbreviation: "J Invent Perfus".into(),
            issn: "1234-567X".into(),
            volume: "12".into(),
            issue: "3".into(),
            pages: "123-30".into(),
        },
        published_on: date("2026-03-05"),
        language: Some("eng".into()),
        notices: Vec::new(),
        first_report: None,
    };
    let preprint = NewsItem {
        article_id: 3,
        public_id: "01KAPX0000000000000000000C".into(),
        title: RichText::from_plain("A preprint about 100% nothing_at_all {braces} $5"),
        summary: "One sentence.".into(),
        published_at: UnixMs(1_795_300_000_000),
        updated_at: UnixMs(1_795_367_461_500),
        topics: vec!["cpb".into()],
        kind: WorkKind::Preprint,
        ids: Identifiers { doi: Doi::parse("10.5555/preprint.1"), ..Identifiers::default() },
        link: Some("https://doi.org/10.5555/preprint.1".into()),
        authors: vec![person("Placeholder", "Z")],
        journal: Journal { title: "inventRxiv".into(), ..Journal::default() },
        published_on: date("2026-02"),
        language: None,
        notices: Vec::new(),
        first_report: None,
    };
    let trial = NewsItem {
        article_id: 2,
        public_id: "01KAPX0000000000000000000B".into(),
        title: RichText::from_plain("A registered trial"),
        summary: "Recruiting.".into(),
        published_at: UnixMs(1_795_200_000_000),
        updated_at: UnixMs(1_795_200_000_000),
        topics: vec![],
        kind: WorkKind::Trial,
        ids: Identifiers { nct: Nct::parse("NCT00000000"), ..Identifiers::default() },
        link: Some("https://clinicaltrials.gov/study/NCT00000000".into()),
        authors: vec![],
        journal: Journal::default(),
        published_on: date("2026"),
        language: None,
        notices: Vec::new(),
        first_report: None,
    };
    let bare = NewsItem {
        article_id: 1,
        public_id: "01KAPX0000000000000000000A".into(),
        title: RichText::from_plain("Bare"),
        summary: String::new(),
        published_at: UnixMs(1_795_100_000_000),
        updated_at: UnixMs(1_795_100_000_000),
        topics: vec![],
        kind: WorkKind::Article,
        ids: Identifiers::default(),
        link: None,
        authors: vec![],
        journal: Journal::default(),
        published_on: None,
        language: None,
        notices: Vec::new(),
        first_report: None,
    };
    vec![paper, preprint, trial, bare]
}

/// The same as entries of a feed.
pub(super) fn entries() -> Vec<FeedEntry> {
    items().into_iter().map(FeedEntry::of_item).collect()
}

/// The subscription document of a feed with two archives.
pub(super) fn feed<'a>(site: &'a Site, entries: &'a [FeedEntry]) -> Feed<'a> {
    Feed {
        site,
        channel: Channel::All,
        entries,
        empty_at: UnixMs(1_795_000_000_000),
        hub: Some("https://hub.example.org/"),
        archive: None,
        archives: 2,
    }
}

/// A notice of this kind, told by PubMed; its id ends in `letter`.
pub(super) fn notice(letter: &str, kind: NoticeKind, public_at: UnixMs) -> PublicNotice {
    PublicNotice {
        public_id: format!("01KAPY0000000000000000000{letter}"),
        finding: Finding {
            ids: Identifiers { doi: Doi::parse("10.5555/notice.1"), ..Identifiers::default() },
            citation: "J Invent Perfus. 2026 Nov;12(9):900. doi: 10.5555/notice.1".into(),
            noticed_on: date("2026-11-20"),
            ..Finding::new(kind, NoticeSource::Pubmed)
        },
        public_at,
        lifted_at: None,
    }
}

/// The paper with a notice of this kind, its last change moved.
pub(super) fn marked(letter: &str, kind: NoticeKind) -> NewsItem {
    let mut item = items().swap_remove(0);
    let at = UnixMs(1_795_400_000_000 + i64::from(letter.as_bytes()[0]) * 1_000);
    item.public_id = format!("01KAPZ0000000000000000000{letter}");
    item.updated_at = at;
    item.notices = vec![notice(letter, kind, at)];
    item
}

/// Entries of items with notices of every kind, and those notices as entries of their own.
pub(super) fn noticed() -> Vec<FeedEntry> {
    let letters = "ABCDEQFGRHJKMNP".chars().map(String::from);
    let items = NoticeKind::ALL.into_iter().zip(letters).map(|(kind, letter)| marked(&letter, kind));
    items
        .flat_map(|item| {
            let notice = item.notices.first().cloned();
            [FeedEntry { item: item.clone(), notice }, FeedEntry::of_item(item)]
        })
        .collect()
}
