//! What every page for people has: head, chrome, and items as a template shows them.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::Public;
use super::document::{Page, common_headers};
use super::error::{PublicError, prepare_error_headers};
use crate::domain::news::{NewsItem, Site};
use crate::publish::citation::{CitationFormat, coins};
use crate::publish::feed::{Channel, FeedFormat, feed_path, topic_path};
use crate::publish::html::{caution, citation_html, item_links};
use crate::publish::notice::{is_void, marked_title, marked_title_html, statement};
use crate::publish::text::{escape_html, outward_link, paragraphs};
use crate::texts::{Text, Texts};
use crate::web::markup::Markup;

/// `text/html`.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Only our own files; no inline script or style; nothing turns text into script; nobody frames a page.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Markup that we made ourselves: from `RichText`'s four marks, or escaped where it was written.
#[derive(Debug, Clone)]
pub(super) struct Html(String);

impl Html {
    /// Vouches for `markup`: it comes from [`crate::publish`], which escapes.
    pub(super) fn made_by_us(markup: String) -> Self {
        Self(markup)
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// What stands in `<head>` and around the content.
pub(super) struct Chrome {
    pub(super) site_title: String,
    pub(super) tagline: String,
    /// Of the chrome's texts, for `lang`.
    pub(super) lang: String,
    /// ` lang="de"` for what the society wrote, where that is in another language than the chrome.
    pub(super) own_lang: Html,
    texts: &'static Texts,
    pub(super) homepage: Option<String>,
    pub(super) contact: Option<(String, String)>,
    pub(super) style_path: String,
    pub(super) script_path: String,
    pub(super) icon_path: String,
    pub(super) logo_path: String,
    /// Of the document: "Topic · Society".
    pub(super) title: String,
    pub(super) description: String,
    /// The page's one absolute address.
    pub(super) canonical: String,
    /// The society's language as Open Graph writes it: `pt_BR`.
    pub(super) locale: String,
    /// The logo's address where it is a picture that others can show.
    pub(super) image: Option<String>,
    /// `website` or `article`.
    pub(super) kind: &'static str,
    /// The navigation's entry that this is: "latest", "topics", "archive", "notices", "feeds" or "".
    pub(super) here: &'static str,
    /// Feeds to discover: `(media type, title, address)`.
    pub(super) feeds: Vec<(&'static str, String, String)>,
    pub(super) oembed: Option<String>,
    pub(super) json_ld: Option<Html>,
    pub(super) is_indexed: bool,
}

impl Chrome {
    /// The chrome of a page at `path`; `name` is empty for the home page.
    pub(super) fn new(public: &Public, here: &'static str, name: &str, path: &str) -> Self {
        let site = &*public.site;
        Self {
            site_title: site.title.clone(),
            tagline: site.description.clone(),
            lang: Texts::lang_for(&site.language).to_owned(),
            own_lang: lang_unless(&site.language, Texts::lang_for(&site.language)),
            texts: public.texts,
            homepage: public.settings.homepage.clone(),
            contact: contact_link(public.texts, site),
            style_path: public.assets.style.path(),
            script_path: public.assets.script.path(),
            icon_path: public.assets.icon.path(),
            logo_path: public.assets.logo.as_ref().unwrap_or(&public.assets.icon).path(),
            title: if name.is_empty() { site.title.clone() } else { format!("{name} · {}", site.title) },
            description: site.description.clone(),
            canonical: site.url(path),
            locale: site.language.replace('-', "_"),
            image: public
                .assets
                .logo
                .as_ref()
                .filter(|logo| logo.is_raster())
                .map(|logo| site.url(&logo.path())),
            kind: "website",
            here,
            feeds: discovered_feeds(site, Channel::All),
            oembed: None,
            json_ld: None,
            is_indexed: true,
        }
    }

    /// A text, for templates.
    pub(super) fn t(&self, key: &'static str) -> Text<'_> {
        self.texts.t(key)
    }

    /// A text with markup, for templates.
    pub(super) fn html(&self, key: &'static str) -> Markup<'_> {
        Markup::of(self.texts, key)
    }

    /// Also names the feeds of a topic.
    pub(super) fn with_topic(mut self, site: &Site, topic: &str) -> Self {
        self.feeds.splice(0..0, discovered_feeds(site, Channel::Topic(topic)));
        self
    }

    /// Also names the feeds of notices.
    pub(super) fn with_notices(mut self, site: &Site) -> Self {
        self.feeds.splice(0..0, discovered_feeds(site, Channel::Notices));
        self
    }

    /// Can be pasted into WordPress.
    pub(super) fn with_oembed(mut self, site: &Site) -> Self {
        let address: String = url::form_urlencoded::byte_serialize(self.canonical.as_bytes()).collect();
        self.oembed = Some(site.url(&format!("/oembed?format=json&url={address}")));
        self
    }
}

/// The attribute that says that something is in `language`, unless what stands around it is.
pub(super) fn lang_unless(language: &str, around: &str) -> Html {
    if language == around {
        Html(String::new())
    } else {
        Html(format!(" lang=\"{}\"", escape_html(language)))
    }
}

fn discovered_feeds(site: &Site, channel: Channel) -> Vec<(&'static str, String, String)> {
    let title = channel.title(site).unwrap_or_else(|| site.title.clone());
    FeedFormat::ALL
        .into_iter()
        .map(|format| {
            let label = format!("{title} ({})", format.label());
            (format.media_type(), label, site.url(&feed_path(channel, format)))
        })
        .collect()
}

/// `(text, address)` of where readers write to.
fn contact_link(texts: &Texts, site: &Site) -> Option<(String, String)> {
    let contact = site.contact.trim();
    if contact.starts_with("http://") || contact.starts_with("https://") {
        Some((texts.t("site-contact").into(), contact.to_owned()))
    } else if contact.contains('@') {
        let address = contact.strip_prefix("mailto:").unwrap_or(contact);
        Some((address.to_owned(), format!("mailto:{address}")))
    } else {
        None
    }
}

/// An item as the templates show it.
pub(super) struct ItemView {
    pub(super) path: String,
    /// With the mark of a notice in front.
    pub(super) title: Html,
    /// The same without markup.
    pub(super) plain_title: String,
    /// The notice that marks the item, `(statement, path)`.
    pub(super) told: Option<(String, String)>,
    /// Empty where the work no longer stands.
    pub(super) paragraphs: Vec<String>,
    pub(super) caution: String,
    pub(super) day: String,
    pub(super) day_text: String,
    pub(super) updated: Option<(String, String)>,
    pub(super) citation: Html,
    /// The article itself.
    pub(super) article: Option<String>,
    /// `(label, address)`, without our own page.
    pub(super) links: Vec<(String, String)>,
    /// `(title, path)` of the topics that are configured.
    pub(super) topics: Vec<(String, String)>,
    pub(super) coins: String,
    /// `(label, path)`.
    pub(super) citations: Vec<(&'static str, String)>,
}

impl ItemView {
    /// The item as shown on a page of this site.
    pub(super) fn new(site: &Site, item: &NewsItem) -> Self {
        let texts = Texts::of(&site.language);
        let (day, day_text) = day_of(texts, item.published_at);
        let changed = day_of(texts, item.updated_at);
        let path = format!("/a/{}", item.public_id);
        let mut links = item_links(site, item);
        links.pop();
        let topics = site.topics.iter().filter(|(name, _)| item.topics.contains(name));
        Self {
            title: Html(marked_title_html(texts, item)),
            plain_title: marked_title(texts, item),
            told: item
                .mark()
                .map(|notice| (statement(texts, notice), format!("/notices/{}", notice.public_id))),
            paragraphs: if is_void(item) { Vec::new() } else { paragraphs(&item.summary) },
            caution: caution(texts, item.kind),
            updated: (changed.0 != day).then_some(changed),
            day,
            day_text,
            citation: Html(citation_html(item)),
            article: outward_link(item),
            links,
            topics: topics.map(|(name, title)| (title.clone(), topic_path(name))).collect(),
            coins: coins::context_object(item),
            citations: CitationFormat::ALL
                .map(|format| (format.label(), format!("{path}.{}", format.extension())))
                .to_vec(),
            path,
        }
    }
}

/// `2026-11-22` and `22 November 2026`, in UTC.
pub(super) fn day_of(texts: &Texts, at: crate::domain::time::UnixMs) -> (String, String) {
    let day = at.to_utc();
    (day.format("%Y-%m-%d").to_string(), texts.day(day.date_naive()))
}

/// Renders a page for people.
pub(super) fn render(template: &impl Template) -> Result<Page, PublicError> {
    let page = Page::new(HTML, template.render()?.into_bytes());
    Ok(page.with(header::CONTENT_SECURITY_POLICY, POLICY))
}

#[derive(Template)]
#[template(path = "public/message.html")]
struct MessagePage<'a> {
    chrome: Chrome,
    heading: &'a str,
    text: &'a str,
}

/// An error as a page for people.
pub(super) fn error_page(public: &Public, error: PublicError) -> Response {
    if matches!(error, PublicError::Moved(_)) {
        return error.into_response();
    }
    let (status, (heading, text)) = (error.status(), describe(public.texts, &error));
    let mut chrome = Chrome::new(public, "", &heading, "/");
    chrome.is_indexed = false;
    let body = MessagePage { chrome, heading: &heading, text: &text }.render();
    let mut headers = common_headers(HTML);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    prepare_error_headers(&mut headers, status);
    (status, headers, body.unwrap_or_else(|_| format!("<!doctype html><title>{heading}</title>{heading}")))
        .into_response()
}

/// An error in words for people: a heading and a sentence. A fault of ours is logged.
pub(super) fn describe(texts: &Texts, error: &PublicError) -> (String, String) {
    let (heading, text) = match error {
        PublicError::NotFound => (texts.t("nothing-title"), texts.t("nothing-text")),
        PublicError::Gone => (texts.t("gone-title"), texts.t("gone-text")),
        PublicError::WrongMethod => (texts.t("wrong-method-title"), texts.t("wrong-method-text")),
        PublicError::BadParameter { .. } => {
            (texts.t("bad-address-title"), texts.t("bad-address-text").with("problem", error.to_string()))
        }
        _ => {
            tracing::error!(%error, "a page could not be given");
            (texts.t("failed-title"), texts.t("failed-text"))
        }
    };
    (heading.to_string(), text.to_string())
}

/// What a handler of a page for people answers.
pub(super) fn page_or_error(public: &Public, answer: Result<Response, PublicError>) -> Response {
    answer.unwrap_or_else(|error| error_page(public, error))
}
