//! The society's language: what it wrote is marked as such, our own words as what they are.

use scraper::{Html, Selector};

use super::support::{Newsroom, paper};

/// The language of the first element that `what` selects, as a browser finds it: its own or that of what is around.
fn lang_of(html: &str, what: &str) -> String {
    let page = Html::parse_document(html);
    let found =
        page.select(&Selector::parse(what).unwrap()).next().unwrap_or_else(|| panic!("no {what}: {html}"));
    let around = found.ancestors().filter_map(scraper::ElementRef::wrap);
    let mut langs = std::iter::once(found).chain(around).filter_map(|element| element.attr("lang"));
    langs.next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn where_we_lack_a_language_our_words_are_english_and_the_societys_are_marked_as_its_own() {
    let room = Newsroom::open_in("de").await;
    let article = room.publish(paper(1), &["ecpr"], None).await;
    let item = format!("/a/{}", article.public_id);
    for (path, own, ours) in [
        ("/", ["article h2", "article h2 + p", ".brand span"], ["html", "nav", "footer", "article time"]),
        (&item, ["h1", "p.summary", ".brand span"], ["html", "nav", "section.why h2", "article time"]),
        (
            "/search?q=paper",
            ["article h2", "article h2 + p", ".brand span"],
            ["html", "h1", ".empty", "footer"],
        ),
        ("/embed/v1/frame", ["html", "h3", ".meta + p"], ["time", "time", "time", ".meta"]),
        ("/embed/v1/news.html", ["ul", "h3", "p + p"], ["time", "time", "time", "time"]),
    ] {
        let html = room.get(path).await.text();
        for own in own {
            assert_eq!(lang_of(&html, own), "de", "{path}: {own}");
        }
        for ours in ours {
            assert_eq!(lang_of(&html, ours), "en", "{path}: {ours}");
        }
    }
    for path in ["/no-such-page", "/desk/sign-in", "/desk/no-such-page", "/api"] {
        assert_eq!(lang_of(&room.get(path).await.text(), "h1"), "en", "{path}");
    }
    assert!(room.get("/feeds/news.rss").await.text().contains("<language>de</language>"));
}

#[tokio::test]
async fn a_country_of_a_language_that_we_speak_is_respected() {
    let room = Newsroom::open_in("en-GB").await;
    room.publish(paper(1), &["ecpr"], None).await;
    let too_long = format!("/search?q={}", "x".repeat(9_000));
    for path in ["/", "/desk/sign-in", "/desk/no-such-page", "/embed/v1/frame", &too_long] {
        let html = room.get(path).await.text();
        let rest = html.split_once("<html lang=\"en-GB\"").unwrap_or_else(|| panic!("{path}: {html}")).1;
        assert!(!rest.contains(" lang="), "{path}");
    }
}
