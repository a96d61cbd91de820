//! Cases Z: what a server does with `Content-Encoding`.

use std::io::Write;
use std::time::Duration;

use perfuse::intake::fetch::FetchError;

use super::{fetched, get, measure_growth, patient};
use crate::support::hostile_server::{HostileServer, answer};

const BODY: &str = "<rss version=\"2.0\"><channel/></rss>";
const MIB: usize = 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 1, 24).write_all(bytes).unwrap();
    packed
}

async fn zstd(bytes: &[u8]) -> Vec<u8> {
    use tokio::io::AsyncWriteExt;
    let mut encoder = async_compression::tokio::write::ZstdEncoder::new(Vec::new());
    encoder.write_all(bytes).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

#[tokio::test]
async fn each_encoding_that_is_asked_for_is_unpacked() {
    for (encoding, packed) in [
        ("gzip", gzip(BODY.as_bytes())),
        ("X-GZip", gzip(BODY.as_bytes())),
        ("br", brotli(BODY.as_bytes())),
        ("zstd", zstd(BODY.as_bytes()).await),
        ("identity", BODY.as_bytes().to_vec()),
    ] {
        let server =
            HostileServer::answering(answer("200 OK", &[("Content-Encoding", encoding)], packed)).await;
        assert_eq!(fetched(get(patient(), &server.url("/")).await).body, BODY, "{encoding}");
        assert!(server.requests()[0].contains("accept-encoding: gzip, br, zstd"), "{:?}", server.requests());
    }
}

#[tokio::test]
async fn bombs_are_cut_off_at_the_cap_of_what_they_unpack_to_with_memory_flat() {
    // Z01, Z02, Z03: members and frames may follow each other, so a small one repeated has no end
    let block = vec![b'A'; 4 * MIB];
    let bombs = [
        ("gzip", gzip(&block), true),
        ("zstd", zstd(&block).await, true),
        ("br", brotli(&vec![b'A'; 40 * MIB]), false),
    ];
    for (encoding, packed, endless) in bombs {
        assert!(packed.len() < MIB / 4, "{encoding}: {} bytes on the wire", packed.len());
        let server = HostileServer::start(move |mut wire| {
            let packed = packed.clone();
            async move {
                wire.send(format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n\r\n")).await;
                wire.send(&packed).await;
                if endless {
                    wire.send_for_ever(&packed, Duration::ZERO).await;
                }
            }
        })
        .await;
        let (result, growth_mib) = measure_growth(get(patient(), &server.url("/"))).await;
        let Err(FetchError::TooLarge { when, .. }) = &result else { panic!("{encoding}: {result:?}") };
        assert_eq!(*when, "unpacked");
        assert!(growth_mib < 200, "{encoding}: {growth_mib} MiB");
    }
}

#[tokio::test]
async fn packed_data_that_unpacks_to_nothing_is_cut_off_at_the_cap_of_what_is_sent() {
    // Z07: empty members for ever
    let empty = gzip(b"").repeat(1000);
    let server = HostileServer::start(move |mut wire| {
        let empty = empty.clone();
        async move {
            wire.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").await;
            wire.send_for_ever(&empty, Duration::ZERO).await;
        }
    })
    .await;
    let settings = perfuse::intake::fetch::FetchSettings { max_body_bytes: MIB, ..patient() };
    let result = get(settings, &server.url("/")).await;
    assert!(matches!(result, Err(FetchError::TooLarge { when: "as sent", .. })), "{result:?}");
}

#[tokio::test]
async fn a_zstd_frame_that_wants_a_window_beyond_eight_megabytes_is_refused() {
    // Z03: magic, no flags, window exponent (RFC 8878 3.1.1.1.2), one last RLE block of 128 KiB
    for (window_mib, exponent) in [(8, 13), (16, 14), (2048, 21)] {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 0x03, 0x00, 0x10, b'A'];
        let server = HostileServer::answering(answer("200 OK", &[("Content-Encoding", "zstd")], frame)).await;
        let (result, growth_mib) = measure_growth(get(patient(), &server.url("/"))).await;
        if window_mib == 8 {
            assert_eq!(fetched(result).body.len(), 128 * 1024);
            continue;
        }
        assert!(matches!(result, Err(FetchError::BadEncoding { .. })), "{window_mib} MiB: {result:?}");
        assert!(growth_mib < 150, "{growth_mib} MiB");
    }
}

#[tokio::test]
async fn data_that_is_not_what_its_header_says_is_an_error_that_names_the_encoding() {
    // Z04, Z05, Z07, Z08
    let whole = gzip(BODY.as_bytes());
    let mut bad_crc = whole.clone();
    let crc_at = bad_crc.len() - 8;
    bad_crc[crc_at] ^= 0xff;
    let trailing = |packed: &[u8]| [packed, b"garbage that follows"].concat();
    let (br, zst) = (brotli(BODY.as_bytes()), zstd(BODY.as_bytes()).await);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("gzip, gzip", gzip(&whole), "not known here"),
        ("gzip\r\nContent-Encoding: gzip", gzip(&whole), "not known here"),
        ("x-unknown", BODY.into(), "\"x-unknown\", which is not known here"),
        ("gzip", BODY.into(), "not the gzip"),
        ("br", BODY.into(), "not the br"),
        ("zstd", BODY.into(), "not the zstd"),
        ("gzip", bad_crc, "not the gzip"),
        ("gzip", whole[..whole.len() - 12].into(), "truncated"),
        ("br", br[..br.len() - 4].into(), "truncated"),
        ("zstd", zst[..zst.len() - 4].into(), "truncated"),
        ("gzip", trailing(&whole), "not the gzip"),
        ("br", trailing(&br), "not the br"),
        ("zstd", trailing(&zst), "not the zstd"),
        ("gzip", Vec::new(), "truncated"),
    ];
    for (encoding, bytes, words) in cases {
        let server =
            HostileServer::answering(answer("200 OK", &[("Content-Encoding", encoding)], bytes)).await;
        let message = get(patient(), &server.url("/")).await.expect_err(encoding).to_string();
        assert!(message.contains(words), "{encoding}: {message}");
    }
}

#[tokio::test]
async fn gzip_that_nobody_announced_is_handed_on_as_it_is() {
    // Z06: the parser then says that it is no feed
    let packed = gzip(BODY.as_bytes());
    let server = HostileServer::answering(answer("200 OK", &[], &packed)).await;
    assert_eq!(fetched(get(patient(), &server.url("/")).await).body.as_ref(), packed);
}
