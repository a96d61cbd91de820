//! Cases R: where a server sends us, and where we must never go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use perfuse::intake::fetch::{FetchError, FetchSettings, Fetcher, Request, Response, Retry};
use tokio::net::TcpListener;

use super::{Names, fetched, get, patient, security_folder};
use crate::support::hostile_server::{HostileServer, answer};

const BODY: &str = "<rss version=\"2.0\"><channel/></rss>";

fn redirect(status: &str, to: &str) -> Vec<u8> {
    answer(status, &[("Location", to)], "")
}

#[tokio::test]
async fn loops_and_long_chains_end_after_five_hops() {
    // R01, R02
    let server = HostileServer::start(|mut wire| async move {
        let to = match wire.path().strip_prefix("/chain/") {
            Some(number) => format!("/chain/{}", number.parse::<u32>().unwrap() + 1),
            None => wire.path().to_owned(),
        };
        wire.send(redirect("302 Found", &to)).await;
    })
    .await;
    for path in ["/loop", "/chain/1"] {
        let before = server.connections();
        let error = get(patient(), &server.url(path)).await.unwrap_err();
        assert!(matches!(error, FetchError::TooManyRedirects { limit: 5, .. }), "{error}");
        assert_eq!(server.connections() - before, 6);
        assert_eq!(error.retry(), Retry::Backoff);
    }
}

/// R03, R09: every way to write an address that is not public. `PORT` is where the canaries listen.
const CLOSED_HOSTS: [&str; 41] = [
    "127.0.0.1",
    "127.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "%31%32%37.0.0.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "169.254.169.254",
    "2852039166",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "100.64.0.1",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "240.0.0.1",
    "user:pass@127.0.0.1",
    "localhost",
];

#[tokio::test]
async fn no_way_of_writing_a_private_address_reaches_it_directly_or_by_redirect() {
    let canary_v4 = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let port = canary_v4.port();
    let listener = TcpListener::bind(("::1", port)).await;
    let canary_v6 = listener.ok().map(|it| HostileServer::start_on(it, None, |_| async {}));

    let names = Names::new(|host| match host {
        "localhost" => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        _ => Vec::new(),
    });
    let mut production = FetchSettings::default();
    production.allowed_ports.push(port);
    let direct = Fetcher::with_look_up(production.clone(), names.clone()).unwrap();
    // the server that redirects stands on an address of its own, the only one allowed
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let redirector = HostileServer::start_on(listener, None, |mut wire| async move {
        let to = wire.path().trim_start_matches("/?").to_owned();
        let to = percent_decode(&to);
        wire.send(redirect("302 Found", &to)).await;
    });
    let around = FetchSettings {
        allow_networks: vec!["127.0.0.2/32".parse().unwrap()],
        allowed_ports: production.allowed_ports.clone(),
        ..patient()
    };
    let around = Fetcher::with_look_up(around, names).unwrap();

    for host in CLOSED_HOSTS {
        for target in [format!("http://{host}:{port}/"), format!("http:\\\\{host}:{port}\\")] {
            let error = direct.get(&Request::new(&target)).await.unwrap_err();
            assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "{target}: {error}");
            assert!(!error.to_string().contains("pass"), "{error}");
            let by_way: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
            let error =
                around.get(&Request::new(format!("{}{by_way}", redirector.url("/?")))).await.unwrap_err();
            assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "-> {target}: {error}");
            assert!(error.to_string().contains("redirected from"), "{error}");
        }
    }
    for other in [
        "file:///etc/passwd",
        "gopher://127.0.0.1/_INFO",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "http://127.0.0.1:99999/",
    ] {
        assert!(direct.get(&Request::new(other)).await.is_err(), "{other}");
        let by_way: String = url::form_urlencoded::byte_serialize(other.as_bytes()).collect();
        let error = around.get(&Request::new(format!("{}{by_way}", redirector.url("/?")))).await.unwrap_err();
        assert!(matches!(error, FetchError::BadRedirect { .. }), "-> {other}: {error}");
    }
    assert_eq!(canary_v4.connections() + canary_v6.map_or(0, |canary| canary.connections()), 0);
}

