//! An answer's body: unpacked here, and counted both as sent and as unpacked, chunk by chunk.
//!
//! Not the client's own decompression, which neither counts what arrives nor limits zstd's window. Invariant: never
//! more than the cap, one chunk and the decoder's window (at most 16 MiB, RFC 7932) are in memory.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

/// What is asked for.
pub(super) const ACCEPT_ENCODING: &str = "gzip, br, zstd";
/// RFC 9659: content coded with zstd needs no window above 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;
const CHUNK_BYTES: usize = 32 * 1024;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Brotli,
    Zstd,
}

impl Encoding {
    /// Reads `Content-Encoding`; the text of one that we never asked for, or of several, is the error.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, String> {
        let lines: Vec<String> = headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase())
            .collect();
        let said = lines.join(", ");
        match said.as_str() {
            "" | "identity" => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(said),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain text",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Why a body could not be read.
#[derive(Debug)]
pub(super) enum BodyFault {
    /// The connection's fault.
    Transport(reqwest::Error),
    /// More than the cap; "unpacked" or "as sent".
    TooLarge(&'static str),
    /// The packed stream ends in the middle.
    Truncated,
    /// Not what `Content-Encoding` says, or something follows it.
    BadEncoding(String),
}

/// Reads and unpacks a body of at most `max_bytes`, to its very end.
pub(super) async fn read_body(
    response: reqwest::Response,
    encoding: Encoding,
    max_bytes: usize,
) -> Result<Bytes, BodyFault> {
    let mut sent = 0_usize;
    let stream = response.bytes_stream().map_err(io::Error::other).and_then(move |chunk| {
        sent = sent.saturating_add(chunk.len());
        let within = sent <= max_bytes;
        async move { if within { Ok(chunk) } else { Err(io::Error::other(SentTooMuch)) } }
    });
    let reader: Pin<Box<dyn AsyncBufRead + Send>> = Box::pin(StreamReader::new(stream));
    match encoding {
        Encoding::Plain => read_capped(reader, max_bytes).await.map(|(body, _)| body),
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            let (body, decoder) = read_capped(decoder, max_bytes).await?;
            expect_end(decoder.into_inner()).await.map(|()| body)
        }
        Encoding::Brotli => {
            let (body, decoder) = read_capped(BrotliDecoder::new(reader), max_bytes).await?;
            expect_end(decoder.into_inner()).await.map(|()| body)
        }
        Encoding::Zstd => {
            let limit = [DParameter::window_log_max(ZSTD_WINDOW_LOG)];
            let mut decoder = ZstdDecoder::with_params(reader, &limit);
            decoder.multiple_members(true);
            let (body, decoder) = read_capped(decoder, max_bytes).await?;
            expect_end(decoder.into_inner()).await.map(|()| body)
        }
    }
}

async fn read_capped<R>(mut reader: R, max_bytes: usize) -> Result<(Bytes, R), BodyFault>
where
    R: AsyncRead + Unpin,
{
    let mut body = BytesMut::new();
    loop {
        body.reserve(CHUNK_BYTES);
        let read = reader.read_buf(&mut body).await.map_err(name_fault)?;
        if body.len() > max_bytes {
            return Err(BodyFault::TooLarge("unpacked"));
        }
        if read == 0 {
            return Ok((body.freeze(), reader));
        }
    }
}

/// After the packed stream's end the body must end too; reading on also notices a body cut short.
async fn expect_end(mut reader: Pin<Box<dyn AsyncBufRead + Send>>) -> Result<(), BodyFault> {
    match reader.fill_buf().await {
        Ok([]) => Ok(()),
        Ok(_) => Err(BodyFault::BadEncoding("something follows the end of the packed data".to_owned())),
        Err(error) => Err(name_fault(error)),
    }
}

fn name_fault(error: io::Error) -> BodyFault {
    let kind = error.kind();
    let text = error.to_string();
    match error.into_inner().map(|inner| inner.downcast::<reqwest::Error>()) {
        Some(Ok(transport)) => BodyFault::Transport(*transport),
        Some(Err(other)) if other.is::<SentTooMuch>() => BodyFault::TooLarge("as sent"),
        _ if kind == io::ErrorKind::UnexpectedEof => BodyFault::Truncated,
        _ => BodyFault::BadEncoding(text),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("more was sent than is taken")]
struct SentTooMuch;
