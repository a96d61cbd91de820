//! Cases S, and what only shows behind TLS.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use perfuse::intake::fetch::{FetchError, FetchSettings, Phase};

use super::{fetched, get, hasty, measure_growth, patient};
use crate::support::hostile_server::{HostileServer, answer, reset};

const BODY: &str = "<rss version=\"2.0\"><channel/></rss>";

/// A certificate authority of the test's own.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, params: CertificateParams) -> rustls::ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        server_config(vec![certificate.der().clone()], &key)
    }

    fn trusted(&self, settings: FetchSettings) -> FetchSettings {
        FetchSettings { extra_ca_pem: Some(self.pem.clone()), ..settings }
    }
}

fn for_host(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).unwrap()
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> rustls::ServerConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

async fn serve(config: rustls::ServerConfig) -> HostileServer {
    HostileServer::start_tls(config, |mut wire| async move {
        wire.send(answer("200 OK", &[], BODY)).await;
    })
    .await
}

#[tokio::test]
async fn only_a_certificate_that_is_valid_for_the_host_and_signed_by_somebody_trusted_is_accepted() {
    // S01
    let authority = Authority::named("Test authority");
    let server = serve(authority.sign(for_host("127.0.0.1"))).await;
    let body = fetched(get(authority.trusted(patient()), &server.https_url("/")).await).body;
    assert_eq!(body, BODY);

    let mut expired = for_host("127.0.0.1");
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let mut early = for_host("127.0.0.1");
    early.not_before = rcgen::date_time_ymd(2200, 1, 1);
    early.not_after = rcgen::date_time_ymd(2201, 1, 1);
    let key = KeyPair::generate().unwrap();
    let self_signed = for_host("127.0.0.1").self_signed(&key).unwrap();
    let cases = [
        ("expired", authority.sign(expired)),
        ("not valid yet", authority.sign(early)),
        ("not valid for name", authority.sign(for_host("journal.example"))),
        ("UnknownIssuer", Authority::named("Somebody else").sign(for_host("127.0.0.1"))),
        ("", server_config(vec![self_signed.der().clone()], &key)),
    ];
    for (words, config) in cases {
        let server = serve(config).await;
        let error = get(authority.trusted(patient()), &server.https_url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::Tls { .. }), "{words}: {error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(server.requests().is_empty());
    }
    // and without anything extra, the system's authorities do not know ours
    let error = get(patient(), &server.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error}");
}

/// Accepts, reads the ClientHello, and answers with bytes.
async fn answering_hello(bytes: &'static [u8]) -> HostileServer {
    HostileServer::start_raw(move |mut stream| async move {
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.read(&mut hello).await;
    })
    .await
}

#[tokio::test]
async fn broken_handshakes_end_in_an_error_soon_and_with_memory_flat() {
    // S02
    let stalled = HostileServer::start_raw(|mut stream| async move {
        let mut hello = Vec::new();
        let _ = stream.read_to_end(&mut hello).await;
    })
    .await;
    let error = get(hasty(), &stalled.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { phase: Phase::Connect, .. }), "{error}");

    let plaintext = answering_hello(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
    let error = get(patient(), &plaintext.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error}");

    let resetting = HostileServer::start_raw(|mut stream| async move {
        let _ = stream.read(&mut [0; 64]).await;
        reset(stream);
    })
    .await;
    let error = get(patient(), &resetting.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. } | FetchError::Tls { .. }), "{error}");

    let authority = Authority::named("Test authority");
    let key = KeyPair::generate().unwrap();
    let certificate = for_host("127.0.0.1").signed_by(&key, &authority.issuer).unwrap();
    let copies = (1 << 20) / certificate.der().len();
    let long_chain = serve(server_config(vec![certificate.der().clone(); copies], &key)).await;
    let (result, growth_mib) =
        measure_growth(get(authority.trusted(patient()), &long_chain.https_url("/"))).await;
    assert!(matches!(result, Err(FetchError::Tls { .. })), "{result:?}");
    assert!(growth_mib < 150, "{growth_mib} MiB");
}

#[tokio::test]
async fn tls_1_0_is_not_spoken() {
    // S01: a ServerHello of version 3.1 with an RC4 suite, as RFC 2246 7.4.1.3 lays it out
    let mut hello = vec![0x16, 0x03, 0x01, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x01];
    hello.extend([7; 32]);
    hello.extend([0x00, 0x00, 0x05, 0x00]);
    let server = answering_hello(Box::leak(hello.into_boxed_slice())).await;
    let error = get(patient(), &server.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_refused() {
    // R05
    let plain = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let to = plain.url("/feed");
    let authority = Authority::named("Test authority");
    let secure = HostileServer::start_tls(authority.sign(for_host("127.0.0.1")), move |mut wire| {
        let bytes = answer("301 Moved Permanently", &[("Location", &to)], "");
        async move {
            wire.send(bytes).await;
        }
    })
    .await;
    let error = get(authority.trusted(patient()), &secure.https_url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Downgrade { .. }), "{error}");
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn http_2_is_neither_offered_nor_understood() {
    // T19: what is not spoken cannot flood
    let authority = Authority::named("Test authority");
    let mut config = authority.sign(for_host("127.0.0.1"));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = HostileServer::start_tls(config, |mut wire| async move {
        let settings_and_empty_data = b"\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
        wire.send_for_ever(settings_and_empty_data, std::time::Duration::ZERO).await;
    })
    .await;
    let (result, growth_mib) = measure_growth(get(authority.trusted(hasty()), &server.https_url("/"))).await;
    assert!(matches!(result, Err(FetchError::Tls { .. } | FetchError::Malformed { .. })), "{result:?}");
    assert!(growth_mib < 150, "{growth_mib} MiB");
}
