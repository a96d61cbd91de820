//! Parameters of public addresses. In the query unknown ones are ignored, a known one with a bad value is an error; a
//! path that cannot be read leads nowhere.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use chrono::{DateTime, NaiveDate};
use serde::de::DeserializeOwned;
use std::convert::Infallible;

use super::AppState;
use super::error::PublicError;
use crate::domain::news::Site;
use crate::domain::time::UnixMs;

/// What the path holds, as axum's extractor reads it; where it cannot (`%ff` is no UTF-8), nothing is there.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let read = axum::extract::Path::from_request_parts(parts, app).await;
        read.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| super::not_found(app, parts.uri.path()))
    }
}

/// The query of a request, decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    /// Decodes a query string; whatever it holds.
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, value)| key == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim())
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, PublicError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| bad(name, format!("a whole number from {least} to {most}")))
    }

    /// One of some words.
    pub(super) fn word<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
        choices: &str,
    ) -> Result<Option<T>, PublicError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| bad(name, format!("one of {choices}")))
    }

    /// The name of a topic that is configured.
    pub(super) fn topic(&self, site: &Site) -> Result<Option<String>, PublicError> {
        let known =
            |name: &str| site.topics.iter().find(|(known, _)| known == name).map(|(name, _)| name.clone());
        self.word("topic", known, "the names in /api/v1/topics")
    }

    /// An instant, or the start of a day in UTC.
    pub(super) fn instant(&self, name: &'static str) -> Result<Option<UnixMs>, PublicError> {
        let read = |text: &str| {
            let instant = DateTime::parse_from_rfc3339(text).ok().map(|at| UnixMs::from(at.to_utc()));
            let day =
                || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc());
            instant.or_else(|| day().map(UnixMs::from))
        };
        let Some(text) = self.text(name) else { return Ok(None) };
        read(text)
            .map(Some)
            .ok_or_else(|| bad(name, "a date (2026-11-22) or an instant (2026-11-22T17:11:00Z)".to_owned()))
    }

    /// The cursor of a page as we handed it out: everything published before it.
    pub(super) fn cursor(&self, name: &'static str) -> Result<Option<UnixMs>, PublicError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let digits = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
        let at = if digits { text.parse().ok().map(UnixMs) } else { None };
        at.map(Some).ok_or_else(|| bad(name, "a value from a page before".to_owned()))
    }
}

fn bad(name: &'static str, takes: String) -> PublicError {
    PublicError::BadParameter { name, what: format!("takes {takes}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_are_ignored_and_bad_values_of_known_ones_named() {
        let parameters =
            Parameters::parse("utm_source=x&limit=5&since=2026-11-22&until=tomorrow&before=12a&q=%20");
        assert_eq!(parameters.number("limit", 1, 200).unwrap(), Some(5));
        assert_eq!(parameters.number("count", 1, 200).unwrap(), None);
        assert_eq!(parameters.instant("since").unwrap(), Some(UnixMs(1_795_305_600_000)));
        assert_eq!(parameters.text("q"), None);
        let error = parameters.instant("until").unwrap_err().to_string();
        assert!(error.starts_with("until: takes a date") && !error.contains("tomorrow"), "{error}");
        assert!(parameters.cursor("before").is_err());
        assert!(Parameters::parse("limit=0").number("limit", 1, 200).is_err());
    }
}
