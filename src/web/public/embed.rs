//! The news on somebody else's page: a custom element, a frame, a fragment, JSON, and oEmbed for WordPress.
//!
//! Nothing of it sets a cookie or needs more of the host page than one tag.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::document::common_headers;
use super::error::prepare_error_headers;
use super::page::{Chrome, HTML, Html, ItemView, day_of, describe, lang_unless, page_or_error, render};
use super::parameters::{Parameters, Path};
use super::snippets::{Choice, DEFAULT_COUNT, FRAME_HEIGHT};
use super::{AppState, Page, Public, PublicError, item};
use crate::domain::news::NewsItem;
use crate::domain::time::UnixMs;
use crate::publish::citation::source_line;
use crate::publish::feed::{topic_path, topic_title};
use crate::publish::html::{LinkTo, caution, fragment};
use crate::publish::json::to_bytes;
use crate::publish::notice::{marked_title, short_summary};
use crate::publish::text::{escape_html, outward_link};
use crate::store::NewsQuery;
use crate::texts::Texts;

const MAX_COUNT: u64 = 20;
const FRAME_WIDTH: u64 = 600;
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// What a host page asks for.
struct Wish {
    count: u64,
    topic: Option<String>,
    /// One item instead of the newest.
    id: Option<String>,
    heading_level: u8,
    links: LinkTo,
    theme: &'static str,
}

impl Wish {
    fn read(public: &Public, parameters: &Parameters) -> Result<Self, PublicError> {
        let links = |word: &str| match word {
            "article" => Some(LinkTo::Article),
            "page" => Some(LinkTo::Page),
            _ => None,
        };
        let theme = |word: &str| ["auto", "light", "dark"].into_iter().find(|theme| *theme == word);
        let level = parameters.number("heading-level", 2, 6)?.unwrap_or(3);
        Ok(Self {
            count: parameters.number("count", 1, MAX_COUNT)?.unwrap_or(DEFAULT_COUNT),
            topic: parameters.topic(&public.site)?,
            id: parameters.text("id").map(str::to_owned),
            heading_level: u8::try_from(level).unwrap_or(3),
            links: parameters.word("links", links, "article, page")?.unwrap_or(LinkTo::Article),
            theme: parameters.word("theme", theme, "auto, light, dark")?.unwrap_or("auto"),
        })
    }

    /// Names the output with everything that shapes it.
    fn key(&self, file: &str) -> String {
        format!(
            "/embed/v1/{file}?{}&{}&{}&{}&{:?}&{}",
            self.count,
            self.topic.as_deref().unwrap_or_default(),
            self.id.as_deref().unwrap_or_default(),
            self.heading_level,
            self.links,
            self.theme
        )
    }

    async fn items(&self, public: &Public, now: UnixMs) -> Result<Vec<NewsItem>, PublicError> {
        if let Some(id) = &self.id {
            return Ok(vec![item::find(public, id, now).await?]);
        }
        let query = NewsQuery { topic: self.topic.clone(), ..NewsQuery::default() };
        Ok(public.store.news_list(query, now, self.count as i64).await?)
    }
}

#[derive(Template)]
#[template(path = "public/frame.html")]
struct FramePage {
    title: String,
    home: String,
    language: String,
    /// The attribute for our own words, where they are not in that language.
    chrome_lang: Html,
    theme: &'static str,
    heading_level: u8,
    style_path: String,
    script_path: String,
    /// Each with where its title leads.
    items: Vec<(ItemView, String)>,
}

