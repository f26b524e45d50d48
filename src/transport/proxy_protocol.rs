//! The header of the PROXY protocol, with which a load balancer begins a
//! connection: <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>.

use std::{io, net::IpAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version and command, family, and the length of what follows.
const V2_FIXED: usize = 16;
/// Addresses take up to 216 bytes; the rest is room for what balancers add.
const V2_MAX_LENGTH: usize = 4096;
/// As long as version 1 allows, with its line end.
const V1_MAX_LENGTH: usize = 107;

/// Reads the header that a connection must begin with, and not a byte more.
///
/// Returns the address it names; none if it says that the connection is the
/// proxy's own (LOCAL) or of unknown origin (UNKNOWN, or not of the Internet).
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; V2_SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == V2_SIGNATURE {
        header.resize(V2_FIXED, 0);
        stream.read_exact(&mut header[V2_SIGNATURE.len()..]).await?;
        let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
        if length > V2_MAX_LENGTH {
            return Err(invalid("is too long"));
        }
        header.resize(V2_FIXED + length, 0);
        stream.read_exact(&mut header[V2_FIXED..]).await?;
        parse_v2(&header)
    } else if header.starts_with(b"PROXY ") {
        while !header.ends_with(b"\r\n") {
            if header.len() >= V1_MAX_LENGTH {
                return Err(invalid("is too long"));
            }
            header.push(stream.read_u8().await?);
        }
        parse_v1(&header)
    } else {
        Err(invalid("is missing"))
    }
}

fn parse_v1(header: &[u8]) -> io::Result<Option<IpAddr>> {
    use ppp::v1::Addresses;
    let header = ppp::v1::Header::try_from(header).map_err(|_| invalid("cannot be read"))?;
    Ok(match header.addresses {
        Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
        Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
        Addresses::Unknown => None,
    })
}

fn parse_v2(header: &[u8]) -> io::Result<Option<IpAddr>> {
    use ppp::v2::{Addresses, Command};
    let header = ppp::v2::Header::try_from(header).map_err(|_| invalid("cannot be read"))?;
    Ok(match (header.command, header.addresses) {
        (Command::Proxy, Addresses::IPv4(addresses)) => Some(addresses.source_address.into()),
        (Command::Proxy, Addresses::IPv6(addresses)) => Some(addresses.source_address.into()),
        _ => None,
    })
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the PROXY header {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parse(mut bytes: &[u8]) -> io::Result<(Option<IpAddr>, Vec<u8>)> {
        let address = read(&mut bytes).await?;
        Ok((address, bytes.to_vec()))
    }

    fn v2(command: u8, family: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).expect("a short payload");
        [V2_SIGNATURE.as_slice(), &[command, family], &length.to_be_bytes(), payload, b"GET"]
            .concat()
    }

    #[tokio::test]
    async fn both_versions_name_the_source_and_leave_what_follows() {
        let v4 = [203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 0, 80];
        let mut v6 = [0; 36];
        v6[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        v6[15] = 1;
        // Type, length and value: what balancers add.
        let with_more = [v4.as_slice(), &[0xea, 0, 3, 1, 2, 3]].concat();
        for (bytes, source) in [
            (b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\nGET".to_vec(), Some("203.0.113.9")),
            (b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\nGET".to_vec(), Some("2001:db8::1")),
            (b"PROXY UNKNOWN\r\nGET".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nGET".to_vec(), None),
            (v2(0x21, 0x11, &v4), Some("203.0.113.9")),
            (v2(0x21, 0x11, &with_more), Some("203.0.113.9")),
            (v2(0x21, 0x21, &v6), Some("2001:db8::1")),
            (v2(0x20, 0x11, &v4), None),
            (v2(0x20, 0x00, &[]), None),
            (v2(0x21, 0x00, &[]), None),
        ] {
            let (address, rest) = parse(&bytes).await.expect("a header");
            assert_eq!(address.map(|it| it.to_string()).as_deref(), source, "{bytes:?}");
            assert_eq!(rest, b"GET");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_an_error() {
        for bytes in [
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.9 10.0.0.1 4711\r\nGET".to_vec(),
            b"PROXY TCP4 2001:db8::1 10.0.0.1 4711 80\r\nGET".to_vec(),
            b"PROXY TCP4 203.0.113.999 10.0.0.1 4711 80\r\nGET".to_vec(),
            b"PROXY TCP4 203.0.113.9 10.0".to_vec(),
            [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(),
            v2(0x31, 0x11, &[0; 12]),
            v2(0x22, 0x11, &[0; 12]),
            v2(0x21, 0x11, &[0; 11]),
            v2(0x21, 0x11, &vec![0; 5000]),
            Vec::new(),
        ] {
            assert!(parse(&bytes).await.is_err(), "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
