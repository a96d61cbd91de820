//! Texts with markup of ours (keys that end in `-html`), ready for a template.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::texts::{Argument, Text, Texts};

/// A text that stands in HTML as it is; its arguments are escaped.
pub(crate) struct Markup<'a>(Text<'a>);

impl<'a> Markup<'a> {
    /// The text under `key`.
    pub(crate) fn of(texts: &'a Texts, key: &'static str) -> Self {
        Self(texts.html(key))
    }

    /// Gives it an argument.
    pub(crate) fn with(self, name: &'static str, value: impl Argument) -> Self {
        Self(self.0.with(name, value))
    }
}

impl fmt::Display for Markup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HtmlSafe for Markup<'_> {}
