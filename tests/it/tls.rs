//! TLS of the server's own.

use std::{path::Path, sync::Arc};

use causerie_client::v1;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{
    Database, Server,
    people::PASSWORD,
    raw::{answer, call, exchange, framed, http2, is_closed},
    within,
};

/// A certificate authority of the test, and the files of a server.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("a certificate").der().clone();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, issuer: Issuer::new(params, key), root }
    }

    /// Writes a certificate that is told from others by its name.
    fn issue(&self, common_name: &str) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["localhost".into()]).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        std::fs::write(self.path("key.pem"), key.serialize_pem()).expect("written");
        std::fs::write(self.path("certificate.pem"), certificate.pem()).expect("written");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        Path::join(self.folder.path(), name)
    }

    async fn connect(
        &self,
        url: &str,
        protocols: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// The name in the certificate that the server shows.
    async fn shown(&self, url: &str) -> Vec<u8> {
        let stream = self.connect(url, &[]).await.expect("a connection");
        let (_, session) = stream.get_ref();
        session.peer_certificates().expect("a certificate")[0].to_vec()
    }
}

async fn start(authority: &Authority) -> Server {
    authority.issue("the first");
    Server::start_with(Database::Sqlite, |config| {
        config.server.tls_certificate = authority.path("certificate.pem");
        config.server.tls_key = authority.path("key.pem");
        config.server.head_timeout_ms = 1_000;
    })
    .await
}

fn names(certificate: &[u8], name: &str) -> bool {
    certificate.windows(name.len()).any(|window| window == name.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_protocols_are_spoken_over_tls() {
    let authority = Authority::new();
    let server = start(&authority).await;
    let stream = authority.connect(&server.url, &[b"h2"]).await.expect("a connection");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let mut requests = http2(stream, 65_535).await;
    let register = v1::RegisterRequest {
        username: "ada".into(),
        password: PASSWORD.into(),
        ..Default::default()
    };
    let path = "/causerie.v1.AuthService/Register";
    let registered = answer(&mut requests, call(path, &[]), framed(&register)).await;
    let registered = registered.expect("an answer");
    assert_eq!(registered.trailers["grpc-status"], "0");
    let hsts = &registered.response.headers()["strict-transport-security"];
    assert!(hsts.to_str().expect("a text").starts_with("max-age="));

    let stream = authority.connect(&server.url, &[b"http/1.1"]).await.expect("a connection");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let page =
        exchange(stream, b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(page.contains("alive") && page.contains("strict-transport-security"), "{page}");

    // Neither a stranger to TLS nor one who says nothing is waited for.
    let mut plain = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("it");
    assert!(is_closed(&mut plain, std::time::Duration::from_secs(15)).await);
    let plain = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("it");
    let text = exchange(plain, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(!text.contains("alive"), "{text}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_changes_is_read_again() {
    let authority = Authority::new();
    let server = start(&authority).await;
    assert!(names(&authority.shown(&server.url).await, "the first"));
    // One that cannot be used, such as while it is being written, changes nothing.
    std::fs::write(authority.path("certificate.pem"), "half a certif").expect("written");
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(400));
    for _ in 0..5 {
        ticks.tick().await;
        assert!(names(&authority.shown(&server.url).await, "the first"));
    }
    authority.issue("the second");
    within("the second certificate", async {
        while !names(&authority.shown(&server.url).await, "the second") {
            ticks.tick().await;
        }
    })
    .await;
    server.end().await;
}

#[tokio::test]
async fn tls_needs_both_of_its_files() {
    let authority = Authority::new();
    authority.issue("it");
    let other = KeyPair::generate().expect("a key").serialize_pem();
    std::fs::write(authority.path("other.pem"), other).expect("written");
    for (certificate, key, option) in [
        ("certificate.pem", "", "server.tls_key"),
        ("", "key.pem", "server.tls_certificate"),
        ("missing.pem", "key.pem", "server.tls_certificate"),
        ("key.pem", "key.pem", "server.tls_certificate"),
        ("certificate.pem", "certificate.pem", "server.tls_key"),
        ("certificate.pem", "other.pem", "server.tls_key"),
    ] {
        let mut config = crate::support::server::test_config();
        config.server.data = authority.folder.path().join("data");
        let path = |name: &str| match name {
            "" => std::path::PathBuf::new(),
            name => authority.path(name),
        };
        (config.server.tls_certificate, config.server.tls_key) = (path(certificate), path(key));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let served = causerie::serve(config, listener, std::future::pending()).await;
        let error = served.expect_err("it is refused").to_string();
        assert!(error.contains(option), "{option} in {error}");
    }
}
