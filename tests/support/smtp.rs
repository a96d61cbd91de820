//! A mail server on loopback (RFC 5321), as kind or as difficult as a test wants it; with TLS where it has a certificate.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How the server treats letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes everything.
    Takes,
    /// Answers this command with this line.
    Answers(&'static str, &'static str),
    /// Takes the letter, and hangs up before it says so.
    HangsUpAfterTaking,
    /// Accepts the connection and never says a word.
    Silent,
}

/// A letter that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: String,
    /// What stands between DATA and the dot.
    pub(crate) bytes: Vec<u8>,
    /// `user` and `password`, where the sender signed in.
    pub(crate) login: Option<String>,
    pub(crate) is_private: bool,
}

#[derive(Clone)]
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    manner: Arc<Mutex<Manner>>,
    visits: Arc<Mutex<usize>>,
}

impl PostOffice {
    pub(crate) async fn open() -> Self {
        Self::open_with(None).await
    }

    /// With a certificate it offers STARTTLS, and wants a name and a password.
    pub(crate) async fn open_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let office = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            manner: Arc::new(Mutex::new(Manner::Takes)),
            visits: Arc::default(),
        };
        let serving = office.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.visits.lock().unwrap() += 1;
                let (serving, tls) = (serving.clone(), tls.clone());
                // whoever leaves in the middle is welcome again
                tokio::spawn(async move { serving.greet(stream, tls).await.ok() });
            }
        });
        office
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn visits(&self) -> usize {
        *self.visits.lock().unwrap()
    }

    async fn greet(&self, stream: TcpStream, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
        let manner = self.manner.lock().unwrap().clone();
        if manner == Manner::Silent {
            std::future::pending::<()>().await;
        }
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 post.example.org\r\n").await?;
        let Some(tls) = tls else { return self.talk(stream, &manner, false, false).await };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            match line.split_whitespace().next().unwrap_or("QUIT").to_ascii_uppercase().as_str() {
                "EHLO" => stream.write_all(b"250-post.example.org\r\n250 STARTTLS\r\n").await?,
                "STARTTLS" => break,
                _ => return stream.write_all(b"530 Must issue a STARTTLS command first\r\n").await,
            }
        }
        stream.write_all(b"220 go ahead\r\n").await?;
        let stream = tls.accept(stream.into_inner()).await?;
        self.talk(BufReader::new(stream), &manner, true, true).await
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufReader<S>,
        manner: &Manner,
        is_private: bool,
        wants_login: bool,
    ) -> std::io::Result<()> {
        let mut taken =
            Taken { from: String::new(), to: String::new(), bytes: Vec::new(), login: None, is_private };
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            if let Manner::Answers(at, answer) = manner
                && *at == verb
            {
                stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
                continue;
            }
            let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(at, _)| at);
            let answer = match verb.as_str() {
                "EHLO" if wants_login => "250-post.example.org\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                "EHLO" => "250-post.example.org\r\n250 8BITMIME",
                "AUTH" => {
                    taken.login = line.rsplit(' ').next().map(str::to_owned);
                    "235 welcome"
                }
                "MAIL" if wants_login && taken.login.is_none() => "530 who are you?",
                "MAIL" => {
                    taken.from = address.unwrap_or_default().to_owned();
                    "250 ok"
                }
                "RCPT" => {
                    taken.to = address.unwrap_or_default().to_owned();
                    "250 ok"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    taken.bytes = read_letter(&mut stream).await?;
                    self.taken.lock().unwrap().push(taken.clone());
                    if *manner == Manner::HangsUpAfterTaking {
                        return Ok(());
                    }
                    "250 taken"
                }
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => "250 ok",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

/// To the line with the dot alone; dots that were doubled are single again (RFC 5321, 4.5.2).
async fn read_letter<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(bytes);
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
