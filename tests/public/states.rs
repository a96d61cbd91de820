//! State × output: what is not published is nowhere, what is published is everywhere it belongs.

use axum::http::StatusCode;
use perfuse::domain::article::Article;
use perfuse::domain::entry::Entry;
use perfuse::domain::identity::Identifiers;
use perfuse::domain::notice::{NoticeKind, SummaryHolds};
use perfuse::store::Wish;

use super::support::{NOW, Newsroom, approval, paper};

/// Where a published paper 1 of the topic "ecpr" must be seen. The item's own addresses come on top.
const OUTPUTS: [&str; 18] = [
    "/",
    "/t/ecpr",
    "/archive/2026/11",
    "/search?q=paper",
    "/feeds/news.rss",
    "/feeds/news.atom",
    "/feeds/news.json",
    "/feeds/t/ecpr.rss",
    "/feeds/t/ecpr.atom",
    "/feeds/t/ecpr.json",
    "/api/v1/news",
    "/api/v1/news?q=paper",
    "/embed/v1/news.html",
    "/embed/v1/news.json",
    "/embed/v1/frame",
    "/export?format=ris",
    "/export?format=bib&topic=ecpr",
    "/export?format=csl.json",
];

/// Says only that there is something, not what.
const COUNTS: [&str; 4] = ["/topics", "/archive", "/sitemap.xml", "/sitemap.xml?part=2026-11"];

fn own_addresses(article: &Article) -> Vec<String> {
    let id = &article.public_id;
    ["/a/ID", "/a/ID.ris", "/a/ID.bib", "/a/ID.csl.json", "/api/v1/news/ID", "/embed/v1/frame?id=ID"]
        .map(|path| path.replace("ID", id))
        .to_vec()
}

async fn assert_hidden(room: &Newsroom, article: &Article, state: &str, own: StatusCode) {
    for path in OUTPUTS.into_iter().chain(COUNTS) {
        let answer = room.get(path).await;
        let text = answer.text();
        assert!(!text.contains("Paper 1"), "{state}: {path}");
        assert!(!text.contains(&article.public_id), "{state}: {path}");
        assert!(!text.contains("10.5555/paper.1"), "{state}: {path}");
    }
    for path in ["/topics", "/archive"] {
        assert!(!room.get(path).await.text().contains(">1<"), "{state}: {path} counts it");
    }
    for path in own_addresses(article) {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, own, "{state}: {path}");
        assert!(!answer.text().contains("Paper 1"), "{state}: {path}");
    }
}

async fn assert_shown(room: &Newsroom, article: &Article, state: &str) {
    for path in OUTPUTS {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{state}: {path}");
        assert!(answer.text().contains("Paper 1"), "{state}: {path}: {}", answer.text());
    }
    for path in own_addresses(article) {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{state}: {path}");
        assert!(answer.text().contains("Paper 1"), "{state}: {path}");
    }
    assert!(room.get("/sitemap.xml?part=2026-11").await.text().contains(&article.public_id), "{state}");
}

#[tokio::test]
async fn only_what_is_approved_and_due_is_public_and_it_is_so_everywhere() {
    let room = Newsroom::open().await;
    let queued = room.queue(paper(1)).await;
    assert_hidden(&room, &queued, "queued", StatusCode::NOT_FOUND).await;

    let later = room.decide(&queued, Wish::Later { until: NOW.plus_ms(3_600_000) }).await;
    assert_hidden(&room, &later, "later", StatusCode::NOT_FOUND).await;

    let rejected = room.decide(&later, Wish::Reject { reason: None }).await;
    assert_hidden(&room, &rejected, "rejected", StatusCode::NOT_FOUND).await;

    let queued = room.decide(&rejected, Wish::Requeue).await;
    let scheduled = room.decide(&queued, approval(&queued, &["ecpr"], Some(NOW.plus_ms(60_000)))).await;
    assert_hidden(&room, &scheduled, "scheduled", StatusCode::NOT_FOUND).await;

    room.wait_ms(60_000);
    assert_shown(&room, &scheduled, "published").await;

    let withdrawn = room.decide(&scheduled, Wish::Withdraw).await;
    assert_hidden(&room, &withdrawn, "withdrawn", StatusCode::GONE).await;
}

