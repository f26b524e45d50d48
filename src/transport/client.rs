//! Who is at the other end: the address behind trusted proxies.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::{IpNet, Ipv6Net};

use crate::error::{Error, Result};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers by which proxies name addresses. Only the configured one is read, and
/// none of them goes further than here.
const ADDRESS_HEADERS: [HeaderName; 9] = [
    header::FORWARDED,
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-client-ip"),
    HeaderName::from_static("cf-connecting-ip"),
    HeaderName::from_static("true-client-ip"),
];

/// The client of a request. Every request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address of the client itself, as far as trusted proxies tell it.
    pub address: IpAddr,
    /// Whether the client's own connection is encrypted.
    pub is_https: bool,
}

/// The network that limits count as one client: an IPv4 address, or the /64 that
/// one IPv6 customer has.
#[must_use]
pub fn network(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V4(address) => IpNet::from(IpAddr::V4(address)),
        IpAddr::V6(address) => Ipv6Net::new(address, 64).map_or_else(
            |_| IpNet::from(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
            |network| IpNet::V6(network.trunc()),
        ),
    }
}

/// The proxies whose word about a client's address is taken.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: HeaderName,
}

impl TrustedProxies {
    /// Reads `server.trusted_proxies` (networks or single addresses) and
    /// `server.forwarded_header`. Names every entry that is not valid.
    pub fn new(networks: &[String], header: &str) -> Result<Self> {
        let mut violations = Vec::new();
        let mut parsed = Vec::new();
        for (index, text) in networks.iter().enumerate() {
            let network =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) if !is_mapped(network) => parsed.push(network.trunc()),
                _ => violations.push(crate::error::Violation {
                    field: format!("server.trusted_proxies[{index}]"),
                    rule: format!(
                        "must be a network or an address (of IPv4 as such), not {text:?}"
                    )
                    .into(),
                }),
            }
        }
        let header = header.parse::<HeaderName>().map_err(|_| {
            violations.push(crate::error::Violation {
                field: "server.forwarded_header".into(),
                rule: "must be the name of a header".into(),
            });
        });
        match header {
            Ok(header) if violations.is_empty() => Ok(Self { networks: parsed, header }),
            _ => Err(Error::Invalid(violations)),
        }
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Finds out whose request this is, and removes what proxies or the client
    /// itself have said about it.
    ///
    /// `peer` is the other end of the connection (or what its PROXY header says).
    pub fn resolve(&self, peer: IpAddr, is_tls: bool, headers: &mut HeaderMap) -> Client {
        let mut client = Client { address: peer.to_canonical(), is_https: is_tls };
        if self.contains(peer) {
            let hops = self.hops(headers);
            // From the right: each hop was written by the one after it, so the
            // first that is not a trusted proxy is the last that can be believed.
            for (index, hop) in hops.iter().enumerate().rev() {
                let Some(address) = hop.address else { break };
                client.address = address;
                client.is_https = hop.is_https.unwrap_or_else(|| {
                    protocol(headers, index, hops.len()).unwrap_or(client.is_https)
                });
                if !self.contains(address) {
                    break;
                }
            }
            if hops.is_empty() {
                client.is_https = protocol(headers, 0, 0).unwrap_or(is_tls);
            }
        }
        for name in &ADDRESS_HEADERS {
            headers.remove(name);
        }
        headers.remove(&self.header);
        client
    }

    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        let values = elements(headers, &self.header);
        if self.header == header::FORWARDED {
            values.map(forwarded_element).collect()
        } else {
            values.map(|text| Hop { address: node(text), is_https: None }).collect()
        }
    }
}

/// Whether a network is of IPv4 addresses written as IPv6. Addresses are compared
/// as IPv4, so that it would never match.
fn is_mapped(network: IpNet) -> bool {
    matches!(network, IpNet::V6(network) if network.addr().to_ipv4_mapped().is_some())
}

/// What a proxy says of the one before it.
#[derive(Default)]
struct Hop {
    /// None where it says that it does not know, or nothing that can be read.
    address: Option<IpAddr>,
    is_https: Option<bool>,
}

/// The elements of a header that is a list, over all lines that have its name.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        // What is not text stays an element that names no address.
        .map(|value| HeaderValue::to_str(value).unwrap_or("unknown"))
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// What `X-Forwarded-Proto` says of a hop. Where it has one element for each hop,
/// that one; else the last, which the trusted proxy has written.
fn protocol(headers: &HeaderMap, hop: usize, hops: usize) -> Option<bool> {
    let protocols: Vec<&str> = elements(headers, &X_FORWARDED_PROTO).collect();
    let said = if protocols.len() == hops { protocols.get(hop) } else { protocols.last() };
    said.map(|protocol| protocol.eq_ignore_ascii_case("https"))
}

