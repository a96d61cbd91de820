//! Every text that people read on pages and in mail, in one place: a Fluent file for each language (`en.ftl`; syntax:
//! projectfluent.org), embedded in the binary.
//!
//! Not here: what sources and editors wrote, reasons and doubts (judged and stored in English by `curation`), the
//! API's description, the log and the command line.
//!
//! English is complete (held by tests); another language may lack a text, then English stands in. To add one, put its
//! file beside `en.ftl` and a line into `LANGUAGES`.
//!
//! Invariant: a key that ends in `-html` holds markup, which only [`Texts::html`] gives out, with its arguments
//! escaped; every other text is plain.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

mod dates;
#[cfg(test)]
mod tests;

/// Language and file. English comes first and is complete.
const LANGUAGES: &[(&str, &str)] = &[("en", include_str!("en.ftl"))];

static ALL: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let english = LANGUAGES.first().map_or("", |(_, source)| source);
    LANGUAGES.iter().map(|(language, source)| Texts::build(language, source, english)).collect()
});

/// The texts of one language.
pub struct Texts {
    language: String,
    /// Those without arguments, ready: what pages are mostly made of.
    fixed: HashMap<String, String>,
    /// Its own, then English.
    bundles: Vec<FluentBundle<FluentResource>>,
}

impl Texts {
    /// The texts for a language tag (BCP 47: `en`, `en-GB`): of that language, else of its main language, else English.
    pub fn of(language: &str) -> &'static Self {
        let found = ALL.iter().find(|texts| texts.language.eq_ignore_ascii_case(language));
        let related =
            || ALL.iter().find(|texts| texts.language.eq_ignore_ascii_case(main_language(language)));
        // the list is never empty
        found.or_else(related).unwrap_or_else(|| &ALL[0])
    }

    /// What `lang` says of a page whose texts were asked for in `language`: that, where we have it, else `en`.
    pub fn lang_for(language: &str) -> &str {
        let texts = Self::of(language);
        let has = main_language(language).eq_ignore_ascii_case(main_language(&texts.language));
        if has { language } else { &texts.language }
    }

    /// A plain text. Arguments are added with [`Text::with`].
    pub fn t<'a>(&'a self, key: &'static str) -> Text<'a> {
        Text { texts: self, key, args: None, escapes: false }
    }

    /// A text with markup (its key ends in `-html`); text arguments are escaped.
    pub fn html<'a>(&'a self, key: &'static str) -> Text<'a> {
        Text { texts: self, key, args: None, escapes: true }
    }

    fn build(language: &str, source: &str, english: &str) -> Self {
        let mut texts = Self { language: language.to_owned(), fixed: HashMap::new(), bundles: Vec::new() };
        for (language, source) in [(language, source), ("en", english)] {
            // a test holds that no file has an error; were there one, the rest of the file still counts
            let resource =
                FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
            let mut bundle = FluentBundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
            // the marks that keep directions apart would stand in attributes and mail; none of our languages needs them
            bundle.set_use_isolating(false);
            let _ = bundle.add_resource(resource);
            texts.bundles.push(bundle);
        }
        for key in english.lines().chain(source.lines()).filter_map(key_of) {
            if let Ok(text) = texts.format(key, None) {
                texts.fixed.insert(key.to_owned(), text);
            }
        }
        texts
    }

    /// The text, or the key where it is missing or an argument is.
    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> Result<String, String> {
        let found = self.bundles.iter().find_map(|bundle| {
            let pattern = bundle.get_message(key)?.value()?;
            Some((bundle, pattern))
        });
        let Some((bundle, pattern)) = found else { return Err(format!("⟦{key}⟧")) };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if errors.is_empty() { Ok(text.into_owned()) } else { Err(format!("⟦{key}: {text}⟧")) }
    }
}

/// The message that begins on a line of a Fluent file.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) =
        line.split_once('=').filter(|_| line.starts_with(|first: char| first.is_ascii_lowercase()))?;
    Some(key.trim_end())
}

/// `pt` of `pt-BR`.
fn main_language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// A text that is about to be written; [`fmt::Display`] writes it.
pub struct Text<'a> {
    texts: &'a Texts,
    key: &'static str,
    args: Option<FluentArgs<'static>>,
    escapes: bool,
}

impl Text<'_> {
    /// Gives the text an argument, `$name` in the file.
    pub fn with(mut self, name: &'static str, value: impl Argument) -> Self {
        let value = match value.to_fluent() {
            FluentValue::String(text) if self.escapes => {
                html_escape::encode_double_quoted_attribute(&text).into_owned().into()
            }
            value => value,
        };
        self.args.get_or_insert_with(FluentArgs::new).set(name, value);
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (None, Some(text)) = (&self.args, self.texts.fixed.get(self.key)) {
            return f.write_str(text);
        }
        match self.texts.format(self.key, self.args.as_ref()) {
            Ok(text) => f.write_str(&text),
            Err(mark) => {
                tracing::error!(text = %mark, "a text or its argument is missing");
                f.write_str(&mark)
            }
        }
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.to_string()
    }
}

/// What can stand in a text: words and numbers (a number chooses between singular and plural).
pub trait Argument {
    /// As Fluent takes it.
    fn to_fluent(&self) -> FluentValue<'static>;
}

impl Argument for str {
    fn to_fluent(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Argument for String {
    fn to_fluent(&self) -> FluentValue<'static> {
        FluentValue::from(self.clone())
    }
}

impl Argument for Text<'_> {
    fn to_fluent(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_string())
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Argument for $number {
            fn to_fluent(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}
numbers!(i32 i64 u32 u64 usize);

impl<T: Argument + ?Sized> Argument for &T {
    fn to_fluent(&self) -> FluentValue<'static> {
        (**self).to_fluent()
    }
}
