//! Saying the type of study of articles that were stored before it was said of every one.

use crate::curation::document::Document;
use crate::curation::topics::study_type;
use crate::store::{Store, StoreError};

/// Articles read from the database at once.
const BATCH: i64 = 200;

/// Says it until nothing is left, and stops at the first failure: the next start goes on.
pub(super) async fn catch_up(store: Store) {
    match say_all(&store).await {
        Ok(0) => {}
        Ok(count) => tracing::info!("the type of study was said of {count} older articles"),
        Err(error) => tracing::warn!("the type of study was not said of all older articles: {error}"),
    }
}

async fn say_all(store: &Store) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let articles = store.articles_without_study(BATCH).await?;
        if articles.is_empty() {
            return Ok(count);
        }
        count += articles.len();
        let studies = articles.iter().map(|article| {
            (article.id, study_type(&Document::from_article(article, &[])).as_str().to_owned())
        });
        store.set_studies(studies.collect()).await?;
    }
}
