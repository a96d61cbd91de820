//! What an operator should hear although the configuration is good.

use super::Settings;
use super::rules::RULES;

/// Advice that does not stop the start.
pub(super) fn advise(settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    if settings.fetch.contact.is_none() {
        notes.push(
            "fetch.contact is not set: publishers and NCBI cannot reach you, and may block you instead"
                .to_owned(),
        );
    }
    match &settings.server.public_url {
        None if settings.server.listen.ip().is_loopback() => {}
        None => notes.push(
            "server.public_url is not set: feeds and links will only work on this machine".to_owned(),
        ),
        Some(url) if url.starts_with("http://") => notes.push(format!(
            "server.public_url is {url}: without https, passwords and sessions of editors can be read on the way"
        )),
        Some(_) => {}
    }
    if settings.mail.is_on() && settings.server.public_url.is_none() {
        notes.push(
            "mail.host is set, but server.public_url is not: links in letters will only work on this machine"
                .to_owned(),
        );
    }
    let accent = &settings.society.accent;
    if let Some(contrast) = contrast_to_white(accent)
        && contrast < 4.5
    {
        notes.push(format!(
            "society.accent is {accent}: its contrast to white is {contrast:.1}, and text needs 4.5 (WCAG 2.2, 1.4.3)"
        ));
    }
    notes
}

/// Advice on a variable that is not ours, but meant to be: `PERFUSE_SERVER_LISTEN`. (Container platforms set others,
/// `PERFUSE_SERVICE_HOST`, which are left alone.)
pub(super) fn advise_on_variable(name: &str) -> Option<String> {
    let meant = name.strip_prefix("PERFUSE_")?.to_ascii_lowercase().replace("__", "_");
    let (key, _) = RULES.iter().find(|(key, _)| key.replace('.', "_") == meant)?;
    let right = key.replace('.', "__").to_ascii_uppercase();
    Some(format!("the variable {name} is ignored: {key} is set by PERFUSE__{right}"))
}

/// WCAG 2.2's contrast ratio of `#rrggbb` to white, 1 to 21.
pub(super) fn contrast_to_white(colour: &str) -> Option<f64> {
    let channel = |from: usize| -> Option<f64> {
        let value = f64::from(u8::from_str_radix(colour.get(from..from + 2)?, 16).ok()?) / 255.0;
        Some(if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    let luminance = 0.2126 * channel(1)? + 0.7152 * channel(3)? + 0.0722 * channel(5)?;
    Some(1.05 / (luminance + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_follows_the_published_formula() {
        assert!((contrast_to_white("#000000").unwrap() - 21.0).abs() < 1e-9);
        assert!((contrast_to_white("#ffffff").unwrap() - 1.0).abs() < 1e-9);
        // the well-known darkest grey that passes and the lightest that fails
        assert!(contrast_to_white("#767676").unwrap() >= 4.5);
        assert!(contrast_to_white("#777777").unwrap() < 4.5);
    }
}
