//! Addresses: resolved, http(s) only, without the parameters that only count visits.

use url::Url;

use crate::domain::identity::Pmid;

use super::caps;
use super::markup::unescape;

/// Query parameters that publishers, mailers and PubMed's feeds add at each fetch.
const TRACKING: &[&str] = &[
    "af",
    "rss",
    "dgcid",
    "fc",
    "ff",
    "fbclid",
    "gclid",
    "mc_cid",
    "mc_eid",
    "rft_dat",
    "ssource",
    "sid",
    "cmpid",
    "ncid",
    "igshid",
    "wt.ec_id",
    "wt.mc_id",
    "wt.feed_name",
    "error",
    "cookieset",
    "jsessionid",
    "feed",
    "via",
];

/// The canonical form of an absolute or relative address; `None` unless it ends as http or https of at most
/// [`caps::LINK`] bytes with a host. Credentials and fragments that only count visits are dropped.
pub fn canonical_link(text: &str, base: Option<&Url>) -> Option<String> {
    let mut url = resolve_link(text, base)?;
    if let Some(pmid) = Pmid::parse(url.as_str()) {
        return Some(pmid.url());
    }
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    if url.fragment().is_some_and(|fragment| fragment.is_empty() || is_tracking(fragment)) {
        url.set_fragment(None);
    }
    if url.query().is_some() {
        strip_tracking(&mut url);
    }
    (url.as_str().len() <= caps::LINK).then(|| url.into())
}

/// The absolute address of a link; `None` for anything but http and https.
pub fn resolve_link(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = unescape(text.trim());
    // line breaks inside an address come from indented feeds
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    if text.is_empty() || text.len() > 2 * caps::LINK {
        return None;
    }
    let url = match (Url::parse(text), base) {
        (Ok(url), _) => url,
        (Err(_), Some(base)) => base.join(text).ok()?,
        // "www.example.org/x" without a base
        (Err(_), None) if text.starts_with("www.") => Url::parse(&format!("https://{text}")).ok()?,
        (Err(_), None) => return None,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn strip_tracking(url: &mut Url) {
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
        .collect();
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(kept.as_str()));
}

/// Whether `name=value` only counts visits.
fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_") || name.starts_with("xtor") || TRACKING.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        let base = Url::parse("https://journal.example/toc/index.html").unwrap();
        canonical_link(text, Some(&base))
    }

    #[test]
    fn what_only_counts_visits_is_removed_and_the_rest_kept() {
        let table = [
            ("https://journal.example/doi/10.1/x?af=R", "https://journal.example/doi/10.1/x"),
            ("https://a.example/pii/S1?dgcid=rss_sd_all", "https://a.example/pii/S1"),
            ("https://a.example/article/197/3?rss=1", "https://a.example/article/197/3"),
            (
                "https://a.example/x?id=5&utm_source=a b&utm_medium=rss&page=2",
                "https://a.example/x?id=5&page=2",
            ),
            (
                "https://pubmed.ncbi.nlm.nih.gov/34902460/?utm_source=Mobile Safari UI/WKWebView&fc=2021&v=2.15.0",
                "https://pubmed.ncbi.nlm.nih.gov/34902460/",
            ),
            (
                "\nhttp://biorxiv.org/cgi/content/short/743294v1?rss=1\n",
                "http://biorxiv.org/cgi/content/short/743294v1",
            ),
            ("/toc/x/55", "https://journal.example/toc/x/55"),
            ("//cdn.example/a", "https://cdn.example/a"),
            ("https://u:p@a.example/x#", "https://a.example/x"),
            ("https://a.example/x?a=1&amp;b=2#part", "https://a.example/x?a=1&b=2#part"),
        ];
        for (text, expected) in table {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn only_http_and_https_pass() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "mailto:a@b.example",
            "",
            "http://",
            " vbscript:x",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
        assert_eq!(canonical(&format!("https://a.example/{}", "x".repeat(3000))), None);
        assert_eq!(canonical_link("relative", None), None);
    }

    proptest! {
        #[test]
        fn whatever_passes_is_http_and_stable(text in "(https?://|//|/|\\?|&|=|#|@|:|utm_x|a|\\.|%|\\PC){0,20}") {
            if let Some(link) = canonical(&text) {
                prop_assert!(link.starts_with("http://") || link.starts_with("https://"));
                prop_assert_eq!(canonical_link(&link, None), Some(link));
            }
        }
    }
}
