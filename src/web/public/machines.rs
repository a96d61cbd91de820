//! For crawlers and for those who find a hole: robots.txt, sitemap.xml, security.txt.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::lists::month_bounds;
use super::parameters::Parameters;
use super::{AppState, Page, PublicError};
use crate::domain::time::{DAY_MS, UnixMs};
use crate::publish::feed::topic_path;
use crate::publish::sitemap::{self, MAX_ADDRESSES};
use crate::store::{FeedOf, NewsQuery};

const TEXT: &str = "text/plain; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";

/// `/robots.txt`
pub(super) async fn robots(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, PublicError> {
    let public = &app.public;
    public
        .answer(&headers, "/robots.txt", || async move {
            let sitemap = public.site.url("/sitemap.xml");
            let text = format!("User-agent: *\nDisallow: /desk\nDisallow: /search\n\nSitemap: {sitemap}\n");
            Ok(Page::new(TEXT, text.into_bytes()))
        })
        .await
}

/// `/sitemap.xml`: an index; `?part=pages`, `?part=notices` and `?part=2026-11` are its sitemaps, so that none grows without end.
pub(super) async fn sitemap(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    let site = &*public.site;
    match parameters.text("part") {
        None => {
            public
                .answer(&headers, "/sitemap.xml", || async move {
                    let now = public.now();
                    let mut parts = vec![site.url("/sitemap.xml?part=pages")];
                    parts.push(site.url("/sitemap.xml?part=notices"));
                    for (year, month, _) in public.store.news_months(now).await? {
                        parts.push(site.url(&format!("/sitemap.xml?part={year:04}-{month:02}")));
                    }
                    Ok(Page::new(XML, sitemap::render_index(&parts)))
                })
                .await
        }
        Some("pages") => {
            public
                .answer(&headers, "/sitemap.xml?part=pages", || async move {
                    let now = public.now();
                    let mut paths: Vec<String> =
                        ["/", "/topics", "/archive", "/notices", "/feeds"].map(str::to_owned).into();
                    paths.extend(site.topics.iter().map(|(name, _)| topic_path(name)));
                    for (year, month, _) in public.store.news_months(now).await? {
                        paths.push(format!("/archive/{year:04}/{month:02}"));
                    }
                    let pages: Vec<_> = paths.iter().map(|path| (site.url(path), None)).collect();
                    Ok(Page::new(XML, sitemap::render(&pages)))
                })
                .await
        }
        Some("notices") => {
            public
                .answer(&headers, "/sitemap.xml?part=notices", || async move {
                    let most = MAX_ADDRESSES as u64;
                    let notices = public.store.feed_newest(FeedOf::Notices, None, most, public.now()).await?;
                    let changed = notices.iter().filter_map(|entry| entry.notice.as_ref()).map(|notice| {
                        (site.notice_url(notice), Some(notice.lifted_at.unwrap_or(notice.public_at)))
                    });
                    Ok(Page::new(XML, sitemap::render(&changed.collect::<Vec<_>>())))
                })
                .await
        }
        Some(month) => {
            let (start, end) = read_month(month).ok_or_else(|| PublicError::BadParameter {
                name: "part",
                what: "takes pages, notices or a month (2026-11)".to_owned(),
            })?;
            let key = format!("/sitemap.xml?part={month}");
            public
                .answer(&headers, &key, || async move {
                    let now = public.now();
                    let query = NewsQuery { before: Some(end), since: Some(start), ..NewsQuery::default() };
                    let items = public.store.news_list(query, now, MAX_ADDRESSES as i64).await?;
                    let pages: Vec<_> =
                        items.iter().map(|item| (site.item_url(item), Some(item.updated_at))).collect();
                    Ok(Page::new(XML, sitemap::render(&pages)))
                })
                .await
        }
    }
}

fn read_month(text: &str) -> Option<(UnixMs, UnixMs)> {
    let (year, month) = text.split_once('-').filter(|_| text.len() == 7)?;
    month_bounds(year.parse().ok().filter(|year| (1000..3000).contains(year))?, month.parse().ok()?)
}

/// `/.well-known/security.txt` (RFC 9116), where there is somebody to write to.
pub(super) async fn security(
    State(app): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, PublicError> {
    const VALID_DAYS: i64 = 180;
    let site = &app.site;
    let contact = match site.contact.trim() {
        "" => return Err(PublicError::NotFound),
        address if address.contains("://") || address.starts_with("mailto:") => address.to_owned(),
        address => format!("mailto:{address}"),
    };
    let midnight = app.public.now().0.div_euclid(DAY_MS) * DAY_MS;
    let expires = UnixMs(midnight).plus_ms(VALID_DAYS * DAY_MS).to_rfc3339();
    let canonical = site.url("/.well-known/security.txt");
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: {}\n",
        site.language
    );
    let key = format!("/.well-known/security.txt#{midnight}");
    app.public.answer(&headers, &key, || async move { Ok(Page::new(TEXT, text.into_bytes())) }).await
}
