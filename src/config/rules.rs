//! What each key may hold, and how to say that it does not.

use std::net::SocketAddr;

use chrono_tz::Tz;
use ipnet::IpNet;
use toml::Value;
use url::Url;

use super::{MailTls, Settings};

/// What a value must be. Texts are checked by a function that says what is wrong, as the end of a sentence which starts
/// with the value: `"eighty" is not an address`.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    Whole(i64, i64),
    Flag,
    Text(fn(&str) -> Result<(), &'static str>),
    List(fn(&str) -> Result<(), &'static str>),
    Secret,
}

/// Every key. A test holds this list, the defaults file and `Settings` together.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("data_dir", Rule::Text(some_text)),
    ("society.name", Rule::Text(some_text)),
    ("society.tagline", Rule::Text(plain_text)),
    ("society.language", Rule::Text(language)),
    ("society.accent", Rule::Text(colour)),
    ("society.homepage", Rule::Text(url_or_empty)),
    ("society.contact", Rule::Text(mail_or_url_or_empty)),
    ("society.logo", Rule::Text(image_file_or_empty)),
    ("server.listen", Rule::Text(address)),
    ("server.public_url", Rule::Text(origin_or_empty)),
    ("server.trusted_proxies", Rule::List(network)),
    ("server.max_concurrent_requests", Rule::Whole(1, 100_000)),
    ("server.metrics_token", Rule::Secret),
    ("fetch.contact", Rule::Text(mail_or_empty)),
    ("fetch.allow_networks", Rule::List(network)),
    ("fetch.parallel", Rule::Whole(1, 256)),
    ("fetch.connections_per_host", Rule::Whole(1, 16)),
    ("fetch.host_spacing_ms", Rule::Whole(0, 60_000)),
    ("fetch.connect_timeout_seconds", Rule::Whole(1, 300)),
    ("fetch.first_byte_timeout_seconds", Rule::Whole(1, 300)),
    ("fetch.total_timeout_seconds", Rule::Whole(1, 300)),
    ("fetch.max_body_bytes", Rule::Whole(1_024, 1 << 30)),
    ("fetch.max_redirects", Rule::Whole(0, 20)),
    ("fetch.proxy", Rule::Text(url_or_empty)),
    ("ncbi.base_url", Rule::Text(base_url)),
    ("ncbi.api_key", Rule::Secret),
    ("ncbi.tool", Rule::Text(word)),
    ("ncbi.email", Rule::Text(mail_or_empty)),
    ("ncbi.page_size", Rule::Whole(1, 500)),
    ("ncbi.overlap_days", Rule::Whole(0, 90)),
    ("ncbi.first_window_days", Rule::Whole(1, 3_650)),
    ("europepmc.base_url", Rule::Text(base_url)),
    ("europepmc.page_size", Rule::Whole(1, 1_000)),
    ("europepmc.requests_per_minute", Rule::Whole(1, 100_000)),
    ("europepmc.overlap_days", Rule::Whole(0, 90)),
    ("europepmc.first_window_days", Rule::Whole(1, 3_650)),
    ("trials.base_url", Rule::Text(base_url)),
    ("trials.page_size", Rule::Whole(1, 1_000)),
    ("trials.requests_per_minute", Rule::Whole(1, 100_000)),
    ("trials.overlap_days", Rule::Whole(0, 90)),
    ("trials.first_window_days", Rule::Whole(1, 3_650)),
    ("preprints.base_url", Rule::Text(base_url)),
    ("preprints.requests_per_minute", Rule::Whole(1, 100_000)),
    ("preprints.overlap_days", Rule::Whole(0, 90)),
    ("preprints.first_window_days", Rule::Whole(1, 365)),
    ("watch.enabled", Rule::Flag),
    ("watch.approve_first", Rule::Flag),
    ("watch.recent_days", Rule::Whole(1, 36_500)),
    ("watch.recent_hours", Rule::Whole(1, 8_760)),
    ("watch.older_hours", Rule::Whole(1, 8_760)),
    ("watch.crossref_batch", Rule::Whole(1, 100)),
    ("crossref.base_url", Rule::Text(base_url)),
    ("crossref.page_size", Rule::Whole(1, 1_000)),
    ("crossref.requests_per_minute", Rule::Whole(1, 100_000)),
    ("crossref.overlap_days", Rule::Whole(0, 90)),
    ("crossref.first_window_days", Rule::Whole(1, 3_650)),
    // the worker, which alone knows crontab lines, checks the schedules
    ("worker.schedule", Rule::Text(some_text)),
    ("worker.time_zone", Rule::Text(time_zone)),
    ("worker.jitter_seconds", Rule::Whole(0, 3_600)),
    ("worker.lease_seconds", Rule::Whole(5, 86_400)),
    ("worker.complete_by_doi", Rule::Flag),
    ("worker.upkeep_schedule", Rule::Text(some_text)),
    ("worker.fetch_history_days", Rule::Whole(1, 3_650)),
    ("worker.failed_body_days", Rule::Whole(0, 365)),
    ("worker.failed_body_max_bytes", Rule::Whole(1_024, 1 << 26)),
    ("desk.session_idle_hours", Rule::Whole(1, 8_760)),
    ("desk.session_days", Rule::Whole(1, 365)),
    ("desk.link_hours", Rule::Whole(1, 720)),
    ("desk.password_min_length", Rule::Whole(8, 64)),
    ("desk.publish_delay_minutes", Rule::Whole(0, 10_080)),
    ("desk.overlap_percent", Rule::Whole(1, 100)),
    ("mail.host", Rule::Text(host_or_empty)),
    ("mail.port", Rule::Whole(1, 65_535)),
    ("mail.tls", Rule::Text(mail_tls)),
    ("mail.user", Rule::Text(plain_text)),
    ("mail.password", Rule::Secret),
    ("mail.from", Rule::Text(mail_or_empty)),
    ("mail.digest_schedule", Rule::Text(some_text)),
    ("wording.base_url", Rule::Text(base_url_or_empty)),
    ("wording.model", Rule::Text(plain_text)),
    ("wording.api_key", Rule::Secret),
    ("wording.timeout_seconds", Rule::Whole(1, 600)),
    ("wording.daily_budget", Rule::Whole(0, 100_000)),
    ("publish.feed_items", Rule::Whole(1, 500)),
    ("publish.page_items", Rule::Whole(1, 200)),
    ("publish.websub_hub", Rule::Text(url_or_empty)),
    ("publish.frame_ancestors", Rule::List(web_origin)),
    ("publish.show_editor_names", Rule::Flag),
    ("log.level", Rule::Text(log_level)),
    ("log.format", Rule::Text(log_format)),
    ("sources.file", Rule::Text(plain_text)),
    ("topics.file", Rule::Text(plain_text)),
];

