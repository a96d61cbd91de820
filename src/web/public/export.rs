//! `/export?topic=&format=`: all citations, of everything or of a topic, streamed in pages so that memory does not
//! grow with their number.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::sync::Arc;

use super::citations::media_type;
use super::document::{common_headers, fingerprint, is_known};
use super::parameters::Parameters;
use super::{AppState, Public, PublicError};
use crate::domain::time::UnixMs;
use crate::publish::citation::CitationFormat;
use crate::store::NewsQuery;

/// Items read at once.
const CHUNK: usize = 500;

/// Where a running export stands.
struct Progress {
    public: Arc<Public>,
    format: CitationFormat,
    topic: Option<String>,
    now: UnixMs,
    before: Option<UnixMs>,
    is_first: bool,
    is_done: bool,
}

/// `/export?topic=&format=ris|bib|csl.json`
pub(super) async fn export(
    State(app): State<AppState>,
    request: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let topic = parameters.topic(&app.site)?;
    let format = parameters.word("format", CitationFormat::from_extension, "ris, bib, csl.json")?;
    let format = format.unwrap_or(CitationFormat::Ris);
    let mut headers = common_headers(media_type(format));
    let (tag, changed_at) = validators(&app.public, topic.as_deref(), format).await?;
    for (name, value) in [(header::ETAG, &tag), (header::LAST_MODIFIED, &changed_at.to_rfc822())] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    if is_known(&request, &tag, changed_at) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let name =
        format!("attachment; filename=\"{}.{}\"", topic.as_deref().unwrap_or("news"), format.extension());
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    let mut progress = Progress {
        now: app.public.now(),
        public: app.public.clone(),
        format,
        topic,
        before: None,
        is_first: true,
        is_done: false,
    };
    // the first page before the status: a database that fails is an error, not a file that ends early
    let first = next_chunk(&mut progress).await?;
    let rest = stream::unfold(progress, |mut progress| async move {
        if progress.is_done {
            return None;
        }
        let chunk = next_chunk(&mut progress).await;
        if let Err(error) = &chunk {
            tracing::error!(%error, "an export broke off");
            progress.is_done = true;
        }
        Some((chunk, progress))
    });
    // the compressor asks once more after the end, which unfold does not bear
    let body = stream::iter([Ok(first)]).chain(rest).fuse();
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A file that is made while it is sent has no hash yet: its tag is that of what it is made from. Weak, because the
/// server may compress it on the way.
async fn validators(
    public: &Public,
    topic: Option<&str>,
    format: CitationFormat,
) -> Result<(String, UnixMs), PublicError> {
    let version = public.store.news_version().await?;
    let due_at = public.store.next_scheduled(public.now()).await?.map_or(0, |at| at.0);
    let (topic, program) = (topic.unwrap_or_default(), env!("CARGO_PKG_VERSION"));
    let made_from = format!("{program} {version} {due_at} {} {topic}", format.extension());
    let content = fingerprint(made_from.as_bytes());
    let hash: String = content[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("/export {} {topic}", format.extension());
    Ok((format!("W/\"{hash}\""), public.shelf.stamp(&key, content)))
}

async fn next_chunk(progress: &mut Progress) -> Result<Bytes, PublicError> {
    let query = NewsQuery { topic: progress.topic.clone(), before: progress.before, ..NewsQuery::default() };
    let items = progress.public.store.news_list(query, progress.now, CHUNK as i64).await?;
    progress.is_done = items.len() < CHUNK;
    progress.before = items.last().map(|item| item.published_at);
    let bytes = progress.format.render(&items);
    let bytes = match progress.format {
        CitationFormat::CslJson => join_arrays(&bytes, progress.is_first, progress.is_done),
        _ => bytes,
    };
    progress.is_first = false;
    Ok(Bytes::from(bytes))
}

/// Makes one JSON array of those of the chunks.
fn join_arrays(array: &[u8], is_first: bool, is_last: bool) -> Vec<u8> {
    let inner = array.trim_ascii();
    let inner = inner.strip_prefix(b"[").unwrap_or(inner);
    let inner = inner.strip_suffix(b"]").unwrap_or(inner).trim_ascii();
    let mut joined = Vec::with_capacity(array.len() + 2);
    if is_first {
        joined.push(b'[');
    } else if !inner.is_empty() {
        joined.push(b',');
    }
    joined.extend_from_slice(inner);
    if is_last {
        joined.extend_from_slice(b"]\n");
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::join_arrays;

    #[test]
    fn the_arrays_of_chunks_become_one_also_when_the_last_is_empty() {
        let joined = [join_arrays(b"[\n 1,\n 2\n]\n", true, false), join_arrays(b"[]", false, true)].concat();
        assert_eq!(serde_json::from_slice::<Vec<i32>>(&joined).unwrap(), [1, 2]);
        let joined = [join_arrays(b"[1]", true, false), join_arrays(b"[2]", false, true)].concat();
        assert_eq!(serde_json::from_slice::<Vec<i32>>(&joined).unwrap(), [1, 2]);
        assert_eq!(join_arrays(b"[]\n", true, true), b"[]\n");
    }
}