/// `/embed/v1.js` and `/embed/v1.{hash}.js`
pub(super) async fn script(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PublicError> {
    let asset = &app.public.assets.embed;
    let document = if file == "v1.js" { Some(&asset.plain) } else { asset.document(&file) };
    Ok(document.ok_or(PublicError::NotFound)?.answer(&headers))
}

/// `/embed/v1/{frame,resize.js,news.html,news.json}`
pub(super) async fn file(
    State(app): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    if file == "resize.js" {
        return Ok(public.assets.resize.plain.answer(&headers));
    }
    if !matches!(file.as_str(), "frame" | "news.html" | "news.json") {
        return Err(PublicError::NotFound);
    }
    let answer = output(public, &file, &headers, &parameters).await;
    Ok(match answer {
        Err(error) if file == "frame" => frame_error(public, &error),
        answer => answer.into_response(),
    })
}

async fn output(
    public: &Public,
    file: &str,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, PublicError> {
    let wish = Wish::read(public, parameters)?;
    public
        .answer(headers, &wish.key(file), || async {
            let now = public.now();
            let items = wish.items(public, now).await?;
            match file {
                "frame" => frame(public, &wish, &items),
                "news.html" => {
                    Ok(Page::new(HTML, fragment(&public.site, &items, wish.heading_level, wish.links)))
                }
                _ => Ok(Page::new("application/json", to_bytes(&news_json(public, &wish, &items)))),
            }
        })
        .await
}

fn list_title(public: &Public, wish: &Wish) -> String {
    match &wish.topic {
        Some(topic) => topic_title(&public.site, topic).to_owned(),
        None => public.site.title.clone(),
    }
}

fn news_json(public: &Public, wish: &Wish, items: &[NewsItem]) -> serde_json::Value {
    let site = &public.site;
    let home = wish.topic.as_deref().map_or_else(|| "/".to_owned(), topic_path);
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            let (date, day) = day_of(public.texts, item.published_at);
            json!({
                "title": marked_title(public.texts, item),
                "page": site.item_url(item),
                "article": outward_link(item),
                "summary": short_summary(public.texts, item),
                "date": date,
                "day": day,
                "source": source_line(item),
                "note": caution(public.texts, item.kind),
            })
        })
        .collect();
    json!({
        "title": list_title(public, wish),
        "home": site.url(&home),
        "more": public.texts.t("embed-more").to_string(),
        "language": site.language,
        "items": items,
    })
}

fn frame(public: &Public, wish: &Wish, items: &[NewsItem]) -> Result<Page, PublicError> {
    let site = &public.site;
    let page = FramePage {
        title: list_title(public, wish),
        home: site.url(&wish.topic.as_deref().map_or_else(|| "/".to_owned(), topic_path)),
        language: site.language.clone(),
        chrome_lang: lang_unless(Texts::lang_for(&site.language), &site.language),
        theme: wish.theme,
        heading_level: wish.heading_level,
        style_path: public.assets.frame_style.path(),
        script_path: public.assets.frame_script.path(),
        items: items
            .iter()
            .map(|item| {
                let own = site.item_url(item);
                let target = match wish.links {
                    LinkTo::Article => outward_link(item).unwrap_or(own),
                    LinkTo::Page => own,
                };
                (ItemView::new(site, item), target)
            })
            .collect(),
    };
    Ok(render(&page)?.with(header::CONTENT_SECURITY_POLICY, &frame_policy(public)).with(ROBOTS, "noindex"))
}

/// What a frame may load, and who may show it.
fn frame_policy(public: &Public) -> String {
    let ancestors = public.settings.frame_ancestors.join(" ");
    let ancestors =
        if ancestors.is_empty() { String::new() } else { format!("; frame-ancestors 'self' {ancestors}") };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'{ancestors}"
    )
}

#[derive(Template)]
#[template(path = "public/frame_error.html")]
struct FrameError<'a> {
    title: &'a str,
    text: &'a str,
    home: String,
    language: &'a str,
    chrome_lang: Html,
    style_path: String,
    script_path: String,
}

