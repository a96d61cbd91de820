//! What webmasters paste: the element, the frame, the fragment, for each site builder in the form that it takes.
//!
//! Every snippet is plain text; whoever shows it escapes it.

use url::form_urlencoded::Serializer;

use super::Public;
use crate::publish::feed::{Channel, FeedFormat, feed_path, topic_path};
use crate::publish::text::escape_html;

/// As printed in the snippet.
pub(super) const FRAME_HEIGHT: u64 = 420;
/// What the element takes unless told.
pub(crate) const DEFAULT_COUNT: u64 = 5;

/// What the webmaster chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// 1 to 20.
    pub(crate) count: u64,
    /// A configured topic's name.
    pub(crate) topic: Option<String>,
    /// 2 to 6.
    pub(crate) heading_level: u64,
    /// Titles lead to our page instead of the article.
    pub(crate) to_page: bool,
    /// `auto`, `light` or `dark`; only of the frame.
    pub(crate) theme: &'static str,
}

impl Default for Choice {
    fn default() -> Self {
        Self { count: DEFAULT_COUNT, topic: None, heading_level: 3, to_page: false, theme: "auto" }
    }
}

impl Choice {
    /// The custom element and its script.
    pub(crate) fn element(&self, public: &Public) -> String {
        let topic = self.topic.as_deref().map(|topic| format!(" topic=\"{}\"", escape_html(topic)));
        format!(
            "<perfuse-news count=\"{}\"{} heading-level=\"{}\" links=\"{}\" lang=\"{}\"\n  \
             style=\"display:block;min-height:28rem\"><a href=\"{}\">{}</a></perfuse-news>\n\
             <script src=\"{}\" async></script>",
            self.count,
            topic.unwrap_or_default(),
            self.heading_level,
            self.links(),
            escape_html(&public.site.language),
            escape_html(&self.home(public)),
            escape_html(&public.texts.t("embed-link").to_string()),
            escape_html(&script_address(public))
        )
    }

    /// The frame, and the script that gives it its height.
    pub(crate) fn frame(&self, public: &Public) -> String {
        let frame = public.site.url(&self.frame_path());
        format!(
            "<iframe src=\"{}\" title=\"{}\"\n  loading=\"lazy\" width=\"100%\" height=\"{FRAME_HEIGHT}\" \
             style=\"border:0\" data-perfuse-news></iframe>\n<script src=\"{}\" async></script>",
            escape_html(&frame),
            escape_html(&public.texts.t("embed-link").to_string()),
            escape_html(&public.site.url("/embed/v1/resize.js"))
        )
    }

    /// The frame's path with its query.
    pub(crate) fn frame_path(&self) -> String {
        format!("/embed/v1/frame?{}&theme={}", self.query(), self.theme)
    }

    /// The fragment's address.
    pub(crate) fn fragment(&self, public: &Public) -> String {
        public.site.url(&format!("/embed/v1/news.html?{}", self.query()))
    }

    /// The address of the page that the list is of, which WordPress turns into a frame by itself.
    pub(crate) fn home(&self, public: &Public) -> String {
        public.site.url(&self.topic.as_deref().map_or_else(|| "/".to_owned(), topic_path))
    }

    /// The RSS feed's address.
    pub(crate) fn feed(&self, public: &Public) -> String {
        public.site.url(&feed_path(Channel::of_topic(self.topic.as_deref()), FeedFormat::Rss))
    }

    /// For PHP, also in a Drupal template's preprocessing.
    pub(crate) fn php(&self, public: &Public) -> String {
        format!("<?php echo @file_get_contents('{}') ?: '';", self.fragment(public))
    }

    /// A shortcode for Hugo 0.141 or newer: `layouts/shortcodes/research-news.html`.
    pub(crate) fn hugo(&self, public: &Public) -> String {
        format!(
            "{{{{ with try (resources.GetRemote \"{}\") }}}}\n  {{{{ with .Value }}}}{{{{ .Content | safeHTML }}}}{{{{ end }}}}\n{{{{ end }}}}",
            self.fragment(public)
        )
    }

    /// What Wix's Custom Element panel asks for: `(name, value)`.
    pub(crate) fn wix_attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("count", self.count.to_string())];
        attributes.extend(self.topic.clone().map(|topic| ("topic", topic)));
        attributes.push(("heading-level", self.heading_level.to_string()));
        attributes.push(("links", self.links().to_owned()));
        attributes
    }

    fn links(&self) -> &'static str {
        if self.to_page { "page" } else { "article" }
    }

    /// In one order, so that equal choices have equal addresses and caches hold one copy.
    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("count", &self.count.to_string());
        if let Some(topic) = &self.topic {
            query.append_pair("topic", topic);
        }
        if self.heading_level != 3 {
            query.append_pair("heading-level", &self.heading_level.to_string());
        }
        if self.to_page {
            query.append_pair("links", "page");
        }
        query.finish()
    }
}

/// The element's script.
pub(crate) fn script_address(public: &Public) -> String {
    public.site.url("/embed/v1.js")
}