#[tokio::test]
async fn an_item_of_another_topic_is_in_no_output_of_this_one() {
    let room = Newsroom::open().await;
    room.publish(paper(1), &["ecpr"], None).await;
    for path in [
        "/t/cpb",
        "/feeds/t/cpb.rss",
        "/api/v1/news?topic=cpb",
        "/embed/v1/news.json?topic=cpb",
        "/export?topic=cpb",
    ] {
        let answer = room.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.text().contains("Paper 1"), "{path}");
    }
}

/// The item's own page, the lists, the feeds, the embed and the API, which bear a mark in front of the title; what
/// others cite bears it as a note.
async fn assert_marked(room: &Newsroom, article: &Article, mark: &str) {
    let marked = format!("[{mark}] Paper 1");
    let cited = ["/export", ".ris", ".bib", ".csl.json"];
    for path in OUTPUTS.iter().map(|path| (*path).to_owned()).chain(own_addresses(article)) {
        let answer = room.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text().replace("<span class=\"marked\">", "").replace("]</span>", "]");
        if cited.iter().any(|part| path.contains(part)) {
            assert!(text.contains(mark) && !text.contains(&marked), "{path}: {text}");
        } else {
            assert!(text.contains(&marked), "{mark}: {path}: {text}");
        }
    }
}

#[tokio::test]
async fn a_mark_is_in_every_output_at_once_under_the_old_id_and_goes_when_it_is_lifted() {
    let kinds = [
        (NoticeKind::Retraction, "Retracted"),
        (NoticeKind::Removal, "Removed"),
        (NoticeKind::Withdrawal, "Withdrawn"),
        (NoticeKind::PartialRetraction, "Partially retracted"),
        (NoticeKind::ExpressionOfConcern, "Expression of concern"),
        (NoticeKind::Correction, "Corrected"),
    ];
    for (kind, mark) in kinds {
        let room = Newsroom::open().await;
        let article = room.publish(paper(1), &["ecpr"], None).await;
        assert_shown(&room, &article, "published").await;
        room.wait_ms(60_000);
        let notices = room.find(&article, kind).await;
        if !kind.is_serious() {
            let text = room.get("/").await.text();
            assert!(!text.contains(mark), "{kind:?} waits for an editor");
            room.answer_notice(notices[0], SummaryHolds::Yes).await;
        }
        assert_shown(&room, &article, mark).await;
        assert_marked(&room, &article, mark).await;
        let news = room.get("/api/v1/notices").await.json();
        let notice = news["notices"][0]["notice"]["id"].as_str().unwrap().to_owned();
        let own = format!("/notices/{notice}");
        for path in ["/notices", &own, "/feeds/notices.rss", "/feeds/notices.atom", "/feeds/notices.json"] {
            let answer = room.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.text().contains("Paper 1") && answer.text().contains(kind.label()), "{path}");
        }
        assert!(room.get("/sitemap.xml?part=notices").await.text().contains(&notice));
        for format in ["rss", "atom", "json"] {
            let feed = room.get(&format!("/feeds/news.{format}")).await.bytes;
            let feed = feed_rs::parser::parse(feed.as_slice()).unwrap();
            let titles: Vec<_> =
                feed.entries.iter().map(|entry| &entry.title.as_ref().unwrap().content).collect();
            assert_eq!(titles.len(), 2, "{format}: {titles:?}");
            assert!(titles[0].starts_with(&format!("{}: Paper 1", kind.label())), "{titles:?}");
            assert!(feed.entries[0].id.ends_with(&own), "{format}");
            assert!(feed.entries[1].id.ends_with(&article.public_id), "{format}: the guid stays");
        }
        let page = room.get(&format!("/a/{}", article.public_id)).await.text();
        assert!(page.contains("History of this item") && page.contains("https://doi.org/10.5555/notice.7"));

        let id = room.store.notices_of(article.id).await.unwrap()[0].id;
        room.lift(article.id, id).await;
        room.wait_ms(5_000);
        for path in OUTPUTS.iter().map(|path| (*path).to_owned()).chain(own_addresses(&article)) {
            let text = room.get(&path).await.text();
            assert!(!text.contains(&format!("[{mark}]")), "{mark} was lifted: {path}");
        }
        assert!(room.get(&own).await.text().contains("Lifted on"), "a notice's address does not die");

        room.decide(&article, Wish::Withdraw).await;
        assert_hidden(&room, &article, "withdrawn", StatusCode::GONE).await;
        assert_eq!(room.get(&own).await.status, StatusCode::GONE);
        for path in ["/notices", "/feeds/notices.rss", "/api/v1/notices", "/sitemap.xml?part=notices"] {
            assert!(!room.get(path).await.text().contains(&notice), "{path}");
        }
    }
}

