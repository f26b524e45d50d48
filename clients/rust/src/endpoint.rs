//! Where a server is and how it is reached: in the clear for `http://`, over TLS
//! for `https://`. Any other address is refused before a connection is made.

use std::{
    net::{IpAddr, Ipv6Addr},
    path::Path,
    time::Duration,
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tonic::{
    Code,
    codegen::http::Uri,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::{client::Client, error::Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a client reaches its server. Made by [`Client::builder`].
#[derive(Debug, Clone)]
pub struct Builder {
    url: String,
    ca_pem: Option<Vec<u8>>,
}

impl Client {
    /// A client for the server at `url`, such as `https://chat.example.org` or
    /// `http://127.0.0.1:8080`. The connection is made when it is needed. With
    /// `https://` the server's certificate must come from one of the platform's
    /// root certificates; with `http://` everything, passwords too, can be read
    /// on the way. Must be called within a tokio runtime.
    ///
    /// Fails with `INVALID_URL`, and with `NO_ROOT_CERTIFICATES` if the machine
    /// has none.
    pub fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).connect()
    }

    /// As [`Client::connect`], with options.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder { url: url.into(), ca_pem: None }
    }
}

impl Builder {
    /// Trusts these root certificates, one or several in PEM, and not those of
    /// the platform. Without effect for `http://`.
    #[must_use]
    pub fn ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem = Some(pem.into());
        self
    }

    /// As [`Builder::ca_certificates`], from a file, which is read at once. Fails
    /// with `INVALID_CA` if it cannot be read.
    pub fn ca_file(self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        match std::fs::read(path) {
            Ok(pem) => Ok(self.ca_certificates(pem)),
            Err(error) => Err(invalid_ca(&format!("{}: {error}", path.display()))),
        }
    }

    /// Makes the client. Fails with `INVALID_URL`, `INVALID_CA` or
    /// `NO_ROOT_CERTIFICATES`.
    pub fn connect(self) -> Result<Client, Error> {
        Ok(Client::with_channel(self.channel()?))
    }

    fn channel(&self) -> Result<Channel, Error> {
        let uri = parse(&self.url)?;
        let tls = (uri.scheme_str() == Some("https")).then(|| self.tls()).transpose()?;
        let mut endpoint = Endpoint::from(uri)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(10));
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls).map_err(|error| {
                let message = format!("TLS cannot be used: {}.", deepest(&error));
                Error::local(Code::FailedPrecondition, "NO_ROOT_CERTIFICATES", &message)
            })?;
        }
        Ok(endpoint.connect_lazy())
    }

    fn tls(&self) -> Result<ClientTlsConfig, Error> {
        let config = ClientTlsConfig::new().timeout(CONNECT_TIMEOUT);
        let Some(pem) = &self.ca_pem else { return Ok(config.with_native_roots()) };
        // Tonic would pass over what it cannot read, and then trust nobody.
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| invalid_ca(&error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|error| invalid_ca(&error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(invalid_ca("there is no certificate in it"));
        }
        Ok(config.ca_certificate(Certificate::from_pem(pem)))
    }
}

/// Whether what is sent to the server at `url` can be read on the way: the
/// address begins with `http://`, and the host is not this machine.
#[must_use]
pub fn is_readable_on_the_way(url: &str) -> bool {
    let Ok(uri) = parse(url) else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_local = if let Ok(address) = host.parse::<IpAddr>() {
        address.to_canonical().is_loopback()
    } else {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host == "localhost" || host.ends_with(".localhost")
    };
    uri.scheme_str() == Some("http") && !is_local
}

