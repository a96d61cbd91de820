//! Invented items for measurements: words drawn by Zipf's law, the field's own words in up to half of all items,
//! approvals out of the order of ids.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

const FIELD: [&str; 20] = [
    "ecmo",
    "patients",
    "cardiac",
    "extracorporeal",
    "survival",
    "mortality",
    "membrane",
    "oxygenation",
    "bypass",
    "arrest",
    "perfusion",
    "heparin",
    "bleeding",
    "outcome",
    "cohort",
    "neonatal",
    "cannula",
    "haemolysis",
    "shock",
    "kidney",
];
const VOCABULARY: u32 = 30_000;

/// A word, common ones more often.
pub(crate) fn word(random: &mut impl Rng) -> String {
    // Zipf: the n-th word is drawn 1/n as often; FIELD's words, 2 % to 50 % of items each, come first
    let place = (f64::from(VOCABULARY).powf(random.random::<f64>()) - 1.0) as usize;
    FIELD.get(place).map_or_else(|| format!("w{place:05}"), |word| (*word).to_owned())
}

/// Writes `count` published items into a database that `Store::open` has made.
pub(crate) fn fill(path: &Path, count: u32) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(1);
    let mut order: Vec<(i64, u32)> = (0..count)
        .map(|id| {
            // one in fifty is approved long after it was seen, at any time until today
            let late =
                if random.random_ratio(1, 50) { random.random_range(0..i64::from(count - id)) } else { 0 };
            (i64::from(id) + random.random_range(0..300) + late, id)
        })
        .collect();
    order.sort_unstable();
    let mut db = rusqlite::Connection::open(path)?;
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000")?;
    let transaction = db.transaction()?;
    {
        let mut insert = transaction.prepare(
            "INSERT INTO news (article_id, public_id, title, summary, published_at, updated_at, topics, kind, authors,
                 journal, title_text, authors_text, journal_text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, '[]', 'article', ?6, '{}', ?3, 'A B Fixture', 'Journal of Invented Perfusion')",
        )?;
        for (place, (_, id)) in order.iter().enumerate() {
            let mut text = |words: usize| (0..words).map(|_| word(&mut random)).collect::<Vec<_>>().join(" ");
            let (title, summary) = (text(10), text(45));
            let at = 1_600_000_000_000_i64 + place as i64 * 60_000;
            let authors = r#"[{"family":"Fixture","given":"A B"}]"#;
            insert.execute((id + 1, format!("{id:026}"), title, summary, at, authors))?;
        }
    }
    transaction.commit()?;
    db.execute_batch("INSERT INTO news_fts (news_fts) VALUES ('optimize'); PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