/// The rule of a dotted key.
pub(super) fn rule_of(key: &str) -> Option<Rule> {
    RULES.iter().find(|(name, _)| *name == key).map(|(_, rule)| *rule)
}

/// `ncbi.api_key` for `ncbi.api_key_file`, and so for each secret.
pub(super) fn secret_of_file_key(key: &str) -> Option<&str> {
    key.strip_suffix("_file").filter(|secret| matches!(rule_of(secret), Some(Rule::Secret)))
}

impl Rule {
    /// Reads the text of an environment variable as the type that the key has.
    pub(super) fn read_text(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Whole(..) => match text.trim().parse() {
                Ok(number) => Ok(Value::Integer(number)),
                Err(_) => Err(format!("{text:?} is not a whole number")),
            },
            Self::Flag => match text.trim() {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                _ => Err(format!("{text:?} is neither true nor false")),
            },
            Self::List(_) if text.trim_start().starts_with('[') => {
                text.trim().parse::<Value>().map_err(|error| {
                    format!("{text:?} is not a list: {}", super::load::one_line(error.message()))
                })
            }
            Self::List(_) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            Self::Text(_) | Self::Secret => Ok(Value::String(text.to_owned())),
        }
    }

    /// Whether a value will do; if not, what is wrong with it, the value included unless it is a secret.
    pub(super) fn check(self, value: &Value) -> Result<(), String> {
        let say = |value: &Value, what: &str| match value.as_str() {
            Some(text) => format!("{text:?} {what}"),
            None => format!("{value} {what}"),
        };
        let check_text = |check: fn(&str) -> Result<(), &'static str>, value: &Value| match value.as_str() {
            Some(text) => check(text).map_err(|what| say(value, what)),
            None => Err(say(value, "is not a text in quotes")),
        };
        match (self, value) {
            (Self::Whole(least, most), Value::Integer(number)) if (least..=most).contains(number) => Ok(()),
            (Self::Whole(least, most), Value::Integer(_)) => {
                Err(say(value, &format!("is not between {least} and {most}")))
            }
            (Self::Flag, Value::Boolean(_)) => Ok(()),
            (Self::Flag, _) => Err(say(value, "is neither true nor false")),
            (Self::Whole(..), _) => Err(say(value, "is not a whole number")),
            (Self::Text(check), _) => check_text(check, value),
            (Self::List(check), Value::Array(items)) => {
                items.iter().try_for_each(|item| check_text(check, item))
            }
            (Self::List(_), _) => Err(say(value, "is not a list in [brackets]")),
            (Self::Secret, Value::String(text)) => {
                let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
                printable.then_some(()).ok_or_else(|| {
                    "(hidden) holds a space, a line break or another sign that cannot be sent".to_owned()
                })
            }
            (Self::Secret, _) => Err("(hidden) is not a text in quotes".to_owned()),
        }
    }
}

