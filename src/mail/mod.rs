//! Letters to the people at the desk: what they say ([`letter`]) and the way to the mail server ([`Mailer`]).
//!
//! Which letters wait, and what became of them, is the store's; when they are tried, the worker's. Nothing here
//! follows a reader: no picture, no counted link.

use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::{MailTls, Settings};
use crate::texts::Texts;

pub mod letter;

use letter::Letter;

/// For each step of a delivery.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// For a whole delivery.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// What is kept of a mail server's words.
const MAX_REASON: usize = 300;

/// Why a letter did not go.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The settings do not make a connection.
    #[error("mail is not set up rightly: {0}")]
    Setup(String),
    /// No letter can be made of this, such as an address that is none.
    #[error("{0}")]
    Unwritable(String),
    /// The mail server could not be reached, or asks to come back.
    #[error("{0}")]
    NotNow(String),
    /// The mail server will not take this letter.
    #[error("{0}")]
    Refused(String),
}

impl MailError {
    /// Whether another attempt makes no sense.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Unwritable(_) | Self::Refused(_))
    }
}

/// Takes letters to the configured mail server, a connection each.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    domain: String,
    language: String,
    account_url: String,
}

impl Mailer {
    /// The way to the mail server of the settings; `None` where there is none.
    ///
    /// # Errors
    /// The sender's address or the server's name cannot be used.
    pub fn configured(settings: &Settings) -> Result<Option<Self>, MailError> {
        let mail = &settings.mail;
        let (Some(host), Some(from)) = (&mail.host, &mail.from) else { return Ok(None) };
        let setup = |error: &dyn std::fmt::Display| MailError::Setup(error.to_string());
        let address: Address = from.parse().map_err(|error| setup(&error))?;
        let parameters = || TlsParameters::new(host.clone()).map_err(|error| setup(&error));
        let tls = match mail.tls {
            MailTls::Starttls => Tls::Required(parameters()?),
            MailTls::Tls => Tls::Wrapper(parameters()?),
            MailTls::None => Tls::None,
        };
        let domain = address.domain().to_owned();
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
            .port(mail.port)
            .tls(tls)
            .hello_name(ClientId::Domain(domain.clone()))
            .timeout(Some(STEP_TIMEOUT));
        if let (Some(user), Some(password)) = (&mail.user, mail.password.expose()) {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        Ok(Some(Self {
            transport: builder.build(),
            from: Mailbox::new(Some(one_line(&settings.society.name)), address),
            domain,
            language: Texts::lang_for(&settings.society.language).to_owned(),
            account_url: format!("{}/desk/account", settings.server.public_url_at(settings.server.listen)),
        }))
    }

    /// Sends a letter. `id` is the same for each attempt at the same letter, so that a mailbox that gets it twice can
    /// tell: a server that took a letter and was not heard is asked again.
    ///
    /// # Errors
    /// Why it did not go.
    pub async fn send(&self, to: &str, letter: &Letter, id: &str) -> Result<(), MailError> {
        let message = self.write(to, letter, id)?;
        match tokio::time::timeout(TOTAL_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(MailError::NotNow("the mail server did not answer in time".into())),
        }
    }

    fn write(&self, to: &str, letter: &Letter, id: &str) -> Result<Message, MailError> {
        let unwritable = |error: &dyn std::fmt::Display| MailError::Unwritable(format!("{to}: {error}"));
        let to: Address = to.parse().map_err(|error| unwritable(&error))?;
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&letter.subject))
            .message_id(Some(format!("<{id}@{}>", self.domain)));
        // RFC 3834: nobody's holiday notice answers this
        let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
        headers.push(("Content-Language", self.language.clone()));
        if letter.is_subscribed {
            headers.push(("List-Unsubscribe", format!("<{}>", self.account_url)));
        }
        for (name, value) in headers {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        // quoted-printable: its lines are short, whatever a paragraph holds
        let part = |html: bool, body: &str| {
            let builder = SinglePart::builder().header(ContentTransferEncoding::QuotedPrintable);
            let kind = lettre::message::header::ContentType::parse(if html {
                "text/html; charset=utf-8"
            } else {
                "text/plain; charset=utf-8"
            });
            kind.map(|kind| builder.header(kind).body(body.to_owned())).map_err(|error| unwritable(&error))
        };
        let body = MultiPart::alternative()
            .singlepart(part(false, &letter.text)?)
            .singlepart(part(true, &letter.html)?);
        builder.multipart(body).map_err(|error| unwritable(&error))
    }
}

/// A line without breaks and other control characters, at most 200 characters.
fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let mut line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(200) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn judge(error: &lettre::transport::smtp::Error) -> MailError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !reason.contains(&cause_text) {
            reason = format!("{reason}: {cause_text}");
        }
        source = cause.source();
    }
    let reason: String = one_line(&reason).chars().take(MAX_REASON).collect();
    // 530, 534, 535, 538: the server does not know us, which the operator mends (RFC 4954)
    let is_about_us =
        error.status().is_some_and(|code| ["530", "534", "535", "538"].contains(&code.to_string().as_str()));
    if error.is_permanent() && !is_about_us { MailError::Refused(reason) } else { MailError::NotNow(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_whatever_a_title_holds() {
        let subject = one_line("Flow\r\nBcc: everybody@example.org\r\n\r\n<b>\u{2028}body\u{0}");
        assert!(!subject.contains(['\r', '\n', '\u{0}']), "{subject:?}");
        assert!(subject.starts_with("Flow Bcc: everybody@example.org <b>"), "{subject:?}");
        assert_eq!(one_line(&"long ".repeat(100)).chars().count(), 201);
    }
}
