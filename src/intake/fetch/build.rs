//! Building the client: everything that reqwest would do unasked is switched off.

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

use super::FetchSettings;
use super::body;
use super::error::FetchError;
use super::resolve::VettingResolver;

/// Builds a client that connects only where `resolver` says, follows nothing, remembers nothing and adds nothing.
pub(super) fn build_client(
    settings: &FetchSettings,
    resolver: VettingResolver,
) -> Result<reqwest::Client, FetchError> {
    // refused when another part of the process has installed one, which is as good
    let _ = rustls::crypto::ring::default_provider().install_default();
    let extra = settings.extra_ca_pem.as_deref().map(read_certificates).transpose()?.unwrap_or_default();
    let with_system = configure(settings, resolver.clone())?.tls_certs_merge(extra.clone());
    match with_system.build() {
        Ok(client) => Ok(client),
        Err(error) => {
            // a machine without CA certificates can still serve, and its sources say what is wrong
            let client = configure(settings, resolver)?.tls_certs_only(extra).build().map_err(setup)?;
            tracing::warn!(%error, "no system CA certificates: https sources will fail until ca-certificates is installed");
            Ok(client)
        }
    }
}

fn configure(
    settings: &FetchSettings,
    resolver: VettingResolver,
) -> Result<reqwest::ClientBuilder, FetchError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::ACCEPT_ENCODING));
    let builder = reqwest::Client::builder()
        .user_agent(user_agent(settings)?)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .connect_timeout(settings.connect_timeout)
        // those that were open at a time may stay so: a new one costs the server more than one that waits
        .pool_max_idle_per_host(settings.connections_per_host);
    match &settings.proxy {
        // the proxy's own name is the operator's choice and not judged; targets are, see `check_behind_proxy`
        Some(proxy) => Ok(builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(setup)?)),
        None => Ok(builder.dns_resolver(resolver)),
    }
}

/// `perfuse/0.1.0 (+https://news.example; mailto:desk@news.example)`, without what is not set.
fn user_agent(settings: &FetchSettings) -> Result<HeaderValue, FetchError> {
    let public_url =
        settings.public_url.as_deref().filter(|url| !url.is_empty()).map(|url| format!("+{url}"));
    let contact = settings
        .contact
        .as_deref()
        .filter(|contact| !contact.is_empty())
        .map(|contact| format!("mailto:{contact}"));
    let about: Vec<String> = public_url.into_iter().chain(contact).collect();
    let name = concat!("perfuse/", env!("CARGO_PKG_VERSION"));
    let text = if about.is_empty() { name.to_owned() } else { format!("{name} ({})", about.join("; ")) };
    HeaderValue::from_str(&text)
        .map_err(|_| FetchError::Setup { why: format!("{text:?} cannot be sent as User-Agent") })
}

fn read_certificates(pem: &str) -> Result<Vec<reqwest::Certificate>, FetchError> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(setup)?;
    if certificates.is_empty() {
        return Err(FetchError::Setup { why: "the extra CA file holds no certificate in PEM".to_owned() });
    }
    Ok(certificates)
}

fn setup(error: reqwest::Error) -> FetchError {
    FetchError::Setup { why: error.without_url().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_is_honest_and_leaves_out_what_is_not_known() {
        let agent = |public_url: &str, contact: &str| {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let settings = FetchSettings {
                public_url: text(public_url),
                contact: text(contact),
                ..FetchSettings::default()
            };
            user_agent(&settings).unwrap().to_str().unwrap().to_owned()
        };
        let name = concat!("perfuse/", env!("CARGO_PKG_VERSION"));
        assert_eq!(agent("", ""), name);
        assert_eq!(agent("https://n.example", ""), format!("{name} (+https://n.example)"));
        let both = format!("{name} (+https://n.example; mailto:desk@n.example)");
        assert_eq!(agent("https://n.example", "desk@n.example"), both);
    }
}