/// The one form of all addresses that name the same server: in lower case, without
/// the port that its scheme has anyway, and without a slash at the end. An address that
/// cannot be used stays as it is.
#[must_use]
pub fn canonical_url(url: &str) -> String {
    let Ok(uri) = parse(url) else { return url.to_owned() };
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let host = match host.trim_start_matches('[').trim_end_matches(']').parse::<Ipv6Addr>() {
        // Zeros may be left out in several ways.
        Ok(address) => format!("[{address}]"),
        Err(_) => host,
    };
    let default_port = if scheme == "https" { 443 } else { 80 };
    match uri.port_u16().filter(|port| *port != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// Reads the address of a server. Its scheme comes out in lower case: tonic would
/// not see that `HTTPS://` asks for TLS.
fn parse(url: &str) -> Result<Uri, Error> {
    let (scheme, rest) = url.trim().split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    if !["http", "https"].contains(&scheme.as_str()) {
        return Err(invalid_url("it must begin with http:// or https://"));
    }
    let uri: Uri = format!("{scheme}://{rest}")
        .parse()
        .map_err(|error: tonic::codegen::http::uri::InvalidUri| invalid_url(&error.to_string()))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(invalid_url("it must have a host"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(invalid_url("it must not have a user name"));
    }
    // Such a port would silently be the default one.
    let authority =
        uri.authority().map(tonic::codegen::http::uri::Authority::as_str).unwrap_or_default();
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    if after_host.contains(':') && uri.port_u16().is_none_or(|port| port == 0) {
        return Err(invalid_url("its port must be a number from 1 to 65535"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || rest.contains('#') {
        return Err(invalid_url("nothing may follow the host and the port"));
    }
    Ok(uri)
}

// The address itself may have a password in it, and is not repeated.
fn invalid_url(problem: &str) -> Error {
    let message = format!(
        "The address of the server cannot be used: {problem}. Such as https://chat.example.org."
    );
    Error::local(Code::InvalidArgument, "INVALID_URL", &message)
}

fn invalid_ca(problem: &str) -> Error {
    let message = format!("The root certificates cannot be used: {problem}.");
    Error::local(Code::InvalidArgument, "INVALID_CA", &message)
}

fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_are_addresses_of_a_server() {
        for (url, becomes) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            (" https://chat.example.org ", "https://chat.example.org/"),
            ("HTTP://chat.example.org", "http://chat.example.org/"),
            ("HttpS://Chat.example.org:444/", "https://Chat.example.org:444/"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]/"),
        ] {
            assert_eq!(parse(url).map(|uri| uri.to_string()).as_deref(), Ok(becomes), "{url}");
        }
        for url in [
            "",
            "chat.example.org",
            "localhost:8080",
            "//chat.example.org",
            "ftp://chat.example.org",
            "httpss://chat.example.org",
            "https//chat.example.org",
            "http:/chat.example.org",
            "ws://chat.example.org",
            "wss://chat.example.org",
            "grpc://chat.example.org",
            "unix:///run/causerie.sock",
            "://chat.example.org",
            "http://",
            "https://:8080",
            "https://a b",
            "https://ada:violet@chat.example.org",
            "file:///etc/passwd",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:0",
            "http://127.0.0.1:",
            "http://127.0.0.1:abc",
            "http://[::1]:",
            "https://chat.example.org/base",
            "https://chat.example.org/?x=1",
            "https://chat.example.org#there",
            "https://chat.example.org#@other.example.org",
        ] {
            let error = parse(url).expect_err(url);
            assert_eq!((error.code, error.reason.as_str()), (Code::InvalidArgument, "INVALID_URL"));
            assert!(!error.message.contains("violet"));
        }
    }

    #[test]
    fn addresses_of_one_server_have_one_form() {
        for (form, urls) in [
            (
                "http://host:8080",
                &[
                    "http://host:8080",
                    "http://host:8080/",
                    "HTTP://HOST:8080",
                    " http://Host:8080 ",
                ][..],
            ),
            (
                "https://chat.example.org",
                &["https://chat.example.org:443/", "HTTPS://Chat.Example.Org"],
            ),
            (
                "http://chat.example.org",
                &["http://chat.example.org:80", "http://chat.example.org/"],
            ),
            ("https://chat.example.org:80", &["https://chat.example.org:80"]),
            ("http://[::1]:8080", &["http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/"]),
            ("no address", &["no address"]),
        ] {
            for url in urls {
                assert_eq!(canonical_url(url), form, "{url}");
            }
        }
    }

    #[test]
    fn plain_http_is_private_on_this_machine_only() {
        for (url, readable) in [
            ("http://127.0.0.1:8080", false),
            ("http://127.9.9.9", false),
            ("http://[::1]:8080", false),
            ("http://[::ffff:127.0.0.1]:8080", false),
            ("http://LocalHost", false),
            ("http://chat.localhost:1", false),
            ("https://chat.example.org", false),
            ("http://chat.example.org", true),
            ("HTTP://192.168.0.2:8080", true),
            ("http://localhost.example.org", true),
            ("http://[2001:db8::1]", true),
        ] {
            assert_eq!(is_readable_on_the_way(url), readable, "{url}");
        }
    }

    #[test]
    fn root_certificates_that_are_none_are_refused_at_once() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for pem in ["", "no PEM", broken, cut] {
            let refused = Client::builder("https://localhost").ca_certificates(pem).connect();
            assert_eq!(refused.expect_err(pem).reason, "INVALID_CA", "{pem}");
        }
        let missing = Client::builder("https://localhost").ca_file("/nowhere/ca.pem");
        let error = missing.expect_err("there is no such file");
        assert_eq!(error.reason, "INVALID_CA");
        assert!(error.message.contains("/nowhere/ca.pem"), "{error}");
    }
}