/// One element of RFC 7239's `Forwarded`, such as `for="[2001:db8::1]:80";proto=https`.
fn forwarded_element(element: &str) -> Hop {
    let mut hop = Hop::default();
    for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("for") {
            hop.address = node(value);
        } else if name.trim().eq_ignore_ascii_case("proto") {
            hop.is_https = Some(value.eq_ignore_ascii_case("https"));
        }
    }
    hop
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bare
        .map_or_else(|| text.parse(), |bare| bare.parse::<Ipv6Addr>().map(IpAddr::V6))
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: &str) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1"].map(str::to_owned);
        TrustedProxies::new(&networks, header).expect("they are valid")
    }

    fn resolve(header: &str, peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("a value"));
        }
        let peer = peer.parse().expect("an address");
        let client = proxies(header).resolve(peer, false, &mut headers);
        assert!(headers.is_empty(), "nothing goes further: {headers:?}");
        (client.address.to_string(), client.is_https)
    }

    #[test]
    fn the_first_untrusted_address_from_the_right_is_the_client() {
        let name = "x-forwarded-for";
        for (peer, value, client) in [
            ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("127.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "203.0.113.9, 10.1.1.1, 10.2.2.2", "203.0.113.9"),
            ("10.0.0.1", "10.3.3.3, 10.1.1.1", "10.3.3.3"),
            ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
            ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("2001:db8:1::5", "203.0.113.9,", "203.0.113.9"),
            // What cannot be read ends the chain at who has said it.
            ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9, _hidden, 10.1.1.1", "10.1.1.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            // Others are not believed.
            ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ] {
            assert_eq!(resolve(name, peer, &[(name, value)]).0, client, "{peer} says {value:?}");
        }
        let lines = [(name, "198.51.100.7"), (name, "203.0.113.9"), (name, "10.1.1.1")];
        assert_eq!(resolve(name, "10.0.0.1", &lines).0, "203.0.113.9");
    }

    #[test]
    fn only_the_configured_header_is_read() {
        let lines = [("x-real-ip", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(resolve("x-real-ip", "10.0.0.1", &lines).0, "203.0.113.9");
        assert_eq!(resolve("X-Forwarded-For", "10.0.0.1", &lines).0, "198.51.100.7");
        assert_eq!(resolve("cf-connecting-ip", "10.0.0.1", &lines).0, "10.0.0.1");
        let forwarded = [("forwarded", "for=198.51.100.7, For=\"[2001:db8::7]:80\";Proto=https")];
        assert_eq!(resolve("forwarded", "10.0.0.1", &forwarded), ("2001:db8::7".into(), true));
        assert_eq!(resolve("x-forwarded-for", "10.0.0.1", &forwarded).0, "10.0.0.1");
    }

    #[test]
    fn the_protocol_is_that_of_the_client() {
        let of = |peer, lines: &[(&'static str, &str)]| resolve("x-forwarded-for", peer, lines).1;
        let proto = "x-forwarded-proto";
        assert!(of("10.0.0.1", &[("x-forwarded-for", "203.0.113.9"), (proto, "https")]));
        assert!(of("10.0.0.1", &[(proto, "HTTPS")]));
        assert!(!of("192.0.2.1", &[(proto, "https")]));
        let chain = ("x-forwarded-for", "203.0.113.9, 10.1.1.1");
        assert!(of("10.0.0.1", &[chain, (proto, "https, http")]));
        assert!(!of("10.0.0.1", &[chain, (proto, "http")]));
        // The client has put one in front.
        let chain = ("x-forwarded-for", "192.0.2.99, 203.0.113.9, 10.1.1.1");
        assert!(!of("10.0.0.1", &[chain, (proto, "https, http")]));
    }

    #[test]
    fn a_limit_counts_an_ipv6_customer_once() {
        let of = |address: &str| network(address.parse().expect("an address")).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1/32");
        assert_eq!(of("192.0.2.1"), "192.0.2.1/32");
    }

    #[test]
    fn every_entry_that_is_not_valid_is_named() {
        let networks = ["10.0.0.0/33", "10.0.0.0/8", "proxy.example.org", "::ffff:10.0.0.0/104"];
        let networks = networks.map(str::to_owned);
        let error = TrustedProxies::new(&networks, "not a header").expect_err("they are not");
        let text = error.to_string();
        for field in
            ["trusted_proxies[0]", "trusted_proxies[2]", "trusted_proxies[3]", "forwarded_header"]
        {
            assert!(text.contains(field), "{field} in {text}");
        }
        assert!(!text.contains("trusted_proxies[1]"), "{text}");
    }
}
