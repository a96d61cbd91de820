//! Where a request may go: schemes, ports and addresses. Pure; it never asks the network.
//!
//! A literal host is judged here, because a resolver is never asked for `127.0.0.1`, `2130706433` or
//! `[::ffff:127.0.0.1]`; names are judged by `resolve` with the same rules. Invariant: what is not known to be
//! public is refused, unless the operator allowed its range.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// IANA's IPv4 special-purpose registry and multicast; none of them is a public server.
const CLOSED_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol assignments"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 31, 196, 0, 24), "AS112"),
    (v4(192, 52, 193, 0, 24), "AMT"),
    (v4(192, 88, 99, 0, 24), "6to4 relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(192, 175, 48, 0, 24), "AS112"),
    (v4(198, 18, 0, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 3), "multicast or reserved"),
];

/// IANA's IPv6 special-purpose registry; whatever lies outside 2000::/3 is closed besides.
const CLOSED_V6: [(Ipv6Net, &str); 14] = [
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), "IPv4-compatible"),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), "IPv4-mapped"),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), "NAT64"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "local NAT64"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "protocol assignments"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 9), "link- or site-local"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), prefix)
}

/// Why a request may not go where it points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not http or https; the scheme.
    Scheme(String),
    /// No host at all.
    NoHost,
    /// The port is none of those allowed.
    Port(u16),
    /// The address, and what it is: "127.0.0.1 (loopback)".
    Address(String),
}

/// How a URL that may be tried must be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// To any public or allowed address.
    Public,
    /// Only to an address inside `allow_networks`, because the port is not a web port.
    AllowedNetworksOnly,
}

/// The operator's rules for where requests may go.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    allow_networks: Vec<IpNet>,
    allowed_ports: Vec<u16>,
}

impl Guard {
    pub(super) fn new(allow_networks: Vec<IpNet>, allowed_ports: Vec<u16>) -> Self {
        Self { allow_networks, allowed_ports }
    }

    /// Judges what can be judged without resolving names.
    pub(super) fn check_url(&self, url: &Url) -> Result<Reach, Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        let literal = match url.host() {
            None => return Err(Refusal::NoHost),
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
        };
        if let Some(address) = literal {
            self.check_address(address)?;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if self.allowed_ports.contains(&port) {
            return Ok(Reach::Public);
        }
        let maybe_inside = match literal {
            Some(address) => self.is_allowed_network(address),
            None => !self.allow_networks.is_empty(),
        };
        if maybe_inside { Ok(Reach::AllowedNetworksOnly) } else { Err(Refusal::Port(port)) }
    }

    /// Refuses every address that is not public, unless its range is allowed.
    pub(super) fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        match describe_closed(address) {
            Some(what) if !self.is_allowed_network(address) => {
                Err(Refusal::Address(format!("{address} ({what})")))
            }
            _ => Ok(()),
        }
    }

    /// Whether the operator opened the range of this address (or of the IPv4 address mapped into it).
    pub(super) fn is_allowed_network(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allow_networks.iter().any(|network| network.contains(&address))
    }

    /// Whether any range was opened.
    pub(super) fn allows_networks(&self) -> bool {
        !self.allow_networks.is_empty()
    }
}

/// What kind of address this is, if it is not a public one: "loopback", "NAT64 of 10.0.0.5, private".
fn describe_closed(address: IpAddr) -> Option<String> {
    match address {
        IpAddr::V4(address) => closed_v4(address).map(str::to_owned),
        IpAddr::V6(address) => {
            let what = closed_v6(address)?;
            let inside = embedded_v4(address);
            Some(match inside.map(|inner| (inner, closed_v4(inner))) {
                Some((inner, Some(kind))) => format!("{what} of {inner}, {kind}"),
                Some((inner, None)) => format!("{what} of {inner}"),
                None => what.to_owned(),
            })
        }
    }
}

fn closed_v4(address: Ipv4Addr) -> Option<&'static str> {
    CLOSED_V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, what)| *what)
}

fn closed_v6(address: Ipv6Addr) -> Option<&'static str> {
    let listed = CLOSED_V6.iter().find(|(network, _)| network.contains(&address)).map(|(_, what)| *what);
    // RFC 4291 2.4, IANA: only 2000::/3 has been given out as global unicast
    listed.or((address.segments()[0] & 0xe000 != 0x2000).then_some("not global unicast"))
}

/// The IPv4 address that a transition address carries, to name it in the message.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0 | 1, _, _, _, high, low] => {
            Some(join(high, low))
        }
        // RFC 3056: 2002:V4ADDR::/48
        [0x2002, high, low, ..] => Some(join(high, low)),
        // RFC 4380: the client's address stands inverted at the end
        [0x2001, 0, _, _, _, _, high, low] => Some(join(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strict() -> Guard {
        Guard::new(Vec::new(), vec![80, 443, 8080, 8443])
    }

    #[test]
    fn public_addresses_pass_and_their_neighbours_in_closed_ranges_do_not() {
        for open in ["8.8.8.8", "130.14.29.110", "172.32.0.1", "100.128.0.1", "2607:f220:41e:4290::110"] {
            assert_eq!(strict().check_address(open.parse().unwrap()), Ok(()), "{open}");
        }
        for closed in [
            "172.31.255.255",
            "100.127.255.255",
            "239.1.1.1",
            "255.255.255.255",
            "fec0::1",
            "4000::1",
            "5f00::1",
        ] {
            assert!(strict().check_address(closed.parse().unwrap()).is_err(), "{closed}");
        }
    }

    #[test]
    fn an_address_inside_another_is_named() {
        let refusal = strict().check_address("64:ff9b::a00:5".parse().unwrap()).unwrap_err();
        assert_eq!(refusal, Refusal::Address("64:ff9b::a00:5 (NAT64 of 10.0.0.5, private)".into()));
    }

    #[test]
    fn an_allowed_network_opens_its_addresses_on_any_port_and_nothing_else() {
        let guard = Guard::new(vec!["127.0.0.2/32".parse().unwrap()], vec![80]);
        let reach = |url: &str| guard.check_url(&Url::parse(url).unwrap());
        assert_eq!(reach("http://127.0.0.2:9999/"), Ok(Reach::AllowedNetworksOnly));
        assert_eq!(reach("http://[::ffff:127.0.0.2]:9999/"), Ok(Reach::AllowedNetworksOnly));
        assert_eq!(reach("http://a.example:9999/"), Ok(Reach::AllowedNetworksOnly));
        assert_eq!(reach("http://8.8.8.8:9999/"), Err(Refusal::Port(9999)));
        assert!(matches!(reach("http://127.0.0.1/"), Err(Refusal::Address(_))));
        assert_eq!(strict().check_url(&Url::parse("http://a.example:22/").unwrap()), Err(Refusal::Port(22)));
    }

    proptest! {
        #[test]
        fn however_a_private_address_is_wrapped_it_stays_closed(inner in any::<u32>(), tail in any::<u32>()) {
            let v4 = Ipv4Addr::from(inner);
            let (high, low) = ((inner >> 16) as u16, inner as u16);
            let wrapped = [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, (tail >> 16) as u16, tail as u16),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, (tail >> 16) as u16, tail as u16),
            ];
            for address in wrapped {
                prop_assert!(strict().check_address(address.into()).is_err(), "{}", address);
            }
        }
    }
}
