//! The server's limits on the wire, against the running service.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::program::{PATIENCE, Place, wait_until};

/// Sends bytes and reads until the service closes the connection; what it said.
fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // a refusal may come before the last byte is taken
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while let Ok(read) = stream.read(&mut part) {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("nothing")
}

/// How long the service leaves a connection open on which it was sent `bytes`.
fn lifetime(address: SocketAddr, bytes: &[u8]) -> Duration {
    let begun = Instant::now();
    exchange(address, bytes);
    begun.elapsed()
}

#[test]
fn too_much_is_refused_by_its_own_status_and_the_service_goes_on() {
    let place = Place::new("", None);
    let service = place.serve(&[]);
    let address = service.address();
    let get = |path: &str, headers: &str| {
        exchange(
            address,
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").as_bytes(),
        )
    };
    let post = |length: usize, body: &str| {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!(
            "POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://{address}\r\nConnection: close"
        );
        exchange(address, format!("{head}\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes())
    };
    assert_eq!(status(&get("/", "")), "200");
    let long_url = format!("/search?q={}", "a".repeat(9 * 1024));
    assert_eq!(status(&get(&long_url, "")), "414");
    assert_eq!(status(&get(&format!("/healthz?x={}", "a".repeat(7 * 1024)), "")), "200");
    assert_eq!(status(&get("/", &format!("X-Much: {}\r\n", "a".repeat(17 * 1024)))), "431");
    assert_eq!(status(&get("/", &format!("Cookie: {}\r\n", "a".repeat(200 * 1024)))), "431");
    assert_eq!(status(&get("/", &"X-Many: a\r\n".repeat(3_000))), "431");
    assert_eq!(status(&get("/", &format!("X-Fair: {}\r\n", "a".repeat(14 * 1024)))), "200");
    // told by its length before a byte of it is read, and counted where it is not told
    assert_eq!(status(&post(65 * 1024, "")), "413");
    assert_eq!(status(&post(10 << 30, "")), "413");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(64 * 1024));
    let chunked = format!(
        "POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://{address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n"
    );
    assert_eq!(status(&exchange(address, chunked.as_bytes())), "413");
    for nonsense in
        ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}"]
    {
        let answer = exchange(address, nonsense.as_bytes());
        assert!(
            answer.is_empty() || status(&answer) == "400" || status(&answer) == "505",
            "{nonsense:?}: {answer}"
        );
    }
    assert_eq!(status(&get("/healthz", "")), "200");
    let log = service.stop().err;
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn half_a_header_and_silence_are_cut_off_after_five_seconds() {
    let place = Place::new("", None);
    let service = place.serve(&[]);
    let address = service.address();
    let openings: [&[u8]; 4] = [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Half",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    let waiting = openings.map(|bytes| std::thread::spawn(move || lifetime(address, bytes)));
    for (waited, bytes) in waiting.into_iter().zip(openings) {
        let waited = waited.join().unwrap();
        let what = String::from_utf8_lossy(bytes);
        assert!(waited > Duration::from_secs(4), "{what:?}: {waited:?}");
        assert!(waited < Duration::from_secs(20), "{what:?}: {waited:?}");
    }
    service.stop();
}

#[test]
fn readers_that_take_nothing_do_not_block_the_others() {
    let mut place = Place::new("", None);
    place.set("PERFUSE__SERVER__MAX_CONCURRENT_REQUESTS", "8");
    let service = place.serve(&[]);
    let address = service.address();
    // far more answers than the buffers on the way hold, and none is taken
    let asking = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
    let lazy: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nonblocking(true).unwrap();
            let _ = stream.write(asking.as_bytes());
            stream
        })
        .collect();
    for _ in 0..20 {
        let answer = wait_until("a reader who reads gets an answer", || {
            let answer = exchange(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            (status(&answer) == "200").then_some(answer)
        });
        assert!(answer.contains("A Made-up Society"));
    }
    drop(lazy);
    service.stop();
}

#[test]
fn more_at_once_than_allowed_are_asked_to_come_back_and_nobody_is_locked_out() {
    let mut place = Place::new("", None);
    place.set("PERFUSE__SERVER__MAX_CONCURRENT_REQUESTS", "1");
    let service = place.serve(&[]);
    let address = service.address();
    let get = || exchange(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&get()), "200");
    let mut half_form = TcpStream::connect(address).unwrap();
    let head = format!("POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://{address}\r\n");
    half_form.write_all(format!("{head}Content-Length: 100\r\n\r\nemail=").as_bytes()).unwrap();
    let busy = wait_until("the one place is taken", || Some(get()).filter(|answer| status(answer) != "200"));
    assert_eq!(status(&busy), "503", "{busy}");
    assert!(busy.to_lowercase().contains("\r\nretry-after: 5\r\n"), "{busy}");
    drop(half_form);
    wait_until("the place is free again", || (status(&get()) == "200").then_some(()));
    service.stop();
}