/// An error inside a frame: it stands on somebody's page, so it says in a sentence what happened and leads to the news.
fn frame_error(public: &Public, error: &PublicError) -> Response {
    let (site, status) = (&public.site, error.status());
    let (_, text) = describe(public.texts, error);
    let page = FrameError {
        title: &site.title,
        text: &text,
        home: site.url("/"),
        language: &site.language,
        chrome_lang: lang_unless(Texts::lang_for(&site.language), &site.language),
        style_path: public.assets.frame_style.path(),
        script_path: public.assets.frame_script.path(),
    };
    let mut headers = common_headers(HTML);
    if let Ok(policy) = HeaderValue::from_str(&frame_policy(public)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    prepare_error_headers(&mut headers, status);
    (status, headers, page.render().unwrap_or(text)).into_response()
}

#[derive(Template)]
#[template(path = "public/embed.html")]
struct EmbedPage {
    chrome: Chrome,
    element: String,
    frame: String,
    fragment: String,
    topics: Vec<(String, String)>,
    script_path: String,
}

/// `/embed`: how to put the news on one's own page.
pub(super) async fn page(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let public = &app.public;
    let answer = public
        .answer(&headers, "/embed", || async move {
            let chrome = Chrome::new(public, "", &public.texts.t("site-embed").to_string(), "/embed")
                .with_oembed(&public.site);
            let chosen = Choice::default();
            render(&EmbedPage {
                chrome,
                element: chosen.element(public),
                frame: chosen.frame(public),
                fragment: chosen.fragment(public),
                topics: public.site.topics.clone(),
                script_path: public.assets.embed.path(),
            })
        })
        .await;
    page_or_error(public, answer)
}

/// `/oembed?url=&format=json` (oembed.com): a frame of the list, of a topic or of one item.
pub(super) async fn oembed(
    State(app): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, PublicError> {
    let public = &*app.public;
    match parameters.text("format") {
        None | Some("json") => {}
        Some("xml") => return Err(PublicError::NotImplemented("only format=json is offered")),
        Some(_) => {
            return Err(PublicError::BadParameter { name: "format", what: "takes json".to_owned() });
        }
    }
    let address = parameters.text("url").ok_or_else(|| PublicError::BadParameter {
        name: "url",
        what: "takes the address of a page of this site".to_owned(),
    })?;
    let path = own_path(&public.site.public_url, address).ok_or(PublicError::NotFound)?;
    let width = parameters.number("maxwidth", 1, 100_000)?.map_or(FRAME_WIDTH, |most| most.min(FRAME_WIDTH));
    let height =
        parameters.number("maxheight", 1, 100_000)?.map_or(FRAME_HEIGHT, |most| most.min(FRAME_HEIGHT));
    public
        .answer(&headers, &format!("/oembed?{width}&{height}&{path}"), || async {
            let now = public.now();
            let (query, title, cite) = match read_target(public, &path) {
                Some(Target::All) => {
                    ("count=5&theme=auto".to_owned(), public.site.title.clone(), public.site.url("/"))
                }
                Some(Target::Topic(name)) => {
                    let segment = crate::publish::feed::path_segment(name);
                    let title = topic_title(&public.site, name).to_owned();
                    (format!("count=5&topic={segment}&theme=auto"), title, public.site.url(&topic_path(name)))
                }
                Some(Target::Item(id)) => {
                    let item = item::find(public, id, now).await?;
                    let query = format!("id={}&theme=auto&links=page", item.public_id);
                    (query, marked_title(public.texts, &item), public.site.item_url(&item))
                }
                None => return Err(PublicError::NotFound),
            };
            let frame = public.site.url(&format!("/embed/v1/frame?{query}"));
            // WordPress keeps of this a quotation and a frame, and hides the one when the other has loaded
            let html = format!(
                "<blockquote><a href=\"{}\">{}</a></blockquote>\n<iframe src=\"{}\" title=\"{}\" \
                 width=\"{width}\" height=\"{height}\" frameborder=\"0\" scrolling=\"auto\"></iframe>",
                escape_html(&cite),
                escape_html(&title),
                escape_html(&frame),
                escape_html(&title)
            );
            let answer = json!({
                "version": "1.0",
                "type": "rich",
                "title": title,
                "provider_name": public.site.title,
                "provider_url": public.site.url("/"),
                "cache_age": 3600,
                "width": width,
                "height": height,
                "html": html,
            });
            Ok(Page::new("application/json", to_bytes(&answer)))
        })
        .await
}

enum Target<'a> {
    All,
    Topic(&'a str),
    Item(&'a str),
}

/// The path of an address on this site, without query and fragment.
fn own_path(public_url: &str, address: &str) -> Option<String> {
    let own = url::Url::parse(public_url).ok()?;
    let asked = url::Url::parse(address).ok()?;
    (own.host() == asked.host() && own.port_or_known_default() == asked.port_or_known_default())
        .then(|| asked.path().to_owned())
}

fn read_target<'a>(public: &Public, path: &'a str) -> Option<Target<'a>> {
    if matches!(path, "/" | "/embed" | "/feeds") {
        return Some(Target::All);
    }
    if let Some(topic) = path.strip_prefix("/t/") {
        return public.site.topics.iter().any(|(name, _)| name == topic).then_some(Target::Topic(topic));
    }
    path.strip_prefix("/a/").map(Target::Item)
}