fn percent_decode(text: &str) -> String {
    url::form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

#[tokio::test]
async fn the_collected_address_forms_meet_the_production_policy() {
    let Some(folder) = security_folder() else { return };
    let table = std::fs::read_to_string(folder.join("ssrf_url_forms.tsv")).unwrap();
    // names answer here and nowhere else: nothing leaves the machine
    let names = Names::new(|host| match host.trim_end_matches('.').to_ascii_lowercase().as_str() {
        "localhost" | "foo.localhost" => vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
        "169.254.169.254.nip.io" => vec![Ipv4Addr::new(169, 254, 169, 254).into()],
        "xn--e1afmkfd" => vec![Ipv4Addr::new(10, 0, 0, 5).into()],
        _ => Vec::new(),
    });
    let fetcher = Fetcher::with_look_up(FetchSettings::default(), names).unwrap();
    // rows in prose: each is a test of its own in this file, or of something that never fetches
    let prose =
        ["host ", "CNAME ", "302 ", "307 ", "HTTP_PROXY", "port ", "<link", "<atom:link", "item <enclosure"];
    let mut tried = 0;
    for row in table.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let (input, expected) = (fields[0], *fields.last().unwrap());
        if prose.iter().any(|start| input.starts_with(start)) {
            continue;
        }
        let error = fetcher.get(&Request::new(input)).await.unwrap_err();
        let as_expected = match &error {
            FetchError::ForbiddenAddress { .. } => expected.starts_with("BLOCK"),
            FetchError::BadUrl { .. } | FetchError::NotHttp { .. } => expected.starts_with("REJECT"),
            FetchError::Dns { .. } => expected.starts_with("ALLOWED"),
            _ => false,
        };
        assert!(as_expected, "{input}: {expected}: {error}");
        tried += 1;
    }
    assert!(tried > 80, "only {tried} rows");

    let ranges = std::fs::read_to_string(folder.join("nonglobal_cidrs.txt")).unwrap();
    for line in ranges.lines() {
        let range = line.split('#').next().unwrap_or_default().trim();
        if range.is_empty() {
            continue;
        }
        let range: ipnet::IpNet = range.parse().unwrap();
        for address in [range.network(), range.broadcast()] {
            let host = match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            };
            let error = fetcher.get(&Request::new(format!("http://{host}/"))).await.unwrap_err();
            assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "{range}: {error}");
        }
    }
}

#[tokio::test]
async fn a_name_is_connected_only_where_its_vetted_answer_says() {
    // R08: a good server and a canary on one port of two addresses; only the first is allowed
    let good = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = good.local_addr().unwrap().port();
    let good = HostileServer::start_on(good, None, |mut wire| async move {
        wire.send(answer("200 OK", &[], BODY)).await;
    });
    let canary = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let canary = HostileServer::start_on(canary, None, |_| async {});
    let settings = || FetchSettings { allow_networks: vec!["127.0.0.2/32".parse().unwrap()], ..patient() };
    let vetted = IpAddr::from([127, 0, 0, 2]);
    let request = Request::new(format!("http://journal.example:{port}/feed"));

    let turn = AtomicUsize::new(0);
    let rebinding = Names::new(move |_| match turn.fetch_add(1, Ordering::SeqCst) {
        0 => vec![vetted],
        _ => vec![Ipv4Addr::LOCALHOST.into()],
    });
    let fetcher = Fetcher::with_look_up(settings(), rebinding).unwrap();
    assert_eq!(fetched(fetcher.get(&request).await).body, BODY);
    assert!(matches!(fetcher.get(&request).await, Err(FetchError::ForbiddenAddress { .. })));

    let forbidden: [&[&str]; 6] = [
        &["127.0.0.2", "127.0.0.1"],
        &["127.0.0.2", "::1"],
        &["10.0.0.5"],
        &["169.254.169.254"],
        &["::ffff:10.0.0.5"],
        &["64:ff9b::a00:5"],
    ];
    for addresses in forbidden {
        let answer: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let fetcher = Fetcher::with_look_up(settings(), Names::new(move |_| answer.clone())).unwrap();
        let error = fetcher.get(&request).await.unwrap_err();
        assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "{addresses:?}: {error}");
    }
    // a public address, but a port that only allowed networks may use
    let public = Names::new(|_| vec![IpAddr::from([8, 8, 8, 8])]);
    let fetcher = Fetcher::with_look_up(settings(), public).unwrap();
    assert!(matches!(fetcher.get(&request).await, Err(FetchError::BadPort { .. })));
    assert_eq!((good.connections(), canary.connections()), (1, 0));
}