#[tokio::test]
async fn a_retracted_item_stays_in_the_feed_however_old_and_archives_stay_as_they_are() {
    let room = Newsroom::open_with(|settings| settings.publish.feed_items = 3).await;
    let old = room.publish(paper(1), &["ecpr"], None).await;
    for number in 0..7 {
        room.publish(paper(100 + number), &["ecpr"], None).await;
    }
    let first = "/feeds/news.atom?archive=1";
    let before = room.get(first).await.text();
    room.wait_ms(60_000);
    room.find(&old, NoticeKind::Retraction).await;
    for path in ["/feeds/news.atom", "/feeds/t/ecpr.rss", "/feeds/news.json"] {
        let titles = titles(&room.get(path).await.bytes);
        assert_eq!(titles.len(), 4, "{path}: {titles:?}");
        assert!(titles[0].starts_with("Retraction: Paper 1"), "{titles:?}");
        assert!(titles[3].starts_with("[Retracted] Paper 1"), "{titles:?}");
    }
    let ids = |text: &str| -> Vec<String> {
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        feed.entries.into_iter().map(|entry| entry.id).collect()
    };
    let after = room.get(first).await.text();
    assert_eq!(ids(&before), ids(&after), "the archive holds the same entries");
    assert!(after.contains("[Retracted] Paper 1"), "and says what happened to one");
    for number in 0..4 {
        room.publish(paper(200 + number), &["ecpr"], None).await;
    }
    let now = titles(&room.get("/feeds/news.rss").await.bytes);
    assert!(now[3].starts_with("[Retracted] Paper 1") && now.len() == 4, "{now:?}");
    // 8 items, a notice, 4 items: four full archives, and every entry is in exactly one document
    let mut all = Vec::new();
    for number in 1..=4 {
        all.extend(ids(&room.get(&format!("/feeds/news.atom?archive={number}")).await.text()));
    }
    assert_eq!(room.get("/feeds/news.atom?archive=5").await.status, StatusCode::NOT_FOUND);
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (12, 12));
}

fn titles(feed: &[u8]) -> Vec<String> {
    let feed = feed_rs::parser::parse(feed).unwrap();
    feed.entries.into_iter().map(|entry| entry.title.unwrap().content).collect()
}

#[tokio::test]
async fn an_article_in_the_queue_that_was_corrected_comes_with_its_mark_and_makes_no_news_of_it() {
    let room = Newsroom::open().await;
    let article = room.queue(paper(1)).await;
    room.find(&article, NoticeKind::Correction).await;
    room.wait_ms(60_000);
    let article = room.decide(&article, approval(&article, &["ecpr"], None)).await;
    room.wait_ms(5_000);
    assert_marked(&room, &article, "Corrected").await;
    assert_eq!(titles(&room.get("/feeds/news.rss").await.bytes).len(), 1);
}

#[tokio::test]
async fn a_merged_article_forwards_to_the_one_that_stands_for_it() {
    let room = Newsroom::open().await;
    let by_pmid = Identifiers { doi: None, ..paper(1).ids };
    let by_doi = Identifiers { pmid: None, ..paper(1).ids };
    let survivor = room.queue(Entry { ids: by_pmid, ..paper(1) }).await;
    let mut second = paper(2);
    second.ids = by_doi;
    let merged = room.queue(second).await;
    room.show(paper(1)).await;
    assert_eq!(room.get(&format!("/a/{}", merged.public_id)).await.status, StatusCode::NOT_FOUND);
    let survivor = room.store.article(survivor.id).await.unwrap().unwrap();
    let survivor = room.decide(&survivor, approval(&survivor, &["ecpr"], None)).await;
    room.wait_ms(1_000);
    for path in ["/a/ID", "/a/ID.ris", "/a/ID.bib", "/a/ID.csl.json", "/api/v1/news/ID"] {
        let answer = room.get(&path.replace("ID", &merged.public_id)).await;
        assert_eq!(answer.status, StatusCode::MOVED_PERMANENTLY, "{path}");
        assert_eq!(answer.header("location"), path.replace("ID", &survivor.public_id), "{path}");
    }
    for path in OUTPUTS {
        let text = room.get(path).await.text();
        assert!(
            text.contains("Paper 1") && !text.contains("Paper 2") && !text.contains(&merged.public_id),
            "{path}"
        );
    }
}
