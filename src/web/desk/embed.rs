//! The news on somebody's own website: choose what is shown, see it, copy what the site builder takes.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::page::{Choice as Pick, Frame, show};
use crate::texts::Texts;
use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::guard::POLICY;
use crate::web::public::Public;
use crate::web::public::snippets::{Choice, script_address};
use crate::web::session::Visitor;

const COUNTS: [u64; 6] = [1, 3, 5, 8, 12, 20];

#[derive(Template)]
#[template(path = "desk/embed.html", whitespace = "minimize")]
struct EmbedPage {
    frame: Frame,
    copy_path: String,
    counts: Vec<Pick>,
    topics: Vec<Pick>,
    levels: Vec<Pick>,
    links: Vec<Pick>,
    themes: Vec<Pick>,
    preview: String,
    builders: Vec<Builder>,
}

/// A site builder with what it takes, in the order in which to do it.
struct Builder {
    name: String,
    steps: Vec<Step>,
}

struct Step {
    text: String,
    /// What to copy, and its name for the copy button.
    snippet: Option<(String, String)>,
}

/// `GET /desk/embed`
pub(super) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let chosen = read(&state, query.as_deref().unwrap_or_default());
    let texts = state.texts;
    let number = |value: u64, chosen: u64| Pick::new(value.to_string(), value.to_string(), value == chosen);
    let all = Pick::new("", texts.t("filter-all"), chosen.topic.is_none());
    let topics = state.site.topics.iter();
    let topics = topics.map(|(name, title)| Pick::new(name, title, chosen.topic.as_ref() == Some(name)));
    let page = EmbedPage {
        frame: Frame::for_visitor(&state, &visitor, "embed").await?,
        copy_path: state.public.copy_script_path(),
        counts: COUNTS.into_iter().map(|count| number(count, chosen.count)).collect(),
        topics: std::iter::once(all).chain(topics).collect(),
        levels: (2..=6).map(|level| number(level, chosen.heading_level)).collect(),
        links: vec![
            Pick::new("article", texts.t("snippets-to-article"), !chosen.to_page),
            Pick::new("page", texts.t("snippets-to-page"), chosen.to_page),
        ],
        themes: vec![
            Pick::new("auto", texts.t("snippets-theme-auto"), chosen.theme == "auto"),
            Pick::new("light", texts.t("snippets-theme-light"), chosen.theme == "light"),
            Pick::new("dark", texts.t("snippets-theme-dark"), chosen.theme == "dark"),
        ],
        preview: chosen.frame_path(),
        builders: builders(texts, &state.public, &chosen),
    };
    let mut response = show(StatusCode::OK, &page)?;
    // the preview is a frame of our own
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}; frame-src 'self'")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What it does not know it ignores.
fn read(state: &AppState, query: &str) -> Choice {
    let mut chosen = Choice::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "count" => {
                chosen.count =
                    value.parse().ok().filter(|count| (1..=20).contains(count)).unwrap_or(chosen.count);
            }
            "topic" => {
                let known = state.site.topics.iter().find(|(known, _)| *known == value);
                chosen.topic = known.map(|(name, _)| name.clone());
            }
            "heading-level" => {
                let level = value.parse().ok().filter(|level| (2..=6).contains(level));
                chosen.heading_level = level.unwrap_or(chosen.heading_level);
            }
            "links" => chosen.to_page = value == "page",
            "theme" => {
                let known = ["auto", "light", "dark"].into_iter().find(|known| *known == value);
                chosen.theme = known.unwrap_or(chosen.theme);
            }
            _ => {}
        }
    }
    chosen
}

fn builders(texts: &Texts, public: &Public, chosen: &Choice) -> Vec<Builder> {
    let say = |key: &'static str| Step { text: texts.t(key).into(), snippet: None };
    let copy = |key: &'static str, what: &'static str, snippet: String| Step {
        text: texts.t(key).into(),
        snippet: Some((texts.t(what).into(), snippet)),
    };
    let element = || chosen.element(public);
    let frame = || chosen.frame(public);
    let attributes = chosen.wix_attributes();
    let attributes: Vec<String> =
        attributes.into_iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let builder = |name: &'static str, steps: Vec<Step>| Builder { name: texts.t(name).into(), steps };
    vec![
        builder(
            "embed-wordpress",
            vec![
                copy("snippets-wordpress", "embed-server-copy", chosen.home(public)),
                copy("snippets-wordpress-rss", "snippets-feed-copy", chosen.feed(public)),
                copy("snippets-wordpress-html", "embed-frame-copy", frame()),
            ],
        ),
        builder("embed-squarespace", vec![copy("snippets-squarespace", "embed-script-copy", element())]),
        builder(
            "embed-wix",
            vec![
                copy("snippets-wix", "snippets-script-copy", script_address(public)),
                copy("snippets-wix-tag", "snippets-tag-copy", "perfuse-news".to_owned()),
                copy("snippets-wix-attributes", "snippets-attributes-copy", attributes.join("\n")),
            ],
        ),
        builder(
            "snippets-drupal",
            vec![
                copy("snippets-drupal-text", "embed-script-copy", element()),
                copy("snippets-drupal-server", "embed-server-copy", chosen.fragment(public)),
            ],
        ),
        builder(
            "snippets-hugo",
            vec![
                copy("snippets-hugo-text", "snippets-shortcode-copy", chosen.hugo(public)),
                copy("snippets-hugo-use", "snippets-shortcode-copy", "{{< research-news >}}".to_owned()),
            ],
        ),
        builder(
            "snippets-html",
            vec![
                copy("snippets-html-text", "embed-script-copy", element()),
                copy("snippets-html-frame", "embed-frame-copy", frame()),
                copy("snippets-html-server", "snippets-php-copy", chosen.php(public)),
                say("snippets-html-style"),
            ],
        ),
    ]
}