#[tokio::test]
async fn ports_that_are_not_of_the_web_are_refused_before_anything_is_resolved() {
    let names = Names::new(|host| panic!("{host} was looked up"));
    let fetcher = Fetcher::with_look_up(FetchSettings::default(), names).unwrap();
    for port in [22, 25, 3306, 6379, 11211] {
        let error = fetcher.get(&Request::new(format!("http://journal.example:{port}/"))).await.unwrap_err();
        assert!(matches!(error, FetchError::BadPort { .. }), "{error}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn only_an_unbroken_chain_of_permanent_redirects_is_reported_as_a_move() {
    // R04
    let server = HostileServer::start(|mut wire| async move {
        let bytes = match wire.path() {
            "/old" => redirect("301 Moved Permanently", "/older"),
            "/older" => redirect("308 Permanent Redirect", "/new#top"),
            "/sometimes" => redirect("302 Found", "/old"),
            "/then" => redirect("301 Moved Permanently", "/detour"),
            "/detour" => redirect("307 Temporary Redirect", "/new"),
            _ if wire.request.contains("if-none-match") => answer("304 Not Modified", &[], ""),
            _ => answer("200 OK", &[("ETag", "\"1\"")], BODY),
        };
        wire.send(bytes).await;
    })
    .await;
    let moved = async |path: &str| fetched(get(patient(), &server.url(path)).await).moved_permanently_to;
    assert_eq!(moved("/old").await, Some(server.url("/new")));
    assert_eq!(moved("/then").await, Some(server.url("/detour")));
    assert_eq!(moved("/sometimes").await, None);
    assert_eq!(moved("/new").await, None);

    let fetcher = Fetcher::new(patient()).unwrap();
    let first = fetched(fetcher.get(&Request::new(server.url("/old"))).await);
    assert_eq!(first.final_url, server.url("/new"));
    let again = Request::new(server.url("/old")).with_validators(first.validators);
    let Ok(Response::NotModified { moved_permanently_to, .. }) = fetcher.get(&again).await else { panic!() };
    assert_eq!(moved_permanently_to, Some(server.url("/new")));
}

#[tokio::test]
async fn odd_locations_are_resolved_or_refused() {
    // R06
    let long = format!("/{}", "a".repeat(64 * 1024));
    let server = HostileServer::start(move |mut wire| {
        let long = long.clone();
        async move {
            let bytes = match wire.path() {
                "/long" => redirect("302 Found", &long),
                "/empty" => redirect("302 Found", ""),
                "/none" => answer("302 Found", &[], ""),
                "/crlf" => redirect("302 Found", "/a\r\nX-Injected: 1"),
                "/deep/er/still" => redirect("302 Found", "../../../../ok"),
                "/fragment" => redirect("302 Found", "#only"),
                "/binary" => redirect("302 Found", "http://[\u{1b}["),
                path => answer("200 OK", &[], path.as_bytes()),
            };
            wire.send(bytes).await;
        }
    })
    .await;
    for path in ["/long", "/empty", "/none", "/fragment", "/binary"] {
        let message = get(patient(), &server.url(path)).await.expect_err(path).to_string();
        assert!(message.len() < 1000 && !message.contains('\u{1b}'), "{message}");
    }
    assert_eq!(fetched(get(patient(), &server.url("/crlf")).await).body, "/a");
    assert_eq!(fetched(get(patient(), &server.url("/deep/er/still")).await).body, "/ok");
}

#[tokio::test]
async fn refresh_headers_and_meta_refreshes_are_not_followed() {
    // R07
    let page = "<html><head><meta http-equiv=\"refresh\" content=\"0; url=/elsewhere\"></head></html>";
    let server = HostileServer::start(move |mut wire| async move {
        let refresh = [("Refresh", "0; url=/elsewhere"), ("Content-Type", "text/html")];
        let status = if wire.path() == "/307" { "307 Temporary Redirect" } else { "200 OK" };
        wire.send(answer(status, &refresh, page)).await;
    })
    .await;
    let page = fetched(get(patient(), &server.url("/200")).await);
    assert_eq!(page.content_type.as_deref(), Some("text/html"));
    assert!(matches!(get(patient(), &server.url("/307")).await, Err(FetchError::BadRedirect { .. })));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_password_in_an_address_goes_to_its_own_origin_and_into_no_message() {
    // R10
    let other = HostileServer::answering(answer("404 Not Found", &[], "")).await;
    let elsewhere = other.url("/").replace("http://", "http://admin:hunter2@");
    let server = HostileServer::start(move |mut wire| {
        let elsewhere = elsewhere.clone();
        async move {
            let to = if wire.path() == "/a" { "/b" } else { elsewhere.as_str() };
            wire.send(redirect("302 Found", to)).await;
        }
    })
    .await;
    let url = server.url("/a").replace("http://", "http://editor:s%40cret@");
    let error = get(patient(), &url).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    for hidden in ["editor", "cret", "admin", "hunter2", "@"] {
        assert!(!error.to_string().contains(hidden) && !format!("{error:?}").contains(hidden), "{error:?}");
    }
    // "editor:s@cret"
    let own = server.requests();
    assert!(
        own.len() == 2
            && own.iter().all(|request| request.contains("authorization: Basic ZWRpdG9yOnNAY3JldA=="))
    );
    assert!(other.requests().iter().all(|request| !request.contains("authorization")));
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_private_targets_stay_closed_behind_it() {
    let proxy = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let settings = FetchSettings { proxy: Some(proxy.url("/").parse().unwrap()), ..FetchSettings::default() };
    let names = Names::new(|host| match host {
        "inside.example" => vec![IpAddr::from([10, 0, 0, 5])],
        _ => Vec::new(),
    });
    let fetcher = Fetcher::with_look_up(settings, names).unwrap();
    assert_eq!(fetched(fetcher.get(&Request::new("http://journal.example/feed")).await).body, BODY);
    assert!(proxy.requests()[0].starts_with("GET http://journal.example/feed HTTP/1.1"));
    for url in ["http://inside.example/", "http://127.0.0.1/", "http://[::ffff:10.0.0.1]/"] {
        let error = fetcher.get(&Request::new(url)).await.unwrap_err();
        assert!(matches!(error, FetchError::ForbiddenAddress { .. }), "{url}: {error}");
    }
    assert_eq!(proxy.connections(), 1);
}

/// The other half of the next test, run in a process of its own with proxies in its environment.
#[tokio::test]
#[ignore = "run by the test below"]
async fn fetch_as_a_child() {
    let Ok(url) = std::env::var("PERFUSE_TEST_URL") else { return };
    fetched(get(patient(), &url).await);
}

#[tokio::test]
async fn proxies_in_the_environment_are_not_used() {
    let canary = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let server = HostileServer::answering(answer("200 OK", &[], BODY)).await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "hostile::redirect::fetch_as_a_child", "--ignored"]);
    child.env("PERFUSE_TEST_URL", server.url("/"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, canary.url("/"));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.connections(), canary.connections()), (1, 0));
}
