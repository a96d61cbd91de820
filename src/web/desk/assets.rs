//! The desk's stylesheet and script, compiled in, and the society's accent colour.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::web::AppState;
use crate::web::error::PageError;
use crate::web::guard::set_asset_headers;

const STYLE: &str = include_str!("../static/desk.css");
const SCRIPT: &str = include_str!("../static/desk.js");

/// The accent where the setting is not a colour.
const DEFAULT_ACCENT: Colour = Colour([0x0b, 0x6e, 0x6e]);
/// The backgrounds that links stand on (desk.css), light and dark; the darkest light one and the lightest dark one.
const LIGHT: Colour = Colour([0xef, 0xec, 0xe5]);
const DARK: Colour = Colour([0x26, 0x2b, 0x2f]);
/// WCAG 2.2 AA for text, with a little to spare for rounding.
const CONTRAST: f64 = 4.6;

/// One of our files.
pub(super) async fn file(Path(file): Path<String>) -> Result<Response, PageError> {
    match file.as_str() {
        "desk.css" => Ok(asset("text/css; charset=utf-8", STYLE.to_owned())),
        "desk.js" => Ok(asset("text/javascript; charset=utf-8", SCRIPT.to_owned())),
        _ => Err(PageError::NotFound),
    }
}

/// The accent as custom properties, since the policy forbids inline styles. Text in it and on it keeps its contrast in
/// both schemes, whatever colour the society chose.
pub(super) async fn accent(State(state): State<AppState>) -> Response {
    let accent = Colour::parse(&state.site.accent).unwrap_or(DEFAULT_ACCENT);
    let (light, dark) = (accent.towards(LIGHT, CONTRAST), accent.towards(DARK, CONTRAST));
    let scheme = |link: Colour| {
        format!(
            ":root {{ --accent: {}; --on-accent: {}; --link: {}; }}",
            link.to_hex(),
            link.text_on().to_hex(),
            link.to_hex()
        )
    };
    let body = format!("{}\n@media (prefers-color-scheme: dark) {{ {} }}\n", scheme(light), scheme(dark));
    asset("text/css; charset=utf-8", body)
}

fn asset(kind: &'static str, body: String) -> Response {
    let cache = "public, max-age=300";
    let mut response = ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], body).into_response();
    set_asset_headers(response.headers_mut());
    response
}

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Colour([u8; 3]);

impl Colour {
    /// `#rrggbb`
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self([byte(0)?, byte(2)?, byte(4)?]))
    }

    fn to_hex(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest shade of this colour that stands out from a background.
    fn towards(self, background: Self, contrast: f64) -> Self {
        let end = if background.luminance() > 0.4 { 0.0 } else { 255.0 };
        let shade = |step: u32| {
            let share = f64::from(step) / 50.0;
            let mix = |part: u8| (f64::from(part) * (1.0 - share) + end * share).round() as u8;
            Self(self.0.map(mix))
        };
        (0..=50).map(shade).find(|shade| shade.contrast(background) >= contrast).unwrap_or(shade(50))
    }

    /// Black or white, whichever reads better on it.
    fn text_on(self) -> Self {
        let (black, white) = (Self([0x0b, 0x10, 0x12]), Self([0xff; 3]));
        if self.contrast(black) > self.contrast(white) { black } else { white }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_colour_a_society_chooses_text_keeps_its_contrast() {
        for accent in ["#0b6e6e", "#ffff00", "#000000", "#ffffff", "#c00000", "#7f7f7f", "#1133ff", "#e4a11b"]
        {
            let accent = Colour::parse(accent).unwrap();
            for background in [LIGHT, DARK] {
                let shade = accent.towards(background, CONTRAST);
                assert!(shade.contrast(background) >= CONTRAST, "{accent:?} on {background:?}");
                assert!(shade.contrast(shade.text_on()) >= 4.5, "{accent:?} under text");
            }
        }
        assert_eq!(Colour::parse("red; } body { display: none"), None);
    }
}