/// A value as TOML, but secrets as `(hidden)` or `(not set)`.
pub(super) fn show(key: &str, value: &Value) -> String {
    match (rule_of(key), value) {
        (Some(Rule::Secret), Value::String(text)) => super::Secret::from(text.clone()).to_string(),
        _ => value.to_string(),
    }
}

/// What to say about a key that does not exist, with the nearest one that does.
pub(super) fn describe_unknown(key: &str) -> String {
    if RULES.iter().any(|(name, _)| name.strip_prefix(key).is_some_and(|tail| tail.starts_with('.'))) {
        return "is a section, not a setting".to_owned();
    }
    let distance = |name: &str| rapidfuzz::distance::levenshtein::distance(name.chars(), key.chars());
    let nearest = RULES.iter().map(|(name, _)| (distance(name), *name)).min();
    match nearest {
        Some((distance, name)) if distance <= 4 => format!("no such setting; did you mean {name}?"),
        _ => "no such setting".to_owned(),
    }
}

/// Values that are good alone but not together: the key to blame, and what to say.
pub(super) fn contradictions(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let (fetch, desk) = (&settings.fetch, &settings.desk);
    for (key, seconds) in [
        ("fetch.connect_timeout_seconds", fetch.connect_timeout_seconds),
        ("fetch.first_byte_timeout_seconds", fetch.first_byte_timeout_seconds),
    ] {
        if seconds > fetch.total_timeout_seconds {
            let total = fetch.total_timeout_seconds;
            found.push((key, format!("{seconds} is more than fetch.total_timeout_seconds, {total}")));
        }
    }
    if fetch.total_timeout_seconds * 2 > settings.worker.lease_seconds {
        let what = format!(
            "{} is less than twice fetch.total_timeout_seconds, {}: a source could be lost to another worker mid-way",
            settings.worker.lease_seconds, fetch.total_timeout_seconds
        );
        found.push(("worker.lease_seconds", what));
    }
    if settings.wording.base_url.is_some() && settings.wording.model.is_empty() {
        found.push(("wording.model", "is empty, but wording.base_url is set".to_owned()));
    }
    if desk.session_idle_hours > desk.session_days * 24 {
        let what =
            format!("{} is more than desk.session_days, {}", desk.session_idle_hours, desk.session_days);
        found.push(("desk.session_idle_hours", what));
    }
    let mail = &settings.mail;
    if let Some(host) = &mail.host {
        if mail.from.is_none() {
            found.push(("mail.from", "is empty, but mail.host is set: letters need a sender".to_owned()));
        }
        if mail.user.is_some() != mail.password.is_set() {
            found.push(("mail.user", "goes with mail.password: set both or neither".to_owned()));
        }
        if mail.tls == MailTls::None && mail.user.is_some() && !is_this_machine(host) {
            let what = format!("\"none\" would send the password to {host} for everybody on the way to read");
            found.push(("mail.tls", what));
        }
    }
    found
}

fn require(good: bool, what: &'static str) -> Result<(), &'static str> {
    good.then_some(()).ok_or(what)
}

fn plain_text(text: &str) -> Result<(), &'static str> {
    require(!text.chars().any(char::is_control), "holds a line break or another control character")
}

fn some_text(text: &str) -> Result<(), &'static str> {
    require(!text.trim().is_empty(), "is empty")?;
    plain_text(text)
}

fn word(text: &str) -> Result<(), &'static str> {
    require(
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()),
        "is not one word of letters, digits and signs",
    )
}

