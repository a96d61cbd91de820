//! The client's errors → ours, by walking the chain of causes.

use std::error::Error;
use std::io;

use super::error::{FetchError, Phase, make_printable};
use super::resolve::ResolveFault;

/// What is known of the hop that failed.
pub(super) struct Hop<'a> {
    /// For the message.
    pub(super) shown: &'a str,
    pub(super) port: u16,
    pub(super) connect_timeout_ms: u64,
}

/// Says in our words why a request or the reading of its body failed.
pub(super) fn name_fault(hop: &Hop<'_>, error: &reqwest::Error) -> FetchError {
    let url = hop.shown.to_owned();
    let causes = list_causes(error);
    let why = make_printable(&causes.last().map(ToString::to_string).unwrap_or_default(), 200);
    if let Some(fault) = find::<ResolveFault>(&causes) {
        return match fault {
            ResolveFault::Dns { why, .. } => FetchError::Dns { url, why: make_printable(why, 200) },
            ResolveFault::Forbidden { address, .. } => {
                FetchError::ForbiddenAddress { url, address: address.clone() }
            }
            ResolveFault::Port { .. } => FetchError::BadPort { url, port: hop.port },
        };
    }
    if let Some(tls) = find::<rustls::Error>(&causes) {
        return FetchError::Tls { url, why: make_printable(&tls.to_string(), 200) };
    }
    if error.is_timeout() {
        return FetchError::TimedOut { url, phase: Phase::Connect, after_ms: hop.connect_timeout_ms };
    }
    let io_kind = find::<io::Error>(&causes).map(io::Error::kind);
    if error.is_connect() {
        return match io_kind {
            // the TCP connection stood, so this is the handshake
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => FetchError::Tls { url, why },
            _ => FetchError::Unreachable { url, why },
        };
    }
    if find::<hyper::Error>(&causes).is_some_and(|error| error.is_parse() || error.is_parse_too_large()) {
        return FetchError::Malformed { url, why };
    }
    match io_kind {
        Some(io::ErrorKind::UnexpectedEof) => FetchError::Truncated { url, why },
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => FetchError::Malformed { url, why },
        _ => FetchError::Interrupted { url, why },
    }
}

/// The error and its causes, outermost first; with what `io::Error`s wrap, which `source` passes over.
fn list_causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = vec![error];
    while let Some(&last) = causes.last() {
        let wrapped = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let next = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| last.source());
        match next {
            Some(next) if causes.len() < 16 => causes.push(next),
            _ => break,
        }
    }
    causes
}

fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().find_map(|cause| cause.downcast_ref::<E>())
}
