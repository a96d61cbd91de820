//! Sitemaps (sitemaps.org 0.9).

use super::xml::Xml;
use crate::domain::time::UnixMs;

/// The most addresses a sitemap may hold.
pub const MAX_ADDRESSES: usize = 50_000;

/// A sitemap of absolute addresses with the time of their last change, where one is known.
pub fn render(addresses: &[(String, Option<UnixMs>)]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("urlset", &[("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")]);
    for (address, changed_at) in addresses.iter().take(MAX_ADDRESSES) {
        xml.open("url", &[]);
        xml.text("loc", &[], address);
        if let Some(at) = changed_at {
            xml.text("lastmod", &[], &at.to_rfc3339());
        }
        xml.close("url");
    }
    xml.close("urlset");
    xml.finish()
}

/// An index of sitemaps.
pub fn render_index(sitemaps: &[String]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("sitemapindex", &[("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")]);
    for address in sitemaps.iter().take(MAX_ADDRESSES) {
        xml.open("sitemap", &[]);
        xml.text("loc", &[], address);
        xml.close("sitemap");
    }
    xml.close("sitemapindex");
    xml.finish()
}
