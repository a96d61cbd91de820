//! The program itself against mail servers: with TLS as operators have it, and one that others wrote.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::program::{Place, can, count, look, wait_until};
use crate::support::smtp::{Manner, PostOffice};

/// An authority of one's own, as PEM, and a server with its certificate for `localhost`.
fn authority() -> (String, TlsAcceptor) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::from_params(&params, &key);
    let server_key = KeyPair::generate().unwrap();
    let server =
        CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&server_key, &issuer).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![server.der().clone()], private).unwrap();
    (root.pem(), TlsAcceptor::from(Arc::new(config)))
}

fn place(port: u16, tls: &str) -> Place {
    let mut place = Place::new("", None);
    place
        .set("PERFUSE__MAIL__HOST", "localhost")
        .set("PERFUSE__MAIL__PORT", &port.to_string())
        .set("PERFUSE__MAIL__TLS", tls)
        .set("PERFUSE__MAIL__FROM", "desk@news.example.org");
    place
}

fn enqueue(place: &Place) {
    place.invite("admin@example.org", "admin");
    let db = rusqlite::Connection::open(place.database()).unwrap();
    db.execute_batch(
        "INSERT INTO mail (key, kind, editor_id, created_at, next_at, expires_at)
         SELECT 'test', 'invite', id, 0, 0, 9999999999999 FROM editors",
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_and_the_password_go_over_tls_that_this_machine_trusts_or_not_at_all() {
    let (root, tls) = authority();
    let office = PostOffice::open_with(Some(tls)).await;
    let mut place = place(office.port, "starttls");
    place.set("PERFUSE__MAIL__USER", "desk").set("PERFUSE__MAIL__PASSWORD", "secret");
    enqueue(&place);
    tokio::task::spawn_blocking(move || {
        let (database, told) = (place.database(), "SELECT count(*) FROM mail WHERE error IS NOT NULL");
        let program = place.serve(&["--worker-only"]);
        wait_until("it is told that the certificate is nobody's", || {
            (count(&database, told) == 1).then_some(())
        });
        let error: String = look(&database, "SELECT error FROM mail");
        assert!(error.to_lowercase().contains("certificate"), "{error}");
        program.stop();
        place.write("root.pem", root);
        let pem = place.path("root.pem").display().to_string();
        place.set("SSL_CERT_FILE", &pem);
        let db = rusqlite::Connection::open(&database).unwrap();
        db.execute_batch("UPDATE mail SET next_at = 0").unwrap();
        let program = place.serve(&["--worker-only"]);
        let sent = "SELECT count(*) FROM mail WHERE state = 'sent'";
        wait_until("the letter goes", || (count(&database, sent) == 1).then_some(()));
        program.stop();
    })
    .await
    .unwrap();
    let taken = office.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].is_private);
    // "\0desk\0secret"
    assert_eq!(taken[0].login.as_deref(), Some("AGRlc2sAc2VjcmV0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_gets_nothing_unless_the_operator_says_so() {
    let office = PostOffice::open().await;
    let place = place(office.port, "starttls");
    enqueue(&place);
    tokio::task::spawn_blocking(move || {
        let program = place.serve(&["--worker-only"]);
        let told = "SELECT count(*) FROM mail WHERE error IS NOT NULL";
        wait_until("it is told", || (count(&place.database(), told) == 1).then_some(()));
        program.stop();
    })
    .await
    .unwrap();
    assert!(office.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_never_says_a_word_holds_up_neither_the_service_nor_its_end() {
    let office = PostOffice::open().await;
    office.behave(Manner::Silent);
    let place = place(office.port, "none");
    enqueue(&place);
    let waiting = office.clone();
    tokio::task::spawn_blocking(move || {
        let program = place.serve(&[]);
        wait_until("the mail server is asked", || (waiting.visits() > 0).then_some(()));
        let address = program.address();
        assert!(std::net::TcpStream::connect(address).is_ok());
        program.stop();
        let waits = "SELECT count(*) FROM mail WHERE state = 'waiting'";
        assert_eq!(count(&place.database(), waits), 1, "for the next start");
    })
    .await
    .unwrap();
}

/// Takes one letter and prints its parts as JSON, read by Python's own parser.
const PYTHON: &str = r#"
import asyncio, email, email.policy, json
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            "to": envelope.rcpt_tos, "from": str(message["from"]), "subject": str(message["subject"]),
            "text": message.get_body(("plain",)).get_content(), "html": message.get_body(("html",)).get_content(),
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
        }), flush=True)
        return "250 taken"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="post.example.org"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, input)
asyncio.run(main())
"#;

#[test]
fn a_mail_server_that_others_wrote_takes_our_letters_and_finds_no_fault() {
    if !can("python3", &["-c", "import aiosmtpd"], "letters through aiosmtpd") {
        return;
    }
    let mut python = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let port = lines.next().unwrap().unwrap().parse().unwrap();
    let place = place(port, "none");
    enqueue(&place);
    let program = place.serve(&["--worker-only"]);
    let letter: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    program.stop();
    let _ = python.kill();
    python.wait().unwrap();
    assert_eq!(letter["to"][0], "admin@example.org");
    assert_eq!(letter["from"], "A Made-up Society <desk@news.example.org>");
    assert_eq!(letter["subject"], "A Made-up Society: your invitation to the editors’ desk");
    assert_eq!(letter["defects"], serde_json::json!([]));
    let link = letter["text"].as_str().unwrap().split_whitespace().find(|word| word.contains("/desk/link/"));
    assert!(letter["html"].as_str().unwrap().contains(link.unwrap()));
    let sent = count(&place.database(), "SELECT count(*) FROM mail WHERE state = 'sent'");
    assert_eq!(sent, 1);
}
