//! Search over many items: what a shortcut finds is what a full sort would.

use perfuse::domain::time::UnixMs;
use perfuse::store::{SearchOrder, Store};

const COUNT: i64 = 6_000;
const NOW: UnixMs = UnixMs(2_000_000_000_000);

/// Items whose ids do not follow their dates: every fiftieth is published long after it was seen. All hold "ecmo", every
/// seventh "rare" too, every thousandth has "ecmo" in its title.
async fn filled() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("perfuse.db");
    let store = Store::open(&path).await.unwrap();
    let mut db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let transaction = db.transaction().unwrap();
    for id in 1..=COUNT {
        let late = if id % 50 == 0 { COUNT } else { 0 };
        let at = 1_600_000_000_000 + (id + late) * 60_000 + id % 7;
        let title = if id % 1_000 == 3 { "Flow on ECMO" } else { "Flow" };
        let summary = if id % 7 == 0 { "A rare report of ECMO." } else { "A report of ECMO." };
        let withdrawn = (id % 11 == 0).then_some(at);
        transaction
            .execute(
                "INSERT INTO news (article_id, public_id, title, summary, published_at, updated_at, withdrawn_at, topics,
                     kind, authors, journal, title_text, authors_text, journal_text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, '[]', 'article', '[]', '{}', ?3, '', '')",
                (id, format!("{id:026}"), title, summary, at, withdrawn),
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    (folder, store)
}

async fn ids(store: &Store, words: &str, order: SearchOrder) -> Vec<i64> {
    let found = store.search_news(words, order, NOW, 50).await.unwrap();
    assert!(found.iter().all(|found| found.snippet.contains('\u{2}')), "each shows its place");
    found.into_iter().map(|found| found.item.article_id).collect()
}

#[tokio::test]
async fn newest_first_is_exact_for_rare_and_for_common_words() {
    let (_folder, store) = filled().await;
    let public = |id: &i64| id % 11 != 0;
    let mut by_date: Vec<i64> = (1..=COUNT).filter(public).collect();
    by_date.sort_by_key(|id| std::cmp::Reverse((if id % 50 == 0 { id + COUNT } else { *id }, id % 7)));
    for (words, wanted) in [("ecmo", 1), ("rare ecmo", 7)] {
        let expected: Vec<i64> = by_date.iter().filter(|id| **id % wanted == 0).take(50).copied().collect();
        assert_eq!(ids(&store, words, SearchOrder::Newest).await, expected, "{words}");
    }
    assert!(ids(&store, "unheard", SearchOrder::Newest).await.is_empty());
}

#[tokio::test]
async fn words_in_a_title_come_first() {
    let (_folder, store) = filled().await;
    let mut first: Vec<i64> = ids(&store, "ecmo", SearchOrder::Best).await.into_iter().take(5).collect();
    first.sort_unstable();
    // of 3, 1003, 2003, 3003, 4003 and 5003 the one that 11 divides is withdrawn
    let titled: Vec<i64> = (0..6).map(|n| n * 1_000 + 3).filter(|id| id % 11 != 0).collect();
    assert_eq!(first, titled[..5]);
}

#[tokio::test]
async fn newest_first_is_exact_where_the_last_items_were_taken_back() {
    let (folder, store) = filled().await;
    let db = rusqlite::Connection::open(folder.path().join("perfuse.db")).unwrap();
    db.execute("UPDATE news SET withdrawn_at = published_at WHERE article_id > ?1", [COUNT - 90]).unwrap();
    let public = |id: &i64| id % 11 != 0 && *id <= COUNT - 90;
    let mut by_date: Vec<i64> = (1..=COUNT).filter(public).collect();
    by_date.sort_by_key(|id| std::cmp::Reverse((if id % 50 == 0 { id + COUNT } else { *id }, id % 7)));
    assert_eq!(ids(&store, "ecmo", SearchOrder::Newest).await, by_date[..50]);
}