fn language(text: &str) -> Result<(), &'static str> {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    let good = matches!(primary.len(), 2 | 3)
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts
            .all(|part| matches!(part.len(), 2..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    require(good, "is not a language tag like en, de or pt-BR")
}

fn colour(text: &str) -> Result<(), &'static str> {
    let good =
        text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    require(good, "is not a colour like #0b5a78")
}

fn address(text: &str) -> Result<(), &'static str> {
    require(text.parse::<SocketAddr>().is_ok(), "is not an address like 127.0.0.1:8080")
}

fn network(text: &str) -> Result<(), &'static str> {
    require(text.parse::<IpNet>().is_ok(), "is not a network like 10.0.0.0/8 or 127.0.0.1/32")
}

fn time_zone(text: &str) -> Result<(), &'static str> {
    require(text.parse::<Tz>().is_ok(), "is not a time zone like UTC, Europe/Berlin or America/New_York")
}

/// An absolute http(s) URL without user, password and fragment.
fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    good.then_some(url)
}

/// Whether a text is an address that can be fetched: absolute, http or https, at most 2 KiB, no password.
pub(super) fn fetchable_url(text: &str) -> Result<(), &'static str> {
    require(
        text.len() <= 2_048 && web_url(text).is_some(),
        "is not an address like https://www.example.org/feed.xml",
    )
}

fn url_or_empty(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Ok(()) } else { fetchable_url(text) }
}

fn base_url(text: &str) -> Result<(), &'static str> {
    let url = web_url(text).ok_or("is not an address like https://www.example.org/api/")?;
    require(url.query().is_none() && text.ends_with('/'), "does not end in a slash")
}

fn base_url_or_empty(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Ok(()) } else { base_url(text) }
}

fn web_origin(text: &str) -> Result<(), &'static str> {
    let url = web_url(text).ok_or("is not an address like https://news.example.org")?;
    require(!text.ends_with('/'), "ends in a slash, which must go")?;
    require(
        url.path() == "/" && url.query().is_none(),
        "has a path: only scheme, host and port are possible, like https://news.example.org",
    )
}

fn origin_or_empty(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Ok(()) } else { web_origin(text) }
}

fn mail_or_empty(text: &str) -> Result<(), &'static str> {
    let good = text.is_empty()
        || text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.contains('@')
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,;\"()".contains(&byte))
        });
    require(good, "is not a mail address like editors@example.org")
}

fn host_or_empty(text: &str) -> Result<(), &'static str> {
    let good = text.is_empty() || url::Host::parse(text).is_ok_and(|host| host.to_string() == text);
    require(good, "is not the name of a machine like mail.example.org")
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn mail_tls(text: &str) -> Result<(), &'static str> {
    require(matches!(text, "starttls" | "tls" | "none"), "is none of starttls, tls, none")
}

fn mail_or_url_or_empty(text: &str) -> Result<(), &'static str> {
    mail_or_empty(text)
        .or_else(|_| url_or_empty(text))
        .map_err(|_| "is neither a mail address nor a web address")
}

fn image_file_or_empty(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Ok(());
    }
    let lower = text.to_ascii_lowercase();
    let known = [".svg", ".png", ".webp", ".jpg", ".jpeg"].iter().any(|ending| lower.ends_with(ending));
    require(known, "is not an .svg, .png, .webp or .jpg file")?;
    require(std::path::Path::new(text).is_file(), "does not exist or is not a file")
}

fn log_level(text: &str) -> Result<(), &'static str> {
    let is_level = |word: &str| ["error", "warn", "info", "debug", "trace", "off"].contains(&word);
    let is_directive = |part: &str| match part.split_once('=') {
        Some((target, level)) => {
            is_level(level)
                && !target.is_empty()
                && target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte))
        }
        None => is_level(part),
    };
    require(
        text.split(',').all(is_directive),
        "is not error, warn, info, debug or trace, or a list like info,perfuse::intake=debug",
    )
}

fn log_format(text: &str) -> Result<(), &'static str> {
    require(matches!(text, "text" | "json"), "is neither text nor json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_has_a_rule_and_every_rule_a_default() {
        let loaded = Settings::load(None, std::iter::empty()).unwrap();
        let mut shown: Vec<&str> = loaded.values.iter().map(|shown| shown.key.as_str()).collect();
        let mut ruled: Vec<&str> = RULES.iter().map(|(key, _)| *key).collect();
        assert_eq!(shown, ruled, "the rules stand in the order of the defaults file");
        shown.sort_unstable();
        shown.dedup();
        ruled.sort_unstable();
        assert_eq!(shown, ruled, "no key twice");
    }
}
