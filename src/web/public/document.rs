//! A rendered output as it goes over the wire: identity, gzip and brotli, each with its own strong ETag, made once
//! and answered from memory any number of times; 304 and HEAD touch none of the bytes.

use std::io::Write;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::domain::time::{SECOND_MS, UnixMs};

/// Readers may keep a copy for five minutes, use it while they ask again, and for a week when we are down.
pub(super) const CACHE_CONTROL: &str =
    "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800";
/// For addresses that carry a hash of their content.
pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// What a handler made, before it is compressed.
pub(super) struct Page {
    /// The `Content-Type`.
    pub(super) media_type: &'static str,
    /// The identity form.
    pub(super) bytes: Vec<u8>,
    /// Headers beyond the common ones; they win over those.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Page {
    /// A page without headers of its own.
    pub(super) fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { media_type, bytes, headers: Vec::new() }
    }

    /// The same with one more header, left out where its value cannot be one.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

/// How the bytes are coded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Brotli,
}

/// A page in every coding, ready to be sent.
pub(super) struct Document {
    codings: [(Bytes, HeaderMap); 3],
    changed_at: UnixMs,
}

/// The hash from which the ETags are made.
pub(super) type Fingerprint = [u8; 32];

/// See [`Fingerprint`].
pub(super) fn fingerprint(bytes: &[u8]) -> Fingerprint {
    Sha256::digest(bytes).into()
}

impl Document {
    /// Compresses the page, which takes milliseconds: call it where blocking is allowed. `changed_at` is said to be
    /// its last change.
    pub(super) fn new(page: Page, changed_at: UnixMs) -> Self {
        let tag: String = fingerprint(&page.bytes)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut common = common_headers(page.media_type);
        if let Ok(value) = HeaderValue::from_str(&changed_at.to_rfc822()) {
            common.insert(header::LAST_MODIFIED, value);
        }
        for (name, value) in page.headers {
            common.insert(name, value);
        }
        let coded = |coding: Coding, bytes: Vec<u8>| {
            let mut headers = common.clone();
            let (suffix, name) = match coding {
                Coding::Identity => ("", None),
                Coding::Gzip => ("-gz", Some("gzip")),
                Coding::Brotli => ("-br", Some("br")),
            };
            if let Ok(etag) = HeaderValue::from_str(&format!("\"{tag}{suffix}\"")) {
                headers.insert(header::ETAG, etag);
            }
            if let Some(name) = name {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            }
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            (Bytes::from(bytes), headers)
        };
        let gzip = coded(Coding::Gzip, compress_gzip(&page.bytes));
        let brotli = coded(Coding::Brotli, compress_brotli(&page.bytes));
        Self { codings: [coded(Coding::Identity, page.bytes), gzip, brotli], changed_at }
    }

    /// Bytes of memory it takes, about.
    pub(super) fn size(&self) -> usize {
        const HEADERS: usize = 3 * 1024;
        self.codings.iter().map(|(bytes, _)| bytes.len()).sum::<usize>() + HEADERS
    }

    /// Answers a GET or HEAD with these headers: 304 where the client has these bytes already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let (bytes, headers) = &self.codings[choose_coding(request) as usize];
        let own = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        if is_known(request, own, self.changed_at) {
            let mut headers = headers.clone();
            for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_TYPE] {
                headers.remove(name);
            }
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let mut response = Response::new(Body::from(bytes.clone()));
        *response.headers_mut() = headers.clone();
        response
    }
}

/// Whether the client says that it has what bears this tag and changed then. A date counts only where no tag was sent
/// (RFC 9110, 13.2.2).
pub(super) fn is_known(request: &HeaderMap, tag: &str, changed_at: UnixMs) -> bool {
    if request.contains_key(header::IF_NONE_MATCH) {
        return names_tag(request, tag);
    }
    let since = request.get(header::IF_MODIFIED_SINCE).and_then(|date| date.to_str().ok());
    let since = since.and_then(|date| httpdate::parse_http_date(date).ok());
    let since = since.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
    since.is_some_and(|since| since.as_secs() as i64 >= changed_at.0.div_euclid(SECOND_MS))
}

/// Whether `If-None-Match` names the tag, compared weakly (RFC 9110, 13.1.2).
fn names_tag(request: &HeaderMap, own: &str) -> bool {
    let own = own.trim_start_matches("W/");
    let sent = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    sent.flat_map(|tags| tags.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == own
    })
}

