//! Proof that a change was asked for by one of our own pages: a token bound to the session, and the request's origin.
//!
//! Both must hold. The token shown in a page is masked afresh each time, because pages are compressed and may repeat
//! what a stranger put into the address (BREACH).

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::token::Token;

/// The form field that carries the token.
pub const FIELD: &str = "csrf";

const PURPOSE: &str = "csrf";

/// The token for a form in a page of this session, different each time.
///
/// # Errors
/// The operating system has no randomness to give.
pub fn issue(session: &Token) -> Result<String, getrandom::Error> {
    let mut bytes = [0; 64];
    getrandom::fill(&mut bytes[..32])?;
    let secret = session.derive(PURPOSE);
    for index in 0..32 {
        bytes[32 + index] = bytes[index] ^ secret[index];
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether `text` was issued for this session.
pub fn verify(session: &Token, text: &str) -> bool {
    let decoded = (text.len() == 86).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    let Some(bytes) = decoded.filter(|bytes| bytes.len() == 64) else { return false };
    let unmasked: Vec<u8> =
        bytes[..32].iter().zip(&bytes[32..]).map(|(mask, masked)| mask ^ masked).collect();
    unmasked.ct_eq(session.derive(PURPOSE).as_slice()).into()
}

/// Checks that a change comes from a page of ours. A browser says so by `Sec-Fetch-Site`, older ones by `Origin` or
/// `Referer`; all that are there must agree, and one must be there.
///
/// # Errors
/// What spoke against it.
pub fn check_origin(headers: &HeaderMap, public_url: &str) -> Result<(), &'static str> {
    let mut said = false;
    if let Some(site) = headers.get("sec-fetch-site") {
        if site != "same-origin" && site != "none" {
            return Err("Sec-Fetch-Site names another site");
        }
        said = true;
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        if !origin.to_str().is_ok_and(|origin| is_ours(origin, headers, public_url)) {
            return Err("Origin is another site");
        }
        said = true;
    }
    if said {
        return Ok(());
    }
    match headers.get(header::REFERER).and_then(|referer| referer.to_str().ok()) {
        Some(referer) if is_ours(referer, headers, public_url) => Ok(()),
        Some(_) => Err("Referer is another site"),
        None => Err("neither Sec-Fetch-Site nor Origin nor Referer"),
    }
}

/// Whether an address lies at our public origin, or at the host that was asked. The latter is safe: a page of another
/// host that reaches us under its own name does not have our cookie.
fn is_ours(address: &str, headers: &HeaderMap, public_url: &str) -> bool {
    let Ok(address) = url::Url::parse(address) else { return false };
    if !matches!(address.scheme(), "http" | "https") {
        return false;
    }
    if url::Url::parse(public_url).is_ok_and(|ours| ours.origin() == address.origin()) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = match (address.host_str(), address.port()) {
        (Some(name), Some(port)) => format!("{name}:{port}"),
        (Some(name), None) => name.to_owned(),
        (None, _) => return false,
    };
    host.is_some_and(|host| host.eq_ignore_ascii_case(&authority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    #[test]
    fn a_token_holds_for_its_session_only_and_looks_new_each_time() {
        let (mine, yours) = (Token::generate().unwrap(), Token::generate().unwrap());
        let (first, second) = (issue(&mine).unwrap(), issue(&mine).unwrap());
        assert_ne!(first, second);
        assert!(verify(&mine, &first) && verify(&mine, &second));
        assert!(!verify(&yours, &first));
        for text in ["", "a", &first[1..], &"A".repeat(86), &mine.to_text()] {
            assert!(!verify(&mine, text), "{text}");
        }
    }

    #[test]
    fn only_our_own_pages_may_ask_for_changes() {
        let ours = "https://news.example.org";
        let checked = |pairs: &[(&'static str, &'static str)]| {
            let headers: HeaderMap = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            check_origin(&headers, ours).is_ok()
        };
        assert!(checked(&[("origin", "https://news.example.org")]));
        assert!(checked(&[("sec-fetch-site", "same-origin")]));
        assert!(checked(&[("referer", "https://news.example.org/desk?x=1")]));
        assert!(checked(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]));
        assert!(!checked(&[]), "silence proves nothing");
        assert!(!checked(&[("origin", "null")]));
        assert!(!checked(&[("origin", "https://evil.example")]));
        assert!(!checked(&[("origin", "https://news.example.org.evil.example")]));
        assert!(!checked(&[("origin", "https://news.example.org:8443")]));
        assert!(!checked(&[("sec-fetch-site", "same-site"), ("origin", "https://news.example.org")]));
        assert!(!checked(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
        assert!(!checked(&[("sec-fetch-site", "cross-site")]));
        assert!(!checked(&[
            ("host", "news.example.org"),
            ("referer", "https://evil.example/news.example.org")
        ]));
    }
}