/// Headers of everything public. Data must not run as a page of ours, whatever a browser takes it for.
pub(super) fn common_headers(media_type: &'static str) -> HeaderMap {
    const HEADERS: [(HeaderName, &str); 8] = [
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::VARY, "accept-encoding"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag, link, last-modified"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ];
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

fn compress_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3 + 64), Compression::new(7));
    // a Vec takes every write
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn compress_brotli(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(bytes.len() / 4 + 64);
    // quality 5 takes a tenth of the time of 9 and is 4 % larger; a 22-bit window covers any of our documents
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, 5, 22);
    let _ = writer.write_all(bytes);
    drop(writer);
    compressed
}

/// The coding the client likes best; of equals the smallest (RFC 9110, 12.5.3).
fn choose_coding(request: &HeaderMap) -> Coding {
    let mut quality = [None::<f32>; 3];
    let mut any = None;
    let accepted = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for part in accepted.flat_map(|value| value.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        match name.to_ascii_lowercase().as_str() {
            "identity" => quality[Coding::Identity as usize] = Some(weight),
            "gzip" | "x-gzip" => quality[Coding::Gzip as usize] = Some(weight),
            "br" => quality[Coding::Brotli as usize] = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    let weight = |coding: Coding| quality[coding as usize].or(any).unwrap_or(0.0);
    // identity is always allowed, and wins only where it is asked for before the others
    let identity = quality[Coding::Identity as usize].unwrap_or(f32::MIN_POSITIVE);
    let mut best = (Coding::Identity, identity);
    for coding in [Coding::Gzip, Coding::Brotli] {
        if weight(coding) > 0.0 && weight(coding) >= best.1 {
            best = (coding, weight(coding));
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn document() -> Document {
        Document::new(Page::new("text/plain", b"hello ".repeat(100)), UnixMs(1_795_367_460_000))
    }

    #[test]
    fn the_client_gets_the_coding_it_likes_best() {
        let choose = |value| choose_coding(&headers(&[(header::ACCEPT_ENCODING, value)]));
        assert_eq!(choose_coding(&HeaderMap::new()), Coding::Identity);
        assert_eq!(choose("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(choose("gzip;q=1.0, br;q=0.5"), Coding::Gzip);
        assert_eq!(choose("br;q=0, gzip"), Coding::Gzip);
        assert_eq!(choose("*"), Coding::Brotli);
        assert_eq!(choose("identity, gzip;q=0.5"), Coding::Identity);
        assert_eq!(choose("deflate"), Coding::Identity);
        assert_eq!(choose("gzip;q=0"), Coding::Identity);
    }

    #[test]
    fn each_coding_has_a_tag_of_its_own_and_answers_304_only_to_it() {
        let document = document();
        let etag = |coding| {
            let response = document.answer(&headers(&[(header::ACCEPT_ENCODING, coding)]));
            response.headers()[header::ETAG].to_str().unwrap().to_owned()
        };
        let tags = [etag("identity"), etag("gzip"), etag("br")];
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags.iter().all(|tag| tag.starts_with('"')));
        let status = |coding, tag: &str| {
            let known = [(header::ACCEPT_ENCODING, coding), (header::IF_NONE_MATCH, tag)];
            document.answer(&headers(&known)).status()
        };
        assert_eq!(status("gzip", &tags[1]), StatusCode::NOT_MODIFIED);
        assert_eq!(status("gzip", &format!("\"x\", W/{}", tags[1])), StatusCode::NOT_MODIFIED);
        assert_eq!(status("gzip", "*"), StatusCode::NOT_MODIFIED);
        assert_eq!(status("gzip", &tags[2]), StatusCode::OK);
    }

    #[test]
    fn a_date_counts_only_where_no_tag_was_sent() {
        let document = document();
        let status = |pairs: &[(HeaderName, &str)]| document.answer(&headers(pairs)).status();
        let same = "Sun, 22 Nov 2026 17:11:00 GMT";
        assert_eq!(status(&[(header::IF_MODIFIED_SINCE, same)]), StatusCode::NOT_MODIFIED);
        assert_eq!(status(&[(header::IF_MODIFIED_SINCE, "Sun, 22 Nov 2026 17:10:59 GMT")]), StatusCode::OK);
        assert_eq!(status(&[(header::IF_MODIFIED_SINCE, "yesterday")]), StatusCode::OK);
        let both = [(header::IF_MODIFIED_SINCE, same), (header::IF_NONE_MATCH, "\"other\"")];
        assert_eq!(status(&both), StatusCode::OK);
    }

    #[test]
    fn what_is_compressed_unpacks_to_the_same_bytes() {
        use std::io::Read;
        let document = document();
        let mut gzip = Vec::new();
        flate2::read::GzDecoder::new(&document.codings[1].0[..]).read_to_end(&mut gzip).unwrap();
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(&document.codings[2].0[..], 4096).read_to_end(&mut unpacked).unwrap();
        assert!(gzip == document.codings[0].0 && unpacked == gzip);
    }
}
